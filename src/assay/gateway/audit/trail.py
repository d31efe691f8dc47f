"""The trail: one record a decision, each with the hash of the one before, the newest under a code, signed checkpoints in between.

What is detected, and by what:

| tampering | shown by |
| --- | --- |
| a record changed | its hash does not fit |
| a record removed or moved, or one put in | numbers or the chain break |
| the end cut off | the head's number and code do not fit |
| the whole file replaced by an older copy | a checkpoint kept elsewhere (`assay audit export`) is not in it |
| the clock set back | a record's time lies before its predecessor's |

hash(n) = SHA-256(hash(n-1) || record(n)), hash(0) = 64 zeros; the head's code is HMAC-SHA256 under a key outside the database; a checkpoint is
an Ed25519 signature over `assay-audit-checkpoint-v1\\n<seq>\\n<hash>\\n<time>`.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from assay.gateway.policy.sanitize import mask, masked_secrets, personal_spans, rewrite
from assay.model.decision import Action, Call, Decision
from assay.signing.keys import KeyFolder, verifies
from assay.store.database import Store

START = "0" * 64
_CHECKPOINT_EVERY = 256
_MAX_INPUT = 16 * 1024
_BACKWARDS = 1.0  # seconds that clocks of one machine may differ without anything being wrong


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a trail: at which record, what kind, in words."""

    seq: int
    kind: str
    message: str


class Trail:
    """Writes records. One per process; several processes may share the database."""

    def __init__(self, store: Store, keys: KeyFolder, clock: Callable[[], float] = time.time) -> None:
        self._store, self._keys, self._clock = store, keys, clock
        self._code = keys.secret("audit")
        self._since_checkpoint = 0

    def append(self, call: Call, decision: Decision, actions: Sequence[Action], microseconds: int) -> None:
        """Store one decision.

        Raises:
            StoreError: it cannot be stored.
        """
        now = self._clock()
        record = encoded(record_of(call, decision, actions, microseconds, now))
        with self._store.transaction() as store:
            last = store.one("SELECT seq, hash FROM audit_head WHERE id = 1")
            seq, before = (int(str(last[0])), str(last[1])) if last else (0, START)
            digest = chained(before, record)
            store.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
                (seq + 1, now, call.subject.tenant, decision.decision_id, record, digest),
            )
            store.execute(
                "INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?, ?, ?)",
                (seq + 1, digest, now, head_code(self._code, seq + 1, digest)),
            )
        self._since_checkpoint += 1
        if self._since_checkpoint >= _CHECKPOINT_EVERY:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Sign the newest record.

        Raises:
            StoreError: it cannot be stored.
        """
        last = self._store.one("SELECT seq, hash FROM audit_head WHERE id = 1")
        self._since_checkpoint = 0
        if last is None:
            return
        key, now = self._keys.signing(), self._clock()
        signature = key.sign(checkpoint_text(int(str(last[0])), str(last[1]), now)).hex()
        self._store.execute(
            "INSERT OR REPLACE INTO audit_checkpoint VALUES (?, ?, ?, ?, ?)",
            (last[0], last[1], now, key.id, signature),
        )


def encoded(value: object, *, ordered: bool = False) -> str:
    """A value as JSON in one line; keys in order where a digest is made of it."""
    try:
        return msgspec.json.encode(value, enc_hook=str, order="sorted" if ordered else None).decode()
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError):
        return json.dumps(value, ensure_ascii=True, sort_keys=ordered, separators=(",", ":"), default=str)


def chained(before: str, record: str) -> str:
    """The hash of a record behind another."""
    return sha256(before.encode() + record.encode()).hexdigest()


def head_code(code: bytes, seq: int, digest: str) -> str:
    """The code of the newest record."""
    return hmac.digest(code, f"{seq}:{digest}".encode(), "sha256").hex()


def checkpoint_text(seq: int, digest: str, at: float) -> bytes:
    """What a checkpoint signs."""
    return f"assay-audit-checkpoint-v1\n{seq}\n{digest}\n{at:.6f}".encode()


def record_of(
    call: Call, decision: Decision, actions: Sequence[Action], microseconds: int, now: float
) -> dict[str, object]:
    """A record with the fields of OPA's decision log. Secrets and personal data of the input are masked; `masked` names where."""
    text = encoded(call.arguments, ordered=True)
    sensitive = (
        any(
            action.verb in ("text.secret", "text.personal", "text.unscanned", "secret.read")
            for action in actions
        )
        or not actions
    )
    stored, masked = _stored(call.arguments, text, sensitive=sensitive)
    return {
        "decision_id": decision.decision_id,
        "timestamp": round(now, 6),
        "labels": {"agent": call.subject.agent, "tenant": call.subject.tenant, "environment": call.environment},
        "bundles": {"policy": {"revision": decision.policy_revision}},
        "path": "assay/gateway/decide",
        "requested_by": {
            "agent": call.subject.agent, "roles": list(call.subject.roles), "session": call.subject.session, "on_behalf_of": list(call.subject.on_behalf_of),
        },
        "input": {
            "id": call.id, "tool": call.tool, "phase": call.phase, "arguments": stored, "arguments_digest": sha256(text.encode()).hexdigest(),
            "workspace": call.workspace, "cwd": call.cwd, "branch": call.branch, "home": call.home,
        },
        "result": {
            "effect": decision.effect.value,
            "outcome": decision.outcome.value,
            "reasons": [[reason.statement, reason.effect.value, masked_line(reason.message)] for reason in decision.reasons[:20]],
            "matched": list(decision.matched[:60]),
            "shadow": [reason.statement for reason in decision.shadow],
            "errors": [masked_line(error) for error in decision.errors],
            "approval": decision.approval,
            "changes": [[change.pointer, change.kind, change.count] for change in decision.changes[:60]],
        },
        "masked": masked,
        "metrics": {"timer_microseconds": microseconds},
    }  # fmt: skip


