"""The code engine on labelled and clean sets, beside bandit and semgrep in the same run.

`python -m bench.code --data FOLDER [--peers FOLDER] [--semgrep-rules FOLDER] [--only NAME] [--misses]`, or `make bench-code DATA=FOLDER`.

FOLDER holds checkouts by name: SecurityEval, sven (only `train` is read), CWEval, SecCodePLT, SALLM, securibench-micro, and the clean sets
django, flask, requests, fastapi, express. Each sample is a file of its own in a folder of its own; a set's vulnerable files are one scan, its
repaired ones another. A result counts for a sample if its weakness is related to the sample's (`bench.code_securityeval.related`); the column
`any` counts every result. Peers see the same folders.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.code_securityeval import related
from bench.code_sets import SETS, Sample, securibench
from bench.code_tools import Result, Tool, tools
from bench.table import commit_of, heading, missing, table

CLEAN = ("django", "flask", "requests", "fastapi", "express")
_TESTS = re.compile(
    r"(^|/)(tests?|testing|examples?|docs?|docs_src|benchmarks?)/|(^|/)(test_[^/]*|conftest)\.py$"
)


def _written(samples: Sequence[Sample], side: str, folder: Path) -> None:
    for number, sample in enumerate(samples):
        text = sample.before if side == "before" else sample.after
        if text:
            place = folder / f"s{number:04}"
            place.mkdir()
            (place / f"sample{sample.suffix}").write_text(text, "utf-8")


def _found(tool: Tool, samples: Sequence[Sample], side: str) -> tuple[dict[int, list[Result]], float]:
    """Results by number of the sample, and CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="code") as name:
        folder = Path(name)
        _written(samples, side, folder)
        results, cost = tool.results(folder)
    found: dict[int, list[Result]] = defaultdict(list)
    for one in results:
        found[int(one.path.split("/", 1)[0][1:])].append(one)
    return found, cost.cpu


def _hit(sample: Sample, results: list[Result]) -> bool:
    return any(related(cwe, one.cwe) for one in results for cwe in sample.cwe)


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "-"


def _pairs(tool: Tool, samples: Sequence[Sample], misses: list[str]) -> tuple[object, ...]:
    before, cpu = _found(tool, samples, "before")
    twins = [number for number, sample in enumerate(samples) if sample.after]
    after, more = _found(tool, samples, "after") if twins else ({}, 0.0)
    hit = {n for n, sample in enumerate(samples) if _hit(sample, before.get(n, []))}
    still = {n for n in twins if _hit(samples[n], after.get(n, []))}
    told = len([n for n in twins if n in hit and n not in still])
    if tool.name == "assay":
        for n, sample in enumerate(samples):
            if n not in hit or n in still:
                rules = (
                    ", ".join(sorted({one.rule for one in (after if n in still else before).get(n, [])}))
                    or "nothing"
                )
                misses.append(
                    f"{sample.name}: {'after the repair too' if n in still else 'missed'} ({rules})"
                )
    return (
        f"{tool.name} {tool.version}".strip(), len(samples), _share(len(hit), len(samples)), _share(len([n for n in range(len(samples)) if before.get(n)]), len(samples)),
        len(twins), _share(len(still), len(twins)), _share(len([n for n in twins if after.get(n)]), len(twins)), _share(told, len(twins)), f"{cpu + more:.1f}",
    )  # fmt: skip


def _labelled(data: Path, measured: list[Tool], options: argparse.Namespace) -> None:
    for name, one in SETS.items():
        if options.only and options.only.lower() not in name.lower():
            continue
        folder = data / one.folder
        samples = list(one.read(folder)) if folder.is_dir() else []
        heading(f"{name} ({one.origin} {commit_of(folder)})".replace(" )", ")"))
        if not samples:
            missing(name, f"no checkout of {one.origin} at {folder}")
            continue
        misses: list[str] = []
        rows = [_pairs(tool, samples, misses) for tool in measured]
        table(
            (
                "tool",
                "samples",
                "flagged",
                "any",
                "with twin",
                "twin flagged",
                "any",
                "flagged, twin not",
                "CPU s",
            ),
            rows,
        )
        if options.misses:
            print("\n" + "\n".join(misses))


def _securibench(data: Path, measured: list[Tool], options: argparse.Namespace) -> None:
    if options.only and options.only.lower() not in "securibench-micro":
        return
    folder = data / "securibench-micro"
    heading(f"Securibench-micro ({commit_of(folder)})".replace(" ()", ""))
    cases = securibench(folder) if folder.is_dir() else []
    if not cases:
        missing("Securibench-micro", f"no checkout at {folder}")
        return
    wanted = {(case.path.relative_to(folder).as_posix(), line) for case in cases for line in case.bad}
    paths = {case.path.relative_to(folder).as_posix() for case in cases}
    rows = []
    for tool in measured:
        if tool.name == "bandit":
            continue  # Python only
        results, cost = tool.results(folder)
        told = {(one.path, one.line) for one in results if one.path in paths}
        right = len(told & wanted)
        rows.append(
            (
                f"{tool.name} {tool.version}".strip(),
                len(wanted),
                right,
                len(told),
                _share(right, len(wanted)),
                _share(right, len(told)),
                f"{cost.cpu:.1f}",
            )
        )
    table(("tool", "flaws", "found", "reported", "recall", "precision", "CPU s"), rows)


def _noise(data: Path, measured: list[Tool], options: argparse.Namespace) -> None:
    if options.only and options.only.lower() not in "clean":
        return
    heading("Clean sets: high and medium results outside of tests, examples and documentation")
    rows = []
    for name in CLEAN:
        folder = data / name
        if not folder.is_dir():
            missing(name, f"no checkout at {folder}")
            continue
        for tool in measured:
            if tool.name == "bandit" and name == "express":
                continue
            results, cost = tool.results(folder)
            grave = [one for one in results if one.grave and not _TESTS.search(one.path)]
            rows.append(
                (
                    f"{name} {commit_of(folder)}".strip(),
                    f"{tool.name} {tool.version}".strip(),
                    len(grave),
                    len(results),
                    f"{cost.cpu:.1f}",
                )
            )
            if tool.name == "assay" and options.misses:
                print("\n".join(f"{name}/{one.path}:{one.line} {one.rule}" for one in grave))
    table(("set", "tool", "high or medium", "all", "CPU s"), rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--peers", type=Path, help="folder with the programs bandit and semgrep")
    parser.add_argument("--semgrep-rules", type=Path)
    parser.add_argument(
        "--only", default="", help="one set, by a part of its name; `clean` for the clean sets"
    )
    parser.add_argument("--misses", action="store_true", help="list what was missed or wrongly reported")
    options = parser.parse_args()
    if options.data is None or not options.data.is_dir():
        print("code: needs --data with checkouts of the sets (see bench/code.py)")
        return 2
    measured, lacking = tools(options.peers, options.semgrep_rules)
    for name, why in lacking:
        missing(name, why)
    _labelled(options.data, measured, options)
    _securibench(options.data, measured, options)
    _noise(options.data, measured, options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
