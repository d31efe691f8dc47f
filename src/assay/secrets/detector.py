"""Detectors: secrets rules made ready to be matched. Building one compiles nothing; patterns are compiled when first met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256
from typing import Any, overload

import msgspec

from assay.model.errors import RuleError
from assay.model.rule import Rule


class Near(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Words of which one must stand within so many lines of the value."""

    words: list[str]
    lines: int = 5


class MatchPart(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The `match` part of a secrets rule; `generic` names a kind of assignment that `judgement` decides on instead of a pattern."""

    keywords: list[str] = []
    pattern: str = ""
    named: list[str] = []
    edge: bool | str = True
    check: str = ""
    entropy: float = 0.0
    near: Near | None = None
    allow: list[str] = []
    paths: list[str] = []
    silent: bool = False
    specific: int = 50
    placeholder: bool = True
    generic: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """One rule ready to be matched over bytes. `expression` is RE2 and Hyperscan syntax, its value the group named `secret`, else 1, else all."""

    rule: Rule
    part: MatchPart
    expression: str
    keywords: tuple[bytes, ...]

    def fits_path(self, uri: str) -> bool:
        """Whether the rule looks at files of this name."""
        if not self.part.paths:
            return True
        name = uri.rpartition("/")[2].lower()
        return any(fnmatchcase(name, pattern.lower()) for pattern in self.part.paths)


# name ... assignment ... value, as code, configuration, XML, YAML and command lines write it. Bounded everywhere.
_REST_OF_NAME = r"[\w.-]*"
_CLOSE = r"\\?[\"'`]?\]?[ \t]*"
_TYPE = r"(?::[ \t]{0,3}[\w<>?|\[\]]{1,24}[ \t]{0,3})?"
_ASSIGN = r"(?:=>|:=|\|\|=|\?\?=|={1,3}|!==?|:|,|\(|>|[ \t])"
_VALUE_ATTRIBUTE = r"(?:,?\s+[\"']?value[\"']?[ \t]{0,4}[=:])"
_OPEN = r"[ \t]*(?:[A-Za-z@$]{0,2}\\?[\"'`]|&quot;)?(?:(?i:bearer|basic|token)[ \t]{1,4})?"


def named_expression(words: Sequence[str], value: str) -> str:
    """The pattern of a value that is assigned to a name with one of these words in it."""
    names = "|".join(_escaped(spelling) for word in words for spelling in spellings(word))
    shielded = value if "(?P<secret>" in value else f"(?P<secret>{value})"
    return f"(?i:{names}){_REST_OF_NAME}{_CLOSE}{_TYPE}(?:{_ASSIGN}|{_VALUE_ATTRIBUTE}){_OPEN}{shielded}"


def spellings(word: str) -> tuple[str, ...]:
    """How files write a name given with underscores: `acme_api_key` also as acme-api-key, acmeapikey (any case), acme.api-key and acme.apikey."""
    first, _, rest = word.partition("_")
    if not first or not rest:
        return (word,)
    forms = (
        word,
        word.replace("_", "-"),
        word.replace("_", ""),
        f"{first}.{rest.replace('_', '-')}",
        f"{first}.{rest.replace('_', '')}",
    )
    return tuple(dict.fromkeys(forms))


def _escaped(word: str) -> str:
    return "".join(
        c if c.isalnum() or c == "_" else f"\\{c}" if c.isascii() and c != " " else c for c in word
    )


def detector_of(rule: Rule) -> Detector:
    """The detector of one rule.

    Raises:
        RuleError: the match part does not fit the format.
    """
    try:
        part = msgspec.convert(dict(rule.match), MatchPart)
    except msgspec.ValidationError as error:
        raise RuleError(
            f"{rule.id}: match: {error}", "the format is described in docs/secrets-rules.md"
        ) from error
    words = part.keywords or [spelling for word in part.named for spelling in spellings(word)]
    if not part.generic:
        _demand(bool(part.pattern), rule, "a pattern is missing")
        _demand(bool(words), rule, "keywords are missing")
    _demand(
        all(len(word) >= 3 and word.isascii() for word in words),
        rule,
        "a keyword has at least 3 ASCII characters",
    )
    _demand(0 <= part.specific <= 100, rule, "specific lies between 0 and 100")
    expression = named_expression(part.named, part.pattern) if part.named else part.pattern
    return Detector(rule, part, expression, tuple(word.lower().encode() for word in words))


class Detectors(Sequence[Detector]):
    """The detectors of many rules, each built when it is first asked for: a scan needs the few that hit, and the rules are tested before."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._built: dict[int, Detector] = {}

    def __len__(self) -> int:
        return len(self.rules)

    @overload
    def __getitem__(self, place: int) -> Detector: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Detector]: ...
    def __getitem__(self, place: int | slice) -> Detector | Sequence[Detector]:
        """The detector at this place.

        Raises:
            RuleError: its match part does not fit the format.
            IndexError: there is none.
        """
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        built = self._built.get(place)
        if built is None:
            built = self._built[place] = detector_of(self.rules[place])
        return built


def digest_of(detectors: Sequence[Detector]) -> bytes:
    """SHA-256 of all that the detectors' expressions and keywords are made of, without building those that are not built yet."""
    rules = detectors.rules if isinstance(detectors, Detectors) else [detector.rule for detector in detectors]
    # One expression stands for the code that makes expressions of names.
    parts = [
        [named_expression(["a_b_c"], "d"), spellings("a_b_c")],
        [[rule.id, rule.match] for rule in rules],
    ]
    return sha256(msgspec.json.encode(parts)).digest()


def _demand(condition: bool, rule: Rule, what: str) -> None:
    if not condition:
        raise RuleError(f"{rule.id}: match: {what}", "the format is described in docs/secrets-rules.md")


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Any:
    """The google-re2 pattern over bytes.

    Raises:
        RuleError: the expression is not RE2 syntax.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(expression.encode(), options)
    except re2.error as error:
        raise RuleError(
            f"the pattern {expression[:80]!r} is not RE2 syntax: {error}",
            "look-around and back references are not possible",
        ) from error


@lru_cache(maxsize=4096)
def group_numbers(expression: str) -> dict[str, int]:
    """The numbers of an expression's named groups."""
    return {name.decode(): number for name, number in compiled(expression).groupindex.items()}


def spans_of(match: Any) -> list[tuple[int, int]]:
    """Every group's span at once: asking google-re2's match for one span after another costs more than the match itself."""
    spans: list[tuple[int, int]] | None = getattr(match, "_spans", None)
    return spans if spans is not None else [match.span(number) for number in range(match.re.groups + 1)]
