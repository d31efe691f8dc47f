"""What was there before: `.assay/baseline.json`, and the comparison of two lists of findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from assay.model.errors import ConfigError, ReportError
from assay.model.finding import VerificationState
from assay.model.scan import BaselineState, TriagedFinding
from assay.model.severity import Severity

SCHEMA = "assay.baseline/1"
_MAX_BYTES = 64 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known finding: enough to recognise it and to show it, and nothing of the code."""

    fingerprint: str
    rule: str
    uri: str
    line: int
    severity: Severity
    verification: VerificationState = VerificationState.SUSPECTED


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The findings that a team has decided to live with for now. `created` is YYYY-MM-DD, entries are sorted."""

    schema: str
    tool: str
    created: str
    findings: list[Entry]


def baseline_of(findings: Iterable[TriagedFinding], tool: str, created: str) -> Baseline:
    """The baseline of what a scan found. Suppressed findings have their own ledger and are left out, as are absent ones."""
    entries = [entry_of(finding) for finding in findings if finding.active]
    entries.sort(key=lambda entry: (entry.uri, entry.line, entry.rule, entry.fingerprint))
    return Baseline(SCHEMA, tool, created, entries)


def entry_of(triaged: TriagedFinding) -> Entry:
    """The entry for one finding."""
    finding = triaged.finding
    return Entry(
        triaged.fingerprint,
        finding.rule_id,
        finding.location.uri,
        finding.location.region.start_line,
        finding.severity,
        finding.verification.state,
    )


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        ConfigError: the file cannot be read, is no baseline, or is one of another version.
    """
    advice = "write it again with `assay baseline write`"
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path}: larger than {_MAX_BYTES} bytes, no baseline of ours", advice)
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        raise ConfigError(f"{path}: the baseline cannot be read: {error.strerror}", advice) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not a baseline: {error}", advice) from error
    if baseline.schema != SCHEMA:
        raise ConfigError(f"{path}: the baseline's schema is {baseline.schema!r}, not {SCHEMA!r}", advice)
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline whole or not at all; one entry a line, so that a review shows what changed.

    Raises:
        ReportError: the file cannot be written.
    """
    data = msgspec.json.format(msgspec.json.encode(baseline), indent=1) + b"\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ReportError(f"{path}: the baseline cannot be written: {error.strerror}") from error


def prune(baseline: Baseline, findings: Iterable[TriagedFinding]) -> tuple[Baseline, tuple[Entry, ...]]:
    """The baseline without the entries that are not found any more, and those entries. Nothing is ever added."""
    present = {finding.fingerprint for finding in findings}
    gone = tuple(entry for entry in baseline.findings if entry.fingerprint not in present)
    kept = [entry for entry in baseline.findings if entry.fingerprint in present]
    return msgspec.structs.replace(baseline, findings=kept), gone


def with_baseline(
    findings: Sequence[TriagedFinding], known: Iterable[Entry]
) -> tuple[tuple[TriagedFinding, ...], tuple[Entry, ...]]:
    """Each finding with its state against what was known, and the known entries that are absent now.

    NEW: not known. UNCHANGED: known. UPDATED: known, and worse than it was (a higher severity, a stronger verification).
    """
    before = {entry.fingerprint: entry for entry in known}
    stated = tuple(
        replace(finding, baseline=_state(finding, before.get(finding.fingerprint))) for finding in findings
    )
    present = {finding.fingerprint for finding in findings}
    return stated, tuple(entry for entry in before.values() if entry.fingerprint not in present)


def compare(
    base: Sequence[TriagedFinding], head: Sequence[TriagedFinding]
) -> tuple[tuple[TriagedFinding, ...], tuple[TriagedFinding, ...]]:
    """The findings of `head` with their state against `base`, and the findings of `base` that are absent in `head`.

    Both lists must cover the same files under their names on each side; only files that changed need to be scanned on both.
    """
    stated, gone = with_baseline(head, (entry_of(finding) for finding in base))
    missing = {entry.fingerprint for entry in gone}
    absent = tuple(
        replace(finding, baseline=BaselineState.ABSENT) for finding in base if finding.fingerprint in missing
    )
    return stated, absent


def _state(finding: TriagedFinding, before: Entry | None) -> BaselineState:
    if before is None:
        return BaselineState.NEW
    now = entry_of(finding)
    states = list(VerificationState)
    stronger = states.index(now.verification) > states.index(before.verification)
    return BaselineState.UPDATED if now.severity > before.severity or stronger else BaselineState.UNCHANGED
