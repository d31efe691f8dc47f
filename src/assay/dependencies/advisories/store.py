"""The advisory store: one SQLite file, built beside the old one and put in its place at once; readers never wait and never see half."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from assay.dependencies.advisories.record import Advisory, Affected, read_record
from assay.model.errors import ConfigError

SCHEMA = "3"
_TABLES = """
create table meta (key text primary key, value text not null) without rowid;
create table advisory (id text not null, source text not null, facts blob not null, primary key (id, source)) without rowid;
create table affected (ecosystem text not null, name text not null, id text not null, source text not null, facts blob not null,
                       primary key (ecosystem, name, id, source)) without rowid;
create index affected_source on affected (source);
create table kev (cve text primary key, added text not null, ransomware integer not null, title text not null) without rowid;
create table epss (cve text primary key, score real not null, percentile real not null) without rowid;
create table package_name (ecosystem text not null, name text not null, rank integer not null, primary key (ecosystem, name)) without rowid;
"""
_encode = msgspec.msgpack.Encoder().encode
_decode_affected = msgspec.msgpack.Decoder(Affected).decode
_decode_advisory = msgspec.msgpack.Decoder(Advisory).decode


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What a store holds and how old it is. `coverage` maps ecosystem -> number of advisories that name a package of it."""

    path: str
    created: str
    advisories: int
    coverage: dict[str, int]
    kev: int
    epss: int
    names: int
    sources: dict[str, str]
    kind: str = "full"

    def age_days(self, now: datetime) -> float:
        """Days since the store was built; infinite where it does not say."""
        try:
            created = datetime.fromisoformat(self.created)
        except ValueError:
            return float("inf")
        return (now - created).total_seconds() / 86_400


def default_path() -> Path:
    """Where the store lies unless told otherwise: $ASSAY_DATA, else the user's data folder."""
    folder = os.environ.get("ASSAY_DATA")
    if folder:
        return Path(folder) / "advisories.sqlite"
    import platformdirs

    return Path(platformdirs.user_data_dir("assay", appauthor=False)) / "advisories.sqlite"


class Builder:
    """Fills a new store file. Use `finish` to put it in place; without it nothing changes."""

    def __init__(self, path: Path, previous: Path | None = None) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        self.temporary.unlink(missing_ok=True)
        self.database = sqlite3.connect(self.temporary, isolation_level=None)
        self.database.execute("pragma journal_mode=off")
        self.database.execute("pragma synchronous=off")
        self.database.execute("pragma cache_size=-65536")
        if previous is not None:
            self._copy(previous)
        else:
            self.database.executescript(_TABLES)
        self.database.execute("begin")

    def _copy(self, previous: Path) -> None:
        with closing(_connect(previous)) as old:
            old.backup(self.database)

    def replace_source(self, source: str, records: Iterable[dict[str, Any]]) -> int:
        """Put a source's records in the place of those that it gave before; returns how many were kept.

        Records that are no OSV records are left out. A record that concerns several ecosystems comes with each of them.
        """
        self.database.execute("delete from affected where source = ?", (source,))
        self.database.execute("delete from advisory where source = ?", (source,))
        count = 0
        affected: list[tuple[str, str, str, str, bytes]] = []
        for record in records:
            facts = read_record(record)
            if facts is None:
                continue
            advisory, packages = facts
            self.database.execute(
                "insert or replace into advisory values (?,?,?)", (advisory.id, source, _encode(advisory))
            )
            affected += [
                (ecosystem, name, advisory.id, source, _encode(item)) for ecosystem, name, item in packages
            ]
            count += 1
            if len(affected) > 50_000:
                self._insert(affected)
        self._insert(affected)
        return count

    def _insert(self, rows: list[tuple[str, str, str, str, bytes]]) -> None:
        rows.sort(key=lambda row: row[:4])
        self.database.executemany("insert or replace into affected values (?,?,?,?,?)", rows)
        rows.clear()

    def replace_kev(self, rows: Iterable[tuple[str, str, bool, str]]) -> None:
        """(CVE, date added, known ransomware use, title) of CISA's catalogue."""
        self.database.execute("delete from kev")
        self.database.executemany("insert or replace into kev values (?,?,?,?)", rows)

    def replace_epss(self, rows: Iterable[tuple[str, float, float]]) -> None:
        """(CVE, probability, percentile) of FIRST's EPSS."""
        self.database.execute("delete from epss")
        self.database.executemany("insert or replace into epss values (?,?,?)", rows)

    def replace_names(self, ecosystem: str, names: Iterable[tuple[str, int]]) -> None:
        """(canonical name, rank) of well-known packages; rank 1 is the most used."""
        self.database.execute("delete from package_name where ecosystem = ?", (ecosystem,))
        self.database.executemany(
            "insert or ignore into package_name values (?,?,?)",
            ((ecosystem, name, rank) for name, rank in names),
        )

    def note(self, key: str, value: str) -> None:
        """Remember a fact about the store, such as a source's ETag."""
        self.database.execute("insert or replace into meta values (?,?)", (key, value))

    def finish(self, created: datetime | None = None) -> StoreStatus:
        """Check the new file and put it in place of the old one.

        Raises:
            ConfigError: the new file is not sound; the old one stays.
        """
        created = created or datetime.now(UTC)
        self.note("schema", SCHEMA)
        self.note("created", created.replace(microsecond=0).isoformat())
        self.note("digest", content_digest(self.database))
        rows = self.database.execute(
            "select ecosystem, count(distinct id) from affected group by ecosystem"
        ).fetchall()
        self.note("coverage", msgspec.json.encode(dict(rows)).decode())
        self.database.execute("commit")
        sound = self.database.execute("pragma quick_check").fetchone()[0]
        self.database.close()
        if sound != "ok":
            self.discard()
            raise ConfigError(
                f"the new advisory store is damaged: {sound}",
                "the old one stays; run `assay db update` again",
            )
        with self.temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        self.temporary.replace(self.path)
        with closing(Store(self.path)) as store:
            return store.status()

    def discard(self) -> None:
        """Throw the new file away."""
        self.database.close()
        self.temporary.unlink(missing_ok=True)


