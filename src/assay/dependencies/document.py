"""A manifest as text with lines, what was read from it, and what could not be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from assay.model.component import Component
from assay.model.location import Location, Region

MAX_MANIFEST_BYTES = 32 * 1024 * 1024
# A lockfile of a million packages is an attack or a mistake; the largest real ones have some ten thousand.
MAX_COMPONENTS = 200_000
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)

# Reads a file of the project by its path from the root; None where there is none.
Sibling = Callable[[str], bytes | None]


class ManifestError(ValueError):
    """A manifest cannot be read: the text says what is wrong and, where known, in which line."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a manifest that was not understood; what stands around it was read."""

    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Root:
    """The project's own package as a manifest names it: what edges start from."""

    purl: str
    name: str
    version: str = ""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one manifest states. `locked` says whether versions are exact and the list is complete.

    `roots` are the project's own packages, with the purls they ask for directly. `indexes` are extra package indexes.
    """

    components: tuple[Component, ...]
    problems: tuple[Problem, ...] = ()
    locked: bool = False
    roots: tuple[Root, ...] = ()
    indexes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest with its place and format. `failed` means that nothing could be read from it."""

    uri: str
    format: str
    parsed: Parsed
    failed: bool = False


@dataclass(slots=True)
class Document:
    """A manifest's text. `sibling` reads other files of the project; `cursor` is where the last search for a line ended."""

    uri: str
    text: str
    sibling: Sibling = field(default=lambda _uri: None)
    _starts: list[int] | None = None
    _cursor: int = 0

    def line_at(self, offset: int) -> int:
        """Line number, from 1, of a character offset."""
        if self._starts is None:
            self._starts = _line_starts(self.text)
        return bisect_right(self._starts, offset)

    def line_of(self, needle: str) -> int:
        """Line of the next occurrence of `needle` after the last one found, else of the first; 1 if there is none.

        Lockfiles list entries in the order in which parsers hand them on, so one pass over the text finds all of them.
        """
        offset = self.text.find(needle, self._cursor)
        if offset < 0:
            offset = self.text.find(needle) if self._cursor else -1
        if offset < 0:
            return 1
        self._cursor = offset
        return self.line_at(offset)

    def line_starting(self, needle: str) -> int:
        """Like `line_of`, for a needle at the start of a line: where a name also stands inside of other entries."""
        if self.text.startswith(needle) and not self._cursor:
            return 1
        line = self.line_of("\n" + needle)
        return line + 1 if self.text.find("\n" + needle) >= 0 else 1

    def location(self, line: int) -> Location:
        """The whole of one line, as a place without a snippet."""
        line = max(line, 1)
        return Location(self.uri, Region(line, 1, line, 1))

    def folder(self) -> str:
        """Folder of the manifest with a closing slash, or empty at the root."""
        return self.uri.rpartition("/")[0] + "/" if "/" in self.uri else ""


def decode(data: bytes) -> str:
    """Text of a manifest: by its byte order mark, else UTF-8.

    Raises:
        ManifestError: too large, or not text.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(
            f"{len(data)} bytes is more than the {MAX_MANIFEST_BYTES} that a manifest may have"
        )
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\0" in data[:4096]:
        raise ManifestError("binary content where a text file should be")
    return data.decode("utf-8", "replace")


def conflict_line(text: str) -> int:
    """Line of the first merge conflict marker, 0 if there is none."""
    for marker in ("<<<<<<< ", ">>>>>>> "):
        if text.startswith(marker):
            return 1
        offset = text.find("\n" + marker)
        if offset >= 0:
            return text.count("\n", 0, offset) + 2
    return 0


def _line_starts(text: str) -> list[int]:
    starts = [0]
    offset = text.find("\n")
    while offset >= 0:
        starts.append(offset + 1)
        offset = text.find("\n", offset + 1)
    return starts
