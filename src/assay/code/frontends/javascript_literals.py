"""Values of JavaScript's literals and texts of TypeScript's types, from their source."""

from __future__ import annotations

import re

from assay.code.literals import MAX_DIGITS, character

# One escape at a time, bounded repetitions only: linear.
_ESCAPE = re.compile(r"\\(\r\n|u\{[0-9a-fA-F]{1,8}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,120}")
_ARRAY = re.compile(r"([A-Za-z_$][\w$.]{0,120})\[\]")
_MAX_TYPE = 400


def unescape(text: str) -> str:
    """Resolve escape sequences as JavaScript does."""
    return _ESCAPE.sub(_one, text)


def _one(match: re.Match[str]) -> str:
    body = match.group(1)
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body[0] in "xu" and len(body) > 1:
        return character(int(body.strip("xu{}"), 16))
    return body


def number(text: str) -> int | float | None:
    """The value of a number literal (also `0x1f`, `017`, `1_000`, `10n`), or None where there is none or it is huge."""
    plain = text.replace("_", "").rstrip("n") if len(text) < MAX_DIGITS else ""
    try:
        if plain[:2].lower() in ("0x", "0o", "0b"):
            return int(plain, 0)
        if plain.isdigit():
            old_octal = len(plain) > 1 and plain[0] == "0" and not set(plain) & set("89")
            return int(plain, 8 if old_octal else 10)
        value = float(plain)
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    except ValueError:
        return None


def is_identifier(text: object) -> bool:
    """Whether `a["text"]` may be written `a.text`."""
    return isinstance(text, str) and _IDENTIFIER.fullmatch(text) is not None


def type_text(text: str) -> str:
    """A type as docs/ir.md writes it: no blanks and quotes, arguments in square brackets, `string[]` as `Array[string]`; "" if it is too long or an object or function type."""
    if len(text) > _MAX_TYPE:
        return ""
    plain = text.strip().removeprefix(":").strip().removeprefix("readonly ")
    if "{" in plain or "=>" in plain or " is " in plain or plain.startswith("asserts "):
        return ""
    plain = "".join(plain.split()).replace('"', "").replace("'", "")
    plain = _ARRAY.sub(r"Array<\1>", _ARRAY.sub(r"Array<\1>", plain))
    return plain.replace("<", "[").replace(">", "]")
