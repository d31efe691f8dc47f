"""composer.json and composer.lock: https://getcomposer.org/doc/04-schema.md"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.dependencies.document import Document, ManifestError, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.npm_names import exact_version, sibling_package
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_json, sequence, text, texts
from assay.model.component import Origin, Scope


def parse_manifest(document: Document) -> Parsed:
    """What the project asks for, without `php`, `ext-*`, `lib-*` and Composer's own APIs, which are no packages.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a composer.json is a JSON object")
    builder = Builder(document, "Packagist")
    for name, wanted, scope in _asked(data):
        line = document.line_of(f'"{name}"')
        builder.add(name.lower(), Entry(name, exact_version(wanted), wanted, scope, direct=True, line=line))
    if name := text(data.get("name")):
        version = text(data.get("version"))
        builder.roots.append(Root(make_purl("Packagist", name, version), name, version))
    return builder.build(locked=False)


def parse_lock(document: Document) -> Parsed:
    """Every locked package; `packages-dev` is for development.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a composer.lock is a JSON object")
    builder = Builder(document, "Packagist")
    asked = {
        name.lower()
        for name, _, _ in _asked(sibling_package(document.sibling(document.folder() + "composer.json")))
    }
    for section, scope in (("packages", Scope.RUNTIME), ("packages-dev", Scope.DEVELOPMENT)):
        for item in sequence(data.get(section)):
            _add(builder, mapping(item), scope, asked)
    for section in ("packages", "packages-dev"):
        for item in sequence(data.get(section)):
            package = mapping(item)
            for name in mapping(package.get("require")):
                builder.link(text(package.get("name")).lower(), name.lower())
    return builder.build(locked=True)


def _asked(data: dict[str, Any]) -> Iterator[tuple[str, str, Scope]]:
    for section, scope in (("require", Scope.RUNTIME), ("require-dev", Scope.DEVELOPMENT)):
        for name, wanted in mapping(data.get(section)).items():
            if "/" in name:
                yield name, text(wanted), scope


def _add(builder: Builder, package: dict[str, Any], scope: Scope, asked: set[str]) -> None:
    name = text(package.get("name"))
    dist, source = mapping(package.get("dist")), mapping(package.get("source"))
    checksum = text(dist.get("shasum"))
    builder.add(
        name.lower(),
        Entry(
            name=name,
            version=text(package.get("version")),
            scope=scope,
            direct=name.lower() in asked,
            hashes=(f"sha1:{checksum}",) if checksum else (),
            origin=_origin(package, dist),
            source=clean_url(text(dist.get("url")) or text(source.get("url"))),
            licences=tuple(texts(package.get("license"))),
            line=builder.document.line_of(f'"name": "{name}"'),
        ),
    )


def _origin(package: dict[str, Any], dist: dict[str, Any]) -> Origin:
    """A package that Packagist gave carries the address to notify; one from a repository of the project's own does not."""
    if dist.get("type") == "path":
        return Origin.PATH
    if not package.get("notification-url") and text(package.get("version")).startswith("dev-"):
        return Origin.VCS
    return Origin.REGISTRY
