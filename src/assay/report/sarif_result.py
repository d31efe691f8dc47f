"""One finding as a SARIF `result`, and the objects below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from assay.model.finding import Finding, FlowStep
from assay.model.fix import Applicability, Fix
from assay.model.location import Location, Region
from assay.model.scan import BaselineState, RankedFinding, RuleSummary, Suppression
from assay.model.severity import Severity
from assay.report import summary

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.UNKNOWN: "warning",
}
_MAX_RELATED = 99  # with the primary one 100 locations
_MAX_STEPS = 1000
_MAX_MESSAGE = 4000


def result_object(
    one: RankedFinding, rule_index: int, rules: dict[str, RuleSummary], stated: bool
) -> dict[str, Any]:
    """The result. `stated` says that the scan had a baseline: then every result has a state."""
    triaged = one.triaged
    finding = triaged.finding
    made: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": rule_index,
        "kind": "fail",
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding, rules)},
        "locations": [location(finding.location)],
        "partialFingerprints": _fingerprints(one),
        "rank": one.score,
        "properties": _properties(one),
    }
    if finding.related:
        related = finding.related[:_MAX_RELATED]
        made["relatedLocations"] = [
            {"id": number, **location(place)} for number, place in enumerate(related, start=1)
        ]
    if finding.code_flow:
        made["codeFlows"] = [_code_flow(finding.code_flow)]
    fixes = [_fix(fix) for fix in finding.fixes if _is_applicable(fix)]
    if fixes:
        made["fixes"] = fixes
    if triaged.suppression is not None:
        made["suppressions"] = [_suppression(triaged.suppression)]
    if stated:
        state = BaselineState.NEW if triaged.baseline is BaselineState.NONE else triaged.baseline
        made["baselineState"] = state.value
    return made


def artifact(uri: str) -> dict[str, Any]:
    """A file below the scan's root, as a URI reference."""
    return {"uri": quote(uri, safe="/", errors="replace"), "uriBaseId": "SRCROOT"}


def location(place: Location) -> dict[str, Any]:
    """A place; its message and masked text where there are some."""
    physical = {"artifactLocation": artifact(place.uri), "region": _region(place.region)}
    if place.snippet:
        physical["contextRegion"] = {
            "startLine": place.region.start_line,
            "endLine": max(place.region.start_line, place.region.end_line),
            "snippet": {"text": place.snippet},
        }
    message = {"message": {"text": place.message}} if place.message else {}
    return {"physicalLocation": physical, **message}


def _region(region: Region) -> dict[str, Any]:
    return {
        "startLine": region.start_line,
        "startColumn": region.start_column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _message(finding: Finding, rules: dict[str, RuleSummary]) -> str:
    parts = (finding.message.strip() or rules[finding.rule_id].title, finding.why)
    return " ".join(part for part in parts if part)[:_MAX_MESSAGE]


def _fingerprints(one: RankedFinding) -> dict[str, str]:
    """Code scanning reads the first; empty would count as missing."""
    ours = {"assay/v1": one.triaged.fingerprint}
    if one.triaged.line_hash:
        ours["primaryLocationLineHash"] = one.triaged.line_hash
    return ours


def _code_flow(steps: Sequence[FlowStep]) -> dict[str, Any]:
    """Source first. Of a flow that is too long the middle is left out."""
    half = _MAX_STEPS // 2
    kept = steps if len(steps) <= _MAX_STEPS else (*steps[:half], *steps[-half:])
    return {"threadFlows": [{"locations": [_step(step) for step in kept]}]}


def _step(step: FlowStep) -> dict[str, Any]:
    made = location(step.location)
    text = step.location.message or step.variable
    if text:
        made["message"] = {"text": text}
    return {"location": made}


def _is_applicable(fix: Fix) -> bool:
    return bool(fix.edits) and fix.applicability is not Applicability.DISPLAY


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {
            "deletedRegion": _region(edit.location.region),
            "insertedContent": {"text": edit.replacement},
        }
        by_file.setdefault(edit.location.uri, []).append(replacement)
    return {
        "description": {"text": fix.title or "Fix"},
        "artifactChanges": [
            {"artifactLocation": artifact(uri), "replacements": replacements}
            for uri, replacements in by_file.items()
        ],
        "properties": {"applicability": fix.applicability.value},
    }


def _suppression(suppression: Suppression) -> dict[str, Any]:
    details = {"owner": suppression.owner, "until": suppression.until, "source": suppression.source}
    return {
        "kind": suppression.kind,
        "status": suppression.status,
        "justification": suppression.reason,
        "properties": {name: value for name, value in details.items() if value},
    }


def _properties(one: RankedFinding) -> dict[str, Any]:
    finding = one.triaged.finding
    made: dict[str, Any] = {
        "priority": one.priority.value,
        "score": one.score,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "verification": finding.verification.state.value,
        "factors": [f"{factor.name}: {factor.value} {factor.points:+g}" for factor in one.factors],
        "evidence": [
            {"engine": evidence.engine, "ruleId": evidence.rule_id, "severity": evidence.severity}
            for evidence in finding.evidence
        ],
    }
    made.update((name, value) for name, value in _optional(one) if value)
    return made


def _optional(one: RankedFinding) -> Iterator[tuple[str, object]]:
    finding = one.triaged.finding
    yield "cwe", list(finding.cwe)
    yield "aliases", list(finding.aliases)
    yield "purl", finding.component.purl if finding.component else ""
    yield "verificationMethod", finding.verification.method
    yield "verificationEvidence", list(finding.verification.evidence)
    if finding.introduced is not None:
        names = {
            "commit": "commit",
            "author": "author",
            "date": "date",
            "subject": "subject",
            "at_head": "atHead",
        }
        yield "introduced", {shown: getattr(finding.introduced, name) for name, shown in names.items()}
    yield "fixCommand", summary.command_of(one)
    yield "locationsCut", max(0, len(finding.related) - _MAX_RELATED)
