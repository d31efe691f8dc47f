"""What a worker does: read a file once and show it to every file engine, or let a project engine look at the project."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from assay.model.scan import FileAccount, FileStatus
from assay.scan.engines.border import sealed
from assay.scan.engines.limits import TimeIsUp, alarm, restart
from assay.scan.engines.outcome import CleanFiles, EngineLook, FileOutcome, engines_of_clean
from assay.scan.engines.project import DiskProject
from assay.scan.engines.protocol import Ending, FileEngine, Look, ProjectEngine
from assay.scan.engines.reader import Reader
from assay.scan.target.file import SourceFile, TargetFile


@dataclass(frozen=True, slots=True)
class FilesTask:
    """The files from `first` to before `last` of `Work.files` for the file engines: workers have the list already, so two numbers travel.

    Outcomes travel in groups (see `pool`): files whose outcome is lost with a worker are looked at again.
    """

    first: int
    last: int
    group: int = 128


@dataclass(frozen=True, slots=True)
class ProjectTask:
    """One project engine's whole look."""

    engine: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class EngineEnding:
    """How a foreign program ended, where that is not well."""

    engine: str
    ending: Ending


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The file's content is the one that the cache knows."""

    uri: str


Task = FilesTask | ProjectTask
Seen = FileOutcome | CleanFiles | Unchanged | EngineLook | EngineEnding


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that tasks share. Inherited by workers, so nothing here is changed after the start.

    `files` are those to read, each with the digest under which the cache knows it (b"" if it does not, None without a cache).
    """

    files: Sequence[tuple[TargetFile, bytes | None]]
    file_engines: tuple[FileEngine, ...]
    project_engines: dict[str, ProjectEngine]
    project: DiskProject
    reader: Reader
    file_seconds: float

    def __call__(self, task: Task) -> Iterator[Seen]:
        """Do one task and yield what was seen, as it comes."""
        if isinstance(task, ProjectTask):
            yield from self._project(self.project_engines[task.engine])
            return
        clean: dict[tuple[str, ...], CleanFiles] = {}
        with alarm():
            for file, digest in self.files[task.first : task.last]:
                seen = look_at_file(self.reader, self.file_engines, file, digest, self.file_seconds)
                silent = engines_of_clean(seen) if isinstance(seen, FileOutcome) else ()
                if silent:
                    clean.setdefault(silent, CleanFiles(silent)).add(cast("FileOutcome", seen))
                else:
                    yield seen
        yield from clean.values()

    def _project(self, engine: ProjectEngine) -> Iterator[EngineLook | EngineEnding]:
        project = self.project.for_engine(engine)
        since = time.perf_counter()
        for look in engine.look_at_project(project):
            if isinstance(look, Ending):
                yield EngineEnding(engine.name, look)
                continue
            now = time.perf_counter()
            yield EngineLook(engine.name, sealed(look), now - since)
            since = time.perf_counter()
        project.flush()


def look_at_file(
    reader: Reader, engines: Sequence[FileEngine], file: TargetFile, digest: bytes | None, seconds: float
) -> FileOutcome | Unchanged:
    """Read one file and show it to every engine that wants it, with a time limit for each (inside of `alarm`)."""
    restart(seconds)
    try:
        source = reader.read(file)
    except TimeIsUp:
        return FileOutcome(
            FileAccount(file.uri, FileStatus.FAILED, "timed-out", f"not read within {seconds:.0f} s")
        )
    if isinstance(source, FileAccount):
        return FileOutcome(source)
    actual = b"" if digest is None else sha256(source.content).digest()
    if digest and actual == digest:
        return Unchanged(file.uri)
    return look_at_source(engines, source, actual, seconds)


def look_at_source(
    engines: Sequence[FileEngine], source: SourceFile, digest: bytes, seconds: float
) -> FileOutcome:
    """Show text that was read already to every engine that wants it, within a time limit for each."""
    looks = tuple(_timed_look(engine, source, seconds) for engine in engines if _wants(engine, source))
    return FileOutcome(_account(source.uri, looks), looks, digest, _may_hold_marks(source.content))


def _wants(engine: FileEngine, source: SourceFile) -> bool:
    return getattr(engine, "wants_everything", False) or engine.wants(
        source.uri, source.language, source.traits
    )


def _may_hold_marks(content: bytes) -> bool:
    """Whether to look for suppression comments later; also in UTF-16."""
    return b"assay:" in content or (b"\0" in content and b"a\0s\0s\0a\0y\0:\0" in content)


def _timed_look(engine: FileEngine, source: SourceFile, seconds: float) -> EngineLook:
    since = time.perf_counter()
    restart(seconds)
    try:
        look = engine.look(source)
    except TimeIsUp:
        look = Look(source.uri, status=FileStatus.FAILED, reason="timed-out")
    except MemoryError:
        look = Look(source.uri, status=FileStatus.FAILED, reason="out-of-memory")
    except Exception as error:  # noqa: BLE001 - the engine border: one failing file never loses the others
        look = Look(source.uri, status=FileStatus.FAILED, reason=f"engine-error ({type(error).__name__})")
    seconds_taken = time.perf_counter() - since
    return EngineLook(engine.name, sealed(look), seconds_taken)


def _account(uri: str, looks: tuple[EngineLook, ...]) -> FileAccount:
    """The file's fate over all engines: the worst of theirs."""
    if not looks:
        return FileAccount(uri, FileStatus.SKIPPED, "unsupported")
    if len(looks) == 1:
        only = looks[0]
        return FileAccount(uri, only.look.status, only.look.reason, engines=(only.engine,))
    worst = max(looks, key=lambda seen: _WORSE[seen.look.status])
    names = tuple(seen.engine for seen in looks)
    return FileAccount(uri, worst.look.status, worst.look.reason, engines=names)


_WORSE = {FileStatus.SCANNED: 0, FileStatus.SKIPPED: 1, FileStatus.PARTIAL: 2, FileStatus.FAILED: 3}
