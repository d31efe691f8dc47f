"""Bicep to nodes with places, as the JSON template it stands for: `parameters` and `resources`.

Literals, objects, arrays, parameters with literal defaults and variables are read; every other expression is unknown.
Grammar: https://github.com/Azure/bicep/blob/main/docs/grammar.md.
"""

from __future__ import annotations

import re  # one linear word pattern
from bisect import bisect_right

from assay.infrastructure.documents.read_yaml import Documents
from assay.infrastructure.documents.text import MAX_DEPTH
from assay.infrastructure.node import HOLE, UNKNOWN, Node, Span, Unknown, Value
from assay.infrastructure.unit import Problem

_TOKEN = re.compile(
    r"'''|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*|[A-Za-z_][\w-]*|-?[0-9]+|\n|[{}\[\]():=,?.!&|<>+*/%@#-]|[ \t\r]+|."
)
_ESCAPE = re.compile(r"\\(.)")


def read_bicep(text: str) -> Documents:
    """The one document of a text. Never raises."""
    reader = _Reader(text)
    try:
        return Documents((reader.document(),), tuple(reader.problems))
    except RecursionError:
        return Documents((), (Problem("too-large", f"nested deeper than {MAX_DEPTH}"),))


class _Reader:
    """A cursor over tokens (text, offset), blanks and comments left out."""

    def __init__(self, text: str) -> None:
        self.lines = [0]
        self.lines.extend(match.end() for match in re.finditer("\n", text))
        self.tokens: list[tuple[str, int]] = []
        self.problems: list[Problem] = []
        self.names: dict[str, Value] = {}
        self.at = 0
        self._tokenise(text)

    def _tokenise(self, text: str) -> None:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                break
            word = match[0]
            end = match.end()
            if word in ("'''", "/*"):
                close = text.find("'''" if word == "'''" else "*/", end)
                end = len(text) if close < 0 else close + len(word)
                word = text[at:end]
            if word.strip(" \t\r") and not word.startswith(("//", "/*")):
                self.tokens.append((word, at))
            at = end

    def _peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, int]:
        word = self.tokens[self.at] if self.at < len(self.tokens) else ("", self.lines[-1])
        self.at += 1
        return word

    def _skip_lines(self) -> None:
        while self._peek() in ("\n", ","):
            self.at += 1

    def _span(self, start: int, end: int) -> Span:
        first, last = bisect_right(self.lines, start), bisect_right(self.lines, end)
        return Span(first, start - self.lines[first - 1] + 1, last, end - self.lines[last - 1] + 1)

    def _end(self) -> int:
        word, offset = self.tokens[min(self.at, len(self.tokens)) - 1]
        return offset + len(word)

    def document(self) -> Node:
        """All declarations."""
        parameters: dict[str, Node] = {}
        resources: list[Node] = []
        secure = False
        while self.at < len(self.tokens):
            word = self._peek()
            if word == "@":
                secure |= self.tokens[self.at + 1][0] == "secure" if self.at + 1 < len(self.tokens) else False
                self._line()
            elif word == "param":
                self._parameter(parameters, secure)
                secure = False
            elif word == "var":
                self._variable()
            elif word == "resource":
                self._resource(resources, 0)
            elif word == "\n":
                self.at += 1
            else:
                self._line()
                secure = False
        return Node(
            {"parameters": Node(parameters), "resources": Node(resources)}, Span(1, 1, len(self.lines), 1)
        )

    def _line(self) -> None:
        """Past the end of the line, over brackets that span lines."""
        depth = 0
        while self.at < len(self.tokens):
            word, _ = self._next()
            depth += word in "{[(" if len(word) == 1 else 0
            depth -= word in "}])" if len(word) == 1 else 0
            if word == "\n" and depth <= 0:
                return

    def _parameter(self, parameters: dict[str, Node], secure: bool) -> None:
        self._next()
        name, start = self._next()
        key = self._span(start, start + len(name))
        kind, _ = self._next()
        node: dict[str, Node] = {"type": Node(f"secure{kind}" if secure else kind, key)}
        while self._peek() not in ("=", "\n", ""):
            self.at += 1
        if self._peek() == "=":
            self.at += 1
            default = self._value(0)
            node["defaultValue"] = default
            self.names[name] = default.value
        else:
            self.names[name] = UNKNOWN
        parameters[name] = Node(node, key, key)

    def _variable(self) -> None:
        self._next()
        name, _ = self._next()
        if self._peek() == "=":
            self.at += 1
            self.names[name] = self._value(0).value

    def _resource(self, resources: list[Node], depth: int) -> None:
        _, start = self._next()
        self._next()
        kind, offset = self._next()
        while self._peek() not in ("{", "\n", ""):
            self.at += 1
        if self._peek() != "{":
            return
        body = self._value(depth)
        place = self._span(offset, offset + len(kind))
        if isinstance(body.value, dict):
            body.value["type"] = Node(kind.strip("'").partition("@")[0], place, self._span(start, start + 8))
            resources.append(body)

    def _value(self, depth: int) -> Node:
        """A literal, object or array, or an unknown expression up to its end."""
        if depth > MAX_DEPTH // 4:
            self._line()
            return Node(UNKNOWN)
        word, start = self._next()
        if word == "{":
            return self._object(start, depth)
        if word == "[":
            return self._array(start, depth)
        value = self._scalar(word)
        end = start + len(word)
        if self._peek() not in ("\n", ",", "}", "]", ")", ""):
            value, end = UNKNOWN, self._expression(end)
        return Node(value, self._span(start, end))

    def _scalar(self, word: str) -> Value:
        if word.startswith("'''"):
            return word[3:-3]
        if word.startswith("'"):
            text = _ESCAPE.sub(r"\1", word[1:-1])
            return Unknown(re.sub(r"\$\{[^{}]*\}", HOLE, text)) if "${" in text else text
        if word in ("true", "false"):
            return word == "true"
        if word == "null":
            return None
        if word.lstrip("-").isdigit():
            return int(word)
        return self.names.get(word, UNKNOWN)

    def _expression(self, end: int) -> int:
        depth = 0
        while self.at < len(self.tokens):
            word = self._peek()
            if depth <= 0 and word in ("\n", ",", "}", "]", ")"):
                return end
            depth += 1 if word in ("{", "[", "(") else -1 if word in ("}", "]", ")") else 0
            _, offset = self._next()
            end = offset + len(word)
        return end

    def _object(self, start: int, depth: int) -> Node:
        value: dict[str, Node] = {}
        nested: list[Node] = []
        while True:
            self._skip_lines()
            name, offset = self._next()
            if name in ("}", ""):
                break
            if name == "resource":
                self.at -= 1
                self._resource(nested, depth + 1)
                continue
            if self._peek() != ":":
                self._line()
                continue
            self.at += 1
            child = self._value(depth + 1)
            value[name.strip("'")] = Node(child.value, child.span, self._span(offset, offset + len(name)))
        if nested:
            value["resources"] = Node(nested)
        return Node(value, self._span(start, self._end()))

    def _array(self, start: int, depth: int) -> Node:
        items: list[Node] = []
        if self._peek() == "for":
            self._expression(start)
            self.at += 1
            return Node(UNKNOWN, self._span(start, self._end()))
        while True:
            self._skip_lines()
            if self._peek() in ("]", ""):
                self.at += 1
                break
            items.append(self._value(depth + 1))
        return Node(items, self._span(start, self._end()))
