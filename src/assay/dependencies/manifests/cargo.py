"""Cargo.toml and Cargo.lock, versions 1 to 4: https://doc.rust-lang.org/cargo/reference/manifest.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_toml, sequence, text, texts
from assay.model.component import Origin, Scope

_MAX_MEMBERS = 2000
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
    inherited = _inherited(document)
    for alias, wanted, scope in asked_of(data):
        table = mapping(wanted)
        if table.get("workspace") is True and alias in inherited:
            stated = inherited[alias]
            table = (mapping(stated) or {"version": text(stated)}) | {"optional": table.get("optional")}
        requirement = text(wanted) or text(table.get("version"))
        entry = Entry(
            name=text(table.get("package")) or alias,
            version=requirement[1:].strip() if requirement.startswith("=") and "," not in requirement else "",
            requirement=requirement,
            scope=Scope.OPTIONAL if table.get("optional") is True and scope is Scope.RUNTIME else scope,
            direct=True,
            line=document.line_starting(alias),
        )
        for key, origin in (("git", Origin.VCS), ("path", Origin.PATH)):
            if table.get(key):
                entry.origin, entry.source = origin, clean_url(text(table.get(key)))
                break
        builder.add(f"{alias}:{requirement}", entry)
    package = mapping(data.get("package"))
    name, version = text(package.get("name")), text(package.get("version"))
    if name:
        builder.roots.append(Root(make_purl("crates.io", name, version), name, version))
    return builder.build(locked=False)


def asked_of(data: dict[str, Any], with_workspace: bool = True) -> Iterator[tuple[str, Any, Scope]]:
    """(name in the file, requirement, scope) over all dependency tables, those of targets and (if asked for) of the workspace too."""
    tables = [data, *(mapping(item) for item in mapping(data.get("target")).values())]
    if with_workspace:
        tables.append(mapping(data.get("workspace")))
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
    # The first lockfiles kept the project itself in a table of its own.
    packages += [mapping(data.get("root"))] if data.get("root") else []
    checksums = mapping(data.get("metadata"))
    for package in packages:
        builder.add(_key(package), _lock_entry(builder, package, checksums))
    packages = [package for package in packages if _key(package) in builder.entries]
    index = _index(packages)
    own = [text(package.get("name")) for package in packages if not package.get("source")]
    scopes = _scopes_by_package(document, own)
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
            _root(builder, package, children, asked, scopes.get(text(package.get("name")), {}))
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


def _scopes_by_package(document: Document, names: list[str]) -> dict[str, dict[str, Scope]]:
    """Name of a package of the project's own -> crate -> scope, from the manifests of the workspace; what is not found is left out.

    Folders are not listed from here, so a member that is written as `crates/*` is looked for in the folder of its package's name.
    """
    top = _manifest(document, document.folder() + "Cargo.toml")
    workspace = mapping(top.get("workspace"))
    members = [member for member in texts(workspace.get("members")) if ".." not in member]
    folders = [member.replace("*", name) for member in members for name in (names if "*" in member else [""])]
    found: dict[str, dict[str, Scope]] = {}
    for manifest in (
        top,
        *(_manifest(document, f"{document.folder()}{f}/Cargo.toml") for f in folders[:_MAX_MEMBERS]),
    ):
        name = text(mapping(manifest.get("package")).get("name"))
        if name:
            scopes = found.setdefault(name, {})
            for alias, wanted, scope in asked_of(manifest, with_workspace=False):
                crate = _crate(alias, wanted, workspace)
                scopes[crate] = stronger(scopes[crate], scope) if crate in scopes else scope
    return found


def _crate(alias: str, wanted: object, workspace: dict[str, Any]) -> str:
    """The crate that a dependency names; a renamed one is what `package` says, here or where the workspace states it."""
    if mapping(wanted).get("workspace") is True:
        wanted = mapping(workspace.get("dependencies")).get(alias)
    return text(mapping(wanted).get("package")) or alias


def _manifest(document: Document, uri: str) -> dict[str, Any]:
    data = document.sibling(uri)
    try:
        return read_toml(data.decode("utf-8", "replace")) if data is not None else {}
    except ValueError:
        return {}


def _inherited(document: Document) -> dict[str, Any]:
    """[workspace.dependencies] of the nearest Cargo.toml upwards that has it."""
    folder = document.folder()
    while folder:
        folder = folder.rstrip("/").rpartition("/")[0]
        folder += "/" if folder else ""
        workspace = _manifest(document, folder + "Cargo.toml").get("workspace")
        if workspace:
            return mapping(mapping(workspace).get("dependencies"))
    return {}


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
