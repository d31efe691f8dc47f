"""deno.lock, versions 2 to 5: npm and JSR packages, and modules fetched by URL."""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.npm_names import integrity_hashes, split_descriptor
from assay.dependencies.purl import clean_url
from assay.dependencies.shapes import mapping, read_json, text, texts
from assay.model.component import Origin

_ECOSYSTEMS = {"npm": "npm", "jsr": "JSR"}


def parse(document: Document) -> Parsed:
    """Every package and every remote module; what `specifiers` names is direct.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a deno.lock is a JSON object")
    builder = Builder(document, "npm")
    packages = mapping(data.get("packages")) or data
    for registry, ecosystem in _ECOSYSTEMS.items():
        for key, value in _table(data, packages, registry).items():
            _add(builder, registry, ecosystem, key, mapping(value))
    for registry in _ECOSYSTEMS:
        for key, value in _table(data, packages, registry).items():
            for child in _requires(mapping(value)):
                builder.link(f"{registry}:{_bare(key)}", _qualified(builder, child))
    for wanted, reference in mapping(packages.get("specifiers")).items():
        _mark_direct(builder, wanted, text(reference))
    for wanted, reference in mapping(mapping(data.get("npm")).get("specifiers")).items():
        _mark_direct(builder, f"npm:{wanted}", f"npm:{text(reference)}")
    for url, digest in mapping(data.get("remote")).items():
        entry = Entry(
            clean_url(url), origin=Origin.URL, source=clean_url(url), direct=True, ecosystem="generic"
        )
        entry.hashes, entry.line = (f"sha256:{text(digest)}",), document.line_of(url)
        builder.add(url, entry)
    return builder.build(locked=True)


def _table(data: dict[str, Any], packages: dict[str, Any], registry: str) -> dict[str, Any]:
    table = mapping(packages.get(registry)) or mapping(data.get(registry))
    return mapping(table.get("packages")) if "specifiers" in table and "packages" in table else table


def _add(builder: Builder, registry: str, ecosystem: str, key: str, table: dict[str, Any]) -> None:
    name, version = split_descriptor(_bare(key))
    integrity = text(table.get("integrity"))
    hashes = (
        integrity_hashes(integrity) if "-" in integrity else (f"sha256:{integrity}",) if integrity else ()
    )
    line = builder.document.line_of(f'"{key}"')
    builder.add(
        f"{registry}:{name}@{version}", Entry(name, version, hashes=hashes, line=line, ecosystem=ecosystem)
    )


def _bare(key: str) -> str:
    """A key without the peers behind it: `a@1.0.0_b@2.0.0`."""
    name, version = split_descriptor(key)
    return f"{name}@{version.partition('_')[0]}"


def _requires(table: dict[str, Any]) -> list[str]:
    dependencies = table.get("dependencies")
    if isinstance(dependencies, dict):
        return [text(value) for value in dependencies.values()]
    return texts(dependencies)


def _qualified(builder: Builder, child: str) -> str:
    registry, colon, rest = child.partition(":")
    if not colon:
        registry, rest = "npm", child
    if "@" in rest[1:]:
        return f"{registry}:{_bare(rest)}"
    # Version 4 names a dependency alone where only one version is locked.
    return next((key for key in builder.entries if key.startswith(f"{registry}:{rest}@")), "")


def _mark_direct(builder: Builder, wanted: str, reference: str) -> None:
    registry, _, rest = wanted.partition(":")
    name, _ = split_descriptor(rest)
    version = split_descriptor(reference.partition(":")[2])[1] if ":" in reference else reference
    entry = builder.entries.get(f"{registry}:{name}@{version.partition('_')[0]}")
    if entry is not None:
        entry.direct = True
