"""Whether an advisory holds for a version (https://ossf.github.io/osv-schema/#evaluation), by the ecosystem's own order."""

from __future__ import annotations

from typing import Any

import re2

from assay.dependencies.advisories.record import Affected, Range
from assay.dependencies.versions.order import key_of

_NUMBERS = re2.compile(r"[0-9]+(?:\.[0-9]+)*")


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
    return key is not None and any(
        key_of(ecosystem, item) == key for item in affected.versions.split("\n") if item
    )


def may_be_affected(affected: Affected, ecosystem: str, version: str) -> bool:
    """Whether a range holds the version if a bound that is no version of the ecosystem is read by its leading numbers.

    Some records say `last_affected: 2.6.0-cu124` for PyPI. By the letter such a range holds nothing; that is not "not affected".
    """
    key = key_of(ecosystem, version)
    if key is None:
        return False
    for item in affected.ranges:
        bounds = [version for _, version in item.events if version not in {"0", "*"}]
        if any(key_of(ecosystem, bound) is None for bound in bounds):
            events = tuple((kind, _plain(ecosystem, bound)) for kind, bound in item.events)
            if in_range(Range(item.kind, events), ecosystem, key):
                return True
    return False


def in_range(item: Range, ecosystem: str, key: Any) -> bool:
    """Whether a version's key lies in one range; a range with a bound that has no order holds nothing."""
    events = []
    for kind, version in item.events:
        if kind == "limit" and version == "*":
            continue
        start = kind == "introduced" and version == "0"
        event_key = None if start else key_of(ecosystem, version)
        if event_key is None and not start:
            return False
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


def _plain(ecosystem: str, bound: str) -> str:
    if bound == "0" or key_of(ecosystem, bound) is not None:
        return bound
    match = _NUMBERS.match(bound)
    return str(match.group(0)) if match else bound


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
