"""How bad a flaw is, how sure we are, and what backs the claim: three separate axes."""

from __future__ import annotations

from enum import Enum
from functools import total_ordering


@total_ordering
class Severity(Enum):
    """How bad a flaw is if it is real. Ordered; UNKNOWN sorts below LOW and never means low.

    The bands are those of CVSS v3 and v4 (https://www.first.org/cvss/v4.0/specification-document, section 6).
    """

    UNKNOWN = "unknown"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order, 0 (unknown) to 4 (critical)."""
        return _RANKS[self.value]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return self.rank < other.rank

    __hash__ = Enum.__hash__


_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}


@total_ordering
class Confidence(Enum):
    """How likely a finding of this kind is true (SARIF `precision`)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Position in the order, 0 (low) to 2 (high)."""
        return _CONFIDENCE_RANKS[self.value]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Confidence):
            return NotImplemented
        return self.rank < other.rank

    __hash__ = Enum.__hash__


_CONFIDENCE_RANKS = {confidence.value: rank for rank, confidence in enumerate(Confidence)}

# The words of CVSS bands, SARIF levels and the tools we merge, lower case. One table for the whole product:
# a word that is missing here is an error where it is met, never a guess.
_WORDS: dict[str, Severity] = {
    "critical": Severity.CRITICAL,
    "blocker": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "error": Severity.HIGH,
    "major": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "minor": Severity.LOW,
    "low": Severity.LOW,
    "note": Severity.LOW,
    "info": Severity.LOW,
    "informational": Severity.LOW,
    "information": Severity.LOW,
    "style": Severity.LOW,
    "negligible": Severity.LOW,
    "none": Severity.LOW,
    "unknown": Severity.UNKNOWN,
    "undefined": Severity.UNKNOWN,
    "": Severity.UNKNOWN,
}


def severity_of_word(word: str) -> Severity:
    """Severity for a word of any scale we know, in any case.

    Raises:
        KeyError: the word is in no scale that we know.
    """
    return _WORDS[word.strip().lower()]


def severity_of_score(score: float) -> Severity:
    """Severity for a CVSS base score, 0.0 to 10.0 (0.0 is reported as LOW: the flaw exists).

    Raises:
        ValueError: the score is outside 0.0 to 10.0.
    """
    if not 0.0 <= score <= 10.0:
        raise ValueError(f"a CVSS score lies between 0.0 and 10.0, not {score}")
    if score >= 9.0:
        return Severity.CRITICAL
    if score >= 7.0:
        return Severity.HIGH
    return Severity.MEDIUM if score >= 4.0 else Severity.LOW
