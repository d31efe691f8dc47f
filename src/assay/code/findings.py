"""From events of the analysis to findings: which rule says it, how sure, and the steps from source to sink."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from assay.code.analysis import Analysis
from assay.code.conditions import fits
from assay.code.ir import span_end, span_start
from assay.code.places import Places
from assay.code.structure import Matches
from assay.code.summary import Event
from assay.code.uncalled import KINDS as UNCALLED_KINDS
from assay.code.values import Source, steps
from assay.model.finding import Finding, FlowStep, Verification, VerificationState
from assay.model.rule import Rule
from assay.model.severity import Confidence, Severity

ENGINE = "code"
_LONG = 600  # a longer region (a class, a function) is shown by its first line
_CONFIDENCE = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_LOWERED = {Severity.CRITICAL: Severity.HIGH, Severity.HIGH: Severity.MEDIUM, Severity.MEDIUM: Severity.LOW}
_STRONG = frozenset(("sql", "command", "code", "deserialize", "template", "expression"))
_WHENCE = {
    "remote": "a request",
    "trace": "a stack trace",
    "upload": "an upload's name",
    "local": "the command line, environment or a file",
    "stored": "stored data",
    "parameter": "the caller of a function that this project does not call itself",
}


class FlowRules:
    """Flow rules by kind, the more specific first."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            flow = rule.match.get("flow")
            if isinstance(flow, dict):
                kinds = flow["kind"] if isinstance(flow["kind"], list) else [flow["kind"]]
                for kind in kinds:
                    self.by_kind.setdefault(kind, []).append(rule)
        for found in self.by_kind.values():
            found.sort(key=_generality)

    def find(self, event: Event, language: str) -> Rule | None:
        """The rule that reports an event."""
        assert isinstance(event.origin, Source)
        for rule in self.by_kind.get(event.sink.kind, ()):
            flow = rule.match["flow"]
            assert isinstance(flow, dict)
            languages = rule.match.get("languages", ())
            assert isinstance(languages, list | tuple)
            if languages and language not in languages:
                continue
            if not _is_source(event, flow):
                continue
            sinks = flow.get("sinks")
            if sinks and not any(fits(event.sink.name, wanted) for wanted in sinks):
                continue
            return rule
        return None


def _is_source(event: Event, flow: dict[str, Any]) -> bool:
    assert isinstance(event.origin, Source)
    sources = flow.get("sources", ("remote", "local", "stored"))
    if event.origin.kind == "parameter":
        guessed = event.sink.row.raw.names[0].startswith("*.")
        if guessed and event.sink.kind != "sql":
            return False
        return "parameter" in sources or ("remote" in sources and event.sink.kind in UNCALLED_KINDS)
    # The name of an upload is data of a request that some rules tell apart.
    return event.origin.kind in sources or (event.origin.kind == "upload" and "remote" in sources)


def _generality(rule: Rule) -> int:
    flow = rule.match["flow"]
    assert isinstance(flow, dict)
    if flow.get("sinks"):
        return 0
    return 1 if "sources" in flow else 2


def flow_findings(
    analysis: Analysis, rules: FlowRules, places: dict[int, Places]
) -> Iterable[tuple[int, Finding]]:
    """Findings of the data flows, each with the number of its file."""
    for (number, _, _), event in sorted(analysis.findings.items(), key=lambda item: item[0]):
        info = analysis.world.modules[number]
        rule = rules.find(event, info.language)
        if rule is not None:
            yield number, _finding(event, rule, places)


def structure_findings(matches: Matches, places: dict[int, Places]) -> Iterable[tuple[int, Finding]]:
    """Findings of patterns, each with the number of its file."""
    for (_, number, span), rule in matches.found.items():
        yield (
            number,
            Finding(
                rule_id=rule.id,
                engine=ENGINE,
                message=rule.message,
                severity=rule.severity,
                confidence=rule.confidence,
                location=places[number].location(span, whole=span_end(span) - span_start(span) < _LONG),
                verification=Verification(VerificationState.SUSPECTED, "pattern"),
                cwe=rule.cwe,
            ),
        )


def _finding(event: Event, rule: Rule, places: dict[int, Places]) -> Finding:
    origin, sink = event.origin, event.sink
    assert isinstance(origin, Source)
    place = places[sink.module]
    path = _path(event, places)
    confidence = min(_CONFIDENCE[event.mark.confidence], rule.confidence)
    severity = _severity(rule.severity, origin.kind, sink.kind)
    whence = _WHENCE.get(origin.kind, origin.kind)
    start = places[origin.module].location(origin.span, whole=False)
    evidence = (
        f"{origin.what} at {start.uri}:{start.region.start_line} reaches {sink.name} in {len(path)} steps",
    )
    return Finding(
        rule_id=rule.id,
        engine=ENGINE,
        message=f"{rule.message} Data from {whence} ({origin.what}, line {start.region.start_line} of {start.uri}) reaches {sink.name}.",
        severity=severity,
        confidence=confidence,
        location=place.location(sink.span),
        verification=Verification(_state(origin), "dataflow", evidence),
        code_flow=path,
        cwe=rule.cwe,
    )


def _state(origin: Source) -> VerificationState:
    return VerificationState.SUSPECTED if origin.kind == "parameter" else VerificationState.CORROBORATED


def _severity(severity: Severity, source: str, kind: str) -> Severity:
    """What comes from the user's own command line is less: a tool opens the file it is told to, but must not run it as code."""
    if source == "parameter":
        return _LOWERED.get(severity, severity)
    if source != "local":
        return severity
    return _LOWERED.get(severity, severity) if kind in _STRONG else min(severity, Severity.LOW)


def _path(event: Event, places: dict[int, Places]) -> tuple[FlowStep, ...]:
    found: list[FlowStep] = []
    for module, span, name in steps(event.mark.trace):
        step = FlowStep(places[module].location(span, whole=False), name)
        if not found or (
            found[-1].location.region.start_line,
            found[-1].location.uri,
            found[-1].variable,
        ) != (
            step.location.region.start_line,
            step.location.uri,
            step.variable,
        ):
            found.append(step)
    sink = event.sink
    found.append(FlowStep(places[sink.module].location(sink.span, whole=False), sink.name))
    return tuple(found)
