"""What an SBOM is written from: values that no format's library knows of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from assay.dependencies.document import Root
from assay.dependencies.inventory import Inventory, is_covered
from assay.model.component import Component


@dataclass(frozen=True, slots=True)
class Weakness:
    """One advisory that holds for some components, for the SBOM's vulnerabilities part. Nothing is claimed to be harmless here."""

    id: str
    affects: tuple[str, ...]
    summary: str = ""
    vector: str = ""
    score: float | None = None
    severity: str = "unknown"
    cwes: tuple[int, ...] = ()
    recommendation: str = ""
    state: str = "in_triage"
    justification: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Components once each, edges as purl -> purls, the project's own packages, and how complete the list is."""

    name: str
    components: tuple[Component, ...]
    edges: dict[str, tuple[str, ...]]
    roots: tuple[Root, ...]
    places: dict[str, tuple[tuple[str, int], ...]]
    incomplete: tuple[str, ...]
    created: datetime
    tool_version: str
    weaknesses: tuple[Weakness, ...] = field(default=())


def subject_of(inventory: Inventory, name: str, created: datetime, tool_version: str) -> Subject:
    """The SBOM's content for an inventory; `incomplete` says in words what keeps the list from being whole."""
    components = inventory.unique()
    known = {component.purl for component in components}
    edges: dict[str, list[str]] = {}
    for component in components:
        for parent in component.parents:
            if parent in known:
                edges.setdefault(parent, []).append(component.purl)
    places: dict[str, list[tuple[str, int]]] = {}
    for _, component in inventory.components:
        if component.location is not None:
            places.setdefault(component.purl, []).append(
                (component.location.uri, component.location.region.start_line)
            )
    roots = _roots(inventory)
    return Subject(
        name=name,
        components=components,
        edges={parent: tuple(sorted(set(children))) for parent, children in edges.items()},
        roots=roots,
        places={purl: tuple(dict.fromkeys(found)) for purl, found in places.items()},
        incomplete=_incomplete(inventory),
        created=created,
        tool_version=tool_version,
    )


def _roots(inventory: Inventory) -> tuple[Root, ...]:
    merged: dict[str, Root] = {}
    for manifest in inventory.manifests:
        direct = tuple(c.purl for m, c in inventory.components if m is manifest and c.direct)
        for root in manifest.parsed.roots:
            known = merged.get(root.purl)
            requires = {*(root.requires or direct), *(known.requires if known else ())}
            merged[root.purl] = Root(root.purl, root.name, root.version, tuple(sorted(requires)))
    return tuple(merged.values())


def _incomplete(inventory: Inventory) -> tuple[str, ...]:
    reasons = [
        f"{manifest.uri} has no lockfile: transitive packages are not known"
        for manifest in inventory.manifests
        if not is_covered(manifest, inventory.manifests)
    ]
    return (*reasons, *inventory.problems)
