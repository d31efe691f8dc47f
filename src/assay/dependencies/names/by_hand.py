"""Well-known names that no list at hand gives: facts entered by hand in by_hand.json, most used first."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

_FILE = Path(__file__).with_suffix(".json")


class HandWritten(msgspec.Struct, frozen=True):
    """Actions and reusable workflows on GitHub, crates, what Ruby itself brings as gems, and products.

    A product's name reads like a package's, but the registry's package is called otherwise, or the name belongs to nobody.
    """

    github_actions: tuple[str, ...]
    crates: tuple[str, ...]
    ruby_default_gems: frozenset[str]
    products: tuple[str, ...]


@lru_cache(maxsize=1)
def hand_written() -> HandWritten:
    """The names, read once."""
    return msgspec.json.decode(_FILE.read_bytes(), type=HandWritten)
