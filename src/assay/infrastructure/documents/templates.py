"""Go and Jinja templates around YAML: expressions become holes of the same length, so that places stay true.

A line that is only a directive disappears; a block whose condition is false with the default values goes with it; an include that
writes whole entries makes its mapping open (what it may hold is not known). `${{ }}` of pipelines is no template and stays.
"""

from __future__ import annotations

import re  # linear: a lazy class between fixed ends, on one line each
from dataclasses import dataclass

from assay.infrastructure.node import HOLE, OPEN, Node, Unknown, Value

_EXPRESSION = re.compile(r"(?<!\$)\{\{(?:[^{}\n]|\{(?!\{)|\}(?!\}))*\}\}")
_LONE = re.compile(r"^(\s*)(?:-\s+)?(\{\{.*\}\})\s*$")
_WORD = re.compile(r"\{\{-?\s*(\w+|/\*|\$\w*\s*:?=)?")
_JINJA = re.compile(r"\{%.*?%\}|\{#.*?#\}")
_INDENT = re.compile(r"n?indent\s+(\d+)")
_PATH = re.compile(r"^(?:\$?\.Values)((?:\.[A-Za-z_]\w*)+)$")


@dataclass(frozen=True, slots=True)
class Template:
    """The text as YAML can read it, and the lines as they were (for the expressions in the holes)."""

    text: str
    partial: bool


@dataclass(slots=True)
class _Block:
    """An open `if`, `with` or `range`: whether its lines are kept, and whether a branch was certainly taken."""

    keep: bool
    taken: bool
    certain: bool


def is_template(text: str) -> bool:
    """Whether the text holds template expressions of Go or Jinja."""
    return _EXPRESSION.search(text) is not None or "{%" in text


def holes(text: str, values: Node | None = None) -> Template:
    """The text with every expression replaced: by its default value where `values` gives one, else by a hole of its length."""
    out: list[str] = []
    blocks: list[_Block] = []
    comment = False
    for line in text.split("\n"):
        if comment or ("{{" in line and "/*" in line and "*/" not in line):
            comment = "*/" not in line
            out.append("")
            continue
        if "{%" in line or "{#" in line:
            line = _JINJA.sub(lambda match: " " * len(match[0]), line)
        out.append(_line(line, blocks, values) if "{{" in line or blocks else line)
    return Template("\n".join(out), HOLE in "".join(out))


def _line(line: str, blocks: list[_Block], values: Node | None) -> str:
    lone = _LONE.match(line)
    if lone is not None and _is_control(lone[2]):
        for expression in _EXPRESSION.findall(lone[2]):
            _control(expression, blocks, values)
        return ""
    if not all(block.keep for block in blocks):
        return ""
    if lone is not None:
        if line.lstrip().startswith("- "):
            return _filled(line, values)
        given = _INDENT.search(lone[2])
        return " " * (int(given[1]) if given and len(given[1]) < 4 else len(lone[1])) + f"{OPEN}: {HOLE}"
    return _filled(line, values)


def _is_control(expressions: str) -> bool:
    word = _WORD.match(expressions)
    return (
        word is not None
        and (word[1] or "")
        in ("if", "else", "end", "with", "range", "define", "block", "template", "/*", "break", "continue")
    ) or (word is not None and (word[1] or "").startswith("$") and "=" in (word[1] or ""))


def _control(expression: str, blocks: list[_Block], values: Node | None) -> None:
    body = expression.strip("{}").strip("- ").strip()
    word, _, rest = body.partition(" ")
    if word in ("if", "with"):
        truth = _truth(rest.strip(), values)
        blocks.append(_Block(truth is not False, truth is True, truth is not None))
    elif word in ("range", "define", "block"):
        blocks.append(_Block(word != "define", False, False))
    elif word == "else" and blocks:
        block = blocks[-1]
        condition = rest.strip().removeprefix("if ").strip() if rest.strip().startswith("if") else ""
        truth = _truth(condition, values) if condition else True
        block.keep = not block.taken and truth is not False
        block.taken |= truth is True and block.certain
    elif word == "end" and blocks:
        blocks.pop()


def _truth(condition: str, values: Node | None) -> bool | None:
    """Whether a condition holds with the default values; None if that cannot be said."""
    condition = condition.strip()
    if condition.startswith("not "):
        inner = _truth(condition[4:].strip("() "), values)
        return None if inner is None else not inner
    word, _, rest = condition.partition(" ")
    if word in ("and", "or") and "(" not in rest:
        truths = [_truth(part, values) for part in rest.split()]
        decisive = word == "or"
        return decisive if decisive in truths else None if None in truths else not decisive
    match = _PATH.match(condition)
    if match is None or values is None:
        return None
    node = values.at(match[1][1:])
    if node is None:
        return False
    return None if isinstance(node.value, Unknown) else bool(node.value)


def _filled(line: str, values: Node | None) -> str:
    def fill(match: re.Match[str]) -> str:
        value = _value(match[0], values)
        if value is None:
            return HOLE * len(match[0])
        return value

    filled = _EXPRESSION.sub(fill, line)
    name, colon, rest = filled.partition(":")
    if (
        HOLE in rest
        and rest.strip().startswith(("'", '"')) is False
        and rest.count(":")
        and rest.strip().strip(HOLE + ":")
    ):
        return f"{name}{colon} {HOLE * max(1, len(rest) - 1)}" if rest.startswith(" ") else filled
    return filled


def _value(expression: str, values: Node | None) -> str | None:
    """The default value of `{{ .Values.a.b }}`, as YAML writes it."""
    body = expression.strip("{}").strip("- ").strip()
    path, _, pipe = body.partition("|")
    match = _PATH.match(path.strip())
    if match is None or values is None or pipe.strip() not in ("", "quote", "squote"):
        return None
    node = values.at(match[1][1:])
    value: Value = node.value if node is not None else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f'"{value}"' if pipe.strip() else str(value)
    if not isinstance(value, str) or not value or not re.fullmatch(r"[\w./@+-]+", value):
        return None
    return f'"{value}"' if pipe.strip() else value
