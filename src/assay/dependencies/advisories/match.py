"""Components against a store: which advisories hold, aliases of one flaw merged, with what is known of its gravity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from assay.dependencies.advisories.evaluate import is_affected, may_be_affected
from assay.dependencies.advisories.record import Advisory, Affected, severity_of
from assay.dependencies.advisories.store import Store, StoreStatus, default_path
from assay.dependencies.purl import match_key
from assay.model.component import Component, Origin
from assay.model.severity import Severity

# Which source's wording stands for a flaw that several describe.
_PREFERENCE = ("CVE-", "GHSA-", "PYSEC-", "GO-", "RUSTSEC-", "MAL-")


class AdvisorySource(Protocol):
    """What matching needs of a store."""

    def affected(self, ecosystem: str, name: str) -> Iterable[tuple[str, Affected]]:
        """(advisory id, what it says) for one package."""
        ...

    def advisory(self, identifier: str) -> Advisory | None:
        """One advisory's own facts."""
        ...

    def kev(self, cve: str) -> tuple[str, bool, str] | None:
        """(date added, ransomware, title) if known to be exploited."""
        ...

    def epss(self, cve: str) -> tuple[float, float] | None:
        """(probability, percentile)."""
        ...

    def status(self) -> StoreStatus:
        """What the store holds."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """One flaw of one component: all advisories that mean the same, gravity, exploitation, and every fixed version named.

    `id` is the CVE where there is one. `certain` is false where the advisory's range can only be guessed at. `kev` is the date since which it is known to be exploited, empty if it is not known to be.
    """

    component: Component
    id: str
    aliases: tuple[str, ...]
    severity: Severity
    score: float | None
    vector: str
    summary: str
    cwes: tuple[str, ...]
    fixed: tuple[str, ...]
    malicious: bool
    informational: str
    kev: str
    ransomware: bool
    epss: float | None
    symbols: tuple[str, ...]
    modules: tuple[str, ...]
    published: str
    advisories: tuple[str, ...]
    certain: bool = True


def match_components(components: Iterable[Component], source: AdvisorySource) -> list[Match]:
    """Every flaw of every component that has a version and comes from a registry, in the components' order."""
    found: list[Match] = []
    seen: dict[tuple[str, str, str], list[Match]] = {}
    for component in components:
        if not component.version or component.origin is not Origin.REGISTRY:
            continue
        name = match_key(component.ecosystem, component.name)
        key = (component.ecosystem, name, component.version)
        if key not in seen:
            seen[key] = _match(component, name, source)
        found += seen[key]
    return found


def plain_version(ecosystem: str, version: str) -> str:
    """The version as advisories write it: Go's and Composer's without the leading v."""
    if ecosystem in {"Go", "Packagist"} and version[:1] in "vV" and version[1:2].isdigit():
        version = version[1:]
    return version.removesuffix("+incompatible") if ecosystem == "Go" else version


def open_default(path: str | None = None) -> AdvisorySource:
    """The store at the path (or the default place), or the built-in starter set where there is none.

    Raises:
        ConfigError: a store is there but cannot be read.
    """
    place = Path(path) if path else default_path()
    if place.exists():
        return Store(place)
    from assay.dependencies.advisories.starter import Starter

    return Starter()


def _match(component: Component, name: str, source: AdvisorySource) -> list[Match]:
    hits: list[tuple[Advisory, Affected]] = []
    guesses: list[tuple[Advisory, Affected]] = []
    version = plain_version(component.ecosystem, component.version)
    for identifier, affected in source.affected(component.ecosystem, name):
        certain = is_affected(affected, component.ecosystem, version)
        if not certain and not may_be_affected(affected, component.ecosystem, version):
            continue
        advisory = source.advisory(identifier)
        if advisory is not None and not advisory.withdrawn:
            (hits if certain else guesses).append((advisory, affected))
    found = [_merged(component, group, source) for group in _groups(hits)]
    known = {name for match in found for name in (match.id, *match.aliases)}
    rest = [
        (advisory, affected) for advisory, affected in guesses if not known & {advisory.id, *advisory.aliases}
    ]
    return found + [replace(_merged(component, group, source), certain=False) for group in _groups(rest)]


def _groups(hits: list[tuple[Advisory, Affected]]) -> list[list[tuple[Advisory, Affected]]]:
    """Advisories that share an id or an alias, directly or through a third one."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for advisory, _ in hits:
        for alias in advisory.aliases:
            leader[find(alias)] = find(advisory.id)
    groups: dict[str, list[tuple[Advisory, Affected]]] = {}
    for advisory, affected in hits:
        groups.setdefault(find(advisory.id), []).append((advisory, affected))
    return list(groups.values())


def _merged(component: Component, group: list[tuple[Advisory, Affected]], source: AdvisorySource) -> Match:
    ids = sorted({name for advisory, _ in group for name in (advisory.id, *advisory.aliases)}, key=_rank)
    graded = [(*severity_of(advisory), advisory) for advisory, _ in group]
    severity, score, vector, _ = max(graded, key=lambda item: (item[0].rank, item[1] or 0.0))
    cves = [name for name in ids if name.startswith("CVE-")]
    known = next((entry for cve in cves if (entry := source.kev(cve)) is not None), None)
    chances = [chance[0] for cve in cves if (chance := source.epss(cve)) is not None]
    summaries = sorted((advisory.summary for advisory, _ in group if advisory.summary), key=len)
    return Match(
        component=component,
        id=ids[0],
        aliases=tuple(ids[1:]),
        severity=severity,
        score=score,
        vector=vector,
        summary=summaries[0] if summaries else "",
        cwes=tuple(dict.fromkeys(cwe for advisory, _ in group for cwe in advisory.cwes)),
        fixed=tuple(dict.fromkeys(version for _, affected in group for version in affected.fixed)),
        malicious=any(advisory.malicious for advisory, _ in group),
        informational=next((a.informational for a, _ in group if a.informational), ""),
        kev=known[0] if known else "",
        ransomware=bool(known and known[1]),
        epss=max(chances) if chances else None,
        symbols=tuple(dict.fromkeys(symbol for _, affected in group for symbol in affected.symbols)),
        modules=tuple(dict.fromkeys(module for _, affected in group for module in affected.modules)),
        published=min((advisory.published for advisory, _ in group if advisory.published), default=""),
        advisories=tuple(advisory.id for advisory, _ in group),
    )


def _rank(name: str) -> tuple[int, str]:
    for index, prefix in enumerate(_PREFERENCE):
        if name.startswith(prefix):
            return index, name
    return len(_PREFERENCE), name
