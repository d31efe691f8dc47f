"""What lasts, in SQLite: one file, write-ahead log, short transactions. The SQL keeps to what PostgreSQL understands too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from assay.model.errors import AssayError

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at REAL NOT NULL, tenant TEXT NOT NULL, decision_id TEXT NOT NULL,"
    " record TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS audit_head (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, at REAL NOT NULL, mac TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS audit_checkpoint (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, at REAL NOT NULL, key_id TEXT NOT NULL,"
    " signature TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS audit_journal (id INTEGER PRIMARY KEY, since INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS approval (id TEXT PRIMARY KEY, binding TEXT NOT NULL, state TEXT NOT NULL, agent TEXT NOT NULL, tenant TEXT NOT NULL,"
    " session TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL, reasons TEXT NOT NULL, revision TEXT NOT NULL, needed INTEGER NOT NULL,"
    " created REAL NOT NULL, expires REAL NOT NULL, decided REAL, note TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS approval_binding ON approval (binding, state)",
    "CREATE TABLE IF NOT EXISTS approval_vote (approval TEXT NOT NULL, approver TEXT NOT NULL, verdict TEXT NOT NULL, at REAL NOT NULL, reason TEXT NOT NULL,"
    " PRIMARY KEY (approval, approver))",
    "CREATE TABLE IF NOT EXISTS budget (name TEXT NOT NULL, span INTEGER NOT NULL, used REAL NOT NULL, PRIMARY KEY (name, span))",
    "CREATE TABLE IF NOT EXISTS token_revoked (jti TEXT PRIMARY KEY, expires REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS token_seen (jti TEXT PRIMARY KEY, digest TEXT NOT NULL, expires REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tool_pin (server TEXT NOT NULL, tool TEXT NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (server, tool))",
)
Row = tuple[object, ...]


class StoreError(AssayError):
    """The store cannot be read or written: a full disk, a broken file, missing rights."""


class Store:
    """One database file. Safe to use from several threads and several processes."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._lock = RLock()
        self.path = path

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """All or nothing; other writers wait.

        Raises:
            StoreError: the database cannot be written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.rollback()
                raise self._failure(error) from error

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; returns how many rows it changed.

        Raises:
            StoreError: the database cannot be written.
        """
        with self._lock:
            try:
                return self._connection.execute(sql, values).rowcount
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        """Run one statement for each row of values.

        Raises:
            StoreError: the database cannot be written.
        """
        with self._lock:
            try:
                self._connection.executemany(sql, values)
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def one(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._lock:
            try:
                found: Row | None = self._connection.execute(sql, values).fetchone()
            except sqlite3.Error as error:
                raise self._failure(error) from error
            return found

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _failure(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self.path}: {error}", "free space, check the rights of the folder, or restore the file"
        )


def open_store(path: Path) -> Store:
    """Open or make a database, readable by its owner only.

    Raises:
        StoreError: it cannot be opened, or is no database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not path.exists()
        connection = sqlite3.connect(
            path, timeout=10.0, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if fresh:
            path.chmod(0o600)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=10000")
        for statement in _SCHEMA:
            connection.execute(statement)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{path}: the store cannot be opened: {error}",
            "check the folder's rights, or move a broken file away",
        ) from error
    return Store(connection, path)
