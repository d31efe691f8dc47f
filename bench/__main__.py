"""Every benchmark, one after another: `python -m bench [NAME ...] [--tree FOLDER] [--peers FOLDER] [--repositories FOLDER ...]`.

Each prints a table with versions, commit and date, or says what it lacks here. A name runs one benchmark with its own flags:
`python -m bench.secrets_speed --help`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Modules that serve the others.
_PARTS = {
    "__init__",
    "__main__",
    "measure",
    "table",
    "secrets_corpus",
    "gateway_variants",
    "code_sets",
    "code_tools",
    "dependencies_names_build",
    "dependencies_starter",
    "dependencies_starter_extra",
}


def main() -> int:
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in _PARTS)
    worst = 0
    for name in names:
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False, cwd=HERE.parent)
        if done.returncode not in (0, 2):
            print(f"{name}: exit code {done.returncode}")
            worst = 1
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
