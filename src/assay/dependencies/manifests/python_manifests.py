"""Pipfile, setup.cfg, setup.py (read as text, never run) and PEP 723 scripts."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator

import re2

from assay.dependencies.document import Document, ManifestError, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import canonical_name, clean_url, make_purl
from assay.dependencies.shapes import mapping, read_toml, sequence, text, texts
from assay.model.component import Origin, Scope

_SCRIPT = re2.compile(r"(?m)^# /// script\s*$")
_SETUP_SCOPES = {
    "install_requires": Scope.RUNTIME, "setup_requires": Scope.BUILD, "tests_require": Scope.DEVELOPMENT,
}  # fmt: skip


def parse_pipfile(document: Document) -> Parsed:
    """Pipfile: `packages` is runtime, every other list is for development.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    for section, packages in data.items():
        if section in {"source", "requires", "scripts", "pipenv"}:
            continue
        scope = Scope.RUNTIME if section == "packages" else Scope.DEVELOPMENT
        for name, wanted in mapping(packages).items():
            _add_pipfile(builder, name, wanted, scope)
    builder.indexes += [clean_url(text(mapping(item).get("url"))) for item in sequence(data.get("source"))]
    return builder.build(locked=False)


def parse_setup_cfg(document: Document) -> Parsed:
    """[options] of setup.cfg.

    Raises:
        ManifestError: not an INI file.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(document.text)
    except configparser.Error as error:
        raise ManifestError(f"not an INI file: {str(error).splitlines()[0]}") from error
    builder = Builder(document, "PyPI")
    for option, scope in _SETUP_SCOPES.items():
        if parser.has_option("options", option):
            _add_all(builder, parser.get("options", option).splitlines(), scope)
    if parser.has_section("options.extras_require"):
        for _, value in parser.items("options.extras_require"):
            _add_all(builder, value.splitlines(), Scope.OPTIONAL)
    return builder.build(locked=False)


def parse_setup_py(document: Document) -> Parsed:
    """Literal lists that a `setup()` call is given, directly or through a name; what is computed is named as a problem.

    Raises:
        ManifestError: not Python that this interpreter parses.
    """
    try:
        tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ManifestError(f"not Python that can be parsed: {error}") from error
    builder = Builder(document, "PyPI")
    names = dict(_assignments(tree))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _called(call.func) == "setup":
            _read_setup_call(builder, call, names)
    return builder.build(locked=False)


def parse_script(document: Document) -> Parsed:
    """The `# /// script` block of PEP 723, if the file has one.

    Raises:
        ManifestError: the block is not TOML.
    """
    builder = Builder(document, "PyPI")
    match = _SCRIPT.search(document.text)
    if match is None:
        return builder.build(locked=False)
    lines = []
    for line in document.text[match.end() :].splitlines()[1:]:
        if line.strip() == "# ///" or not line.startswith("#"):
            break
        lines.append(line[2:] if line.startswith("# ") else line[1:])
    data = read_toml("\n".join(lines))
    _add_all(builder, texts(data.get("dependencies")), Scope.RUNTIME)
    return builder.build(locked=False)


def _add_pipfile(builder: Builder, name: str, wanted: object, scope: Scope) -> None:
    table = mapping(wanted)
    requirement = text(wanted) or text(table.get("version"))
    version = (
        requirement.removeprefix("==").strip()
        if requirement.startswith("==") and "*" not in requirement
        else ""
    )
    entry = Entry(name, version, requirement, scope, direct=True, line=builder.document.line_of(name))
    for key, origin in (("git", Origin.VCS), ("path", Origin.PATH), ("file", Origin.URL)):
        if table.get(key):
            entry.origin, entry.source = origin, clean_url(text(table.get(key)))
    builder.add(canonical_name("PyPI", name), entry)


def _add_all(builder: Builder, requirements: list[str], scope: Scope) -> None:
    for requirement in requirements:
        wanted = requirement.split(" #", 1)[0].strip()
        if not wanted or wanted.startswith(("#", "file:")):
            continue
        line = builder.document.line_of(wanted)
        entry = parse_requirement(wanted, line, scope)
        if entry is None:
            builder.problem(f"not a requirement: {wanted[:80]}", line)
        else:
            builder.add(f"{canonical_name('PyPI', entry.name)}{entry.requirement}", entry)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _read_setup_call(builder: Builder, call: ast.Call, names: dict[str, ast.expr]) -> None:
    facts = {keyword.arg: _literal(keyword.value, names) for keyword in call.keywords if keyword.arg}
    for option, scope in _SETUP_SCOPES.items():
        if option in facts:
            _add_literal(builder, facts[option], scope, option)
    extras = facts.get("extras_require")
    if isinstance(extras, dict):
        for value in extras.values():
            _add_literal(builder, value, Scope.OPTIONAL, "extras_require")
    elif "extras_require" in facts:
        builder.problem("extras_require is computed: it is not run to find out")
    name = facts.get("name")
    if isinstance(name, str) and name:
        version = facts.get("version")
        version = version if isinstance(version, str) else ""
        builder.roots.append(Root(make_purl("PyPI", name, version), name, version))


def _add_literal(builder: Builder, value: object, scope: Scope, option: str) -> None:
    if isinstance(value, str):
        _add_all(builder, value.splitlines(), scope)
    elif isinstance(value, list | tuple):
        _add_all(builder, [item for item in value if isinstance(item, str)], scope)
    else:
        builder.problem(f"{option} is computed: it is not run to find out")


def _literal(node: ast.expr, names: dict[str, ast.expr]) -> object:
    if isinstance(node, ast.Name):
        node = names.get(node.id, node)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
