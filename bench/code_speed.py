"""The code engine over whole projects: lines a second cold, with nothing changed and after one change; memory; semgrep beside it.

    python -m bench.code_speed --tree FOLDER [--tree FOLDER ...] [--rules SEMGREP_RULES] [--runs N]

Each tree is copied, so that a file of it can be changed. Seconds are processor time of the whole command, `assay scan --type sast`.
`--rules` is a folder of semgrep's rules on disk: nothing is fetched. Peak memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from assay.code.languages import language_of
from bench.measure import Run, assay, isolated, run
from bench.table import commit_of, heading, missing, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, action="append", default=[])
    parser.add_argument("--rules", default="")
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    heading("Code: speed and memory over whole projects")
    if not args.tree:
        missing("a project with its source", "--tree FOLDER")
        return
    semgrep = shutil.which("semgrep")
    if semgrep is None or not args.rules:
        missing("semgrep", "the program on PATH and --rules FOLDER")
    rows: list[tuple[object, ...]] = []
    for tree in args.tree:
        rows += _rows(tree, args.runs)
        if semgrep is not None and args.rules:
            argv = [
                semgrep,
                "scan",
                "--metrics=off",
                "--disable-version-check",
                "--config",
                args.rules,
                "-q",
                "-j",
                "1",
                str(tree),
            ]
            rows.append(_row(tree, "semgrep", isolated(argv, runs=args.runs), _lines(tree)))
    table(("project", "run", "KLOC", "CPU s", "KLOC/s of CPU", "peak MB", "exit"), rows)


def _rows(tree: Path, runs: int) -> list[tuple[object, ...]]:
    """Cold, unchanged, and after a line was added to the smallest file of source."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        lines = _lines(copy)
        environment = {"ASSAY_CACHE_DIR": f"{folder}/cache", "PYTHONDONTWRITEBYTECODE": ""}
        command = assay("scan", "--type", "sast", "--fail-on", "none", "--quiet", str(copy))
        cold = isolated([*command, "--no-cache"], runs=runs, environment=environment)
        run(command, environment=environment)
        unchanged = isolated(command, runs=runs, environment=environment)
        changed = min(
            (path for path in copy.rglob("*") if _is_source(path)), key=lambda path: path.stat().st_size
        )
        with changed.open("ab") as file:
            file.write(b"\n")
        os.utime(changed)
        after = replace(run(command, environment=environment), megabytes=0.0)  # of all children so far
    return [
        _row(tree, "cold", cold, lines),
        _row(tree, "unchanged", unchanged, lines),
        _row(tree, "one file changed", after, lines),
    ]


def _is_source(path: Path) -> bool:
    return bool(language_of(path.name)) and path.is_file() and not path.is_symlink()


def _lines(tree: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in tree.rglob("*") if _is_source(path))


def _row(tree: Path, name: str, done: Run, lines: int) -> tuple[object, ...]:
    commit = commit_of(tree)
    return (
        f"{tree.name} {commit}".strip(),
        name,
        f"{lines / 1000:.0f}",
        f"{done.cpu:.2f}",
        f"{lines / 1000 / done.cpu:.0f}",
        f"{done.megabytes:.0f}" if done.megabytes else "",
        done.code,
    )


if __name__ == "__main__":
    main()
