"""Start-up is a feature: what the command may never load. Names of modules, not milliseconds, so that the test is steady."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "rich",
    "yaml",
    "hyperscan",
    "cryptography",
    "tree_sitter",
    "univers",
    "cyclonedx",
    "spdx_tools",
    "uvicorn",
    "jwt",
    "sqlite3",
}


def loaded_by(*arguments: str, cwd: Path | None = None) -> set[str]:
    """Top-level modules that a command loads, as the interpreter itself tells."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "assay", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )
    names = [
        line.rpartition("|")[2].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    ]
    return {*names, *(name.split(".")[0] for name in names)}


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_version_and_help_load_next_to_nothing(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert "assay.entrypoints.cli.main" in loaded
    assert not loaded & (HEAVY | {"argparse", "json", "dataclasses", "msgspec", "re2", "subprocess"})


def test_a_scan_of_one_file_loads_only_what_it_uses(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here\n")
    loaded = loaded_by("scan", "--type", "secrets", "--no-cache", "--quiet", "notes.txt", cwd=tmp_path)
    assert "assay.scan.pipeline" in loaded
    banned = {
        "rich",
        "yaml",
        "cryptography",
        "univers",
        "cyclonedx",
        "spdx_tools",
        "uvicorn",
        "jwt",
        "asyncio",
        "multiprocessing.pool",
    }
    assert not loaded & banned
    assert not {
        name
        for name in loaded
        if name.startswith(("assay.gateway", "assay.guide", "assay.code", "assay.infrastructure"))
    }
