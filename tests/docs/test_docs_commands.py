"""Every command of the documents runs as it stands there, on a copy of the demo."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
# What a document promises by exit code: a gate that blocks is no failure of the command.
FINE = {0, 1}


def commands() -> list[tuple[str, str]]:
    found = []
    for name in DOCUMENTS:
        for block in re.findall(r"^```sh\n(.*?)^```", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL):
            found += [(name, line.partition("  #")[0].strip()) for line in block.splitlines() if line.strip()]
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "demo", folder / "demo", ignore=shutil.ignore_patterns(".assay"))
    shutil.copytree(ROOT / "tests" / "docs", folder / "tests" / "docs")
    return folder


@pytest.mark.parametrize(("document", "command"), commands())
def test_a_documented_command_runs(document: str, command: str, place: Path) -> None:
    assert command.startswith("assay "), f"{document}: only our own commands stand in sh blocks"
    line = command.replace("assay ", f"{sys.executable} -m assay ", 1)
    environment = {**os.environ, "ASSAY_CACHE_DIR": str(place / "cache"), "HOME": str(place)}
    done = subprocess.run(["bash", "-c", line], cwd=place, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in FINE, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr


def test_the_readme_is_short_and_names_real_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 150
    assert len(commands()) > 12
    help_text = subprocess.run([sys.executable, "-m", "assay", "--help"], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"`assay ([a-z-]+)", text):
        assert f"  {name} " in help_text, name
