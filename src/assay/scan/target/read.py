"""Read one file of the target, once and safely: no links, no pipes, no more than the limit, nothing that changes underneath."""

from __future__ import annotations

import os
import stat

from assay.model.errors import GitError
from assay.model.scan import FileAccount, FileStatus
from assay.scan.target.file import MAX_FILE_BYTES, SourceFile, TargetFile, Trait
from assay.scan.target.git import BlobReader
from assay.scan.target.language import language_of
from assay.scan.target.traits import traits_of

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
_CHUNK = 1 << 20


def read_file(
    file: TargetFile, limit: int = MAX_FILE_BYTES, blobs: BlobReader | None = None
) -> SourceFile | FileAccount:
    """The file with language and traits, or why there is none: too-large, unreadable, changed-while-read and the like.

    Where `file.blob` is set the content comes from git through `blobs`. An empty file is a file.
    """
    content = _read_blob(file, limit, blobs) if file.blob else _read_disk(file, limit or MAX_FILE_BYTES)
    return content if isinstance(content, FileAccount) else source_file(file.uri, content)


def source_file(uri: str, content: bytes) -> SourceFile:
    """Content that is known already (a blob of the history, a canary) as engines see it."""
    return _Unidentified(uri, content)


class _Unidentified(SourceFile):
    """A source whose language and traits are found when first asked: a scan by an engine that takes every file never asks."""

    __slots__ = ("_language", "_traits")
    _language: str
    _traits: frozenset[Trait]

    def __init__(self, uri: str, content: bytes) -> None:
        _set(self, "uri", uri)
        _set(self, "content", content)

    @property
    def language(self) -> str:
        """See `SourceFile`."""
        try:
            return self._language
        except AttributeError:
            _set(self, "_language", language_of(self.uri, self.content))
            return self._language

    @property
    def traits(self) -> frozenset[Trait]:
        """See `SourceFile`."""
        try:
            return self._traits
        except AttributeError:
            _set(self, "_traits", traits_of(self.uri, self.content))
            return self._traits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceFile) and _facts(self) == _facts(other)

    def __hash__(self) -> int:
        return hash(_facts(self))

    def __reduce__(self) -> tuple[type[SourceFile], tuple[object, ...]]:
        return SourceFile, _facts(self)


_set = object.__setattr__  # the base is frozen


def _facts(source: SourceFile) -> tuple[object, ...]:
    return source.uri, source.content, source.language, source.traits


def _read_blob(file: TargetFile, limit: int, blobs: BlobReader | None) -> bytes | FileAccount:
    if blobs is None:
        return FileAccount(
            file.uri, FileStatus.FAILED, "unreadable", "its content is in git, and git was not opened"
        )
    limit = limit or MAX_FILE_BYTES
    if file.size > limit:
        return _too_large(file.uri, file.size, limit)
    try:
        content = blobs.read(file.blob, limit)
    except GitError as error:
        return FileAccount(file.uri, FileStatus.FAILED, "unreadable", error.message)
    if content is None:
        return FileAccount(
            file.uri, FileStatus.FAILED, "unreadable", "git does not have its content, or it is too large"
        )
    return content


def _read_disk(file: TargetFile, limit: int) -> bytes | FileAccount:
    try:
        content = _read_once(file, limit)
        if content is None:
            content = _read_once(file, limit)
    except OSError as error:
        return FileAccount(file.uri, FileStatus.FAILED, "unreadable", (error.strerror or "").lower())
    if content is None:
        return FileAccount(file.uri, FileStatus.FAILED, "changed-while-read", "twice")
    return content


def _read_once(file: TargetFile, limit: int) -> bytes | FileAccount | None:
    """The content; None if it changed meanwhile.

    Raises:
        OSError: it cannot be opened or read.
    """
    descriptor = os.open(file.path, _OPEN)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return FileAccount(file.uri, FileStatus.SKIPPED, "not-a-regular-file", "since it was listed")
        if before.st_size > limit:
            return _too_large(file.uri, before.st_size, limit)
        content = _read_all(descriptor, before.st_size, limit)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(
        content
    ) != after.st_size:
        return None
    return content


def _read_all(descriptor: int, size: int, limit: int) -> bytes:
    """All that is there, mostly in one call; at most one byte more than the limit, so that a file that grows without end stops here."""
    content = os.read(descriptor, min(size, limit) + 1)
    if len(content) == size:
        return content  # a short read: nothing was behind it, and the second fstat tells whether that holds
    pieces, left = [content], limit + 1 - len(content)
    while content and left > 0:
        content = os.read(descriptor, min(left, _CHUNK))
        pieces.append(content)
        left -= len(content)
    return b"".join(pieces)


def _too_large(uri: str, size: int, limit: int) -> FileAccount:
    return FileAccount(uri, FileStatus.SKIPPED, "too-large", f"{size} bytes, the limit is {limit}")
