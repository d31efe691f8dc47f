"""Bytes to text, and offsets to lines and columns. Nothing here raises for any content."""

from __future__ import annotations

import codecs
from bisect import bisect_left
from dataclasses import dataclass
from typing import Generic, TypeVar

from assay.model.location import Region

Content = TypeVar("Content", bytes, str)

_SAMPLE = 8192
_BLOCK = 1 << 15
_UTF8_BOM = codecs.BOM_UTF8
_CONTINUATION = bytes(range(0x80, 0xC0))
_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
# Longest first: the UTF-32 little-endian mark begins with the UTF-16 one.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded content without its byte order mark. `lossy`: bytes that are not valid in `encoding` became U+FFFD."""

    text: str
    encoding: str
    lossy: bool = False


def decode(content: bytes) -> Text:
    """Text of any bytes: a mark decides, then wide encodings by their zero bytes, UTF-8, and Latin-1 for all the rest."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decode_as(content[len(mark) :], encoding)
    wide = _unmarked_wide(content)
    if wide:
        return _decode_as(content, wide)
    try:
        return Text(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return Text(content.decode("latin-1"), "latin-1")


def _decode_as(content: bytes, encoding: str) -> Text:
    try:
        return Text(content.decode(encoding), encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return Text(content.decode("latin-1"), "latin-1")
        return Text(content.decode(encoding, "replace"), encoding, lossy=True)


def _unmarked_wide(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, seen by where the zero bytes of mostly-ASCII text stand; "" if it is neither."""
    sample = content[: _SAMPLE - _SAMPLE % 4]
    zeros = sample.count(0)
    if len(sample) < 4 or zeros * 4 < len(sample):
        return ""
    columns = [sample[place::4] for place in range(4)]
    share = [column.count(0) / max(1, len(column)) for column in columns]
    if min(share[1:]) > 0.9 and share[0] < 0.1:
        return "utf-32-le"
    if min(share[:3]) > 0.9 and share[3] < 0.1:
        return "utf-32-be"
    if min(share[1], share[3]) > 0.6 and max(share[0], share[2]) < 0.1:
        return "utf-16-le"
    if min(share[0], share[2]) > 0.6 and max(share[1], share[3]) < 0.1:
        return "utf-16-be"
    return ""


def is_binary(content: bytes) -> bool:
    """Whether the content is no text in any encoding we read.

    Judged by the share of control bytes in the first 8 KiB, not by a single zero byte and not by a magic number: one stray NUL,
    or `GIF89a` before a script, must not hide a file from the scan.
    """
    sample = content[:_SAMPLE]
    if not sample or (sample.isascii() and not _has_control(sample)):
        return False
    if sample.startswith(tuple(mark for mark, _ in _BOMS)) or _unmarked_wide(content):
        return _reads_as_noise(content)
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    if controls * 20 > len(sample):
        return True
    return controls > 0 and b"\0" in sample and not _is_utf8(sample)


def _has_control(sample: bytes) -> bool:
    return len(sample.translate(None, _CONTROL)) != len(sample)


def _reads_as_noise(content: bytes) -> bool:
    """A mark (or its look) over bytes that do not decode to text: a binary format that happens to begin so."""
    decoded = decode(content[: _SAMPLE - _SAMPLE % 4]).text
    bad = decoded.count("\ufffd") + decoded.count("\0")
    return bad * 10 > len(decoded)


def _is_utf8(sample: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)  # not final: a character cut at the sample's end is fine
    except UnicodeDecodeError:
        return False
    return True


