"""The trail: one record a decision, each with the hash of the one before, the newest under a code, signed checkpoints in between.

What is detected, and by what:

| tampering | shown by |
| --- | --- |
| a record changed | its hash does not fit |
| a record removed or moved, or one put in | numbers or the chain break |
| the end cut off | the head's number and code do not fit |
| the whole state replaced by an older copy | a checkpoint kept elsewhere (`assay audit verify --against EXPORT`) is not in it |
| the clock set back | a record's time lies before its predecessor's |

hash(n) = SHA-256(hash(n-1) || record(n)), hash(0) = 64 zeros; a record's code is HMAC-SHA256 over its number and hash under a key outside
the database; a checkpoint is a DSSE envelope with an Ed25519 signature over `{"hash", "seq", "time"}`.

Records go to a journal first, one write each and before the answer is given, and from there to the database in batches of 256 or when
somebody reads. The head that names the newest record lies beside the journal; the database knows that there is one.
"""

from __future__ import annotations

import hmac
import json
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from assay.gateway.audit.records import record_of
from assay.model.decision import Action, Call, Decision
from assay.signing.dsse import seal
from assay.signing.keys import KeyFolder
from assay.store.database import Store
from assay.store.journal import Journal

START = "0" * 64
CHECKPOINT_TYPE = "application/vnd.assay.audit-checkpoint.v1+json"
_BATCH = 256


class Trail:
    """Writes records. One per process; several processes may share the state."""

    def __init__(self, store: Store, keys: KeyFolder, clock: Callable[[], float] = time.time) -> None:
        self._store, self._keys, self._clock = store, keys, clock
        self._code = keys.secret("audit")
        self._journal = Journal(store.path.with_name(store.path.name + ".trail"))
        self._waiting = 0
        self._head: tuple[bytes, int, str, int] = (b"", 0, START, 0)
        if store.one("SELECT 1 FROM audit_journal WHERE id = 1") is None:
            with self._journal:
                self._adopt()

    def _adopt(self) -> None:
        """Begin a journal behind what the database holds."""
        last = self._store.one("SELECT seq, hash, mac FROM audit_head WHERE id = 1")
        if last is not None:
            self._put(_int(last[0]), str(last[1]), str(last[2]), self._journal.size)
        self._store.execute(
            "INSERT OR IGNORE INTO audit_journal VALUES (1, ?)", (_int(last[0]) if last else 0,)
        )

    def append(self, call: Call, decision: Decision, actions: Sequence[Action], microseconds: int) -> None:
        """Store one decision.

        Raises:
            StoreError: it cannot be stored.
        """
        record = record_of(call, decision, actions, microseconds, self._clock())
        with self._journal:
            seq, before, size = self._newest()
            now = self._clock()  # inside the lock: whoever waits for it must not look like a clock set back
            seq, digest = seq + 1, sha256(before.encode() + record).hexdigest()
            code, tenant = head_code(self._code, seq, digest), call.subject.tenant.replace("\n", " ")
            start = f"{seq}\t{now!r}\t{digest}\t{code}\t{decision.decision_id}\t{len(tenant)}\t{tenant}\t"
            line = start.encode("utf-8", "replace") + record
            self._journal.append(line)
            self._put(seq, digest, code, size + len(line) + 1)
        self._waiting += 1
        if self._waiting >= _BATCH:
            self.checkpoint()

    def _put(self, seq: int, digest: str, code: str, size: int) -> None:
        body = f"{seq}\t{digest}\t{code}\t{size}".encode()
        self._journal.put_head(seq, body)
        self._head = (body, seq, digest, size)

    def _newest(self) -> tuple[int, str, int]:
        """Number and hash of the newest record, and the journal's size.

        A process may have ended after it wrote a line and before it put the head; then the sizes differ, and the line counts if its code is ours.
        """
        body = self._journal.head
        if body is not self._head[0]:
            self._head = (body, *head_of(body))
        _, seq, digest, expected = self._head
        size = self._journal.size
        if size != expected:
            for entry in map(parsed, self._journal.lines()[-1:]):
                if entry and entry[0] == seq + 1 and self._is_ours(entry):
                    self._put(entry[0], entry[2], entry[3], size)
                    return entry[0], entry[2], size
        return seq, digest, size

    def _is_ours(self, entry: Entry) -> bool:
        return hmac.compare_digest(entry[3], head_code(self._code, entry[0], entry[2]))

    def settle(self) -> None:
        """Move what waits in the journal into the database. Lines that cannot be read are kept beside it, and said.

        Raises:
            StoreError: the database cannot be written; nothing is lost then.
        """
        with self._journal:
            seq, _, _ = self._newest()
            entries = [parsed(line) for line in self._journal.lines()]
            rows = [
                (entry[0], entry[1], entry[5], entry[4], entry[6], entry[2]) for entry in entries if entry
            ]
            with self._store.transaction() as store:
                store.many("INSERT OR IGNORE INTO audit VALUES (?, ?, ?, ?, ?, ?)", rows)
                newest = self._journal.head.decode().split("\t")
                if rows and len(newest) == 4:
                    store.execute(
                        "INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?, ?, ?)",
                        (seq, newest[1], self._clock(), newest[2]),
                    )
            if len(rows) < len(entries):
                place = self._journal.set_aside(f"unread-{int(self._clock())}")
                sys.stderr.write(
                    f"assay: the trail's journal holds lines that cannot be read; a copy lies in {place}\n"
                )
            else:
                self._journal.clear()
            if len(newest) == 4:
                self._put(seq, newest[1], newest[2], 0)
            self._waiting = 0

    def checkpoint(self) -> None:
        """Settle, and sign the newest record.

        Raises:
            StoreError: it cannot be stored.
        """
        self.settle()
        last = self._store.one("SELECT seq, hash FROM audit_head WHERE id = 1")
        if last is not None:
            sign_checkpoint(self._store, self._keys, _int(last[0]), str(last[1]), self._clock())

    def close(self) -> None:
        """Sign the end and close the journal.

        Raises:
            StoreError: the end cannot be stored.
        """
        self.checkpoint()
        self.release()

    def release(self) -> None:
        """Close the journal's files."""
        self._journal.close()


