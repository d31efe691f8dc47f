"""Source lines for findings whose engine gave none, with every known secret masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from assay.model.finding import Finding
from assay.model.location import Region
from assay.model.scan import TriagedFinding
from assay.scan.triage.families import family
from assay.scan.triage.source import Sources

_MAX_LINES = 5
_MAX_WIDTH = 240
_SHOWN = 4
_MASK = "****"
_NO_LINES = frozenset(
    {"dependencies", "packages", "licences"}
)  # a line of a lock file tells a reader nothing


def with_snippets(findings: Sequence[TriagedFinding], sources: Sources) -> tuple[TriagedFinding, ...]:
    """The findings, each with the lines of its region. To be called only where the secrets engine looked: it names what to mask.

    A finding about credentials that is no secret of ours gets no lines: what to mask in them is not known.
    """
    hidden = _secret_regions(one.finding for one in findings)
    return tuple(_with_snippet(one, hidden, sources) for one in findings)


def _with_snippet(
    one: TriagedFinding, hidden: Mapping[str, Sequence[Region]], sources: Sources
) -> TriagedFinding:
    finding = one.finding
    domain = finding.rule_id.split("/", 1)[0]
    if finding.location.snippet or domain in _NO_LINES or family(finding.cwe) == "credentials":
        return one
    text = _lines(finding, hidden.get(finding.location.uri, ()), sources.lines(finding.location.uri))
    if not text.strip():
        return one
    return replace(one, finding=replace(finding, location=replace(finding.location, snippet=text)))


def _secret_regions(findings: Iterable[Finding]) -> dict[str, list[Region]]:
    regions: dict[str, list[Region]] = defaultdict(list)
    for finding in findings:
        if finding.rule_id.startswith("secrets/") or family(finding.cwe) == "credentials":
            for place in (finding.location, *finding.related):
                regions[place.uri].append(place.region)
    return regions


def _lines(finding: Finding, hidden: Sequence[Region], lines: Sequence[str]) -> str:
    region = finding.location.region
    last = min(region.end_line, region.start_line + _MAX_LINES - 1, len(lines))
    shown = []
    for number in range(region.start_line, last + 1):
        masked = _masked(number, lines[number - 1], hidden)
        shown.append(masked if len(masked) <= _MAX_WIDTH else masked[: _MAX_WIDTH - 1] + "…")
    return "\n".join(shown)


def _masked(number: int, text: str, hidden: Sequence[Region]) -> str:
    """The line with every secret that touches it masked. Of overlapping ones the whole union is masked."""
    parts: list[str] = []
    at = 0
    for start, stop, keep in _cuts(number, len(text), hidden):
        if start >= at:
            parts += [text[at:start], text[start : start + keep], _MASK]
        at = max(at, stop)
    return "".join((*parts, text[at:]))


def _cuts(number: int, width: int, hidden: Sequence[Region]) -> list[tuple[int, int, int]]:
    """(first column, one past the last, how many may be shown) of each secret on the line, from 0, in order."""
    cuts = set()
    for region in hidden:
        if region.start_line <= number <= region.end_line:
            begins = region.start_line == number
            start = region.start_column - 1 if begins else 0
            stop = min(region.end_column - 1, width) if region.end_line == number else width
            if start < stop:
                cuts.add((start, stop, _SHOWN if begins and stop - start > 3 * _SHOWN else 0))
    return sorted(cuts)
