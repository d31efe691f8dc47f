"""One finding as the values that the HTML template shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.model.finding import Finding
from assay.model.fix import Fix
from assay.model.location import Location
from assay.model.scan import RankedFinding, RuleSummary
from assay.report import summary
from assay.report.highlight import tokens
from assay.report.printable import printable, shortened

_MAX_TITLE = 140
_MAX_BRIEF = 110
_MAX_PLACES = 10
_MAX_FLOW = 20
_MAX_FIX = 1200
_MAX_LINES = 12
_KINDS = {"n": "n1"}


def anchor(one: RankedFinding) -> str:
    """The element's id: the fingerprint, which may hold an occurrence."""
    return "f-" + one.triaged.fingerprint.replace(":", "-")


def finding_view(one: RankedFinding, rules: dict[str, RuleSummary], short: bool = False) -> dict[str, Any]:
    """The values for one finding. A short one only counts its further places and names fewer links, so that a long report opens."""
    finding = one.triaged.finding
    rule = rules[finding.rule_id]
    title = summary.headline(one, rules)
    places = 0 if short else _MAX_PLACES
    return {
        "id": anchor(one),
        "severity": finding.severity.value,
        "priority": one.priority.value,
        "bucket": summary.BUCKETS[one.priority],
        "engines": " ".join(dict.fromkeys(seen.engine for seen in summary.evidence_of(one))),
        "state": "new" if summary.is_new(one) else "inherited",
        "title": shortened(printable(title), _MAX_TITLE),
        "place": printable(summary.place_of(one)),
        "effort": one.effort,
        "brief": shortened(printable(finding.message), _MAX_BRIEF) if finding.message != title else "",
        "message": finding.message if finding.message != title or len(title) > _MAX_TITLE else "",
        "why": finding.why,
        "origin": summary.origin_of(one),
        "code": list(_code(finding.location)),
        "flow": list(_flow(finding)),
        "remedy": summary.remedy(one, rules),
        "fixes": [_fix(fix) for fix in finding.fixes[:3]],
        "related": [_place(place) for place in finding.related[:places]],
        "more": max(0, len(finding.related) - places),
        "score": f"{one.score:g}",
        "factors": [
            {"points": f"{factor.points:+g}", "name": factor.name, "value": factor.value}
            for factor in one.factors
        ],
        "evidence": [
            {"engine": seen.engine, "rule": seen.rule_id, "severity": seen.severity}
            for seen in summary.evidence_of(one)
        ],
        "certainty": _certainty(finding),
        "rule": finding.rule_id,
        "links": list(_links(finding, rule))[: 1 if short else None],
        "facts": _facts(one),
        "fingerprint": one.triaged.fingerprint,
    }


def _code(place: Location) -> Iterator[dict[str, object]]:
    """The masked lines with their numbers, tokens for colours, and whether the finding is on them."""
    if not place.snippet:
        return
    for offset, text in enumerate(place.snippet.rstrip("\n").split("\n")[:_MAX_LINES]):
        number = place.region.start_line + offset
        yield {
            "number": number,
            "hit": number <= place.region.end_line,
            "tokens": [(_KINDS.get(kind, kind), part) for kind, part in tokens(printable(text))],
        }


def _flow(finding: Finding) -> Iterator[dict[str, str]]:
    steps = finding.code_flow
    kept = steps if len(steps) <= _MAX_FLOW else (*steps[: _MAX_FLOW // 2], *steps[-_MAX_FLOW // 2 :])
    for step in kept:
        text = " ".join(part for part in (step.variable, step.location.message) if part)
        yield {"place": _place(step.location, with_message=False), "text": printable(text)}


def _place(place: Location, with_message: bool = True) -> str:
    text = f"{place.uri}:{place.region.start_line}"
    return printable(f"{text} {place.message}" if with_message and place.message else text)


def _fix(fix: Fix) -> dict[str, str]:
    edits = (f"line {edit.location.region.start_line}: {edit.replacement}" for edit in fix.edits)
    text = fix.command or "\n".join(edits)
    shown = text if len(text) <= _MAX_FIX else text[:_MAX_FIX] + "\n…"
    kind = (
        "command"
        if fix.command
        else {"safe": "safe to apply", "unsafe": "check it", "display": "for reading"}[
            fix.applicability.value
        ]
    )
    return {"title": fix.title, "kind": kind, "text": shown}


def _certainty(finding: Finding) -> str:
    words = f"{finding.verification.state.value}, {finding.confidence.value} confidence"
    how = [finding.verification.method, *finding.verification.evidence]
    details = "; ".join(part for part in how if part)
    return f"{words}: {details}" if details else words


def _links(finding: Finding, rule: RuleSummary) -> Iterator[dict[str, str]]:
    for cwe in finding.cwe:
        digits = cwe.removeprefix("CWE-")
        if digits.isdigit():
            yield {"text": cwe, "url": f"https://cwe.mitre.org/data/definitions/{digits}.html"}
    for alias in finding.aliases:
        if alias.replace("-", "").isalnum():
            yield {"text": alias, "url": f"https://osv.dev/vulnerability/{alias}"}
    for number, reference in enumerate(rule.references[:3], start=1):
        if reference.startswith(("https://", "http://")):
            yield {"text": f"reference {number}", "url": reference}


def _facts(one: RankedFinding) -> str:
    parts = [f"owned by {one.owner}"] if one.owner else []
    parts += [f"breaks {', '.join(one.controls)}"] if one.controls else []
    parts += [f"threats {', '.join(one.threats)}"] if one.threats else []
    return ", ".join(parts)
