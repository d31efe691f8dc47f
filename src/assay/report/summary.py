"""What every report says in some form: counts, what was looked at, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from assay.model.finding import Evidence
from assay.model.scan import (
    BaselineState,
    EngineRun,
    EngineStatus,
    FileStatus,
    Priority,
    RankedFinding,
    RuleSummary,
    ScanResult,
    VerdictResult,
)
from assay.model.severity import Severity

SILENT = frozenset(
    {EngineStatus.PARTIAL, EngineStatus.FAILED, EngineStatus.TIMED_OUT, EngineStatus.MISSING, EngineStatus.BROKEN}
)  # fmt: skip
"""Statuses whose silence says nothing."""

BUCKETS = {
    Priority.P0: "fix now",
    Priority.P1: "this sprint",
    Priority.P2: "this quarter",
    Priority.P3: "plan",
}
VERDICTS = {
    VerdictResult.PASSED: "passed",
    VerdictResult.FAILED: "failed: the policy blocks",
    VerdictResult.INCOMPLETE: "incomplete: not everything was looked at",
    VerdictResult.NOTHING: "nothing to scan",
    VerdictResult.WAITING: "waits for a human",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at. `engines` are those that ran; `unseen` is how many files no engine has read, by reason, most first."""

    scanned: int
    files: int
    engines: int
    rules: int
    unseen: tuple[tuple[str, int], ...]
    partial: tuple[tuple[str, int], ...]


def active(result: ScanResult) -> tuple[RankedFinding, ...]:
    """Findings that count, in the order to be read."""
    return tuple(one for one in result.findings if one.triaged.active)


def suppressed(result: ScanResult) -> tuple[RankedFinding, ...]:
    """Findings that an accepted suppression takes out."""
    return tuple(
        one
        for one in result.findings
        if not one.triaged.active and one.triaged.baseline is not BaselineState.ABSENT
    )


def absent(result: ScanResult) -> tuple[RankedFinding, ...]:
    """Findings of the baseline that are gone."""
    return tuple(one for one in result.findings if one.triaged.baseline is BaselineState.ABSENT)


def by_severity(findings: Iterable[RankedFinding]) -> dict[Severity, int]:
    """Counts, worst first, zeros included."""
    count = Counter(one.triaged.finding.severity for one in findings)
    return {severity: count[severity] for severity in sorted(Severity, reverse=True)}


def by_priority(findings: Iterable[RankedFinding]) -> dict[Priority, int]:
    """Counts, most urgent first, zeros included."""
    count = Counter(one.priority for one in findings)
    return {priority: count[priority] for priority in Priority}


def is_new(one: RankedFinding) -> bool:
    """New against the baseline, or known and worse than it was."""
    return one.triaged.baseline in (BaselineState.NEW, BaselineState.UPDATED)


def has_baseline(findings: Iterable[RankedFinding]) -> bool:
    """Whether the scan compared with anything."""
    return any(one.triaged.baseline is not BaselineState.NONE for one in findings)


def to_show_first(result: ScanResult) -> tuple[tuple[RankedFinding, ...], tuple[RankedFinding, ...]]:
    """Active findings to list, and those to fold: with something to compare with, what was inherited and does not block is folded."""
    findings = active(result)
    if not has_baseline(result.findings):
        return findings, ()
    blocking = set(result.verdict.blocking)
    listed = {one.triaged.fingerprint for one in findings if is_new(one)} | blocking
    return (
        tuple(one for one in findings if one.triaged.fingerprint in listed),
        tuple(one for one in findings if one.triaged.fingerprint not in listed),
    )


def coverage(result: ScanResult) -> Coverage:
    """What was looked at and what was not."""
    looked = (FileStatus.SCANNED, FileStatus.PARTIAL)
    unseen = Counter(
        account.reason or account.status.value for account in result.files if account.status not in looked
    )
    partial = Counter(
        account.reason or "partial" for account in result.files if account.status is FileStatus.PARTIAL
    )
    return Coverage(
        scanned=sum(account.status in looked for account in result.files),
        files=len(result.files),
        engines=sum(run.status in (EngineStatus.RAN, EngineStatus.PARTIAL) for run in result.engines),
        rules=result.rules_count,
        unseen=tuple(sorted(unseen.items(), key=lambda item: (-item[1], item[0]))),
        partial=tuple(sorted(partial.items(), key=lambda item: (-item[1], item[0]))),
    )


