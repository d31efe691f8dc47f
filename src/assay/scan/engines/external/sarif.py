"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html) to findings: the reports of most programs have this form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import re2

from assay.model.finding import Finding, FlowStep
from assay.model.location import Location
from assay.model.severity import Severity, severity_of_score
from assay.scan.engines.external.report_shapes import MAX_TEXT, Report, rows, slug, table, words
from assay.scan.engines.external.text import finding, region

_CWE = re2.compile(r"(?i)\bcwe[-_/ ]?0*(\d{1,5})\b")
_MAX_STEPS = 100
# A result of another kind says that something is in order, or does not apply.
_FLAWS = frozenset({"fail", "open", "review"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How one program's SARIF is read: the name for its findings ("" takes the report's), and where its own severity word stands."""

    uri_of: Callable[[str], str]
    tool: str = ""
    word: Callable[[Mapping[str, Any]], str] = lambda _result: ""


def read(document: Any, reading: Reading) -> Report:
    """All results of all runs.

    Raises:
        ValueError: it is not SARIF 2.1.0.
    """
    if not isinstance(document, dict) or not isinstance(document.get("runs"), list):
        raise ValueError("it has no list of runs")
    found: list[Finding] = []
    suppressed: list[tuple[Finding, str]] = []
    lost = 0
    for run in document["runs"]:
        rules = _Rules(run)
        tool = reading.tool or slug(rules.driver)
        for result in rows(run, "results"):
            if result.get("kind", "fail") not in _FLAWS or result.get("baselineState") == "absent":
                continue
            one = _finding(result, rules, tool, reading)
            accepted = [s for s in rows(result, "suppressions") if s.get("status", "accepted") == "accepted"]
            if one is None:
                lost += 1
            elif accepted:
                suppressed.append(
                    (
                        one,
                        f"suppressed in {tool}'s report: {words(accepted[0].get('justification')) or 'no reason given'}",
                    )
                )
            else:
                found.append(one)
    return Report(tuple(found), tuple(suppressed), lost)


class _Rules:
    """The reporting descriptors of one run, by index and by id."""

    def __init__(self, run: Any) -> None:
        tool = table(run, "tool")
        driver = table(tool, "driver")
        self.driver = words(driver.get("name")) or "unnamed"
        self.listed = rows(driver, "rules")
        self.by_id = {
            words(rule.get("id")): rule
            for component in (driver, *rows(tool, "extensions"))
            for rule in rows(component, "rules")
        }

    def of(self, result: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Id and descriptor of a result's rule; the descriptor may be empty."""
        index = result.get("ruleIndex", table(result, "rule").get("index"))
        native = words(result.get("ruleId")) or words(table(result, "rule").get("id"))
        usable = isinstance(index, int) and 0 <= index < len(self.listed)
        if not native and usable:
            native = words(self.listed[index].get("id"))
        rule = self.by_id.get(native) or (self.listed[index] if usable else {})
        return native or "unnamed", rule


def _finding(result: Mapping[str, Any], rules: _Rules, tool: str, reading: Reading) -> Finding | None:
    places = [p for p in (_location(one, reading) for one in rows(result, "locations")) if p is not None]
    if not places:
        return None
    native, rule = rules.of(result)
    title = words(table(rule, "shortDescription").get("text")) or words(rule.get("name"))
    level = words(result.get("level")) or words(table(rule, "defaultConfiguration").get("level")) or "warning"
    word = reading.word(result) or level
    one = finding(
        tool,
        native.removeprefix(f"{tool}/"),
        title,
        _message(result, rule) or title or native,
        word,
        places[0],
    )
    properties = table(rule, "properties")
    return replace(
        one,
        severity=_scored(properties) or one.severity,
        related=(*places[1:], *_places(rows(result, "relatedLocations"), reading)),
        code_flow=tuple(_flow(result, reading)),
        cwe=_cwe(rule, properties),
        remediation=words(table(rule, "help").get("text")),
    )


def _scored(properties: Mapping[str, Any]) -> Severity | None:
    """The `security-severity` of code scanning: a CVSS score as text."""
    try:
        return severity_of_score(float(properties.get("security-severity", "")))
    except (TypeError, ValueError):
        return None


def _message(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    message = table(result, "message")
    text = words(message.get("text"))
    if text:
        return text
    text = words(table(table(rule, "messageStrings"), words(message.get("id"))).get("text"))
    arguments = message.get("arguments")
    for number, argument in enumerate(arguments if isinstance(arguments, list) else ()):
        text = text.replace(f"{{{number}}}", words(argument))
    return text[:MAX_TEXT]


def _cwe(rule: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str, ...]:
    """From tags and from the `cwe` property, as programs write them, and from relationships to the taxonomy."""
    relations = [table(one, "target").get("id") for one in rows(rule, "relationships")]
    return tuple(
        dict.fromkeys(
            (*cwe_ids(properties.get("tags")), *cwe_ids(properties.get("cwe")), *cwe_ids(relations))
        )
    )


def cwe_ids(value: object) -> tuple[str, ...]:
    """The CWE ids in a text or in a list of texts, in any of the ways in which programs write them."""
    texts = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(f"CWE-{found[1]}" for text in texts for found in _CWE.finditer(words(text))))


def _flow(result: Mapping[str, Any], reading: Reading) -> Iterator[FlowStep]:
    for flow in rows(result, "codeFlows")[:1]:
        for thread in rows(flow, "threadFlows")[:1]:
            steps = [table(step, "location") for step in rows(thread, "locations")[:_MAX_STEPS]]
            if len(steps) > 1:
                yield from (FlowStep(place) for place in _places(steps, reading))


def _places(locations: list[Any], reading: Reading) -> list[Location]:
    return [place for one in locations if (place := _location(one, reading)) is not None]


def _location(location: Any, reading: Reading) -> Location | None:
    physical = table(location, "physicalLocation")
    uri = reading.uri_of(words(table(physical, "artifactLocation").get("uri")))
    if not uri:
        return None
    where = table(physical, "region")
    line = where.get("startLine")
    end_line = where.get("endLine", line)
    span = region(line, where.get("startColumn"), end_line, where.get("endColumn", where.get("startColumn")))
    return Location(uri, span, words(table(location, "message").get("text"))[:MAX_TEXT])


def plain_uri(text: str) -> str:
    """A relative path from an artifact uri that is not of a file we know: no scheme, no leading `/`, no step upwards."""
    path = unquote(text.removeprefix("file://"))
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))
