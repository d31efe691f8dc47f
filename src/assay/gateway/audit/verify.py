"""Whether a trail is whole, and what else is done with one: export, and letting old records go."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.gateway.audit.trail import CHECKPOINT_TYPE, START, chained, head_code, settled, sign_checkpoint
from assay.model.errors import UsageError
from assay.signing.dsse import EnvelopeError, opened
from assay.signing.keys import KeyFolder
from assay.store.database import Store
from assay.store.journal import Journal

_BACKWARDS = 1.0  # seconds that clocks of one machine may differ without anything being wrong


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a trail: at which record, what kind, in words."""

    seq: int
    kind: str
    message: str


def problems(store: Store, keys: KeyFolder) -> Iterator[Problem]:
    """Everything that is wrong with a trail, in order.

    Raises:
        StoreError: the database cannot be read.
    """
    yield from _journal_problems(store, keys)
    yield from _head_problems(store, keys)
    settled(store, keys)
    before, expected, last_at = START, 1, 0.0
    hashes: dict[int, str] = {}
    first = store.one("SELECT MIN(seq) FROM audit")
    kept = (
        store.one("SELECT hash FROM audit_checkpoint WHERE seq = ?", (_number(first) - 1,))
        if first and first[0]
        else None
    )
    if first and first[0] and _number(first) > 1:
        expected = _number(first)
        if kept is None:
            yield Problem(
                expected,
                "removed",
                f"records 1 to {expected - 1} are missing, and no signed checkpoint says that they were retired",
            )
        before = str(kept[0]) if kept else ""
    for seq, at, record, digest in _records(store):
        if seq != expected:
            yield Problem(seq, "removed", f"record {expected} is missing: {seq} follows")
        elif before and chained(before, record) != digest:
            yield Problem(seq, "changed", f"record {seq} or its place was changed: its hash does not fit")
        if at < last_at - _BACKWARDS:
            yield Problem(
                seq,
                "clock",
                f"record {seq} is {last_at - at:.1f} s older than the one before it: the clock was set back",
            )
        before, expected, last_at = digest, seq + 1, max(at, last_at)
        hashes[seq] = digest
    yield from _last_problems(store, expected - 1, before)
    yield from _checkpoint_problems(store, keys, hashes)


def _number(row: Sequence[object]) -> int:
    return int(str(row[0]))


def _records(store: Store) -> Iterator[tuple[int, float, str, str]]:
    position = 0
    while True:
        rows = store.rows(
            "SELECT seq, at, record, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT 2000", (position,)
        )
        for seq, at, record, digest in rows:
            yield int(str(seq)), float(str(at)), str(record), str(digest)
        if not rows:
            return
        position = int(str(rows[-1][0]))


def _head_problems(store: Store, keys: KeyFolder) -> Iterator[Problem]:
    """The database's own head, before anything new is put behind it."""
    head = store.one(
        "SELECT seq, hash, mac, (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM audit_head WHERE id = 1"
    )
    last = (
        int(str(head[3]))
        if head is not None
        else _number(store.one("SELECT COALESCE(MAX(seq), 0) FROM audit") or (0,))
    )
    if head is None:
        if last:
            yield Problem(last, "truncated", "the head is missing, so the end cannot be trusted")
        return
    seq, digest = int(str(head[0])), str(head[1])
    if not hmac.compare_digest(str(head[2]), head_code(keys.secret("audit"), seq, digest)):
        yield Problem(seq, "truncated", "the head was not written by this gateway: its code does not fit")
    elif seq != last:
        yield Problem(last, "truncated", f"the trail ends at record {last}, but {seq} were written")


def _last_problems(store: Store, last: int, digest: str) -> Iterator[Problem]:
    """After everything that waited was moved, both heads must name the last record; others may be writing meanwhile."""
    journal = Journal(store.path.with_name(store.path.name + ".trail"))
    try:
        with journal:
            written, waiting = journal.head.decode("utf-8", "replace").split("\t"), len(journal.lines())
            head = store.one("SELECT seq, hash FROM audit_head WHERE id = 1")
            newest = _number(store.one("SELECT COALESCE(MAX(seq), 0) FROM audit") or (0,))
    finally:
        journal.close()
    if head is not None and last:
        seq = int(str(head[0]))
        if seq != newest or (seq == last and str(head[1]) != digest):
            yield Problem(newest, "truncated", f"the trail ends at record {newest}, but the head names {seq}")
    if len(written) == 4 and int(written[0]) != newest + waiting:
        yield Problem(
            newest, "truncated", f"the trail ends at record {newest + waiting}, but {written[0]} were written"
        )


