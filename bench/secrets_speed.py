"""Secrets over a large tree, beside other scanners in the same run: bytes a second, processor time, memory, findings.

    python -m bench.secrets_speed --tree FOLDER [--peers FOLDER_OF_PROGRAMS]

The tree should hold 300 MB or more of source of several languages. Peers run where their programs are found, without live validation.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

from bench.measure import Run, assay, isolated
from bench.table import commit_of, heading, missing, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path)
    parser.add_argument("--peers", default="", help="a folder with the peers' programs, searched before PATH")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    heading("Secrets: speed over a large tree")
    if args.tree is None:
        missing("a tree of 300 MB or more", "--tree FOLDER")
        return
    size = sum(
        path.stat().st_size
        for path in args.tree.rglob("*")
        if path.is_file() and not path.is_symlink() and ".git" not in path.parts
    )
    files = sum(
        1
        for path in args.tree.rglob("*")
        if path.is_file() and not path.is_symlink() and ".git" not in path.parts
    )
    print(
        f"tree: {files} files, {size / 1e6:.0f} MB "
        + ", ".join(f"{d.name} {commit_of(d)}" for d in sorted(args.tree.iterdir()) if d.is_dir())
        + "\n"
    )
    rows = [
        _row(f"assay, {jobs} process{'es' * (jobs > 1)}", _assay(args, jobs), size, _assay_findings)
        for jobs in (1, 2)
    ]
    path = args.peers + os.pathsep + os.environ.get("PATH", "")
    for name, argv, count in (
        (
            "kingfisher, 1 job",
            [
                "kingfisher",
                "scan",
                str(args.tree),
                "--no-validate",
                "--jobs",
                "1",
                "--format",
                "json",
                "--no-update-check",
                "--git-history",
                "none",
            ],
            _json_lines,
        ),
        (
            "detect-secrets",
            ["detect-secrets", "-c", "1", "scan", "--all-files", "--no-verify", str(args.tree)],
            _detect_secrets_findings,
        ),
    ):
        program = shutil.which(argv[0], path=path)
        if program is None:
            missing(name, "not found")
            continue
        rows.append(_row(name, isolated([program, *argv[1:]], runs=args.runs), size, count))
    table(("program", "wall s", "CPU s", "MB/s of CPU", "peak MB", "findings", "exit"), rows)


def _assay(args: argparse.Namespace, jobs: int) -> Run:
    command = assay(
        "scan",
        "--type",
        "secrets",
        "--no-cache",
        "--jobs",
        str(jobs),
        "--format",
        "json",
        "--fail-on",
        "none",
        str(args.tree),
    )
    return isolated(command, runs=args.runs)


def _row(name: str, run: Run, size: int, count: object) -> tuple[object, ...]:
    assert callable(count)
    return (
        name,
        f"{run.wall:.2f}",
        f"{run.cpu:.2f}",
        f"{size / 1e6 / run.cpu:.0f}",
        f"{run.megabytes:.0f}",
        count(run.stdout),
        run.code,
    )


def _assay_findings(output: bytes) -> int:
    return len(json.loads(output)["result"]["findings"])


def _json_lines(output: bytes) -> int:
    return output.count(b'"fingerprint"')


def _detect_secrets_findings(output: bytes) -> int:
    return sum(len(found) for found in json.loads(output or b"{}").get("results", {}).values())


if __name__ == "__main__":
    main()
