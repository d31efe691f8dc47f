"""SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0), inside the limits of GitHub code scanning.

One run. Limits (GitHub docs, "SARIF support for code scanning"): 10 MB compressed, 25,000 results of which 5,000 are kept, 1,000
locations (100 kept), 10,000 flow steps (1,000 kept), 20 tags a rule (10 kept), 1,024 characters of description. What does not fit is cut
by our priority, last first, and a notification says so.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from assay.model.scan import (
    EngineRun,
    EngineStatus,
    FileStatus,
    RankedFinding,
    RuleSummary,
    ScanResult,
    VerdictResult,
)
from assay.model.severity import Severity
from assay.report import summary
from assay.report.sarif_result import LEVELS, artifact, result_object

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 5000
MAX_COMPRESSED = 10_000_000
_MAX_TEXT = 1024
_MAX_TAGS = 10
# GitHub: above 9.0 critical, 7.0-8.9 high, 4.0-6.9 medium, 0.1-3.9 low. Unknown has no number: no number means low.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}
_ENGINE_LEVELS = {
    EngineStatus.RAN: "none",
    EngineStatus.NOT_APPLICABLE: "none",
    EngineStatus.NOT_REQUESTED: "none",
    EngineStatus.PARTIAL: "warning",
}


def render(result: ScanResult) -> bytes:
    """The document with every finding; suppressed ones carry their suppression (SARIF 3.35)."""
    return _fitting(result, _all(result))


def render_for_github(result: ScanResult) -> bytes:
    """The document for an upload to code scanning: it ignores `suppressions`, so suppressed and absent findings are left out."""
    return _fitting(result, summary.active(result))


def _all(result: ScanResult) -> tuple[RankedFinding, ...]:
    """Findings that count first, then suppressed and absent ones, so that a cut takes the latter."""
    return (*summary.active(result), *(one for one in result.findings if not one.triaged.active))


def _fitting(result: ScanResult, findings: Sequence[RankedFinding]) -> bytes:
    """The largest document that is inside the limits."""
    kept = min(len(findings), MAX_RESULTS)
    while True:
        data = msgspec.json.encode(_log(result, findings[:kept], len(findings))) + b"\n"
        if kept == 0 or len(data) <= MAX_COMPRESSED or len(gzip.compress(data, 6, mtime=0)) <= MAX_COMPRESSED:
            return data
        kept = kept * 3 // 4


def _log(result: ScanResult, findings: Sequence[RankedFinding], total: int) -> dict[str, Any]:
    rules = summary.rules_by_id(result)
    used = sorted({one.triaged.finding.rule_id for one in findings})
    index = {rule_id: place for place, rule_id in enumerate(used)}
    stated = summary.has_baseline(result.findings)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "assay",
                "version": result.tool_version,
                "rules": [_rule(rules[rule_id]) for rule_id in used],
            },
            "extensions": [
                {"name": run.engine, "version": run.version or "unknown"} for run in result.engines[:100]
            ],
        },
        "automationDetails": {"id": "assay/"},
        "columnKind": "unicodeCodePoints",
        "redactionTokens": ["****"],
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the scan."}}},
        "invocations": [_invocation(result, len(findings), total), *map(_engine_invocation, result.engines)],
        "results": [
            result_object(one, index[one.triaged.finding.rule_id], rules, stated) for one in findings
        ],
        "properties": _properties(result),
    }
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}


def _rule(rule: RuleSummary) -> dict[str, Any]:
    title = rule.title or rule.id
    text = rule.remediation or rule.description or title
    properties: dict[str, Any] = {
        "precision": rule.confidence.value,
        "tags": ["security", *(f"external/cwe/{one.lower()}" for one in rule.cwe)][:_MAX_TAGS],
        "owasp": list(rule.owasp),
        "controls": list(rule.controls),
        "references": list(rule.references),
    }
    if rule.severity in _SECURITY_SEVERITY:
        properties["security-severity"] = _SECURITY_SEVERITY[rule.severity]
    links = "".join(f"\n- <{reference}>" for reference in rule.references)
    described: dict[str, Any] = {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": title[:_MAX_TEXT]},
        "fullDescription": {"text": (rule.description or title)[:_MAX_TEXT]},
        "help": {"text": text, "markdown": text + (f"\n\nReferences:{links}" if links else "")},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }
    if rule.references and rule.references[0].startswith("https://"):
        described["helpUri"] = rule.references[0]
    return described


def _invocation(result: ScanResult, kept: int, total: int) -> dict[str, Any]:
    verdict = result.verdict
    notes = [*_notifications(result)]
    if kept < total:
        text = f"{total - kept} of {total} results were cut to fit the limits of code scanning: those of least priority."
        notes.append(_notification("warning", text))
    complete = (
        verdict.result is not VerdictResult.INCOMPLETE and not verdict.unlooked and not result.interrupted
    )
    return {
        "executionSuccessful": complete,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": summary.VERDICTS[verdict.result],
        **({"startTimeUtc": result.started_at} if result.started_at.endswith("Z") else {}),
        "toolExecutionNotifications": notes,
        "properties": {"coverage": summary.coverage_line(result), "reasons": list(verdict.reasons)},
    }


def _engine_invocation(run: EngineRun) -> dict[str, Any]:
    """One engine's status. Only `ran`, and not having to run, count as success."""
    level = _ENGINE_LEVELS.get(run.status, "error")
    notes = [_notification(note.level, note.message, note.uri) for note in run.notifications]
    if level != "none":
        notes.insert(0, _notification(level, _engine_text(run)))
    return {
        "executionSuccessful": level == "none",
        "toolExecutionNotifications": notes,
        "properties": {
            "engine": run.engine,
            "version": run.version,
            "status": run.status.value,
            "required": run.required,
            "files": run.files,
            "findings": run.findings,
            "rules": run.rules,
            "seconds": round(run.seconds, 3),
            "reason": run.reason,
        },
    }


