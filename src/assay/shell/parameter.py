"""The operators of `${name<operator>...}` on known values."""

from __future__ import annotations

from fnmatch import fnmatchcase

from assay.shell.value import ANYTHING, UNKNOWN, Value


def apply_operator(value: Value, rest: str, alternative: Value, *, is_set: bool) -> Value:
    """The value of `${name<rest>}`; `alternative` is the expanded word behind the operator."""
    if rest[:2] in (":-", ":=", ":?") or rest[0] in "-=?":
        return value if is_set and value.text else alternative
    if rest[:2] == ":+" or rest[0] == "+":
        return alternative if is_set and value.text else Value("")
    if not value.known or "$" in rest or "`" in rest:
        return Value(UNKNOWN, value.taints)
    text = _transform(value.text, rest)
    return ANYTHING if text is None else Value(text, value.taints)


def _transform(text: str, rest: str) -> str | None:
    if rest[0] == ":":
        return _substring(text, rest[1:])
    if rest[0] == "/":
        return _replace(text, rest[1:])
    if rest[0] in "#%":
        return _strip(text, rest)
    if rest[0] == "^":
        return text.upper() if rest[:2] == "^^" else text[:1].upper() + text[1:]
    if rest[0] == ",":
        return text.lower() if rest[:2] == ",," else text[:1].lower() + text[1:]
    return None


def _substring(text: str, spec: str) -> str | None:
    start, _, length = spec.replace(" ", "").partition(":")
    try:
        first = int(start.strip("()") or 0)
        first = max(len(text) + first, 0) if first < 0 else first
        if not length:
            return text[first:]
        count = int(length)
        return text[first : first + count] if count >= 0 else text[first:count]
    except ValueError:
        return None


def _replace(text: str, spec: str) -> str | None:
    every = spec.startswith("/")
    pattern, _, replacement = spec.removeprefix("/").partition("/")
    if any(char in pattern for char in "*?[") or not pattern:
        return None
    return text.replace(pattern, replacement, -1 if every else 1)


_MAX_STRIPPED = 2_000  # trying every cut is quadratic


def _strip(text: str, rest: str) -> str | None:
    if len(text) > _MAX_STRIPPED:
        return None
    greedy = rest[:2] in ("##", "%%")
    pattern = rest[2:] if greedy else rest[1:]
    front = rest[0] == "#"
    cuts = range(len(text) + 1) if front != greedy else range(len(text), -1, -1)
    for cut in cuts:
        piece = text[:cut] if front else text[cut:]
        if fnmatchcase(piece, pattern):
            return text[cut:] if front else text[:cut]
    return text
