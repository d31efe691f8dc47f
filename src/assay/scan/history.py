"""A look at every blob of every ref, once; and, for what was found, the commit that brought it in.

One git program streams the blobs; workers look at them. A value that many versions of a file hold is one finding, at the
oldest commit that holds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from assay.model.finding import Finding, Introduced
from assay.model.scan import EngineRun, EngineStatus, FileAccount, FileStatus, Notification
from assay.scan.engines.limits import alarm
from assay.scan.engines.outcome import FileOutcome
from assay.scan.engines.pool import Item, run_tasks
from assay.scan.engines.protocol import FileEngine
from assay.scan.engines.runner import Looked, LookRequest, Observer
from assay.scan.engines.work import look_at_source
from assay.scan.target.encoding import is_binary
from assay.scan.target.git import Repository
from assay.scan.target.history import HistoryBlob, Origin, blobs_of_history, commit_count, origins
from assay.scan.target.read import source_file
from assay.scan.target.repository import find_repository

_CHUNK_FILES = 256
_CHUNK_BYTES = 4 * 1024 * 1024
_MAX_PLACES = 20


@dataclass(frozen=True, slots=True)
class _Chunk:
    blobs: tuple[HistoryBlob, ...]
    group: int = 128


@dataclass(frozen=True, slots=True)
class _Blob:
    """What one blob came to."""

    oid: str
    outcome: FileOutcome


@dataclass(frozen=True, slots=True)
class _Work:
    engines: tuple[FileEngine, ...]
    seconds: float

    def __call__(self, chunk: _Chunk) -> Iterable[_Blob]:
        with alarm():
            for blob in chunk.blobs:
                yield _Blob(blob.oid, _look_at(self.engines, blob, self.seconds))


def _look_at(engines: tuple[FileEngine, ...], blob: HistoryBlob, seconds: float) -> FileOutcome:
    source = source_file(blob.uri or f"git:{blob.oid}", blob.content)
    if is_binary(source.content):
        return FileOutcome(FileAccount(source.uri, FileStatus.SKIPPED, "binary"))
    return look_at_source(engines, source, b"", seconds)


@dataclass(slots=True)
class _Tally:
    """The growing result."""

    accounts: list[FileAccount] = field(default_factory=list)
    found: list[tuple[str, Finding]] = field(default_factory=list)
    allowed: dict[tuple[str, Finding], str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    seconds: float = 0.0
    listed: int = 0

    @property
    def done(self) -> int:
        """Blobs that were looked at."""
        return len(self.seen)


def look_at_history(request: LookRequest, observe: Observer) -> Looked:
    """Every version of every file, shown to the file engines of the request.

    Raises:
        GitError: git is missing, the root is in no repository, or the repository is broken.
    """
    repository = find_repository(request.root, bare=True)
    engines = tuple(cast("FileEngine", engine) for engine in request.engines)
    tally = _Tally()
    interrupted = False
    try:
        _scan(request, engines, repository, tally, observe)
    except KeyboardInterrupt:
        interrupted = True
    findings, allowed = _attributed(repository, tally.found, tally.allowed)
    run = _run_of(engines[0], tally, len(findings) + len(allowed), interrupted)
    notes = [
        Notification("note", f"{tally.done} file versions of {commit_count(repository)} commits", "history")
    ]
    return Looked(
        findings,
        _accounts(tally.accounts),
        [replace(run, notifications=tuple(notes))],
        interrupted,
        allowed=allowed,
    )


def _scan(
    request: LookRequest,
    engines: tuple[FileEngine, ...],
    repository: Repository,
    tally: _Tally,
    observe: Observer,
) -> None:
    chunks: Iterable[_Chunk] = _chunks(blobs_of_history(repository, request.reader.limit), tally)
    work = _Work(engines, request.file_seconds)
    while chunks:
        again: list[_Chunk] = []
        for event in run_tasks(
            work, chunks, jobs=max(1, request.jobs), seconds=lambda _chunk: request.engine_seconds
        ):
            if isinstance(event, Item):
                _take(tally, event.value)
                observe(engines[0].name, tally.done, tally.listed)
            elif event.problem:
                again += _retry(tally, event.task, event.problem, event.detail)
        chunks = again


def _retry(tally: _Tally, chunk: _Chunk, problem: str, detail: str) -> list[_Chunk]:
    """The blobs of a chunk that took its worker along, one by one; a single one is given up."""
    if len(chunk.blobs) > 1:
        left = [blob for blob in chunk.blobs if blob.oid not in tally.seen]
        return [_Chunk((blob,)) for blob in left]
    tally.accounts.append(FileAccount(chunk.blobs[0].uri, FileStatus.FAILED, problem, detail))
    return []


def _take(tally: _Tally, blob: _Blob) -> None:
    tally.seen.add(blob.oid)
    tally.accounts.append(blob.outcome.account)
    for seen in blob.outcome.looks:
        tally.seconds += seen.seconds
        tally.found += [(blob.oid, finding) for finding in seen.look.findings]
        for finding, comment in seen.look.allowed:
            tally.found.append((blob.oid, finding))
            tally.allowed[blob.oid, finding] = comment


def _attributed(
    repository: Repository, found: Sequence[tuple[str, Finding]], let_pass: Mapping[tuple[str, Finding], str]
) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    """One finding for each value, at the oldest commit that holds it, with its further places; apart, those let pass in every version."""
    known = origins(repository, {oid for oid, _ in found})
    groups: dict[tuple[str, str], list[tuple[str, Finding]]] = defaultdict(list)
    for oid, finding in found:
        groups[finding.rule_id, finding.identity or f"{oid}:{finding.sort_key}"].append((oid, finding))
    findings: list[Finding] = []
    allowed: list[tuple[Finding, str]] = []
    for _, members in sorted(groups.items()):
        one = _one(members, known)
        if all(member in let_pass for member in members):
            allowed.append((one, let_pass[members[0]]))
        else:
            findings.append(one)
    return findings, allowed


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
    groups: dict[tuple[str, str, str], list[FileAccount]] = defaultdict(list)
    for account in accounts:
        groups[account.uri, account.status.value, account.reason].append(account)
    return [
        replace(
            members[0], detail=members[0].detail or (f"{len(members)} versions" if len(members) > 1 else "")
        )
        for _, members in sorted(groups.items())
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


def _chunks(blobs: Iterable[HistoryBlob | FileAccount], tally: _Tally) -> Iterable[_Chunk]:
    """Blobs in groups that are worth the way to a worker; what cannot be read goes to the accounts."""
    group: list[HistoryBlob] = []
    size = 0
    for blob in blobs:
        if isinstance(blob, FileAccount):
            tally.accounts.append(blob)
            continue
        group.append(blob)
        size += len(blob.content)
        if len(group) >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            tally.listed += len(group)
            yield _Chunk(tuple(group))
            group, size = [], 0
    if group:
        tally.listed += len(group)
        yield _Chunk(tuple(group))
