"""An AWS key id and its secret near each other are one credential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.model.rule import Rule
from assay.model.severity import Confidence, Severity
from assay.secrets.checks.result import State
from assay.secrets.checks.structure import aws_secret
from assay.secrets.detector import compiled
from assay.secrets.match import Match
from assay.secrets.value import entropy, is_filler, is_random

AWS_ID = "secrets/aws-access-key-id"
AWS_SECRET = "secrets/aws-secret-access-key"  # noqa: S105 - a rule's id
_WINDOW = 600
_FORTY = r"(?:^|[^A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"


def secrets_beside_ids(content: bytes, matches: Sequence[Match], rule: Rule | None) -> list[Match]:
    """Unnamed 40-character secrets within a few lines of a key id."""
    found = []
    for match in matches:
        if match.rule.id != AWS_ID or rule is None:
            continue
        start, end = _window(content, match)
        for secret in compiled(_FORTY).finditer(content, start, end):
            text = secret.group(1).decode()
            if (
                aws_secret(text).state is not State.INVALID
                and entropy(text) > 4.0
                and is_random(text)
                and not is_filler(text)
            ):
                low, high = secret.span(1)
                found.append(
                    Match(
                        low,
                        high,
                        secret.group(1),
                        rule,
                        rule.severity,
                        Confidence.HIGH,
                        60,
                        note="beside a key id",
                    )
                )
    return found


def _window(content: bytes, match: Match) -> tuple[int, int]:
    """Five lines before and after."""
    start, end = match.start, match.end
    for _ in range(6):
        start = content.rfind(b"\n", max(0, match.start - _WINDOW), start)
        if start < 0:
            start = max(0, match.start - _WINDOW)
            break
    for _ in range(6):
        end = content.find(b"\n", end + 1, match.end + _WINDOW)
        if end < 0:
            end = min(len(content), match.end + _WINDOW)
            break
    return start, end


def paired(content: bytes, matches: Sequence[Match]) -> tuple[list[Match], dict[int, Match]]:
    """The matches without the ids that have a secret beside them, and for each such secret (by its start) its id."""
    ids = [match for match in matches if match.rule.id == AWS_ID]
    partners: dict[int, Match] = {}
    taken: set[int] = set()
    for match in matches:
        if match.rule.id != AWS_SECRET or not ids:
            continue
        nearest = min(ids, key=lambda one: abs(one.start - match.start))
        low, high = _window(content, nearest)
        if low <= match.start <= high:
            partners[match.start] = nearest
            taken.add(nearest.start)
    rest = [match for match in matches if match.rule.id != AWS_ID or match.start not in taken]
    return [_raised(match, partners) for match in rest], partners


def _raised(match: Match, partners: dict[int, Match]) -> Match:
    partner = partners.get(match.start)
    if partner is None:
        return match
    return replace(
        match,
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        facts=(*partner.facts, "with its key id"),
    )
