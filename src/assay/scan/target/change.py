"""Which files and lines are new: against a base, or in the index."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import IO

from assay.model.location import Region
from assay.scan.target.file import TargetFile
from assay.scan.target.git import SECONDS, Repository, run, stream
from assay.scan.target.repository import head_commit, merge_base, resolve, sizes, untracked, without_filters
from assay.scan.target.uri import path_of_bytes, unquote, uri_of_bytes

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_FILE = ("120000", "160000", "000000")  # links, submodules, nothing
_DIFF = (
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--relative", "--ignore-submodules=all", "--find-renames=50%", "-l1000",
    "--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0", "--submodule=short",
)  # fmt: skip


class ChangeKind(Enum):
    """What happened to a file since the base."""

    ADDED = "added"
    MODIFIED = "modified"
    RENAMED = "renamed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file's change. `old_uri` is where it was at the base ("" if it was not there), `uri` "" if it is deleted.

    `lines` are the new line ranges, first and last, sorted, disjoint; None: the whole file is new. `blob` is its git object id
    where the new side is a commit or the index ("" in the working tree), `old_blob` the one at the base. `path` and `old_path` are
    the paths as git has them.
    """

    kind: ChangeKind
    uri: str
    old_uri: str = ""
    lines: tuple[tuple[int, int], ...] | None = None
    blob: str = ""
    path: bytes = b""
    old_blob: str = ""
    old_path: bytes = b""


@dataclass(frozen=True, slots=True)
class Change:
    """What is new against `base`, a commit id ("" before the first commit). `head` is a commit id, "index" or "worktree"."""

    base: str
    head: str
    files: Mapping[str, ChangedFile] = field(default_factory=dict)
    deleted: tuple[ChangedFile, ...] = ()

    def is_new(self, uri: str, region: Region | None = None) -> bool:
        """Whether any line of the region (or of the file) is new. Lines that merely moved with a renamed file are not."""
        file = self.files.get(uri)
        if file is None:
            return False
        if file.lines is None:
            return True
        if region is None:
            return bool(file.lines)
        at = bisect_right(file.lines, (region.end_line, 1 << 62)) - 1
        return at >= 0 and file.lines[at][1] >= region.start_line

    def old_uri(self, uri: str) -> str:
        """Where a file of the new side was at the base: the same place if it did not change, "" if it was not there."""
        file = self.files.get(uri)
        return uri if file is None else file.old_uri


def since(repository: Repository, base: str, head: str = "", *, from_merge_base: bool = True) -> Change:
    """What is new in `head` (a ref; "" is the working tree with its untracked files) since it left `base`, or against `base` itself.

    Raises:
        GitError: a ref is unknown, or the two have no common commit here (a shallow clone says so).
    """
    base_commit = resolve(repository, base)
    head_ref = resolve(repository, head or "HEAD")
    if from_merge_base:
        base_commit = merge_base(repository, base_commit, head_ref)
    filters_off = () if head else without_filters(repository)
    sides = (base_commit, head_ref) if head else (base_commit,)
    change = _compare(repository, base_commit, head_ref if head else "worktree", *filters_off, *_DIFF, *sides)
    if head:
        return change
    added = {}
    for path in untracked(repository):
        uri = uri_of_bytes(path)
        added[uri] = ChangedFile(ChangeKind.ADDED, uri, path=path)
    return Change(change.base, change.head, {**change.files, **added}, change.deleted)


def staged(repository: Repository) -> Change:
    """What is new in the index against HEAD, or against nothing before the first commit."""
    head = head_commit(repository)
    return _compare(repository, head, "index", *_DIFF, "--cached", *([head] if head else []))


def changed_targets(repository: Repository, change: Change) -> tuple[TargetFile, ...]:
    """The changed files whose content git holds (index or commit), with their blobs and sizes, sorted by uri."""
    files = [file for _, file in sorted(change.files.items()) if file.blob]
    return _targets(repository, [(file.uri, file.path, file.blob) for file in files])


def base_targets(repository: Repository, change: Change) -> tuple[TargetFile, ...]:
    """What the changed and deleted files were at the base, with their old uris: the other half of a comparison."""
    files = [*change.files.values(), *change.deleted]
    return _targets(
        repository, sorted((file.old_uri, file.old_path, file.old_blob) for file in files if file.old_blob)
    )


def _targets(repository: Repository, files: Sequence[tuple[str, bytes, str]]) -> tuple[TargetFile, ...]:
    known = sizes(repository, sorted({blob for _, _, blob in files}))
    return tuple(TargetFile(uri, path_of_bytes(path), known.get(blob, -1), blob) for uri, path, blob in files)


