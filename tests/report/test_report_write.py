from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import IO, Any

import pytest
from report_sample import RESULT

from assay.model.errors import ReportError, UsageError
from assay.report import registry
from assay.report.write import Output, parse_outputs, write_reports


def test_several_at_once(tmp_path: Path) -> None:
    outputs = parse_outputs([f"json={tmp_path}/a/r.json", f"sarif={tmp_path}/r.sarif"])
    assert write_reports(RESULT, outputs) == (f"{tmp_path}/a/r.json", f"{tmp_path}/r.sarif")
    assert (tmp_path / "a" / "r.json").read_bytes() == registry.render("json", RESULT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "r.sarif"]


@pytest.mark.parametrize("text", ["json", "json=", "=x", "yaml=x", "JSON=x"])
def test_what_cannot_be_written_is_said_before_the_scan(text: str) -> None:
    with pytest.raises(UsageError):
        parse_outputs([text])


def test_one_path_for_two_reports() -> None:
    with pytest.raises(UsageError, match="already"):
        parse_outputs(["json=x", "sarif=x"])


def test_one_that_fails_keeps_the_others_and_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    outputs = [Output("json", f"{tmp_path}/file/r.json"), Output("terminal", f"{tmp_path}/r.txt")]
    with pytest.raises(ReportError, match=r"file/r\.json"):
        write_reports(RESULT, outputs)
    assert (tmp_path / "r.txt").exists()
    assert (tmp_path / "file").read_text() == "old"


def test_a_full_disk_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    real_open = Path.open

    class Full:
        def __init__(self, stream: IO[Any]) -> None:
            self.stream = stream

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *details: object) -> None:
            self.stream.close()

        def write(self, data: bytes) -> int:
            self.stream.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path: Path, *arguments: Any, **named: Any) -> object:
        stream = real_open(path, *arguments, **named)
        return Full(stream) if path.suffix == ".tmp" else stream

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(ReportError, match="No space left"):
        write_reports(RESULT, [Output("json", str(target))])
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_device_is_written_to_directly() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(ReportError, match="No space left"):
        write_reports(RESULT, [Output("json", "/dev/full")])


def test_every_format_is_the_same_twice_and_loaded_on_use() -> None:
    for name in registry.FORMATS:
        assert registry.render(name, RESULT) == registry.render(name, RESULT)
    assert "assay.report.registry" in sys.modules
    with pytest.raises(UsageError, match="no report format"):
        registry.render("nothing", RESULT)
