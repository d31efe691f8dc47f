"""CycloneDX JSON with vulnerabilities (https://cyclonedx.org/docs/1.6/json/), also as VEX, to findings on packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from assay.dependencies.purl import split_purl
from assay.model.finding import Finding
from assay.model.severity import Severity, severity_of_score
from assay.scan.engines.external.package_tools import scored, vulnerability
from assay.scan.engines.external.report_shapes import Report, rows, slug, table, words
from assay.scan.engines.external.text import severity

# What its author has judged to be no concern (`analysis.state`).
_SETTLED = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})


def is_report(document: Any) -> bool:
    """Whether a document is a CycloneDX one."""
    return isinstance(document, dict) and document.get("bomFormat") == "CycloneDX"


def read(document: Mapping[str, Any], place: str) -> Report:
    """Every vulnerability at every package that it affects. The packages stand in no file of ours, so `place` is the report itself."""
    purls = dict(_purls(rows(document, "components")))
    tool = _tool(document)
    found: list[Finding] = []
    suppressed: list[tuple[Finding, str]] = []
    lost = 0
    for entry in rows(document, "vulnerabilities"):
        for affected in rows(entry, "affects"):
            ref = words(affected.get("ref"))
            one = _finding(tool, entry, purls.get(ref, ref), place)
            settled = _settled(entry)
            if one is None:
                lost += 1
            elif settled:
                suppressed.append((one, f"{settled} in {tool}'s report"))
            else:
                found.append(one)
    return Report(tuple(found), tuple(suppressed), lost)


def _purls(components: list[Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    for component in components:
        purl = words(component.get("purl"))
        if purl:
            yield words(component.get("bom-ref")) or purl, purl
        if depth < 8:
            yield from _purls(rows(component, "components"), depth + 1)


def _tool(document: Mapping[str, Any]) -> str:
    tools = table(document, "metadata").get("tools")
    listed = rows(tools, "components") if isinstance(tools, dict) else rows({"tools": tools}, "tools")
    return slug(next((words(one.get("name")) for one in listed if one.get("name")), "cyclonedx"))


def _finding(tool: str, entry: Mapping[str, Any], purl: str, place: str) -> Finding | None:
    if not purl.startswith("pkg:"):
        return None
    ecosystem, name, version = split_purl(purl.partition("?")[0])
    ids = [words(entry.get("id")), *(words(one.get("id")) for one in rows(entry, "references"))]
    aliases = tuple(dict.fromkeys(one for one in ids if one))
    if not (name and aliases):
        return None
    text = words(entry.get("description")).strip().partition("\n")[0]
    one = vulnerability(tool, (ecosystem, name, version), aliases, (text, ""), place)
    cwe = tuple(f"CWE-{number}" for number in entry.get("cwes") or () if isinstance(number, int))
    return scored(
        replace(one, cwe=cwe or one.cwe, remediation=words(entry.get("recommendation"))), _worst(entry)
    )


def _worst(entry: Mapping[str, Any]) -> Severity:
    """The worst of its ratings, whose words or scores may disagree."""
    found = [Severity.UNKNOWN]
    for rating in rows(entry, "ratings"):
        found.append(severity(rating.get("severity")))
        score = rating.get("score")
        if found[-1] is Severity.UNKNOWN and isinstance(score, int | float) and 0.0 <= score <= 10.0:
            found.append(severity_of_score(float(score)))
    return max(found)


def _settled(entry: Mapping[str, Any]) -> str:
    """Why its author holds it for no concern, "" where that is not said. Without a reason a statement mutes nothing."""
    analysis = table(entry, "analysis")
    state = words(analysis.get("state"))
    reason = words(analysis.get("detail")) or words(analysis.get("justification"))
    return f"{state.replace('_', ' ')}: {reason}" if state in _SETTLED and reason else ""
