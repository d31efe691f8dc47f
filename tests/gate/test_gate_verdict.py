from __future__ import annotations

from dataclasses import replace

import pytest

from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.scan import (
    BaselineState,
    EngineRun,
    EngineStatus,
    FileAccount,
    FileStatus,
    GatePolicy,
    Priority,
    RankedFinding,
    ScanType,
    Suppression,
    TriagedFinding,
    VerdictResult,
)
from assay.model.severity import Confidence, Severity
from assay.scan.gate.verdict import judge, policy_digest

RAN = EngineRun("code", "1", EngineStatus.RAN)
FILE = FileAccount("a.py", FileStatus.SCANNED)


def ranked(
    severity: Severity,
    rule: str = "code/x",
    baseline: BaselineState = BaselineState.NONE,
    suppression: Suppression | None = None,
    engine: str = "code",
) -> RankedFinding:
    place = Location("a.py", Region(1, 1, 1, 2))
    finding = Finding(rule, engine, "m", severity, Confidence.HIGH, place)
    return RankedFinding(
        TriagedFinding(finding, f"f-{severity.value}", "", baseline, suppression), Priority.P1, 60.0
    )


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("fail_on", [None, *Severity])
def test_every_severity_against_every_threshold(severity: Severity, fail_on: Severity | None) -> None:
    verdict = judge([ranked(severity)], [RAN], [FILE], GatePolicy(fail_on))
    blocks = fail_on is not None and (
        severity.rank >= fail_on.rank or (severity is Severity.UNKNOWN and fail_on.rank <= 1)
    )
    assert verdict.result is (VerdictResult.FAILED if blocks else VerdictResult.PASSED)
    assert verdict.exit_code == (1 if blocks else 0)
    assert verdict.blocking == ((f"f-{severity.value}",) if blocks else ())
    assert verdict.reasons


@pytest.mark.parametrize("status", list(EngineStatus))
@pytest.mark.parametrize("required", [True, False])
def test_every_engine_status(status: EngineStatus, required: bool) -> None:
    run = EngineRun("trivy", "", status, required=required, reason="because")
    verdict = judge([], [RAN, run], [FILE], GatePolicy())
    fine = status in (EngineStatus.RAN, EngineStatus.NOT_APPLICABLE, EngineStatus.NOT_REQUESTED)
    incomplete = required and not fine
    assert verdict.exit_code == (3 if incomplete else 0)
    assert verdict.unlooked == (("trivy",) if incomplete else ())
    if incomplete:
        assert "because" in verdict.reasons[0]


def test_blocking_beats_incomplete_and_says_both() -> None:
    broken = EngineRun("trivy", "", EngineStatus.BROKEN)
    verdict = judge([ranked(Severity.CRITICAL)], [RAN, broken], [FILE], GatePolicy())
    assert verdict.exit_code == 1
    assert verdict.unlooked == ("trivy",)
    assert len(verdict.reasons) == 2


def test_a_required_engine_that_nobody_ran() -> None:
    verdict = judge([], [RAN], [FILE], GatePolicy(required=("semgrep",)))
    assert verdict.exit_code == 3
    assert "semgrep did not run" in verdict.reasons[0]
    optional = EngineRun("semgrep", "", EngineStatus.MISSING, required=False)
    assert judge([], [RAN, optional], [FILE], GatePolicy(required=("semgrep",))).exit_code == 3


@pytest.mark.parametrize(
    ("files", "interrupted", "code"),
    [
        ((), False, 4),
        ((FileAccount("a", FileStatus.SKIPPED, "binary"),), False, 4),
        ((FileAccount("a", FileStatus.FAILED, "unreadable"),), False, 3),
        ((FILE, FileAccount("a", FileStatus.FAILED, "unreadable")), False, 0),
        ((FILE,), True, 3),
        ((), True, 3),
    ],
)
def test_files(files: tuple[FileAccount, ...], interrupted: bool, code: int) -> None:
    assert judge([], [RAN], files, GatePolicy(), interrupted).exit_code == code


@pytest.mark.parametrize(
    ("state", "blocks"),
    [
        (BaselineState.NEW, True),
        (BaselineState.UPDATED, True),
        (BaselineState.NONE, True),
        (BaselineState.UNCHANGED, False),
        (BaselineState.ABSENT, False),
    ],
)
def test_new_only(state: BaselineState, blocks: bool) -> None:
    found = [ranked(Severity.HIGH, baseline=state)]
    assert judge(found, [RAN], [FILE], GatePolicy(new_only=True)).exit_code == int(blocks)


def test_suppressed_ones_do_not_block_and_waiting_ones_are_escalated() -> None:
    accepted = ranked(Severity.CRITICAL, suppression=Suppression("external", "known"))
    assert judge([accepted], [RAN], [FILE], GatePolicy()).exit_code == 0
    waiting = ranked(Severity.HIGH, suppression=Suppression("inSource", "r", status="underReview"))
    verdict = judge([waiting], [RAN], [FILE], GatePolicy())
    assert verdict.exit_code == 1
    assert verdict.escalated == verdict.blocking


@pytest.mark.parametrize(
    ("rule", "severity", "blocks"),
    [
        ("secrets/token", Severity.LOW, True),
        ("code/x", Severity.MEDIUM, False),
        ("code/x", Severity.HIGH, True),
        ("licences/gpl", Severity.CRITICAL, False),
        ("infrastructure/docker/latest", Severity.MEDIUM, True),
        ("infrastructure/kubernetes/root", Severity.MEDIUM, False),
    ],
)
def test_thresholds_by_type(rule: str, severity: Severity, blocks: bool) -> None:
    policy = GatePolicy(
        Severity.HIGH,
        (
            (ScanType.SECRETS, Severity.LOW),
            (ScanType.LICENCES, None),
            (ScanType.CONTAINERS, Severity.MEDIUM),
        ),
    )
    assert judge([ranked(severity, rule)], [RAN], [FILE], policy).exit_code == int(blocks)


def test_types_may_be_told_by_engine() -> None:
    policy = GatePolicy(None, ((ScanType.SECRETS, Severity.LOW),))
    found = [ranked(Severity.LOW, "gitleaks/aws", engine="gitleaks")]
    assert judge(found, [RAN], [FILE], policy).exit_code == 0
    types = {"gitleaks": frozenset({ScanType.SECRETS})}
    assert judge(found, [RAN], [FILE], policy, types_of=types).exit_code == 1


def test_the_policy_digest_is_that_of_what_it_says() -> None:
    one = GatePolicy(
        Severity.HIGH, ((ScanType.SECRETS, Severity.LOW), (ScanType.SAST, None)), False, ("b", "a")
    )
    two = GatePolicy(
        Severity.HIGH, ((ScanType.SAST, None), (ScanType.SECRETS, Severity.LOW)), False, ("a", "b")
    )
    assert policy_digest(one) == policy_digest(two)
    assert policy_digest(one) != policy_digest(replace(one, new_only=True))
    assert judge([], [RAN], [FILE], one).policy_digest == policy_digest(one)
