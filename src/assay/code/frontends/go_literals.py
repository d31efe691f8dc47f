"""Values of Go's literals, from their text."""

from __future__ import annotations

import re

from assay.code.literals import character

# One escape at a time, no unbounded repetition: linear.
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unescape(text: str) -> str:
    """Resolve escape sequences as Go does."""
    return _ESCAPE.sub(_one, text) if "\\" in text else text


def _one(match: re.Match[str]) -> str:
    body = match.group(1)
    if body in _SIMPLE:
        return _SIMPLE[body]
    if len(body) == 3 and body[0] in "01234567":
        return chr(int(body, 8))
    if body[0] in "xuU" and len(body) > 1:
        return character(int(body[1:], 16))
    return body


def rune(text: str) -> int | None:
    """The number of a rune literal."""
    value = unescape(text[1:-1])
    return ord(value) if len(value) == 1 else None


def string(text: str) -> str:
    """The value of an interpreted string literal."""
    return unescape(text[1:-1])


def raw_string(text: str) -> str:
    """The value of a raw string literal."""
    return text[1:-1]
