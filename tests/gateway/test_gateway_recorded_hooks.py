"""Hook payloads as the agents really sent them, and documented shapes of those that could not be run here.

`recorded/<agent>-<version>.jsonl` was recorded on 2026-11-25 from the agents' own command lines, driven by a scripted model on this machine;
folders and ids were replaced. Cursor and Copilot need an account, so theirs are the documented shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.entrypoints.hooks.adapters import call_of_event, event_of, is_decided
from assay.entrypoints.hooks.daemon import hook_answer
from assay.gateway.defaults import defaults_for
from assay.gateway.service import Service

RECORDED = {
    path.stem.partition("-")[0]: path for path in sorted((Path(__file__).parent / "recorded").glob("*.jsonl"))
}
# What may stand in an answer, by agent and event: a key more, and some agents drop the whole answer and let the call through.
KEYS: dict[tuple[str, str], set[str]] = {
    ("claude", "PreToolUse"): {
        "hookEventName",
        "permissionDecision",
        "permissionDecisionReason",
        "updatedInput",
    },
    ("claude", "PostToolUse"): {"hookEventName", "updatedToolOutput", "additionalContext"},
    ("claude", "PostToolUseFailure"): {"hookEventName", "updatedToolOutput", "additionalContext"},
    ("codex", "PreToolUse"): {
        "hookEventName",
        "permissionDecision",
        "permissionDecisionReason",
        "updatedInput",
    },
    ("codex", "PostToolUse"): {"decision", "reason"},
    ("gemini", "BeforeTool"): {"decision", "reason", "tool_input"},
    ("gemini", "AfterTool"): {"decision", "reason"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service("/home/dev/project", ["default"], str(tmp_path_factory.mktemp("state")))
    yield made
    made.close()


def payloads() -> list[tuple[str, dict[str, Any]]]:
    return [
        (agent, json.loads(line))
        for agent, path in RECORDED.items()
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def flat(found: Any) -> set[str]:
    """Keys of an answer; those of `hookSpecificOutput` in its place."""
    keys = set(found)
    if "hookSpecificOutput" in keys:
        keys = (keys - {"hookSpecificOutput"}) | set(found["hookSpecificOutput"])
    return keys


def test_three_agents_were_recorded() -> None:
    assert {agent for agent, _ in payloads()} == {"claude", "codex", "gemini"}
    events = {(agent, payload["hook_event_name"]) for agent, payload in payloads()}
    assert set(KEYS) <= events


@pytest.mark.parametrize(("agent", "payload"), payloads())
def test_a_recorded_payload_is_answered_in_its_agents_form(
    service: Service, agent: str, payload: dict[str, Any]
) -> None:
    text = hook_answer(service, agent, json.dumps(payload).encode())
    event = payload["hook_event_name"]
    if not is_decided(event):
        assert text == ""
    elif text:
        assert flat(json.loads(text)) <= KEYS[agent, event]


@pytest.mark.parametrize(
    ("agent", "payload"), [each for each in payloads() if is_decided(each[1]["hook_event_name"])]
)
def test_a_recorded_payload_is_understood(agent: str, payload: dict[str, Any]) -> None:
    call = call_of_event(agent, payload, defaults_for("/home/dev/project"))
    assert (call.cwd, call.tool) == ("/home/dev/project", payload["tool_name"])
    assert call.subject.session
    after = payload["hook_event_name"] in ("PostToolUse", "AfterTool", "PostToolUseFailure")
    assert call.phase == ("after" if after else "before")
    assert call.arguments == payload["tool_input"] or after


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
@pytest.mark.parametrize("command", ["cat ~/.ssh/id_ed25519", "git push origin HEAD:main"])
def test_a_recorded_misdeed_is_refused_with_a_reason(service: Service, agent: str, command: str) -> None:
    payload = next(
        p for a, p in payloads() if a == agent and p.get("tool_input", {}).get("command") == command
    )
    found = json.loads(hook_answer(service, agent, json.dumps(payload).encode()))
    flattened = found.get("hookSpecificOutput", found)
    assert flattened.get("permissionDecision", flattened.get("decision")) == "deny"
    assert flattened.get("permissionDecisionReason", flattened.get("reason"))


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
def test_a_recorded_readme_comes_back_without_its_instruction(service: Service, agent: str) -> None:
    payload = next(
        p
        for a, p in payloads()
        if a == agent
        and event_of(a, p) in ("PostToolUse", "AfterTool")
        and "AI agents" in json.dumps(p.get("tool_response"))
    )
    answer = hook_answer(service, agent, json.dumps(payload).encode())
    assert "git push --force" not in answer
    assert "an instruction to the agent was removed here" in answer
    if agent == "claude":  # a built-in tool's result keeps its shape
        new = json.loads(answer)["hookSpecificOutput"]["updatedToolOutput"]
        assert set(new) == set(payload["tool_response"])
        assert set(new["file"]) == set(payload["tool_response"]["file"])


CURSOR = {
    "conversation_id": "c1",
    "generation_id": "g1",
    "workspace_roots": ["/home/dev/project"],
    "cursor_version": "3.9.16",
}
COPILOT = {"sessionId": "s1", "timestamp": 1764000000000, "cwd": "/home/dev/project"}
SNAKE = {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/home/dev/project"}
DOCUMENTED: list[tuple[str, dict[str, Any], str]] = [
    ("cursor", {**CURSOR, "hook_event_name": "beforeShellExecution", "command": "ls", "cwd": "/home/dev/project", "sandbox": False}, "allow"),
    ("cursor", {**CURSOR, "hook_event_name": "beforeShellExecution", "command": "cat .env", "cwd": "/home/dev/project"}, "deny"),
    ("cursor", {**CURSOR, "hook_event_name": "beforeReadFile", "file_path": "/home/dev/project/.env", "content": "A=b", "attachments": []}, "deny"),
    ("cursor", {**CURSOR, "hook_event_name": "beforeReadFile", "file_path": "/home/dev/project/a.py", "content": "x"}, "allow"),
    ("cursor", {**CURSOR, "hook_event_name": "beforeMCPExecution", "tool_name": "query", "tool_input": '{"sql": "select 1"}', "server": "postgres"}, "allow"),
    ("cursor", {**CURSOR, "hook_event_name": "preToolUse", "tool_name": "Shell", "tool_input": {"command": "env"}, "tool_use_id": "t"}, "deny"),
    ("cursor", {**CURSOR, "hook_event_name": "preToolUse", "tool_name": "Read", "tool_input": {"file_path": "/home/dev/.aws/credentials"}}, "deny"),
    ("cursor", {**CURSOR, "hook_event_name": "preToolUse", "tool_name": "MCP:get_issue", "tool_input": {"id": 1}}, "allow"),
    ("copilot", {**COPILOT, "toolName": "bash", "toolArgs": '{"command": "ls"}'}, ""),
    ("copilot", {**COPILOT, "toolName": "bash", "toolArgs": '{"command": "cat ~/.netrc"}'}, "deny"),
    ("copilot", {**COPILOT, "toolName": "view", "toolArgs": '{"path": "/home/dev/.ssh/id_rsa"}'}, "deny"),
    ("copilot", {**COPILOT, "toolName": "edit", "toolArgs": '{"path": "/home/dev/project/.github/hooks/assay.json"}'}, "deny"),
    ("copilot", {**SNAKE, "tool_name": "Bash", "tool_input": {"command": "printenv"}}, "deny"),
    ("copilot", {**SNAKE, "tool_name": "Read", "tool_input": {"file_path": "/home/dev/project/a.py"}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("agent", "payload", "expected"), DOCUMENTED)
def test_a_documented_payload(service: Service, agent: str, payload: dict[str, Any], expected: str) -> None:
    text = hook_answer(service, agent, json.dumps(payload).encode())
    found = json.loads(text) if text else {}
    assert found.get("permission", found.get("permissionDecision", "")) == expected
    if expected == "deny":
        assert found.get("user_message", found.get("permissionDecisionReason"))


@pytest.mark.parametrize(
    "event", ["afterFileEdit", "beforeSubmitPrompt", "stop", "sessionStart", "subagentStop"]
)
def test_cursor_events_that_ask_nothing(service: Service, event: str) -> None:
    text = hook_answer(service, "cursor", json.dumps({**CURSOR, "hook_event_name": event}).encode())
    assert text in ("", '{"permission":"allow"}')
