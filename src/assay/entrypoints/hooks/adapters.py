"""What each agent's hook sends and wants to hear. One JSON object, or nothing; a refusal always carries a reason.

| agent | deny | ask | allow |
| --- | --- | --- | --- |
| claude | exit 0, permissionDecision deny with reason | permissionDecision ask | nothing |
| codex | the same JSON | not supported: deny that names the pending approval | nothing (a bare allow is an error there) |
| gemini | {"decision": "deny", "reason"} | not for hooks: deny | nothing |
| cursor | {"permission": "deny", "user_message"} | deny (no dialog is shown) | {"permission": "allow"}, always |
| copilot | {"permissionDecision": "deny", "permissionDecisionReason"} | ask | nothing |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.model.decision import Call, Decision, Effect, Subject

AGENTS = ("claude", "codex", "gemini", "cursor", "copilot")
_AFTER = frozenset(
    {
        "PostToolUse",
        "AfterTool",
        "postToolUse",
        "afterShellExecution",
        "afterMCPExecution",
        "PostToolUseFailure",
    }
)
_BEFORE = frozenset(
    {
        "PreToolUse",
        "BeforeTool",
        "preToolUse",
        "beforeShellExecution",
        "beforeMCPExecution",
        "beforeReadFile",
        "PermissionRequest",
    }
)
_Json = dict[str, Any]


def is_decided(event: str) -> bool:
    """Whether an event asks for a decision; all others are let through without one."""
    return event in _BEFORE or event in _AFTER


def event_of(agent: str, payload: Mapping[str, Any]) -> str:
    """The event's name. Copilot's own payloads do not carry one: a result makes it the later event."""
    name = payload.get("hook_event_name") or payload.get("hookEventName") or payload.get("event")
    if isinstance(name, str) and name:
        return name
    if agent == "copilot":
        return "postToolUse" if "toolResult" in payload else "preToolUse"
    return ""


def call_of_event(agent: str, payload: Mapping[str, Any], defaults: Call) -> Call:
    """The call that a hook payload speaks of."""
    event = event_of(agent, payload)
    tool, arguments = _tool(event, payload)
    phase = "after" if event in _AFTER else "before"
    if phase == "after":
        arguments = _result(payload)
    cwd = _text(payload, "cwd") or _root(payload) or defaults.cwd
    session = _text(payload, "session_id") or _text(payload, "sessionId") or _text(payload, "conversation_id")
    chain = (defaults.subject.agent or agent,) if _text(payload, "agent_id") else ()
    name = f"{defaults.subject.agent or agent}"
    subject = Subject(
        name,
        (_text(payload, "agent_type"),) if _text(payload, "agent_type") else (),
        session,
        defaults.subject.tenant,
        chain,
    )
    return Call(
        _text(payload, "tool_use_id") or _text(payload, "generation_id") or "",
        tool,
        arguments,
        subject,
        phase,
        defaults.workspace,
        cwd,
        defaults.home,
        defaults.branch,
        defaults.protected,
        defaults.time,
        defaults.environment,
    )


def _tool(event: str, payload: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if event in ("beforeShellExecution", "afterShellExecution"):
        return "Shell", {"command": _text(payload, "command")}
    if event == "beforeReadFile":
        return "Read", {"file_path": _text(payload, "file_path")}
    tool = _text(payload, "tool_name") or _text(payload, "toolName")
    given = payload.get("tool_input", payload.get("toolArgs", {}))
    if isinstance(given, str):
        given = _parsed(given)
    if event in ("beforeMCPExecution", "afterMCPExecution") and not tool.lower().startswith("mcp"):
        server = _text(payload, "server_name") or _text(payload, "server") or "cursor"
        tool = f"mcp__{server}__{tool}"
    context = payload.get("mcp_context")
    if isinstance(context, Mapping) and isinstance(context.get("server_name"), str):
        tool = f"mcp__{context['server_name']}__{context.get('tool_name', tool)}"
    return tool, given if isinstance(given, Mapping) else {"input": given}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {"input": text}


def _result(payload: Mapping[str, Any]) -> _Json:
    for key in ("tool_response", "toolResult", "tool_output", "output", "result_json", "error"):
        if key in payload:
            return {"tool_response": payload[key]}
    return {"tool_response": ""}


def _text(payload: Mapping[str, Any], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""


def _root(payload: Mapping[str, Any]) -> str:
    roots = payload.get("workspace_roots")
    return roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], str) else ""


def words_of(decision: Decision) -> str:
    """Why, in one text for the agent and its user; never empty for a refusal."""
    parts = [
        reason.message + (f" (instead: {reason.instead})" if reason.instead else "")
        for reason in decision.reasons[:4]
    ]
    text = "; ".join(dict.fromkeys(parts)) or "the policy does not allow this"
    if decision.effect is Effect.APPROVAL_NEEDED and decision.approval:
        text += f". Waits for approval {decision.approval}: a human runs `assay approvals approve {decision.approval}`, then try the same call again"
    return f"assay: {text}"[:9_000]


def answer(agent: str, event: str, payload: Mapping[str, Any], decision: Decision) -> str:
    """What to print for a decision: one JSON object, or nothing."""
    outcome = decision.outcome
    if event in _AFTER:
        found = _after(agent, event, payload, decision, outcome)
    elif event == "PermissionRequest":
        found = _permission_request(decision, outcome)
    else:
        found = _BEFORE_ANSWERS[agent](event, payload, decision, outcome)
    return json.dumps(found, ensure_ascii=True, separators=(",", ":")) if found else ""


def _claude(event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {}
    specific: _Json = {"hookEventName": event or "PreToolUse"}
    if outcome is Effect.SANITIZE:
        specific |= {
            "permissionDecision": "allow",
            "permissionDecisionReason": words_of(decision),
            "updatedInput": _rewritten(payload, decision),
        }
    else:
        # A pending approval is a refusal that says how to go on: the next try of the same call finds the approval.
        ask = outcome is Effect.APPROVAL_NEEDED and not decision.approval
        specific |= {
            "permissionDecision": "ask" if ask else "deny",
            "permissionDecisionReason": words_of(decision),
        }
    return {"hookSpecificOutput": specific}


def _codex(event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {}
    specific: _Json = {"hookEventName": event or "PreToolUse", "permissionDecisionReason": words_of(decision)}
    if outcome is Effect.SANITIZE:
        return {
            "hookSpecificOutput": specific
            | {"permissionDecision": "allow", "updatedInput": _rewritten(payload, decision)}
        }
    return {"hookSpecificOutput": specific | {"permissionDecision": "deny"}}


def _gemini(_event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {}
    if outcome is Effect.SANITIZE:
        return {
            "decision": "allow",
            "reason": words_of(decision),
            "hookSpecificOutput": {"tool_input": _rewritten(payload, decision)},
        }
    return {"decision": "deny", "reason": words_of(decision)}


def _cursor(event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {"permission": "allow"}
    if outcome is Effect.SANITIZE and event == "preToolUse":
        return {"permission": "allow", "updated_input": _rewritten(payload, decision)}
    # Events that cannot rewrite arguments refuse instead: the agent may send the call again without the secret.
    return {"permission": "deny", "user_message": words_of(decision), "agent_message": words_of(decision)}


def _copilot(_event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {}
    if outcome is Effect.SANITIZE:
        new = _rewritten(payload, decision)
        key = "modifiedArgs" if "toolArgs" in payload else "updatedInput"
        return {"permissionDecision": "allow", "permissionDecisionReason": words_of(decision), key: new}
    ask = outcome is Effect.APPROVAL_NEEDED and not decision.approval
    return {"permissionDecision": "ask" if ask else "deny", "permissionDecisionReason": words_of(decision)}


_BEFORE_ANSWERS = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "cursor": _cursor,
    "copilot": _copilot,
}


def _rewritten(payload: Mapping[str, Any], decision: Decision) -> Any:
    """The whole new input."""
    return (
        decision.arguments
        if decision.arguments is not None
        else payload.get("tool_input", payload.get("toolArgs", {}))
    )


def _permission_request(decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.DENY:
        return {
            "hookSpecificOutput": {
                "hookEventName": "PermissionRequest",
                "decision": {"behavior": "deny", "message": words_of(decision)},
            }
        }
    return {}  # anything else is for the user, who is being asked anyway


def _after(agent: str, event: str, payload: Mapping[str, Any], decision: Decision, outcome: Effect) -> _Json:
    if outcome is Effect.ALLOW:
        return {"permission": "allow"} if agent == "cursor" and event.startswith("before") else {}
    clean = (
        (decision.arguments or {}).get("tool_response", "[removed]")
        if outcome is Effect.SANITIZE
        else "[removed by policy]"
    )
    if agent == "gemini":
        seen = clean.get("llmContent", clean) if isinstance(clean, Mapping) else clean
        return {"decision": "deny", "reason": _as_text(seen)}
    if agent == "cursor":
        return (
            {"updated_mcp_tool_output": clean}
            if event == "afterMCPExecution" or "mcp" in str(payload.get("tool_name", "")).lower()
            else {}
        )
    if agent == "copilot" and "toolResult" in payload:
        return {"modifiedResult": clean}
    if agent == "codex":
        # It takes an answer with `updatedToolOutput` for a broken one and passes the raw result on; a block's reason replaces the result.
        return {"decision": "block", "reason": f"{words_of(decision)}\n\n{_as_text(clean)}"[:9_500]}
    return {
        "hookSpecificOutput": {
            "hookEventName": event,
            "updatedToolOutput": clean,
            "additionalContext": words_of(decision),
        }
    }


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
