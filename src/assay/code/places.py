"""From spans of the representation to lines and columns."""

from __future__ import annotations

from bisect import bisect_right

from assay.code.ir import span_end, span_start
from assay.model.location import Location, Region

_MAX_SNIPPET = 400


class Places:
    """The lines of one file, found once."""

    __slots__ = ("content", "starts", "uri")

    def __init__(self, uri: str, content: bytes) -> None:
        self.uri = uri
        self.content = content
        self.starts = [0]
        position = content.find(b"\n")
        while position >= 0:
            self.starts.append(position + 1)
            position = content.find(b"\n", position + 1)

    def _point(self, offset: int) -> tuple[int, int]:
        offset = min(max(offset, 0), len(self.content))
        line = bisect_right(self.starts, offset)
        before = self.content[self.starts[line - 1] : offset]
        column = len(before) if before.isascii() else len(before.decode("utf-8", "replace"))
        return line, column + 1

    def location(self, span: int, message: str = "", whole: bool = True) -> Location:
        """The location of a span; `whole=False`: its first line only."""
        start = span_start(span)
        end = max(span_end(span), start)
        if not whole:
            stop = self.content.find(b"\n", start, end)
            end = stop if stop >= 0 else end
        first, last = self._point(start), self._point(end)
        return Location(self.uri, Region(*first, *last), message)

    def text(self, span: int) -> str:
        """The text of a span, at most a few hundred characters."""
        raw = self.content[span_start(span) : min(span_end(span), span_start(span) + _MAX_SNIPPET)]
        return raw.decode("utf-8", "replace")
