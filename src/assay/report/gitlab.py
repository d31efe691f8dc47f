"""GitLab's security reports (schemas 15.x of gitlab-org/security-products/security-report-schemas) and its code quality report.

Only active findings: GitLab has no place for suppressed ones, and would list them as open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec

from assay.model.scan import RankedFinding, RuleSummary, ScanResult, VerdictResult
from assay.model.severity import Severity
from assay.report import summary
from assay.report.kinds import Kind, of_kind
from assay.report.times import plain

_VERSION = "15.0.2"
_NAMESPACE = UUID(
    "6f0f9a3e-4b9d-5d53-9a43-6d4b1f0c2a77"
)  # ours: only makes ids differ from those of other tools
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.UNKNOWN: "Unknown",
}
_QUALITY = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.UNKNOWN: "major",
}
_LEVELS = {"error": "fatal", "warning": "warn"}
_MANAGERS = {
    "pypi": "pip",
    "npm": "npm",
    "maven": "maven",
    "golang": "go",
    "cargo": "cargo",
    "gem": "bundler",
    "composer": "composer",
    "nuget": "nuget",
}
_MAX_NAME = 255
_MAX_SOLUTION = 7000
_NO_COMMIT = "0" * 40


def render_sast(result: ScanResult) -> bytes:
    """`gl-sast-report.json`: findings in code, infrastructure and API descriptions."""
    return _report(result, Kind.CODE, "sast")


def render_secrets(result: ScanResult) -> bytes:
    """`gl-secret-detection-report.json`."""
    return _report(result, Kind.SECRET, "secret_detection")


def render_dependencies(result: ScanResult) -> bytes:
    """`gl-dependency-scanning-report.json`. The dependency files list what has findings."""
    return _report(result, Kind.DEPENDENCY, "dependency_scanning")


def render_quality(result: ScanResult) -> bytes:
    """`gl-code-quality-report.json`: every active finding, for merge request widgets of any tier."""
    rules = summary.rules_by_id(result)
    entries = [
        {
            "description": f"{rules[one.triaged.finding.rule_id].title}: {one.triaged.finding.message}",
            "check_name": one.triaged.finding.rule_id,
            "fingerprint": one.triaged.fingerprint,
            "severity": _QUALITY[one.triaged.finding.severity],
            "location": {
                "path": one.triaged.finding.location.uri,
                "lines": {"begin": one.triaged.finding.location.region.start_line},
            },
        }
        for one in summary.active(result)
    ]
    return msgspec.json.encode(entries) + b"\n"


def _report(result: ScanResult, kind: Kind, name: str) -> bytes:
    findings = of_kind(summary.active(result), kind)
    rules = summary.rules_by_id(result)
    document: dict[str, Any] = {
        "version": _VERSION,
        "scan": _scan(result, name),
        "vulnerabilities": [_vulnerability(one, rules, kind, result.commit) for one in findings],
    }
    if kind is Kind.DEPENDENCY:
        document["dependency_files"] = list(_dependency_files(findings))
    return msgspec.json.encode(document) + b"\n"


def _scan(result: ScanResult, name: str) -> dict[str, Any]:
    complete = result.verdict.result is not VerdictResult.INCOMPLETE and not result.verdict.unlooked
    tool = {
        "id": "assay",
        "name": "assay",
        "version": result.tool_version,
        "vendor": {"name": "assay"},
    }
    return {
        "analyzer": tool,
        "scanner": tool,
        "type": name,
        "start_time": plain(result.started_at),
        "end_time": plain(result.started_at, result.seconds),
        "status": "success" if complete and not result.interrupted else "failure",
        "messages": list(_messages(result)),
    }


def _messages(result: ScanResult) -> Iterator[dict[str, str]]:
    """What was not looked at, and every notification: the place where a skipped tool is said."""
    for run in summary.silent_engines(result):
        text = f"engine {run.engine} {run.status.value.replace('_', ' ')}: {run.reason or 'no reason given'}"
        yield {"level": "warn", "value": text}
    seen = summary.coverage(result)
    for reason, count in (*seen.unseen, *seen.partial):
        yield {"level": "info", "value": f"{summary.plural(count, 'file')}: {reason}"}
    for note in result.notifications:
        yield {"level": _LEVELS.get(note.level, "info"), "value": note.message or "no message"}


def _vulnerability(
    one: RankedFinding, rules: dict[str, RuleSummary], kind: Kind, commit: str
) -> dict[str, Any]:
    finding = one.triaged.finding
    command = summary.command_of(one)
    solution = summary.remedy(one, rules) + (f"\n\n{command}" if command else "")
    description = "\n\n".join(part for part in (finding.message, finding.why) if part)
    made: dict[str, Any] = {
        "id": str(uuid5(_NAMESPACE, one.triaged.fingerprint)),
        "name": rules[finding.rule_id].title[:_MAX_NAME],
        "description": description,
        "severity": _SEVERITIES[finding.severity],
        "solution": solution[:_MAX_SOLUTION],
        "identifiers": list(_identifiers(one)),
        "links": [
            {"url": url}
            for url in rules[finding.rule_id].references
            if url.startswith(("http://", "https://"))
        ],
        "location": _location(one, kind, commit),
    }
    if kind is not Kind.DEPENDENCY:
        made["tracking"] = _tracking(one)
    return made


def _identifiers(one: RankedFinding) -> Iterator[dict[str, str]]:
    """Our rule first for code, the advisory first for a dependency: GitLab merges by the first."""
    finding = one.triaged.finding
    for alias in finding.aliases:
        yield {"type": alias.split("-")[0].lower(), "name": alias, "value": alias}
    yield {"type": "assay_rule", "name": finding.rule_id, "value": finding.rule_id}
    for cwe in finding.cwe:
        digits = cwe.removeprefix("CWE-")
        if digits.isdigit():
            url = f"https://cwe.mitre.org/data/definitions/{digits}.html"
            yield {"type": "cwe", "name": cwe, "value": digits, "url": url}


def _location(one: RankedFinding, kind: Kind, commit: str) -> dict[str, Any]:
    finding = one.triaged.finding
    region = finding.location.region
    if kind is Kind.DEPENDENCY and finding.component is not None:
        return {"file": finding.location.uri, "dependency": _dependency(one)}
    made: dict[str, Any] = {
        "file": finding.location.uri,
        "start_line": region.start_line,
        "end_line": region.end_line,
    }
    if kind is Kind.SECRET:
        made["commit"] = {"sha": commit or _NO_COMMIT}
    return made


def _dependency(one: RankedFinding) -> dict[str, Any]:
    component = one.triaged.finding.component
    assert component is not None
    return {
        "package": {"name": component.name},
        "version": component.version or component.requirement,
        "direct": component.direct,
    }


def _tracking(one: RankedFinding) -> dict[str, Any]:
    location = one.triaged.finding.location
    signature = {"algorithm": "assay_v1", "value": one.triaged.fingerprint}
    return {
        "type": "source",
        "items": [
            {
                "file": location.uri,
                "start_line": location.region.start_line,
                "end_line": location.region.end_line,
                "signatures": [signature],
            }
        ],
    }


def _dependency_files(findings: Sequence[RankedFinding]) -> Iterator[dict[str, Any]]:
    files: dict[str, list[RankedFinding]] = {}
    for one in findings:
        files.setdefault(one.triaged.finding.location.uri, []).append(one)
    for uri, ones in sorted(files.items()):
        component = ones[0].triaged.finding.component
        ecosystem = component.ecosystem if component else ""
        dependencies = {
            (_dependency(one)["package"]["name"], _dependency(one)["version"]): one for one in ones
        }
        yield {
            "path": uri,
            "package_manager": _MANAGERS.get(ecosystem.lower(), ecosystem or "unknown"),
            "dependencies": [_dependency(one) for _, one in sorted(dependencies.items(), key=lambda i: i[0])],
        }
