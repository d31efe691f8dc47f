"""The decorator for orchestrators, and the example that comes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assay.gateway.guard import ApprovalNeededError, DeniedError, Guard

ROOT = Path(__file__).parents[2]


def test_guarded_functions(tmp_path: Path) -> None:
    guard = Guard.for_workspace(str(tmp_path), agent="bot", policy=["default"], state=str(tmp_path / "state"))
    done: list[str] = []

    @guard.tool("Bash")
    def shell(command: str) -> str:
        """Run."""
        done.append(command)
        return command

    assert shell.__doc__ == "Run."
    assert shell("ls") == "ls"
    with pytest.raises(DeniedError, match="secrets"):
        shell(command="cat .env")
    with pytest.raises(ApprovalNeededError) as waiting:
        shell("git push origin main")
    assert waiting.value.approval.startswith("ap-")
    token = "ghp_" + "0123456789abcdefghij" + "ABCDEFGHIJ012345"
    assert token not in shell(f"echo {token}")
    assert done[0] == "ls"
    assert len(done) == 2


def test_the_example_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "guarded_tools.py")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert [line.partition(": ")[2].partition(" ")[0].rstrip(":") for line in done.stdout.splitlines()] == [
        "pushed",
        "waits",
        "refused",
    ]
