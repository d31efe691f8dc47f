"""The commands: decide, policy, approvals, audit, init, token."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from assay.entrypoints.cli.main import run


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    return code, capsys.readouterr().out


class _Input(io.TextIOWrapper):
    pass


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", _Input(io.BytesIO(text.encode())))


def test_decide_over_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given(
        monkeypatch,
        '{"id":"1","tool":"Bash","input":{"command":"ls"}}\n\nnot json\n{"id":"3","tool":"Bash","input":{"command":"git push origin HEAD"}}\n',
    )
    code, out = said(
        capsys,
        "gateway",
        "decide",
        "--workspace",
        "/home/dev/project",
        "--branch",
        "main",
        "--policy",
        "default",
    )
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [each["effect"] for each in found] == ["allow", "deny", "approval_needed"]
    assert all({"id", "effect", "reasons", "matched"} <= set(each) for each in found)


def test_policy_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "extends: default\nstatements:\n  - {id: own, effect: deny, actions: [git.push], reason: not today}\ntests:\n  - {call: {tool: Bash, input: {command: git push}}, expect: deny}\n"
    )
    assert said(capsys, "policy", "check", str(policy))[0] == 0
    assert json.loads(said(capsys, "policy", "check", "--schema")[1])["title"] == "assay runtime policy"
    assert "not today" in said(capsys, "policy", "explain", str(policy))[1]
    code, out = said(capsys, "policy", "test", str(policy))
    assert (code, "1 of 1 tests pass" in out) == (0, True)
    code, out = said(capsys, "policy", "diff", "default", str(policy))
    assert (code, "+ own" in out) == (1, True)
    log = tmp_path / "log.jsonl"
    log.write_text('{"id":"1","tool":"Bash","input":{"command":"git push"},"label":"allow"}\n')
    code, out = said(capsys, "policy", "replay", str(log), "--policy", str(policy))
    assert (code, "allow -> deny" in out) == (1, True)
    given(monkeypatch, '{"tool":"Bash","input":{"command":"cat .env"}}')
    assert "file.read" in said(capsys, "policy", "why", "-")[1]
    policy.write_text("statements:\n  - {id: a, effect: maybe, actions: [x]}\n")
    assert run(["policy", "check", str(policy)]) == 2
    assert ":2:" in capsys.readouterr().err
    policy.write_text(
        "default: allow\ntests:\n  - {call: {tool: Bash, input: {command: ls}}, expect: deny}\n"
    )
    assert said(capsys, "policy", "test", str(policy))[0] == 1


def test_a_trail_can_be_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = str(tmp_path / "state")
    given(
        monkeypatch,
        '{"id":"1","tool":"Bash","input":{"command":"git push origin feature"}}\n{"id":"2","tool":"Bash","input":{"command":"git push origin main"}}\n',
    )
    said(
        capsys,
        "gateway",
        "decide",
        "--workspace",
        "/home/dev/project",
        "--state",
        state,
        "--policy",
        "default",
    )
    assert "2 records: whole" in said(capsys, "audit", "verify", "--state", state)[1]
    assert "git push" in said(capsys, "audit", "tail", "--state", state)[1]
    said(capsys, "audit", "export", str(tmp_path / "out.jsonl"), "--state", state)
    assert "0 of 2" in said(capsys, "policy", "replay", str(tmp_path / "out.jsonl"), "--policy", "default")[1]
    waiting = said(capsys, "approvals", "list", "--state", state)[1].split()[0]
    assert "git push origin main" in said(capsys, "approvals", "show", waiting, "--state", state)[1]
    assert waiting in said(capsys, "approvals", "watch", "--seconds", "0.01", "--state", state)[1]
    assert run(["approvals", "approve", waiting, "--as", "agent", "--state", state]) == 2
    assert (
        "approved"
        in said(capsys, "approvals", "approve", waiting, "--as", "ann", "--reason", "ok", "--state", state)[1]
    )
    from assay.store.database import open_store

    open_store(Path(state) / "gateway.db").execute("DELETE FROM audit WHERE seq = 1")
    assert said(capsys, "audit", "verify", "--state", state)[0] == 1


def test_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("jwt")
    state = ["--state", str(tmp_path)]
    token = said(capsys, "gateway", "token", "issue", "--agent", "bot", "--scope", "git.*", *state)[1].strip()
    assert json.loads(said(capsys, "gateway", "token", "verify", token, *state)[1])["sub"] == "bot"
    assert json.loads(said(capsys, "gateway", "token", "keys", *state)[1])["keys"]
    said(capsys, "gateway", "token", "rotate", *state)
    assert said(capsys, "gateway", "token", "revoke", token, *state)[0] == 0
    assert run(["gateway", "token", "verify", token, *state]) == 1


ORIGINAL = '{\n\t"permissions": {"deny": ["Read(./x)"]},  "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}]}\n}'


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "cursor", "copilot"])
def test_init_merges_and_uninstall_restores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], agent: str
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(ORIGINAL)
    common = [
        "init",
        "--agent",
        agent,
        "--settings",
        str(settings),
        "--workspace",
        str(tmp_path),
        "--state",
        str(tmp_path / "state"),
    ]
    assert json.loads(said(capsys, *common, "--dry-run")[1])["permissions"]
    assert settings.read_text() == ORIGINAL
    assert run(common) == 0
    first = settings.read_text()
    assert json.loads(first)["permissions"] == {"deny": ["Read(./x)"]}
    assert {"matcher": "Bash", "hooks": []} in json.loads(first)["hooks"]["PreToolUse"]
    assert run(common) == 0
    assert settings.read_text() == first
    assert run([*common, "--uninstall"]) == 0
    assert settings.read_text() == ORIGINAL
    assert not list(tmp_path.glob("*.assay-backup"))


def test_init_makes_and_removes_a_file(tmp_path: Path) -> None:
    common = [
        "init",
        "--agent",
        "claude-code",
        "--workspace",
        str(tmp_path),
        "--state",
        str(tmp_path / "state"),
    ]
    assert run(common) == 0
    assert (tmp_path / ".claude" / "settings.json").exists()
    assert run([*common, "--uninstall"]) == 0
    assert not (tmp_path / ".claude" / "settings.json").exists()


def test_uninstall_keeps_later_changes(tmp_path: Path) -> None:
    settings = tmp_path / "s.json"
    settings.write_text("{}")
    common = [
        "init",
        "--agent",
        "claude",
        "--settings",
        str(settings),
        "--workspace",
        str(tmp_path),
        "--state",
        str(tmp_path / "state"),
    ]
    run(common)
    changed = json.loads(settings.read_text()) | {"model": "x"}
    settings.write_text(json.dumps(changed))
    assert run([*common, "--uninstall"]) == 0
    assert json.loads(settings.read_text()) == {"model": "x"}


def test_init_leaves_a_broken_file_alone(tmp_path: Path) -> None:
    settings = tmp_path / "s.json"
    settings.write_text("{ // comment\n}")
    assert run(["init", "--agent", "claude", "--settings", str(settings), "--workspace", str(tmp_path)]) == 2
    assert settings.read_text() == "{ // comment\n}"


def test_init_sets_up_http_hooks_where_there_are_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"model": "x"}')
    common = ["init", "--settings", str(settings), "--workspace", str(tmp_path), "--http"]
    assert run([*common, "http://127.0.0.1:8765", "--agent", "claude"]) == 0
    hook = json.loads(settings.read_text())["hooks"]["PreToolUse"][0]["hooks"][0]
    assert (hook["type"], hook["url"]) == ("http", "http://127.0.0.1:8765/v1/hooks/claude")
    assert hook["onFailure"] == "block"
    assert "ASSAY_TOKEN" in hook["allowedEnvVars"]
    assert run(["init", "--agent", "claude", "--settings", str(settings), "--uninstall"]) == 0
    assert settings.read_text() == '{"model": "x"}'
    assert run([*common, "http://127.0.0.1:8765", "--agent", "copilot"]) == 2
    assert run([*common, "https://gate.example", "--agent", "copilot"]) == 0
    assert run([*common, "http://127.0.0.1:8765", "--agent", "codex"]) == 2
    capsys.readouterr()
