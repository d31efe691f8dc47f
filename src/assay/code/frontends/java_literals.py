"""Values of Java's literals, from their text."""

from __future__ import annotations

import re

from assay.code import literals

# One escape at a time, no unbounded repetition: linear.
_ESCAPE = re.compile(r"\\(u{1,8}[0-9a-fA-F]{4}|[0-7]{1,3}|\r?\n|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "s": " ", "\n": "", "\r\n": ""}


def unescape(text: str) -> str:
    """Resolve escape sequences as Java does."""
    return _ESCAPE.sub(_one, text) if "\\" in text else text


def _one(match: re.Match[str]) -> str:
    body = match.group(1)
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body[0] == "u" and len(body) > 4:
        return literals.character(int(body[-4:], 16))
    return chr(int(body, 8)) if body[0] in "01234567" else body


def integer(text: str) -> int | None:
    """The value of an integer literal: `0x1F`, `0b1`, `017`, `1_000L`."""
    return literals.integer(text.rstrip("lL"))


def real(text: str) -> float | None:
    """The value of a float literal, or None."""
    return literals.real(text.rstrip("fFdD"))


def text_block(text: str) -> str:
    """The value of a text block: without the quotes, the first line's end and the indentation that all lines share."""
    body = text[3:-3] if text.endswith('"""') and len(text) >= 6 else text[3:]
    first = body.find("\n")
    lines = body[first + 1 :].split("\n") if first >= 0 else [body]
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    if lines and not lines[-1].strip():
        widths.append(len(lines[-1]))
    cut = min(widths, default=0)
    return unescape("\n".join(line[cut:].rstrip(" \t") for line in lines))


def string(text: str) -> str:
    """The value of a string literal or text block."""
    return text_block(text) if text.startswith('"""') else unescape(text[1:-1])


def character(text: str) -> str:
    """The value of a character literal."""
    return unescape(text[1:-1])
