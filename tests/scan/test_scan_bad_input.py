"""What goes wrong around a scan: a clear message, the right exit code, and nothing else is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from frame_engines import engines
from test_scan_pipeline import places, scan, tree

from assay.entrypoints.cli.main import run
from assay.scan.engines.cache import Cache, Snapshot

__all__ = ["engines"]  # a fixture


@pytest.fixture
def root(tmp_path: Path, engines: object) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_an_own_rule_that_does_not_load_is_named(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tree(root, {"a.txt": "flaw\n", ".assay/rules/broken.yaml": "title: [\n"})
    assert run(["scan", str(root)]) == 2
    assert "broken.yaml: not YAML" in capfd.readouterr().err


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + bytes(200)])
def test_a_broken_cache_is_a_miss_and_is_mended(root: Path, content: bytes) -> None:
    tree(root, {"a.txt": "flaw\n"})
    scan(root)
    (file,) = Path(os.environ["ASSAY_CACHE_DIR"]).glob("scan-*.sqlite")
    for beside in file.parent.glob(file.name + "-*"):
        beside.unlink()
    file.write_bytes(content)
    assert places(scan(root)[1]) == ["a.txt:1"]
    assert places(scan(root)[1]) == ["a.txt:1"]


def test_a_cache_that_cannot_be_written_costs_no_finding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(root, {"a.txt": "flaw\n"})
    blocked = root.parent / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(blocked / "below"))
    assert places(scan(root)[1]) == ["a.txt:1"]


def test_concurrent_writers_leave_a_cache_that_can_be_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def write(number: int) -> None:
        cache.put([(f"{number}-{n}".encode(), b"x" * 1000) for n in range(50)])
        cache.keep_snapshot(str(number).encode(), Snapshot({}, number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(16)))
    assert all(cache.get(f"{number}-{n}".encode()) for number in range(16) for n in range(50))
    assert [cache.snapshot(str(number).encode()).taken_ns for number in range(16)] == list(range(16))


def test_the_cache_stays_below_its_cap_and_drops_the_oldest(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=20_000)
    for number in range(30):
        cache.put([(str(number).encode(), bytes(1000))])
    kept = [number for number in range(30) if cache.get(str(number).encode())]
    assert 5 <= len(kept) <= 11


def test_a_full_disk_under_a_report_is_told(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    tree(root, {"a.txt": "flaw\n"})
    good = root.parent / "good.json"
    code = run(["scan", str(root), "--quiet", "--output", "sarif=/dev/full", "--output", f"json={good}"])
    assert code == 70
    assert "No space left" in capfd.readouterr().err
    assert json.loads(good.read_text())["result"]["findings"], "the other report was written"


def test_ctrl_c_from_outside_leaves_a_partial_result_and_no_process(tmp_path: Path) -> None:
    """The real command, interrupted while workers hang in a file: the report says interrupted, and the workers are gone."""
    root = tmp_path / "project"
    tree(root, {f"{number}.txt": "flaw\n" for number in range(300)} | {"hang.txt": "HANG"})
    report = tmp_path / "r.json"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import frame_engines as f\n"
        "from assay.scan.engines import registry\n"
        "registry._ENGINES = {'words': ('frame_engines:WordEngine', f.WordEngine.scan_types)}\n"
        "from assay.entrypoints.cli.main import run\n"
        f"sys.exit(run(['scan', {str(root)!r}, '--no-cache', '--jobs', '2', '--quiet', '--output', 'json={report}']))\n"
    )
    hangs = tmp_path / "hangs"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        start_new_session=True,
        env=os.environ | {"FRAME_HANGS": str(hangs)},
    )
    deadline = time.monotonic() + 180
    while not hangs.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = _children(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        code_of_exit = process.wait(150)
    finally:
        process.kill()
        process.wait()
    assert code_of_exit in (1, 3)
    assert json.loads(report.read_text())["result"]["interrupted"] is True
    assert workers
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("this system does not list child processes")
    return [int(word) for word in path.read_text().split()]


def test_a_hundred_thousand_files_are_each_accounted_for(root: Path) -> None:
    for folder in range(200):
        place = root / str(folder)
        place.mkdir()
        (place / "0.txt").write_text("")
        for number in range(1, 500):
            os.link(place / "0.txt", place / f"{number}.txt")
    (root / "199" / "flawed.txt").write_text("flaw\n")
    code, result = scan(root)
    assert code == 1
    assert places(result) == ["199/flawed.txt:1"]
    assert len(result["files"]) == 100_001


def test_binary_content_under_a_name_of_source_is_skipped_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    (root / "A.java").write_bytes(b"class A {}\n" + bytes(range(32)) * 40)
    (root / "requirements.txt").write_bytes(b"flask\n" + bytes(range(32)) * 40)
    (root / "main.tf").write_bytes(bytes(range(32)) * 40)
    (root / "b.py").write_text("x = 1\n")
    code, result = scan(root)
    assert code == 0
    assert {file["uri"]: file["status"] for file in result["files"]} == {
        "A.java": "skipped",
        "requirements.txt": "skipped",
        "main.tf": "skipped",
        "b.py": "scanned",
    }
