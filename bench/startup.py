"""How long a user waits for the smallest things: --version, and one small file, cold."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import assay, isolated
from bench.table import heading, table

_SAMPLE = (
    "import os\n\n\ndef greet(name: str) -> str:\n    return f'hello {name}'\n\n\nTOKEN = os.environ['TOKEN']\n"
    * 34
)


def main() -> None:
    heading("Start-up")
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "service.py"
        sample.write_text(_SAMPLE)
        bare = isolated([sys.executable, "-c", "pass"], runs=7)
        rows = []
        for name, arguments in (
            ("assay --version", ("--version",)),
            (
                "assay scan FILE (300 lines, all engines, no cache)",
                ("scan", "--no-cache", "--quiet", str(sample)),
            ),
            (
                "assay scan --type secrets FILE",
                ("scan", "--type", "secrets", "--no-cache", "--quiet", str(sample)),
            ),
        ):
            run = isolated(assay(*arguments), runs=7)
            rows.append(
                (
                    name,
                    f"{run.wall * 1000:.0f}",
                    f"{run.wall / bare.wall:.1f}",
                    f"{run.megabytes:.0f}",
                    run.code,
                )
            )
        table(("command", "wall ms", "x bare interpreter", "MB", "exit"), rows)
        print(f"\nbare interpreter: {bare.wall * 1000:.0f} ms")


if __name__ == "__main__":
    main()
