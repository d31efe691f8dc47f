"""Deterministic fixes: what a rule's `fix` says, written in the document's own syntax.

| key | meaning |
| --- | --- |
| set | path to scalar: replace the scalar there, or add the missing keys |
| remove | a path: take the entry (and its line) away |
| replace | path to text: put this text in place of the value, as it is |
| insert | text: new lines at the start of the mapping, block or instruction's place |
| after | text: new lines after the unit |
| title, safe | what it does in words; whether it keeps the program's meaning |

`{path}` in texts is filled from the unit. All edits of one fix belong together.
"""

from __future__ import annotations

import json
import re  # linear patterns over the rule's own text
from collections.abc import Mapping
from dataclasses import dataclass

from assay.infrastructure.checks.paths import Scope, compile_path
from assay.infrastructure.node import Node, Span, Unknown
from assay.model.errors import RuleError
from assay.model.fix import Applicability, Edit, Fix
from assay.model.location import Location, Region

_KEYS = frozenset({"set", "remove", "replace", "insert", "after", "title", "safe"})
_HOLE = re.compile(r"\{([A-Za-z@][\w.@\[\]]*)\}")


@dataclass(frozen=True, slots=True)
class FixPlan:
    """A fix as the rule states it; `edits` needs the unit it is applied to."""

    title: str
    safe: bool
    set: tuple[tuple[str, object], ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    insert: str = ""
    after: str = ""

    def fix(self, scope: Scope, lines: list[str]) -> Fix | None:
        """The fix for one hit, or None if the document does not allow it (a template, an anchor, a value that is shared)."""
        edits: list[Edit] = []
        for path, value in self.set:
            edit = _set(scope, path, value, lines)
            if edit is None:
                return None
            edits.append(edit)
        for path in self.remove:
            edits.extend(_removed(scope, path, lines))
        for path, text in self.replace:
            nodes = compile_path(path)(scope)[0]
            edits.extend(_edit(scope, node.span, _filled(text, scope)) for node in nodes[:1])
        if self.insert:
            inserted = _inserted(scope, _filled(self.insert, scope), lines)
            edits.extend([inserted] if inserted else [])
        if self.after:
            edits.append(_after(scope, _filled(self.after, scope), lines))
        if not edits:
            return None
        applicability = Applicability.SAFE if self.safe else Applicability.UNSAFE
        return Fix(self.title, tuple(_joined(edits)), applicability)


def compile_fix(source: object) -> FixPlan:
    """A plan from a rule's `fix`.

    Raises:
        RuleError: the fix does not fit the format.
    """
    if (
        not isinstance(source, Mapping)
        or not set(source) & (_KEYS - {"title", "safe"})
        or set(source) - _KEYS
    ):
        raise RuleError(f"not a fix: {source!r}", f"a fix may have {sorted(_KEYS)}")
    removed = source.get("remove", [])
    return FixPlan(
        title=str(source.get("title", _title(source))),
        safe=bool(source.get("safe", False)),
        set=tuple((str(path), value) for path, value in source.get("set", {}).items()),
        remove=tuple(str(path) for path in (removed if isinstance(removed, list) else [removed])),
        replace=tuple((str(path), str(text)) for path, text in source.get("replace", {}).items()),
        insert=str(source.get("insert", "")),
        after=str(source.get("after", "")),
    )


def _title(source: Mapping[str, object]) -> str:
    settings = source.get("set")
    if isinstance(settings, Mapping):
        return "Set " + ", ".join(f"{path} to {_literal(value)}" for path, value in settings.items())
    if "remove" in source:
        return f"Remove {source['remove']}"
    return "Replace the value" if "replace" in source else "Add what is missing"


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _edit(scope: Scope, span: Span, text: str) -> Edit:
    return Edit(Location(scope.unit.uri, Region(*span)), text)


def _filled(text: str, scope: Scope) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1] == "name":
            return scope.unit.name
        nodes = compile_path(match[1])(scope)[0]
        return nodes[0].text() if nodes else match[0]

    return _HOLE.sub(fill, text)


def _written(value: object, style: str) -> str:
    if isinstance(value, str) and style == "dockerfile":
        return value
    if isinstance(value, str) and style == "bicep":
        return "'" + value.replace("'", "\\'") + "'"
    if isinstance(value, (str, bool, int, float)) or value is None:
        plain = isinstance(value, str) and style == "yaml" and re.fullmatch(r"[A-Za-z/][\w/.:-]*", value)
        if plain and str(value).lower() not in ("yes", "no", "on", "off", "true", "false", "null"):
            return str(value)
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(
        value, ensure_ascii=False
    )  # JSON lists and mappings are YAML's flow style, and HCL's lists


