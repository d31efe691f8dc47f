"""package-lock.json and npm-shrinkwrap.json, lockfileVersion 1 to 3; npm documentation, "package-lock.json"."""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import Document, ManifestError, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.npm_names import (
    asked_of,
    integrity_hashes,
    origin_of,
    sibling_package,
    unalias,
)
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_json, text
from assay.model.component import Origin, Scope

_MODULES = "node_modules/"
# Real trees nest some ten levels; looking a name up walks all of them.
_MAX_NESTING = 60


def parse(document: Document) -> Parsed:
    """Every installed package; `packages` (version 2 and 3) where it is there, else the tree of version 1.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a package-lock.json is a JSON object")
    builder = Builder(document, "npm")
    packages = mapping(data.get("packages"))
    if packages:
        _packages(builder, packages, text(data.get("name")))
    else:
        _tree(builder, data)
    return builder.build(locked=True)


def _packages(builder: Builder, packages: dict[str, Any], name: str) -> None:
    if any(path.count(_MODULES) > _MAX_NESTING for path in packages):
        builder.problem(f"packages nested more than {_MAX_NESTING} deep are left out")
        packages = {path: value for path, value in packages.items() if path.count(_MODULES) <= _MAX_NESTING}
    for path, value in packages.items():
        entry = mapping(value)
        if path and not entry.get("link"):
            builder.add(path, _packages_entry(builder, path, entry))
    for path, value in packages.items():
        entry = mapping(value)
        if entry.get("link"):
            continue
        is_root = _MODULES not in path
        requires = []
        for wanted, reference, scope in asked_of(entry):
            target = _resolve(packages, path, wanted)
            if target is None or (scope is Scope.DEVELOPMENT and not is_root):
                continue
            if origin_of(reference) is Origin.URL and target in builder.entries:
                builder.entries[target].origin = Origin.URL
            builder.link(path, target)
            requires.append(target)
        if is_root:
            _root(builder, path, entry, requires, name)


def _root(builder: Builder, path: str, entry: dict[str, Any], requires: list[str], name: str) -> None:
    """The project itself (path "") or a workspace of it: what it requires is direct."""
    found = [builder.entries[key] for key in requires if key in builder.entries]
    for child in found:
        child.direct = True
    own = text(entry.get("name")) or (name if not path else path.rpartition("/")[2])
    if own:
        version = text(entry.get("version"))
        purls = tuple(child.purl for child in found)
        builder.roots.append(Root(make_purl("npm", own, version), own, version, purls))


def _packages_entry(builder: Builder, path: str, entry: dict[str, Any]) -> Entry:
    resolved = text(entry.get("resolved"))
    installed = path.rpartition(_MODULES)[2]
    origin = _origin(resolved)
    if _MODULES not in path:
        # A folder with a version is installed as that package (through a link); one without is only a place to work in.
        origin = Origin.PATH if entry.get("version") else Origin.WORKSPACE
    licence = text(entry.get("license"))
    return Entry(
        name=text(entry.get("name")) or (installed if _MODULES in path else path.rpartition("/")[2]),
        version=text(entry.get("version")),
        scope=_scope(entry),
        hashes=integrity_hashes(text(entry.get("integrity"))),
        origin=origin,
        source=clean_url(resolved) if _MODULES in path else path,
        licences=(licence,) if licence else (),
        line=builder.document.line_of(f'"{path}"'),
    )


def _origin(resolved: str) -> Origin:
    """A tarball over https is the registry's (or a mirror's) unless the URL says that it is git or a file, or a range was a URL."""
    origin = origin_of(resolved) if resolved else Origin.REGISTRY
    return Origin.REGISTRY if origin is Origin.URL else origin


def _scope(entry: dict[str, Any]) -> Scope:
    if entry.get("dev"):
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if entry.get("optional") or entry.get("devOptional") else Scope.RUNTIME


def _resolve(packages: dict[str, Any], path: str, name: str) -> str | None:
    """Node's look-up: the nearest node_modules on the way up; a link leads to its target."""
    while True:
        candidate = f"{path}/{_MODULES}{name}" if path else f"{_MODULES}{name}"
        if candidate in packages:
            entry = mapping(packages[candidate])
            return text(entry.get("resolved")) if entry.get("link") else candidate
        if not path:
            return None
        path = path.rpartition(_MODULES)[0].rstrip("/") if _MODULES in path else path.rpartition("/")[0]


def _tree(builder: Builder, data: dict[str, Any]) -> None:
    asked = {name: scope for name, _, scope in asked_of(sibling_package(_package_json(builder.document)))}
    found: dict[str, dict[str, Any]] = {}
    waiting = [("", data)]
    while waiting:
        path, parent = waiting.pop()
        for name, value in mapping(parent.get("dependencies")).items():
            key = f"{path}/{_MODULES}{name}" if path else f"{_MODULES}{name}"
            table = mapping(value)
            found[key] = table
            builder.add(key, _tree_entry(builder, name, table, direct=not path and name in asked))
            if key.count(_MODULES) < _MAX_NESTING:
                waiting.append((key, table))
            elif table.get("dependencies"):
                builder.problem(f"packages nested more than {_MAX_NESTING} deep are left out")
    for key, table in found.items():
        for name in mapping(table.get("requires")):
            target = _resolve(found, key, name)
            if target is not None:
                builder.link(key, target)


def _tree_entry(builder: Builder, alias: str, table: dict[str, Any], direct: bool) -> Entry:
    name, version = unalias(alias, text(table.get("version")))
    origin = origin_of(version)
    resolved = text(table.get("resolved"))
    if origin is not Origin.REGISTRY:
        resolved, version = version, ""
    return Entry(
        name=name,
        version=version,
        scope=_scope(table),
        direct=direct,
        hashes=integrity_hashes(text(table.get("integrity"))),
        origin=origin,
        source=clean_url(resolved),
        line=builder.document.line_of(f'"{alias}"'),
    )


def _package_json(document: Document) -> bytes | None:
    return document.sibling(document.folder() + "package.json")
