"""The spine of the gateway: a call, one decision.

 1. Who asks: the token's subject, or the one that the door vouches for.
 2. What the call would do: actions.
 3. How the policy sees them: real paths, canonical hosts, known packages.
 4. What the policy says, with the session's past; what is undetermined is at least approval_needed.
 5. Budgets and rates: taken now, for a call that may go on.
 6. Sanitize: the arguments or the result without what must not pass.
 7. Approval: one that was given for exactly this call lets it go on, once; else a pending record is made.
 8. Audit: the record is stored before the answer is given; if it cannot be, the answer is deny.

Anything that goes wrong on the way is an error in the decision, and denies.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Protocol

from assay.gateway.actions.calls import Found, actions_of
from assay.gateway.actions.pins import Pins
from assay.gateway.actions.sequence import Sessions, facts_of
from assay.gateway.actions.sight import PackageJudge, sights
from assay.gateway.identity.scopes import covers
from assay.gateway.policy.compiled import Policy, Ruling, Seen, evaluate
from assay.gateway.policy.sanitize import PERSONAL_DEFAULT
from assay.gateway.sanitized import sanitized
from assay.model.decision import Action, Call, Change, Decision, Effect, Reason, Subject
from assay.model.errors import AssayError


class Identity(Protocol):
    """Whose token this is."""

    def subject_of(self, token: str) -> Subject:
        """The subject of a valid token.

        Raises:
            AssayError: the token is not valid; the message says why.
        """
        ...


class Budgets(Protocol):
    """What is left of limits."""

    def take(self, call: Call, actions: Sequence[Action]) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
        """Take what a call costs: reasons why it may not go on (nothing is taken then), and warnings."""
        ...


class Approvals(Protocol):
    """Approvals of single calls."""

    def resolve(self, call: Call, reasons: Sequence[Reason], revision: str) -> tuple[bool, str]:
        """(True, id) if exactly this call was approved, which uses it up; else (False, id of the pending record)."""
        ...


class Audit(Protocol):
    """The trail."""

    def append(self, call: Call, decision: Decision, actions: Sequence[Action], microseconds: int) -> None:
        """Store one decision.

        Raises:
            AssayError: it cannot be stored.
        """
        ...


@dataclass(slots=True)
class Gateway:
    """What a decision needs. Parts that are None are not used: a plain policy check needs only the policy."""

    policy: Policy
    identity: Identity | None = None
    budgets: Budgets | None = None
    approvals: Approvals | None = None
    audit: Audit | None = None
    judge: PackageJudge | None = None
    pins: Pins | None = None
    sessions: Sessions = field(default_factory=Sessions)


def decide(gateway: Gateway, call: Call, token: str = "") -> Decision:
    """Decide one call. Never raises: what goes wrong is a deny with its error."""
    began = time.perf_counter_ns()
    found, policy = Found(()), gateway.policy
    try:
        call = _identified(gateway, call, token)
        found = _pinned(gateway.pins, call, actions_of(call, _personal(policy)))
        decision = _ruled(gateway, policy, call, found)
        if gateway.pins is not None and call.phase == "definition" and decision.effect is Effect.ALLOW:
            gateway.pins.keep(call)
    except AssayError as error:
        decision = refusal(call, policy.revision, error.message, error.advice)
    except Exception as error:  # noqa: BLE001 - the process border of a decision: whatever fails must close, not open
        decision = refusal(
            call, policy.revision, f"the gateway failed: {type(error).__name__}", "report this, with the call"
        )
    decision = _recorded(gateway, call, decision, found.actions, (time.perf_counter_ns() - began) // 1000)
    gateway.sessions.add(call, facts_of(found.actions, call, decision.outcome, decision.matched))
    return decision


def refusal(call: Call, revision: str, message: str, advice: str = "") -> Decision:
    """A deny for something that went wrong. It is enforced in shadow mode too: nothing was decided that could be observed."""
    reason = Reason("error", Effect.DENY, message, instead=advice)
    return Decision(new_id(), call.id, Effect.DENY, (reason,), ("error",), (message,), revision)


def new_id() -> str:
    """A decision's id: milliseconds since 1970 and 64 random bits, so that ids sort by time."""
    return f"{time.time_ns() // 1_000_000:012x}{token_hex(8)}"


def _personal(policy: Policy) -> tuple[str, ...]:
    kinds = policy.document.policy.personal_data
    return PERSONAL_DEFAULT if kinds is None else tuple(kinds)


def _identified(gateway: Gateway, call: Call, token: str) -> Call:
    if gateway.identity is None:
        return call
    subject = gateway.identity.subject_of(token)
    # The session is the agent's own word unless the token binds one; who the agent is never is.
    if not subject.session and call.subject.session:
        subject = replace(subject, session=call.subject.session)
    return Call(
        call.id, call.tool, call.arguments, subject, call.phase, call.workspace, call.cwd, call.home, call.branch, call.protected, call.time,
        call.environment,
    )  # fmt: skip


