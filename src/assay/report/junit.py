"""JUnit XML as CI systems read it: one suite an engine, a failure for each active finding, an error where an engine did not look."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from assay.model.scan import EngineRun, EngineStatus, RankedFinding, RuleSummary, ScanResult
from assay.report import summary
from assay.report.printable import printable

_IDLE = frozenset({EngineStatus.NOT_REQUESTED, EngineStatus.NOT_APPLICABLE})


def render(result: ScanResult) -> bytes:
    """The document. Suppressed findings are skipped tests; an engine that ran and found nothing is one that passed."""
    rules = summary.rules_by_id(result)
    root = Element("testsuites", name="assay")
    by_engine: dict[str, list[RankedFinding]] = {run.engine: [] for run in result.engines}
    for one in (*summary.active(result), *summary.suppressed(result)):
        by_engine.setdefault(one.triaged.finding.engine, []).append(one)
    runs = {run.engine: run for run in result.engines}
    for engine, findings in by_engine.items():
        run = runs.get(engine)
        if findings or (run is not None and run.status not in _IDLE):
            _suite(root, engine, run, findings, rules)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _suite(
    root: Element,
    engine: str,
    run: EngineRun | None,
    findings: Sequence[RankedFinding],
    rules: dict[str, RuleSummary],
) -> None:
    active = sum(one.triaged.active for one in findings)
    silent = run is not None and run.status in summary.SILENT
    suite = SubElement(
        root,
        "testsuite",
        name=printable(engine),
        tests=str(len(findings) + 1),
        failures=str(active),
        errors=str(int(silent)),
        skipped=str(len(findings) - active),
        time=f"{run.seconds if run else 0.0:.3f}",
    )
    looked = SubElement(suite, "testcase", classname=printable(engine), name="looked")
    if run is not None and silent:
        text = printable(f"{run.status.value}: {run.reason}")
        SubElement(looked, "error", message=text, type=run.status.value)
    for one in findings:
        _case(suite, one, rules)


def _case(suite: Element, one: RankedFinding, rules: dict[str, RuleSummary]) -> None:
    finding = one.triaged.finding
    region = finding.location.region
    place = printable(f"{finding.location.uri}:{region.start_line}:{region.start_column}")
    case = SubElement(
        suite,
        "testcase",
        classname=printable(finding.rule_id),
        name=f"{printable(summary.headline(one, rules))} {place}",
        file=printable(finding.location.uri),
        line=str(region.start_line),
    )
    suppression = one.triaged.suppression
    if not one.triaged.active and suppression is not None:
        SubElement(case, "skipped", message=printable(f"suppressed: {suppression.reason}"))
        return
    message = printable(f"{one.priority.value} {finding.severity.value}: {finding.message}")
    failure = SubElement(case, "failure", message=message, type=printable(finding.rule_id))
    lines = (place, finding.why, f"fix: {summary.command_of(one) or summary.remedy(one, rules)}")
    failure.text = "\n".join(printable(line) for line in lines if line)
