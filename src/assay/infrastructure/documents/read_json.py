"""JSON to nodes with places, comments and trailing commas allowed (JSONC, as editors' settings use)."""

from __future__ import annotations

import re  # trivially linear patterns, one alternative for each first character
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # the standard library's own string reader

from assay.infrastructure.documents.read_yaml import Documents
from assay.infrastructure.documents.text import MAX_DEPTH, MAX_NODES
from assay.infrastructure.node import Node, Span, Value
from assay.infrastructure.unit import Problem

_SKIP = re.compile(r"(?:[ \t\n\r,]+|//[^\n]*)*")
_LITERAL = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _BrokenError(Exception):
    """Where and why a text is no JSON."""

    def __init__(self, reason: str, detail: str, offset: int) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.offset = reason, detail, offset


def read_json(text: str) -> Documents:
    """The one document of a text. Never raises: what cannot be read is a problem with its line."""
    lines = [0]
    lines.extend(match.end() for match in re.finditer("\n", text))
    try:
        return Documents((_Reader(text, lines).read(),))
    except _BrokenError as error:
        line = bisect_right(lines, error.offset)
        return Documents((), (Problem(error.reason, error.detail, line),))


class _Reader:
    """A cursor over the text with a stack of open collections."""

    def __init__(self, text: str, lines: list[int]) -> None:
        self.text, self.lines, self.at, self.count = text, lines, 0, 0
        self.stack: list[tuple[dict[str, Node] | list[Node], int, Span | None]] = []

    def read(self) -> Node:
        """The root.

        Raises:
            _BrokenError: the text is no JSON, or passes a limit.
        """
        key: tuple[str, Span] | None = None
        while True:
            self._skip()
            char = self.text[self.at : self.at + 1]
            if not char:
                raise _BrokenError("syntax", "not JSON: the text ends too early", self.at)
            if self.stack and isinstance(self.stack[-1][0], dict) and key is None and char != "}":
                key = self._name()
                continue
            done = self._step(char, key[1] if key else None)
            if done is None:
                if char in "{[":
                    self.names.append(key[0] if key else "")
                key = None
                continue
            name = self.names.pop() if char in "}]" else (key[0] if key else "")
            key = None
            if not self.stack:
                return done
            self._put(name, done)

    names: list[str]

    def _step(self, char: str, key: Span | None) -> Node | None:
        """A finished value, or None when a collection was opened."""
        self.count += 1
        if self.count > MAX_NODES:
            raise _BrokenError("too-large", f"more than {MAX_NODES} values", self.at)
        start = self.at
        if char in "{[":
            if len(self.stack) >= MAX_DEPTH:
                raise _BrokenError("too-large", f"nested deeper than {MAX_DEPTH}", self.at)
            if not self.stack:
                self.names = []
            self.stack.append(({} if char == "{" else [], start, key))
            self.at += 1
            return None
        if char in "}]":
            return self._close(char)
        value = self._string() if char == '"' else self._literal()
        return Node(value, self._span(start), key)

    def _close(self, char: str) -> Node:
        if not self.stack or isinstance(self.stack[-1][0], dict) != (char == "}"):
            raise _BrokenError("syntax", f"not JSON: unexpected {char}", self.at)
        value, start, key = self.stack.pop()
        self.at += 1
        return Node(value, self._span(start), key)

    def _put(self, name: str, node: Node) -> None:
        top = self.stack[-1][0]
        if isinstance(top, dict):
            top[name] = node
        else:
            top.append(node)

    def _name(self) -> tuple[str, Span]:
        start = self.at
        if self.text[start] != '"':
            raise _BrokenError("syntax", "not JSON: a name in double quotes is expected", start)
        name = self._string()
        span = self._span(start)
        self._skip()
        if self.text[self.at : self.at + 1] != ":":
            raise _BrokenError("syntax", "not JSON: a colon is expected", self.at)
        self.at += 1
        return name, span

    def _string(self) -> str:
        try:
            value, self.at = scanstring(self.text, self.at + 1, False)
        except ValueError as error:
            raise _BrokenError("syntax", "not JSON: a text without its end", self.at) from error
        return str(value)

    def _literal(self) -> Value:
        match = _LITERAL.match(self.text, self.at)
        if match is None or len(match[0]) > 400:
            raise _BrokenError("syntax", "not JSON: a value is expected", self.at)
        self.at = match.end()
        word = match[0]
        if word in _WORDS:
            return _WORDS[word]
        try:
            return int(word) if word.lstrip("-").isdigit() else float(word)
        except ValueError as error:
            raise _BrokenError("syntax", f"not JSON: {word[:20]} is no number", match.start()) from error

    def _skip(self) -> None:
        while True:
            match = _SKIP.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if not self.text.startswith("/*", self.at):
                return
            end = self.text.find("*/", self.at)
            if end < 0:
                raise _BrokenError("syntax", "not JSON: a comment without its end", self.at)
            self.at = end + 2

    def _span(self, start: int) -> Span:
        first, last = bisect_right(self.lines, start), bisect_right(self.lines, self.at)
        return Span(first, start - self.lines[first - 1] + 1, last, self.at - self.lines[last - 1] + 1)
