"""The order to read in: a score from 0 to 100 as a plain sum, and P0 to P3 from the score. Every term is kept to be shown."""

from __future__ import annotations

from collections.abc import Iterable

from assay.model.finding import VerificationState
from assay.model.scan import BaselineState, Factor, Priority, RankedFinding, TriagedFinding
from assay.model.severity import Confidence, Severity

# Points. Severity decides the band; what is known about truth and place moves a finding by at most about one band.
_SEVERITY = {
    Severity.CRITICAL: 75.0,
    Severity.HIGH: 60.0,
    Severity.MEDIUM: 40.0,
    Severity.LOW: 20.0,
    Severity.UNKNOWN: 30.0,  # between low and medium: unknown never means low
}
_CONFIDENCE = {Confidence.HIGH: 5.0, Confidence.MEDIUM: 0.0, Confidence.LOW: -10.0}
_VERIFICATION = {
    VerificationState.REPRODUCED: 15.0,
    VerificationState.CORROBORATED: 5.0,
    VerificationState.SUSPECTED: 0.0,
}
_NEW = 5.0
_TEST = -20.0
_BANDS = ((80.0, Priority.P0), (60.0, Priority.P1), (40.0, Priority.P2), (0.0, Priority.P3))
_TEST_FOLDERS = frozenset(
    {"test", "tests", "testing", "__tests__", "spec", "specs", "fixtures", "testdata", "examples", "example", "samples", "mocks", "e2e"}
)  # fmt: skip


def rank(findings: Iterable[TriagedFinding]) -> tuple[RankedFinding, ...]:
    """Every finding with its score, active ones first, highest score first; equal ones by place."""
    return ordered(_rank_one(finding) for finding in findings)


def ordered(ranked: Iterable[RankedFinding]) -> tuple[RankedFinding, ...]:
    """The order to be read in: what counts first, then priority, then score, then place."""
    return tuple(
        sorted(
            ranked,
            key=lambda one: (
                not one.triaged.active,
                one.priority.value,
                -one.score,
                one.triaged.finding.sort_key,
                one.triaged.fingerprint,
            ),
        )
    )


def is_test_path(uri: str) -> bool:
    """Whether a path is that of a test, fixture or example, by the folders and names in use."""
    *folders, name = uri.lower().split("/")
    stem = name.split(".")[0]
    return (
        bool(_TEST_FOLDERS.intersection(folders))
        or stem.startswith("test_")
        or stem.endswith(("_test", "_spec"))
        or any(part in ("test", "spec") for part in name.split(".")[1:-1])
        or name == "conftest.py"
    )


def band(score: float) -> Priority:
    """P0 from 80, P1 from 60, P2 from 40, else P3."""
    return next(priority for least, priority in _BANDS if score >= least)


def _rank_one(triaged: TriagedFinding) -> RankedFinding:
    finding = triaged.finding
    factors = [
        Factor("severity", finding.severity.value, _SEVERITY[finding.severity]),
        Factor("confidence", finding.confidence.value, _CONFIDENCE[finding.confidence]),
        Factor("verification", finding.verification.state.value, _VERIFICATION[finding.verification.state]),
    ]
    if triaged.baseline is not BaselineState.NONE:
        new = triaged.baseline in (BaselineState.NEW, BaselineState.UPDATED)
        factors.append(Factor("newness", triaged.baseline.value, _NEW if new else 0.0))
    if is_test_path(finding.location.uri):
        factors.append(Factor("place", "test or example", _TEST))
    score = min(100.0, max(0.0, sum(factor.points for factor in factors)))
    return RankedFinding(triaged, band(score), score, tuple(factors))
