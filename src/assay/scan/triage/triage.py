"""Phase 4, one step after another: one finding per flaw, its lasting identity, against the base, suppressed or not, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assay.model.finding import Finding
from assay.model.scan import Notification, RankedFinding, ScanMode, ScanRequest, ScanType, TriagedFinding
from assay.model.severity import Severity
from assay.scan.triage.agent_marks import agent_added
from assay.scan.triage.baseline import compare, read_baseline, with_baseline
from assay.scan.triage.context import CONTEXT_FILE, Fact, read_context
from assay.scan.triage.identity import fingerprints
from assay.scan.triage.inference import owners_of
from assay.scan.triage.inline import Mark, may_hold_marks, parse_marks
from assay.scan.triage.line_hash import line_hashes
from assay.scan.triage.merge import Merged, merge
from assay.scan.triage.peer_marks import peer_marks
from assay.scan.triage.rank import rank
from assay.scan.triage.snippet import with_snippets
from assay.scan.triage.source import Sources
from assay.scan.triage.suppression import apply, in_use
from assay.scan.triage.suppression_file import read_suppressions

BASELINE_FILE = Path(".assay") / "baseline.json"
SUPPRESSIONS_FILE = Path(".assay") / "suppressions.yaml"
Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Side:
    """Raw findings of one side (the target, or its base), how to read its files, and which files may hold suppression comments.

    `allowed` are further findings, each with the comment of another scanner that lets it pass.
    """

    findings: Sequence[Finding]
    read: Read
    marked: Sequence[str] = ()
    allowed: Sequence[tuple[Finding, str]] = ()

    def every(self) -> tuple[Finding, ...]:
        """All findings, also those that are let pass."""
        return (*self.findings, *(finding for finding, _ in self.allowed))


@dataclass(frozen=True, slots=True)
class Triaged:
    """The findings in the order to be read, what must be said about baseline and suppressions, and what became of every raw finding."""

    findings: tuple[RankedFinding, ...]
    notifications: tuple[Notification, ...]
    merged: Merged


def triage(
    request: ScanRequest,
    head: Side,
    base: Side | None,
    *,
    partial: bool,
    facts: Sequence[Fact] = (),
    controls: Mapping[str, tuple[str, ...]] | None = None,
) -> Triaged:
    """Merge, identify, compare, suppress, rank. `partial`: only a part of the tree was looked at, so nothing can be called absent.

    `facts` are what engines saw of exposure, data and the like; owners are added here from CODEOWNERS.
    `controls` are the compliance controls that each rule names, by rule id.

    Raises:
        ConfigError: the baseline, the suppression file or the context does not load.
    """
    sources = Sources(head.read)
    merged = merge(head.every())
    identified = identify(merged, sources)
    if _secrets_looked(request):
        identified = with_snippets(identified, sources)
    stated, absent, notes = _against(request, identified, base, partial=partial)
    visible, hidden = _above(stated, request.severity)
    marks, complaints = _marks(head, sources)
    marks += peer_marks(head.allowed, visible)
    external = read_suppressions(Path(request.root) / SUPPRESSIONS_FILE)
    today = datetime.now(UTC).date()
    added = agent_added(request.root, in_use(visible, marks))
    ledger = apply(visible, marks, external, today, added, check_unused=not partial)
    context = read_context(Path(request.root) / CONTEXT_FILE, (*facts, *owners_of(head.read)), request.paths)
    ranked = rank((*ledger.findings, *_above(absent, request.severity)[0]), context, controls)
    return Triaged(ranked, (*notes, *hidden, *complaints, *ledger.notifications), merged)


def _secrets_looked(request: ScanRequest) -> bool:
    """Whether lines may be shown: the secrets engine said what to mask in them, in the files as they are read now."""
    asked = {ScanType.FULL, ScanType.SECRETS} & set(request.types)
    chosen = not request.engines or "secrets" in request.engines
    return bool(asked) and chosen and request.mode is not ScanMode.HISTORY


def identify(one_per_flaw: Merged, sources: Sources) -> tuple[TriagedFinding, ...]:
    """Every finding with its fingerprint and the line hash that code scanning expects."""
    merged = one_per_flaw.findings
    prints = fingerprints(merged, sources)
    wanted: dict[str, set[int]] = {}
    for finding in merged:
        wanted.setdefault(finding.location.uri, set()).add(finding.location.region.start_line)
    hashes = {uri: line_hashes(sources.content(uri), lines) for uri, lines in wanted.items()}
    return tuple(
        TriagedFinding(
            finding, mark, hashes[finding.location.uri].get(finding.location.region.start_line, "")
        )
        for finding, mark in zip(merged, prints, strict=True)
    )


def _against(
    request: ScanRequest, findings: tuple[TriagedFinding, ...], base: Side | None, *, partial: bool
) -> tuple[tuple[TriagedFinding, ...], tuple[TriagedFinding, ...], tuple[Notification, ...]]:
    """States against the base ref, else against the baseline file, else none; what is absent; what must be said."""
    if base is not None:
        stated, absent = compare(identify(merge(base.every()), Sources(base.read)), findings)
        return stated, absent, ()
    path = Path(request.root) / BASELINE_FILE
    if not path.exists():
        return findings, (), ()
    stated, gone = with_baseline(findings, read_baseline(path).findings)
    if partial or not gone:
        return stated, (), ()
    text = f"{len(gone)} findings of the baseline are gone: `assay baseline prune` takes them out"
    return stated, (), (Notification("note", text, "baseline"),)


def _above(
    findings: tuple[TriagedFinding, ...], least: Severity
) -> tuple[tuple[TriagedFinding, ...], tuple[Notification, ...]]:
    """Findings at or above the threshold; one of unknown severity is never hidden. What is hidden is counted."""
    kept = tuple(
        one for one in findings if one.finding.severity >= least or one.finding.severity is Severity.UNKNOWN
    )
    hidden = len(findings) - len(kept)
    if not hidden:
        return kept, ()
    return kept, (
        Notification("note", f"{hidden} findings below severity {least.value} are not shown", "severity"),
    )


def _marks(head: Side, sources: Sources) -> tuple[list[Mark], list[Notification]]:
    """Suppression comments of the files that may hold some, and what is wrong with those that do not count."""
    marks: list[Mark] = []
    complaints: list[Notification] = []
    for uri in head.marked:
        if may_hold_marks(sources.content(uri)):
            found, wrong = parse_marks(uri, sources.lines(uri))
            marks += found
            complaints += wrong
    return marks, complaints