class Store:
    """A store opened for reading. Safe to use while another process puts a new one in its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.database = _connect(path)
            schema = self.meta("schema")
        except sqlite3.Error as error:
            raise ConfigError(
                f"{path} is no advisory store: {error}", "run `assay db update` to build a new one"
            ) from error
        if schema != SCHEMA:
            self.database.close()
            raise ConfigError(
                f"{path} has the format {schema or 'of something else'}, not {SCHEMA}",
                "run `assay db update`",
            )

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def meta(self, key: str) -> str:
        """A fact about the store, empty if it has none such."""
        row = self.database.execute("select value from meta where key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def affected(self, ecosystem: str, name: str) -> Iterator[tuple[str, Affected]]:
        """(advisory id, what it says) for one package by its canonical name."""
        rows = self.database.execute(
            "select id, facts from affected where ecosystem = ? and name = ? order by id", (ecosystem, name)
        )
        last = ""
        for identifier, facts in rows:
            if identifier != last:
                yield identifier, _decode_affected(facts)
            last = identifier

    def advisory(self, identifier: str) -> Advisory | None:
        """One advisory's own facts."""
        row = self.database.execute("select facts from advisory where id = ?", (identifier,)).fetchone()
        return _decode_advisory(row[0]) if row else None

    def kev(self, cve: str) -> tuple[str, bool, str] | None:
        """(date added, known ransomware use, title) if the CVE is known to be exploited."""
        row = self.database.execute(
            "select added, ransomware, title from kev where cve = ?", (cve,)
        ).fetchone()
        return (str(row[0]), bool(row[1]), str(row[2])) if row else None

    def epss(self, cve: str) -> tuple[float, float] | None:
        """(probability of exploitation in 30 days, percentile)."""
        row = self.database.execute("select score, percentile from epss where cve = ?", (cve,)).fetchone()
        return (float(row[0]), float(row[1])) if row else None

    def names(self, ecosystem: str) -> dict[str, int]:
        """Canonical name -> rank of the well-known packages of an ecosystem."""
        rows = self.database.execute("select name, rank from package_name where ecosystem = ?", (ecosystem,))
        return {str(name): int(rank) for name, rank in rows}

    def status(self) -> StoreStatus:
        """What the store holds."""
        counts = [
            int(self.database.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608 - fixed names
            for table in ("advisory", "kev", "epss", "package_name")
        ]
        sources = self.database.execute("select key, value from meta where key like 'source:%'").fetchall()
        coverage: dict[str, int] = msgspec.json.decode(self.meta("coverage") or "{}")
        return StoreStatus(
            path=str(self.path),
            created=self.meta("created"),
            advisories=counts[0],
            coverage=coverage,
            kev=counts[1],
            epss=counts[2],
            names=counts[3],
            sources={str(key)[7:]: str(value) for key, value in sources},
            kind=self.meta("kind") or "full",
        )

    def verify(self) -> bool:
        """Whether the content still has the digest that it was built with, and the file is sound."""
        sound = self.database.execute("pragma quick_check").fetchone()[0] == "ok"
        return sound and content_digest(self.database) == self.meta("digest")


def content_digest(database: sqlite3.Connection) -> str:
    """SHA-256 over every row of every table but the store's own notes, in key order."""
    digest = sha256()
    queries = (
        "select id, source, facts from advisory order by id, source",
        "select ecosystem, name, id, source, facts from affected order by ecosystem, name, id, source",
        "select cve, added, ransomware, title from kev order by cve",
        "select cve, score, percentile from epss order by cve",
        "select ecosystem, name, rank from package_name order by ecosystem, name",
    )
    for query in queries:
        for row in database.execute(query):
            for value in row:
                data = value if isinstance(value, bytes) else str(value).encode()
                digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()


def _connect(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri() + "?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)
