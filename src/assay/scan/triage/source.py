"""The text behind findings, read once per file: what triage steps ask for lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from assay.scan.target.encoding import decode

Reader = Callable[[str], bytes | None]
"""Gives the bytes of a uri as they were scanned, or None where they cannot be had any more."""


@dataclass(slots=True)
class Sources:
    """Bytes and lines of the files that findings name. Each file is read at most once; a missing one reads as empty."""

    read: Reader
    _content: dict[str, bytes] = field(default_factory=dict)
    _lines: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def content(self, uri: str) -> bytes:
        """The bytes of a file, empty if it cannot be read."""
        if uri not in self._content:
            self._content[uri] = self.read(uri) or b""
        return self._content[uri]

    def lines(self, uri: str) -> tuple[str, ...]:
        """The lines of a file, without their ends."""
        if uri not in self._lines:
            self._lines[uri] = split_lines(self.content(uri))
        return self._lines[uri]


def split_lines(content: bytes) -> tuple[str, ...]:
    """Lines of a file as the engines decode it. Ends are LF, CRLF and CR."""
    return tuple(decode(content).text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
