"""pnpm-lock.yaml, lockfileVersion 5.x, 6.x and 9.x: https://github.com/pnpm/spec/tree/master/lockfile"""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.manifests.npm_names import SECTIONS, integrity_hashes, split_descriptor
from assay.dependencies.purl import clean_url
from assay.dependencies.shapes import mapping, text
from assay.dependencies.yaml_text import read_yaml_documents
from assay.model.component import Origin, Scope


def parse(document: Document) -> Parsed:
    """Every package of every importer, edges from `snapshots` (9) or from the packages themselves.

    Raises:
        ManifestError: not a YAML mapping.
    """
    builder = Builder(document, "npm")
    for data in read_yaml_documents(document.text):
        if isinstance(data, dict):
            _read(builder, data)
        elif data is not None:
            raise ManifestError("a pnpm-lock.yaml is a YAML mapping")
    return builder.build(locked=True)


def _read(builder: Builder, data: dict[str, Any]) -> None:
    """One document; from version 11 on pnpm keeps what it installs for itself in one in front of the project's."""
    packages = mapping(data.get("packages"))
    # From version 9 on, `packages` holds facts and `snapshots` the same packages once for each set of peers.
    snapshots = mapping(data.get("snapshots")) or packages
    for key in snapshots:
        builder.add(_key(key), _entry(builder, key, mapping(packages.get(key) or packages.get(_bare(key)))))
    for key in packages:
        if not any(name in builder.entries for name in (_key(key), _bare(key))):
            builder.add(_bare(key), _entry(builder, key, mapping(packages.get(key))))
    for key, value in snapshots.items():
        for section in ("dependencies", "optionalDependencies"):
            for name, reference in mapping(mapping(value).get(section)).items():
                builder.link(_key(key), _target(builder, name, text(reference)))
    asked = _asked(builder, data)
    if all("dev" not in mapping(value) for value in packages.values()):
        builder.spread_scopes(asked)


def _asked(builder: Builder, data: dict[str, Any]) -> dict[str, Scope]:
    """Keys that the importers (or the file itself, before workspaces) ask for, with scopes; marks them direct."""
    asked: dict[str, Scope] = {}
    importers = list(mapping(data.get("importers")).values()) or [data]
    sections = SECTIONS | {"configDependencies": Scope.BUILD, "packageManagerDependencies": Scope.BUILD}
    for importer in importers:
        for section, scope in sections.items():
            for name, wanted in mapping(mapping(importer).get(section)).items():
                reference = text(mapping(wanted).get("version")) or text(wanted)
                key = _target(builder, name, reference)
                if key in builder.entries:
                    builder.entries[key].direct = True
                    asked[key] = stronger(asked[key], scope) if key in asked else scope
    return asked


def _target(builder: Builder, name: str, reference: str) -> str:
    """The key that a dependency's reference means: a version of the name, or the key itself (alias, git, file)."""
    reference = _key(reference)
    for key in (f"{name}@{reference}", f"{name}/{reference}", reference):
        if key in builder.entries:
            return key
    return reference


def _key(key: str) -> str:
    """A key of `packages` or `snapshots` without the leading slash; the peers in it tell two installations apart."""
    return key.removeprefix("/")


def _bare(key: str) -> str:
    """A key without leading slash and without the peers behind it: `(react@18)` from version 6 on, `_react@17` before."""
    key = key.partition("(")[0].removeprefix("/")
    name, slash, version = key.rpartition("/")
    # Before version 6 a key is name/version_peers; `@` in front of `_` marks the later form, where `_` is in a name.
    if slash and version[:1].isdigit() and "@" not in name[1:]:
        return f"{name}/{version.partition('_')[0]}"
    return key


def _entry(builder: Builder, key: str, table: dict[str, Any]) -> Entry:
    resolution = mapping(table.get("resolution"))
    name, version, origin, source = _identity(key, table, resolution)
    scope = None
    if "dev" in table:
        scope = (
            Scope.DEVELOPMENT
            if table.get("dev")
            else Scope.OPTIONAL
            if table.get("optional")
            else Scope.RUNTIME
        )
    return Entry(
        name=name,
        version=version,
        scope=scope,
        hashes=integrity_hashes(text(resolution.get("integrity"))),
        origin=origin,
        source=source,
        line=builder.document.line_of(f"{key.removeprefix('/')}"),
    )


def _identity(key: str, table: dict[str, Any], resolution: dict[str, Any]) -> tuple[str, str, Origin, str]:
    """(name, version, origin, source) of a package key."""
    bare = _bare(key)
    name, version = _split_key(bare, is_path=key.startswith("/"))
    source = (
        text(resolution.get("repo")) or text(resolution.get("tarball")) or text(resolution.get("directory"))
    )
    origin = Origin.REGISTRY
    if resolution.get("type") == "git" or resolution.get("repo") or "codeload.github.com" in source:
        origin = Origin.VCS
    elif resolution.get("type") == "directory" or "file:" in bare:
        origin = Origin.PATH
    elif (
        "://" in bare
        or (version and not version[:1].isdigit())
        or (not integrity_hashes(text(resolution.get("integrity"))) and source)
    ):
        origin = Origin.URL
    return text(table.get("name")) or name, text(table.get("version")) or version, origin, clean_url(source)


def _split_key(bare: str, is_path: bool) -> tuple[str, str]:
    head, at, version = bare.rpartition("@") if "://" not in bare else split_descriptor_url(bare)
    if at and head and (not is_path or "/" not in version):
        return head, version
    if "/" in bare:
        parts = bare.split("/")
        # A key without a leading slash and with a host in front names a registry of its own.
        if not is_path and "." in parts[0] and len(parts) > 2:
            parts = parts[1:]
        length = 2 if parts[0].startswith("@") else 1
        return "/".join(parts[:length]), "/".join(parts[length:]).partition("_")[0]
    return bare, ""


def split_descriptor_url(bare: str) -> tuple[str, str, str]:
    """`name@https://host/x.tgz` -> name, `@`, URL: the first `@` behind the name parts them."""
    name, rest = split_descriptor(bare)
    return name, "@" if rest else "", rest
