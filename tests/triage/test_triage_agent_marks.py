from __future__ import annotations

import os
import subprocess
from pathlib import Path

from assay.scan.triage.agent_marks import agent_added
from assay.scan.triage.inline import parse_marks

MARK = '  # assay: ignore[code/x] reason="fine"\n'
TRAILER = "Co-Authored-By: Claude <noreply@anthropic.com>"


def git(folder: Path, *arguments: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def test_marks_by_who_committed_their_line(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    git(tmp_path, "init", "-q")
    file.write_text("human(1)" + MARK)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "By hand")
    file.write_text("human(1)" + MARK + "agent(2)" + MARK)
    git(tmp_path, "commit", "-qam", f"Work\n\n{TRAILER}")
    text = "new(0)" + MARK + file.read_text()
    file.write_text(text)
    marks, _ = parse_marks("a.py", text.split("\n"))
    assert [mark.line for mark in marks] == [1, 2, 3]
    assert agent_added(str(tmp_path), marks) == {("a.py", 3)}


def test_outside_of_git_nothing_is_known(tmp_path: Path) -> None:
    marks, _ = parse_marks("a.py", ["x" + MARK])
    assert agent_added(str(tmp_path), marks) == frozenset()
