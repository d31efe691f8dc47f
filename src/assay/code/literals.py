"""Values of literals that several languages write alike."""

from __future__ import annotations

MAX_DIGITS = 4000  # int() refuses more by default
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def character(code: int) -> str:
    """The character of a number in an escape sequence; U+FFFD where there is none (surrogates, too large)."""
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else _REPLACEMENT


def integer(text: str) -> int | None:
    """The value of an integer literal of the C family: `0x1F`, `0b1`, `0o17`, `017`, `1_000`; None where there is none or it is huge."""
    text = text.replace("_", "")
    if len(text) > MAX_DIGITS:
        return None
    try:
        if len(text) > 1 and text[0] == "0" and text[1] in "01234567":
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        return None


def real(text: str) -> float | None:
    """The value of a float literal of the C family (also `0x1p-2`), or None."""
    try:
        text = text.replace("_", "")
        return float.fromhex(text) if text[:2] in ("0x", "0X") else float(text)
    except (ValueError, OverflowError):
        return None