def _compare(repository: Repository, base: str, head: str, *command: str) -> Change:
    files, deleted = _changed_files(repository, command)
    edited = {file.uri for file in files if file.kind is not ChangeKind.ADDED}
    ranges = _line_ranges(repository, command) if edited else {}
    return Change(
        base,
        head,
        {file.uri: _with_lines(file, ranges) for file in files},
        tuple(deleted),
    )


def _with_lines(file: ChangedFile, ranges: Mapping[str, tuple[tuple[int, int], ...]]) -> ChangedFile:
    lines = None if file.kind is ChangeKind.ADDED else ranges.get(file.uri, ())
    return replace(file, lines=lines)


def _changed_files(
    repository: Repository, command: tuple[str, ...]
) -> tuple[list[ChangedFile], list[ChangedFile]]:
    """Files that are new or edited, and deleted ones, from `--raw -z`: ":mode mode oid oid status NUL path NUL [path NUL]"."""
    parts = iter(run(repository.root, *command, "--raw", "-z", "--no-abbrev").split(b"\0"))
    files: list[ChangedFile] = []
    deleted: list[ChangedFile] = []
    for meta in parts:
        if not meta:
            continue
        fields = meta.decode("ascii", "replace").lstrip(":").split(" ")
        old = next(parts)
        path = next(parts) if fields[4][0] in "RC" else old
        file = _changed_file(fields, old, path)
        if file is not None:
            (deleted if file.kind is ChangeKind.DELETED else files).append(file)
    return files, deleted


def _changed_file(fields: list[str], old: bytes, path: bytes) -> ChangedFile | None:
    """One entry of a raw diff; a link or submodule counts as no file, so None if it is one on both sides."""
    old_mode, mode, old_oid, oid, status = fields
    was, is_now = old_mode not in _NO_FILE, mode not in _NO_FILE
    was = was and status[0] not in "AC"
    blob, old_blob = (_object(oid) if is_now else ""), (_object(old_oid) if was else "")
    old_uri = uri_of_bytes(old) if was else ""
    if not is_now:
        kind = ChangeKind.DELETED
        return ChangedFile(kind, "", old_uri, (), old_blob=old_blob, old_path=old) if was else None
    kind = ChangeKind.RENAMED if status[0] == "R" else ChangeKind.MODIFIED
    return ChangedFile(
        kind if was else ChangeKind.ADDED,
        uri_of_bytes(path),
        old_uri,
        (),
        blob,
        path,
        old_blob,
        old if was else b"",
    )


def _object(oid: str) -> str:
    """Git writes zeros where it has no object: nothing there, or a working file."""
    return oid if oid.strip("0") else ""


def _line_ranges(repository: Repository, command: tuple[str, ...]) -> dict[str, tuple[tuple[int, int], ...]]:
    """New line ranges of edited files. `--text`: an attribute of the repository must not make a file "binary" and hide its lines."""
    found: dict[str, list[tuple[int, int]]] = {}
    with stream(
        repository.root, *command, "--unified=0", "--text", "--diff-filter=MRTU", seconds=SECONDS
    ) as source:
        for uri, first, count in _hunks(source):
            if count:
                found.setdefault(uri, []).append((first, first + count - 1))
    return {uri: tuple(sorted(ranges)) for uri, ranges in found.items()}


def _hunks(source: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    """Uri, first new line and number of new lines of every hunk. Hunk bodies are counted off: no content can pose as a header."""
    uri = ""
    while line := source.readline():
        if line.startswith(b"+++ "):
            uri = uri_of_bytes(_header_path(line[4:]))
        elif line.startswith(b"diff --git "):
            uri = ""
        elif hunk := _HUNK.match(line):
            removed, first, added = (1 if group is None else int(group) for group in hunk.groups())
            if uri:
                yield uri, first, added
            for _ in range(removed + added):
                if not _skip_line(source):
                    return


def _skip_line(source: IO[bytes]) -> bool:
    """Pass one body line, however long, and a "no newline" note before it."""
    piece = source.readline(1 << 16)
    if piece.startswith(b"\\ "):
        piece = source.readline(1 << 16)
    while piece and not piece.endswith(b"\n"):
        piece = source.readline(1 << 16)
    return bool(piece)


def _header_path(text: bytes) -> bytes:
    """The path of a `+++ b/path` line; git puts a tab after one that holds spaces."""
    return unquote(text.rstrip(b"\n").removesuffix(b"\t")).removeprefix(b"b/")