def _engine_text(run: EngineRun) -> str:
    parts = [f"engine {run.engine} {run.status.value.replace('_', ' ')}", run.reason, run.advice]
    return "; ".join(part for part in parts if part)


def _notifications(result: ScanResult) -> Iterator[dict[str, Any]]:
    """Engines whose silence says nothing, files that were not looked at by reason, and what the scan had to say."""
    for run in summary.silent_engines(result):
        yield _notification(_ENGINE_LEVELS.get(run.status, "error"), _engine_text(run))
    groups: dict[tuple[FileStatus, str], list[str]] = {}
    for account in result.files:
        if account.status is not FileStatus.SCANNED:
            groups.setdefault((account.status, account.reason or "no reason given"), []).append(account.uri)
    for (status, reason), uris in sorted(groups.items(), key=lambda item: (item[0][0].value, item[0][1])):
        text = f"{summary.plural(len(uris), 'file')} {status.value}: {reason}; for example {', '.join(sorted(uris)[:3])}"
        yield _notification("note" if status is FileStatus.SKIPPED else "warning", text)
    if result.interrupted:
        yield _notification("error", "the scan was interrupted")
    for note in result.notifications:
        yield _notification(note.level, note.message, note.uri)


def _notification(level: str, text: str, uri: str = "") -> dict[str, Any]:
    known = level if level in ("none", "note", "warning", "error") else "warning"
    where = {"locations": [{"physicalLocation": {"artifactLocation": artifact(uri)}}]} if uri else {}
    return {"level": known, "message": {"text": text or "no message"}, **where}


def _properties(result: ScanResult) -> dict[str, Any]:
    statuses = Counter(account.status.value for account in result.files)
    return {
        "verdict": result.verdict.result.value,
        "policyDigest": result.verdict.policy_digest,
        "rulesDigest": result.rules_digest,
        "configFile": result.config_file,
        "commit": result.commit,
        "mode": result.request.mode.value,
        "types": [kind.value for kind in result.request.types],
        "files": dict(sorted(statuses.items())),
    }
