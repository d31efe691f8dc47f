"""The secrets engine through the real command: what comments of other scanners let pass is suppressed, counted and shown."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assay.entrypoints.cli.main import run
from assay.secrets.specimen import expand


def scan(root: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    out = root.parent / "result.json"
    code = run(["scan", str(root), "--type", "secrets", "--quiet", "--output", f"json={out}", *flags])
    return code, json.loads(out.read_text())["result"]


def suppression(ranked: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = ranked["triaged"].get("suppression")
    return found


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_peers_comment_is_a_suppression(root: Path) -> None:
    text = '\n\nPASSWORD = "<<password:14>>7q"  # gitleaks:allow\n'
    (root / "a.py").write_text(expand(text, "one"))
    code, result = scan(root, "--no-cache")
    assert code == 0
    (ranked,) = result["findings"]
    found = suppression(ranked)
    assert found is not None
    assert (found["kind"], found["reason"], found["source"], found["status"]) == (
        "inSource",
        "gitleaks:allow",
        "a.py:3",
        "accepted",
    )


def test_a_cached_look_keeps_the_comment(root: Path) -> None:
    (root / "a.py").write_text(expand('PASSWORD = "<<password:14>>7q"  # nosecret\n', "two"))
    first, second = scan(root)[1], scan(root)[1]
    assert first["findings"] == second["findings"]
    assert suppression(second["findings"][0]) is not None


def test_a_value_that_also_stands_without_a_comment_is_not_let_pass(root: Path) -> None:
    text = expand('PASSWORD = "<<p=password:14>>7q"  # gitleaks:allow\nDB_PASSWORD = "<<p>>7q"\n', "three")
    (root / "a.py").write_text(text)
    code, result = scan(root, "--no-cache")
    assert code == 1
    assert [suppression(ranked) for ranked in result["findings"]] == [None]


def test_a_critical_finding_is_not_let_pass_and_that_is_said(root: Path) -> None:
    text = expand('# pragma: allowlist nextline secret\nt = "<<github-crc32:ghp_>>"\n', "four")
    (root / "a.py").write_text(text)
    code, result = scan(root, "--no-cache")
    assert code == 1
    (ranked,) = result["findings"]
    assert ranked["triaged"]["finding"]["severity"] == "critical"
    found = suppression(ranked)
    assert found is not None
    assert (found["source"], found["status"]) == ("a.py:1", "rejected")
    assert any("never suppressed by a comment" in note["message"] for note in result["notifications"])


def test_the_history_keeps_the_comment(root: Path) -> None:
    (root / "a.py").write_text(expand('PASSWORD = "<<password:14>>7q"  # gitleaks:allow\n', "five"))
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)
    code, result = scan(root, "--history")
    assert code == 0
    assert suppression(result["findings"][0]) is not None
