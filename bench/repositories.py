"""Scans of real repositories: files, findings, time and memory, and the history of those that have one.

python -m bench.repositories FOLDER [FOLDER ...] [--type T] [--history]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.measure import assay, isolated
from bench.table import commit_of, heading, missing, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="*", type=Path)
    parser.add_argument("--type", default="secrets")
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--jobs", default="2")
    args = parser.parse_args()
    heading(f"Real repositories: {'history' if args.history else args.type}")
    if not args.folder:
        missing("repositories", "name their folders")
        return
    rows = [_row(folder, args) for folder in args.folder]
    table(
        (
            "repository",
            "commit",
            "files",
            "findings",
            "critical or high",
            "wall s",
            "CPU s",
            "peak MB",
            "exit",
        ),
        rows,
    )


def _row(folder: Path, args: argparse.Namespace) -> tuple[object, ...]:
    flags = ["--history"] if args.history else ["--type", args.type, "--no-cache"]
    run = isolated(
        assay("scan", str(folder), *flags, "--jobs", args.jobs, "--format", "json", "--fail-on", "none"),
        runs=1,
    )
    result = json.loads(run.stdout)["result"]
    grave = sum(one["triaged"]["finding"]["severity"] in ("critical", "high") for one in result["findings"])
    files = sum(engine["files"] for engine in result["engines"]) if args.history else len(result["files"])
    return (
        folder.name, commit_of(folder), files, len(result["findings"]), grave,
        f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{run.megabytes:.0f}", run.code,
    )  # fmt: skip


if __name__ == "__main__":
    main()