Entry = tuple[int, float, str, str, str, str, str]
"""A journal's line: number, time, hash, code, decision id, tenant, record."""


def parsed(line: bytes) -> Entry | None:
    """The parts of a line; None if it is none."""
    try:
        seq, at, digest, code, decision_id, size, rest = line.decode().split("\t", 6)
        length = int(size)
        if rest[length] != "\t":
            return None
        return int(seq), float(at), digest, code, decision_id, rest[:length], rest[length + 1 :]
    except (ValueError, IndexError):
        return None


def head_of(body: bytes) -> tuple[int, str, int]:
    """Number and hash that a journal's head names, and the journal's size then; the start if there is none."""
    parts = body.decode().split("\t")
    return (int(parts[0]), parts[1], int(parts[3])) if len(parts) == 4 else (0, START, 0)


def settled(store: Store, keys: KeyFolder) -> None:
    """Move what waits in a state's journal into its database, for somebody who wants to read.

    Raises:
        StoreError: the database cannot be written.
    """
    trail = Trail(store, keys)
    try:
        trail.settle()
    finally:
        trail.release()


def sign_checkpoint(store: Store, keys: KeyFolder, seq: int, digest: str, now: float) -> None:
    """Keep a signature over a record's number and hash.

    Raises:
        StoreError: it cannot be stored.
    """
    key = keys.signing()
    payload = json.dumps({"hash": digest, "seq": seq, "time": round(now, 6)}, sort_keys=True).encode()
    store.execute(
        "INSERT OR REPLACE INTO audit_checkpoint VALUES (?, ?, ?, ?, ?)",
        (seq, digest, now, key.id, seal(payload, CHECKPOINT_TYPE, key)),
    )


def chained(before: str, record: str) -> str:
    """The hash of a record behind another."""
    return sha256(before.encode() + record.encode()).hexdigest()


def head_code(code: bytes, seq: int, digest: str) -> str:
    """The code of a record."""
    return hmac.digest(code, f"{seq}:{digest}".encode(), "sha256").hex()


def _int(value: object) -> int:
    return int(str(value))
