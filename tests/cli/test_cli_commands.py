"""The command line itself: help, versions, exit codes, unknown words; and the rules command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.entrypoints.cli import main
from assay.entrypoints.cli.main import run
from assay.model.version import VERSION

OWN = """
title: A word
engine: secrets
severity: low
confidence: low
message: A word
remediation: Remove it
cwe: [CWE-798]
references: [https://example.com]
last_reviewed: 2026-11-21
match: {keywords: [zyxw-], pattern: 'zyxw-[0-9]{8}'}
bad: [{path: a.txt, code: "BAD"}]
good: [{path: a.txt, code: "zyxw-123"}]
"""


@pytest.mark.parametrize("name", list(main._COMMANDS))
def test_every_command_explains_itself(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: assay {name}" in capfd.readouterr().out


def test_version_help_and_unknown_words(capfd: pytest.CaptureFixture[str]) -> None:
    assert (run(["--version"]), capfd.readouterr().out) == (0, f"assay {VERSION}\n")
    assert run([]) == 2
    assert run(["frobnicate"]) == 2
    assert "there is no command 'frobnicate'" in capfd.readouterr().err


def test_exit_codes_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["exit-codes", "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"0", "1", "2", "3", "4", "5", "70"}


def test_an_internal_error_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(_name: str, _arguments: list[str]) -> int:
        raise ValueError("text of scanned code")

    monkeypatch.setattr(main, "_command", fails)
    assert run(["scan"]) == 70
    said = capfd.readouterr().err
    assert "internal error: ValueError at" in said
    assert "scanned code" not in said


def test_own_rules_are_tested_by_their_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ".assay" / "rules"
    folder.mkdir(parents=True)
    (folder / "word.yaml").write_text(OWN.replace("BAD", "zyxw-" + "48213905"))
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "test"]) == 0
    assert "1 rules, 2 examples, 0 failures" in capfd.readouterr().out
    (folder / "word.yaml").write_text(OWN.replace("BAD", "nothing"))
    assert run(["rules", "test"]) == 1
    assert "own/word: bad[0] does not report own/word" in capfd.readouterr().out
    assert run(["rules", "validate"]) == 0


def test_controls_of_a_framework(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "controls", "--framework", "hipaa", "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert all(row["id"].startswith("hipaa:") for row in rows)
    assert any(row["rules"] for row in rows)
    assert run(["rules", "controls", "--framework", "nonsense"]) == 2


def test_doctor_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["engines"]
    assert {"secrets", "code", "infrastructure"} <= {row["name"] for row in rows if row["status"] == "ok"}
