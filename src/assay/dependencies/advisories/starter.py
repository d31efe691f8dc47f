"""The built-in starter set: facts of advisories with wide reach, so that a first scan without network finds real flaws."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from assay.dependencies.advisories.record import Advisory, Affected
from assay.dependencies.advisories.store import StoreStatus

_FILE = Path(__file__).parent / "starter.json"


class StarterEntry(msgspec.Struct, frozen=True, array_like=True):
    """One advisory and the packages that it concerns, as (ecosystem, canonical name, what it says)."""

    advisory: Advisory
    packages: tuple[tuple[str, str, Affected], ...]
    kev: str = ""


class StarterFile(msgspec.Struct, frozen=True):
    """The file: the day up to which its facts were collected, and the entries."""

    date: str
    note: str
    entries: tuple[StarterEntry, ...]


class Starter:
    """The starter set behind the same interface as a store."""

    def __init__(self) -> None:
        self.file = _load()
        self._advisories = {entry.advisory.id: entry.advisory for entry in self.file.entries}
        self._kev = {
            name: entry.kev
            for entry in self.file.entries
            for name in (entry.advisory.id, *entry.advisory.aliases)
            if entry.kev
        }
        self._affected: dict[tuple[str, str], list[tuple[str, Affected]]] = {}
        for entry in self.file.entries:
            for ecosystem, name, affected in entry.packages:
                self._affected.setdefault((ecosystem, name), []).append((entry.advisory.id, affected))

    def affected(self, ecosystem: str, name: str) -> Iterable[tuple[str, Affected]]:
        """(advisory id, what it says) for one package."""
        return self._affected.get((ecosystem, name), ())

    def advisory(self, identifier: str) -> Advisory | None:
        """One advisory's own facts."""
        return self._advisories.get(identifier)

    def kev(self, cve: str) -> tuple[str, bool, str] | None:
        """(date added, ransomware, title) if known to be exploited."""
        added = self._kev.get(cve, "")
        return (added, False, "") if added and cve.startswith("CVE-") else None

    def epss(self, cve: str) -> tuple[float, float] | None:  # noqa: ARG002 - the starter set has no scores
        """Nothing: scores change daily, so none are built in."""
        return None

    def status(self) -> StoreStatus:
        """What the set holds."""
        coverage: dict[str, set[str]] = {}
        for (ecosystem, _), items in self._affected.items():
            coverage.setdefault(ecosystem, set()).update(identifier for identifier, _ in items)
        return StoreStatus(
            path="built in",
            created=f"{self.file.date}T00:00:00+00:00",
            advisories=len(self._advisories),
            coverage={ecosystem: len(ids) for ecosystem, ids in sorted(coverage.items())},
            kev=len(self._kev),
            epss=0,
            names=0,
            sources={},
            kind="starter",
        )


@lru_cache(maxsize=1)
def _load() -> StarterFile:
    return msgspec.json.decode(_FILE.read_bytes(), type=StarterFile)