def _set(scope: Scope, path: str, value: object, lines: list[str]) -> Edit | None:
    nodes = compile_path(path)(scope)[0]
    style = scope.unit.style
    if nodes and nodes[0].span.start_line > 0:
        node = nodes[0]
        if isinstance(node.value, dict) and style == "yaml" and "\n" in _text(lines, node.span):
            return None
        text = _written(value, style)
        blank = node.span[:2] == node.span[2:]
        return _edit(scope, node.span, f" {text}" if blank and style == "yaml" else text)
    names = path.split(".")
    for depth in range(len(names) - 1, -1, -1):
        parents = compile_path(".".join(names[:depth]))(scope)[0] if depth else _start(scope, path)
        if parents:
            return _added(scope, parents[0], [name.strip('"') for name in names[depth:]], value, lines)
    return None


def _start(scope: Scope, path: str) -> list[Node]:
    return [scope.node] if not path.startswith("@") else []


def _added(scope: Scope, parent: Node, names: list[str], value: object, lines: list[str]) -> Edit | None:
    style = scope.unit.style
    opening = _text(lines, parent.span)[:1]
    if style == "bicep":
        nested = "\n".join(_bicep(names, value))
        return _in_block(scope, parent, nested, lines)
    if style == "hcl":
        if len(names) > 1:
            body = f"{names[0]} {{\n  " + _hcl(names[1:], value).replace("\n", "\n  ") + "\n}"
        else:
            body = _hcl(names, value)
        return _in_block(scope, parent, body, lines)
    if opening == "{":
        nested = _written(value, "json")
        for name in reversed(names[1:]):
            nested = f"{{{json.dumps(name)}: {nested}}}"
        comma = ", " if isinstance(parent.value, dict) and parent.value else ""
        start = parent.span
        at = Span(start.start_line, start.start_column + 1, start.start_line, start.start_column + 1)
        return _edit(scope, at, f"{json.dumps(names[0])}: {nested}{comma}")
    return _yaml_entry(scope, parent, names, value)


def _yaml_entry(scope: Scope, parent: Node, names: list[str], value: object) -> Edit | None:
    if isinstance(parent.value, Unknown) or (parent.value is not None and not isinstance(parent.value, dict)):
        return None
    if parent.value is None:
        if parent.key is None:
            return None
        column = parent.key.start_column + 2
        text = "\n" + " " * (column - 1) + _yaml_lines(names, value, column)
        return _edit(
            scope,
            Span(*parent.key[2:], *parent.key[2:])._replace(
                start_column=parent.key.end_column + 1, end_column=parent.key.end_column + 1
            ),
            text,
        )
    keys = [
        node.key for node in parent.value.values() if node.key is not None and node.key[:2] >= parent.span[:2]
    ]
    if not keys:
        return None
    first = min(keys)
    at = Span(first.start_line, first.start_column, first.start_line, first.start_column)
    return _edit(
        scope, at, _yaml_lines(names, value, first.start_column) + "\n" + " " * (first.start_column - 1)
    )


def _yaml_lines(names: list[str], value: object, column: int) -> str:
    text = ""
    for depth, name in enumerate(names[:-1]):
        text += f"{name}:\n" + " " * (column - 1 + 2 * (depth + 1))
    return f"{text}{names[-1]}: {_written(value, 'yaml')}"


def _bicep(names: list[str], value: object) -> list[str]:
    if len(names) == 1:
        return [f"{names[0]}: {_written(value, 'bicep')}"]
    return [f"{names[0]}: {{", *(f"  {line}" for line in _bicep(names[1:], value)), "}"]


def _hcl(names: list[str], value: object) -> str:
    if len(names) == 1:
        return f"{names[0]} = {_written(value, 'hcl')}"
    return f"{names[0]} {{\n  " + _hcl(names[1:], value).replace("\n", "\n  ") + "\n}"


