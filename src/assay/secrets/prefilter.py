"""Which detectors may match in a content, and which lines are worth judging. Two ways with one answer: Hyperscan, or google-re2 where it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from assay.secrets.detector import Detector, compiled
from assay.secrets.triggers import (
    ASSIGNED,
    CURL,
    ENCODED,
    EXPRESSIONS,
    FIRST_ENCODED,
    HEADER,
    KUBERNETES,
    LOGINS,
    SPANNING,
    URL,
    URL_END,
    WORDS,
)


@dataclass(frozen=True, slots=True)
class Hits:
    """`detectors`: places in the detector list that may match, sorted. `lines`: offsets of line starts to judge, sorted. `encoded`: the end of the
    first 32 characters of each run that may be encoded, sorted.
    """

    detectors: tuple[int, ...]
    lines: tuple[int, ...]
    encoded: tuple[int, ...]


class Prefilter(Protocol):
    """Never misses what a detector or a trigger would match; may name detectors that then do not match. `about` says how, for a human."""

    about: str

    def hits(self, content: bytes) -> Hits:
        """What may be in `content`."""
        ...


def line_starts(content: bytes, places: Sequence[int]) -> tuple[int, ...]:
    """The starts of the lines that hold these offsets, sorted, each once."""
    starts = set()
    end = -1
    for place in sorted(places):
        if place < end:
            continue
        starts.add(content.rfind(b"\n", 0, place) + 1)
        end = content.find(b"\n", place)
        if end < 0:
            break
    return tuple(sorted(starts))


def _encoded_runs(content: bytes) -> Iterator[int]:
    """Behind the first 32 characters of each run that may be encoded text."""
    question, place = _question(ENCODED), 0
    while (match := question.search(content, place)) is not None:
        yield match.end()
        place = match.end()


class KeywordPrefilter:
    """google-re2 alone: one set of all keywords, and each trigger in turn."""

    about = "without Hyperscan, which would be several times faster: pip install hyperscan"

    def __init__(self, detectors: Sequence[Detector]) -> None:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = False
        options.literal = True
        options.max_mem = 64 << 20
        self._owners: list[list[int]] = []
        words: dict[bytes, int] = {}
        self._set: Any = re2.Set.SearchSet(options)
        for place, detector in enumerate(detectors):
            for word in detector.keywords:
                if word not in words:
                    words[word] = self._set.Add(word)
                    self._owners.append([])
                self._owners[words[word]].append(place)
        self._empty = not words
        self._set.Compile()

    def hits(self, content: bytes) -> Hits:
        """What may be in `content`."""
        words = () if self._empty else self._set.Match(content) or ()
        detectors = {place for word in words for place in self._owners[word]}
        return Hits(tuple(sorted(detectors)), _trigger_lines(content), tuple(_encoded_runs(content)))


@cache
def _question(expressions: tuple[str, ...]) -> Any:
    """One pattern of several that only says where it matches. The memory is for its automaton: a smaller one is rebuilt again and again."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.max_mem = 128 << 20
    return re2.compile("|".join(f"(?:{expression})" for expression in expressions).encode(), options)


def _trigger_lines(content: bytes) -> tuple[int, ...]:
    """The lines that a trigger matches. Grouped as automata stay small: all in one, or a URL with its scheme, scan a hundred times slower."""
    starts = set(_lines_with(content, (HEADER, CURL, KUBERNETES)))
    starts.update(_lines_with(content, LOGINS))
    url = compiled(URL)
    for start in _lines_with(content, (URL_END,)):
        end = content.find(b"\n", start)
        if url.search(content, start, len(content) if end < 0 else end) is not None:
            starts.add(start)
    if _question((f"(?i:{WORDS}|identified)",)).search(content) is not None:
        starts.update(_lines_with(content, ASSIGNED))
        starts.update(_lines_behind_names(content))
    return tuple(sorted(starts))


def _lines_with(content: bytes, expressions: tuple[str, ...]) -> Iterator[int]:
    """The starts of the lines that one of these matches; none of them leaves its line."""
    place, question = 0, _question(expressions)
    while (match := question.search(content, place)) is not None:
        yield content.rfind(b"\n", 0, match.start()) + 1
        place = content.find(b"\n", match.end())
        if place < 0:
            return


def _lines_behind_names(content: bytes) -> Iterator[int]:
    """The starts of the lines on which a spanning trigger ends."""
    place, spanning = 0, _question(SPANNING)
    while (match := spanning.search(content, place)) is not None:
        yield content.rfind(b"\n", 0, match.end() - 1) + 1
        place = content.find(b"\n", match.start()) + 1


class HyperscanPrefilter:
    """One Hyperscan database of every detector and every trigger; a detector's callback comes once a content."""

    about = "Hyperscan, its database ready"

    def __init__(self, database: Any, keyword_owners: Sequence[int]) -> None:
        import threading

        self._database = database
        self._owners = keyword_owners
        self._local = threading.local()

    def hits(self, content: bytes) -> Hits:
        """What may be in `content`."""
        seen: list[tuple[int, int]] = []
        self._database.scan(content, match_event_handler=_note, context=seen, scratch=self._scratch())
        if not seen:
            return _NOTHING
        detectors: set[int] = set()
        places: list[int] = []
        encoded: list[int] = []
        for identifier, end in seen:
            if identifier >= _FIRST:
                detectors.add(self._owners[identifier - _FIRST])
            elif identifier >= FIRST_ENCODED:
                encoded.append(end)
            else:
                places.append(end - 1)
        return Hits(tuple(sorted(detectors)), line_starts(content, places) if places else (), tuple(encoded))

    def _scratch(self) -> Any:
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            import hyperscan

            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch


_NOTHING = Hits((), (), ())
_FIRST = len(EXPRESSIONS)


def _note(identifier: int, _start: int, end: int, _flags: int, seen: list[tuple[int, int]]) -> None:
    seen.append((identifier, end))


def build_prefilter(detectors: Sequence[Detector], fast: bool = True) -> Prefilter:
    """Hyperscan's where the package is installed and `fast`, else google-re2's."""
    if fast:
        from assay.secrets.database import open_database

        opened = open_database(detectors)
        if opened is not None:
            return HyperscanPrefilter(*opened)
    return KeywordPrefilter(detectors)
