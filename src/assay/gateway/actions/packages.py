"""What is known of a package before it is installed: on a list, a look-alike, a name of another ecosystem."""

from __future__ import annotations

from functools import lru_cache

from assay.dependencies.names.judge import NameJudge

# Ecosystems by the words that install commands use, where the name lists have another word.
_WORDS = {
    "pypi": "PyPI",
    "golang": "Go",
    "gem": "RubyGems",
    "cargo": "crates.io",
    "composer": "Packagist",
    "nuget": "NuGet",
    "hex": "Hex",
}


@lru_cache(maxsize=1)
def _judge() -> NameJudge:
    return NameJudge()


@lru_cache(maxsize=4_096)
def flags_of(target: str, _version: str) -> frozenset[str]:
    """Flags for `<ecosystem>:<name>`: `lookalike` and `invented` are refused, `known` is a name that many use. By lists alone: no network.

    A name that is on no list is not `invented`: only a registry could say so, and asking one is for the user's own client.
    """
    ecosystem, _, name = target.partition(":")
    if not name or "/" in name.removeprefix("@").partition("/")[2] or "://" in name or "\ufffc" in name:
        return frozenset()
    verdict = _judge().judge(_WORDS.get(ecosystem, ecosystem), name)
    states = {
        "lookalike": "lookalike",
        "wrong-ecosystem": "lookalike",
        "missing": "invented",
        "known": "known",
    }
    flag = states.get(verdict.state)
    return frozenset({flag}) if flag else frozenset()