def _in_block(scope: Scope, parent: Node, body: str, lines: list[str]) -> Edit | None:
    """New lines after the `{` of a block (the node's span starts there)."""
    line = lines[parent.span.start_line - 1]
    indent = len(line) - len(line.lstrip()) + 2
    pad = " " * indent
    text = "\n" + pad + body.rstrip("\n").replace("\n", "\n" + pad)
    column = parent.span.start_column + 1
    rest = line[column - 1 :].strip()
    if rest:
        text += "\n" + (pad if rest != "}" else pad[2:])
    at = Span(parent.span.start_line, column, parent.span.start_line, column)
    return _edit(scope, at, text)


def _inserted(scope: Scope, text: str, lines: list[str]) -> Edit | None:
    node, style = scope.node, scope.unit.style
    if style == "hcl":
        return _in_block(scope, node, text, lines)
    if style == "dockerfile":
        at = Span(node.span.start_line, 1, node.span.start_line, 1)
        return _edit(scope, at, text.rstrip("\n") + "\n")
    keys = [child.key for child in node.value.values() if child.key] if isinstance(node.value, dict) else []
    if not keys or _text(lines, node.span).startswith("{"):
        return None
    first = min(keys)
    pad = "\n" + " " * (first.start_column - 1)
    at = Span(first.start_line, first.start_column, first.start_line, first.start_column)
    return _edit(scope, at, text.rstrip("\n").replace("\n", pad) + pad)


def _after(scope: Scope, text: str, lines: list[str]) -> Edit:
    line = scope.unit.node.span.end_line
    if scope.unit.node.span.end_column == 1 and line > 1:
        line -= 1  # a block that ends where the next line starts
    column = len(lines[line - 1]) + 1 if line <= len(lines) else 1
    return _edit(scope, Span(line, column, line, column), "\n" + text.rstrip("\n"))


def _removed(scope: Scope, path: str, lines: list[str]) -> list[Edit]:
    edits: list[Edit] = []
    for node in compile_path(path)(scope)[0]:
        span = Span(*(node.key or node.span)[:2], *node.span[2:])
        edits.append(_edit(scope, _whole_lines(span, lines), ""))
    return edits


def _whole_lines(span: Span, lines: list[str]) -> Span:
    """The span, widened to its lines when nothing else stands on them, or to the comma of a flow entry."""
    before = lines[span.start_line - 1][: span.start_column - 1]
    after = lines[span.end_line - 1][span.end_column - 1 :] if span.end_line <= len(lines) else ""
    starts_line = before.strip() in ("", "-") and not before.strip()
    if starts_line and span.end_column == 1 and span.end_line > span.start_line:
        return Span(span.start_line, 1, span.end_line, 1)
    if starts_line and after.strip() in ("", ","):
        return Span(span.start_line, 1, span.end_line + 1, 1)
    if before.strip() == "-" and not after.strip():
        return Span(span.start_line, 1, span.end_line + 1, 1)
    comma = re.match(r"\s*,\s*", after)
    if comma:
        return span._replace(end_column=span.end_column + comma.end())
    leading = re.search(r",\s*$", before)
    return span._replace(start_column=leading.start() + 1) if leading else span


def _text(lines: list[str], span: Span) -> str:
    if span.start_line > len(lines):
        return ""
    if span.start_line == span.end_line:
        return lines[span.start_line - 1][span.start_column - 1 : span.end_column - 1]
    first = lines[span.start_line - 1][span.start_column - 1 :]
    middle = lines[span.start_line : span.end_line - 1]
    last = lines[span.end_line - 1][: span.end_column - 1] if span.end_line <= len(lines) else ""
    return "\n".join([first, *middle, last])


def _joined(edits: list[Edit]) -> list[Edit]:
    """Edits at one point become one, in their order, so that applying them is unambiguous."""
    joined: dict[Region, Edit] = {}
    for edit in edits:
        region = edit.location.region
        before = joined.get(region)
        joined[region] = Edit(edit.location, before.replacement + edit.replacement) if before else edit
    return [joined[region] for region in sorted(joined)]


def apply(text: str, edits: tuple[Edit, ...], uri: str) -> str:
    """The text with the edits of one file applied, last first. Lines past the end count as empty."""
    lines = text.split("\n")
    for edit in sorted(
        (edit for edit in edits if edit.location.uri == uri), key=lambda e: e.location.region, reverse=True
    ):
        region = edit.location.region
        while len(lines) < max(region.start_line, region.end_line):
            lines.append("")
        before = lines[region.start_line - 1][: region.start_column - 1]
        after = lines[region.end_line - 1][region.end_column - 1 :]
        lines[region.start_line - 1 : region.end_line] = (before + edit.replacement + after).split("\n")
    return "\n".join(lines)
