"""One finding from several reports of one flaw: the best of them, with what the others add; and the order among reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assay.model.finding import Evidence, Finding, Verification, VerificationState
from assay.model.location import Location, Region
from assay.model.severity import Confidence, Severity

# First segments of our own rule ids. What begins otherwise came from a foreign tool.
OWN_DOMAINS = frozenset(
    {"secrets", "code", "infrastructure", "dependencies", "packages", "licences", "api", "agents", "intent"}
)
_STRENGTH = {state: place for place, state in enumerate(VerificationState)}


def combine(members: Sequence[Finding]) -> Finding:
    """The best report, with what the others add. Agreement of independent engines raises confidence; every scale stays as evidence."""
    ordered = sorted(members, key=_preference)
    best = ordered[0]
    agree = len({finding.engine for finding in members}) > 1
    return replace(
        best,
        severity=best.severity if best.severity is not Severity.UNKNOWN else max(f.severity for f in members),
        confidence=_confidence(ordered, agree),
        verification=_verification(ordered, agree),
        related=_related(best, ordered),
        cwe=_in_order(cwe for finding in ordered for cwe in finding.cwe),
        aliases=_in_order(alias for finding in ordered for alias in finding.aliases),
        code_flow=next((finding.code_flow for finding in ordered if finding.code_flow), ()),
        evidence=_evidence(ordered),
        fixes=tuple(dict.fromkeys(fix for finding in ordered for fix in finding.fixes)),
        why=next((finding.why for finding in ordered if finding.why), ""),
    )


def _preference(finding: Finding) -> tuple[object, ...]:
    return (
        not is_own(finding),
        domain(finding)
        != "secrets",  # in a group of one secret its detector knows most; in no other group does it occur
        not finding.identity,
        -_STRENGTH[finding.verification.state],
        not finding.code_flow,
        -finding.confidence.rank,
        -finding.severity.rank,
        total_key(finding),
    )


def _confidence(ordered: Sequence[Finding], agree: bool) -> Confidence:
    highest = max(finding.confidence for finding in ordered)
    if agree and highest is Confidence.LOW:
        return Confidence.MEDIUM
    return Confidence.HIGH if agree else highest


def _verification(ordered: Sequence[Finding], agree: bool) -> Verification:
    best = max(ordered, key=lambda finding: _STRENGTH[finding.verification.state]).verification
    if agree and best.state is VerificationState.SUSPECTED:
        engines = sorted({finding.engine for finding in ordered})
        return Verification(VerificationState.CORROBORATED, "independent engines agree", tuple(engines))
    return best


def _related(best: Finding, ordered: Sequence[Finding]) -> tuple[Location, ...]:
    """Further places, once each. Another engine's slightly different range on the same lines is no further place."""
    taken = {(best.location.uri, best.location.region.start_line)} if not best.related else set()
    places: dict[tuple[str, Region], Location] = {}
    for finding in ordered:
        for place in (finding.location, *finding.related):
            same_line = (place.uri, place.region.start_line) in taken
            if (
                place is not best.location
                and not (same_line and finding is not best)
                and not covers(place, best)
            ):
                places.setdefault((place.uri, place.region), place)
    places.pop((best.location.uri, best.location.region), None)
    return tuple(places[key] for key in sorted(places))


def covers(place: Location, finding: Finding) -> bool:
    """Whether a place is the larger thing (a whole resource) that holds the finding's own lines: that is no further place."""
    outer, inner = place.region, finding.location.region
    longer = outer.end_line - outer.start_line > inner.end_line - inner.start_line
    return (
        place.uri == finding.location.uri
        and longer
        and outer.start_line <= inner.start_line
        and inner.end_line <= outer.end_line
    )


def _evidence(ordered: Sequence[Finding]) -> tuple[Evidence, ...]:
    seen: dict[Evidence, None] = {}
    for finding in ordered:
        own = Evidence(finding.engine, finding.rule_id, finding.severity.value, finding.message)
        for evidence in finding.evidence or (own,):
            seen.setdefault(evidence)
    return tuple(sorted(seen, key=lambda e: (e.engine, e.rule_id, e.severity, e.message)))


def _in_order(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def is_own(finding: Finding) -> bool:
    """Whether one of our own rules reported it."""
    return domain(finding) in OWN_DOMAINS


def domain(finding: Finding) -> str:
    """The first segment of the rule's id."""
    return finding.rule_id.split("/", 1)[0]


class _Rest:
    """What is left to tell two findings apart: all of them, compared only where place, rule, engine and words are equal."""

    __slots__ = ("finding",)

    def __init__(self, finding: Finding) -> None:
        self.finding = finding

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rest) and self.finding == other.finding

    def __lt__(self, other: _Rest) -> bool:
        return repr(self.finding) < repr(other.finding)


def total_key(finding: Finding) -> tuple[object, ...]:
    """Order by place and rule, total: two different findings are never in doubt."""
    region = finding.location.region
    return (
        *finding.sort_key,
        finding.engine,
        region.end_line,
        region.end_column,
        finding.message,
        _Rest(finding),
    )
