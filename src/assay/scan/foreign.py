"""Programs of others in a scan: found side by side before the look; after it their findings are put in our terms, and their rules told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import EngineRun, EngineStatus, RankedFinding, RuleSummary
from assay.model.severity import Severity
from assay.scan.engines.canary import verify
from assay.scan.engines.protocol import EngineAbout, ForeignEngine, ToolOptions, is_foreign
from assay.scan.plan import Plan
from assay.scan.target.language import language_of
from assay.scan.target.select import Selection
from assay.scan.target.traits import traits_of
from assay.scan.triage.combine import is_own
from assay.scan.triage.merge import Drop
from assay.scan.triage.merge_infrastructure import own_partner
from assay.scan.triage.same_checks import classes_of, is_style


@dataclass(frozen=True, slots=True)
class State:
    """Why a program cannot be started, or, where its canary was asked for by itself, why its silence would mean nothing."""

    absent: str = ""
    broken: str = ""
    install: str = ""


def foreign_states(plan: Plan, selection: Selection, cache_folder: Path | None) -> dict[str, State]:
    """The state of every planned program that has a file to look at. They are looked for side by side: some take long to say their version."""
    engines = [engine for engine in plan.engines if is_foreign(engine) and _has_a_file(engine, selection)]
    if not engines:
        return {}
    from concurrent.futures import ThreadPoolExecutor  # only now: a scan without programs does not load it

    def prepared(engine: ForeignEngine) -> State:
        absent = engine.prepare(_options(plan, engine.name, cache_folder))
        return State(absent=absent, install="" if engine.program else engine.install)

    with ThreadPoolExecutor(len(engines)) as threads:
        return dict(zip((engine.name for engine in engines), threads.map(prepared, engines), strict=True))


def examine(engine: ForeignEngine, options: ToolOptions) -> State:
    """Find the program and show it its canary, and nothing else."""
    absent = engine.prepare(options)
    if absent:
        return State(absent=absent, install="" if engine.program else engine.install)
    return State(broken=verify(engine), install=engine.install)


def absent_run(engine: EngineAbout, state: State) -> EngineRun:
    """The run of a program that is not there, with how to install it, or that lacks something, which the reason says."""
    return EngineRun(
        engine.name,
        engine.version,
        EngineStatus.MISSING,
        reason=state.absent,
        advice=f"install: {state.install}" if state.install else "",
    )


def in_our_terms(
    raw: Sequence[Finding], rules: Mapping[str, Rule], left_out: Collection[str]
) -> tuple[list[Finding], list[Drop]]:
    """The tools' findings with what we know of their checks, and those that are no matter of this scan, each with the reason.

    A check that is a rule of ours takes its weakness, and its severity where the tool tells none. What our profile leaves out (`left_out`
    are the ids) is not let in by another program's door: what one of ours says of the same place decides, else all of its classes.
    """
    kept: list[Finding] = []
    drops: list[Drop] = []
    ours: dict[str, list[Finding]] = defaultdict(list)
    for finding in raw:
        if is_own(finding):
            ours[finding.location.uri].append(finding)
    for finding in raw:
        if is_own(finding):
            kept.append(finding)
            continue
        classes = classes_of(finding.rule_id)
        partner = own_partner(finding, ours[finding.location.uri]) if classes else None
        named = (partner.rule_id,) if partner is not None else classes
        if left_out and (is_style(finding.rule_id) or (named and all(one in left_out for one in named))):
            like = f": {named[0]}" if named else ""
            drops.append(Drop(finding, f"good style only, shown with --hygiene{like}"))
        else:
            kept.append(_informed(finding, rules.get(named[0]) if named else None))
    return kept, drops


def _informed(finding: Finding, rule: Rule | None) -> Finding:
    if rule is None:
        return finding
    return replace(
        finding,
        severity=rule.severity if finding.severity is Severity.UNKNOWN else finding.severity,
        cwe=finding.cwe or rule.cwe,
        remediation=finding.remediation
        if finding.remediation[:4] != "See "
        else rule.remediation or finding.remediation,
    )


def foreign_summaries(findings: Iterable[RankedFinding], known: frozenset[str]) -> list[RuleSummary]:
    """A summary for every rule that a finding names and no engine of ours knows, in the words of the program that reported it."""
    summaries: dict[str, RuleSummary] = {}
    for ranked in findings:
        finding = ranked.triaged.finding
        if finding.rule_id in known or finding.rule_id in summaries:
            continue
        own = [one for one in finding.evidence if one.engine == finding.engine]
        title = own[0].message if own and own[0].message else finding.message
        summaries[finding.rule_id] = RuleSummary(
            id=finding.rule_id,
            title=title.strip().partition("\n")[0],
            description=finding.message,
            remediation=finding.remediation or f"Read what {finding.engine} documents for this rule.",
            severity=finding.severity,
            confidence=finding.confidence,
            cwe=finding.cwe,
        )
    return [summary for _, summary in sorted(summaries.items())]


def _has_a_file(engine: ForeignEngine, selection: Selection) -> bool:
    if not selection.files:
        return True
    return any(engine.wants(file.uri, language_of(file.uri), traits_of(file.uri)) for file in selection.files)


def _options(plan: Plan, name: str, cache_folder: Path | None) -> ToolOptions:
    request = plan.request
    files = (
        request.imports if name == "imported" else tuple(f for tool, f in request.tool_files if tool == name)
    )
    return ToolOptions(request.offline, files, _own_folder(cache_folder, name))


def _own_folder(cache_folder: Path | None, name: str) -> str:
    """A folder in our cache for what a program compiles anew at every start otherwise; "" where none can be had."""
    if cache_folder is None:
        return ""
    folder = cache_folder / "programs" / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return ""
    return str(folder)
