"""Matches to findings: places, redacted messages, masked snippets, identity. Nothing that leaves here holds a secret's value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from assay.model.finding import Evidence, Finding, Verification, VerificationState
from assay.model.location import Location
from assay.secrets.allow import peer_allow
from assay.secrets.collapse import by_value
from assay.secrets.match import Match
from assay.secrets.pair import paired
from assay.secrets.plain import Lines
from assay.secrets.redact import identity_of, mask, shown

ENGINE = "secrets"


class Answer(NamedTuple):
    """What an issuer said of a secret: whether it accepts it, how it was asked, and the answer in words without the secret."""

    active: bool
    method: str
    said: str


# Rule id and value -> the issuer's answer. The value is handed over and kept by nobody.
Verifier = Callable[[str, bytes], Answer]
_SNIPPET_BYTES = 400
_RELATED = 50


def findings_of(
    content: bytes,
    uri: str,
    matches: Sequence[Match],
    key: bytes = b"",
    verifier: Verifier | None = None,
) -> tuple[tuple[Finding, ...], tuple[tuple[Finding, str], ...]]:
    """Findings sorted by place, one for each value; and, apart, those that a comment of another scanner lets pass."""
    lines = Lines(content)
    spans = sorted((match.start, match.end) for match in matches)
    single, partners = paired(content, matches)
    open_findings, allowed = [], []
    for match, more in by_value(single):
        comment = _allowed_by(lines, [match, *more])
        partner = partners.get(match.start)
        finding = _finding(content, uri, lines, spans, match, [*([partner] if partner else []), *more], key)
        if verifier is not None:
            finding = _verified(finding, verifier(match.rule.id, match.value))
        if comment is None:
            open_findings.append(finding)
        else:
            allowed.append((finding, comment))
    return tuple(sorted(open_findings, key=lambda one: one.sort_key)), tuple(allowed)


def _verified(finding: Finding, answer: Answer) -> Finding:
    """The finding with what its issuer said: accepted is proof by execution; refused or unknown leaves the state as it was."""
    before = finding.verification
    state = VerificationState.REPRODUCED if answer.active else before.state
    method = answer.method if answer.active else before.method
    return replace(
        finding,
        message=f"{finding.message}; {answer.said}",
        verification=Verification(state, method, (*before.evidence, answer.said)),
    )


def _allowed_by(lines: Lines, matches: Sequence[Match]) -> str | None:
    """The comment by the first place, if there is one by every place: a value that also stands elsewhere is not let pass."""
    comments = []
    for number in dict.fromkeys(lines.number(match.start) for match in matches):
        comment = peer_allow(lines.text(number), lines.text(number - 1) if number > 1 else "")
        if comment is None:
            return None
        comments.append(comment)
    return comments[0]


def _finding(
    content: bytes,
    uri: str,
    lines: Lines,
    spans: list[tuple[int, int]],
    match: Match,
    more: list[Match],
    key: bytes,
) -> Finding:
    facts = [fact for fact in (match.note, *match.facts) if fact]
    message = f"{match.rule.message.rstrip('.')}: {shown(match.value)}" + (
        f"; {', '.join(facts)}" if facts else ""
    )
    state = VerificationState.CORROBORATED if match.proven else VerificationState.SUSPECTED
    method = f"offline check {match.rule.match.get('check')}" if match.proven else ""
    return Finding(
        rule_id=match.rule.id,
        engine=ENGINE,
        message=message,
        severity=match.severity,
        confidence=match.confidence,
        location=_location(content, uri, lines, spans, match),
        identity=identity_of(match.value, key),
        verification=Verification(state, method, tuple(facts)),
        related=tuple(
            _location(content, uri, lines, spans, other, _relation(match, other)) for other in more[:_RELATED]
        ),
        cwe=match.rule.cwe,
        evidence=tuple(
            Evidence(ENGINE, other, match.severity.value, "the same text fits this rule too")
            for other in match.others
        ),
    )


def _relation(match: Match, other: Match) -> str:
    return "the same value" if other.value == match.value else "the key id that belongs to it"


def _location(
    content: bytes, uri: str, lines: Lines, spans: list[tuple[int, int]], match: Match, message: str = ""
) -> Location:
    start, end = lines.span(lines.number(match.start))
    start, end = (
        max(start, match.start - _SNIPPET_BYTES // 2),
        min(end, max(match.end, match.start) + _SNIPPET_BYTES // 2),
    )
    start, end = _whole_characters(content, start, end)
    snippet = mask(content, start, end, _around(spans, start, end))
    return Location(uri, lines.region(match.start, match.end), message, snippet.strip())


def _whole_characters(content: bytes, start: int, end: int) -> tuple[int, int]:
    while start > 0 and start < len(content) and content[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(content) and content[end] & 0xC0 == 0x80:
        end += 1
    return start, end


def _around(spans: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The secrets whose text a snippet may repeat: all of them, or in a file full of them those beside it."""
    if len(spans) <= 200:
        return spans
    low, high = bisect_left(spans, (start - 1000, 0)), bisect_left(spans, (end + 1000, 0))
    return spans[max(0, low - 1) : high]