def masked_line(text: str) -> str:
    """A line of text without secrets; most lines have none, which a few characters show."""
    return masked_secrets(text)[0] if any(mark in text for mark in "=:@") else text


def _stored(arguments: Mapping[str, object], text: str, *, sensitive: bool) -> tuple[object, list[str]]:
    if len(text) > _MAX_INPUT:
        return {"too_large": len(text)}, ["/input/arguments"]
    if not sensitive:
        return arguments, []

    def change(_pointer: str, value: str) -> tuple[str, dict[str, int]]:
        plain, counts = masked_secrets(value)
        plain, people = mask(plain, personal_spans(plain))
        return plain, counts | people

    new, changes = rewrite(arguments, change)
    return new, sorted({f"/input/arguments{each.pointer}" for each in changes})


def problems(store: Store, keys: KeyFolder) -> Iterator[Problem]:
    """Everything that is wrong with a trail, in order.

    Raises:
        StoreError: the database cannot be read.
    """
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
    yield from _head_problems(store, keys, expected - 1, before)
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


def _head_problems(store: Store, keys: KeyFolder, last: int, digest: str) -> Iterator[Problem]:
    head = store.one("SELECT seq, hash, mac FROM audit_head WHERE id = 1")
    if head is None:
        if last:
            yield Problem(last, "truncated", "the head is missing, so the end cannot be trusted")
        return
    seq, head_hash, mac = int(str(head[0])), str(head[1]), str(head[2])
    if not hmac.compare_digest(mac, head_code(keys.secret("audit"), seq, head_hash)):
        yield Problem(seq, "truncated", "the head was not written by this gateway: its code does not fit")
    elif seq != last or (digest and head_hash != digest):
        yield Problem(last, "truncated", f"the trail ends at record {last}, but {seq} were written")


def _checkpoint_problems(store: Store, keys: KeyFolder, hashes: Mapping[int, str]) -> Iterator[Problem]:
    public = keys.public()
    for seq, digest, at, key, signature in store.rows(
        "SELECT seq, hash, at, key_id, signature FROM audit_checkpoint ORDER BY seq"
    ):
        number = int(str(seq))
        signer = public.get(str(key))
        try:
            valid = signer is not None and verifies(
                signer, bytes.fromhex(str(signature)), checkpoint_text(number, str(digest), float(str(at)))
            )
        except ValueError:
            valid = False
        if not valid:
            yield Problem(
                number, "signature", f"the checkpoint at record {number} is not signed by a known key"
            )
        elif number in hashes and hashes[number] != str(digest):
            yield Problem(number, "changed", f"record {number} is not the one that was signed")


def retire(store: Store, keys: KeyFolder, before: float) -> int:
    """Remove records older than a time, up to a checkpoint that is signed for it; returns how many.

    Raises:
        StoreError: the database cannot be written.
    """
    row = store.one("SELECT MAX(seq) FROM audit WHERE at < ?", (before,))
    if row is None or row[0] is None:
        return 0
    last = _number(row)
    digest = store.one("SELECT hash FROM audit WHERE seq = ?", (last,))
    key, now = keys.signing(), time.time()
    signature = key.sign(checkpoint_text(last, str(digest[0]) if digest else "", now)).hex()
    with store.transaction():
        store.execute(
            "INSERT OR REPLACE INTO audit_checkpoint VALUES (?, ?, ?, ?, ?)",
            (last, digest[0] if digest else "", now, key.id, signature),
        )
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
        for row in store.rows("SELECT seq, hash, at, key_id, signature FROM audit_checkpoint ORDER BY seq"):
            stream.write(json.dumps({"checkpoint": list(row)}, separators=(",", ":")) + "\n")
    return count
