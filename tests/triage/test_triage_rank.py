from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding, triaged

from assay.model.finding import Verification, VerificationState
from assay.model.scan import BaselineState, Priority, Suppression
from assay.model.severity import Confidence, Severity
from assay.scan.triage.context import environment_of
from assay.scan.triage.rank import rank


@pytest.mark.parametrize(
    ("severity", "confidence", "state", "uri", "expected"),
    [
        (Severity.CRITICAL, Confidence.HIGH, VerificationState.SUSPECTED, "app.py", Priority.P0),
        (Severity.CRITICAL, Confidence.MEDIUM, VerificationState.SUSPECTED, "app.py", Priority.P1),
        (Severity.HIGH, Confidence.MEDIUM, VerificationState.SUSPECTED, "app.py", Priority.P1),
        (Severity.HIGH, Confidence.HIGH, VerificationState.REPRODUCED, "app.py", Priority.P0),
        (Severity.HIGH, Confidence.HIGH, VerificationState.SUSPECTED, "tests/test_app.py", Priority.P2),
        (Severity.MEDIUM, Confidence.MEDIUM, VerificationState.SUSPECTED, "app.py", Priority.P2),
        (Severity.LOW, Confidence.HIGH, VerificationState.SUSPECTED, "app.py", Priority.P3),
    ],
)
def test_priorities(
    severity: Severity, confidence: Confidence, state: VerificationState, uri: str, expected: Priority
) -> None:
    found = replace(
        finding(severity=severity, confidence=confidence, uri=uri), verification=Verification(state)
    )
    one = rank([triaged(found)])[0]
    assert one.priority is expected
    assert one.score == sum(factor.points for factor in one.factors)


def test_suppressed_ones_come_last_and_new_ones_weigh_more() -> None:
    hidden = replace(
        triaged(finding(severity=Severity.CRITICAL)), suppression=Suppression("external", "known")
    )
    old = replace(triaged(finding(line=1)), baseline=BaselineState.UNCHANGED)
    new = replace(triaged(finding(line=2)), baseline=BaselineState.NEW)
    ranked = rank([hidden, old, new])
    assert [one.triaged for one in ranked] == [new, old, hidden]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("tests/a.py", True),
        ("src/app/test_db.py", True),
        ("web/app.spec.ts", True),
        ("pkg/db_test.go", True),
        ("src/latest/contest.py", False),
        ("src/attestation.py", False),
    ],
)
def test_test_paths(uri: str, expected: bool) -> None:
    known = environment_of(uri)
    assert (known is not None and known.value == "test") is expected


@settings(max_examples=100, deadline=None)
@given(st.permutations([1, 2, 3, 4, 5, 6]))
def test_the_order_of_the_input_changes_nothing(lines: list[int]) -> None:
    severities = list(Severity)
    found = [triaged(finding(line=line, severity=severities[line % 5])) for line in lines]
    assert rank(found) == rank(sorted(found, key=lambda one: one.fingerprint))
