"""A container that passes a generic gate fails where the context says that HIPAA holds."""

from __future__ import annotations

from dataclasses import replace

from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.scan import EngineRun, EngineStatus, FileAccount, FileStatus, GatePolicy, TriagedFinding
from assay.model.severity import Confidence, Severity
from assay.scan.gate.verdict import judge
from assay.scan.triage.context import Context, parse_context
from assay.scan.triage.rank import rank

ROOT = TriagedFinding(
    Finding(
        "infrastructure/docker/root-user",
        "infrastructure",
        "The container runs as root.",
        Severity.MEDIUM,
        Confidence.HIGH,
        Location("Dockerfile", Region(1, 1, 1, 12)),
        cwe=("CWE-250",),
    ),
    "f",
)
RUN = EngineRun("infrastructure", "1", EngineStatus.RAN)
FILE = FileAccount("Dockerfile", FileStatus.SCANNED)


def test_it_passes_without_and_fails_with_hipaa() -> None:
    generic = judge(rank([ROOT], Context()), [RUN], [FILE], GatePolicy())
    assert generic.exit_code == 0
    hipaa = Context(parse_context(b"compliance: [hipaa]", "context.yaml"))
    strict = judge(rank([ROOT], hipaa), [RUN], [FILE], GatePolicy())
    assert strict.exit_code == 1
    assert strict.reasons == ("1 medium finding against controls of enabled frameworks: hipaa:164.312(a)(1)",)


def test_a_policy_may_leave_controls_to_the_threshold() -> None:
    hipaa = Context(parse_context(b"compliance: [hipaa]", "context.yaml"))
    lenient = GatePolicy(fail_on_control=None)
    assert judge(rank([ROOT], hipaa), [RUN], [FILE], lenient).exit_code == 0
    low = replace(ROOT, finding=replace(ROOT.finding, severity=Severity.LOW))
    assert judge(rank([low], hipaa), [RUN], [FILE], GatePolicy()).exit_code == 0
