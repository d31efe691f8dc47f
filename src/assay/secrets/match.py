"""A secret found in a content, before it becomes a finding."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.rule import Rule
from assay.model.severity import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Match:
    """`start` and `end` are byte offsets of what is to be masked; `value` is what the identity is made of (decoded where the text is encoded).

    Never put a Match into a message or log: its repr leaves the value out, and so must everything that shows it.
    """

    start: int
    end: int
    value: bytes
    rule: Rule
    severity: Severity
    confidence: Confidence
    specific: int
    proven: bool = False
    facts: tuple[str, ...] = ()
    silent: bool = False
    others: tuple[str, ...] = ()
    note: str = ""

    def __repr__(self) -> str:
        return f"Match({self.rule.id}, {self.start}-{self.end})"
