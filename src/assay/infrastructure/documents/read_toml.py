"""TOML to nodes: values from the standard library, places from a scan over tables and keys."""

from __future__ import annotations

import re  # linear patterns on single lines
import tomllib

from assay.infrastructure.documents.read_yaml import Documents
from assay.infrastructure.node import Node, Span, Value
from assay.infrastructure.unit import Problem

_TABLE = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_ENTRY = re.compile(
    r"^(\s*)((?:\"[^\"]*\"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:\"[^\"]*\"|'[^']*'|[\w-]+))*)(\s*=\s*)"
)
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")
_LINE = re.compile(r"line (\d+)")


def read_toml(text: str) -> Documents:
    """The one document of a text. Never raises."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        return Documents((), (Problem("syntax", f"not TOML: {error}", int(line[1]) if line else 1),))
    except RecursionError:
        return Documents((), (Problem("too-large", "nested too deeply"),))
    places = _places(text)
    whole = Span(1, 1, text.count("\n") + 1, 1)
    return Documents((_node(values, (), places, whole),))


def _places(text: str) -> dict[tuple[str, ...], tuple[Span, Span]]:
    """Key and value spans by path; the first table of an array of tables stands for all."""
    found: dict[tuple[str, ...], tuple[Span, Span]] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        head = _TABLE.match(line)
        if head is not None:
            table = _path(head[1])
            span = Span(number, 1, number, len(line) + 1)
            found.setdefault(table, (span, span))
            continue
        entry = _ENTRY.match(line)
        if entry is not None:
            start = len(entry[1]) + 1
            value = entry.end() + 1
            key = Span(number, start, number, start + len(entry[2]))
            found.setdefault(
                (*table, *_path(entry[2])),
                (key, Span(number, value, number, max(value, len(line.rstrip()) + 1))),
            )
    return found


def _path(text: str) -> tuple[str, ...]:
    return tuple(match[1] or match[2] or match[3] or "" for match in _PART.finditer(text))


def _node(
    value: object, path: tuple[str, ...], places: dict[tuple[str, ...], tuple[Span, Span]], near: Span
) -> Node:
    key, span = places.get(path, (None, near))
    if isinstance(value, dict):
        made: Value = {
            str(name): _node(child, (*path, str(name)), places, span) for name, child in value.items()
        }
    elif isinstance(value, list):
        made = [_node(child, path, places, span) for child in value]
    else:
        made = value if isinstance(value, (str, int, float, bool)) else str(value)
    return Node(made, span, key)
