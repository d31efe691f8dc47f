"""How often each rule of the code engine is right, over labelled and clean corpora: the table that `assay rules quality` shows.

`python -m bench.rule_quality --data FOLDER [--out src/assay/rules/quality.json]`. FOLDER holds checkouts, each used if it is there:

- `securibench-micro` (Java): lines marked `/* BAD */` and `/* OK */`.
- `juliet-top-25` (Java): `file-mapping.csv` says of each file whether it has its weakness.
- `sven-train` (Python): functions before and after the fix of the weakness that the file's name says; the `train` part only.
- `clean/*`: well-kept projects. What is raised there is counted by the line, not called false: nobody labelled it.

A finding is judged where the label is about its weakness (`related` of the SecurityEval benchmark); all others are left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from assay.code.languages import language_of
from assay.code.project import analyse
from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.rules.load import load_engine
from bench.code_securityeval import related
from bench.table import heading, table

Files = list[tuple[str, bytes]]
_SKIPPED = frozenset(("node_modules", "vendor", "dist", "build", "site-packages"))


@dataclass(slots=True)
class Measured:
    """What came of one rule: judged right, judged wrong, raised in clean projects."""

    right: int = 0
    wrong: int = 0
    clean: int = 0


@dataclass(slots=True)
class Table:
    """The whole measurement."""

    rules: dict[str, Measured] = field(default_factory=dict)
    corpora: list[dict[str, object]] = field(default_factory=list)

    def of(self, rule: str) -> Measured:
        """The row of a rule."""
        return self.rules.setdefault(rule, Measured())

    def judge(self, finding: Finding, bad: bool | None) -> None:
        """Count one finding; None: the label says nothing of it."""
        if bad is not None:
            row = self.of(finding.rule_id)
            row.right += bad
            row.wrong += not bad


def sources(folder: Path) -> Files:
    """Source files below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") or part in _SKIPPED for part in below.parts)
        if not hidden and path.is_file() and not path.is_symlink() and language_of(path.name):
            found.append((below.as_posix(), path.read_bytes()))
    return found


def _findings(files: Files, rules: list[Rule]) -> Iterator[Finding]:
    for result in analyse(files, rules):
        yield from result.findings


def _numbers(finding: Finding) -> list[int]:
    return [int(name.removeprefix("CWE-")) for name in finding.cwe]


def securibench(folder: Path, rules: list[Rule], out: Table) -> Files:
    """Marked lines; what stands on another line is not judged."""
    files = sources(folder / "src")
    lines = {uri: content.decode("utf-8", "replace").split("\n") for uri, content in files}
    for finding in _findings(files, rules):
        line = lines[finding.location.uri][finding.location.region.start_line - 1]
        if "BAD */" in line or "OK */" in line:
            out.judge(finding, "BAD */" in line)
    return files


def juliet(folder: Path, rules: list[Rule], out: Table) -> Files:
    """A file has its weakness or not, as the mapping beside says."""
    with (folder / "file-mapping.csv").open(newline="") as stream:
        labels = {row["file_name"]: row for row in csv.DictReader(stream)}
    files = sources(folder / "src")
    for finding in _findings(files, rules):
        row = labels.get(Path(finding.location.uri).stem)
        if row is not None and related(int(row["cwe_id"].removeprefix("CWE-")), _numbers(finding)):
            out.judge(finding, row["cwe_present"] == "True")
    return files


def sven(folder: Path, rules: list[Rule], out: Table) -> Files:
    """Right: reported before the fix and not after. Wrong: reported after it."""
    files: Files = []
    for path in sorted(folder.rglob("*.jsonl")):
        if "val" in path.relative_to(folder).parts:
            continue
        number = int(re.sub(r"\D", "", path.stem))
        for row in map(json.loads, path.read_text().splitlines()):
            if not row["file_name"].endswith(".py"):
                continue
            before, after = (row[key].encode() for key in ("func_src_before", "func_src_after"))
            files += [(f"{path.stem}/{len(files)}.py", before), (f"{path.stem}/{len(files) + 1}.py", after)]
            reported = {
                f.rule_id for f in _findings([("a.py", after)], rules) if related(number, _numbers(f))
            }
            for finding in _findings([("a.py", before)], rules):
                if related(number, _numbers(finding)) and finding.rule_id not in reported:
                    out.judge(finding, True)
            for rule in reported:
                out.of(rule).wrong += 1
    return files


def clean(folder: Path, rules: list[Rule], out: Table) -> Files:
    """What is raised in well-kept projects, outside of their tests."""
    everything: Files = []
    for project in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sources(project)
        everything += [(f"{project.name}/{uri}", content) for uri, content in files]
        for finding in _findings(files, rules):
            if not re.search(r"(?:^|/)(?:tests?|testing|spec)/|(?:^|/)test_|_test\.", finding.location.uri):
                out.of(finding.rule_id).clean += 1
    return everything


_SETS: dict[str, Callable[[Path, list[Rule], Table], Files]] = {
    "securibench-micro": securibench, "juliet-top-25": juliet, "sven-train": sven, "clean": clean,
}  # fmt: skip


def measure(data: Path) -> Table:
    """Every set that is there."""
    rules, out = list(load_engine("code")), Table()
    for name, run in _SETS.items():
        folder = data / name
        if not folder.is_dir():
            print(f"rule_quality: {folder} is missing, left out")
            continue
        files = run(folder, rules, out)
        digest = sha256(b"".join(sha256(content).digest() for _, content in files)).hexdigest()[:16]
        lines = sum(content.count(b"\n") for _, content in files)
        parts = sorted(path.name for path in folder.iterdir() if path.is_dir()) if name == "clean" else []
        out.corpora.append(
            {"name": name, "files": len(files), "lines": lines, "digest": digest, "projects": parts}
        )
    return out


def write(out: Table, path: Path) -> None:
    """The table as shipped: one rule a line, so that a review shows what changed."""
    rows = [
        f"{json.dumps(name)}: {json.dumps([row.right, row.wrong, row.clean])}"
        for name, row in sorted(out.rules.items())
    ]
    head = f'"measured": "{date.today().isoformat()}",\n"corpora": {json.dumps(out.corpora)},\n'
    path.write_text("{\n" + head + '"rules": {\n' + ",\n".join(rows) + "\n}\n}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    out = measure(options.data)
    if not out.corpora:
        print("rule_quality: no corpus below --data")
        return 2
    heading("Quality of the rules")
    table(
        ("rule", "right", "wrong", "raised in clean projects"),
        [(name, row.right, row.wrong, row.clean) for name, row in sorted(out.rules.items())],
    )
    totals = Counter[str]()
    for row in out.rules.values():
        totals.update(right=row.right, wrong=row.wrong, clean=row.clean)
    print("\n" + ", ".join(f"{name} {count}" for name, count in totals.items()))
    if options.out:
        write(out, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
