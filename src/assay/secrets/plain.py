"""Bytes of any file as the UTF-8 that detectors read, and byte offsets as lines and columns."""

from __future__ import annotations

import codecs
from bisect import bisect_right

from assay.model.location import Region

_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def as_utf8(content: bytes) -> bytes:
    """Wide encodings become UTF-8; everything else stays as it is, also where it is not valid in any encoding."""
    for mark, encoding in _WIDE:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace").encode("utf-8")
    if 0 in content[:64]:
        sample = content[:4096]
        if len(sample) >= 4:
            even, odd = sample[::2].count(0), sample[1::2].count(0)
            half = len(sample) // 2
            if odd > 0.6 * half and even < 0.1 * half:
                return content.decode("utf-16-le", "replace").encode("utf-8")
            if even > 0.6 * half and odd < 0.1 * half:
                return content.decode("utf-16-be", "replace").encode("utf-8")
    return content


class Lines:
    """The line starts of a content, found when first asked."""

    __slots__ = ("_content", "_is_utf8", "_starts")

    def __init__(self, content: bytes) -> None:
        self._content = content
        starts = [0]
        place = content.find(b"\n")
        while place >= 0:
            starts.append(place + 1)
            place = content.find(b"\n", place + 1)
        self._starts = starts
        try:
            content.decode("utf-8")
            self._is_utf8 = True
        except UnicodeDecodeError:
            self._is_utf8 = False

    def number(self, offset: int) -> int:
        """The line, from 1, of a byte offset."""
        return bisect_right(self._starts, offset)

    def span(self, number: int) -> tuple[int, int]:
        """Byte offsets of a line without its end; beyond the last line it is empty."""
        if not 1 <= number <= len(self._starts):
            return 0, 0
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._content)
        if end > start and self._content[end - 1] == 0x0D:
            end -= 1
        return start, end

    def text(self, number: int) -> str:
        """A line's text, at most 4096 bytes of it."""
        start, end = self.span(number)
        return self._decode(self._content[start : min(end, start + 4096)])

    def region(self, start: int, end: int) -> Region:
        """The region of a byte range; columns count code points, and a leading byte order mark counts for nothing."""
        first, first_column = self._position(start)
        last, last_column = self._position(max(start, end))
        return Region(first, first_column, last, last_column)

    def _position(self, offset: int) -> tuple[int, int]:
        number = self.number(offset)
        start = self._starts[number - 1]
        if start == 0 and self._content.startswith(codecs.BOM_UTF8):
            start = min(3, offset)
        return number, len(self._decode(self._content[start:offset])) + 1

    def _decode(self, data: bytes) -> str:
        return data.decode("utf-8", "replace") if self._is_utf8 else data.decode("latin-1")
