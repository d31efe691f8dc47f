"""All of triage in its order: merge, fingerprint, baseline, suppressions, rank. The one call that a scan makes between looking and the gate."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from assay.model.finding import Finding
from assay.model.scan import Notification, RankedFinding, TriagedFinding
from assay.scan.triage.baseline import Entry, with_baseline
from assay.scan.triage.identity import fingerprints
from assay.scan.triage.inline import Mark, may_hold_marks, parse_marks
from assay.scan.triage.line_hash import line_hashes
from assay.scan.triage.merge import Drop, Joined, merge
from assay.scan.triage.rank import rank
from assay.scan.triage.source import Reader, Sources
from assay.scan.triage.suppression import apply
from assay.scan.triage.suppression_file import External


@dataclass(frozen=True, slots=True)
class TriageInput:
    """What triage needs to know besides findings.

    `known` are the entries of the baseline or of the base ref's findings, None where nothing is compared. `mark_files` are the files to
    look for suppression comments in, beyond those with findings (for "unused"); `whole` says that the scan covered the whole tree.
    """

    read: Reader
    today: date
    known: tuple[Entry, ...] | None = None
    external: tuple[External, ...] = ()
    agent_added: Collection[tuple[str, int]] = field(default_factory=frozenset)
    mark_files: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Triage:
    """Ranked findings in the order to be read; what became of every raw one; baseline entries that are gone; what must be said."""

    findings: tuple[RankedFinding, ...]
    joined: tuple[Joined, ...]
    drops: tuple[Drop, ...]
    gone: tuple[Entry, ...]
    notifications: tuple[Notification, ...]


def triage(raw: Iterable[Finding], given: TriageInput) -> Triage:
    """Raw findings of all engines -> ranked findings with identity, state and suppression."""
    merged = merge(raw)
    sources = Sources(given.read)
    found = identified(merged.findings, sources)
    gone: tuple[Entry, ...] = ()
    if given.known is not None:
        found, gone = with_baseline(found, given.known)
    marks, broken = _marks(found, given.mark_files, sources)
    ledger = apply(found, marks, given.external, given.today, given.agent_added, check_unused=given.whole)
    return Triage(rank(ledger.findings), merged.joined, merged.drops, gone, (*broken, *ledger.notifications))


def identified(findings: tuple[Finding, ...], sources: Sources) -> tuple[TriagedFinding, ...]:
    """Findings with our fingerprint and with code scanning's."""
    wanted: dict[str, set[int]] = {}
    for finding in findings:
        wanted.setdefault(finding.location.uri, set()).add(finding.location.region.start_line)
    hashes = {uri: line_hashes(sources.content(uri), lines) for uri, lines in wanted.items()}
    return tuple(
        TriagedFinding(finding, fingerprint, _line_hash(finding, hashes))
        for finding, fingerprint in zip(findings, fingerprints(findings, sources), strict=True)
    )


def _line_hash(finding: Finding, hashes: dict[str, dict[int, str]]) -> str:
    return hashes[finding.location.uri].get(finding.location.region.start_line, "")


def _marks(
    found: Iterable[TriagedFinding], further: Iterable[str], sources: Sources
) -> tuple[tuple[Mark, ...], tuple[Notification, ...]]:
    uris = {place.uri for one in found for place in (one.finding.location, *one.finding.related)}
    marks: list[Mark] = []
    notes: list[Notification] = []
    for uri in sorted(uris.union(further)):
        if may_hold_marks(sources.content(uri)):
            here, wrong = parse_marks(uri, sources.lines(uri))
            marks += here
            notes += wrong
    return tuple(marks), tuple(notes)
