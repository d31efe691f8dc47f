"""SecurityEval (Python, one file a sample, the CWE in its folder's name): which samples get a finding of a related CWE.

`python -m bench.code_securityeval --data FOLDER [--hygiene] [--misses]`, FOLDER a checkout of s2e-lab/SecurityEval.
The command itself scans the folder, one process, no cache. A finding counts as related if one of its CWE is the sample's, or both
stand in one row of `_FAMILIES` (parent, child or sibling in MITRE's view 1000, or the same flaw seen from cause and effect).
The set has no good twins, so nothing here says anything about precision.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from bench.table import heading, table

# Each row: weaknesses of one family. Kept small on purpose: what is not here counts only if it is the very same number.
_FAMILIES = (
    {22, 23, 36, 73, 99, 641},  # file and resource names from outside
    {77, 78, 88},  # commands
    {79, 80, 116},  # output that is not encoded
    {89, 943, 564},  # queries
    {90, 943},
    {643, 943, 91},
    {94, 95, 96, 1336},  # code
    {93, 113, 117},  # line ends
    {200, 209, 215, 497, 489, 532},  # what is told to outsiders
    {259, 321, 798, 1392},  # credentials in code
    {256, 257, 258, 260, 261, 522},  # how passwords are kept
    {258, 521},  # which are allowed
    {327, 328, 326, 916, 759, 760, 780},  # cryptography that is too weak
    {329, 1204, 330},  # initialisation vectors
    {330, 331, 335, 336, 337, 338, 339, 340},  # randomness
    {295, 297},  # certificates
    {326, 327, 757},  # protocol versions
    {319, 523, 614},
    {347, 345},
    {362, 367, 377, 378, 379},  # races over files
    {377, 379, 668},
    {400, 730, 1333, 770, 776},  # exhaustion
    {502, 915},
    {611, 776, 827},  # XML
    {732, 276},  # rights on files
    {250, 269},  # privileges
    {285, 287, 306, 862, 863, 284},  # access
    {605, 668, 1327},  # sockets on every interface
    {703, 754, 755, 390, 391, 617, 252},  # conditions that are not handled
    {385, 208, 203},  # time
)
# One way: a sample of the key is also explained by these, which MITRE lists as following from it
# (CWE-20 precedes 22, 74, 119 and 770, CWE-116 precedes 74; here with what 74 has below it).
_INJECTION = {77, 78, 79, 89, 90, 91, 94, 99, 113, 117, 643, 943}
_FOLLOWING = {20: {22, 770} | _INJECTION, 116: _INJECTION}


def related(wanted: int, given: Iterable[int]) -> bool:
    """Whether one of the numbers is the wanted one or of its family."""
    numbers = set(given)
    numbers |= {wanted} if numbers & _FOLLOWING.get(wanted, set()) else set()
    return wanted in numbers or any(wanted in family and family & numbers for family in _FAMILIES)


def _findings(folder: Path, hygiene: bool) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Of every file its findings' rules and CWE numbers."""
    command = [
        sys.executable,
        "-m",
        "assay",
        "scan",
        str(folder),
        "--type",
        "sast",
        "--no-cache",
        "--jobs",
        "1",
    ]
    command += ["--format", "json", "--fail-on", "none"] + (["--hygiene"] if hygiene else [])
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    found: dict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for entry in json.loads(done.stdout)["result"]["findings"]:
        finding = entry["triaged"]["finding"]
        numbers = tuple(int(name.removeprefix("CWE-")) for name in finding["cwe"])
        found[finding["location"]["uri"]].append((finding["rule_id"], numbers))
    return found


def _measure(samples: list[Path], folder: Path, hygiene: bool) -> tuple[dict[str, list[int]], list[str]]:
    """By CWE: samples, samples with any finding, with a related one; and a line for every miss."""
    found = _findings(folder, hygiene)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    misses = []
    for sample in samples:
        name = sample.relative_to(folder).as_posix()
        here = found.get(name, [])
        hit = any(related(int(sample.parent.name[4:]), numbers) for _, numbers in here)
        row = counts[sample.parent.name]
        row[0] += 1
        row[1] += bool(here)
        row[2] += hit
        if not hit:
            misses.append(f"{name}: {', '.join(sorted({rule for rule, _ in here})) or 'nothing'}")
    return counts, misses


def _total(counts: dict[str, list[int]]) -> list[str]:
    samples, some, hits = (sum(row[n] for row in counts.values()) for n in range(3))
    return [str(samples), str(some), str(hits), f"{100 * hits / samples:.1f} %"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--hygiene", action="store_true", help="print the table by CWE with the hygiene rules too"
    )
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    folder = options.data / "Testcases_Insecure_Code" if options.data else None
    if folder is None or not folder.is_dir():
        print("code_securityeval: needs --data with a checkout of s2e-lab/SecurityEval")
        return 2
    samples = sorted(folder.glob("CWE-*/*.py"))
    heading("SecurityEval: recall of related CWE")
    results = {
        name: _measure(samples, folder, name == "with hygiene") for name in ("default", "with hygiene")
    }
    table(
        ("profile", "samples", "any finding", "related", "recall"),
        [(n, *_total(c)) for n, (c, _) in results.items()],
    )
    counts, misses = results["with hygiene" if options.hygiene else "default"]
    print()
    table(
        ("CWE", "samples", "any finding", "related"), [(name, *row) for name, row in sorted(counts.items())]
    )
    if options.misses:
        print("\nMissed (and what was reported there):\n" + "\n".join(misses))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
