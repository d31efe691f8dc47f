"""Our CVSS scores beside those of the `cvss` package (no dependency of ours: `pip install cvss` where this runs).

    python -m bench.dependencies_cvss [--count 200000] [--seed 1]

Every v2 and v3 base vector (729 + 2 x 2,592) and random v2, v3 and v4 vectors with optional metrics, some of them broken.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping

from assay.dependencies.advisories import cvss as ours
from assay.dependencies.advisories.cvss import score_of_vector
from assay.dependencies.advisories.cvss_v4 import METRICS, OPTIONAL

_TABLES: dict[str, tuple[Mapping[str, Iterable[str]], Mapping[str, Iterable[str]]]] = {
    "": (ours._V2, ours._V2_OPTIONAL),
    "CVSS:3.0/": (ours._V3, ours._V3_OPTIONAL),
    "CVSS:3.1/": (ours._V3, ours._V3_OPTIONAL),
    "CVSS:4.0/": (METRICS, OPTIONAL),
}


def main() -> int:
    """Print how many vectors agree; exit code 1 if any does not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        import cvss  # noqa: F401 - looked for
    except ImportError:
        print("the cvss package is not installed: nothing to compare with")
        return 2
    wrong: list[str] = []
    count = 0
    for vector in itertools.chain(_all_base(), _random(arguments.count, random.Random(arguments.seed))):
        count += 1
        mine, theirs = score_of_vector(vector), _theirs(vector)
        if mine != theirs:
            wrong.append(f"{vector}: ours {mine}, theirs {theirs}")
    print(f"{count} vectors, {len(wrong)} differ")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


def _theirs(vector: str) -> float | None:
    from cvss import CVSS2, CVSS3, CVSS4

    try:
        if vector.startswith("CVSS:4"):
            return float(CVSS4(vector).base_score)
        return float((CVSS3 if vector.startswith("CVSS:3") else CVSS2)(vector).scores()[0])
    except Exception:  # noqa: BLE001 - any refusal of theirs counts as "not valid"
        return None


def _all_base() -> Iterator[str]:
    for prefix, (required, _) in _TABLES.items():
        if prefix == "CVSS:4.0/":
            continue
        for values in itertools.product(*required.values()):
            yield prefix + "/".join(f"{name}:{value}" for name, value in zip(required, values, strict=True))


def _random(count: int, source: random.Random) -> Iterator[str]:
    for _ in range(count):
        prefix = source.choice(("", "CVSS:3.1/", "CVSS:4.0/", "CVSS:4.0/", "CVSS:4.0/"))
        required, optional = _TABLES[prefix]
        fields = [f"{name}:{source.choice(list(values))}" for name, values in required.items()]
        extra = source.sample(sorted(optional), source.randrange(0, len(optional) // 2))
        fields += [f"{name}:{source.choice(list(optional[name]))}" for name in extra]
        source.shuffle(fields)
        fault = source.randrange(40)
        if fault == 0:
            fields.pop()
        elif fault == 1:
            fields.append(fields[0])
        elif fault == 2:
            fields[0] = fields[0][:-1] + "Z"
        yield prefix + "/".join(fields)


if __name__ == "__main__":
    raise SystemExit(main())
