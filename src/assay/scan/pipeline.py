"""The spine of a scan, one phase after another: plan -> verify tools -> look -> merge and rank -> (report) -> gate.

The plan is made before (`scan.plan`), since it must stand before any file is opened; reports are the door's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from assay.model.errors import GitError
from assay.model.finding import Finding
from assay.model.rule import Profile, Rule
from assay.model.scan import (
    EngineRun,
    EngineStatus,
    FileAccount,
    FileStatus,
    GatePolicy,
    RankedFinding,
    RuleSummary,
    ScanMode,
    ScanResult,
    ScanType,
)
from assay.model.version import VERSION
from assay.scan.engines.cache import Cache
from assay.scan.engines.canary import verify
from assay.scan.engines.protocol import ComparingEngine, is_foreign
from assay.scan.engines.reader import Reader
from assay.scan.engines.registry import AnyEngine
from assay.scan.engines.runner import Looked, LookRequest, Observer, look
from assay.scan.foreign import absent_run, foreign_states, foreign_summaries, in_our_terms
from assay.scan.gate.verdict import judge
from assay.scan.plan import Plan
from assay.scan.target.file import SourceFile, TargetFile
from assay.scan.target.language import language_of
from assay.scan.target.repository import find_repository, head_commit
from assay.scan.target.select import Selection, select
from assay.scan.target.traits import traits_of
from assay.scan.trace import Trace
from assay.scan.triage.merge import Drop, Merged
from assay.scan.triage.observed import observe
from assay.scan.triage.triage import Side, Triaged, triage


@dataclass(frozen=True, slots=True)
class _Means:
    """What a scan works with: clock, reader, cache folder, who watches, and the settings' file for the report."""

    trace: Trace
    reader: Reader
    cache_folder: Path | None
    observe: Observer
    config_file: str
    account: Callable[[Merged], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """Phase 3: what the engines saw in the target, and in the base where there is one."""

    head: Looked
    base: Looked | None
    selection: Selection


def scan(
    plan: Plan,
    policy: GatePolicy,
    cache_folder: Path | None,
    observe: Observer,
    config_file: str = "",
    account: Callable[[Merged], None] = lambda _merged: None,
) -> ScanResult:
    """Carry out a plan. `account` is given what became of every raw finding.

    Raises:
        TargetError: the target cannot be reached, or git cannot tell what changed.
        ConfigError: a baseline or suppression file does not load.
    """
    trace = Trace()
    reader = Reader(plan.request.root, plan.request.max_file_bytes)
    with closing(reader):
        return _phases(plan, policy, _Means(trace, reader, cache_folder, observe, config_file, account))


def _phases(plan: Plan, policy: GatePolicy, means: _Means) -> ScanResult:
    trace = means.trace
    with trace.phase("plan") as said:
        said.append(f"{len(plan.engines)} engines")
    with trace.phase("verify tools") as said:
        selection = _select(plan)
        sound, others = _verify(plan, selection, means.cache_folder)
        _ask_issuers(plan, sound)
        said.append(f"{len(sound)} ok" + "".join(f", {run.engine} {run.status.value}" for run in others))
    with trace.phase("look") as said:
        seen = _look(plan, sound, selection, means)
        said.append(f"{len(seen.head.accounts)} files, {len(seen.head.findings)} raw findings")
    with trace.phase("merge and rank") as said:
        triaged = _triage(plan, seen, means.reader)
        means.account(triaged.merged)
        said.append(f"{len(triaged.findings)} findings")
    with trace.phase("judge") as said:
        runs = _runs(plan, [*(_noted(run, sound) for run in seen.head.runs), *others], trace)
        accounts = _accounts(seen)
        verdict = judge(triaged.findings, runs, accounts, policy, seen.head.interrupted, _types_of(plan))
        said.append(verdict.result.value)
    return ScanResult(
        request=plan.request,
        tool_version=VERSION,
        started_at=trace.started_at,
        seconds=trace.seconds(),
        findings=triaged.findings,
        files=accounts,
        engines=tuple(runs),
        verdict=verdict,
        rules=_summaries(plan, triaged.findings),
        notifications=(*seen.selection.notifications, *triaged.notifications),
        phases=tuple(trace.phases),
        config_file=means.config_file,
        commit=_commit(plan.request.root),
        rules_digest=plan.rules_digest,
        interrupted=seen.head.interrupted,
    )


def _select(plan: Plan) -> Selection:
    """The names and sizes of what will be looked at. A history lists its blobs while it is read."""
    return Selection(()) if plan.request.mode is ScanMode.HISTORY else select(plan.request)


def _verify(
    plan: Plan, selection: Selection, cache_folder: Path | None
) -> tuple[list[AnyEngine], list[EngineRun]]:
    """Engines that can look, and runs that say why the others do not: broken, or no file is theirs.

    Ours have found their canary; a foreign program is shown its own among the files, in the one start that it gets.
    """
    sound, others = [], []
    foreign = foreign_states(plan, selection, cache_folder)
    for engine in plan.engines:
        if selection.files and not any(_is_wanted(engine, file.uri) for file in selection.files):
            run = EngineRun(engine.name, engine.version, EngineStatus.NOT_APPLICABLE, reason="no file for it")
            others.append(run)
            continue
        state = foreign.get(engine.name)
        if state is not None and state.absent:
            others.append(absent_run(engine, state))
            continue
        problem = "" if state is not None else verify(engine)
        if problem:
            run = EngineRun(
                engine.name, engine.version, EngineStatus.BROKEN, reason=problem, advice="see `assay doctor`"
            )
            others.append(run)
        else:
            sound.append(engine)
    return sound, others


def _ask_issuers(plan: Plan, engines: list[AnyEngine]) -> None:
    """Only now, so that no canary is ever sent anywhere, and only where it was asked for."""
    if plan.request.verify_secrets is None:
        return
    for engine in engines:
        start = getattr(engine, "ask_issuers", None)
        if start is not None:
            start(dict(plan.request.verify_secrets))


def _is_wanted(engine: AnyEngine, uri: str) -> bool:
    return getattr(engine, "wants_everything", False) or engine.wants(uri, language_of(uri), traits_of(uri))


def _look(plan: Plan, engines: list[AnyEngine], selection: Selection, means: _Means) -> Seen:
    request = _look_request(plan, engines, selection.files, means)
    if plan.request.mode is ScanMode.HISTORY:
        from assay.scan.history import look_at_history

        return Seen(look_at_history(request, means.observe), None, selection)
    head = look(replace(request, focus=selection.focus), means.observe)
    base = None
    if selection.base is not None and not head.interrupted:
        # The base is compared by content digest only: its snapshot must not replace the one of the working tree.
        sides = replace(
            request, files=selection.base.files, focus=selection.base.focus, key=request.key + b"base"
        )
        base = look(sides)
        head.findings.extend(_compared(engines, selection, means.reader))
    return Seen(head, base, selection)


def _compared(engines: list[AnyEngine], selection: Selection, reader: Reader) -> list[Finding]:
    """What engines say of the files that exist on both sides of the change, seen side by side."""
    comparing = [engine for engine in engines if isinstance(engine, ComparingEngine)]
    if not comparing or selection.change is None or selection.base is None:
        return []
    before = _read_from(reader, selection.base.files)
    after = _read_from(reader, selection.files)
    changed = []
    for uri, file in selection.change.files.items():
        if file.old_uri:
            old, new = before(file.old_uri), after(uri)
            if old is not None and new is not None:
                changed.append((uri, old, new))
    return [finding for engine in comparing for finding in engine.compare(changed)]


def _noted(run: EngineRun, engines: Iterable[AnyEngine]) -> EngineRun:
    """The run with what must be known of the program that made it, as that its version is an untested one."""
    notes = {engine.name: engine.notes for engine in engines if is_foreign(engine)}
    return replace(run, notifications=(*notes.get(run.engine, ()), *run.notifications))


def _look_request(
    plan: Plan, engines: list[AnyEngine], files: tuple[TargetFile, ...], means: _Means
) -> LookRequest:
    request = plan.request
    return LookRequest(
        root=request.root,
        files=files,
        engines=engines,
        jobs=request.jobs,
        programs=request.programs,
        offline=request.offline,
        reader=means.reader,
        file_seconds=request.file_seconds,
        engine_seconds=request.engine_seconds,
        cache=Cache(means.cache_folder) if means.cache_folder else None,
        key=bytes.fromhex(plan.rules_digest) + repr((request.paths, request.max_file_bytes)).encode(),
    )


def _triage(plan: Plan, seen: Seen, reader: Reader) -> Triaged:
    selection = seen.selection
    wanted, left_out = _wanted(plan, seen.head.findings)
    head = Side(
        wanted,
        _read_from(reader, selection.files),
        tuple(sorted(seen.head.marked)),
        seen.head.allowed,
    )
    partial = selection.focus is not None or bool(plan.request.paths != ("",) and plan.request.paths)
    base = None
    if seen.base is not None and selection.base is not None:
        read = _read_from(reader, selection.base.files)
        base = Side(_wanted(plan, _base_findings(seen))[0], read, allowed=_base_allowed(seen))
    # Who reaches the code matters only where something was found in it; a leaked secret is as bad wherever it stands.
    matters = head.findings and set(plan.request.types) != {ScanType.SECRETS}
    facts = observe([file.uri for file in selection.files], head.read) if matters else ()
    triaged = triage(plan.request, head, base, partial=partial, facts=facts, controls=_controls(plan))
    return replace(triaged, merged=replace(triaged.merged, drops=(*triaged.merged.drops, *left_out)))


def _controls(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The compliance controls that each rule names."""
    return {rule.id: rule.controls for engine in plan.engines for rule in engine.rules() if rule.controls}


def _wanted(plan: Plan, findings: list[Finding]) -> tuple[list[Finding], list[Drop]]:
    """Findings of the types that were asked for, of the default profile or, when asked for, of the hygiene profile too; and the others."""
    request = plan.request
    style: set[str] = set()
    other_types: set[str] = set()
    asked = frozenset(request.types)
    for engine in plan.engines:
        if not request.hygiene:
            style |= {rule.id for rule in engine.rules() if rule.profile is Profile.HYGIENE}
        types_of = getattr(engine, "types_of", None)
        if types_of is not None and ScanType.FULL not in asked and not request.engines:
            other_types |= {rule.id for rule in engine.rules() if not types_of(rule.id) & asked}
    drops = [Drop(f, "of a type that was not asked for") for f in findings if f.rule_id in other_types]
    drops += [
        Drop(f, "good style only, shown with --hygiene")
        for f in findings
        if f.rule_id in style and f.rule_id not in other_types
    ]
    if any(is_foreign(engine) for engine in plan.engines):
        rules = {rule.id: rule for engine in plan.engines for rule in engine.rules()}
        findings, foreign = in_our_terms(findings, rules, style)
        drops += foreign
    left_out = style | other_types
    return [finding for finding in findings if finding.rule_id not in left_out], drops


def _base_findings(seen: Seen) -> list[Finding]:
    """The base's findings: those of its changed files, and those of today's unchanged files, which were the same then."""
    assert seen.base is not None
    assert seen.selection.change is not None
    changed = seen.selection.change.files
    project = seen.head.project_engines
    same = [f for f in seen.head.findings if f.location.uri not in changed and f.engine not in project]
    return [*seen.base.findings, *same]


def _base_allowed(seen: Seen) -> list[tuple[Finding, str]]:
    """What comments of other scanners let pass in the base: as with its findings."""
    assert seen.base is not None
    assert seen.selection.change is not None
    changed = seen.selection.change.files
    same = [(f, comment) for f, comment in seen.head.allowed if f.location.uri not in changed]
    return [*seen.base.allowed, *same]


def _read_from(reader: Reader, files: Iterable[TargetFile]) -> Callable[[str], bytes | None]:
    by_uri = {file.uri: file for file in files}

    def read(uri: str) -> bytes | None:
        file = by_uri.get(uri)
        source = reader.read(file) if file is not None else None
        return source.content if isinstance(source, SourceFile) else None

    return read


def _runs(plan: Plan, runs: list[EngineRun], trace: Trace) -> list[EngineRun]:
    """Every engine of the registry, with what the verdict depends on; without measured times where a report must be reproducible."""
    finished = [replace(run, required=plan.is_required(run.engine)) for run in runs]
    if trace.reproducible:
        finished = [replace(run, started=0.0, seconds=0.0, cached=0) for run in finished]
    return [*finished, *plan.not_requested]


def _accounts(seen: Seen) -> tuple[FileAccount, ...]:
    """Every file that was met, sorted; with a focus, the files outside of it are one account."""
    focus = seen.selection.focus
    looked = [account for account in seen.head.accounts if focus is None or account.uri in focus]
    rest = len(seen.head.accounts) - len(looked)
    accounts = [*looked, *seen.selection.accounts]
    if rest:
        accounts.append(FileAccount(".", FileStatus.SKIPPED, "unchanged", f"{rest} files"))
    return tuple(sorted(accounts, key=lambda account: account.uri))


def _commit(root: str) -> str:
    """The commit that is checked out, "" outside of git."""
    try:
        return head_commit(find_repository(root))
    except GitError:
        return ""


def _types_of(plan: Plan) -> dict[str, frozenset[ScanType]]:
    """The scan types of engines that have one answer for all of their rules; of others the rule's domain decides."""
    return {
        engine.name: frozenset(engine.scan_types)
        for engine in plan.engines
        if not hasattr(engine, "types_of")
    }


def _summaries(plan: Plan, findings: Sequence[RankedFinding]) -> tuple[RuleSummary, ...]:
    """The rules that findings name, for reports."""
    named = {ranked.triaged.finding.rule_id for ranked in findings}
    rules = {rule.id: rule for engine in plan.engines for rule in engine.rules() if rule.id in named}
    ours = [_summary(rule) for _, rule in sorted(rules.items())]
    return (*ours, *foreign_summaries(findings, frozenset(rules)))


def _summary(rule: Rule) -> RuleSummary:
    return RuleSummary(
        id=rule.id,
        title=rule.title,
        description=rule.message,
        remediation=rule.remediation,
        severity=rule.severity,
        confidence=rule.confidence,
        cwe=rule.cwe,
        owasp=rule.owasp,
        controls=rule.controls,
        references=rule.references,
    )
