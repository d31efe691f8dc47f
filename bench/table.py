"""Tables on standard output, with what was measured on what and when."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from assay.model.version import VERSION


def heading(title: str) -> None:
    """Title, product version and commit, interpreter, processors, date."""
    import os

    commit = _git(Path(__file__).parents[1], "rev-parse", "--short", "HEAD")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"\n## {title}\n")
    print(
        f"assay {VERSION} ({commit or 'no commit'}), Python {platform.python_version()}, {os.cpu_count()} processors, {today}\n"
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(column), *(len(row[n]) for row in cells)) if cells else len(column)
        for n, column in enumerate(columns)
    ]
    print(
        "| " + " | ".join(column.ljust(width) for column, width in zip(columns, widths, strict=True)) + " |"
    )
    print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    sys.stdout.flush()


def missing(what: str, how: str) -> None:
    """Say what this benchmark lacks here, instead of a table that pretends."""
    print(f"not measured: {what} ({how})")


def commit_of(folder: Path) -> str:
    """The commit of a checkout, "" if it is none."""
    return _git(folder, "rev-parse", "--short", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
