"""What a regular expression can match: the characters of its language, and which kinds of danger text of these characters cannot carry.

Only the pattern's text is read, once, from left to right; nothing is compiled or matched. What is not understood counts as any character.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import Final

from assay.code.kinds import ALL, mask_of

ANYTHING: Final = frozenset(map(chr, range(128)))
_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
_DIGIT: Final = frozenset(string.digits)
_SPACE: Final = frozenset(" \t\n\r\f\v")
_CLASSES: Final = {
    "d": _DIGIT, "w": _WORD, "s": _SPACE, "D": ANYTHING - _DIGIT, "W": ANYTHING - _WORD, "S": ANYTHING - _SPACE,
}  # fmt: skip
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0", "a": "\a"}
_NOTHING: Final = frozenset[str]()
_COUNT: Final = re.compile(r"\{\d*,?\d*\}")
# Text of these alone is harmless everywhere.
_PLAIN: Final = _WORD | {"-"}
# Without any of these characters, text cannot do harm of the kind.
_NEEDED: Final = {
    "sql": "'\"`;\\()/*=<>#|&!^~", "command": ";&|`$<>(){}'\"\\\n\r*?~!#", "path": "/\\", "archive": "/\\", "upload": "/\\.",
    "url": ":/\\@.", "redirect": ":/\\@.", "html": "<>\"'&", "xml": "<>\"'&", "template": "{}%$<>#", "xpath": "'\"[]()/*=|<>:@",
    "ldap": "*()\\&|=!<>~\0", "header": "\r\n", "log": "\r\n", "mail": "\r\n", "cookie": "\r\n;", "format": "{}%", "nosql": "{}$'\"",
    "expression": "{}$#()'\"", "jndi": ":/", "regex": "*+?{([|\\.",
}  # fmt: skip


class _Reader:
    """One pass over a pattern."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.position = 0

    def all(self) -> frozenset[str]:
        """Every character that a match may hold."""
        found: set[str] = set()
        while self.position < len(self.text):
            found |= self.one()
        return frozenset(found)

    def one(self) -> frozenset[str]:
        """The next piece."""
        char = self.text[self.position]
        self.position += 1
        if char == "\\":
            return self.escape()
        if char == "[":
            return self.bracket()
        if char == ".":
            return ANYTHING - {"\n"}
        if char == "(":
            self.group()
            return _NOTHING
        if char == "{":
            count = _COUNT.match(self.text, self.position - 1)
            if count is not None:
                self.position = count.end()
                return _NOTHING
        return _NOTHING if char in ")|^$*+?" else frozenset((char,))

    def escape(self) -> frozenset[str]:
        """What stands after a backslash."""
        char = self.text[self.position : self.position + 1]
        self.position += 1
        if char in ("b", "B", "A", "Z", "z", "") or (char.isdigit() and char != "0"):
            return _NOTHING
        if char in ("x", "u"):
            digits = self.text[self.position : self.position + (2 if char == "x" else 4)]
            self.position += len(digits)
            return (
                frozenset(chr(int(digits, 16)))
                if digits and set(digits) <= set(string.hexdigits)
                else ANYTHING
            )
        if char in ("p", "P", "k"):
            return ANYTHING
        return _CLASSES.get(char) or frozenset((_CONTROLS.get(char, char),))

    def bracket(self) -> frozenset[str]:
        """A class of characters, its opening bracket already read."""
        negated = self.text.startswith("^", self.position)
        self.position += negated
        found: set[str] = set()
        start = self.position
        while self.position < len(self.text) and (self.text[self.position] != "]" or self.position == start):
            low = self._member()
            following = self.text[self.position + 1 : self.position + 2]
            if self.text.startswith("-", self.position) and following not in ("]", "") and len(low) == 1:
                self.position += 1
                high = self._member()
                found |= set(map(chr, range(min(map(ord, low)), min(128, max(map(ord, high)) + 1))))
            found |= low
        self.position += 1
        return ANYTHING - found if negated else frozenset(found)

    def _member(self) -> frozenset[str]:
        char = self.text[self.position]
        self.position += 1
        return self.escape() if char == "\\" else frozenset((char,))

    def group(self) -> None:
        """What stands after an opening parenthesis; what is only looked at is passed over."""
        if not self.text.startswith("?", self.position):
            return
        rest = self.text[self.position + 1 :]
        if rest.startswith(("=", "!", "<=", "<!")):
            self._skip()
        elif rest.startswith(("P<", "<")):
            self.position = self._after(">")
        else:  # `?:`, or flags
            ends = [at for at in (self._after(":"), self._after(")")) if at > 0]
            self.position = min(ends, default=len(self.text))

    def _after(self, text: str) -> int:
        return self.text.find(text, self.position) + 1

    def _skip(self) -> None:
        depth = 1
        while self.position < len(self.text) and depth:
            char = self.text[self.position]
            self.position += 2 if char == "\\" else 1
            depth += (char == "(") - (char == ")")


@lru_cache(maxsize=2048)
def characters(pattern: str) -> frozenset[str]:
    """Every ASCII character that a match of the pattern may hold."""
    return _Reader(pattern).all() if len(pattern) <= 2000 else ANYTHING


@lru_cache(maxsize=2048)
def harmless(letters: frozenset[str]) -> int:
    """The kinds of danger that text of these characters cannot carry, as a mask."""
    if letters <= _PLAIN:
        return ALL
    return mask_of([kind for kind, needed in _NEEDED.items() if letters.isdisjoint(needed)])


def removes(pattern: str) -> int:
    """The kinds of danger that taking out every match of a pattern takes away: of `[^a-z]`, what `[a-z]` cannot carry."""
    single = pattern.rstrip("+*")
    reader = _Reader(single)
    if not single.startswith(("[", "\\")):
        return 0
    taken = reader.one()
    if reader.position != len(single):
        return 0
    return harmless(ANYTHING - taken)


def is_whole(pattern: str, starts: bool) -> bool:
    """Whether a match covers all of the text; `starts`: it begins at the start anyway."""
    branches = _branches(pattern)
    first = all(starts or branch.startswith(("^", "\\A")) for branch in branches)
    return first and all(
        branch.endswith(("\\Z", "\\z")) or (branch.endswith("$") and not branch.endswith("\\$"))
        for branch in branches
    )


def _branches(pattern: str) -> list[str]:
    """The alternatives at the top of a pattern."""
    found: list[str] = []
    depth = start = position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 1
        elif char == "[":
            end = pattern.find("]", position + 2)
            position = end if end > 0 else len(pattern)
        elif char == "|" and not depth:
            found.append(pattern[start:position])
            start = position + 1
        depth += (char == "(") - (char == ")")
        position += 1
    return [*found, pattern[start:]]


def proof(pattern: str, mode: str, flags: str = "") -> int:
    """The kinds of danger that text cannot carry if it matches; `mode`: match (at the start), fullmatch or search."""
    if "m" in flags.lower():
        return 0
    if mode != "fullmatch" and not is_whole(pattern, mode == "match"):
        return 0
    return harmless(characters(pattern))
