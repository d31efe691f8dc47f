"""What the HTML template shows, as plain values made from a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.model.framework import FRAMEWORKS
from assay.model.scan import EngineRun, EngineStatus, FileStatus, RankedFinding, RuleSummary, ScanResult
from assay.model.severity import Severity
from assay.report import summary
from assay.report.html_finding import anchor, finding_view
from assay.report.printable import printable, shortened
from assay.report.roadmap import Step, by_bucket, roadmap

_BAR = 270
_MAX_STEPS = 8
_MAX_FOLDED = 200
_MAX_FULL = 500  # findings with everything; the others are shorter, so that 2,000 stay below 5 MB
_MAX_FINDINGS = 3000
_MAX_NOTES = 100
_MAX_LINKS = 8
_CWE = "https://cwe.mitre.org/data/definitions/{}.html"
_ENGINE_KINDS = {
    EngineStatus.RAN: "ok",
    EngineStatus.PARTIAL: "mid",
    EngineStatus.NOT_APPLICABLE: "",
    EngineStatus.NOT_REQUESTED: "",
}
_FILE_KINDS = {
    FileStatus.SCANNED: "ok",
    FileStatus.PARTIAL: "mid",
    FileStatus.SKIPPED: "",
    FileStatus.FAILED: "bad",
}
_NOTE_KINDS = {"error": "bad", "warning": "mid"}


def view(result: ScanResult) -> dict[str, Any]:
    """Every value of the template."""
    rules = summary.rules_by_id(result)
    findings = summary.active(result)
    steps = roadmap(result)
    notes = [
        {"level": note.level, "kind": _NOTE_KINDS.get(note.level, ""), "text": printable(note.message)}
        for note in result.notifications
    ]
    return {
        "verdict": {
            "kind": result.verdict.result.value,
            "words": summary.VERDICTS[result.verdict.result],
            "reasons": result.verdict.reasons,
        },
        "coverage_line": summary.coverage_line(result),
        "started": result.started_at,
        "commit": result.commit[:12],
        "tiles": list(_tiles(result, findings, steps)),
        "severities": _bars({s.value: n for s, n in summary.by_severity(findings).items()}),
        "priorities": _bars(
            {p.value: n for p, n in summary.by_priority(findings).items()},
            {p.value: f"{p.value} {words}" for p, words in summary.BUCKETS.items()},
        ),
        "steps": list(_buckets(steps)),
        "findings": [
            finding_view(one, rules, short=number >= _MAX_FULL)
            for number, one in enumerate(findings[:_MAX_FINDINGS])
        ],
        "cut": max(0, len(findings) - _MAX_FINDINGS),
        "engine_names": sorted({e.engine for one in findings for e in summary.evidence_of(one)}),
        "suppressed": [_suppressed(one, rules) for one in summary.suppressed(result)],
        "absent": [
            {"title": summary.headline(one, rules), "place": summary.place_of(one)}
            for one in summary.absent(result)
        ],
        "engines": [_engine(run) for run in result.engines],
        "files": list(_files(result)),
        "files_line": _files_line(result),
        "notes": notes[:_MAX_NOTES],
        "more_notes": max(0, len(notes) - _MAX_NOTES),
        "controls": list(_controls(findings, rules)),
        "weaknesses": list(_weaknesses(findings, rules)),
        "packages": list(_packages(findings)),
        "about": list(_about(result)),
    }


def _tiles(
    result: ScanResult, findings: Sequence[RankedFinding], steps: Sequence[Step]
) -> Iterator[dict[str, object]]:
    yield {"name": "findings", "value": len(findings)}
    if summary.has_baseline(result.findings):
        new = sum(summary.is_new(one) for one in findings)
        yield {"name": "new", "value": new}
        yield {"name": "inherited", "value": len(findings) - new}
    yield {"name": "changes close them", "value": len(steps)}
    yield {"name": "risk of 100", "value": summary.risk(findings)}
    seen = summary.coverage(result)
    yield {"name": f"of {summary.plural(seen.files, 'file')} scanned", "value": seen.scanned}
    silent = len(summary.silent_engines(result))
    if silent:
        yield {"name": "engines did not look fully", "value": silent}


def _bars(counts: Mapping[str, int], names: Mapping[str, str] | None = None) -> list[dict[str, object]]:
    most = max(counts.values(), default=0) or 1
    return [
        {
            "kind": kind,
            "name": (names or {}).get(kind, kind.capitalize()),
            "count": count,
            "width": max(3, count * _BAR // most) if count else 0,
        }
        for kind, count in counts.items()
    ]


def _buckets(steps: Sequence[Step]) -> Iterator[dict[str, object]]:
    for priority, listed in by_bucket(steps).items():
        if listed:
            count = sum(len(step.findings) for step in listed)
            yield {
                "priority": priority.value,
                "words": summary.BUCKETS[priority],
                "count": f"{summary.plural(count, 'finding')}, {summary.plural(len(listed), 'change')}",
                "steps": [_step(step) for step in listed[:_MAX_STEPS]],
                "more": [_step(step) for step in listed[_MAX_STEPS : _MAX_STEPS + _MAX_FOLDED]],
                "rest": max(0, len(listed) - _MAX_STEPS - _MAX_FOLDED),
            }


def _step(step: Step) -> dict[str, str]:
    uris = list(dict.fromkeys(one.triaged.finding.location.uri for one in step.findings))
    more = f" and {len(uris) - 3} more" if len(uris) > 3 else ""
    return {
        "title": step.title,
        "closes": f"closes {len(step.findings)}",
        "effort": step.effort,
        "command": step.command,
        "where": "in " + ", ".join(printable(uri) for uri in uris[:3]) + more,
        "owners": ", ".join(step.owners),
    }


def _suppressed(one: RankedFinding, rules: dict[str, RuleSummary]) -> dict[str, str]:
    suppression = one.triaged.suppression
    assert suppression is not None
    return {
        "severity": one.triaged.finding.severity.value,
        "title": summary.headline(one, rules),
        "place": printable(summary.place_of(one)),
        "reason": suppression.reason,
        "owner": suppression.owner,
        "until": suppression.until or "no end",
    }


def _engine(run: EngineRun) -> dict[str, object]:
    remark = "; ".join(part for part in (run.reason, run.advice) if part)
    return {
        "name": run.engine,
        "version": run.version,
        "status": run.status.value.replace("_", " "),
        "kind": _ENGINE_KINDS.get(run.status, "bad"),
        "files": run.files,
        "findings": run.findings,
        "rules": run.rules,
        "seconds": f"{run.seconds:.2f}",
        "remark": printable(remark) or ("" if run.required else "optional"),
    }


def _files(result: ScanResult) -> Iterator[dict[str, object]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for account in result.files:
        if account.status is not FileStatus.SCANNED:
            groups.setdefault((account.status.value, account.reason), []).append(account.uri)
    scanned = sum(account.status is FileStatus.SCANNED for account in result.files)
    yield {"status": "scanned", "kind": "ok", "reason": "", "count": scanned, "examples": ""}
    for (status, reason), uris in sorted(groups.items()):
        yield {
            "status": status,
            "kind": _FILE_KINDS[FileStatus(status)],
            "reason": printable(reason),
            "count": len(uris),
            "examples": ", ".join(printable(uri) for uri in sorted(uris)[:5]),
        }


def _files_line(result: ScanResult) -> str:
    seen = summary.coverage(result)
    return f"{seen.scanned:,} of {seen.files:,} were scanned"


def _controls(
    findings: Sequence[RankedFinding], rules: dict[str, RuleSummary]
) -> Iterator[dict[str, object]]:
    broken: dict[str, list[RankedFinding]] = {}
    for one in findings:
        for control in summary.controls_of(one, rules):
            broken.setdefault(control, []).append(one)
    shown = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    for control, ones in sorted(broken.items()):
        framework, _, name = control.partition(":")
        known = FRAMEWORKS.get(framework.lower())
        count = Counter(one.triaged.finding.severity for one in ones)
        yield {
            "framework": known.name if known else framework,
            "edition": known.edition if known else "",
            "control": name or control,
            "counts": [count[severity] for severity in shown],
            "links": [
                {"id": anchor(one), "text": shortened(summary.headline(one, rules), 60)}
                for one in ones[:_MAX_LINKS]
            ],
            "more": max(0, len(ones) - _MAX_LINKS),
        }


def _weaknesses(
    findings: Sequence[RankedFinding], rules: dict[str, RuleSummary]
) -> Iterator[dict[str, object]]:
    count: Counter[str] = Counter()
    owasp: dict[str, set[str]] = {}
    for one in findings:
        for cwe in dict.fromkeys(one.triaged.finding.cwe):
            count[cwe] += 1
            owasp.setdefault(cwe, set()).update(rules[one.triaged.finding.rule_id].owasp)
    for cwe, number in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        digits = cwe.removeprefix("CWE-")
        url = _CWE.format(digits) if digits.isdigit() else "https://cwe.mitre.org/"
        yield {"cwe": cwe, "count": number, "owasp": ", ".join(sorted(owasp[cwe])), "url": url}


def _packages(findings: Sequence[RankedFinding]) -> Iterator[dict[str, str]]:
    groups: dict[str, list[RankedFinding]] = {}
    for one in findings:
        component = one.triaged.finding.component
        if component is not None:
            groups.setdefault(component.purl, []).append(one)
    for purl, ones in sorted(groups.items()):
        component = ones[0].triaged.finding.component
        aliases = dict.fromkeys(alias for one in ones for alias in one.triaged.finding.aliases)
        yield {
            "purl": purl,
            "version": component.version if component else "",
            "advisories": ", ".join(aliases) or summary.plural(len(ones), "finding"),
            "command": next((command for command in map(summary.command_of, ones) if command), ""),
        }


def _about(result: ScanResult) -> Iterator[tuple[str, str]]:
    request = result.request
    yield "assay", result.tool_version
    yield "started", result.started_at
    yield "took", f"{result.seconds:.1f} s"
    yield "scan types", ", ".join(kind.value for kind in request.types)
    yield "mode", request.mode.value + (f" against {request.base}" if request.base else "")
    yield "severity from", request.severity.value
    yield "blocks from", request.fail_on.value if request.fail_on else "never"
    yield "exit code", str(result.verdict.exit_code)
    yield "configuration", result.config_file or "defaults"
    yield "policy digest", result.verdict.policy_digest or "none"
    yield "rules digest", result.rules_digest or "none"
    if result.commit:
        yield "commit", result.commit
