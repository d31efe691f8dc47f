"""Approvals of single calls: a pending record bound to who, what and under which policy; given by others; used once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex

from assay.gateway.policy.sanitize import mask, masked_secrets, personal_spans, rewrite
from assay.model.decision import Call, Reason
from assay.model.errors import UsageError
from assay.store.database import Row, Store

_COLUMNS = "id, binding, state, agent, tenant, session, tool, arguments, reasons, revision, needed, created, expires, decided, note"
_BY_BINDING = f"SELECT {_COLUMNS} FROM approval WHERE binding = ? AND state IN ('pending', 'approved') ORDER BY created DESC"  # noqa: S608 - a constant list of columns
_BY_ID = f"SELECT {_COLUMNS} FROM approval WHERE id = ?"  # noqa: S608 - a constant list of columns
_NEWEST = f"SELECT {_COLUMNS} FROM approval ORDER BY created DESC LIMIT 500"  # noqa: S608 - a constant list of columns
_INSERT = f"INSERT INTO approval ({_COLUMNS}) VALUES ({', '.join('?' * 15)})"  # noqa: S608 - constant columns and marks
PENDING, APPROVED, DENIED, EXPIRED, USED = "pending", "approved", "denied", "expired", "used"


@dataclass(frozen=True, slots=True)
class Approval:
    """One record. `state` is pending, approved, denied, expired or used; `arguments` are shown with secrets masked."""

    id: str
    binding: str
    state: str
    agent: str
    tenant: str
    session: str
    tool: str
    arguments: str
    reasons: tuple[str, ...]
    revision: str
    needed: int
    created: float
    expires: float
    decided: float | None
    note: str


def binding_of(call: Call, revision: str) -> str:
    """What an approval is for: the caller, the tool, its canonical arguments, its place, and the policy under which it was asked."""
    bound = [
        call.subject.tenant,
        call.subject.agent,
        call.subject.session,
        call.tool,
        call.phase,
        call.workspace,
        call.cwd,
        call.branch,
        revision,
    ]
    text = json.dumps(
        [*bound, call.arguments], ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str
    )
    return sha256(text.encode()).hexdigest()


class Requests:
    """Approvals in a store."""

    def __init__(
        self,
        store: Store,
        lifetime: float = 3600.0,
        needed: int = 1,
        approvers: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._lifetime, self._needed, self._approvers, self._clock = (
            store,
            lifetime,
            max(needed, 1),
            tuple(approvers),
            clock,
        )

    def resolve(self, call: Call, reasons: Sequence[Reason], revision: str) -> tuple[bool, str]:
        """(True, id) if exactly this call was approved, which uses the approval up; else (False, id of the pending record).

        Raises:
            StoreError: the database cannot be written.
        """
        binding, now = binding_of(call, revision), self._clock()
        with self._store.transaction() as store:
            row = store.one(
                _BY_BINDING,
                (binding,),
            )
            if row is not None and float(str(row[12])) <= now:
                store.execute("UPDATE approval SET state = ? WHERE id = ?", (EXPIRED, row[0]))
                row = None
            if row is not None and row[2] == APPROVED:
                store.execute(
                    "UPDATE approval SET state = ?, decided = ? WHERE id = ? AND state = ?",
                    (USED, now, row[0], APPROVED),
                )
                return True, str(row[0])
            if row is not None:
                return False, str(row[0])
            return False, self._request(call, reasons, revision, binding, now)

    def _request(self, call: Call, reasons: Sequence[Reason], revision: str, binding: str, now: float) -> str:
        name = f"ap-{token_hex(8)}"
        shown = json.dumps(rewrite(call.arguments, _masked)[0], ensure_ascii=True, default=str)[:20_000]
        why = json.dumps(
            [f"{reason.statement}: {masked_secrets(reason.message)[0]}" for reason in reasons[:10]]
        )
        values = (
            name, binding, PENDING, call.subject.agent, call.subject.tenant, call.subject.session, call.tool, shown, why, revision, self._needed,
            now, now + self._lifetime, None, "",
        )  # fmt: skip
        self._store.execute(_INSERT, values)
        return name

    def vote(self, name: str, approver: str, *, approve: bool, reason: str) -> Approval:
        """Approve or deny a pending record. Who comes first wins; a second approver counts where two are needed.

        Raises:
            UsageError: there is no such pending record, or this person may not decide it.
            StoreError: the database cannot be written.
        """
        now = self._clock()
        with self._store.transaction() as store:
            found = self._fetch(name)
            if found is None:
                raise UsageError(f"there is no approval {name}", "see `assay approvals list`")
            self._may(found, approver)
            if found.state == PENDING and found.expires <= now:
                raise UsageError(f"{name} expired", "the agent has to ask again")
            if found.state != PENDING:
                raise UsageError(f"{name} is already {found.state}", "see `assay approvals show`")
            verdict = APPROVED if approve else DENIED
            store.execute(
                "INSERT OR REPLACE INTO approval_vote VALUES (?, ?, ?, ?, ?)",
                (name, approver, verdict, now, reason),
            )
            count = store.one(
                "SELECT COUNT(*) FROM approval_vote WHERE approval = ? AND verdict = ?", (name, APPROVED)
            )
            done = not approve or (count is not None and int(str(count[0])) >= found.needed)
            if done:
                store.execute(
                    "UPDATE approval SET state = ?, decided = ?, note = ? WHERE id = ? AND state = ?",
                    (verdict, now, f"{approver}: {reason}", name, PENDING),
                )
        after = self._fetch(name)
        assert after is not None
        return after

    def _may(self, found: Approval, approver: str) -> None:
        if not approver:
            raise UsageError("an approval needs a name", "give --as NAME")
        if approver == found.agent or approver.startswith("agent:"):
            raise UsageError(
                f"{approver} may not approve what it asked for itself", "another person has to decide"
            )
        if self._approvers and approver not in self._approvers:
            raise UsageError(
                f"{approver} is not among the approvers of the policy",
                "approvers: " + ", ".join(self._approvers),
            )

    def _fetch(self, name: str) -> Approval | None:
        row = self._store.one(_BY_ID, (name,))
        return _approval(row) if row is not None else None

    def show(self, name: str) -> Approval:
        """One record.

        Raises:
            UsageError: there is none of that id.
        """
        found = self._fetch(name)
        if found is None:
            raise UsageError(f"there is no approval {name}", "see `assay approvals list`")
        return found

    def listed(self, state: str = PENDING, tenant: str | None = None) -> list[Approval]:
        """Records in a state (`all` for every one), newest first; pending ones that ran out are marked expired before."""
        self._store.execute(
            "UPDATE approval SET state = ? WHERE state = ? AND expires <= ?",
            (EXPIRED, PENDING, self._clock()),
        )
        rows = self._store.rows(_NEWEST)
        found = [_approval(row) for row in rows]
        return [each for each in found if state in ("all", each.state) and tenant in (None, each.tenant)]


def _masked(_pointer: str, text: str) -> tuple[str, dict[str, int]]:
    plain, counts = masked_secrets(text)
    plain, people = mask(plain, personal_spans(plain))
    return plain, counts | people


def _approval(row: Row) -> Approval:
    name, binding, state, agent, tenant, session, tool, arguments, reasons, revision = (
        str(value) for value in row[:10]
    )
    needed, created, expires = int(str(row[10])), float(str(row[11])), float(str(row[12]))
    decided = None if row[13] is None else float(str(row[13]))
    why = tuple(json.loads(reasons))
    return Approval(
        name,
        binding,
        state,
        agent,
        tenant,
        session,
        tool,
        arguments,
        why,
        revision,
        needed,
        created,
        expires,
        decided,
        str(row[14]),
    )
