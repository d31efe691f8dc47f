"""Names that are known to exist: a built-in list of the most used ones and a filter over some ten thousand more, or a store's full lists."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import re2

from assay.dependencies.names.bloom import Bloom
from assay.dependencies.names.by_hand import hand_written
from assay.dependencies.purl import match_key

_MAJOR = re2.compile(r"(?:/v[0-9]+|\.v[0-9]+)$")
_GO_HOSTS = frozenset({"golang.org/x", "gopkg.in", "k8s.io", "google.golang.org", "go.uber.org"})
_FILE = Path(__file__).parent / "popular.json"


class NameFile(msgspec.Struct, frozen=True):
    """The built-in data: the day of its sources, popular names in rank order, and filters as (bits in base64, hashes).

    Each list of names stays as it lies in the file until its ecosystem is asked for: most projects have one or two of them.
    """

    date: str
    sources: str
    popular: dict[str, msgspec.Raw]
    filters: dict[str, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Known names of one ecosystem. `ranks` maps the popular ones to their rank, 1 being the most used."""

    ecosystem: str
    ranks: Mapping[str, int]
    rest: Bloom
    date: str

    def holds(self, name: str) -> bool:
        """Whether the (canonical) name is known. A filter may be wrong once in a thousand times, towards "known"."""
        return (
            name in self.ranks or name in self.rest or (self.ecosystem == "Go" and self._holds_module(name))
        )

    def _holds_module(self, path: str) -> bool:
        """Whether the list has the module at another major version, or a package inside of it."""
        bare = str(_MAJOR.sub("", path))
        parts = bare.split("/")
        heads = {"/".join(parts[:length]) for length in range(2, len(parts) + 1)}
        return any(
            head in self.ranks or head in self.rest
            for head in heads
            if head.count("/") >= 1 and head not in _GO_HOSTS
        ) or any(f"{bare}/v{major}" in self.ranks or f"{bare}/v{major}" in self.rest for major in range(2, 8))


@lru_cache(maxsize=32)
def builtin(ecosystem: str) -> KnownNames | None:
    """The built-in names of an ecosystem, None where there are none."""
    file = _load()
    raw = file.popular.get(ecosystem)
    names = msgspec.json.decode(raw, type=tuple[str, ...]) if raw is not None else _by_hand().get(ecosystem)
    if names is None:
        return None
    ranks = {name: rank for rank, name in enumerate(names, 1)}
    if ecosystem == "RubyGems":
        # Gems that come with Ruby itself are on no list of downloads.
        ranks |= {name: len(ranks) + 1 for name in hand_written().ruby_default_gems if name not in ranks}
    bits, hashes = file.filters.get(ecosystem, ("", 1))
    return KnownNames(ecosystem, ranks, Bloom(base64.b64decode(bits), hashes), file.date)


def from_ranks(ecosystem: str, ranks: Mapping[str, int], date: str) -> KnownNames:
    """A store's list, joined with the built-in filter (a shorter list of a store must not forget what we know)."""
    own = builtin(ecosystem)
    return KnownNames(ecosystem, ranks, own.rest if own else Bloom(b"", 1), date)


def ecosystems() -> tuple[str, ...]:
    """The ecosystems with built-in names."""
    return (*_load().popular, *_by_hand())


def canonical(ecosystem: str, name: str) -> str:
    """The form in which names are kept."""
    return match_key(ecosystem, name)


def _by_hand() -> dict[str, tuple[str, ...]]:
    names = hand_written()
    return {"GitHub Actions": names.github_actions, "crates.io": names.crates}


@lru_cache(maxsize=1)
def _load() -> NameFile:
    return msgspec.json.decode(_FILE.read_bytes(), type=NameFile)
