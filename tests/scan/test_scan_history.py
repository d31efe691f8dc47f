"""History: a secret that is gone from the files is found, at the commit that brought it in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assay.entrypoints.cli.main import run


def commit(root: Path, message: str, author: str = "Ada", when: str = "2020-01-01T00:00:00+00:00") -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(
        ["git", "-c", f"user.name={author}", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", message],
        cwd=root, check=True, env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
    )  # fmt: skip


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    (root / "config.py").write_text(f'PASSWORD = "{"Zt7-quokka"}-91xK"\n')
    commit(root, "first", "Ada", "2020-01-01T00:00:00+00:00")
    (root / "config.py").write_text('import os\nPASSWORD = os.environ["PASSWORD"]\n')
    (root / "other.py").write_text(f'db_password = "{"Yu4-lemur"}-77qP"\n')
    commit(root, "second", "Bob", "2021-01-01T00:00:00+00:00")
    return root


def history(root: Path) -> tuple[int, list[dict[str, Any]], str]:
    out = root.parent / "history.json"
    code = run(["scan", str(root), "--history", "--quiet", "--jobs", "2", "--output", f"json={out}"])
    text = out.read_text()
    return code, [ranked["triaged"]["finding"] for ranked in json.loads(text)["result"]["findings"]], text


def test_what_was_removed_is_found_with_its_commit(repo: Path) -> None:
    code, findings, text = history(repo)
    assert code == 1
    seen = {
        f["location"]["uri"]: (
            f["introduced"]["author"],
            f["introduced"]["date"][:10],
            f["introduced"]["at_head"],
        )
        for f in findings
    }
    assert seen == {"config.py": ("Ada", "2020-01-01", False), "other.py": ("Bob", "2021-01-01", True)}
    assert "Zt7-quokka" not in text, "no raw value in a report"


def test_a_value_in_many_versions_is_one_finding_at_the_oldest(repo: Path) -> None:
    for number in range(4):
        (repo / "other.py").write_text((repo / "other.py").read_text() + f"# {number}\n")
        commit(repo, f"edit {number}", "Cid", f"2022-01-0{number + 1}T00:00:00+00:00")
    _, findings, _ = history(repo)
    (other,) = [f for f in findings if f["location"]["uri"] == "other.py"]
    assert (other["introduced"]["author"], other["introduced"]["versions"]) == ("Bob", 5)


def test_outside_of_git_it_is_explained(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(tmp_path), "--history"]) == 2
    assert "is not in a git repository" in capfd.readouterr().err


def test_a_repository_without_a_working_tree_has_a_history_too(repo: Path) -> None:
    mirror = repo.parent / "mirror.git"
    subprocess.run(["git", "clone", "-q", "--mirror", str(repo), str(mirror)], check=True)
    _, findings, _ = history(mirror)
    assert {f["location"]["uri"] for f in findings} == {"config.py", "other.py"}


@pytest.mark.parametrize("name", ["terminal", "markdown", "html", "sarif"])
def test_each_report_says_where_it_came_from(
    repo: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["scan", str(repo), "--history", "--format", name])
    said = capsys.readouterr().out
    assert "Ada" in said
    assert ("no longer at HEAD" in said) or '"atHead": false' in said or '"atHead":false' in said
