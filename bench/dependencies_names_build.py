"""Makes the built-in data of package names: the most used ones as they are, what a list has beyond them as a Bloom filter.

    python bench/dependencies_names_build.py --data DIR --out src/assay/dependencies/names/popular.json

DIR holds names/*.txt in rank order. Names are facts; the lists themselves come with `assay db update --names-url`.
"""

from __future__ import annotations

import argparse
import base64
from pathlib import Path

import msgspec

from assay.dependencies.advisories.update import read_names
from assay.dependencies.names.bloom import build
from assay.dependencies.names.known import NameFile

# Ecosystem -> list, how many are kept as plain names.
_LISTS = {
    "PyPI": ("pypi_top15000.txt", 15000),
    "npm": ("npm_top15113.txt", 15113),
    "Go": ("go_top2921.txt", 3000),
    "RubyGems": ("rubygems_top974.txt", 1000),
}
_ERROR = 0.001


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    popular: dict[str, msgspec.Raw] = {}
    filters: dict[str, tuple[str, int]] = {}
    for ecosystem, (file, kept) in _LISTS.items():
        names = [name for name, _ in read_names((args.data / "names" / file).read_bytes(), ecosystem)]
        popular[ecosystem] = msgspec.Raw(msgspec.json.encode(names[:kept]))
        bloom = build(names[kept:], _ERROR)
        filters[ecosystem] = (base64.b64encode(bloom.bits).decode(), bloom.hashes)
        print(ecosystem, len(names), "names,", kept, "plain, filter of", len(bloom.bits), "bytes")
    sources = "ranks of download and dependent counts: top-pypi-packages 2026-04, npm-high-impact 2025-12, ecosyste.ms and others"
    args.out.write_bytes(msgspec.json.encode(NameFile("2026-04-01", sources, popular, filters)) + b"\n")
    print(args.out, args.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
