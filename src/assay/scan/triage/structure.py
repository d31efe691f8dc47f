"""The definitions and sections around a line, by indentation alone: good for any language, exact for none, and stable when code moves."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_LEVELS = 6
_MAX_LINES_UP = 5000
_MAX_LINE = 500
_TAB = 8

# Lines that hold code together but name nothing: a flaw wrapped into another `if` is the same flaw.
_CONTROL = frozenset(
    [
        "if",
        "elif",
        "else",
        "elsif",
        "for",
        "foreach",
        "while",
        "do",
        "try",
        "except",
        "catch",
        "finally",
        "with",
        "switch",
        "case",
        "default",
        "match",
        "when",
        "unless",
        "until",
        "begin",
        "rescue",
        "ensure",
        "loop",
        "select",
        "using",
        "lock",
        "synchronized",
        "return",
        "yield",
        "await",
        "then",
        "in",
        "repeat",
        "guard",
        "defer",
        "go",
    ]
)
_CLOSING = frozenset(")}]")
_OPENERS = ("{", ":", "(", "[", "=>", "->", ",", "=", " then", " do", "|", ">-")
# Trivially linear: one class, one bracket pair on a line of bounded length.
_GROUP = re.compile(r"\([^()]*\)")
_SECTION = re.compile(r"\[{1,2}[^\[\]]+\]{1,2}$")
_WORD = re.compile(r"[A-Za-z_]+")
_SECTION_STARTS = ("[", "FROM ")
_DEFINITION = frozenset(
    [
        "def",
        "class",
        "func",
        "function",
        "fn",
        "sub",
        "procedure",
        "method",
        "module",
        "namespace",
        "package",
        "interface",
        "struct",
        "enum",
        "trait",
        "impl",
        "type",
        "resource",
        "data",
        "FROM",
        "rule",
        "job",
        "stage",
        "service",
        "target",
        "section",
        "contract",
        "library",
        "component",
    ]
)


def enclosing(lines: Sequence[str], line: int) -> tuple[str, ...]:
    """Headers of what surrounds a line (from 1), outermost first, without parameters and white space differences.

    A header is a line further out that opens a block and is no control flow, or a section mark (`[name]`, `FROM image`) above.
    """
    if not 1 <= line <= len(lines):
        return ()
    limit = _indent(lines[line - 1])
    found: list[str] = []
    for text in reversed(lines[max(0, line - 1 - _MAX_LINES_UP) : line - 1]):
        if limit == 0:
            if found:
                break
            if text.startswith(_SECTION_STARTS) and _is_section(text.strip()[:_MAX_LINE]):
                found.append(_header(text.strip()[:_MAX_LINE]))
            continue
        stripped = text.strip()[:_MAX_LINE]
        if not stripped or stripped[0] in _CLOSING or stripped == "{":
            continue
        indent = _indent(text)
        if indent < limit:
            limit = indent
            if _names_something(stripped) and len(found) < _MAX_LEVELS:
                found.append(_header(stripped))
    return tuple(reversed(found))


def _indent(text: str) -> int:
    expanded = text.expandtabs(_TAB) if "\t" in text else text
    return len(expanded) - len(expanded.lstrip())


def _names_something(stripped: str) -> bool:
    words = _WORD.findall(stripped[:80])
    if words and words[0] in _CONTROL:
        return False
    return stripped.endswith(_OPENERS) or bool(_DEFINITION.intersection(words))


def _is_section(stripped: str) -> bool:
    return bool(_SECTION.match(stripped)) or stripped.startswith("FROM ")


def _header(stripped: str) -> str:
    """`def f(a, b) -> int:` and `def f(a):` are the same place; so is `func (s *T) Get(x int) {` with other parameters."""
    text = stripped
    for _ in range(4):
        shorter = _GROUP.sub("", text)
        if shorter == text:
            break
        text = shorter
    text = text.split("(")[0].split("->")[0]
    return " ".join(text.rstrip(" {:=>[").split())