def _pinned(pins: Pins | None, call: Call, found: Found) -> Found:
    if pins is None or call.phase != "definition" or not pins.is_changed(call):
        return found
    name = f"{call.arguments.get('server', '')}.{call.arguments.get('name', '')}"
    return Found((*found.actions, Action("tool.changed", name)), found.undetermined)


def _outside(call: Call, found: Found) -> tuple[Reason, ...]:
    """Reasons against actions that the token's scopes do not cover; texts and the agent's own notes need none."""
    scopes = call.subject.scopes
    if not scopes:
        return ()
    verbs = dict.fromkeys(
        action.verb
        for action in found.actions
        if not action.verb.startswith(("text.", "agent.", "result.", "tool.defined"))
    )
    return tuple(
        Reason(
            "scope", Effect.DENY, f"the token is not for {verb}", verb, f"its scopes are {', '.join(scopes)}"
        )
        for verb in verbs
        if not covers(scopes, verb)
    )


def _ruled(gateway: Gateway, policy: Policy, call: Call, found: Found) -> Decision:
    seen = [
        *sights(found.actions, call, gateway.judge, policy.kept_places),
        *(Seen(Action("undetermined", detail=doubt)) for doubt in found.undetermined),
    ]
    ruling = evaluate(policy, call, seen, gateway.sessions.of(call))
    if found.undetermined and ruling.effect.rank < Effect.APPROVAL_NEEDED.rank:
        ruling = replace(ruling, effect=Effect.APPROVAL_NEEDED, reasons=(*ruling.reasons, _doubtful(found)))
    outside = _outside(call, found)
    if outside:
        ruling = replace(
            ruling,
            effect=Effect.DENY,
            reasons=(*outside, *ruling.reasons),
            matched=("scope", *ruling.matched),
        )
    decision = _decision(call, policy, ruling)
    if gateway.budgets is not None and decision.outcome is not Effect.DENY:
        decision = _within_budget(gateway.budgets, call, found, decision)
    if decision.outcome is Effect.DENY or not decision.enforced:
        return decision
    arguments, changes = sanitized(call, _personal(policy)) if ruling.obligations else (None, ())
    if decision.effect is Effect.APPROVAL_NEEDED and gateway.approvals is not None:
        return _approved(gateway.approvals, call, decision, arguments, changes)
    return replace(decision, arguments=arguments, changes=changes) if arguments is not None else decision


def _doubtful(found: Found) -> Reason:
    return Reason(
        "undetermined",
        Effect.APPROVAL_NEEDED,
        f"cannot be determined: {found.undetermined[0][:200]}",
        instead="write it plainly",
    )


def _decision(call: Call, policy: Policy, ruling: Ruling) -> Decision:
    return Decision(
        new_id(),
        call.id,
        ruling.effect,
        ruling.reasons,
        ruling.matched,
        ruling.errors,
        ruling.revision,
        not policy.shadow,
        ruling.shadow,
    )


def _within_budget(budgets: Budgets, call: Call, found: Found, decision: Decision) -> Decision:
    stops, warnings = budgets.take(call, found.actions)
    if not stops:
        return replace(decision, warnings=warnings)
    strictest = max((decision.effect, *(reason.effect for reason in stops)), key=lambda effect: effect.rank)
    matched = (*decision.matched, *(reason.statement for reason in stops))
    return replace(
        decision, effect=strictest, reasons=(*stops, *decision.reasons), matched=matched, warnings=warnings
    )


def _approved(
    approvals: Approvals,
    call: Call,
    decision: Decision,
    arguments: Mapping[str, object] | None,
    changes: tuple[Change, ...],
) -> Decision:
    granted, record = approvals.resolve(call, decision.reasons, decision.policy_revision)
    if not granted:
        return replace(decision, approval=record)
    effect = Effect.SANITIZE if arguments is not None else Effect.ALLOW
    return replace(decision, effect=effect, approval=record, arguments=arguments, changes=changes)


def _recorded(
    gateway: Gateway, call: Call, decision: Decision, actions: Sequence[Action], microseconds: int
) -> Decision:
    if gateway.audit is None:
        return decision
    try:
        gateway.audit.append(call, decision, actions, microseconds)
    except AssayError as error:
        return refusal(
            call, decision.policy_revision, f"the decision cannot be recorded: {error.message}", error.advice
        )
    except Exception as error:  # noqa: BLE001 - the process border of a decision: an unrecorded action must not happen
        return refusal(
            call, decision.policy_revision, f"the decision cannot be recorded: {type(error).__name__}"
        )
    return decision
