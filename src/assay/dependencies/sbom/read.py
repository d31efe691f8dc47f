"""An SBOM as input: CycloneDX JSON and SPDX 2.x JSON -> components."""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import MAX_COMPONENTS, ManifestError
from assay.dependencies.purl import make_purl, split_purl
from assay.dependencies.shapes import mapping, read_json, sequence, text
from assay.model.component import Component, Origin, Scope

_MAX_DEPTH = 20


def read_sbom(source: str) -> tuple[Component, ...]:
    """Every component with a package URL or at least a name, with parents where the SBOM has edges.

    Raises:
        ManifestError: not JSON, or neither CycloneDX nor SPDX.
    """
    data = read_json(source)
    if not isinstance(data, dict):
        raise ManifestError("an SBOM is a JSON object")
    if data.get("bomFormat") == "CycloneDX":
        return _cyclonedx(data)
    if text(data.get("spdxVersion")).startswith("SPDX-"):
        return _spdx(data)
    raise ManifestError("neither CycloneDX nor SPDX 2.x JSON (bomFormat or spdxVersion is missing)")


def _cyclonedx(data: dict[str, Any]) -> tuple[Component, ...]:
    tables = list(_nested(sequence(data.get("components")), 0))
    if len(tables) > MAX_COMPONENTS:
        raise ManifestError(f"more than {MAX_COMPONENTS} components")
    purls = {text(table.get("bom-ref")) or text(table.get("purl")): _purl(table) for table in tables}
    parents: dict[str, set[str]] = {}
    # The subject may hold the packages of a workspace: what these ask for is direct too.
    subject = mapping(mapping(data.get("metadata")).get("component"))
    own = {text(subject.get("bom-ref"))} | {
        text(table.get("bom-ref")) for table in _nested(sequence(subject.get("components")), 0)
    }
    direct: set[str] = set()
    for item in sequence(data.get("dependencies")):
        edge = mapping(item)
        for child in sequence(edge.get("dependsOn")):
            if text(edge.get("ref")) in purls:
                parents.setdefault(purls.get(text(child), ""), set()).add(purls[text(edge.get("ref"))])
            elif text(edge.get("ref")) in own:
                direct.add(purls.get(text(child), ""))
    return tuple(
        _cyclonedx_component(table, _purl(table), parents, direct) for table in tables if _purl(table)
    )


def _nested(items: list[Any], depth: int) -> list[dict[str, Any]]:
    found = []
    for item in items:
        table = mapping(item)
        found.append(table)
        if depth < _MAX_DEPTH:
            found += _nested(sequence(table.get("components")), depth + 1)
    return found


def _purl(table: dict[str, Any]) -> str:
    purl = text(table.get("purl"))
    if purl.startswith("pkg:"):
        return purl
    name = text(table.get("name"))
    group = text(table.get("group"))
    return (
        make_purl("generic", f"{group}/{name}" if group else name, text(table.get("version"))) if name else ""
    )


def _cyclonedx_component(
    table: dict[str, Any], purl: str, parents: dict[str, set[str]], direct: set[str]
) -> Component:
    properties = {
        text(mapping(item).get("name")): text(mapping(item).get("value"))
        for item in sequence(table.get("properties"))
    }
    dev = properties.get("assay:dev") == "true" or properties.get("cdx:npm:package:development") == "true"
    scope = (
        Scope.DEVELOPMENT
        if dev or table.get("scope") == "excluded"
        else Scope.OPTIONAL
        if table.get("scope") == "optional"
        else Scope.RUNTIME
    )
    hashes = tuple(
        f"{text(mapping(item).get('alg')).lower().replace('sha-', 'sha')}:{text(mapping(item).get('content'))}"
        for item in sequence(table.get("hashes"))
    )
    return _component(
        purl,
        scope,
        tuple(sorted(parents.get(purl, ()))),
        purl in direct,
        hashes,
        _licences(table),
        properties.get("assay:origin", ""),
    )


def _licences(table: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for item in sequence(table.get("licenses")):
        entry = mapping(item)
        licence = mapping(entry.get("license"))
        found.append(text(entry.get("expression")) or text(licence.get("id")) or text(licence.get("name")))
    return tuple(name for name in found if name)


def _spdx(data: dict[str, Any]) -> tuple[Component, ...]:
    purls: dict[str, str] = {}
    for item in sequence(data.get("packages")):
        table = mapping(item)
        references = [mapping(reference) for reference in sequence(table.get("externalRefs"))]
        found = next(
            (text(r.get("referenceLocator")) for r in references if r.get("referenceType") == "purl"), ""
        )
        if found.startswith("pkg:"):
            purls[text(table.get("SPDXID"))] = found
    parents: dict[str, set[str]] = {}
    dev: set[str] = set()
    for item in sequence(data.get("relationships")):
        relation = mapping(item)
        first, kind, second = (
            text(relation.get(key)) for key in ("spdxElementId", "relationshipType", "relatedSpdxElement")
        )
        if kind == "DEPENDS_ON" and first in purls and second in purls:
            parents.setdefault(purls[second], set()).add(purls[first])
        elif kind in {"DEPENDENCY_OF", "DEV_DEPENDENCY_OF"} and first in purls and second in purls:
            parents.setdefault(purls[first], set()).add(purls[second])
        if kind == "DEV_DEPENDENCY_OF" and first in purls:
            dev.add(purls[first])
    licences = {
        purls[text(mapping(item).get("SPDXID"))]: text(mapping(item).get("licenseDeclared"))
        for item in sequence(data.get("packages"))
        if text(mapping(item).get("SPDXID")) in purls
    }
    return tuple(
        _component(
            purl, Scope.DEVELOPMENT if purl in dev else Scope.RUNTIME, tuple(sorted(parents.get(purl, ()))), False, (),
            (licences[purl],) if licences.get(purl) not in {"", "NOASSERTION", "NONE", None} else (), "",
        )
        for purl in dict.fromkeys(purls.values())
    )  # fmt: skip


def _component(
    purl: str,
    scope: Scope,
    parents: tuple[str, ...],
    direct: bool,
    hashes: tuple[str, ...],
    licences: tuple[str, ...],
    origin: str,
) -> Component:  # a record of seven facts that both formats share
    try:
        ecosystem, name, version = split_purl(purl)
    except ValueError:
        ecosystem, name, version = "generic", purl, ""
    known = {item.value for item in Origin}
    place = Origin(origin) if origin in known else Origin.VCS if "vcs_url=" in purl else Origin.REGISTRY
    return Component(
        purl=purl, name=name, ecosystem=ecosystem, version=version, scope=scope, direct=direct, parents=parents,
        hashes=hashes, origin=place, licences=licences,
    )  # fmt: skip
