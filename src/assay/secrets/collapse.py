"""Matches of one content made distinct: one for every secret, by the most specific detector."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from assay.secrets.match import Match


def without_overlaps(matches: Sequence[Match]) -> list[Match]:
    """Of matches that overlap the most specific stays, the longer on ties; what else saw it is kept in `others`. Sorted by place."""
    kept: list[Match] = []
    starts: list[int] = []
    for match in sorted(matches, key=_rank):
        place = bisect_right(starts, match.start)
        rivals = [
            near for near in (place - 1, place) if 0 <= near < len(kept) and _overlap(kept[near], match)
        ]
        if not rivals:
            starts.insert(place, match.start)
            kept.insert(place, match)
            continue
        rival = kept[rivals[0]]
        if match.rule.id not in (rival.rule.id, *rival.others):
            kept[rivals[0]] = replace(rival, others=(*rival.others, match.rule.id))
    return [match for match in kept if not match.silent]


def _overlap(one: Match, other: Match) -> bool:
    return one.start < other.end and other.start < one.end


def _rank(match: Match) -> tuple[int, int, int, str]:
    return (-match.specific, match.start - match.end, match.start, match.rule.id)


def by_value(matches: Sequence[Match]) -> list[tuple[Match, list[Match]]]:
    """The first match of every value with the later ones of the same value and rule, in the order of first places."""
    groups: dict[bytes, list[Match]] = {}
    for match in matches:
        groups.setdefault(match.value, []).append(match)
    out: list[tuple[Match, list[Match]]] = []
    for group in groups.values():
        best = max(group, key=lambda match: (match.specific, match.confidence.rank, -match.start))
        out.append((best, [match for match in group if match is not best]))
    return sorted(out, key=lambda pair: pair[0].start)