class LineIndex(Generic[Content]):
    r"""Offset -> line and column, over bytes (offsets in bytes) or decoded text (offsets in code points).

    Lines end at `\n` only, as in git and tree-sitter. Columns are code points from 1: for valid UTF-8 bytes those of the
    decoded text without its byte order mark, for other bytes one a byte (as `decode` reads them: Latin-1). Bytes in UTF-16 or
    UTF-32 must be decoded first. Building costs one pass at memchr speed and a number for each 32 KiB; a lookup costs at most
    two blocks, however long the line is.
    """

    __slots__ = ("_carriage", "_content", "_leads", "_lines", "_newline", "_start", "_wide")

    def __init__(self, content: Content) -> None:
        self._content: Content = content
        self._newline: Content = b"\n" if isinstance(content, bytes) else "\n"
        self._carriage: Content = b"\r" if isinstance(content, bytes) else "\r"
        self._lines = self._count_lines()
        self._start = 3 if isinstance(content, bytes) and content.startswith(_UTF8_BOM) else 0
        self._wide = isinstance(content, bytes) and not content.isascii() and _decodes(content)
        # Lead bytes before each block; only filled when a column in a non-ASCII file is asked for.
        self._leads: list[int] = []

    def _count_lines(self) -> list[int]:
        """Line ends before each block, and in all, as running sums."""
        content, newline = self._content, self._newline
        sums = [0]
        for at in range(0, len(content), _BLOCK):
            sums.append(sums[-1] + content.count(newline, at, at + _BLOCK))
        return sums

    @property
    def line_count(self) -> int:
        """Number of lines; a last line without a line end counts, an empty one after the last line end does not."""
        ends = self._lines[-1]
        complete = not self._content or self._content.endswith(self._newline)
        return max(1, ends if complete else ends + 1)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of the offset, both from 1; `len(content)` is the place after the last character.

        Raises:
            ValueError: the offset is not in the content.
        """
        content = self._content
        if not 0 <= offset <= len(content):
            raise ValueError(f"offset {offset} is outside of 0..{len(content)}")
        block = offset // _BLOCK
        line = self._lines[block] + content.count(self._newline, block * _BLOCK, offset) + 1
        start = self._line_start(block, offset)
        return line, self._width(max(start, self._start), offset) + 1

    def region(self, start: int, end: int) -> Region:
        """Region of content[start:end]; the end column is one past the last character.

        Raises:
            ValueError: an offset is not in the content, or end < start.
        """
        return Region(*self.position(start), *self.position(end))

    def line_span(self, line: int) -> tuple[int, int]:
        """Offsets of a line's first character and of its line end (or of the content's end).

        Raises:
            ValueError: there is no such line.
        """
        ends = self._lines[-1]
        if not 1 <= line <= ends + 1:
            raise ValueError(f"line {line} is outside of 1..{ends + 1}")
        start = 0 if line == 1 else self._line_end(line - 1) + 1
        return start, self._line_end(line) if line <= ends else len(self._content)

    def line(self, line: int) -> Content:
        """The line without its line end.

        Raises:
            ValueError: there is no such line.
        """
        start, end = self.line_span(line)
        content: Content = self._content[start:end]
        return content.removesuffix(self._carriage)

    def _line_start(self, block: int, offset: int) -> int:
        """Start of the offset's line: in its own block, or behind the last line end of the nearest block that has one."""
        inside = self._content.rfind(self._newline, block * _BLOCK, offset)
        ends = self._lines[block]
        if inside >= 0 or not ends:
            return inside + 1
        nearest = bisect_left(self._lines, ends) - 1
        return self._content.rfind(self._newline, nearest * _BLOCK, (nearest + 1) * _BLOCK) + 1

    def _line_end(self, line: int) -> int:
        block = bisect_left(self._lines, line) - 1
        at = block * _BLOCK - 1
        for _ in range(line - self._lines[block]):
            at = self._content.find(self._newline, at + 1)
        return at

    def _width(self, start: int, end: int) -> int:
        """Code points in content[start:end]."""
        if end <= start:
            return 0
        if not self._wide:
            return end - start
        return self._leads_before(end) - self._leads_before(start)

    def _leads_before(self, offset: int) -> int:
        """UTF-8 lead bytes (every byte that continues no character) in content[:offset]."""
        content = self._content
        assert isinstance(content, bytes)  # INVARIANT: only bytes are wide
        if not self._leads:
            self._leads = [0]
            for at in range(0, len(content), _BLOCK):
                self._leads.append(self._leads[-1] + _leads(content[at : at + _BLOCK]))
        block = offset // _BLOCK
        return self._leads[block] + _leads(content[block * _BLOCK : offset])


def _leads(chunk: bytes) -> int:
    return len(chunk.translate(None, _CONTINUATION))


def _decodes(content: bytes) -> bool:
    """Whether the whole is valid UTF-8, checked in pieces so that no second copy of a large file is held."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), 1 << 20):
            decoder.decode(content[at : at + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
