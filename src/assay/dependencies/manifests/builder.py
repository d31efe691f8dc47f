"""Collects the entries of one manifest and the edges between them, then hands out components: one for each purl and origin."""

from __future__ import annotations

from dataclasses import dataclass, field

from assay.dependencies.document import MAX_COMPONENTS, Document, ManifestError, Parsed, Problem, Root
from assay.dependencies.purl import canonical_name, make_purl, vcs_purl, vcs_qualifier
from assay.model.component import Component, Origin, Scope

# Which scope wins where one package is asked for in several: what runs in production is runtime.
_STRENGTH = {Scope.RUNTIME: 3, Scope.OPTIONAL: 2, Scope.BUILD: 1, Scope.DEVELOPMENT: 0}

_HEX = frozenset("0123456789abcdef")


def stronger(first: Scope, second: Scope) -> Scope:
    """The scope that counts where a package has both."""
    return first if _STRENGTH[first] >= _STRENGTH[second] else second


@dataclass(slots=True)
class Entry:
    """One package while its manifest is being read. `scope` is None where the format does not say."""

    name: str
    version: str = ""
    requirement: str = ""
    scope: Scope | None = None
    direct: bool = False
    hashes: tuple[str, ...] = ()
    origin: Origin = Origin.REGISTRY
    source: str = ""
    licences: tuple[str, ...] = ()
    line: int = 1
    ecosystem: str = ""
    purl: str = ""
    parents: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Builder:
    """Entries under the format's own keys, edges between keys, problems on the way."""

    document: Document
    ecosystem: str
    entries: dict[str, Entry] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)

    def add(self, key: str, entry: Entry) -> None:
        """Keep an entry. The first one under a key stays; a second widens its scope.

        Raises:
            ManifestError: more entries than any real manifest has.
        """
        if not entry.name.strip():
            self.problem("an entry without a name", entry.line)
            return
        known = self.entries.get(key)
        if known is None:
            if len(self.entries) >= MAX_COMPONENTS:
                raise ManifestError(f"more than {MAX_COMPONENTS} entries")
            entry.ecosystem = entry.ecosystem or self.ecosystem
            entry.purl = entry.purl or _purl(entry)
            self.entries[key] = entry
            return
        known.direct = known.direct or entry.direct
        known.scope = _join(known.scope, entry.scope)
        known.hashes = known.hashes or entry.hashes

    def link(self, parent: str, child: str) -> None:
        """Record that one key requires another; unknown keys are dropped when building."""
        if len(self.edges) >= 20 * MAX_COMPONENTS:
            raise ManifestError("more edges than any real manifest has")
        self.edges.append((parent, child))

    def problem(self, message: str, line: int = 0) -> None:
        """Note what was not understood; a flood of the same is cut at 100."""
        if len(self.problems) < 100:
            self.problems.append(Problem(message, line))

    def spread_scopes(self, asked: dict[str, Scope], roots: frozenset[str] = frozenset()) -> None:
        """Give every entry without a scope the strongest one of the directly asked entries that lead to it.

        `asked` maps keys of direct entries to their scope. Entries that nothing leads to stay unknown, which counts as runtime.
        `roots` are the project's own packages: what they ask for is in `asked`, so the walk does not pass through them.
        """
        children: dict[str, list[str]] = {}
        for parent, child in self.edges:
            children.setdefault(parent, []).append(child)
        for scope in sorted(set(asked.values()), key=lambda item: -_STRENGTH[item]):
            waiting = [key for key, own in asked.items() if own is scope]
            seen: set[str] = set()
            while waiting:
                key = waiting.pop()
                entry = self.entries.get(key)
                if entry is None or key in seen:
                    continue
                seen.add(key)
                entry.scope = _join(entry.scope, scope)
                if key not in roots:
                    waiting.extend(children.get(key, ()))

    def build(self, locked: bool) -> Parsed:
        """The components in the order of the manifest, with parents as purls."""
        for parent, child in self.edges:
            above, below = self.entries.get(parent), self.entries.get(child)
            if above is not None and below is not None and above is not below:
                below.parents.add(above.purl)
        merged: dict[tuple[str, Origin], Entry] = {}
        for entry in self.entries.values():
            known = merged.setdefault((entry.purl, entry.origin), entry)
            if known is not entry:
                known.parents |= entry.parents
                known.direct = known.direct or entry.direct
                known.scope = _join(known.scope, entry.scope)
        components = tuple(self._component(entry) for entry in merged.values())
        return Parsed(components, tuple(self.problems), locked, tuple(self.roots), tuple(self.indexes))

    def _component(self, entry: Entry) -> Component:
        return Component(
            purl=entry.purl,
            name=canonical_name(entry.ecosystem, entry.name) if entry.ecosystem == "PyPI" else entry.name,
            ecosystem=entry.ecosystem,
            version=entry.version,
            requirement=entry.requirement,
            scope=entry.scope or Scope.RUNTIME,
            direct=entry.direct,
            parents=tuple(sorted(entry.parents - {entry.purl})),
            hashes=entry.hashes,
            origin=entry.origin,
            source=entry.source,
            licences=entry.licences,
            location=self.document.location(entry.line),
        )


def _purl(entry: Entry) -> str:
    """A package out of a repository says so in its purl; one that has no version of its own is the repository itself."""
    if entry.origin is not Origin.VCS:
        return make_purl(entry.ecosystem, entry.name, entry.version)
    if entry.version and not set(entry.version) <= _HEX:
        return make_purl(entry.ecosystem, entry.name, entry.version, vcs_qualifier(entry.source))
    return vcs_purl(entry.name, entry.version, entry.source)


def _join(first: Scope | None, second: Scope | None) -> Scope | None:
    if first is None or second is None:
        return first or second
    return stronger(first, second)
