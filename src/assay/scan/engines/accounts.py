"""What files and engines came to: one account for each file, one status and the notes of each engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from assay.model.scan import EngineStatus, FileAccount, FileStatus, Notification
from assay.scan.engines.outcome import FileOutcome
from assay.scan.engines.protocol import Ending, Look

_MAX_NOTIFICATIONS = 200


@dataclass(slots=True)
class Tally:
    """One engine's numbers while it runs."""

    started: float = -1.0
    seconds: float = 0.0
    cached: int = 0
    problem: str = ""
    complete: bool = False
    ending: Ending | None = None
    looks: dict[str, Look] = field(default_factory=dict)


WORSE = {FileStatus.SKIPPED: 0, FileStatus.SCANNED: 1, FileStatus.PARTIAL: 2, FileStatus.FAILED: 3}


def joined(
    uri: str, outcome: FileOutcome | None, engines: list[str], look: Look | None, interrupted: bool
) -> FileAccount:
    """One account for a file from what the file engines and the project engines say."""
    account = outcome.account if outcome else None
    if account is None and look is None:
        if interrupted:
            return FileAccount(uri, FileStatus.FAILED, "interrupted")
        return FileAccount(uri, FileStatus.SKIPPED, "unsupported")
    if account is not None and not engines:
        return account
    names = tuple(sorted({*(account.engines if account else ()), *engines}))
    if account is None or (look is not None and WORSE[look.status] > WORSE[account.status]):
        assert look is not None
        return FileAccount(uri, look.status, look.reason, engines=names)
    return replace(account, engines=names)


def status_of(tally: Tally, failed: int, is_project: bool, interrupted: bool) -> tuple[EngineStatus, str]:
    """An engine's status and the reason: RAN only if no file failed, since only then its silence says something."""
    if interrupted:
        return EngineStatus.PARTIAL, "interrupted"
    if is_project and not tally.complete:
        timed_out = tally.problem.startswith("timed-out")
        return (EngineStatus.TIMED_OUT if timed_out else EngineStatus.FAILED), tally.problem
    if tally.ending is not None and tally.ending.status is not EngineStatus.RAN:
        return tally.ending.status, tally.ending.reason
    if failed:
        return EngineStatus.PARTIAL, f"{failed} of {len(tally.looks)} files failed"
    return (EngineStatus.RAN, "") if tally.looks else (EngineStatus.NOT_APPLICABLE, "no file for it")


def notifications(engine: str, looks: dict[str, Look]) -> tuple[Notification, ...]:
    """What the engine said of files: its own notes, and every partial or failed one, up to a limit that is itself said."""
    notes: list[Notification] = []
    for uri, seen in sorted(looks.items()):
        notes += seen.notifications
        if seen.status in (FileStatus.PARTIAL, FileStatus.FAILED):
            level = "error" if seen.status is FileStatus.FAILED else "warning"
            notes.append(Notification(level, f"{seen.status.value}: {seen.reason}", engine, uri))
    dropped: Counter[str] = Counter()
    for seen in looks.values():
        dropped.update(dict(seen.dropped))
    if len(notes) > _MAX_NOTIFICATIONS:
        rest = len(notes) - _MAX_NOTIFICATIONS
        notes = [
            *notes[:_MAX_NOTIFICATIONS],
            Notification("warning", f"and {rest} more notes of this kind", engine),
        ]
    if dropped:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
        notes.append(Notification("note", f"looked like findings and were left out: {counts}", engine))
    return tuple(notes)
