"""A look at every blob of every ref, once; and, for what was found, the commit that brought it in.

The blobs are read by the workers, each with a git reader of its own. A value that many versions of a file hold is one finding, at the
oldest commit that holds it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from assay.model.finding import Finding, Introduced
from assay.model.scan import EngineRun, EngineStatus, FileAccount, FileStatus, Notification
from assay.scan.engines.outcome import FileOutcome
from assay.scan.engines.pool import Item, run_tasks
from assay.scan.engines.protocol import FileEngine
from assay.scan.engines.runner import Looked, LookRequest, Observer
from assay.scan.engines.work import look_at_file
from assay.scan.target.file import TargetFile
from assay.scan.target.git import Repository
from assay.scan.target.history import Origin, history_targets, origins
from assay.scan.target.repository import find_repository

_CHUNK_FILES = 256
_CHUNK_BYTES = 4 * 1024 * 1024
_MAX_PLACES = 20


@dataclass(frozen=True, slots=True)
class _Chunk:
    files: tuple[TargetFile, ...]


@dataclass(frozen=True, slots=True)
class _Blob:
    """What one blob came to."""

    oid: str
    outcome: FileOutcome


@dataclass(frozen=True, slots=True)
class _Work:
    engines: tuple[FileEngine, ...]
    request: LookRequest

    def __call__(self, chunk: _Chunk) -> Iterable[_Blob]:
        for file in chunk.files:
            outcome = look_at_file(self.request.reader, self.engines, file, b"", self.request.file_seconds)
            yield _Blob(file.blob, cast("FileOutcome", outcome))


@dataclass(slots=True)
class _Tally:
    """The growing result."""

    accounts: list[FileAccount] = field(default_factory=list)
    found: list[tuple[str, Finding]] = field(default_factory=list)
    seconds: float = 0.0
    done: int = 0


def look_at_history(request: LookRequest, observe: Observer) -> Looked:
    """Every version of every file, shown to the file engines of the request.

    Raises:
        GitError: git is missing, the root is in no repository, or the repository is broken.
    """
    repository = find_repository(request.root)
    files, accounts = history_targets(repository, request.reader.limit)
    engines = tuple(cast("FileEngine", engine) for engine in request.engines)
    tally = _Tally(accounts=list(accounts))
    interrupted = False
    try:
        _scan(request, engines, files, tally, observe)
    except KeyboardInterrupt:
        interrupted = True
    findings = _attributed(repository, tally.found)
    run = _run_of(engines[0], tally, len(findings), interrupted)
    notes = [Notification("note", f"{len(files)} file versions of every ref", "history")]
    return Looked(
        findings, _accounts(tally.accounts), [replace(run, notifications=tuple(notes))], interrupted
    )


def _scan(
    request: LookRequest,
    engines: tuple[FileEngine, ...],
    files: Sequence[TargetFile],
    tally: _Tally,
    observe: Observer,
) -> None:
    chunks: list[_Chunk] = list(_chunks(files))
    while chunks:
        again: list[_Chunk] = []
        work = _Work(engines, request)
        seconds = request.engine_seconds
        for event in run_tasks(work, chunks, jobs=max(1, request.jobs), seconds=lambda _chunk: seconds):
            if isinstance(event, Item):
                _take(tally, event.value)
                observe(engines[0].name, tally.done, len(files))
            elif event.problem:
                again += _retry(tally, event.task, event.problem, event.detail)
        chunks = again


def _retry(tally: _Tally, chunk: _Chunk, problem: str, detail: str) -> list[_Chunk]:
    """The files of a chunk that took its worker along, one by one; a single one is given up."""
    if len(chunk.files) > 1:
        return [_Chunk((file,)) for file in chunk.files]
    tally.accounts.append(FileAccount(chunk.files[0].uri, FileStatus.FAILED, problem, detail))
    return []


def _take(tally: _Tally, blob: _Blob) -> None:
    tally.done += 1
    tally.accounts.append(blob.outcome.account)
    for seen in blob.outcome.looks:
        tally.seconds += seen.seconds
        tally.found += [(blob.oid, finding) for finding in seen.look.findings]


def _attributed(repository: Repository, found: Sequence[tuple[str, Finding]]) -> list[Finding]:
    """One finding for each value, at the oldest commit that holds it, with its further places."""
    known = origins(repository, {oid for oid, _ in found})
    groups: dict[tuple[str, str], list[tuple[str, Finding]]] = defaultdict(list)
    for oid, finding in found:
        groups[finding.rule_id, finding.identity or f"{oid}:{finding.sort_key}"].append((oid, finding))
    return [_one(members, known) for _, members in sorted(groups.items())]


def _one(members: list[tuple[str, Finding]], known: dict[str, Origin]) -> Finding:
    members.sort(key=lambda member: (_date(known[member[0]]), member[1].sort_key, member[0]))
    oid, oldest = members[0]
    places = {oldest.location.uri: oldest.location}
    for _, finding in members[1:]:
        if len(places) < _MAX_PLACES:
            places.setdefault(finding.location.uri, finding.location)
    versions = len({member for member, _ in members})
    introduced = _introduced(known[oid], any(known[member].at_head for member, _ in members), versions)
    return replace(oldest, related=tuple(list(places.values())[1:]), introduced=introduced)


def _introduced(origin: Origin, at_head: bool, versions: int) -> Introduced:
    commit = origin.commit
    if commit is None:
        return Introduced("", "", "", "", "", at_head, versions)
    return Introduced(commit.sha, commit.author, commit.email, commit.date, commit.subject, at_head, versions)


def _date(origin: Origin) -> str:
    """Sorts by time; what no commit holds comes last. Offsets differ by hours, which does not matter for which commit is named."""
    return origin.commit.date if origin.commit else "9999"


def _accounts(accounts: Iterable[FileAccount]) -> list[FileAccount]:
    """One account for each path and fate, with the number of versions: a history has too many versions for one each."""
    counted = Counter((one.uri, one.status, one.reason, one.engines) for one in accounts)
    return [
        FileAccount(uri, status, reason, f"{count} versions" if count > 1 else "", engines)
        for (uri, status, reason, engines), count in sorted(
            counted.items(), key=lambda item: (item[0][0], item[0][1].value, item[0][2])
        )
    ]


def _run_of(engine: FileEngine, tally: _Tally, findings: int, interrupted: bool) -> EngineRun:
    failed = sum(account.status is FileStatus.FAILED for account in tally.accounts)
    status = EngineStatus.PARTIAL if interrupted or failed else EngineStatus.RAN
    reason = "interrupted" if interrupted else f"{failed} versions failed" if failed else ""
    return EngineRun(
        engine.name,
        engine.version,
        status,
        tally.done,
        findings,
        len(engine.rules()),
        reason,
        seconds=tally.seconds,
    )


def _chunks(files: Sequence[TargetFile]) -> Iterable[_Chunk]:
    group: list[TargetFile] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.size
        if len(group) >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            yield _Chunk(tuple(group))
            group, size = [], 0
    if group:
        yield _Chunk(tuple(group))
