"""The secrets engine through the real command: what comments of other scanners let pass is suppressed, counted and shown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

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


class Issuer(BaseHTTPRequestHandler):
    """Accepts the one credential that the test says."""

    good = ""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        given = self.headers["Authorization"]
        self.asked.append(given)
        self.send_response(200 if given == f"token {self.good}" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    thread = Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    Issuer.asked.clear()
    yield f"github-=http://127.0.0.1:{server.server_address[1]}/user"
    server.shutdown()
    server.server_close()
    thread.join()


def test_issuers_are_asked_where_the_user_wants_it(root: Path, issuer: str) -> None:
    good, bad = expand("<<github-crc32:ghp_>>", "good"), expand("<<github-crc32:ghp_>>", "bad")
    Issuer.good = good
    (root / "a.py").write_text(f'one = "{good}"\n')
    (root / "b.py").write_text(f'two = "{bad}"\nthree = "{good}"\n')
    _, result = scan(root, "--verify-secrets", "--verify-endpoint", issuer)
    states = {
        (found["location"]["uri"], found["verification"]["state"]): found["verification"]["evidence"][-1]
        for found in (ranked["triaged"]["finding"] for ranked in result["findings"])
    }
    assert "active: accepted" in {*states.values()}
    assert states["b.py", "corroborated"] == "inactive: refused with 401"
    assert sorted(set(Issuer.asked)) == sorted({f"token {good}", f"token {bad}"})
    assert len(Issuer.asked) == 2
    assert good not in json.dumps(result)
    assert bad not in json.dumps(result)


def test_nobody_is_asked_unasked(root: Path, issuer: str, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "a.py").write_text(expand('one = "<<github-crc32:ghp_>>"\n', "six"))
    scan(root)
    assert run(["scan", str(root), "--verify-secrets", "--offline"]) == 2
    assert run(["scan", str(root), "--verify-endpoint", issuer]) == 2
    assert run(["scan", str(root), "--verify-secrets", "--verify-endpoint", "ftp://x"]) == 2
    assert Issuer.asked == []
    assert "--offline forbids it" in capsys.readouterr().err


def test_what_is_left_out_is_counted_once_a_scan(root: Path) -> None:
    for name in ("a.py", "b.py"):
        (root / name).write_text(expand('one = "<<!github-crc32:ghp_>>"\n', name))
    notes = next(entry for entry in scan(root)[1]["engines"] if entry["engine"] == "secrets")["notifications"]
    assert [note["message"] for note in notes] == [
        "looked like findings and were left out: 2 wrong checksum or structure"
    ]


def test_doctor_makes_the_database_ready_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("hyperscan")
    run(["doctor", "--json"])
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["engines"]}
    assert (rows["secrets"]["status"], rows["secrets"]["reason"]) == ("ok", "Hyperscan, its database ready")
