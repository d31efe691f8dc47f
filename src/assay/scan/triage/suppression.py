"""The one ledger of suppressions, applied before every report: comments in the code, and `.assay/suppressions.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from assay.model.location import Location
from assay.model.scan import Notification, Suppression, TriagedFinding
from assay.model.severity import Severity
from assay.scan.triage.inline import Mark
from assay.scan.triage.suppression_file import External

ACCEPTED, UNDER_REVIEW, REJECTED = "accepted", "underReview", "rejected"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Findings with their suppression, in the given order, and what must be said about suppressions."""

    findings: tuple[TriagedFinding, ...]
    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One entry's word on one finding. `origin` says which entry, for "unused"."""

    suppression: Suppression
    problem: str
    origin: int


def apply(
    findings: Sequence[TriagedFinding],
    marks: Sequence[Mark],
    external: Sequence[External],
    today: date,
    agent_added: Collection[tuple[str, int]] = frozenset(),
    check_unused: bool = True,
) -> Ledger:
    """Suppress what is suppressed, and report every suppression that is expired, unused, refused or waits for a human.

    A finding at several places is suppressed by comments only if each place is. A critical finding is never suppressed by a comment,
    and in the file only with `approved_by`. `agent_added` holds (uri, line) of comments that an agent's commit added: they wait for a
    human. With `check_unused` off (a scan of a part of the tree) nothing is said of unused ones.
    """
    used_marks: set[int] = set()
    used_external: set[int] = set()
    notes: list[Notification] = []
    result: list[TriagedFinding] = []
    by_uri: dict[str, list[tuple[int, Mark]]] = {}
    for place, mark in enumerate(marks):
        by_uri.setdefault(mark.uri, []).append((place, mark))
    for finding in findings:
        inline = _inline_claims(finding, by_uri, today, agent_added)
        outside = _external_claims(finding, external, today)
        used_marks.update(claim.origin for claim in inline)
        used_external.update(claim.origin for claim in outside)
        chosen = _choose(finding, inline, outside)
        if chosen is None:
            result.append(finding)
            continue
        if chosen.problem:
            notes.append(_refusal(finding, chosen))
        result.append(replace(finding, suppression=chosen.suppression))
    if check_unused:
        notes += _unused(marks, used_marks, external, used_external)
    return Ledger(tuple(result), tuple(dict.fromkeys(notes)))


def in_use(findings: Sequence[TriagedFinding], marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The comments that are meant for one of these findings: only of them it matters who wrote them."""
    at: dict[str, list[Mark]] = {}
    for mark in marks:
        at.setdefault(mark.uri, []).append(mark)
    found = {
        (mark.uri, mark.line): mark
        for finding in findings
        for place in _places(finding)
        for mark in at.get(place.uri, ())
        if mark.covers(_rule_ids(finding), place.region.start_line)
    }
    return tuple(found[key] for key in sorted(found))


def _rule_ids(finding: TriagedFinding) -> tuple[str, ...]:
    """The finding's rule, and the rules of every tool that reported it too."""
    return tuple(
        dict.fromkeys((finding.finding.rule_id, *(evidence.rule_id for evidence in finding.finding.evidence)))
    )


def _places(triaged: TriagedFinding) -> tuple[Location, ...]:
    """The places where the flaw is. Those related to a dependency are where it is imported: the flaw is in the manifest alone."""
    finding = triaged.finding
    return (finding.location,) if finding.component is not None else (finding.location, *finding.related)


def _inline_claims(
    triaged: TriagedFinding,
    by_uri: dict[str, list[tuple[int, Mark]]],
    today: date,
    agent_added: Collection[tuple[str, int]],
) -> list[_Claim]:
    """One claim for each place of the finding that a comment covers; none at all if a place is uncovered."""
    rule_ids = _rule_ids(triaged)
    claims: list[_Claim] = []
    for place in _places(triaged):
        covering = [
            (origin, mark)
            for origin, mark in by_uri.get(place.uri, ())
            if mark.covers(rule_ids, place.region.start_line)
        ]
        if not covering:
            return [replace_problem(claim, "does not cover every place of the finding") for claim in claims]
        claims += [_inline_claim(triaged, origin, mark, today, agent_added) for origin, mark in covering[:1]]
    return claims


def replace_problem(claim: _Claim, problem: str) -> _Claim:
    """The same claim, refused."""
    return replace(claim, suppression=replace(claim.suppression, status=REJECTED), problem=problem)


def _inline_claim(
    triaged: TriagedFinding, origin: int, mark: Mark, today: date, agent_added: Collection[tuple[str, int]]
) -> _Claim:
    status, problem = ACCEPTED, ""
    if triaged.finding.severity is Severity.CRITICAL:
        status, problem = REJECTED, "is a comment, and a critical finding is never suppressed by a comment"
    elif mark.until is not None and mark.until < today:
        status, problem = REJECTED, f"expired on {mark.until.isoformat()}"
    elif (mark.uri, mark.line) in agent_added:
        status, problem = UNDER_REVIEW, "was added by an agent and does not count until a human confirms it"
    until = mark.until.isoformat() if mark.until else ""
    source = f"{mark.uri}:{mark.line}"
    return _Claim(Suppression("inSource", mark.reason, mark.by, until, source, status), problem, origin)


def _external_claims(triaged: TriagedFinding, external: Sequence[External], today: date) -> list[_Claim]:
    rule_ids = _rule_ids(triaged)
    uris = tuple(dict.fromkeys(place.uri for place in _places(triaged)))
    claims: list[_Claim] = []
    for origin, entry in enumerate(external):
        if not entry.covers(triaged.fingerprint, rule_ids, uris):
            continue
        status, problem = ACCEPTED, ""
        if triaged.finding.severity is Severity.CRITICAL and not entry.approved_by:
            status, problem = REJECTED, "is for a critical finding and names nobody in approved_by"
        elif entry.expires is not None and entry.expires < today:
            status, problem = REJECTED, f"expired on {entry.expires.isoformat()}"
        until = entry.expires.isoformat() if entry.expires else ""
        owner = entry.approved_by or entry.owner
        claims.append(
            _Claim(Suppression("external", entry.reason, owner, until, entry.source, status), problem, origin)
        )
    return claims


def _choose(triaged: TriagedFinding, inline: Sequence[_Claim], outside: Sequence[_Claim]) -> _Claim | None:
    """The file's word first, since humans keep it; comments count only if all of them do."""
    places = len(_places(triaged))
    accepted = next((claim for claim in outside if not claim.problem), None)
    if accepted:
        return accepted
    refused = next((claim for claim in (*inline, *outside) if claim.problem), None)
    if refused is None and inline and len(inline) >= places:
        return inline[0]
    return refused


def _refusal(triaged: TriagedFinding, claim: _Claim) -> Notification:
    finding = triaged.finding
    where = f"{finding.location.uri}:{finding.location.region.start_line}"
    return Notification(
        "warning",
        f"{claim.suppression.source}: the suppression of {finding.rule_id} at {where} {claim.problem}",
        "suppressions",
        finding.location.uri,
    )


def _unused(
    marks: Sequence[Mark], used: Collection[int], external: Sequence[External], used_external: Collection[int]
) -> Iterable[Notification]:
    for place, mark in enumerate(marks):
        if place not in used:
            text = f"{mark.uri}:{mark.line}: this suppression of {', '.join(mark.rules)} matches no finding; remove it"
            yield Notification("note", text, "suppressions", mark.uri)
    for place, entry in enumerate(external):
        if place not in used_external:
            text = f"{entry.source}: this suppression of {entry.target} matches no finding; remove it"
            yield Notification("note", text, "suppressions")
