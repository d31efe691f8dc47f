"""One decision as a record: OPA's decision log fields, with secrets and personal data of the input masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from assay.gateway.policy.sanitize import mask, masked_secrets, personal_spans, rewrite
from assay.model.decision import Action, Call, Decision

_MAX_INPUT = 16 * 1024
_SENSITIVE = frozenset({"text.secret", "text.personal", "text.unscanned", "secret.read"})
_ENCODER = msgspec.json.Encoder(enc_hook=str)
_ORDERED = msgspec.json.Encoder(enc_hook=str, order="sorted")


def encoded(value: object, *, ordered: bool = False) -> str:
    """A value as JSON in one line; keys in order where a digest is made of it."""
    return _bytes(value, ordered=ordered).decode()


def _bytes(value: object, *, ordered: bool = False) -> bytes:
    try:
        return (_ORDERED if ordered else _ENCODER).encode(value)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError):
        return json.dumps(
            value, ensure_ascii=True, sort_keys=ordered, separators=(",", ":"), default=str
        ).encode()


def record_of(
    call: Call, decision: Decision, actions: Sequence[Action], microseconds: int, now: float
) -> bytes:
    """A record as JSON in one line. `masked` names the places of the input where something was taken out."""
    text = _bytes(call.arguments, ordered=True)
    sensitive = not actions or any(action.verb in _SENSITIVE for action in actions)
    stored, masked = _stored(call.arguments, text, sensitive=sensitive)
    subject = call.subject
    return _bytes({
        "decision_id": decision.decision_id,
        "timestamp": now,
        "labels": {"agent": subject.agent, "tenant": subject.tenant, "environment": call.environment},
        "bundles": {"policy": {"revision": decision.policy_revision}},
        "path": "assay/gateway/decide",
        "requested_by": {"agent": subject.agent, "roles": subject.roles, "session": subject.session, "on_behalf_of": subject.on_behalf_of},
        "input": {
            "id": call.id, "tool": call.tool, "phase": call.phase, "arguments": stored, "arguments_digest": sha256(text).hexdigest(),
            "workspace": call.workspace, "cwd": call.cwd, "branch": call.branch, "home": call.home,
        },
        "result": _result(decision),
        "masked": masked,
        "metrics": {"timer_microseconds": microseconds},
    })  # fmt: skip


def _result(decision: Decision) -> dict[str, object]:
    return {
        "effect": decision.effect.value,
        "outcome": decision.outcome.value,
        "reasons": [
            (reason.statement, reason.effect.value, masked_line(reason.message))
            for reason in decision.reasons[:20]
        ],
        "matched": decision.matched[:60],
        "shadow": [reason.statement for reason in decision.shadow],
        "errors": [masked_line(error) for error in decision.errors],
        "approval": decision.approval,
        "changes": [(change.pointer, change.kind, change.count) for change in decision.changes[:60]],
    }


def masked_line(text: str) -> str:
    """A line of text without secrets; most lines have none, which a few characters show."""
    return masked_secrets(text)[0] if any(mark in text for mark in "=:@") else text


def _stored(arguments: Mapping[str, object], text: bytes, *, sensitive: bool) -> tuple[object, list[str]]:
    if len(text) > _MAX_INPUT:
        return {"too_large": len(text)}, ["/input/arguments"]
    if not sensitive:
        return msgspec.Raw(text), []

    def change(_pointer: str, value: str) -> tuple[str, dict[str, int]]:
        plain, counts = masked_secrets(value)
        plain, people = mask(plain, personal_spans(plain))
        return plain, counts | people

    new, changes = rewrite(arguments, change)
    return new, sorted({f"/input/arguments{each.pointer}" for each in changes})
