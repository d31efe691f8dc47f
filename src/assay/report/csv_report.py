"""CSV (RFC 4180, UTF-8) for spreadsheets: one finding a row, suppressed and absent ones marked as such."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from assay.model.scan import BaselineState, RankedFinding, RuleSummary, ScanResult
from assay.report import summary

COLUMNS = (
    "status", "state", "priority", "score", "severity", "confidence", "verification", "rule", "title", "file", "line", "column",
    "message", "why", "fix", "command", "effort", "owner", "cwe", "advisories", "package", "version", "controls", "engines", "places",
    "suppressed_by", "suppressed_until", "suppression_reason", "fingerprint",
)  # fmt: skip
# A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(result: ScanResult) -> bytes:
    """The table with a head row."""
    rules = summary.rules_by_id(result)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_safe(cell) for cell in _row(one, rules)] for one in result.findings)
    return out.getvalue().encode("utf-8", "replace")


def _row(one: RankedFinding, rules: dict[str, RuleSummary]) -> Sequence[str]:
    triaged = one.triaged
    finding = triaged.finding
    component = finding.component
    suppression = triaged.suppression
    return (
        _status(one),
        triaged.baseline.value,
        one.priority.value,
        f"{one.score:g}",
        finding.severity.value,
        finding.confidence.value,
        finding.verification.state.value,
        finding.rule_id,
        rules[finding.rule_id].title,
        finding.location.uri,
        str(finding.location.region.start_line),
        str(finding.location.region.start_column),
        finding.message,
        finding.why,
        summary.remedy(one, rules),
        summary.command_of(one),
        one.effort,
        one.owner,
        " ".join(finding.cwe),
        " ".join(finding.aliases),
        component.purl if component else "",
        component.version if component else "",
        " ".join(one.controls),
        " ".join(dict.fromkeys(seen.engine for seen in summary.evidence_of(one))),
        str(1 + len(finding.related)),
        suppression.owner if suppression else "",
        suppression.until if suppression else "",
        suppression.reason if suppression else "",
        triaged.fingerprint,
    )


def _status(one: RankedFinding) -> str:
    if one.triaged.baseline is BaselineState.ABSENT:
        return "absent"
    return "active" if one.triaged.active else "suppressed"


def _safe(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell
