"""Credentials that are told by their place and not by a name: the second text of a login's call, the option of a program, the default of a setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.secrets.detector import compiled, group_numbers
from assay.secrets.triggers import (
    CALL_HEAD,
    CHPASSWD,
    COMMAND_HEADS,
    LOGINS,
    OPTION_DEFAULT_HEAD,
    PLACEHOLDER_DEFAULT_HEAD,
)

_TEXT = r"(?:\"(?P<dq>[^\"\n]{4,100})\"|'(?P<sq>[^'\n]{4,100})')"
_CALL = CALL_HEAD + _TEXT + r"(?:\.toCharArray\(\)|\.encode\(\))?[ \t]{0,4}[,)\]]"
_OPTION_DEFAULT = OPTION_DEFAULT_HEAD + _TEXT
_PLACEHOLDER_DEFAULT = PLACEHOLDER_DEFAULT_HEAD + r"(?P<un>[^\s{}\"'$<>]{4,100})\}"
_COMMANDS = tuple(
    head + r"(?:\"(?P<dq>[^\"\n$`]{4,100})\"|'(?P<sq>[^'\n]{4,100})'|(?P<un>[^\s\"'$<>`|;&()]{4,100}))"
    for head in COMMAND_HEADS
)
_ANY = "|".join(f"(?:{expression})" for expression in LOGINS)
_GROUPS = ("dq", "sq", "un")


@dataclass(frozen=True, slots=True)
class Login:
    """A password's byte offsets, how it is carried, and the name it has there, if any."""

    start: int
    end: int
    how: str
    name: str = ""


def logins(content: bytes, start: int, end: int) -> Iterator[Login]:
    """The passwords on one line that stand where only a password stands."""
    if compiled(_ANY).search(content, start, end) is None:
        return
    yield from _found(_CALL, content, start, end, "given to a login in the code")
    yield from _found(_OPTION_DEFAULT, content, start, end, "the default of an option")
    yield from _found(_PLACEHOLDER_DEFAULT, content, start, end, "the default of a setting")
    for expression in (*_COMMANDS, CHPASSWD):
        yield from _found(expression, content, start, end, "given to a program on the command line")


def _found(expression: str, content: bytes, start: int, end: int, how: str) -> Iterator[Login]:
    numbers = group_numbers(expression)
    for match in compiled(expression).finditer(content, start, end):
        for group in _GROUPS:
            low, high = match.span(numbers[group]) if group in numbers else (-1, -1)
            if low >= 0:
                name = match.group(numbers["name"]).decode() if "name" in numbers else ""
                yield Login(low, high, how, name)
                break
