"""What a session has seen so far: facts that raise the effect of later calls."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from assay.model.decision import Action, Call, Effect

_MAX_SESSIONS = 10_000
READ_SECRET, READ_INJECTION, READ_UNTRUSTED = "read-secret", "read-injection", "read-untrusted"


def facts_of(
    actions: Iterable[Action], call: Call, outcome: Effect, matched: Iterable[str]
) -> frozenset[str]:
    """What a call that got `outcome` adds to its session. A denied call adds nothing: it did not happen."""
    facts = set()
    if outcome is Effect.DENY or (outcome is Effect.APPROVAL_NEEDED and call.phase == "before"):
        return frozenset()
    names = set(matched)
    for action in actions:
        if call.phase == "after":
            if action.verb in ("text.injection", "text.hidden"):
                facts.add(READ_INJECTION)
            if action.verb == "text.secret" and outcome is not Effect.SANITIZE:
                facts.add(READ_SECRET)
        elif action.verb == "net.connect" and "download" in action.flags and "loopback" not in action.flags:
            facts.add(READ_UNTRUSTED)
    # A secret was read although a statement speaks against it: allowed by a human, or only observed.
    if names & {"read.secrets", "read.histories", "read.stores", "environment.secrets", "environment.all"}:
        facts.add(READ_SECRET)
    return frozenset(facts)


@dataclass(slots=True)
class Sessions:
    """Facts by tenant, agent and session, the least recently used dropped first. Safe to use from several threads."""

    _facts: OrderedDict[tuple[str, str, str], frozenset[str]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, call: Call) -> frozenset[str]:
        """The facts of a call's session; nothing for a call without one."""
        if not call.subject.session:
            return frozenset()
        with self._lock:
            return self._facts.get(_key(call), frozenset())

    def add(self, call: Call, facts: frozenset[str]) -> None:
        """Remember facts for the rest of the session."""
        if not facts or not call.subject.session:
            return
        key = _key(call)
        with self._lock:
            self._facts[key] = self._facts.get(key, frozenset()) | facts
            self._facts.move_to_end(key)
            if len(self._facts) > _MAX_SESSIONS:
                self._facts.popitem(last=False)


def _key(call: Call) -> tuple[str, str, str]:
    return (call.subject.tenant, call.subject.agent, call.subject.session)
