"""Calls and decisions as JSON: the short form of tests and logs, and the full form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from assay.model.decision import Call, Decision, Reason, Subject
from assay.model.errors import UsageError

_PHASES = {
    "PostToolUse": "after",
    "AfterTool": "after",
    "postToolUse": "after",
    "mcp.tools/list": "definition",
    "mcp.tools/changed": "definition",
}


def call_of(data: object, defaults: Call) -> Call:
    """A call from JSON: `{"id", "tool", "input"}`, and for the full form also `subject`, `session`, `workspace`, `cwd`, `home`, `branch`,
    `phase`, `time`, `environment`; what is missing comes from `defaults`.

    Raises:
        UsageError: the value is no call.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("tool"), str):
        raise UsageError(
            "a call is an object with `id`, `tool` and `input`",
            'for example {"id": "1", "tool": "Bash", "input": {"command": "ls"}}',
        )
    tool = data["tool"]
    arguments = data.get("input", data.get("arguments", {}))
    if not isinstance(arguments, Mapping):
        arguments = {"value": arguments}
    phase = data.get("phase") or _PHASES.get(tool, "before")
    if phase == "after" and tool in _PHASES:
        tool = str(arguments.get("tool_name", tool))
        arguments = {key: value for key, value in arguments.items() if key not in ("tool_name", "tool_input")}
    workspace = _text(data, "workspace", defaults.workspace)
    protected = data.get("protected")
    return Call(
        id=str(data.get("id", "")),
        tool=tool,
        arguments=arguments,
        subject=_subject(data.get("subject"), data.get("session"), defaults.subject),
        phase=str(phase),
        workspace=workspace,
        cwd=_text(data, "cwd", "") or (defaults.cwd if "workspace" not in data else workspace),
        home=_text(data, "home", defaults.home),
        branch=_text(data, "branch", defaults.branch),
        protected=tuple(str(item) for item in protected)
        if isinstance(protected, list)
        else defaults.protected,
        time=float(data["time"])
        if isinstance(data.get("time"), (int, float))
        else defaults.time or time.time(),
        environment=_text(data, "environment", defaults.environment),
    )


def _text(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else default


def _subject(value: object, session: object, default: Subject) -> Subject:
    if not isinstance(value, Mapping):
        return (
            default
            if not isinstance(session, str)
            else Subject(
                default.agent, default.roles, session, default.tenant, default.on_behalf_of, default.scopes
            )
        )
    return Subject(
        agent=_text(value, "agent", default.agent),
        roles=_texts(value.get("roles")) or default.roles,
        session=session if isinstance(session, str) else _text(value, "session", default.session),
        tenant=_text(value, "tenant", default.tenant),
        on_behalf_of=_texts(value.get("on_behalf_of")) or default.on_behalf_of,
        scopes=_texts(value.get("scopes")) or default.scopes,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision as one JSON object. `outcome` is what is enforced; it differs from `effect` in shadow mode only."""
    found: dict[str, Any] = {
        "id": decision.call_id,
        "decision_id": decision.decision_id,
        "effect": decision.effect.value,
        "outcome": decision.outcome.value,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "matched": list(decision.matched),
        "policy_revision": decision.policy_revision,
    }
    optional: dict[str, Any] = {
        "errors": list(decision.errors),
        "shadow": [_reason(reason) for reason in decision.shadow],
        "warnings": list(decision.warnings),
        "arguments": decision.arguments,
        "changes": [
            {"pointer": each.pointer, "kind": each.kind, "count": each.count} for each in decision.changes
        ],
        "approval": decision.approval,
    }
    return found | {key: value for key, value in optional.items() if value}


def _reason(reason: Reason) -> dict[str, str]:
    found = {"statement": reason.statement, "effect": reason.effect.value, "message": reason.message}
    return found | ({"instead": reason.instead} if reason.instead else {})
