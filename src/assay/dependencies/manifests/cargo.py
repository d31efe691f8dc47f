"""Cargo.toml and Cargo.lock, versions 1 to 4: https://doc.rust-lang.org/cargo/reference/manifest.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_toml, sequence, text, texts
from assay.model.component import Origin, Scope

_SECTIONS = {
    "dependencies": Scope.RUNTIME,
    "dev-dependencies": Scope.DEVELOPMENT,
    "dev_dependencies": Scope.DEVELOPMENT,
    "build-dependencies": Scope.BUILD,
    "build_dependencies": Scope.BUILD,
}


def parse_manifest(document: Document) -> Parsed:
    """What a crate or a workspace asks for.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "crates.io")
    for alias, wanted, scope in asked_of(data):
        table = mapping(wanted)
        requirement = text(wanted) or text(table.get("version"))
        entry = Entry(
            name=text(table.get("package")) or alias,
            version=requirement[1:].strip() if requirement.startswith("=") and "," not in requirement else "",
            requirement=requirement,
            scope=Scope.OPTIONAL if table.get("optional") is True and scope is Scope.RUNTIME else scope,
            direct=True,
            line=document.line_starting(alias),
        )
        for key, origin in (("git", Origin.VCS), ("path", Origin.PATH), ("workspace", Origin.REGISTRY)):
            if table.get(key):
                entry.origin, entry.source = origin, clean_url(text(table.get(key)))
                break
        builder.add(f"{alias}:{requirement}", entry)
    package = mapping(data.get("package"))
    name, version = text(package.get("name")), text(package.get("version"))
    if name:
        builder.roots.append(Root(make_purl("crates.io", name, version), name, version))
    return builder.build(locked=False)


def asked_of(data: dict[str, Any]) -> Iterator[tuple[str, Any, Scope]]:
    """(name in the file, requirement, scope) over all dependency tables, those of targets and of the workspace too."""
    tables = [
        data,
        mapping(data.get("workspace")),
        *(mapping(item) for item in mapping(data.get("target")).values()),
    ]
    for table in tables:
        for section, scope in _SECTIONS.items():
            for name, wanted in mapping(table.get(section)).items():
                yield name, wanted, scope


def parse_lock(document: Document) -> Parsed:
    """Every locked crate; those without a source are the workspace's own.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "crates.io")
    packages = [mapping(item) for item in sequence(data.get("package"))]
    checksums = mapping(data.get("metadata"))
    for package in packages:
        builder.add(_key(package), _lock_entry(builder, package, checksums))
    index = _index(packages)
    asked_scopes = _sibling_scopes(document)
    asked: dict[str, Scope] = {}
    roots = set()
    for package in packages:
        parent = _key(package)
        children = [
            index[item]
            for item in (_spelled(item) for item in texts(package.get("dependencies")))
            if item in index
        ]
        for child in children:
            builder.link(parent, child)
        if not package.get("source"):
            roots.add(parent)
            _root(builder, package, children, asked, asked_scopes)
    builder.spread_scopes(asked, frozenset(roots))
    return builder.build(locked=True)


def _root(
    builder: Builder,
    package: dict[str, Any],
    children: list[str],
    asked: dict[str, Scope],
    scopes: dict[str, Scope],
) -> None:
    for child in children:
        builder.entries[child].direct = True
        scope = scopes.get(builder.entries[child].name, Scope.RUNTIME)
        asked[child] = stronger(asked[child], scope) if child in asked else scope
    own = builder.entries[_key(package)]
    purls = tuple(builder.entries[child].purl for child in children)
    builder.roots.append(Root(own.purl, own.name, own.version, purls))


def _sibling_scopes(document: Document) -> dict[str, Scope]:
    data = document.sibling(document.folder() + "Cargo.toml")
    if data is None:
        return {}
    try:
        manifest = read_toml(data.decode("utf-8", "replace"))
    except ValueError:
        return {}
    scopes: dict[str, Scope] = {}
    # What a workspace's members ask for is in their own manifests, so a workspace's root alone decides nothing.
    if "workspace" in manifest:
        return {}
    for alias, wanted, scope in asked_of(manifest):
        name = text(mapping(wanted).get("package")) or alias
        scopes[name] = stronger(scopes[name], scope) if name in scopes else scope
    return scopes


def _lock_entry(builder: Builder, package: dict[str, Any], checksums: dict[str, Any]) -> Entry:
    name, version, source = (
        text(package.get("name")),
        text(package.get("version")),
        text(package.get("source")),
    )
    # Version 1 keeps checksums under [metadata] with the package's full id as key.
    checksum = text(package.get("checksum")) or text(checksums.get(f"checksum {name} {version} ({source})"))
    origin = Origin.WORKSPACE if not source else Origin.VCS if source.startswith("git+") else Origin.REGISTRY
    return Entry(
        name=name,
        version=version,
        hashes=(f"sha256:{checksum}",) if checksum and checksum != "<none>" else (),
        origin=origin,
        source=clean_url(source),
        line=builder.document.line_starting(f'name = "{name}"'),
    )


def _key(package: dict[str, Any]) -> str:
    return (
        f"{text(package.get('name'))} {text(package.get('version'))} {text(package.get('source'))}".rstrip()
    )


def _spelled(dependency: str) -> str:
    return dependency.replace("(", "").replace(")", "")


def _index(packages: list[dict[str, Any]]) -> dict[str, str]:
    """The three spellings of a dependency (`name`, `name version`, `name version (source)`) -> key."""
    index: dict[str, str] = {}
    for package in packages:
        key = _key(package)
        name, version = text(package.get("name")), text(package.get("version"))
        index.setdefault(name, key)
        index.setdefault(f"{name} {version}", key)
        index[key] = key
    return index
