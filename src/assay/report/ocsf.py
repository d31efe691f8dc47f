"""OCSF findings, one JSON object a line (schema.ocsf.io, 1.5.0): Vulnerability Finding 2002 for packages, Application Security Posture
Finding 2007 for the rest. Suppressed ones are closed with status Suppressed, absent ones with status Resolved.
"""

from __future__ import annotations

from typing import Any

import msgspec

from assay.model.finding import Finding
from assay.model.scan import BaselineState, RankedFinding, RuleSummary, ScanResult
from assay.model.severity import Confidence, Severity
from assay.report import summary
from assay.report.kinds import Kind, kind_of
from assay.report.times import milliseconds

_VERSION = "1.5.0"
_CATEGORY = 2
_SEVERITIES = {
    Severity.UNKNOWN: (0, "Unknown"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_CONFIDENCE = {Confidence.LOW: (1, "Low"), Confidence.MEDIUM: (2, "Medium"), Confidence.HIGH: (3, "High")}
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
_REGULAR_FILE = 1


def render(result: ScanResult) -> bytes:
    """The events, in the order of the findings."""
    rules = summary.rules_by_id(result)
    time = milliseconds(result.started_at)
    events = [_event(one, rules, time, result.tool_version) for one in result.findings]
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


def _event(one: RankedFinding, rules: dict[str, RuleSummary], time: int, version: str) -> dict[str, Any]:
    finding = one.triaged.finding
    is_package = kind_of(one) is Kind.DEPENDENCY
    class_uid = 2002 if is_package else 2007
    activity, (status_id, status) = _status(one)
    severity_id, severity = _SEVERITIES[finding.severity]
    confidence_id, confidence = _CONFIDENCE[finding.confidence]
    made: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": _CATEGORY,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity,
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "message": finding.message,
        "metadata": {
            "version": _VERSION,
            "uid": one.triaged.fingerprint,
            "product": {"name": "assay", "vendor_name": "assay", "version": version},
        },
        "finding_info": {
            "uid": one.triaged.fingerprint,
            "title": summary.headline(one, rules),
            "desc": finding.message,
            "types": [finding.rule_id],
            "created_time": time,
        },
        "vulnerabilities": [_vulnerability(one, rules)],
        "resources": [{"name": finding.location.uri, "type": "file"}],
        "unmapped": {"priority": one.priority.value, "score": one.score, "owner": one.owner},
    }
    if not is_package:
        made["remediation"] = {"desc": summary.remedy(one, rules)}
        if one.controls:
            made["compliance"] = {"requirements": list(one.controls), "standards": _standards(one)}
    return made


def _status(one: RankedFinding) -> tuple[int, tuple[int, str]]:
    state = one.triaged.baseline
    if state is BaselineState.ABSENT:
        return _CLOSE, _RESOLVED
    if not one.triaged.active:
        return _CLOSE, _SUPPRESSED
    known = state in (BaselineState.UPDATED, BaselineState.UNCHANGED)
    return (_UPDATE if known else _CREATE), _NEW


def _vulnerability(one: RankedFinding, rules: dict[str, RuleSummary]) -> dict[str, Any]:
    """Of advisory, cve and cwe exactly one may stand there (the object's constraint)."""
    finding = one.triaged.finding
    made: dict[str, Any] = {
        "title": summary.headline(one, rules),
        "desc": finding.message,
        "severity": _SEVERITIES[finding.severity][1],
        "references": list(rules[finding.rule_id].references),
        "is_fix_available": bool(finding.fixes),
        "remediation": {"desc": summary.command_of(one) or summary.remedy(one, rules)},
        **_name(finding),
    }
    component = finding.component
    if component is not None:
        made["affected_packages"] = [
            {
                "name": component.name,
                "version": component.version or component.requirement or "unknown",
                "purl": component.purl,
                "path": finding.location.uri,
            }
        ]
    else:
        made["affected_code"] = [
            _code(place.uri, place.region) for place in (finding.location, *finding.related)
        ]
    return made


def _name(finding: Finding) -> dict[str, Any]:
    cve = next((alias for alias in finding.aliases if alias.startswith("CVE-")), "")
    if cve:
        return {"cve": {"uid": cve}}
    if finding.aliases:
        return {"advisory": {"uid": finding.aliases[0]}}
    return {"cwe": {"uid": finding.cwe[0] if finding.cwe else "NVD-CWE-noinfo"}}


def _code(uri: str, region: Any) -> dict[str, Any]:
    return {
        "file": {"name": uri.rsplit("/", 1)[-1], "path": uri, "type_id": _REGULAR_FILE},
        "start_line": region.start_line,
        "end_line": region.end_line,
        "start_column": region.start_column,
        "end_column": region.end_column,
    }


def _standards(one: RankedFinding) -> list[str]:
    return sorted({control.partition(":")[0] for control in one.controls})