def _journal_problems(store: Store, keys: KeyFolder) -> Iterator[Problem]:
    """The database says that there is a journal with a head; neither may be gone, and the head may not lie behind the database."""
    begun = store.one("SELECT since FROM audit_journal WHERE id = 1")
    if begun is None:
        return
    journal = Journal(store.path.with_name(store.path.name + ".trail"))
    last = _number(store.one("SELECT COALESCE(MAX(seq), 0) FROM audit") or (0,))
    parts = journal.head.decode("utf-8", "replace").split("\t")
    journal.close()
    if journal.fresh or (len(parts) != 4 and last):
        yield Problem(last, "truncated", "the journal's head is missing, so the end cannot be trusted")
    elif len(parts) == 4 and not hmac.compare_digest(
        parts[2], head_code(keys.secret("audit"), int(parts[0]), parts[1])
    ):
        yield Problem(
            last, "truncated", "the journal's head was not written by this gateway: its code does not fit"
        )
    elif len(parts) == 4 and int(parts[0]) < last:
        yield Problem(
            int(parts[0]), "truncated", f"the journal's head names record {parts[0]}, but {last} were written"
        )


def _checkpoint_problems(store: Store, keys: KeyFolder, hashes: Mapping[int, str]) -> Iterator[Problem]:
    public = keys.public()
    for seq, digest, envelope in store.rows("SELECT seq, hash, signature FROM audit_checkpoint ORDER BY seq"):
        number = int(str(seq))
        try:
            signed = json.loads(opened(str(envelope), CHECKPOINT_TYPE, public))
        except (EnvelopeError, ValueError):
            yield Problem(
                number, "signature", f"the checkpoint at record {number} is not signed by a known key"
            )
            continue
        if signed.get("seq") != number or signed.get("hash") != str(digest):
            yield Problem(
                number, "signature", f"the checkpoint at record {number} was signed for another one"
            )
        elif number in hashes and hashes[number] != str(digest):
            yield Problem(number, "changed", f"record {number} is not the one that was signed")


def replaced(store: Store, keys: KeyFolder, exported: Path) -> Iterator[Problem]:
    """Checkpoints that were exported earlier and that this trail does not hold: it is not the same one any more, or an older copy.

    Raises:
        UsageError: the export cannot be read.
    """
    try:
        lines = exported.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{exported}: cannot be read: {error}", "give a file written by `assay audit export`"
        ) from error
    public = keys.public()
    for line in lines:
        if not line.startswith('{"checkpoint"'):
            continue
        try:
            signed = json.loads(opened(json.dumps(json.loads(line)["checkpoint"]), CHECKPOINT_TYPE, public))
        except (EnvelopeError, ValueError, KeyError):
            yield Problem(0, "signature", f"{exported.name}: a checkpoint is not signed by a known key")
            continue
        seq, first = signed.get("seq", 0), store.one("SELECT COALESCE(MIN(seq), 0) FROM audit")
        row = store.one("SELECT hash FROM audit WHERE seq = ?", (seq,))
        kept = store.one("SELECT hash FROM audit_checkpoint WHERE seq = ?", (seq,))
        retired = row is None and kept is not None and first is not None and seq < _number(first)
        if not retired and (row is None or str(row[0]) != signed.get("hash")):
            yield Problem(seq, "replaced", f"record {seq}, signed and exported earlier, is not in this trail")


def retire(store: Store, keys: KeyFolder, before: float) -> int:
    """Remove records older than a time, up to a checkpoint that is signed for it; returns how many.

    Raises:
        StoreError: the database cannot be written.
    """
    settled(store, keys)
    row = store.one("SELECT MAX(seq) FROM audit WHERE at < ?", (before,))
    if row is None or row[0] is None:
        return 0
    last = _number(row)
    digest = store.one("SELECT hash FROM audit WHERE seq = ?", (last,))
    with store.transaction():
        sign_checkpoint(store, keys, last, str(digest[0]) if digest else "", time.time())
        return store.execute("DELETE FROM audit WHERE seq <= ?", (last,))


def export(store: Store, path: Path) -> int:
    """Write every record and checkpoint as JSON lines; returns how many records.

    Raises:
        StoreError: the database cannot be read.
    """
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for seq, _, record, digest in _records(store):
            stream.write(
                json.dumps({"seq": seq, "hash": digest, "record": json.loads(record)}, separators=(",", ":"))
                + "\n"
            )
            count += 1
        for (envelope,) in store.rows("SELECT signature FROM audit_checkpoint ORDER BY seq"):
            stream.write(f'{{"checkpoint":{envelope}}}\n')
    return count
