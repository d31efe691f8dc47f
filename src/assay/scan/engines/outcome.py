"""What one file came to, as it travels between processes and into the cache."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.scan import FileAccount, FileStatus
from assay.scan.engines.protocol import Look


@dataclass(frozen=True, slots=True)
class EngineLook:
    """What one engine saw in one file, and how long it took (seconds)."""

    engine: str
    look: Look
    seconds: float = 0.0

    def __reduce__(self) -> tuple[type[EngineLook], tuple[object, ...]]:
        return EngineLook, (self.engine, self.look, self.seconds)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """One file, read once and shown to every file engine that wanted it. `digest` is the SHA-256 of its bytes, b"" if nobody keeps it.

    `marked`: the text names this product, so it may hold suppression comments.
    """

    account: FileAccount
    looks: tuple[EngineLook, ...] = ()
    digest: bytes = b""
    marked: bool = False

    def __reduce__(self) -> tuple[type[FileOutcome], tuple[object, ...]]:
        return FileOutcome, (self.account, self.looks, self.digest, self.marked)


def failed_outcome(uri: str, reason: str, detail: str, engines: tuple[str, ...]) -> FileOutcome:
    """A file that took its worker along: failed for every engine that would have looked."""
    looks = tuple(
        EngineLook(engine, Look(uri, status=FileStatus.FAILED, reason=reason)) for engine in engines
    )
    return FileOutcome(FileAccount(uri, FileStatus.FAILED, reason, detail), looks)
