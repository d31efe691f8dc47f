"""Engines side by side over the target's files: within limits, with every file and every engine accounted for."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from assay.model.finding import Finding
from assay.model.scan import EngineRun, FileAccount, FileStatus
from assay.model.version import VERSION
from assay.scan.engines.accounts import WORSE, Tally, joined, notifications, status_of
from assay.scan.engines.cache import Cache, Seen, Snapshot, digest_key
from assay.scan.engines.limits import TimeIsUp, alarm
from assay.scan.engines.outcome import CleanFiles, EngineLook, FileOutcome, failed_outcome
from assay.scan.engines.project import DiskProject
from assay.scan.engines.protocol import FileEngine, Look, ProjectEngine, is_foreign, looks_at_projects
from assay.scan.engines.reader import Reader
from assay.scan.engines.work import EngineEnding, FilesTask, ProjectTask, Task, Unchanged, Work
from assay.scan.engines.work import Seen as TaskResult
from assay.scan.target.file import TargetFile
from assay.scan.target.language import language_of
from assay.scan.target.traits import traits_of

if TYPE_CHECKING:
    from assay.scan.engines.pool import Ended

# Below these, starting processes costs more than it saves (measured: a fork and its pipes about 8 ms).
_SMALL_FILES = 200
_SMALL_BYTES = 4 * 1024 * 1024
_CHUNK_FILES = 256
_CHUNK_BYTES = 4 * 1024 * 1024
_MEMORY_BYTES = 4 * 1024 * 1024 * 1024

Observer = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class LookRequest:
    """What is looked at, by whom, and within which limits.

    `programs` is how many programs of others may run at once, 0 for all; else they share the `jobs`.
    `key` names the rules and settings that results depend on. `focus` narrows the file engines to these uris; project engines see all.
    """

    root: str
    files: Sequence[TargetFile]
    engines: Sequence[FileEngine | ProjectEngine]
    jobs: int
    offline: bool
    reader: Reader
    file_seconds: float
    engine_seconds: float
    cache: Cache | None = None
    key: bytes = b""
    focus: frozenset[str] | None = None
    programs: int = 0


@dataclass(slots=True)
class Looked:
    """What came of it: raw findings, an account of every file, a run for every engine.

    `marked` are the files whose text names this product: they may hold suppression comments. `allowed`: see `Look`.
    """

    findings: list[Finding]
    accounts: list[FileAccount]
    runs: list[EngineRun]
    interrupted: bool = False
    project_engines: frozenset[str] = frozenset()
    marked: frozenset[str] = frozenset()
    allowed: list[tuple[Finding, str]] = field(default_factory=list)


def look(request: LookRequest, observe: Observer = lambda _engine, _done, _total: None) -> Looked:
    """Show every file to every engine that wants it. A file, an engine or a worker that fails never loses the others' findings."""
    session = _Session(request, observe)
    with _collector_off():
        try:
            session.run()
        except KeyboardInterrupt:
            session.interrupted = True
    session.keep()
    return session.result()


