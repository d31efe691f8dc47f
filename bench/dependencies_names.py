"""How well names are judged: recall on known typosquats, every edit-distance-1 mutant of the top 1,000, false alarms on real lockfiles.

    python bench/dependencies_names.py --data DIR

DIR holds names/typosquats_*.csv and lockfiles/*/real-*/.
"""

from __future__ import annotations

import argparse
import collections
import csv
import string
import time
from collections.abc import Callable
from pathlib import Path

from assay.dependencies.advisories.update import read_names
from assay.dependencies.manifests.registry import read_manifest
from assay.dependencies.names.judge import NameJudge
from assay.dependencies.names.known import KnownNames, builtin, from_ranks
from assay.model.component import Origin

_ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm", "rubygems": "RubyGems", "go": "Go", "cargo": "crates.io", "packagist": "Packagist",
               "github_actions": "GitHub Actions", "crates.io": "crates.io"}  # fmt: skip
_GLYPHS = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "i": "і", "l": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--quick", action="store_true", help="without the mutants")
    args = parser.parse_args()
    if args.data is None:
        print("skipped: give --data DIR")
        return
    judge = NameJudge()
    print(f"names of {getattr(builtin('PyPI'), 'date', '?')}, {time.strftime('%Y-%m-%d')}")
    full = NameJudge(lists=_full_lists(args.data))
    for title, one in (("built-in names", judge), ("full lists, as in an updated store", full)):
        print(f"\n== {title}")
        _recall(one, args.data)
        _false_alarms(one, args.data)
    if args.quick:
        return
    for ecosystem in ("PyPI", "npm"):
        _mutants(judge, ecosystem)


def _full_lists(data: Path) -> Callable[[str], KnownNames | None]:
    lists = {}
    for ecosystem, pattern in (
        ("PyPI", "pypi_top*"),
        ("npm", "npm_top*"),
        ("Go", "go_top*"),
        ("RubyGems", "rubygems_top*"),
    ):
        for file in data.glob(f"names/{pattern}.txt"):
            ranks = dict(read_names(file.read_bytes(), ecosystem))
            own = builtin(ecosystem)
            ranks |= {name: len(ranks) for name in (own.ranks if own else {}) if name not in ranks}
            lists[ecosystem] = from_ranks(ecosystem, ranks, "full")
    return lambda ecosystem: lists.get(ecosystem) or builtin(ecosystem)


def _recall(judge: NameJudge, data: Path) -> None:
    rows: dict[str, collections.Counter[str]] = {}
    missed = []
    for file in sorted(data.glob("names/typosquats_*.csv")):
        for row in csv.DictReader(file.open()):
            ecosystem = _ECOSYSTEMS.get(row["ecosystem"].lower(), row["ecosystem"])
            verdict = judge.judge(ecosystem, row["malicious_package"])
            rows.setdefault(ecosystem, collections.Counter())[verdict.state] += 1
            if not verdict.bad:
                missed.append(
                    f"{ecosystem}:{row['malicious_package']}~{row['target_package']}({verdict.state}, {row['classification']})"
                )
    print("\ntyposquats        pairs  flagged  unknown  known")
    total: collections.Counter[str] = collections.Counter()
    for ecosystem, counts in sorted(rows.items()):
        total += counts
        print(
            f"{ecosystem:16} {counts.total():6d} {_bad(counts):8d} {counts['unknown']:8d} {counts['known']:6d}"
        )
    print(f"{'all':16} {total.total():6d} {_bad(total):8d} {total['unknown']:8d} {total['known']:6d}")
    print("not flagged:", ", ".join(missed))


def _bad(counts: collections.Counter[str]) -> int:
    return counts["lookalike"] + counts["wrong-ecosystem"] + counts["missing"]


def _mutants(judge: NameJudge, ecosystem: str) -> None:
    known = builtin(ecosystem)
    assert known is not None
    counts: collections.Counter[str] = collections.Counter()
    left: list[str] = []
    since = time.perf_counter()
    for name in list(known.ranks)[:1000]:
        for mutant in _mutants_of(name):
            state = judge.judge(ecosystem, mutant).state
            counts[state] += 1
            if state not in {"lookalike", "known"}:
                left.append(f"{mutant}~{name}")
    seconds = time.perf_counter() - since
    print(
        f"\n{ecosystem}: {counts.total()} mutants of the top 1,000: {dict(counts)} in {seconds:.1f} s; neither flagged nor known: {len(left)} {left[:10]}"
    )


def _mutants_of(name: str) -> list[str]:
    """Inserts, replacements (three letters each place, to keep it short), deletions, swaps and homoglyphs at every place."""
    found = set()
    for index in range(len(name) + 1):
        for letter in (string.ascii_lowercase[index % 26], "x", "e"):
            found.add(name[:index] + letter + name[index:])
            if index < len(name):
                found.add(name[:index] + letter + name[index + 1 :])
        if index < len(name):
            found.add(name[:index] + name[index + 1 :])
            found.add(name[:index] + _GLYPHS.get(name[index], name[index]) + name[index + 1 :])
        if index + 1 < len(name):
            found.add(name[:index] + name[index + 1] + name[index] + name[index + 2 :])
    return sorted(mutant for mutant in found - {name} if mutant.strip("-_.@/"))


def _false_alarms(judge: NameJudge, data: Path) -> None:
    names: dict[tuple[str, str], bool] = {}
    for expected in sorted(data.glob("lockfiles/*/real-*/expected.json")):
        file = expected.parent / expected.parent.parent.name
        for component in read_manifest(file.name, file.read_bytes()).parsed.components:
            if component.origin is Origin.REGISTRY and component.ecosystem in {
                "PyPI",
                "npm",
                "Go",
                "RubyGems",
            }:
                key = (component.ecosystem, component.name)
                names[key] = names.get(key, False) or component.direct
    print("\nreal lockfiles     names  direct  flagged  of direct  unknown")
    shown = []
    for ecosystem in ("PyPI", "npm", "Go", "RubyGems"):
        own = {name: direct for (eco, name), direct in names.items() if eco == ecosystem}
        verdicts = {name: judge.judge(ecosystem, name) for name in own}
        flagged = [name for name, verdict in verdicts.items() if verdict.bad]
        shown += [f"{ecosystem}:{name}~{verdicts[name].like}({verdicts[name].kind})" for name in flagged]
        unknown = sum(verdict.state == "unknown" for verdict in verdicts.values())
        print(
            f"{ecosystem:16} {len(own):7d} {sum(own.values()):7d} {len(flagged):8d} {sum(own[name] for name in flagged):10d} {unknown:8d}"
        )
    print(
        f"per 1,000: {len(shown) / max(len(names), 1) * 1000:.2f} over all {len(names)} names;",
        ", ".join(shown),
    )


if __name__ == "__main__":
    main()
