"""A file in front of a database: lines are appended in one write each, under a lock that processes share, beside a small head that says
which line is the newest.

A commit costs a database several writes; an append costs one. What was written survives the end of the process that wrote it, as a commit
does in a database with `synchronous=NORMAL`. The head lies in shared memory backed by a file, in two slots of which the newer whole one
counts, so that a process that is killed in the middle of an update leaves the older one.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import zlib
from pathlib import Path
from threading import Lock

from assay.store.database import StoreError

_SLOT = 256
_ADVICE = "free space, check the rights of the folder, or restore the file"


class Journal:
    """One journal: `<path>` holds the lines, `<path>.head` the head. `with journal:` holds its lock, against threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            self.fresh = not _head_path(path).exists()
            self._map = _mapped(_head_path(path))
            self._seen = (b"", b"")
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: the journal cannot be opened: {error}", _ADVICE) from error

    def __enter__(self) -> Journal:
        """Nobody else appends, moves or reads meanwhile.

        Raises:
            StoreError: the lock cannot be had.
        """
        self._lock.acquire()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            self._lock.release()
            raise StoreError(f"{self.path}: {error}", _ADVICE) from error
        return self

    def __exit__(self, *_: object) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    @property
    def size(self) -> int:
        """Bytes in the file.

        Raises:
            StoreError: somebody removed the file, so that nothing written to it would be found again.
        """
        status = os.fstat(self._file)
        if status.st_nlink == 0:
            raise StoreError(
                f"{self.path}: the journal was removed while it was in use",
                "start again, and verify the trail",
            )
        return status.st_size

    def append(self, line: bytes) -> None:
        """Add a line (without its end), whole or not at all. Only inside `with`.

        Raises:
            StoreError: there is no room for it.
        """
        data = line + b"\n"
        try:
            written = os.write(self._file, data)
        except OSError as error:
            raise StoreError(f"{self.path}: {error}", _ADVICE) from error
        if written != len(data):
            os.ftruncate(self._file, self.size - written)
            raise StoreError(f"{self.path}: only a part of a line could be written", _ADVICE)

    def lines(self) -> list[bytes]:
        """Every line, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            size = self.size
            return os.pread(self._file, size, 0).split(b"\n")[:-1] if size else []
        except OSError as error:
            raise StoreError(f"{self.path}: {error}", _ADVICE) from error

    def clear(self) -> None:
        """Forget every line; they lie in the database by now."""
        os.ftruncate(self._file, 0)

    def set_aside(self, name: str) -> Path:
        """Copy the lines to a file beside the journal, for people to look at, and forget them."""
        place = self.path.with_name(f"{self.path.name}.{name}")
        place.write_bytes(b"\n".join([*self.lines(), b""]))
        place.chmod(0o600)
        self.clear()
        return place

    @property
    def head(self) -> bytes:
        """What was last put into the head; empty if nothing was, or if it is broken."""
        raw = self._map[:]
        if raw == self._seen[0]:
            return self._seen[1]
        best, newest = b"", -1
        for start in (0, _SLOT):
            checksum = int.from_bytes(self._map[start : start + 4], "big")
            size = self._map[start + 4]
            number = int.from_bytes(self._map[start + 5 : start + 13], "big")
            body = self._map[start + 13 : start + 13 + size]
            if size and number > newest and zlib.crc32(self._map[start + 4 : start + 13] + body) == checksum:
                best, newest = bytes(body), number
        self._seen = (raw, best)
        return best

    def put_head(self, number: int, body: bytes) -> None:
        """Replace the head; `number` grows with each. At most 240 bytes."""
        packed = bytes([len(body)]) + number.to_bytes(8, "big") + body
        start = _SLOT * (number % 2)
        self._map[start : start + 4 + len(packed)] = zlib.crc32(packed).to_bytes(4, "big") + packed
        self._seen = (self._map[:], body)

    def close(self) -> None:
        """Close both files."""
        self._map.close()
        os.close(self._file)


def _head_path(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def _mapped(path: Path) -> mmap.mmap:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(handle).st_size < 2 * _SLOT:
            os.posix_fallocate(handle, 0, 2 * _SLOT) if hasattr(os, "posix_fallocate") else os.ftruncate(
                handle, 2 * _SLOT
            )
        return mmap.mmap(handle, 2 * _SLOT)
    finally:
        os.close(handle)
