"""What an agent asks for and what it is told, in AuthZEN's and OPA's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Effect(Enum):
    """What becomes of a call. Ordered by `rank`: of several that apply, the strictest wins."""

    ALLOW = "allow"
    SANITIZE = "sanitize"
    APPROVAL_NEEDED = "approval_needed"
    DENY = "deny"

    rank: int
    """Position in the order, 0 (allow) to 3 (deny)."""

    def __init__(self, _: str) -> None:
        self.rank = len(self.__class__.__members__)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: the agent, its roles, session, tenant, and whom it acts for (outermost first)."""

    agent: str = ""
    roles: tuple[str, ...] = ()
    session: str = ""
    tenant: str = ""
    on_behalf_of: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool, or one text that a tool gave back.

    `arguments` is the tool's input as the agent sent it (JSON values). `phase` is "before", "after" (arguments hold the result) or
    "definition" (arguments hold a tool's description). `workspace`, `cwd` and `home` are absolute paths; `branch` is the branch
    checked out, `protected` the branches that nobody writes to directly. `time` is seconds since 1970.
    """

    id: str
    tool: str
    arguments: Mapping[str, object]
    subject: Subject = Subject()
    phase: str = "before"
    workspace: str = ""
    cwd: str = ""
    home: str = ""
    branch: str = ""
    protected: tuple[str, ...] = ("main", "master")
    time: float = 0.0
    environment: str = ""


class Action(NamedTuple):
    """One thing that a call would do: a verb (`file.read`, `git.push`) on a target (a path, a host, a branch).

    `flags` are facts that are true of it ("force", "recursive"); `detail` is the rest in words for people and for conditions.
    """

    verb: str
    target: str = ""
    flags: frozenset[str] = frozenset()
    detail: str = ""
    program: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the statement that matched, in words a person understands, and what would be allowed instead."""

    statement: str
    effect: Effect
    message: str
    action: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the arguments or of a result that was masked: a JSON pointer, what kind of data, and how often."""

    pointer: str
    kind: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one call.

    `effect` is what the policy says; `enforced` is False where it only observes (shadow mode), and then the call proceeds.
    `matched` are ids of every statement that applied. `arguments` replaces the call's own for SANITIZE. `approval` is the id of the
    pending record for APPROVAL_NEEDED. `errors` are what went wrong while deciding; any of them denies.
    """

    decision_id: str
    call_id: str
    effect: Effect
    reasons: tuple[Reason, ...] = ()
    matched: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    policy_revision: str = ""
    enforced: bool = True
    shadow: tuple[Reason, ...] = ()
    arguments: Mapping[str, object] | None = None
    changes: tuple[Change, ...] = ()
    approval: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # INVARIANT: a refusal says why; some agents take a deny without a reason for an allow.
        if self.effect is Effect.DENY and not any(reason.message for reason in self.reasons):
            raise ValueError("a deny needs a reason")

    @property
    def outcome(self) -> Effect:
        """What the agent is told: the effect where it is enforced, else ALLOW."""
        return self.effect if self.enforced else Effect.ALLOW
