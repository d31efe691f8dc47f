"""Which detectors may match in a content, and which lines are worth judging. Two ways with one answer: Hyperscan, or google-re2 where it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assay.secrets.detector import Detector, compiled
from assay.secrets.triggers import ENCODED_ID, EXPRESSIONS, GATE, SINGLE_LINE, SPANNING


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


# Base64 characters as one: a run of 32 is then found as fast as memory is read.
_RUN_CHARACTERS = bytes(
    65 if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) == "+") else 32 for byte in range(256)
)
_LONG_RUN = b"A" * 32


def _long_runs(content: bytes) -> Iterator[int]:
    classes = content.translate(_RUN_CHARACTERS)
    place = 0
    while (place := classes.find(_LONG_RUN, place)) >= 0:
        yield place + len(_LONG_RUN)
        place = classes.find(b" ", place)
        if place < 0:
            return


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
        return Hits(tuple(sorted(detectors)), _trigger_lines(content), tuple(_long_runs(content)))


def _trigger_lines(content: bytes) -> tuple[int, ...]:
    """The lines that a trigger matches, looking only at lines that hold a word which every trigger needs."""
    gate, place, starts = compiled(GATE), 0, set()
    triggers = [compiled(expression) for expression in SINGLE_LINE]
    while (match := gate.search(content, place)) is not None:
        start, end = _line_around(content, match.start(), match.end())
        if any(trigger.search(content, start, end) for trigger in triggers):
            starts.add(start)
        following = content.find(b"\n", end + 1)
        for spanning in SPANNING:
            found = compiled(spanning).search(content, start, len(content) if following < 0 else following)
            if found is not None:
                starts.add(content.rfind(b"\n", 0, found.end() - 1) + 1)
        place = end
        if place >= len(content):
            break
    return tuple(sorted(starts))


def _line_around(content: bytes, start: int, end: int) -> tuple[int, int]:
    after = content.find(b"\n", end)
    return content.rfind(b"\n", 0, start) + 1, len(content) if after < 0 else after


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
            elif identifier == ENCODED_ID:
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
