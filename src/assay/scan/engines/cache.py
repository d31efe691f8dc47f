"""What earlier scans saw, so that an unchanged file is not looked at again.

One SQLite file in the user's cache folder: a snapshot for each root and set of engines (every file's stamp, content digest and
outcome, in one compressed value), and a plain key-value table for project engines. A file is taken from the snapshot when its stamp
(size, mtime, ctime, inode) is the same, or when its content has the same SHA-256. As in git's index, a stamp younger than the snapshot
itself proves nothing (the file may have changed within the clock's resolution), so such files are hashed again.
Values hold findings, which never hold a raw secret.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from assay.scan.engines.outcome import EngineLook, FileOutcome

_FORMAT = 1
_RACY_NS = 2_000_000_000
MAX_BYTES = 512 * 1024 * 1024
_ATTEMPTS = 20
_SCHEMA = """
CREATE TABLE IF NOT EXISTS snapshot (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL);
"""

Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One file of a snapshot."""

    stamp: Stamp
    outcome: FileOutcome


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one root as the last scan with the same engines left them, and the looks of project engines under their keys."""

    files: dict[str, Seen]
    taken_ns: int = 0
    projects: dict[str, tuple[bytes, list[EngineLook]]] = field(default_factory=dict)

    def is_settled(self, changed_ns: int) -> bool:
        """Whether a file that changed then was surely read in its present form."""
        return changed_ns + _RACY_NS < self.taken_ns

    def unchanged(self, uri: str, stamp: Stamp) -> FileOutcome | None:
        """The outcome, if the stamp says that nothing changed."""
        seen = self.files.get(uri)
        if seen is None or not stamp or seen.stamp != stamp:
            return None
        return seen.outcome if self.is_settled(max(stamp[1:3], default=0)) else None

    def known(self, uri: str) -> FileOutcome | None:
        """The outcome, for a content that the caller compares by digest."""
        seen = self.files.get(uri)
        return seen.outcome if seen else None

    def same_as(self, other: Snapshot) -> bool:
        """Whether writing this one over the other would gain nothing."""
        if self.files.keys() != other.files.keys() or self.projects.keys() != other.projects.keys():
            return False
        newest = max((max(seen.stamp[1:3], default=0) for seen in self.files.values()), default=0)
        stamps = all(seen.stamp == other.files[uri].stamp for uri, seen in self.files.items())
        keys = all(key == other.projects[name][0] for name, (key, _) in self.projects.items())
        return stamps and keys and other.is_settled(newest)


class Cache:
    """The cache file. A broken or locked one is a cache miss, never a failed scan."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = folder / f"scan-{_FORMAT}.sqlite"
        self._max_bytes = max_bytes

    def snapshot(self, key: bytes) -> Snapshot:
        """The snapshot under this key, empty if there is none."""
        value = self._get("snapshot", key)
        if value is None:
            return Snapshot({})
        try:
            return msgspec.msgpack.decode(zlib.decompress(value), type=Snapshot)
        except (zlib.error, msgspec.MsgspecError, ValueError):
            return Snapshot({})

    def keep_snapshot(self, key: bytes, snapshot: Snapshot) -> None:
        """Replace the snapshot under this key."""
        self._put("snapshot", [(key, zlib.compress(msgspec.msgpack.encode(snapshot), 1))])

    def get(self, key: bytes) -> bytes | None:
        """A project engine's value."""
        return self._get("entry", key)

    def put(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep project engines' values."""
        self._put("entry", list(entries))

    def _get(self, table: str, key: bytes) -> bytes | None:
        if not self._path.exists():
            return None
        try:
            with closing(self._connect()) as database:
                row = database.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - a constant name
                return bytes(row[0]) if row else None
        except sqlite3.Error:
            return None

    def _put(self, table: str, entries: list[tuple[bytes, bytes]]) -> None:
        now = int(time.time())
        rows = [(key, value, now) for key, value in entries]
        for attempt in range(_ATTEMPTS):
            try:
                self._write(table, rows)
            except sqlite3.OperationalError as error:
                # Changing to the write-ahead log is not waited for by SQLite's own timeout.
                if "locked" not in str(error):
                    return
                time.sleep(0.02 * (attempt + 1))
            except sqlite3.DatabaseError as error:
                if "not a database" in str(error) or "malformed" in str(error):
                    self._path.unlink(missing_ok=True)
                return
            except OSError:
                return
            else:
                return

    def _write(self, table: str, rows: list[tuple[bytes, bytes, int]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(self._connect()) as database, database:
            database.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608 - a constant name
            self._shrink(database)

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=5.0)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        return database

    def _shrink(self, database: sqlite3.Connection) -> None:
        """Drop what was used longest ago until the values fit the cap."""
        for table in ("entry", "snapshot"):
            total = database.execute(f"SELECT coalesce(sum(length(value)), 0) FROM {table}").fetchone()[0]  # noqa: S608
            over = total - self._max_bytes // 2
            if over <= 0:
                continue
            oldest_first = f"SELECT key, length(value) FROM {table} ORDER BY used"  # noqa: S608
            for key, size in database.execute(oldest_first).fetchall():
                database.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608
                over -= size
                if over <= 0:
                    break


def digest_key(*parts: str | bytes) -> bytes:
    """A key of parts that cannot be confused with one another."""
    digest = sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()
