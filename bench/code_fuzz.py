"""Damaged programs for the code engine, for as long as you like: `python -m bench.code_fuzz [--seconds 60] [--seed N] [--data FOLDER]`.

Programs are the rules' examples, and the source files below FOLDER. A failure is printed with its seed and kept as a file below `--keep`.
Prints how many programs were run, and the slowest, in CPU seconds.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "code"))

from code_mutations import corpus, mutate, run

from assay.code.languages import language_of


def _programs(folder: Path | None) -> list[tuple[str, bytes]]:
    files = sorted(folder.rglob("*")) if folder is not None else []
    wanted = (p for p in files if language_of(p.name) and p.is_file() and p.stat().st_size < 60_000)
    return [*corpus(), *((path.name, path.read_bytes()) for path in wanted)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    programs = _programs(options.data)
    ends = time.monotonic() + options.seconds
    seed, failures, slowest = options.seed, 0, (0.0, 0)
    while time.monotonic() < ends:
        chance = random.Random(seed)
        path, text = chance.choice(programs)
        damaged = mutate(text, chance)
        began = time.process_time()
        try:
            run(path, damaged)
        except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
            failures += 1
            print(f"seed {seed} ({path}):")
            traceback.print_exc(limit=-6)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{seed}-{path.replace('/', '-')}").write_bytes(damaged)
        slowest = max(slowest, (time.process_time() - began, seed))
        seed += 1
    print(
        f"{seed - options.seed} programs of {len(programs)}, {failures} failures; slowest {slowest[0]:.2f} s CPU (seed {slowest[1]})"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
