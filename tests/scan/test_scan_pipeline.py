"""The frame under load: every file and engine accounted for, whatever one of them does."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from frame_engines import PairEngine, WordEngine, engines

from assay.entrypoints.cli.main import run
from assay.scan.engines import cache

__all__ = ["engines"]  # a fixture


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def scan(root: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    out = root.parent / "result.json"
    code = run(["scan", str(root), "--quiet", "--output", f"json={out}", *flags])
    return code, json.loads(out.read_text())["result"]


def places(result: dict[str, Any]) -> list[str]:
    found = []
    for ranked in result["findings"]:
        location = ranked["triaged"]["finding"]["location"]
        found.append(f"{location['uri']}:{location['region']['start_line']}")
    return sorted(found)


def engine(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in result["engines"] if entry["engine"] == name)


def account(result: dict[str, Any], uri: str) -> dict[str, Any]:
    return next(entry for entry in result["files"] if entry["uri"] == uri)


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path, engines: dict[str, Any]) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_findings_of_all_engines_and_an_account_of_every_file(root: Path) -> None:
    tree(root, {"a.py": "flaw\npair\n", "b/c.py": "pair\n", "d.skip": "flaw\n"})
    code, result = scan(root)
    assert code == 1
    assert places(result) == ["a.py:1", "a.py:2", "b/c.py:1"]
    assert account(result, "a.py")["engines"] == ["pairs", "words"]
    assert (account(result, "d.skip")["status"], account(result, "d.skip")["reason"]) == (
        "skipped",
        "unsupported",
    )
    assert engine(result, "words")["status"] == "ran"


def test_nothing_found_is_said_with_what_was_looked_at(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tree(root, {"a.txt": "fine\n"})
    assert run(["scan", str(root), "--no-cache"]) == 0
    assert "0 findings in 1 of 1 file, 1 engine, 1 rule" in capfd.readouterr().out


@pytest.mark.parametrize(("jobs", "count"), [("1", 3), ("2", 450)])
@pytest.mark.parametrize(
    ("trouble", "reason"), [("RAISE", "engine-error (ValueError)"), ("HANG", "timed-out"), ("DIE", "died")]
)
def test_one_bad_file_loses_nothing_else(
    root: Path, jobs: str, count: int, trouble: str, reason: str
) -> None:
    if trouble == "DIE" and jobs == "1":
        pytest.skip("a small scan runs in the command's own process")
    limit = 1.0 if trouble == "HANG" else 30.0
    (root.parent / "assay.toml").write_text(f"[scan]\nfile-seconds = {limit}\n")
    tree(root, {f"f{n}.txt": "flaw\n" for n in range(count)} | {"bad.txt": trouble})
    code, result = scan(root, "--jobs", jobs, "--no-cache", "--config", str(root.parent / "assay.toml"))
    assert len(places(result)) == count
    assert account(result, "bad.txt")["reason"] == reason
    assert engine(result, "words")["status"] == "partial"
    assert code == 1, "what blocks beats what is incomplete"
    assert "RAISE" not in json.dumps(result), "no text of a file in a failure"


def test_a_failed_file_alone_makes_the_scan_incomplete(root: Path) -> None:
    tree(root, {"a.txt": "fine\n", "bad.txt": "RAISE"})
    assert scan(root)[0] == 3


def test_a_partly_read_file_is_said_and_does_not_fail_the_scan(root: Path) -> None:
    tree(root, {"a.txt": "PARTLY"})
    code, result = scan(root)
    assert (code, account(result, "a.txt")["status"]) == (0, "partial")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_project_engine_that_fails_leaves_the_others_findings(root: Path, jobs: str) -> None:
    tree(root, {"a.py": "CRASH\n"} | {f"{n}.txt": "flaw\n" for n in range(250)})
    code, result = scan(root, "--jobs", jobs, "--fail-on", "none")
    assert engine(result, "pairs")["status"] == "failed"
    assert len(places(result)) == 250
    assert code == 3


def test_a_blind_engine_is_broken_and_its_silence_says_nothing(root: Path, engines: dict[str, Any]) -> None:
    engines["blind"] = (engines["words"][0].replace("WordEngine", "BlindEngine"), engines["words"][1])
    tree(root, {"a.txt": "fine\n"})
    code, result = scan(root)
    assert (code, engine(result, "blind")["status"]) == (3, "broken")
    code, _ = scan(root, "--optional", "blind")
    assert code == 0


def test_types_choose_engines_and_the_others_are_not_requested(root: Path) -> None:
    tree(root, {"a.py": "flaw\npair\n", "b.py": "pair\n"})
    _, result = scan(root, "--type", "secrets")
    assert places(result) == ["a.py:1"]
    assert engine(result, "pairs")["status"] == "not_requested"


def test_the_plan_stands_before_any_file_of_the_target_is_opened(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import sys

    tree(root, {"a.txt": "flaw\n"})
    opened: list[str] = []
    listening = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event == "open" and isinstance(arguments[0], (str, bytes)):
            opened.append(str(arguments[0]))

    sys.addaudithook(hook)
    assert run(["scan", str(root), "--plan"]) == 0
    listening = False
    assert "engine     words 1 (required)" in capfd.readouterr().out
    assert not [path for path in opened if path.startswith(str(root)) and path.endswith("a.txt")]


def test_trace_shows_six_phases_in_order(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tree(root, {"a.txt": "fine\n"})
    run(["scan", str(root), "--trace", "--quiet"])
    phases = [line for line in capfd.readouterr().err.splitlines() if line.startswith("phase ")]
    assert [line.split("s  ")[1].split(":")[0] for line in phases] == [
        "plan",
        "verify tools",
        "look",
        "merge and rank",
        "report",
        "gate",
    ]
    assert phases[-1].endswith("passed, exit 0")


def looks() -> int:
    assert WordEngine.counter is not None
    return len(WordEngine.counter.read_text().splitlines()) if WordEngine.counter.exists() else 0


def test_a_second_scan_looks_at_nothing_and_says_the_same_byte_for_byte(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    # The clock's resolution decides when a stamp can be trusted; the test's files are older than this one.
    monkeypatch.setattr(cache, "_RACY_NS", 0)
    tree(root, {f"{n}.py": "flaw\npair\n" for n in range(5)})
    time.sleep(0.02)
    outputs = []
    before = PairEngine.looks
    report, sarif = root.parent / "r.json", root.parent / "r.sarif"
    for _ in range(3):
        assert (
            run(["scan", str(root), "--quiet", "--output", f"json={report}", "--output", f"sarif={sarif}"])
            == 1
        )
        outputs.append(report.read_bytes() + sarif.read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]
    assert looks() == 5
    assert PairEngine.looks - before == 3 + 1, "three canaries and one look"


def test_a_file_as_young_as_the_snapshot_is_hashed_again(root: Path) -> None:
    tree(root, {"a.txt": "fine\n"})
    scan(root)
    status = (root / "a.txt").stat()
    (root / "a.txt").write_text("flaw\n")
    os.utime(root / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert places(scan(root)[1]) == ["a.txt:1"]


def test_a_changed_file_is_looked_at_again_and_only_that_one(root: Path) -> None:
    tree(root, {"a.txt": "fine\n", "b.txt": "fine\n"})
    scan(root)
    (root / "b.txt").write_text("a flaw\n")
    _, result = scan(root)
    assert places(result) == ["b.txt:1"]
    assert looks() == 3


def test_no_cache_means_none(root: Path) -> None:
    tree(root, {"a.txt": "fine\n"})
    scan(root, "--no-cache")
    scan(root, "--no-cache")
    assert looks() == 2


def test_ctrl_c_leaves_a_marked_partial_result(root: Path) -> None:
    tree(root, {"a.txt": "flaw\n", "b.txt": "INTERRUPT", "c.txt": "flaw\n"})
    code, result = scan(root, "--jobs", "1", "--fail-on", "none")
    assert result["interrupted"] is True
    assert code == 3
    assert "a.txt:1" in places(result)
    assert account(result, "c.txt")["reason"] == "interrupted"


def test_an_empty_folder_is_nothing_to_scan(root: Path) -> None:
    assert scan(root)[0] == 4


def test_against_a_base_new_unchanged_and_absent(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    tree(
        root,
        {
            "a.txt": "old flaw\n",
            "gone.txt": "flaw to go\n",
            "same.txt": "flaw that stays\n",
            "p.py": "pair\n",
            "q.py": "pair\n",
        },
    )
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    tree(root, {"a.txt": "some line\nold flaw\n", "new.txt": "new flaw\n"})
    (root / "gone.txt").unlink()
    code, result = scan(root, "--base", "HEAD", "--new-only")
    states = {
        f"{r['triaged']['finding']['location']['uri']}": r["triaged"]["baseline"] for r in result["findings"]
    }
    assert states == {
        "a.txt": "unchanged",
        "same.txt": "unchanged",
        "new.txt": "new",
        "gone.txt": "absent",
        "p.py": "unchanged",
        "q.py": "unchanged",
    }
    assert code == 1
    (root / "new.txt").unlink()
    assert scan(root, "--base", "HEAD", "--new-only")[0] == 0
    assert scan(root, "--base", "HEAD")[0] == 0, "what git knows does not block unless asked"
    assert scan(root, "--base", "HEAD", "--no-new-only")[0] == 1


def test_diff_mode_looks_at_what_changed_only(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    tree(root, {"a.txt": "flaw\n", "b.txt": "flaw\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    tree(root, {"b.txt": "flaw\nanother flaw\n"})
    _, result = scan(root, "--mode", "diff", "--base", "HEAD", "--no-cache")
    assert set(places(result)) == {"b.txt:1", "b.txt:2"}
    assert account(result, ".")["detail"] == "1 files"


def test_staged_mode_reads_the_index_not_the_working_file(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    tree(root, {"a.txt": "staged flaw\n"})
    git(root, "add", "-A")
    tree(root, {"a.txt": "clean by now\n"})
    code, result = scan(root, "--mode", "staged")
    assert (code, places(result)) == (1, ["a.txt:1"])


def test_a_baseline_makes_old_findings_inherited(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tree(root, {"a.txt": "flaw\n"})
    assert run(["baseline", "write", str(root)]) == 0
    assert scan(root, "--new-only")[0] == 0
    assert scan(root)[0] == 1, "a baseline is a file that anyone may write: it counts when it is asked for"
    tree(root, {"b.txt": "other flaw here\n"})
    assert scan(root, "--new-only")[0] == 1
    (root / "a.txt").unlink()
    assert run(["baseline", "prune", str(root)]) == 0
    assert "1 findings are gone, 0 stay" in capfd.readouterr().out


def test_an_inline_suppression_counts_with_a_reason_only(root: Path) -> None:
    tree(
        root,
        {
            "a.py": 'flaw  # assay: ignore[secrets/flaw] reason="a sample"\n',
            "b.py": "flaw  # assay: ignore[secrets/flaw]\n",
        },
    )
    code, result = scan(root)
    active = [
        r["triaged"]["finding"]["location"]["uri"]
        for r in result["findings"]
        if r["triaged"]["suppression"] is None
    ]
    assert (code, active) == (1, ["b.py"])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--type", "magic"], "'magic' is not a scan type"),
        (["--engines", "nobody"], "there is no engine 'nobody'"),
        (["--severity", "severe"], "'severe' is not a severity"),
        (["--mode", "diff"], "--mode diff needs something to compare with"),
        (["--jobs", "-1"], "not a number of processes"),
        (["--output", "sarif"], "not FORMAT=PATH"),
        (["--format", "magic"], "no report format 'magic'"),
        (["--base", "HEAD"], "git"),
        (["--config", "missing.toml"], "cannot be read"),
    ],
)
def test_wrong_flags_are_explained(
    root: Path, capfd: pytest.CaptureFixture[str], flags: list[str], expected: str
) -> None:
    tree(root, {"a.txt": "fine\n"})
    assert run(["scan", str(root), *flags]) == 2
    assert expected in capfd.readouterr().err


def test_a_missing_path(capfd: pytest.CaptureFixture[str], engines: dict[str, Any]) -> None:
    assert run(["scan", "no/such/place"]) == 2
    assert "no/such/place: no such file or folder" in capfd.readouterr().err


def test_one_file_and_a_list_on_standard_input(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(root, {"a.txt": "flaw\n", "b.txt": "flaw\n", "c d.txt": "flaw\n"})
    out = root.parent / "one.json"
    assert run(["scan", str(root / "a.txt"), "--quiet", "--output", f"json={out}"]) == 1
    listing = root.parent / "list"
    listing.write_bytes(b"\0".join(str(root / name).encode() for name in ("b.txt", "c d.txt")))
    assert run(["scan", "--files-from", str(listing), "--quiet", "--output", f"json={out}"]) == 1
    assert len(json.loads(out.read_text())["result"]["findings"]) == 2
