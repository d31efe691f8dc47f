"""poetry.lock, pdm.lock, uv.lock, pylock.toml (PEP 751) and Pipfile.lock: TOML or JSON lists of locked Python packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import re2

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.manifests.pyproject import sibling_scopes
from assay.dependencies.purl import canonical_name, clean_url, make_purl
from assay.dependencies.shapes import mapping, read_json, read_toml, sequence, text, texts
from assay.model.component import Origin, Scope

_NAME = re2.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_ORIGINS = {
    "git": Origin.VCS, "hg": Origin.VCS, "url": Origin.URL, "file": Origin.PATH, "path": Origin.PATH,
    "directory": Origin.PATH, "editable": Origin.WORKSPACE, "virtual": Origin.WORKSPACE, "legacy": Origin.REGISTRY,
    "registry": Origin.REGISTRY, "vcs": Origin.VCS, "archive": Origin.URL,
}  # fmt: skip


def parse_poetry(document: Document) -> Parsed:
    """poetry.lock of every lock version: groups (2.1), category (1.x), or the scopes of the pyproject beside it.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    direct = sibling_scopes(document)
    old_files = mapping(
        mapping(data.get("metadata")).get("files") or mapping(data.get("metadata")).get("hashes")
    )
    packages = [mapping(item) for item in sequence(data.get("package"))]
    for package in packages:
        entry = _entry(builder, package)
        source = mapping(package.get("source"))
        entry.origin = _ORIGINS.get(text(source.get("type")), Origin.REGISTRY)
        entry.source = clean_url(text(source.get("url"))) if source else ""
        entry.scope = _poetry_scope(package)
        entry.direct = canonical_name("PyPI", entry.name) in direct
        entry.hashes = _file_hashes(package.get("files") or old_files.get(entry.name))
        builder.add(_key(package), entry)
    _link_names(builder, ((_key(package), mapping(package.get("dependencies"))) for package in packages))
    _spread_named(builder, direct)
    return builder.build(locked=True)


def parse_pdm(document: Document) -> Parsed:
    """pdm.lock: groups are `default`, extras and development groups.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    direct = sibling_scopes(document)
    packages = [mapping(item) for item in sequence(data.get("package"))]
    for package in packages:
        entry = _entry(builder, package)
        for key in ("git", "hg", "path", "url"):
            if package.get(key):
                entry.origin, entry.source = _ORIGINS[key], clean_url(text(package.get(key)))
        groups = texts(package.get("groups"))
        if groups:
            dev = {name for name, scope in direct.items() if scope is Scope.DEVELOPMENT}
            entry.scope = _pdm_scope(groups, bool(dev) or not direct)
        entry.direct = canonical_name("PyPI", entry.name) in direct
        entry.hashes = _file_hashes(package.get("files"))
        builder.add(_key(package), entry)
    _link_names(builder, ((_key(package), texts(package.get("dependencies"))) for package in packages))
    _spread_named(builder, direct)
    return builder.build(locked=True)


def parse_uv(document: Document) -> Parsed:
    """uv.lock: packages with exact sources; the members of the workspace are its roots.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    packages = [mapping(item) for item in sequence(data.get("package"))]
    asked: dict[str, Scope] = {}
    for package in packages:
        entry = _entry(builder, package)
        source = mapping(package.get("source"))
        kind = next((name for name in source if name in _ORIGINS), "registry")
        entry.origin = _ORIGINS[kind]
        entry.source = clean_url(text(source.get(kind)))
        entry.hashes = _uv_hashes(package)
        builder.add(_key(package), entry)
    index = _by_name(builder)
    for package in packages:
        _link_uv(builder, package, index, asked)
    for key in asked:
        builder.entries[key].direct = True
    roots = frozenset(key for key, entry in builder.entries.items() if entry.origin is Origin.WORKSPACE)
    builder.spread_scopes(asked, roots)
    return builder.build(locked=True)


