"""Foreign programs: clean environment, limits, whole group killed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from assay.model.errors import EngineError
from assay.scan.engines.process import Limits, run, which


def test_input_output_and_exit_code() -> None:
    done = run(
        [sys.executable, "-c", "import sys; d = sys.stdin.read(); print(len(d)); sys.exit(3)"],
        stdin=b"x" * 300_000,
    )
    assert (done.stdout.strip(), done.returncode, done.ended) == (b"300000", 3, "exited")


def test_no_secret_of_the_users_environment_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    done = run([sys.executable, "-c", "import os; print(sorted(os.environ)); print(os.environ['HOME'])"])
    names, home = done.stdout.decode().splitlines()
    assert "AWS_SECRET_ACCESS_KEY" not in names
    assert home != os.environ.get("HOME")
    assert not Path(home).exists(), "the temporary home is gone afterwards"


def test_a_time_limit_kills_the_whole_group(tmp_path: Path) -> None:
    mark = tmp_path / "grandchild"
    grandchild = f"import time; time.sleep(0.6); open({str(mark)!r}, 'w')"
    code = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}]);"
        "print('started', flush=True); time.sleep(60)"
    )
    done = run([sys.executable, "-c", code], limits=Limits(seconds=0.3))
    assert done.ended == "timed-out"
    assert done.stdout.strip() == b"started", "what was said before the limit is kept"
    time.sleep(0.5)
    assert not mark.exists()


def test_an_output_limit_keeps_what_was_said() -> None:
    done = run(
        [sys.executable, "-c", "while True: print('y' * 1000)"],
        limits=Limits(seconds=20, output_bytes=50_000),
    )
    assert done.ended == "output-limit"
    assert len(done.stdout) == 50_000


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(EngineError, match="cannot start no-such-program-here"):
        run(["no-such-program-here"])


def test_programs_are_never_taken_from_a_relative_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "git"
    trap.write_text("#!/bin/sh\n")
    trap.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert which("git") is None
