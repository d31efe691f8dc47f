"""pyproject.toml: PEP 621, PEP 735 groups, PEP 518 build requirements, and the tables of Poetry, PDM and uv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import canonical_name, clean_url, make_purl
from assay.dependencies.shapes import mapping, read_toml, sequence, text, texts
from assay.model.component import Origin, Scope


def parse(document: Document) -> Parsed:
    """Every requirement that the project states, direct ones only.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    tool = mapping(data.get("tool"))
    sources = mapping(mapping(tool.get("uv")).get("sources"))
    for requirement, scope in _standard(data):
        _add(builder, requirement, scope, sources)
    poetry = mapping(tool.get("poetry"))
    for name, wanted, scope in _poetry(poetry):
        _add_poetry(builder, name, wanted, scope)
    for table in (
        poetry.get("source"),
        mapping(tool.get("uv")).get("index"),
        mapping(tool.get("pdm")).get("source"),
    ):
        builder.indexes += [clean_url(text(mapping(index).get("url"))) for index in sequence(table)]
    root = _root(mapping(data.get("project")), poetry)
    if root is not None:
        builder.roots.append(root)
    return builder.build(locked=False)


def direct_scopes(data: dict[str, Any]) -> dict[str, Scope]:
    """Canonical name -> scope of everything that a pyproject asks for, for lockfiles that do not say."""
    found: dict[str, Scope] = {}
    for requirement, scope in _standard(data):
        entry = parse_requirement(requirement, 1)
        if entry is not None and scope is not Scope.BUILD:
            found.setdefault(canonical_name("PyPI", entry.name), scope)
    for name, _, scope in _poetry(mapping(mapping(data.get("tool")).get("poetry"))):
        found.setdefault(canonical_name("PyPI", name), scope)
    return found


def sibling_scopes(document: Document) -> dict[str, Scope]:
    """`direct_scopes` of the pyproject.toml beside a lockfile, empty where there is none or it does not parse."""
    data = document.sibling(document.folder() + "pyproject.toml")
    if data is None:
        return {}
    try:
        return direct_scopes(read_toml(data.decode("utf-8", "replace")))
    except ValueError:
        return {}


def _root(project: dict[str, Any], poetry: dict[str, Any]) -> Root | None:
    name = text(project.get("name")) or text(poetry.get("name"))
    version = text(project.get("version")) or text(poetry.get("version"))
    return Root(make_purl("PyPI", name, version), name, version) if name else None


def _standard(data: dict[str, Any]) -> Iterator[tuple[str, Scope]]:
    project, tool = mapping(data.get("project")), mapping(data.get("tool"))
    yield from ((item, Scope.RUNTIME) for item in texts(project.get("dependencies")))
    for extra in mapping(project.get("optional-dependencies")).values():
        yield from ((item, Scope.OPTIONAL) for item in texts(extra))
    for group in mapping(data.get("dependency-groups")).values():
        yield from ((item, Scope.DEVELOPMENT) for item in texts(sequence(group)))
    for group in mapping(mapping(tool.get("pdm")).get("dev-dependencies")).values():
        yield from ((item.removeprefix("-e "), Scope.DEVELOPMENT) for item in texts(group))
    yield from ((item, Scope.DEVELOPMENT) for item in texts(mapping(tool.get("uv")).get("dev-dependencies")))
    for environment in mapping(mapping(tool.get("hatch")).get("envs")).values():
        for key in ("dependencies", "extra-dependencies"):
            yield from ((item, Scope.DEVELOPMENT) for item in texts(mapping(environment).get(key)))
    yield from ((item, Scope.BUILD) for item in texts(mapping(data.get("build-system")).get("requires")))


def _poetry(poetry: dict[str, Any]) -> Iterator[tuple[str, Any, Scope]]:
    for name, wanted in mapping(poetry.get("dependencies")).items():
        optional = bool(mapping(wanted).get("optional"))
        yield name, wanted, Scope.OPTIONAL if optional else Scope.RUNTIME
    for name, wanted in mapping(poetry.get("dev-dependencies")).items():
        yield name, wanted, Scope.DEVELOPMENT
    for group, table in mapping(poetry.get("group")).items():
        scope = Scope.RUNTIME if group == "main" else Scope.DEVELOPMENT
        for name, wanted in mapping(mapping(table).get("dependencies")).items():
            yield name, wanted, scope


def _add(builder: Builder, requirement: str, scope: Scope, sources: dict[str, Any]) -> None:
    line = builder.document.line_of(requirement)
    entry = parse_requirement(requirement, line, scope)
    if entry is None:
        builder.problem(f"not a requirement: {requirement[:80]}", line)
        return
    source = mapping(sources.get(entry.name)) or mapping(sources.get(canonical_name("PyPI", entry.name)))
    _apply_source(entry, source)
    builder.add(f"{canonical_name('PyPI', entry.name)}{entry.version}{entry.requirement}", entry)


def _apply_source(entry: Entry, source: dict[str, Any]) -> None:
    for key, origin in (
        ("git", Origin.VCS), ("path", Origin.PATH), ("url", Origin.URL), ("workspace", Origin.WORKSPACE), ("file", Origin.PATH),
    ):  # fmt: skip
        if source.get(key):
            entry.origin, entry.source = origin, clean_url(text(source.get(key)))
            return


def _add_poetry(builder: Builder, name: str, wanted: object, scope: Scope) -> None:
    if canonical_name("PyPI", name) == "python":
        return
    line = builder.document.line_starting(f"{name} ")
    for item in sequence(wanted) or [wanted]:
        table = mapping(item)
        requirement = text(item) or text(table.get("version"))
        exact = requirement.removeprefix("==").strip()
        pinned = exact if exact[:1].isdigit() and not set(exact) & set("*<>=^~,| ") else ""
        entry = Entry(name, pinned, requirement, scope, direct=True, line=line)
        _apply_source(entry, table)
        builder.add(f"{canonical_name('PyPI', name)}{requirement}", entry)
