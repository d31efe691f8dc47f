"""Labelled sets of source code for `bench.code`: each sample is a vulnerable file, its weakness, and, where the set has one, its repaired twin.

Nothing of the sets is in this repository: `--data FOLDER` holds checkouts by the names in `SETS`. Of SVEN only `train` is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """One labelled case. `cwe`: numbers of which any names the weakness. `after`: the repaired twin, "" if the set has none."""

    name: str
    cwe: frozenset[int]
    suffix: str
    before: str
    after: str


class LabelledSet(NamedTuple):
    """One set: the checkout's folder below `--data`, where it comes from, and what reads it."""

    folder: str
    origin: str
    read: Callable[[Path], Iterator[Sample]]


def _lines(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _security_eval(folder: Path) -> Iterator[Sample]:
    for path in sorted((folder / "Testcases_Insecure_Code").glob("CWE-*/*.py")):
        number = int(path.parent.name[4:])
        yield Sample(
            f"{path.parent.name}/{path.name}", frozenset((number,)), ".py", path.read_text("utf-8"), ""
        )


_SVEN = (".py", ".js", ".ts")  # the rest is C and C++


def _sven(folder: Path) -> Iterator[Sample]:
    for path in sorted((folder / "data_train_val" / "train").glob("*.jsonl")):
        for number, row in enumerate(_lines(path)):
            suffix = Path(row["file_name"]).suffix
            if suffix in _SVEN:
                cwe = frozenset((int(row["vul_type"][4:]),))
                yield Sample(
                    f"{path.stem}-{number}", cwe, suffix, row["func_src_before"], row["func_src_after"]
                )


def _cweval(folder: Path) -> Iterator[Sample]:
    core = folder / "benchmark" / "core"
    for path in sorted(core.glob("py/*_task.py")):
        test = path.with_name(path.name.replace("_task", "_test"))
        unsafe = _unsafe_functions(test.read_text("utf-8"))
        if unsafe:
            yield Sample(path.stem, _number(path.name), ".py", unsafe, path.read_text("utf-8"))
    for path in sorted(core.glob("js/*_task.js")):
        other = path.with_name(path.name.replace("_task", "_unsafe"))
        if other.exists():
            yield Sample(
                path.stem, _number(path.name), ".js", other.read_text("utf-8"), path.read_text("utf-8")
            )


def _number(name: str) -> frozenset[int]:
    found = re.match(r"cwe_0*(\d+)", name)
    return frozenset((int(found.group(1)),)) if found else frozenset()


def _unsafe_functions(text: str) -> str:
    """Imports, constants and the functions called `..._unsafe` of a test file: its other half is the tests."""
    blocks = re.split(r"\n(?=\S)", text)
    kept = [
        b
        for b in blocks
        if re.match(r"(import|from) (?!pytest|cwe_)|def \w+_unsafe\b|async def \w+_unsafe\b|[A-Z_]+ = ", b)
    ]
    return "\n".join(kept) + "\n" if any("_unsafe" in b for b in kept) else ""


def _sec_code_plt(folder: Path) -> Iterator[Sample]:
    for path in sorted((folder / "generate_dataset" / "data").glob("*/succeed_list.json")):
        for number, row in enumerate(json.loads(path.read_text("utf-8"))):
            truth = row["ground_truth"]
            head = f"{row['unittest'].get('setup', '')}\n{truth['code_before']}"
            texts = [
                f"{head}\n{truth[key].strip(chr(10))}\n{truth['code_after']}\n"
                for key in ("vulnerable_code", "patched_code")
            ]
            yield Sample(f"{path.parent.name}-{number}", _numbers(row["CWE_ID"]), ".py", *texts)


def _numbers(text: object) -> frozenset[int]:
    """`327` or `327,CWE-328`."""
    return frozenset(int(number) for number in re.findall(r"\d+", str(text)))


def _sallm(folder: Path) -> Iterator[Sample]:
    for row in _lines(folder / "PythonDataset" / "dataset.jsonl"):
        found = re.search(r"cwe0*(\d+)", row["id"])
        if found:
            yield Sample(row["id"], frozenset((int(found.group(1)),)), ".py", row["insecure_code"], "")


SETS = {
    "SecurityEval": LabelledSet("SecurityEval", "s2e-lab/SecurityEval", _security_eval),
    "SVEN train": LabelledSet("sven", "eth-sri/sven", _sven),
    "CWEval": LabelledSet("CWEval", "Co1lin/CWEval", _cweval),
    "SecCodePLT": LabelledSet("SecCodePLT", "ucsb-mlsec/SecCodePLT", _sec_code_plt),
    "SALLM": LabelledSet("SALLM", "s2e-lab/SALLM", _sallm),
}


class Marked(NamedTuple):
    """One file of Securibench-micro with the lines that its author marked as flaws."""

    path: Path
    bad: frozenset[int]


def securibench(folder: Path) -> list[Marked]:
    """Every test case with the lines that carry a `BAD` mark; unmarked lines are clean."""
    found = []
    for path in sorted(folder.rglob("securibench/micro/**/*.java")):
        lines = path.read_text("utf-8", "replace").splitlines()
        bad = frozenset(n for n, line in enumerate(lines, 1) if re.search(r"/\*\s*BAD", line))
        found.append(Marked(path, bad))
    return found
