"""Constant folding: operators over sets of constants, bounded in size and in work."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from assay.code.ir import UNDEFINED
from assay.code.values import MAX_CONSTANTS

_MAX_TEXT = 4096
_MAX_NUMBER = 1 << 128
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "/": operator.truediv, "//": operator.floordiv, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def fold(symbol: str, left: tuple[Any, ...], right: tuple[Any, ...], language: str) -> tuple[Any, ...] | None:
    """The constants that `left symbol right` may be, or None."""
    if len(left) * len(right) > MAX_CONSTANTS:
        return None
    found: list[Any] = []
    for a in left:
        for b in right:
            if a is ... or b is ...:
                return None
            try:
                one = _one(symbol, a, b, language)
            except _ERRORS:
                return None
            if one is None or not _small(one):
                return None
            if not any(one is old or (type(one) is type(old) and one == old) for old in found):
                found.append(one)
    return tuple(found)


def _one(symbol: str, a: Any, b: Any, language: str) -> Any:
    if symbol == "*":
        return _multiply(a, b)
    if symbol == "%":
        return None if isinstance(a, str | bytes) else (_remainder(a, b, language))
    if symbol == "/" and language in ("java", "go") and isinstance(a, int) and isinstance(b, int):
        return int(a / b) if abs(a) < 1 << 52 else None
    if (
        symbol == "+"
        and isinstance(a, str) != isinstance(b, str)
        and language in ("javascript", "typescript", "java")
    ):
        return _text(a) + _text(b)
    if symbol in ("<<", ">>"):
        return (a << b if symbol == "<<" else a >> b) if isinstance(b, int) and 0 <= b < 64 else None
    if symbol == "in":
        return a in b if isinstance(b, str | bytes | tuple) else None
    if symbol == "not in":
        return a not in b if isinstance(b, str | bytes | tuple) else None
    if symbol in ("is", "is not"):
        same = a is b or (type(a) is type(b) and a == b)
        return same if symbol == "is" else not same
    function = _BINARY.get(symbol)
    return function(a, b) if function else None


def _multiply(a: Any, b: Any) -> Any:
    for text, times in ((a, b), (b, a)):
        if isinstance(text, str | bytes | tuple):
            return text * times if isinstance(times, int) and len(text) * max(times, 0) <= _MAX_TEXT else None
    return a * b


def _remainder(a: Any, b: Any, language: str) -> Any:
    if language == "python" or not (isinstance(a, int) and isinstance(b, int)):
        return a % b
    return abs(a) % abs(b) * (1 if a >= 0 else -1)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _small(value: Any) -> bool:
    if isinstance(value, str | bytes | tuple):
        return len(value) <= _MAX_TEXT
    return not isinstance(value, int) or abs(value) < _MAX_NUMBER


def fold_unary(symbol: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The constants that a unary operator gives, or None."""
    if ... in values:
        return None
    try:
        if symbol == "not":
            return tuple(dict.fromkeys(not value for value in values))
        if symbol == "-":
            return tuple(-value for value in values)
        if symbol == "+":
            return tuple(+value for value in values)
        if symbol == "~":
            return tuple(~value for value in values)
        return tuple(repr(value) for value in values) if symbol == "repr" else None
    except _ERRORS:
        return None


_PURE = frozenset(
    ("lower", "upper", "strip", "lstrip", "rstrip", "replace", "split", "startswith", "endswith", "title", "join", "encode", "decode",
     "trim", "toLowerCase", "toUpperCase", "startsWith", "endsWith", "substring", "charAt", "indexOf", "isEmpty", "equals", "length",
     "contains", "concat", "toString", "equalsIgnoreCase", "count", "find", "isdigit", "isalpha", "removeprefix", "removesuffix", "format", "getBytes", "toCharArray", "intern"),
)  # fmt: skip


def fold_method(name: str, value: Any, args: list[Any]) -> Any:
    """A pure method of a text constant with constant arguments, or None."""
    if not isinstance(value, str) or name not in _PURE or any(arg is ... for arg in args):
        return None
    try:
        result = _JAVA[name](value, *args) if name in _JAVA else getattr(value, name)(*args)
    except _ERRORS:
        return None
    return (
        tuple(result) if isinstance(result, list) and len(result) < 64 else result if _small(result) else None
    )


_JAVA: dict[str, Callable[..., Any]] = {
    "trim": lambda s: s.strip(), "toLowerCase": lambda s: s.lower(), "toUpperCase": lambda s: s.upper(),
    "startsWith": lambda s, p: s.startswith(p), "endsWith": lambda s, p: s.endswith(p),
    "substring": lambda s, a, b=None: s[a:b], "charAt": lambda s, i: s[i], "indexOf": lambda s, p: s.find(p),
    "isEmpty": lambda s: not s, "equals": lambda s, o: s == o, "equalsIgnoreCase": lambda s, o: s.lower() == o.lower(),
    "contains": lambda s, p: p in s, "concat": lambda s, p: s + p, "toString": lambda s: s, "length": lambda s: len(s),
    "getBytes": lambda s, *_: s, "toCharArray": lambda s: s, "intern": lambda s: s,
    "format": lambda s, *a: None,
}  # fmt: skip