def parse_pylock(document: Document) -> Parsed:
    """pylock.toml, PEP 751: https://packaging.python.org/en/latest/specifications/pylock-toml/

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "PyPI")
    direct = sibling_scopes(document)
    packages = [mapping(item) for item in sequence(data.get("packages"))]
    for package in packages:
        entry = _entry(builder, package)
        for key in ("vcs", "directory", "archive"):
            table = mapping(package.get(key))
            if table:
                entry.origin = _ORIGINS[key]
                entry.source = clean_url(text(table.get("url")) or text(table.get("path")))
        entry.source = entry.source or clean_url(text(package.get("index")))
        entry.direct = canonical_name("PyPI", entry.name) in direct
        entry.scope = direct.get(canonical_name("PyPI", entry.name))
        entry.hashes = _pylock_hashes(package)
        builder.add(_key(package), entry)
    names = (
        (_key(package), [text(mapping(item).get("name")) for item in sequence(package.get("dependencies"))])
        for package in packages
    )
    _link_names(builder, names)
    _spread_named(builder, direct)
    return builder.build(locked=True)


def parse_pipfile_lock(document: Document) -> Parsed:
    """Pipfile.lock: `default` is runtime, every other section is for development.

    Raises:
        ManifestError: not JSON.
    """
    data = mapping(read_json(document.text))
    builder = Builder(document, "PyPI")
    for section, packages in data.items():
        if section.startswith("_"):
            continue
        scope = Scope.RUNTIME if section == "default" else Scope.DEVELOPMENT
        for name, table in mapping(packages).items():
            _add_pipenv(builder, name, mapping(table), scope)
    return builder.build(locked=True)


def _add_pipenv(builder: Builder, name: str, table: dict[str, Any], scope: Scope) -> None:
    line = builder.document.line_of(f'"{name}"')
    version = text(table.get("version")).removeprefix("==").removeprefix("=")
    version = "" if version == "*" else version
    entry = Entry(name, version, scope=scope, hashes=tuple(texts(table.get("hashes"))), line=line)
    for key in ("git", "hg", "path", "file"):
        if table.get(key):
            entry.origin, entry.source = _ORIGINS[key], clean_url(text(table.get(key)))
            entry.version = text(table.get("ref")) if entry.origin is Origin.VCS else ""
    # "index" stands on what the Pipfile itself asks for, and on that alone.
    entry.direct = "index" in table or entry.origin is not Origin.REGISTRY
    if not version and entry.origin is Origin.REGISTRY:
        builder.problem(f"{name} is locked to no version", line)
        return
    builder.add(f"{canonical_name('PyPI', name)}@{version}", entry)


def _entry(builder: Builder, package: dict[str, Any]) -> Entry:
    name, version = text(package.get("name")), text(package.get("version"))
    return Entry(name, version, line=builder.document.line_starting(f'name = "{name}"'))


def _key(package: dict[str, Any]) -> str:
    source = mapping(package.get("source"))
    local = "".join(sorted(f"|{kind}:{value}" for kind, value in source.items() if isinstance(value, str)))
    return f"{canonical_name('PyPI', text(package.get('name')))}@{text(package.get('version'))}{local}"


def _by_name(builder: Builder) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for key, entry in builder.entries.items():
        index.setdefault(canonical_name("PyPI", entry.name), []).append(key)
    return index


def _link_names(builder: Builder, requires: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Edges from requirement texts. Where a lockfile holds several versions of a name (by marker), all are linked."""
    index = _by_name(builder)
    for parent, names in requires:
        for wanted in names:
            match = _NAME.match(wanted)
            for child in index.get(canonical_name("PyPI", match.group(1)), ()) if match else ():
                builder.link(parent, child)


def _spread_named(builder: Builder, direct: dict[str, Scope]) -> None:
    """Scopes from the pyproject, for lock formats (or versions) whose packages carry none."""
    if direct and all(entry.scope is None for entry in builder.entries.values()):
        index = _by_name(builder)
        builder.spread_scopes({key: scope for name, scope in direct.items() for key in index.get(name, ())})


def _poetry_scope(package: dict[str, Any]) -> Scope | None:
    groups = texts(package.get("groups")) or (
        [text(package.get("category"))] if package.get("category") else []
    )
    if not groups:
        return None
    if "main" in groups:
        return Scope.OPTIONAL if package.get("optional") is True else Scope.RUNTIME
    return Scope.DEVELOPMENT


def _pdm_scope(groups: list[str], has_dev: bool) -> Scope:
    if "default" in groups:
        return Scope.RUNTIME
    return Scope.DEVELOPMENT if has_dev else Scope.OPTIONAL


def _link_uv(
    builder: Builder, package: dict[str, Any], index: dict[str, list[str]], asked: dict[str, Scope]
) -> None:
    parent = _key(package)
    entry = builder.entries.get(parent)
    if entry is None:
        return
    is_root = entry.origin is Origin.WORKSPACE
    requires: list[str] = []
    for dependency, scope in _uv_dependencies(package):
        for child in _uv_targets(dependency, index, builder):
            builder.link(parent, child)
            requires.append(builder.entries[child].purl)
            if is_root:
                asked[child] = stronger(asked[child], scope) if child in asked else scope
    if is_root:
        entry.scope = Scope.RUNTIME
        version = text(package.get("version"))
        builder.roots.append(
            Root(make_purl("PyPI", entry.name, version), entry.name, version, tuple(requires))
        )


def _uv_dependencies(package: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Scope]]:
    yield from ((mapping(item), Scope.RUNTIME) for item in sequence(package.get("dependencies")))
    for table, scope in (("optional-dependencies", Scope.OPTIONAL), ("dev-dependencies", Scope.DEVELOPMENT)):
        for items in mapping(package.get(table)).values():
            yield from ((mapping(item), scope) for item in sequence(items))


def _uv_targets(dependency: dict[str, Any], index: dict[str, list[str]], builder: Builder) -> list[str]:
    keys = index.get(canonical_name("PyPI", text(dependency.get("name"))), [])
    version = text(dependency.get("version"))
    return [key for key in keys if not version or builder.entries[key].version == version]


def _uv_hashes(package: dict[str, Any]) -> tuple[str, ...]:
    files = [mapping(package.get("sdist")), *(mapping(item) for item in sequence(package.get("wheels")))]
    return tuple(dict.fromkeys(value for file in files if (value := text(file.get("hash")))))


def _pylock_hashes(package: dict[str, Any]) -> tuple[str, ...]:
    files = [mapping(package.get("sdist")), mapping(package.get("archive"))]
    files += [mapping(item) for item in sequence(package.get("wheels"))]
    found = (f"{name}:{value}" for file in files for name, value in mapping(file.get("hashes")).items())
    return tuple(dict.fromkeys(found))


def _file_hashes(files: object) -> tuple[str, ...]:
    """poetry: {file, hash}; pdm: {url|file, hash}; poetry 0.x: bare sha256 values."""
    found = []
    for item in sequence(files):
        value = text(mapping(item).get("hash")) if isinstance(item, dict) else text(item)
        if value:
            found.append(value if ":" in value else f"sha256:{value}")
    return tuple(dict.fromkeys(found))