def silent_engines(result: ScanResult) -> tuple[EngineRun, ...]:
    """Engines that were asked for and whose silence says nothing."""
    return tuple(run for run in result.engines if run.status in SILENT)


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def coverage_line(result: ScanResult) -> str:
    """The line without which no report may say "0 findings"."""
    seen = coverage(result)
    count = len(active(result))
    files = f"{seen.scanned:,} of {plural(seen.files, 'file')}"
    return f"{plural(count, 'finding')} in {files}, {plural(seen.engines, 'engine')}, {plural(seen.rules, 'rule')}"


def rules_by_id(result: ScanResult) -> dict[str, RuleSummary]:
    """A rule for every finding; one that the result does not describe is made from its finding."""
    rules = {rule.id: rule for rule in result.rules}
    for one in result.findings:
        finding = one.triaged.finding
        if finding.rule_id not in rules:
            rules[finding.rule_id] = RuleSummary(
                id=finding.rule_id,
                title=finding.rule_id.rsplit("/", 1)[-1].replace("-", " ").replace("_", " "),
                description=finding.message,
                remediation=finding.remediation,
                severity=finding.severity,
                confidence=finding.confidence,
                cwe=finding.cwe,
            )
    return rules


def headline(one: RankedFinding, rules: dict[str, RuleSummary]) -> str:
    """What a finding is called: the rule's title, or for a package the finding's own words, since one rule stands for all advisories."""
    finding = one.triaged.finding
    if finding.component is not None and finding.message.strip():
        return finding.message.strip().split("\n")[0]
    return rules[finding.rule_id].title


def remedy(one: RankedFinding, rules: dict[str, RuleSummary]) -> str:
    """What to do about a finding: its own text, the rule's, a fix's title, or where to read on. Never empty."""
    finding = one.triaged.finding
    rule = rules[finding.rule_id]
    fallback = f"See {rule.references[0]}" if rule.references else "Review the code and remove the cause."
    titles = [fix.title for fix in finding.fixes if fix.title]
    return finding.remediation or rule.remediation or next(iter(titles), fallback)


def origin_of(one: RankedFinding) -> str:
    """Where in the history the flaw came from, as `--history` tells it; "" for any other scan."""
    origin = one.triaged.finding.introduced
    if origin is None:
        return ""
    by = f"{origin.commit[:10]} of {origin.date[:10]} by {origin.author}" if origin.commit else "no commit"
    return f"came in with {by}, {'still at HEAD' if origin.at_head else 'no longer at HEAD'}"


def command_of(one: RankedFinding) -> str:
    """The command that mends the finding, if a fix has one."""
    return next((fix.command for fix in one.triaged.finding.fixes if fix.command), "")


def evidence_of(one: RankedFinding) -> tuple[Evidence, ...]:
    """Who reported it: every engine's word, or the finding's own where it was never merged."""
    finding = one.triaged.finding
    own = Evidence(finding.engine, finding.rule_id, finding.severity.value, finding.message)
    return finding.evidence or (own,)


def place_of(one: RankedFinding) -> str:
    """`path:line:column`."""
    location = one.triaged.finding.location
    return f"{location.uri}:{location.region.start_line}:{location.region.start_column}"


def risk(findings: Iterable[RankedFinding]) -> int:
    """One number for a scan, 0 to 100: 100 x (1 - product of (1 - (score/100)^5)), rounded down. Another finding never lowers it."""
    left = 1.0
    for one in findings:
        left *= 1.0 - (one.score / 100.0) ** 5
    return int(100.0 * (1.0 - left))


def controls_of(one: RankedFinding, rules: dict[str, RuleSummary]) -> tuple[str, ...]:
    """The controls that a finding breaks: those of the enabled frameworks, else those that its rule names, else none."""
    if one.controls:
        return one.controls
    rule = rules[one.triaged.finding.rule_id]
    return tuple(sorted({*rule.controls, *(f"owasp:{entry}" for entry in rule.owasp)}))
