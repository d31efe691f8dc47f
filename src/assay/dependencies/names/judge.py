"""One name: known, a look-alike, of another ecosystem, missing from the registry, or unknown. Unknown is never fine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from assay.dependencies.names.known import KnownNames, builtin, canonical, ecosystems
from assay.dependencies.names.lookalike import Index, Likeness, Resemblance
from assay.dependencies.names.lookup import Lookup

_CROSS_RANK = 3000
_STATES_BAD = frozenset({"lookalike", "wrong-ecosystem", "missing"})
# Resemblances that hold even for a name that the registry has: the attack is a package that exists.
_STRONG = frozenset({Likeness.LETTERS, Likeness.CONFUSABLE, Likeness.SCOPE, Likeness.OWNER})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is known, exists, lookalike, wrong-ecosystem, missing or unknown; `like` the name that it resembles."""

    ecosystem: str
    name: str
    state: str
    reason: str
    like: str = ""
    kind: str = ""

    @property
    def bad(self) -> bool:
        """Whether the name should not be installed as it is."""
        return self.state in _STATES_BAD


class NameJudge:
    """Judges names by lists, and where one is given by asking the registry."""

    def __init__(
        self,
        lookup: Lookup | None = None,
        lists: Callable[[str], KnownNames | None] = builtin,
        trusted: frozenset[str] = frozenset(),
    ) -> None:
        self._lookup = lookup
        self._lists = lists
        self._trusted = trusted
        self._indexes: dict[str, Index] = {}

    def judge(self, ecosystem: str, name: str) -> Verdict:
        """Judge one name of an ecosystem."""
        own = canonical(ecosystem, name)
        known = self._lists(ecosystem)
        if own in self._trusted or f"{ecosystem}:{own}" in self._trusted:
            return Verdict(ecosystem, name, "known", "on the project's own list")
        if known is None:
            return self._ask(ecosystem, name, None, f"no list of {ecosystem} names is at hand")
        if known.holds(own):
            return Verdict(ecosystem, name, "known", f"on the list of known names of {known.date}")
        like = self._index(ecosystem, known).resemblance(own)
        if like is not None:
            return self._alike(ecosystem, name, like)
        elsewhere = self._elsewhere(ecosystem, own)
        return self._ask(ecosystem, name, elsewhere, f"on no list of known names ({known.date})")

    def _alike(self, ecosystem: str, name: str, like: Resemblance) -> Verdict:
        popular = f"a popular package (rank {like.rank})" if like.rank else "well known"
        reason = f"{like.kind.value}: {like.target} is {popular}, {name} is on no list"
        if like.kind not in _STRONG and self._lookup is not None and self._lookup.exists(ecosystem, name):
            return Verdict(
                ecosystem,
                name,
                "exists",
                f"the registry has it; {reason}",
                like.target,
                like.kind.name.lower(),
            )
        return Verdict(ecosystem, name, "lookalike", reason, like.target, like.kind.name.lower())

    def _ask(self, ecosystem: str, name: str, elsewhere: str | None, reason: str) -> Verdict:
        answer = self._lookup.exists(ecosystem, name) if self._lookup is not None else None
        if answer is True:
            return Verdict(ecosystem, name, "exists", "the registry has it")
        if elsewhere is not None:
            return Verdict(
                ecosystem,
                name,
                "wrong-ecosystem",
                f"a well-known package of {elsewhere}, and on no list of {ecosystem}",
                name,
                elsewhere,
            )
        if answer is False:
            return Verdict(ecosystem, name, "missing", "the registry says that there is no such package")
        asked = (
            "the registry could not be asked" if self._lookup is not None else "the registry was not asked"
        )
        return Verdict(ecosystem, name, "unknown", f"{reason}; {asked}")

    def _elsewhere(self, ecosystem: str, name: str) -> str | None:
        """Another ecosystem in which the very same name is popular. Short and common words are popular everywhere."""
        if len(name) < 5:
            return None
        for other in ecosystems():
            known = self._lists(other) if other != ecosystem else None
            if known is not None and known.ranks.get(name, _CROSS_RANK + 1) <= _CROSS_RANK:
                return other
        return None

    def _index(self, ecosystem: str, known: KnownNames) -> Index:
        if self._lists is builtin:
            return _builtin_index(ecosystem)
        if ecosystem not in self._indexes:
            self._indexes[ecosystem] = Index(known.ranks)
        return self._indexes[ecosystem]


@lru_cache(maxsize=8)
def _builtin_index(ecosystem: str) -> Index:
    known = builtin(ecosystem)
    return Index(known.ranks if known is not None else {})
