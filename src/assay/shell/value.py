"""Values while a script is followed: text of which parts may be unknown, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

UNKNOWN = "\ufffc"
"""Stands for a piece of text that cannot be determined."""

SPLIT = "\x1f"
"""Stands for a place where the shell splits a word after expansion."""

# Quoted characters that would otherwise be active are moved to a private-use area while a word is built.
_ACTIVE = "*?[]{},~ \t\n"
_PROTECT = {ord(char): chr(0xE000 + ord(char)) for char in _ACTIVE}
_REVEAL = {0xE000 + ord(char): char for char in _ACTIVE}


def protect(text: str) -> str:
    """Make every character of a quoted text inactive."""
    return text.translate(_PROTECT)


def reveal(text: str) -> str:
    """The text that a program would see."""
    return text.translate(_REVEAL)


class Value(msgspec.Struct, frozen=True, gc=False):
    """A text, and its taints: `network`, `decoded`, `env`, `text` (written in the script), `file:<path>`, `output:<program>`."""

    text: str = ""
    taints: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        """Whether every piece is determined."""
        return UNKNOWN not in self.text


NOTHING = Value()
ANYTHING = Value(UNKNOWN)


class Word(msgspec.Struct, frozen=True, gc=False):
    """One argument as a program would see it. `glob` means that active pattern characters are left in `text`."""

    text: str
    taints: frozenset[str] = frozenset()
    glob: bool = False

    @property
    def known(self) -> bool:
        """Whether every piece is determined."""
        return UNKNOWN not in self.text


@dataclass(slots=True)
class Command:
    """A simple command after expansion: program (as written), arguments, what comes in by standard input, and where output goes.

    `outputs` are the paths that standard output is redirected to; `inputs` those that are read into it.
    """

    name: Word
    args: list[Word]
    stdin: Value | None = None
    assigned: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    _line: str = field(default="", init=False)

    @property
    def line(self) -> str:
        """The command line in one string, at most 300 characters."""
        if not self._line:
            self._line = " ".join([self.name.text, *[word.text for word in self.args]])[:300]
        return self._line
