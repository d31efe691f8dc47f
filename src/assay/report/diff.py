"""What changed between two results: new, gone, and findings whose severity, priority or suppression changed, with the reason where one is known."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.scan import RankedFinding, ScanResult
from assay.report import summary
from assay.report.printable import printable


@dataclass(frozen=True, slots=True)
class Change:
    """One finding in both results whose standing differs: what differs, in words."""

    before: RankedFinding
    after: RankedFinding
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Active findings only in the second result, only in the first, and in both but different; and how many are the same."""

    new: tuple[RankedFinding, ...]
    gone: tuple[RankedFinding, ...]
    changed: tuple[Change, ...]
    same: int
    notes: tuple[str, ...]


def difference(before: ScanResult, after: ScanResult) -> Difference:
    """Compare two results by fingerprint, whatever their baselines said."""
    old = {one.triaged.fingerprint: one for one in summary.active(before)}
    new = {one.triaged.fingerprint: one for one in summary.active(after)}
    both = [(old[key], new[key]) for key in new if key in old]
    changes = [Change(a, b, what) for a, b in both if (what := _what(a, b))]
    return Difference(
        new=tuple(one for key, one in new.items() if key not in old),
        gone=tuple(one for key, one in old.items() if key not in new),
        changed=tuple(changes),
        same=len(both) - len(changes),
        notes=_notes(before, after),
    )


def text(before: ScanResult, after: ScanResult) -> str:
    """The difference for a terminal."""
    found = difference(before, after)
    lines = [
        f"{len(found.new)} new, {len(found.gone)} gone, {len(found.changed)} changed, {found.same} the same"
    ]
    lines += [f"note: {note}" for note in found.notes]
    lines += [f"+ {_line(one)}" for one in found.new]
    lines += [f"- {_line(one)}" for one in found.gone]
    lines += [f"~ {_line(change.after)}: {', '.join(change.what)}" for change in found.changed]
    return "\n".join(lines) + "\n"


def _what(before: RankedFinding, after: RankedFinding) -> tuple[str, ...]:
    a, b = before.triaged.finding, after.triaged.finding
    pairs = (
        ("severity", a.severity.value, b.severity.value),
        ("confidence", a.confidence.value, b.confidence.value),
        ("verification", a.verification.state.value, b.verification.state.value),
        ("priority", before.priority.value, after.priority.value),
        ("file", a.location.uri, b.location.uri),
    )
    words = [f"{name} {was} -> {now}" for name, was, now in pairs if was != now]
    if before.priority is not after.priority:
        words += _factors(before, after)
    return tuple(printable(word) for word in words)


def _factors(before: RankedFinding, after: RankedFinding) -> list[str]:
    """Why a priority changed: the terms of the sum that differ."""
    was = {factor.name: factor for factor in before.factors}
    now = {factor.name: factor for factor in after.factors}
    words = []
    for name in dict.fromkeys((*was, *now)):
        old, new = was.get(name), now.get(name)
        if old != new:
            left = f"{old.value} {old.points:+g}" if old else "not known"
            right = f"{new.value} {new.points:+g}" if new else "not known"
            words.append(f"{name}: {left} -> {right}")
    return words


def _notes(before: ScanResult, after: ScanResult) -> tuple[str, ...]:
    """What makes two results hard to compare: other rules, or engines that looked in one of them only."""
    notes = []
    if before.rules_digest != after.rules_digest:
        notes.append("the rules differ, so a finding may be new or gone without a change of the code")
    unseen = {run.engine for run in summary.silent_engines(after)}
    ran = {run.engine for run in before.engines if run not in summary.silent_engines(before)}
    notes += [
        f"engine {name} did not look fully in the second scan: what it found before may still be there"
        for name in sorted(unseen & ran)
    ]
    return tuple(notes)


def _line(one: RankedFinding) -> str:
    finding = one.triaged.finding
    return printable(
        f"{one.priority.value} {finding.severity.value} {summary.place_of(one)} {finding.rule_id}"
    )
