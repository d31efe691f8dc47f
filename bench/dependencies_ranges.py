"""Ranges against enumerated versions: for every version that an advisory enumerates, do its ranges say the same?

    python bench/dependencies_ranges.py --data DIR [--ecosystem PyPI]

DIR holds osv/<Ecosystem>/all.zip. Enumerated versions hold in any case; this shows how well ranges and the version order alone do.
"""

from __future__ import annotations

import argparse
import collections
import time
from pathlib import Path

from assay.dependencies.advisories.evaluate import in_range, may_be_affected
from assay.dependencies.advisories.record import read_record
from assay.dependencies.advisories.update import read_export
from assay.dependencies.versions.order import key_of


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--ecosystem", default="PyPI")
    args = parser.parse_args()
    if args.data is None:
        print("skipped: give --data DIR")
        return
    counts: collections.Counter[str] = collections.Counter()
    shown: dict[str, list[str]] = {}
    since = time.perf_counter()
    for record in read_export(args.data / "osv" / args.ecosystem / "all.zip", 4 * 1024**3):
        found = read_record(record)
        if found is None:
            continue
        withdrawn = "withdrawn " if found[0].withdrawn else ""
        for ecosystem, name, affected in found[1]:
            if ecosystem != args.ecosystem:
                continue
            for version in filter(None, affected.versions.split("\n")):
                key = key_of(ecosystem, version)
                if not affected.ranges:
                    answer = "no range to compare with"
                elif key is None:
                    answer = "no order: found by its exact text"
                elif any(in_range(item, ecosystem, key) for item in affected.ranges):
                    answer = "agree"
                elif may_be_affected(affected, ecosystem, version):
                    answer = "a bound of the range is no version"
                else:
                    answer = "disagree"
                counts[withdrawn + answer] += 1
                if answer == "disagree":
                    shown.setdefault(f"{found[0].id} {name}", []).append(version)
    total = counts.total()
    print(
        f"{args.ecosystem}: {total} enumerated versions in {time.perf_counter() - since:.1f} s, {time.strftime('%Y-%m-%d')}"
    )
    for answer, count in counts.most_common():
        print(f"{count:8d}  {answer}")
    for where, versions in shown.items():
        print(
            f"disagree: {where}: {', '.join(versions[:10])}"
            + (f" and {len(versions) - 10} more" if len(versions) > 10 else "")
        )


if __name__ == "__main__":
    main()
