"""Every benchmark of dependencies with its bar, in one run: `make bench-dependencies SHARED=DIR [PIP_AUDIT=PROGRAM] [REPOS=DIR]`.

DIR holds data/lockfiles, data/names, data/osv, bench/score_lockfiles.py and bench/osv_server.py; REPOS one folder for each checkout.
What is not there is named, and its part left out.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the parts one after another; exit code 1 if one of them fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--pip-audit", default="pip-audit")
    parser.add_argument("--repos", type=Path)
    parser.add_argument("--synthetic", type=int, default=300_000)
    parser.add_argument("--quick", action="store_true", help="without mutants of names and synthetic records")
    args = parser.parse_args()
    if args.shared is None or not (args.shared / "data").is_dir():
        print("skipped: give --shared DIR with data/ and bench/")
        return 0
    worst = 0
    for title, module, flags in _parts(args):
        print(f"\n== {title}", flush=True)
        since = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", f"bench.{module}", *flags], check=False)
        print(f"({time.perf_counter() - since:.0f} s)")
        worst = max(worst, int(done.returncode not in (0, 2)))
    return worst


def _parts(args: argparse.Namespace) -> list[tuple[str, str, list[str]]]:
    data = ["--data", str(args.shared / "data")]
    match = [*data, *([] if args.quick else ["--synthetic", str(args.synthetic)])]
    audit = shutil.which(args.pip_audit)
    if audit:
        match += ["--pip-audit", audit, "--osv-server", str(args.shared / "bench" / "osv_server.py")]
    else:
        print(f"{args.pip_audit} is not installed: no comparison with it")
    repos = ["--repos", str(args.repos)] if args.repos else []
    return [
        (
            "lockfiles (bar: every case exact, edges and dev flags too)",
            "dependencies_lockfiles",
            ["--shared", str(args.shared)],
        ),
        ("ranges (bar: every disagreement explained)", "dependencies_ranges", data),
        (
            "matching (bar: 500 packages under 100 ms CPU, the same set as pip-audit; stores under 10 s and 60 s)",
            "dependencies_match",
            match,
        ),
        (
            "names (bar: no mutant neither flagged nor known, 2 false alarms per 1,000)",
            "dependencies_names",
            [*data, *(["--quick"] if args.quick else [])],
        ),
        ("CVSS scores (bar: none differs)", "dependencies_cvss", []),
        ("real repositories (bar: differences explained)", "dependencies_repositories", repos),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
