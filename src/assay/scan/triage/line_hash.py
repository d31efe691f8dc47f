"""The `primaryLocationLineHash` that code scanning expects, so that its alerts survive moved lines.

Facts of the algorithm, published with github/codeql-action (the file that computes fingerprints): the file is read as UTF-8 into UTF-16
code units; spaces and tabs are left out; CR LF and CR count as LF; after the last unit comes 65535 and then zeros. The hash of a line is
the polynomial of the 100 units that begin with the line's first one, base 37, modulo 2**64, in lower case hex without leading zeros,
then `:` and how many lines up to this one had the same hash.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterator
from operator import mul
from sys import byteorder

_WINDOW = 100
_MASK = (1 << 64) - 1
_END = 65535
_POWERS = tuple(pow(37, _WINDOW - 1 - place, 1 << 64) for place in range(_WINDOW))
_LINE_FEED = 10


def line_hashes(content: bytes, wanted: Collection[int]) -> dict[int, str]:
    """The hash of each wanted line (from 1). A line that the file does not have is left out."""
    if not wanted:
        return {}
    last = max(wanted)
    found: dict[int, str] = {}
    # Lines with one hash are lines with one window (of 64-bit hashes two others never agree), so only those asked for are hashed.
    seen: Counter[bytes] = Counter()
    units = _units(content)
    for line, start in enumerate(_starts(units), start=1):
        window = units[start : start + _WINDOW]
        key = window.tobytes()
        seen[key] += 1
        if line in wanted:
            found[line] = f"{sum(map(mul, window, _POWERS)) & _MASK:x}:{seen[key]}"
        if line >= last:
            break
    return found


def _units(content: bytes) -> array[int]:
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace(" ", "").replace("\t", "")
    units = array("H")
    units.frombytes(text.encode("utf-16-le" if byteorder == "little" else "utf-16-be"))
    units.append(_END)
    return units


def _starts(units: array[int]) -> Iterator[int]:
    """Where lines start. A line feed belongs to the line that it ends."""
    start = 0
    while start < len(units):
        yield start
        try:
            start = units.index(_LINE_FEED, start) + 1
        except ValueError:
            return
