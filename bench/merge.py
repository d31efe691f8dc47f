"""Programs of others beside our engines: what merging makes of their results, and what the whole run costs against the slowest alone.

`python -m bench.merge --tree FOLDER [--tree FOLDER ...] [--config assay.toml] [--read N]`. The programs are those on PATH; a configuration
may give rules to some. `--read N` prints that many findings of programs that ours did not make, to be judged by a reader.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.scan.engines import registry
from assay.scan.engines.process import which
from bench.measure import Run, run
from bench.table import heading, missing, table

_OURS = frozenset(registry.names())


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: its result, what became of every raw finding, and what it cost."""

    result: dict[str, Any]
    account: str
    cost: Run


def scan(tree: str, *flags: str) -> Scan:
    """Scan a folder without the cache of files."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        argv = [
            sys.executable,
            "-m",
            "assay",
            "scan",
            tree,
            "--no-cache",
            "--fail-on",
            "none",
            "--explain-merge",
        ]
        cost = run([*argv, "--output", f"json={out}", *flags])
        if not out.exists():
            raise SystemExit(f"the scan of {tree} ended with {cost.code} and no result")
        return Scan(json.loads(out.read_bytes())["result"], cost.stdout.decode("utf-8", "replace"), cost)


def engines_of(one: dict[str, Any]) -> set[str]:
    """The engines that reported a finding."""
    found = one["triaged"]["finding"]
    return {evidence["engine"] for evidence in found["evidence"]} or {found["engine"]}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", action="append", default=[])
    parser.add_argument("--config", default="")
    parser.add_argument("--read", type=int, default=0)
    args = parser.parse_args(argv)
    installed = [name for name in registry.foreign_names() if name != "imported" and which(name)]
    heading("Programs of others beside ours")
    if not installed:
        missing("merging with programs of others", "none of them is on PATH")
        return 2
    config = ["--config", args.config] if args.config else []
    for tree in args.tree or [str(Path(__file__).parents[1] / "demo")]:
        measure(tree, installed, config, args.read)
    return 0


def measure(tree: str, installed: Sequence[str], config: Sequence[str], read: int) -> None:
    """The tables of one tree."""
    print(f"\n### {Path(tree).name}\n")
    alone = scan(tree, *config)
    whole = scan(tree, "--external", *config)
    rows: list[tuple[object, ...]] = []
    slowest = ("", 0.0)
    for name in installed:
        ran = next((one for one in whole.result["engines"] if one["engine"] == name), None)
        if ran is None or ran["status"] in ("not_applicable", "missing"):
            rows.append((name, ran["status"] if ran else "not asked", "", "", "", ""))
            continue
        single = scan(tree, "--engines", name, *config)
        slowest = max(slowest, (name, single.cost.wall), key=lambda pair: pair[1])
        with_it = [one for one in whole.result["findings"] if name in engines_of(one)]
        shared = sum(bool(engines_of(one) & _OURS) for one in with_it)
        cost = f"{single.cost.wall:.1f} s, {single.cost.cpu:.1f} s CPU"
        rows.append(
            (f"{name} {ran['version']}", ran["status"], ran["findings"], shared, len(with_it) - shared, cost)
        )
    table(("program", "status", "raw", "findings shared with ours", "without ours", "alone"), rows)
    summarize(alone, whole, slowest)
    if read:
        show(whole, read)


def summarize(alone: Scan, whole: Scan, slowest: tuple[str, float]) -> None:
    """Raw to merged to urgent, the sums that must hold, and the time."""
    findings = whole.result["findings"]
    raw = sum(one["findings"] for one in whole.result["engines"])
    ours = {one["triaged"]["fingerprint"] for one in alone.result["findings"]}
    kept = {one["triaged"]["fingerprint"] for one in findings}
    only_ours = sum(engines_of(one) <= _OURS for one in findings)
    only_theirs = sum(not engines_of(one) & _OURS for one in findings)
    urgent = Counter(one["priority"] for one in findings)
    dropped = whole.account.rsplit(" dropped", 1)[0]
    print(
        f"\nraw {raw} -> merged {len(findings)} ({only_ours} ours only, {len(findings) - only_ours - only_theirs} both, {only_theirs} theirs only)"
    )
    print("by priority: " + ", ".join(f"{name} {urgent[name]}" for name in ("P0", "P1", "P2", "P3")))
    print(
        f"our engines alone: {len(ours)} findings, of which {len(ours - kept)} are lost beside the programs (must be 0)"
    )
    line = next((text for text in dropped.splitlines() if "raw findings" in text), "")
    print(line)
    if slowest[1]:
        ratio = whole.cost.wall / slowest[1]
        print(
            f"time: whole {whole.cost.wall:.1f} s ({whole.cost.cpu:.1f} s CPU), ours alone {alone.cost.wall:.1f} s ({alone.cost.cpu:.1f} s CPU), "
            f"slowest alone {slowest[0]} {slowest[1]:.1f} s: {ratio:.2f} x"
        )


def show(whole: Scan, count: int) -> None:
    """Findings that no engine of ours made, evenly over the order, with what a reader needs to judge them."""
    theirs = [one for one in whole.result["findings"] if not engines_of(one) & _OURS]
    step = max(1, len(theirs) // count)
    print()
    for one in theirs[::step][:count]:
        found = one["triaged"]["finding"]
        place = f"{found['location']['uri']}:{found['location']['region']['start_line']}"
        print(
            f"- {one['priority']} {found['severity']} {found['rule_id']} {place}: {found['message'][:160]!r}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
