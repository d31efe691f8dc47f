"""Whether an advisory holds for a version (https://ossf.github.io/osv-schema/#evaluation), by the ecosystem's own order."""

from __future__ import annotations

from typing import Any

from assay.dependencies.advisories.record import Affected, Range
from assay.dependencies.versions.order import key_of



def is_affected(affected: Affected, ecosystem: str, version: str) -> bool:
    """Whether an enumerated version or a range holds the version. A version without order is only found by its exact text."""
    if in_versions(affected, ecosystem, version):
        return True
    key = key_of(ecosystem, version)
    return key is not None and any(in_range(item, ecosystem, key) for item in affected.ranges)


def in_versions(affected: Affected, ecosystem: str, version: str) -> bool:
    """Whether the version is enumerated, as written or in another spelling of the same version."""
    if not affected.versions:
        return False
    if f"\n{version}\n" in affected.versions:
        return True
    # Another spelling (1.0 for 1.0.0) is looked for only where no range could answer.
    if affected.ranges:
        return False
    key = key_of(ecosystem, version)
    return key is not None and any(key_of(ecosystem, item) == key for item in affected.versions.split("\n") if item)


def in_range(item: Range, ecosystem: str, key: Any) -> bool:
    """Whether a version's key lies in one range. Events with versions that have no order are passed over."""
    events = []
    for kind, version in item.events:
        if kind == "limit" and version == "*":
            continue
        start = kind == "introduced" and version == "0"
        event_key = None if start else key_of(ecosystem, version)
        if event_key is not None or start:
            events.append((start, event_key, kind))
    inside = False
    for start, event_key, kind in _sorted(events):
        if kind == "introduced":
            inside = inside or start or key >= event_key
        elif kind == "last_affected":
            inside = inside and not key > event_key
        elif key >= event_key:
            inside = False
    return inside


def _sorted(events: list[tuple[bool, Any, str]]) -> list[tuple[bool, Any, str]]:
    """Events in version order; records mostly hold them so already, and most have two."""
    if len(events) <= 1 or (len(events) == 2 and events[0][2] == "introduced" and events[0][0]):
        return events
    from functools import cmp_to_key

    def compare(first: tuple[bool, Any, str], second: tuple[bool, Any, str]) -> int:
        if first[0] != second[0]:
            return -1 if first[0] else 1
        if not first[0] and first[1] != second[1]:
            return -1 if first[1] < second[1] else 1
        # At the same version the record's order holds: "fixed 2.0, introduced 2.0" goes on, "introduced 2.0, fixed 2.0" is empty.
        return (first[2] == "last_affected") - (second[2] == "last_affected")

    return sorted(events, key=cmp_to_key(compare))
