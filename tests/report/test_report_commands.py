from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from report_sample import EMPTY, RESULT

from assay.entrypoints.cli.main import run
from assay.report import json_report, markdown, registry


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_bytes(json_report.render(RESULT))
    return path


@pytest.mark.parametrize("name", sorted(registry.FORMATS))
def test_an_earlier_scan_in_every_format(
    stored: Path, name: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["report", str(stored), "--format", name]) == 0
    assert capfdbinary.readouterr().out == registry.render(name, RESULT)


def test_written_to_files_and_read_from_stdin(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stored.read_bytes())))
    assert run(["report", "-", "--output", f"markdown={tmp_path}/c.md"]) == 0
    assert (tmp_path / "c.md").read_bytes() == markdown.render(RESULT)


@pytest.mark.parametrize("content", [None, b"{}", b"\xff"])
def test_what_is_no_result_is_a_usage_error(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    assert run(["report", str(path)]) == 2
    assert "json" in capsys.readouterr().err
    assert run(["report", str(path), "--format", "nothing"]) == 2


def test_what_changed(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "empty.json"
    other.write_bytes(json_report.render(EMPTY))
    assert run(["diff", str(other), str(stored)]) == 1
    assert capsys.readouterr().out.startswith("4 new, 0 gone")
    assert run(["diff", str(stored), str(other)]) == 0
    assert capsys.readouterr().out.startswith("0 new, 4 gone")


def test_what_is_known_of_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "app.py").write_text("x = 1\n")
    (tmp_path / "compose.yaml").write_text("services:\n  web: {build: web, ports: ['80:80']}\n")
    (tmp_path / "CODEOWNERS").write_text("* @team\n")
    assert run(["context", "show", "web/app.py", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "web/app.py\n"
        "  exposure: internet  [inferred from the ports of web in compose.yaml]\n"
        "  owner: @team  [inferred from CODEOWNERS:1]\n"
    )
    assert run(["context", "show", "--root", str(tmp_path)]) == 0
    assert "compose.yaml" in capsys.readouterr().out
    assert run(["context", "show", "--root", str(tmp_path / "none")]) == 2
