"""A value of a document, with its place: what every reader makes and every check looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

OPEN = "\ue001"
"""The key of a mapping that may hold more keys than are known (a template's include, a merged unknown)."""

HOLE = "\ue000"
"""Stands for one unknown character of a text: a template's expression keeps its length, so places stay true."""


class Span(NamedTuple):
    """Lines and columns from 1, columns in code points, the end one past the last."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


NOWHERE = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be determined. `text` is what is known of it, with `HOLE`s, or empty; `refs` are what it refers to."""

    text: str = ""
    refs: tuple[str, ...] = ()


UNKNOWN = Unknown()

Value: TypeAlias = "dict[str, Node] | list[Node] | str | int | float | bool | Unknown | None"


class Node(NamedTuple):
    """One value: a mapping of nodes, a list of nodes, a scalar or `Unknown`. `key` is where its name stands, if it has one.

    A named tuple and not a dataclass: documents hold a hundred thousand of them, and these are made three times faster.
    Nodes may be shared (anchors) and even contain themselves: walk with `walk`.
    """

    value: Value
    span: Span = NOWHERE
    key: Span | None = None

    @property
    def known(self) -> bool:
        """Whether the value itself is determined (its children may not be)."""
        return not isinstance(self.value, Unknown)

    def get(self, name: str) -> Node | None:
        """The child under a key; None if this is no mapping or has no such key."""
        return self.value.get(name) if isinstance(self.value, dict) else None

    def at(self, path: str) -> Node | None:
        """The node under dotted keys, or None."""
        node: Node | None = self
        for name in path.split("."):
            node = node.get(name) if node is not None else None
        return node

    def text(self, name: str = "", default: str = "") -> str:
        """The text under a key (or of the node itself), `default` when absent, unknown or not a text. Numbers are written out."""
        node = self.get(name) if name else self
        if node is None or isinstance(node.value, (dict, list, Unknown, bool)) or node.value is None:
            return default
        return str(node.value)

    def items(self) -> Iterator[Node]:
        """The elements of a list; a mapping, scalar or unknown has none."""
        if isinstance(self.value, list):
            yield from self.value

    def fields(self) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping without the marker of openness."""
        if isinstance(self.value, dict):
            for name, node in self.value.items():
                if name != OPEN:
                    yield name, node

    @property
    def is_open(self) -> bool:
        """Whether keys may be there that are not known."""
        return isinstance(self.value, Unknown) or (isinstance(self.value, dict) and OPEN in self.value)

    @property
    def place(self) -> Span:
        """From the key, if there is one, to the end of a scalar; of a mapping or list only the key, or its first line."""
        if self.key is not None and isinstance(self.value, (dict, list)):
            return self.key
        if self.key is not None and self.key[:2] <= self.span[:2]:
            return Span(self.key.start_line, self.key.start_column, self.span.end_line, self.span.end_column)
        return self.span


def absent(span: Span = NOWHERE) -> Node:
    """A null at a place."""
    return Node(None, span)


def fact(value: Value, span: Span) -> Node:
    """A value that a reader worked out, at the place it was worked out from."""
    return Node(value, span)


def facts(span: Span, **values: Value) -> dict[str, Node]:
    """Several values worked out from one place."""
    return {name: Node(value, span) for name, value in values.items()}


def walk(node: Node, limit: int = 200_000) -> Iterator[tuple[str, Node]]:
    """Every node below with its key name (of the list, for elements), each shared value once, at most `limit`."""
    seen: set[int] = set()
    stack: list[tuple[str, Node]] = [("", node)]
    while stack and limit > 0:
        name, current = stack.pop()
        value = current.value
        if isinstance(value, (dict, list)):
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, dict):
                stack.extend(reversed([pair for pair in value.items() if pair[0] != OPEN]))
            else:
                stack.extend((name, child) for child in reversed(value))
        limit -= 1
        yield name, current


def plain(node: Node, depth: int = 12) -> object:
    """The value as ordinary Python data, unknown parts as None, cut off at `depth`."""
    value = node.value
    if isinstance(value, Unknown) or depth == 0:
        return None
    if isinstance(value, dict):
        return {name: plain(child, depth - 1) for name, child in value.items() if name != OPEN}
    if isinstance(value, list):
        return [plain(child, depth - 1) for child in value]
    return value
