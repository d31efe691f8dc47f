"""YAML to nodes with places: libyaml's events, read without recursion, one broken document not hiding the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from assay.infrastructure.documents.text import MAX_DEPTH, MAX_NODES
from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Span, Unknown, Value
from assay.infrastructure.unit import Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "yes": True, "Yes": True, "YES": True, "on": True, "On": True, "ON": True,
    "false": False, "False": False, "FALSE": False, "no": False, "No": False, "NO": False, "off": False, "Off": False,
    "OFF": False,
}  # fmt: skip
_NUMERIC = frozenset("0123456789+-.")


@dataclass(frozen=True, slots=True)
class Documents:
    """The roots that could be read, and the problems of the rest."""

    roots: tuple[Node, ...]
    problems: tuple[Problem, ...] = ()


class _TooMuchError(Exception):
    """A limit was reached: more nodes or more depth than any real document has."""


@dataclass(slots=True)
class _Open:
    """A collection under construction. `name` and `name_span` hold a mapping's pending key."""

    value: dict[str, Node] | list[Node]
    start: Any
    anchor: str | None
    tag: str | None
    name: str | None = None
    name_span: Span | None = None
    merges: list[Node] = field(default_factory=list)


def read_yaml(text: str) -> Documents:
    """Every document of a text. Never raises: what cannot be read is a problem with its line."""
    try:
        return Documents(tuple(_roots(text, 0)))
    except _TooMuchError as error:
        return Documents((), (Problem("too-large", str(error)),))
    except (yaml.YAMLError, ValueError) as error:
        return _each_alone(text, error)


def _each_alone(text: str, error: Exception) -> Documents:
    """The documents of a text of which one is broken, cut at the `---` lines."""
    parts = _cut(text)
    if len(parts) < 2:
        return Documents((), (_problem(error, 0),))
    roots: list[Node] = []
    problems: list[Problem] = []
    for first_line, part in parts:
        try:
            roots.extend(_roots(part, first_line))
        except _TooMuchError as too_much:
            problems.append(Problem("too-large", str(too_much), first_line + 1))
        except (yaml.YAMLError, ValueError) as broken:
            problems.append(_problem(broken, first_line))
    return Documents(tuple(roots), tuple(problems))


def _cut(text: str) -> list[tuple[int, str]]:
    parts: list[tuple[int, str]] = []
    current: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n")):
        if line.startswith("---") and current:
            parts.append((first, "\n".join(current)))
            current, first = [], number
        current.append(line)
    parts.append((first, "\n".join(current)))
    return parts


def _problem(error: Exception, first_line: int) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = first_line + (mark.line + 1 if mark is not None else 1)
    what = getattr(error, "problem", None) or str(error).split("\n")[0]
    return Problem("syntax", f"not YAML: {what}", line)


def _roots(text: str, first_line: int) -> Iterator[Node]:
    builder = _Builder(first_line + 1)
    for event in yaml.parse(text, Loader=_LOADER):
        root = builder.take(event)
        if root is not None:
            yield root


class _Builder:
    """Events in, roots out. Holds the stack of open collections, so depth costs no recursion."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node] = {}
        self.count = 0

    def take(self, event: Any) -> Node | None:
        """The document's root when this event completes it."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._add(_scalar(event), event.anchor, self._span(event))
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
            return None
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            return self._close(event)
        if kind is yaml.AliasEvent:
            target = self.anchors.get(event.anchor, Node(UNKNOWN))
            return self._add(target.value, None, self._span(event))
        if kind is yaml.DocumentStartEvent:
            self.anchors = {}
        return None

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(start.line + self.line, start.column + 1, end.line + self.line, end.column + 1)

    def _open(self, event: Any, value: dict[str, Node] | list[Node]) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _TooMuchError(f"nested deeper than {MAX_DEPTH}")
        if event.anchor:
            self.anchors[event.anchor] = Node(value, self._span(event))
        self.stack.append(_Open(value, event.start_mark, event.anchor, event.tag))

    def _close(self, event: Any) -> Node | None:
        done = self.stack.pop()
        if isinstance(done.value, dict):
            self._merge(done.value, done.merges)
        start, end = done.start, event.end_mark
        span = Span(start.line + self.line, start.column + 1, end.line + self.line, end.column + 1)
        value: Value = done.value
        if isinstance(value, dict) and len(value) == 1 and OPEN in value:
            value = UNKNOWN
        if done.tag and done.tag.startswith("!") and done.tag != "!":
            value = {"Fn" + done.tag: Node(value, span)}
        return self._add(value, None, span)

    def _merge(self, value: dict[str, Node], merges: list[Node]) -> None:
        for merged in merges:
            if isinstance(merged.value, dict):
                self.count += len(merged.value)
                for name, node in list(merged.value.items()):
                    value.setdefault(name, node)
            elif isinstance(merged.value, list):
                self._merge(value, [item for item in merged.value if isinstance(item.value, dict)])
            else:
                value[OPEN] = Node(UNKNOWN)

    def _add(self, value: Value, anchor: str | None, span: Span) -> Node | None:
        self.count += 1
        if self.count > MAX_NODES:
            raise _TooMuchError(f"more than {MAX_NODES} values")
        if anchor:
            self.anchors[anchor] = Node(value, span)
        if not self.stack:
            return Node(value, span)
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(Node(value, span))
        elif top.name_span is None:
            top.name, top.name_span = _key(value), span
        else:
            self._entry(top, top.value, Node(value, span, top.name_span))
            top.name_span = None
        return None

    def _entry(self, top: _Open, value: dict[str, Node], node: Node) -> None:
        name = top.name or ""
        if name == "<<":
            top.merges.append(node)
        elif HOLE in name:
            value[OPEN] = Node(UNKNOWN)
        elif name in value and OPEN in value:  # both branches of a template's condition
            value[name] = Node(UNKNOWN, node.span, node.key)
        else:
            value[name] = node


def _key(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return HOLE if isinstance(value, (dict, list, Unknown)) else str(value)


def _scalar(event: Any) -> Value:
    text: str = event.value
    tag = event.tag
    if HOLE in text:
        return Unknown(text)
    if tag and tag.startswith("!") and tag != "!":
        return {"Fn" + tag: Node(text)}
    if not event.implicit[0] or event.style in ("'", '"', "|", ">"):
        return text
    if len(text) <= 5 and text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC and len(text) < 40 else text


def _number(text: str) -> str | int | float:
    try:
        if text.startswith("0o"):
            return int(text, 8)
        if text.startswith("0x"):
            return int(text, 16)
        if len(text) > 1 and text[0] == "0" and text.isdigit():
            return int(text, 8) if set(text) <= set("01234567") else text
        return int(text)
    except ValueError:
        pass
    try:
        return float(text) if any(char.isdigit() for char in text) and "_" not in text else text
    except ValueError:
        return text
