"""Values of Python's literals, from their text."""

from __future__ import annotations

import re

from assay.code.literals import MAX_DIGITS, character

# One escape at a time, no repetition but bounded ones: linear.
_ESCAPE = re.compile(
    r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]{1,80}\}|.)", re.DOTALL
)
_SIMPLE = {
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": "",
}  # fmt: skip


def is_raw(start: str) -> bool:
    """Whether a string that starts with these characters is raw."""
    return "r" in start.lower()


def is_bytes(start: str) -> bool:
    """Whether it is of bytes."""
    return "b" in start.lower()


def unescape(text: str) -> str:
    """Resolve escape sequences as Python does; unknown ones stay as they are."""
    return _ESCAPE.sub(_one, text)


def _one(match: re.Match[str]) -> str:
    body = match.group(1)
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body[0] in "01234567":
        return chr(int(body, 8))
    if body[0] in "xuU" and len(body) > 1:
        return character(int(body[1:], 16))
    return match.group(0)


def integer(text: str) -> int | complex | None:
    """The value of an integer literal (also `10j`, `0o17`, `1_000`), or None where there is none or it is huge."""
    try:
        if text[-1:] in "jJ":
            return complex(text)
        return int(text.rstrip("lL"), 0) if len(text) < MAX_DIGITS else None
    except ValueError:
        return None


def real(text: str) -> float | complex | None:
    """The value of a float literal, or None."""
    try:
        return complex(text) if text[-1:] in "jJ" else float(text)
    except ValueError:
        return None
