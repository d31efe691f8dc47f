"""What one file came to, as it travels between processes and into the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class CleanFiles:
    """Files in which these engines looked and have nothing to say. They are most of any tree, so they travel as columns: uri, digest, seconds
    of each engine.
    """

    engines: tuple[str, ...]
    uris: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    seconds: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, outcome: FileOutcome) -> None:
        """Take a clean outcome of these engines."""
        self.uris.append(outcome.account.uri)
        self.digests.append(outcome.digest)
        self.seconds.append(tuple(seen.seconds for seen in outcome.looks))

    def outcomes(self) -> Iterator[FileOutcome]:
        """What was added."""
        for uri, digest, seconds in zip(self.uris, self.digests, self.seconds, strict=True):
            account = FileAccount(uri, FileStatus.SCANNED, engines=self.engines)
            look = Look(uri)
            looks = tuple(
                EngineLook(name, look, time) for name, time in zip(self.engines, seconds, strict=True)
            )
            yield FileOutcome(account, looks, digest)


def engines_of_clean(outcome: FileOutcome) -> tuple[str, ...]:
    """The engines that looked and have nothing to say, () if any has, or if nobody looked."""
    if outcome.marked or outcome.account.status is not FileStatus.SCANNED:
        return ()
    for seen in outcome.looks:
        look = seen.look
        if look.findings or look.allowed or look.dropped or look.notifications:
            return ()
    return outcome.account.engines


def failed_outcome(uri: str, reason: str, detail: str, engines: tuple[str, ...]) -> FileOutcome:
    """A file that took its worker along: failed for every engine that would have looked."""
    looks = tuple(
        EngineLook(engine, Look(uri, status=FileStatus.FAILED, reason=reason)) for engine in engines
    )
    return FileOutcome(FileAccount(uri, FileStatus.FAILED, reason, detail), looks)
