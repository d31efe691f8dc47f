"""Infrastructure checks beside peers on real trees: `python -m bench.infrastructure TREE... [--peers FOLDER] [--runs N]`.

FOLDER holds the peers' programs (checkov, hadolint, zizmor, spectral); one that is not there is left out. Each program sees the whole tree as its users would
call it; CPU seconds, wall seconds and peak memory are measured from outside. Findings are counted, not judged: read them with `--list`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from assay.infrastructure.identify import is_dockerfile, platform_of
from bench.measure import isolated, once

_RULESET = Path(__file__).with_name("infrastructure_spectral.yaml")
_OURS = "from assay.entrypoints.cli.main import run; raise SystemExit(run())"


def ours(tree: Path) -> list[str]:
    return [
        sys.executable,
        "-c",
        _OURS,
        "scan",
        str(tree),
        "--type",
        "iac,containers,agents,api",
        "--no-cache",
        "--format",
        "json",
    ]


def _is_specification(path: Path) -> bool:
    if path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
        return False
    return platform_of(path.name, path.read_bytes()) == "openapi"


def peers(tree: Path, folder: Path) -> dict[str, list[str]]:
    dockerfiles = [str(path) for path in tree.rglob("*") if path.is_file() and is_dockerfile(path.name)]
    workflows = tree / ".github" / "workflows"
    commands: dict[str, list[str]] = {
        "checkov": ["checkov", "-d", str(tree), "--compact", "--quiet", "-o", "json", "--skip-download"],
    }
    if dockerfiles:
        commands["hadolint"] = ["hadolint", "-f", "json", "--no-fail", *dockerfiles]
    if workflows.is_dir():
        commands["zizmor"] = ["zizmor", "--offline", "--format", "json", "--no-exit-codes", str(workflows)]
    specifications = [str(path) for path in sorted(tree.rglob("*")) if _is_specification(path)]
    if specifications:
        commands["spectral"] = ["spectral", "lint", "-f", "json", "-q", "-r", str(_RULESET), *specifications]
    return {
        name: [str(program), *argv[1:]]
        for name, argv in commands.items()
        if (program := folder / name).exists() or (program := Path(shutil.which(name) or "")).name
    }


def count(name: str, output: bytes) -> Counter[str]:
    """Findings by rule id in a program's JSON."""
    try:
        data = json.loads(output)
    except ValueError:
        return Counter({"unreadable output": 1})
    if name == "checkov":
        reports = data if isinstance(data, list) else [data]
        return Counter(
            each["check_id"]
            for report in reports
            for each in report.get("results", {}).get("failed_checks", [])
        )
    if name == "hadolint":
        return Counter(each["code"] for each in data)
    if name == "spectral":
        return Counter(each["code"] for each in data)
    if name == "zizmor":
        return Counter(each["ident"] for each in data)
    return Counter(each["triaged"]["finding"]["rule_id"] for each in data["result"]["findings"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", nargs="+", type=Path)
    parser.add_argument("--peers", type=Path, default=Path(os.environ.get("ASSAY_BENCH_PEERS", "")))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="counts by rule")
    args = parser.parse_args()
    print(f"{'tree':28} {'program':10} {'CPU s':>8} {'wall s':>8} {'MB':>6} {'findings':>9}")
    for tree in args.tree:
        for name, argv in {"assay": ours(tree), **peers(tree, args.peers)}.items():
            measured = isolated(argv, runs=args.runs) if args.runs > 1 else once(argv)
            found = count(name, measured.stdout)
            print(
                f"{tree.name:28} {name:10} {measured.cpu:8.2f} {measured.wall:8.2f} {measured.megabytes:6.0f} {sum(found.values()):9}"
            )
            for rule, number in found.most_common() if args.list else ():
                print(f"    {number:5} {rule}")


if __name__ == "__main__":
    main()
