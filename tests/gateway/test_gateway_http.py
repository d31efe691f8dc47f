"""The HTTP door as a raw ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from assay.entrypoints.http.decide import app
from assay.gateway import running
from assay.gateway.service import Service


@pytest.fixture(scope="module", autouse=True)
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    running.service = Service("/home/dev/project", ["default"], str(tmp_path_factory.mktemp("state")))
    yield
    running.service.close()
    running.service = None


def asked(method: str, path: str, body: object = None) -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []
    data = json.dumps(body).encode() if not isinstance(body, bytes) else body

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "method": method, "path": path, "headers": []}, receive, send))
    text = sent[1]["body"]
    return sent[0]["status"], json.loads(text) if sent[0]["headers"][0][
        1
    ] == b"application/json" else text.decode()


def test_decide() -> None:
    status, found = asked("POST", "/v1/decide", {"tool": "Bash", "input": {"command": "cat .env"}})
    assert (status, found["effect"]) == (200, "deny")


def test_authzen() -> None:
    body = {
        "subject": {"type": "agent", "id": "bot"},
        "action": {"name": "Read"},
        "resource": {"type": "file", "id": "/home/dev/.netrc"},
    }
    status, found = asked("POST", "/v1/decide", body)
    assert (status, found["decision"], found["context"]["effect"]) == (200, False, "deny")


def test_batch() -> None:
    calls = [{"tool": "Bash", "input": {"command": command}} for command in ("ls", "env")]
    assert [
        each["effect"] for each in asked("POST", "/v1/decide/batch", {"calls": calls})[1]["decisions"]
    ] == ["allow", "deny"]
    assert asked("POST", "/v1/decide/batch", {"calls": calls * 600})[0] == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'"x"', b"[" * 100_000])
def test_bad_bodies_deny(body: bytes) -> None:
    status, found = asked("POST", "/v1/decide", body)
    assert (status, found["effect"]) == (400, "deny")


def test_others() -> None:
    assert asked("GET", "/health")[1]["status"] == "ok"
    assert "assay_decisions_total" in asked("GET", "/metrics")[1]
    asked("POST", "/v1/decide", {"tool": "Bash", "input": {"command": "git push origin main"}})
    assert asked("GET", "/v1/approvals")[1]["approvals"][0]["state"] == "pending"
    assert asked("GET", "/nowhere")[0] == 404


def test_hooks_over_http_answer_in_the_agents_form(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.entrypoints.hooks.daemon import hook_answer

    monkeypatch.setattr(running, "hook", hook_answer)
    payload = {
        "hook_event_name": "PreToolUse",
        "session_id": "s",
        "cwd": "/home/dev/project",
        "tool_name": "Bash",
        "tool_input": {"command": "cat .env"},
    }
    status, found = asked("POST", "/v1/hooks/claude", payload)
    assert (status, found["hookSpecificOutput"]["permissionDecision"]) == (200, "deny")
    payload["tool_input"] = {"command": "ls"}
    assert asked("POST", "/v1/hooks/claude", payload) == (200, {})
    # Any other status would be taken for a yes.
    for body in (b"", b"{", b"\xff"):
        status, found = asked("POST", "/v1/hooks/copilot", body)
        assert (status, found["permissionDecision"]) == (200, "deny")
    assert asked("POST", "/v1/hooks/nobody", payload)[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
