"""What changed between two SBOMs: added, removed and changed components, and how the transitive part grew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.dependencies.purl import without_version
from assay.model.component import Component


@dataclass(frozen=True, slots=True)
class Difference:
    """Components by kind of change; `changed` pairs are (before, after) of one package at other versions."""

    added: tuple[Component, ...]
    removed: tuple[Component, ...]
    changed: tuple[tuple[Component, Component], ...]
    added_direct: int
    added_transitive: int


def compare(before: Iterable[Component], after: Iterable[Component]) -> Difference:
    """Compare by package; where a package is there at several versions, versions are matched by equality first."""
    old, new = _grouped(before), _grouped(after)
    added: list[Component] = []
    removed: list[Component] = []
    changed: list[tuple[Component, Component]] = []
    for name in sorted(old.keys() | new.keys()):
        gone = [c for version, c in sorted(old.get(name, {}).items()) if version not in new.get(name, {})]
        come = [c for version, c in sorted(new.get(name, {}).items()) if version not in old.get(name, {})]
        both = min(len(gone), len(come))
        changed += list(zip(gone[:both], come[:both], strict=True))
        removed += gone[both:]
        added += come[both:]
    direct = sum(component.direct for component in added)
    return Difference(tuple(added), tuple(removed), tuple(changed), direct, len(added) - direct)


def _grouped(components: Iterable[Component]) -> dict[str, dict[str, Component]]:
    grouped: dict[str, dict[str, Component]] = {}
    for component in components:
        grouped.setdefault(without_version(component.purl), {})[component.version] = component
    return grouped
