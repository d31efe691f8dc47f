"""May this code merge? A pure function from results and policy to a verdict with reasons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from assay.model.scan import (
    BaselineState,
    EngineRun,
    EngineStatus,
    FileAccount,
    FileStatus,
    GatePolicy,
    RankedFinding,
    ScanType,
    Verdict,
    VerdictResult,
)
from assay.model.severity import Severity

_UNLOOKED = frozenset(
    {EngineStatus.PARTIAL, EngineStatus.FAILED, EngineStatus.TIMED_OUT, EngineStatus.MISSING, EngineStatus.BROKEN}
)  # fmt: skip
# Which scan types a rule belongs to, by the first segment of its id, where the caller does not say it by engine.
_TYPES: dict[str, frozenset[ScanType]] = {
    "secrets": frozenset({ScanType.SECRETS}),
    "code": frozenset({ScanType.SAST}),
    "dependencies": frozenset({ScanType.VULNERABILITIES}),
    "packages": frozenset({ScanType.PACKAGES}),
    "licences": frozenset({ScanType.LICENCES}),
    "infrastructure": frozenset({ScanType.IAC}),
    "api": frozenset({ScanType.API}),
    "agents": frozenset({ScanType.AGENTS}),
}
# One engine reads all that is declared; what it belongs to depends on the rule.
_TYPES_OF_RULES: dict[str, frozenset[ScanType]] = {
    "infrastructure/docker": frozenset({ScanType.CONTAINERS}),
    "infrastructure/compose": frozenset({ScanType.CONTAINERS}),
    "infrastructure/container": frozenset({ScanType.CONTAINERS}),
    "infrastructure/agents": frozenset({ScanType.AGENTS}),
}


def judge(
    findings: Sequence[RankedFinding],
    runs: Sequence[EngineRun],
    files: Sequence[FileAccount],
    policy: GatePolicy,
    interrupted: bool = False,
    types_of: Mapping[str, frozenset[ScanType]] | None = None,
) -> Verdict:
    """The verdict. `types_of` tells the scan types of each engine, for thresholds by type; without it the rule's domain decides.

    What blocks is an active finding at or above the threshold of its type (with `new_only`: a new one, or a known one that got worse).
    A blocking finding beats an incomplete scan, and that beats nothing to scan.
    """
    types = types_of or {}
    blocking = [one for one in findings if _blocks(one, policy, types)]
    unlooked = _unlooked(runs, policy)
    reasons = [*_blocking_reasons(blocking, policy), *_unlooked_reasons(runs, policy)]
    failed = [account for account in files if account.status is FileStatus.FAILED]
    looked = any(account.status in (FileStatus.SCANNED, FileStatus.PARTIAL) for account in files)
    if interrupted:
        reasons.append("the scan was interrupted")
    if failed and not looked:
        reasons.append(f"none of {len(failed)} files could be read")
    if blocking:
        result = VerdictResult.FAILED
    elif unlooked or interrupted or (failed and not looked):
        result = VerdictResult.INCOMPLETE
    elif not looked:
        result = VerdictResult.NOTHING
        reasons.append("no file to scan")
    else:
        result = VerdictResult.PASSED
        reasons.append(_passed_reason(findings, policy))
    escalated = [one for one in blocking if _waits_for_a_human(one)]
    return Verdict(
        result,
        (*reasons, *_side_notes(findings, escalated, policy)),
        tuple(one.triaged.fingerprint for one in blocking),
        tuple(one.triaged.fingerprint for one in escalated),
        unlooked,
        policy_digest(policy),
    )


def policy_digest(policy: GatePolicy) -> str:
    """`sha256:` over the policy as canonical JSON: two equal policies have one digest on every machine."""
    document = {
        "fail_on": policy.fail_on.value if policy.fail_on else None,
        "fail_on_type": sorted(
            (kind.value, severity.value if severity else None) for kind, severity in policy.fail_on_type
        ),
        "new_only": policy.new_only,
        "required": sorted(set(policy.required)),
        "fail_on_control": policy.fail_on_control.value if policy.fail_on_control else None,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return "sha256:" + sha256(text.encode()).hexdigest()


def threshold(types: frozenset[ScanType], policy: GatePolicy) -> Severity | None:
    """The severity from which a finding of these types blocks: the strictest given for one of them, else the general one."""
    given = [severity for kind, severity in policy.fail_on_type if kind in types]
    if not given:
        return policy.fail_on
    return min((severity for severity in given if severity is not None), default=None)


def _blocks(one: RankedFinding, policy: GatePolicy, types: Mapping[str, frozenset[ScanType]]) -> bool:
    triaged = one.triaged
    if not triaged.active:
        return False
    if policy.new_only and triaged.baseline is BaselineState.UNCHANGED:
        return False
    severity = triaged.finding.severity
    if _breaks_a_control(one, policy):
        return True
    least = threshold(_types(one, types), policy)
    if least is None:
        return False
    # Unknown never means low: where everything from low on blocks, so does what nobody could rate.
    return severity >= least or (severity is Severity.UNKNOWN and least <= Severity.LOW)


def _breaks_a_control(one: RankedFinding, policy: GatePolicy) -> bool:
    """Controls stand on a finding only where the context enables their framework: then a failed control is a failed check."""
    least = policy.fail_on_control
    return least is not None and bool(one.controls) and one.triaged.finding.severity >= least


def _types(one: RankedFinding, types: Mapping[str, frozenset[ScanType]]) -> frozenset[ScanType]:
    finding = one.triaged.finding
    if finding.engine in types:
        return types[finding.engine]
    for prefix, types_of_rule in _TYPES_OF_RULES.items():
        if finding.rule_id.startswith(prefix):
            return types_of_rule
    return _TYPES.get(finding.rule_id.split("/", 1)[0], frozenset())


def _unlooked(runs: Sequence[EngineRun], policy: GatePolicy) -> tuple[str, ...]:
    """Engines that had to look and whose silence says nothing."""
    required = set(policy.required)
    names = {
        run.engine for run in runs if run.status in _UNLOOKED and (run.required or run.engine in required)
    }
    ran = {run.engine for run in runs if run.status is not EngineStatus.NOT_REQUESTED}
    return tuple(sorted(names | (required - ran)))


def _unlooked_reasons(runs: Sequence[EngineRun], policy: GatePolicy) -> Iterable[str]:
    by_name = {run.engine: run for run in runs}
    for name in _unlooked(runs, policy):
        run = by_name.get(name)
        if run is None or run.status is EngineStatus.NOT_REQUESTED:
            yield f"required engine {name} did not run"
            continue
        because = f": {run.reason}" if run.reason else ""
        yield f"required engine {name} {run.status.value.replace('_', ' ')}{because}"


def _blocking_reasons(blocking: Sequence[RankedFinding], policy: GatePolicy) -> Iterable[str]:
    for severity in sorted(Severity, reverse=True):
        count = sum(one.triaged.finding.severity is severity for one in blocking)
        if count:
            what = "new " if policy.new_only else ""
            noun = "finding" if count == 1 else "findings"
            yield f"{count} {what}{severity.value} {noun} {_because(blocking, severity, policy)}"


def _because(blocking: Sequence[RankedFinding], severity: Severity, policy: GatePolicy) -> str:
    of_severity = [one for one in blocking if one.triaged.finding.severity is severity]
    by_control = [one for one in of_severity if _breaks_a_control(one, policy)]
    if not by_control:
        return "at or above the threshold"
    controls = sorted({control for one in by_control for control in one.controls})
    shown = ", ".join(controls[:3]) + (f" and {len(controls) - 3} more" if len(controls) > 3 else "")
    rest = "" if len(by_control) == len(of_severity) else ", others at or above the threshold"
    return f"against controls of enabled frameworks: {shown}{rest}"


def _passed_reason(findings: Sequence[RankedFinding], policy: GatePolicy) -> str:
    active = sum(one.triaged.active for one in findings)
    if not active:
        return "no active finding"
    what = "new finding" if policy.new_only else "finding"
    return f"no {what} of {active} active reaches the threshold"


def _side_notes(
    findings: Sequence[RankedFinding], escalated: Sequence[RankedFinding], policy: GatePolicy
) -> Iterable[str]:
    if escalated:
        yield f"{len(escalated)} of them have a suppression that waits for a human"
    unknown = sum(one.triaged.active and one.triaged.finding.severity is Severity.UNKNOWN for one in findings)
    if unknown and policy.fail_on is not None and policy.fail_on > Severity.LOW:
        yield f"{unknown} of unknown severity could not be judged by the threshold"


def _waits_for_a_human(one: RankedFinding) -> bool:
    suppression = one.triaged.suppression
    return suppression is not None and suppression.status == "underReview"
