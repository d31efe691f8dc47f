"""What a whole project is made of: every manifest, with lockfiles taking the word of the manifests they lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from assay.dependencies.document import Manifest, Sibling
from assay.dependencies.graph import Graph, build_graph
from assay.dependencies.manifests.registry import SOFT_FORMATS, read_manifest
from assay.dependencies.purl import canonical_name
from assay.model.component import Component, Origin

# Formats that hold no more than a checksum of what another file beside them states.
_CHECKSUM_FORMATS = {"go.sum": "go.mod"}


@dataclass(frozen=True, slots=True)
class Inventory:
    """Manifests as read, and what they come to together: `components` are (manifest, component) pairs."""

    manifests: tuple[Manifest, ...]
    components: tuple[tuple[Manifest, Component], ...]

    @property
    def complete(self) -> bool:
        """Whether every ecosystem's list is locked and every manifest was read without a problem."""
        return all(is_covered(manifest, self.manifests) for manifest in self.manifests) and not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that was not understood, as `uri:line: message`."""
        return tuple(
            f"{manifest.uri}:{problem.line}: {problem.message}"
            if problem.line
            else f"{manifest.uri}: {problem.message}"
            for manifest in self.manifests
            for problem in manifest.parsed.problems
        )

    def unique(self) -> tuple[Component, ...]:
        """One component for each purl, first place first, parents of all places together."""
        merged: dict[str, Component] = {}
        for _, component in self.components:
            known = merged.get(component.purl)
            if known is None:
                merged[component.purl] = component
            elif component.parents or component.direct != known.direct:
                parents = tuple(sorted({*known.parents, *component.parents}))
                merged[component.purl] = replace(
                    known, parents=parents, direct=known.direct or component.direct
                )
        return tuple(merged.values())

    def graphs(self) -> dict[str, Graph]:
        """The graph of each manifest, by its uri."""
        return {manifest.uri: build_graph(manifest.parsed.components) for manifest in self.manifests}


def read_inventory(
    files: Iterable[tuple[str, bytes, str]], sibling: Sibling = lambda _uri: None
) -> Inventory:
    """Read every (uri, content, format) and settle what counts. Never raises for bad content."""
    manifests = []
    for uri, data, form in files:
        manifest = read_manifest(uri, data, sibling, form)
        soft_and_empty = (
            manifest.format in SOFT_FORMATS and not manifest.parsed.components and not manifest.failed
        )
        if not soft_and_empty:
            manifests.append(manifest)
    return Inventory(tuple(manifests), tuple(_effective(manifests)))


def is_covered(manifest: Manifest, manifests: Iterable[Manifest]) -> bool:
    """Whether the manifest is a lockfile, states nothing, or has a lockfile of its ecosystem beside or above it."""
    if manifest.parsed.locked or not manifest.parsed.components:
        return True
    ecosystems = {component.ecosystem for component in manifest.parsed.components}
    return any(
        lock.parsed.locked and _is_at_or_above(lock.uri, manifest.uri) and ecosystems <= _ecosystems(lock)
        for lock in manifests
    )


def _effective(manifests: list[Manifest]) -> Iterable[tuple[Manifest, Component]]:
    locks = [
        manifest
        for manifest in manifests
        if manifest.parsed.locked and not _is_checksum_only(manifest, manifests)
    ]
    names = {
        lock.uri: {(c.ecosystem, canonical_name(c.ecosystem, c.name)) for c in lock.parsed.components}
        for lock in locks
    }
    for manifest in manifests:
        if _is_checksum_only(manifest, manifests):
            continue
        covering = [
            lock.uri for lock in locks if lock is not manifest and _is_at_or_above(lock.uri, manifest.uri)
        ]
        for component in manifest.parsed.components:
            key = (component.ecosystem, canonical_name(component.ecosystem, component.name))
            stated_by_lock = not manifest.parsed.locked and any(key in names[uri] for uri in covering)
            if not stated_by_lock and component.origin is not Origin.WORKSPACE:
                yield manifest, component


def _is_checksum_only(manifest: Manifest, manifests: list[Manifest]) -> bool:
    """go.sum keeps sums of modules that no build uses; the go.mod beside it says which ones a build does."""
    partner = _CHECKSUM_FORMATS.get(manifest.format)
    folder = manifest.uri.rpartition("/")[0]
    return partner is not None and any(
        other.format == partner and other.parsed.locked and other.uri.rpartition("/")[0] == folder
        for other in manifests
    )


def _is_at_or_above(lock: str, uri: str) -> bool:
    folder = lock.rpartition("/")[0]
    return not folder or uri.startswith(folder + "/")


def _ecosystems(manifest: Manifest) -> set[str]:
    return {component.ecosystem for component in manifest.parsed.components}
