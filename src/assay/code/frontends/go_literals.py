"""Values of Go's literals, from their text."""

from __future__ import annotations

import re

# One escape at a time, no unbounded repetition: linear.
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_MAX_DIGITS = 4000


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
        code = int(body[1:], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "�"
    return body


def rune(text: str) -> int | None:
    """The number of a rune literal."""
    value = unescape(text[1:-1])
    return ord(value) if len(value) == 1 else None


def integer(text: str) -> int | None:
    """The value of an integer literal: `0x1F`, `0o17`, `017`, `1_000`."""
    text = text.replace("_", "")
    if len(text) > _MAX_DIGITS:
        return None
    try:
        if len(text) > 1 and text[0] == "0" and text[1] in "01234567":
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        return None


def real(text: str) -> float | None:
    """The value of a float literal, or None."""
    try:
        text = text.replace("_", "")
        return float.fromhex(text) if text[:2] in ("0x", "0X") else float(text)
    except (ValueError, OverflowError):
        return None
