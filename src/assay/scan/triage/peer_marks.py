"""Comments of other scanners (`gitleaks:allow` and the like) as entries of the one ledger: counted and shown like our own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.model.finding import Finding
from assay.model.location import Location
from assay.model.scan import TriagedFinding
from assay.scan.triage.inline import Form, Mark


def peer_marks(allowed: Sequence[tuple[Finding, str]], visible: Iterable[TriagedFinding]) -> list[Mark]:
    """A mark for every place of a visible finding that a peer's comment lets pass. What is not visible needs none."""
    if not allowed:
        return []
    comments: dict[tuple[str, int], tuple[set[str], str]] = {}
    for finding, comment in allowed:
        for place in (finding.location, *finding.related):
            rules, _ = comments.setdefault(_line(place), (set(), comment))
            rules.update((finding.rule_id, *(evidence.rule_id for evidence in finding.evidence)))
    shown = {_line(place) for one in visible for place in (one.finding.location, *one.finding.related)}
    return [_mark(*line, *comments[line]) for line in sorted(shown & comments.keys())]


def _line(place: Location) -> tuple[str, int]:
    return place.uri, place.region.start_line


def _mark(uri: str, line: int, rules: set[str], comment: str) -> Mark:
    written = line - 1 if "next" in comment else line
    return Mark(uri, written, Form.LINE, tuple(sorted(rules)), comment, None, "", line, line)