@contextmanager
def _collector_off() -> Iterator[None]:
    """The cyclic collector alone was measured to cost 2-3x on scans that build many small objects."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Session:
    """One look. Its state is the growing result; every decision is in the functions it calls."""

    def __init__(self, request: LookRequest, observe: Observer) -> None:
        self.request = request
        self.observe = observe
        self.began = time.monotonic()
        self.interrupted = False
        projects = [engine for engine in request.engines if looks_at_projects(engine)]
        self.project_engines: dict[str, ProjectEngine] = {engine.name: engine for engine in projects}
        self.file_engines: tuple[FileEngine, ...] = tuple(
            cast("FileEngine", engine)
            for engine in request.engines
            if engine.name not in self.project_engines
        )
        self.tallies = {engine.name: Tally() for engine in request.engines}
        self.outcomes: dict[str, FileOutcome] = {}
        self.fresh: Sequence[tuple[TargetFile, bytes | None]] = ()
        self.snapshot = request.cache.snapshot(self._snapshot_key()) if request.cache else Snapshot({})
        self.taken_ns = time.time_ns()
        self.wanted = self._wanted()

    def run(self) -> None:
        """Take what the cache has, then do the rest here or in processes."""
        fresh = self._take_unchanged()
        projects = [
            ProjectTask(name, is_foreign(engine))
            for name, engine in self.project_engines.items()
            if not self._take_project(name)
        ]
        fresh.sort(key=_by_size_and_uri)
        # Programs first: what takes longest begins first.
        projects.sort(key=lambda task: not task.foreign)
        tasks: list[Task] = [*projects]
        tasks += _chunks(fresh) if self.file_engines else []
        work = self._work(fresh)
        for name in self.tallies:
            self.observe(name, len(self.outcomes), len(self.request.files))
        if self._is_small(fresh, tasks):
            self._run_here(work, tasks)
        else:
            self._run_in_processes(work, tasks)

    def _work(self, fresh: Sequence[tuple[TargetFile, bytes | None]]) -> Work:
        request = self.request
        self.fresh = fresh
        project = DiskProject(
            request.root,
            request.jobs,
            request.offline,
            self.wanted,
            request.reader,
            request.cache,
            request.engine_seconds,
        )
        return Work(
            fresh, self.file_engines, self.project_engines, project, request.reader, request.file_seconds
        )

    def _is_small(self, fresh: Sequence[tuple[TargetFile, bytes | None]], tasks: Sequence[Task]) -> bool:
        if _programs(tasks):
            return False  # programs side by side, and beside us: the scan takes as long as the slowest, not as their sum
        if len(tasks) <= 1 and self.request.jobs == 1 and not self.project_engines:
            return True
        size = sum(file.size for file, _ in fresh)
        return len(self.request.files) <= _SMALL_FILES and size <= _SMALL_BYTES

    def _take_unchanged(self) -> list[tuple[TargetFile, bytes | None]]:
        """Files that must be read, each with the digest that the cache knows; the others' outcomes are taken over."""
        fresh: list[tuple[TargetFile, bytes | None]] = []
        unknown = b"" if self.request.cache else None
        focus = self.request.focus
        for file in self.request.files:
            if focus is not None and file.uri not in focus:
                continue
            outcome = self.snapshot.unchanged(file.uri, file.stamp)
            if outcome is not None:
                self._file_done(outcome, cached=True)
                continue
            known = self.snapshot.known(file.uri)
            fresh.append((file, known.digest if known else unknown))
        return fresh

    def _run_here(self, work: Work, tasks: Iterable[Task]) -> None:
        for task in tasks:
            self._start(task)
            try:
                with alarm(self._seconds(task) if isinstance(task, ProjectTask) else 0.0):
                    for seen in work(task):
                        self._take(seen)
            except TimeIsUp:
                self._end(task, "timed-out", "")
            except MemoryError:
                self._end(task, "out-of-memory", "")
            except Exception as error:  # noqa: BLE001 - the engine border: a failing engine is a value
                self._end(task, "failed", type(error).__name__)
            else:
                self._end(task, "", "")

    def _run_in_processes(self, work: Work, tasks: Sequence[Task]) -> None:
        """Run tasks in workers; the files of a chunk that took its worker along are tried again one by one."""
        from assay.scan.engines.pool import Item, run_tasks

        for name in self.tallies:
            self._begin(name)
        while tasks:
            again: list[Task] = []
            # A worker whose program runs only waits: unless their number was set, programs take none of our own processes.
            jobs = max(1, self.request.jobs) + (0 if self.request.programs else _programs(tasks))
            news = run_tasks(work, tasks, jobs=jobs, seconds=self._seconds, memory_bytes=_MEMORY_BYTES)
            for event in news:
                if isinstance(event, Item):
                    self._take(event.value)
                else:
                    again += self._ended(event)
            tasks = again

    def _ended(self, event: Ended[Task]) -> list[Task]:
        task = event.task
        if isinstance(task, FilesTask) and event.problem:
            if task.last - task.first == 1:
                self._files_failed(task, event.problem, event.detail)
                return []
            numbers = range(task.first, task.last)
            return [FilesTask(n, n + 1) for n in numbers if self.fresh[n][0].uri not in self.outcomes]
        self._end(task, event.problem, event.detail)
        return []

    def _names_of_file_engines(self) -> tuple[str, ...]:
        return tuple(engine.name for engine in self.file_engines)

    def _seconds(self, task: Task) -> float:
        """A chunk has the time of its files one after another; alarms inside give each file its own limit first."""
        if isinstance(task, ProjectTask):
            return self.request.engine_seconds
        return min(self.request.engine_seconds, self.request.file_seconds * (task.last - task.first + 1))

    def _start(self, task: Task) -> None:
        for name in [task.engine] if isinstance(task, ProjectTask) else self._names_of_file_engines():
            self._begin(name)

    def _begin(self, name: str) -> None:
        tally = self.tallies[name]
        if tally.started < 0:
            tally.started = time.monotonic() - self.began

    def _take(self, seen: TaskResult) -> None:
        if isinstance(seen, CleanFiles):
            for outcome in seen.outcomes():
                self._file_done(outcome)
        elif isinstance(seen, Unchanged):
            known = self.snapshot.known(seen.uri)
            assert known is not None
            self._file_done(known, cached=True)
        elif isinstance(seen, FileOutcome):
            self._file_done(seen)
        elif isinstance(seen, EngineEnding):
            self.tallies[seen.engine].ending = seen.ending
        else:
            self._project_look(seen)

    def _file_done(self, outcome: FileOutcome, *, cached: bool = False) -> None:
        self.outcomes[outcome.account.uri] = outcome
        for seen in outcome.looks:
            tally = self.tallies.get(seen.engine)
            if tally is None:
                continue
            tally.looks[outcome.account.uri] = seen.look
            tally.seconds += 0.0 if cached else seen.seconds
            tally.cached += cached
        if len(self.outcomes) % 64 == 0 or len(self.outcomes) == len(self.request.files):
            for engine in self.file_engines:
                self.observe(engine.name, len(self.outcomes), len(self.request.files))

    def _project_look(self, seen: EngineLook) -> None:
        tally = self.tallies[seen.engine]
        tally.looks[seen.look.uri] = seen.look
        tally.seconds += seen.seconds
        self.observe(seen.engine, len(tally.looks), len(self.wanted[seen.engine]))

    def _end(self, task: Task, problem: str, detail: str) -> None:
        if isinstance(task, ProjectTask):
            tally = self.tallies[task.engine]
            tally.complete = not problem
            tally.problem = f"{problem} ({detail})" if detail else problem
        elif problem:
            self._files_failed(task, problem, detail)

    def _files_failed(self, task: FilesTask, problem: str, detail: str) -> None:
        for file, _ in self.fresh[task.first : task.last]:
            if file.uri not in self.outcomes:
                self._file_done(failed_outcome(file.uri, problem, detail, self._names_of_file_engines()))

    # -- project engines and the cache: all wanted files unchanged means the same looks

    def _wanted(self) -> dict[str, list[TargetFile]]:
        """The files that each project engine wants, judged by name alone."""
        if not self.project_engines:
            return {}
        # Each name is judged once, not once an engine.
        known = [(file, language_of(file.uri), traits_of(file.uri)) for file in self.request.files]
        return {
            name: [file for file, language, traits in known if engine.wants(file.uri, language, traits)]
            for name, engine in self.project_engines.items()
        }

    def _take_project(self, name: str) -> bool:
        """Take a project engine's looks from the snapshot when every file that it wants is as it was."""
        kept = self.snapshot.projects.get(name)
        if kept is None or kept[0] != self._project_key(name):
            return False
        newest = max((max(file.stamp[1:3], default=0) for file in self.wanted[name]), default=0)
        if not self.snapshot.is_settled(newest):
            return False
        for seen in kept[1]:
            self._project_look(replace(seen, seconds=0.0))
        tally = self.tallies[name]
        tally.complete, tally.cached = True, len(tally.looks)
        return True

    def _project_key(self, name: str) -> bytes:
        parts = [part for file in self.wanted[name] for part in (file.uri, repr(file.stamp))]
        return digest_key(name, *parts)

    def _snapshot_key(self) -> bytes:
        engines = sorted(f"{engine.name}={engine.version}" for engine in self.request.engines)
        return digest_key(VERSION, self.request.root, self.request.key, *engines)

    def keep(self) -> None:
        """Write the snapshot, unless nothing changed or the scan was cut short."""
        cache = self.request.cache
        if cache is None or self.interrupted:
            return
        present = {file.uri for file in self.request.files}
        kept = {
            uri: seen
            for uri, seen in self.snapshot.files.items()
            if uri in present and uri not in self.outcomes
        }
        files = kept | {
            file.uri: Seen(file.stamp, self.outcomes[file.uri])
            for file in self.request.files
            if file.uri in self.outcomes and self.outcomes[file.uri].account.status is not FileStatus.FAILED
        }
        projects = {
            name: (
                self._project_key(name),
                [EngineLook(name, look) for _, look in sorted(self.tallies[name].looks.items())],
            )
            for name in self.project_engines
            # A foreign program's answer also depends on rules and data that it keeps itself.
            if self.tallies[name].complete and not is_foreign(self.project_engines[name])
        }
        taken = Snapshot(files, self.taken_ns, projects)
        if not taken.same_as(self.snapshot):
            cache.keep_snapshot(self._snapshot_key(), taken)

    # -- the result

    def result(self) -> Looked:
        findings: list[Finding] = []
        allowed: list[tuple[Finding, str]] = []
        runs = []
        for engine in self.request.engines:
            tally = self.tallies[engine.name]
            for _, seen in sorted(tally.looks.items()):
                findings += seen.findings
                allowed += seen.allowed
            runs.append(self._run_of(engine, tally))
        marked = frozenset(uri for uri, outcome in self.outcomes.items() if outcome.marked)
        return Looked(
            findings,
            self._accounts(),
            runs,
            self.interrupted,
            frozenset(self.project_engines),
            marked,
            allowed,
        )

    def _run_of(self, engine: FileEngine | ProjectEngine, tally: Tally) -> EngineRun:
        is_project = engine.name in self.project_engines
        failed = [look for look in tally.looks.values() if look.status is FileStatus.FAILED]
        status, reason = status_of(tally, len(failed), is_project, self.interrupted)
        notes = notifications(engine.name, tally.looks)
        return EngineRun(
            engine=engine.name,
            version=(tally.ending.version if tally.ending else "") or engine.version,
            status=status,
            files=len(tally.looks),
            findings=sum(len(look.findings) + len(look.allowed) for look in tally.looks.values()),
            rules=len(engine.rules()) if tally.looks else 0,
            reason=reason,
            started=max(tally.started, 0.0),
            seconds=tally.seconds,
            cached=tally.cached,
            notifications=notes,
        )

    def _accounts(self) -> list[FileAccount]:
        engines: dict[str, list[str]] = defaultdict(list)
        worst: dict[str, Look] = {}
        for name in self.project_engines:
            for uri, seen in self.tallies[name].looks.items():
                engines[uri].append(name)
                if uri not in worst or WORSE[seen.status] > WORSE[worst[uri].status]:
                    worst[uri] = seen
        return [
            joined(
                file.uri,
                self.outcomes.get(file.uri),
                engines.get(file.uri, []),
                worst.get(file.uri),
                self.interrupted,
            )
            for file in self.request.files
        ]


def _by_size_and_uri(entry: tuple[TargetFile, bytes | None]) -> tuple[int, str]:
    """The largest files first, so that none is left for last."""
    return -(entry[0].size // _CHUNK_BYTES), entry[0].uri


def _programs(tasks: Iterable[Task]) -> int:
    return sum(isinstance(task, ProjectTask) and task.foreign for task in tasks)


def _chunks(files: Sequence[tuple[TargetFile, bytes | None]]) -> list[FilesTask]:
    """Files in groups that are large enough to pay for the way to a worker."""
    chunks: list[FilesTask] = []
    first = size = 0
    for number, (file, _) in enumerate(files):
        size += file.size
        if number - first + 1 >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            chunks.append(FilesTask(first, number + 1))
            first, size = number + 1, 0
    return [*chunks, FilesTask(first, len(files))] if first < len(files) else chunks
