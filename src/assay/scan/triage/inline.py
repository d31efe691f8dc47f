"""Suppression comments in source text: `# assay: ignore[rule-id] reason="..." until=2027-01-31 by=@user`, in any comment syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from assay.model.scan import Notification

# Every pattern runs on one line of at most _MAX_LINE characters and is linear: classes that exclude what follows them.
_MARK = re.compile(r"assay:\s?ignore(?P<form>-file|-start|-end)?(?:\[(?P<rules>[^\]]*)\])?(?P<rest>.*)")
_ATTRIBUTE = re.compile(r"\b(reason|until|by)\s?=\s?(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))")
_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]*(?:/[A-Za-z0-9_.:@-]+)*(?:/\*)?")
# What may stand before the mark on its line: the comment syntaxes of languages that we know by their first characters.
_COMMENT = (
    "#",
    "//",
    "/*",
    "*",
    "--",
    "<!--",
    ";",
    "%",
    "{#",
    "{{!",
    "<%#",
    "(*",
    "REM ",
    "rem ",
)
_MAX_LINE = 2000
_MAX_RULES = 20


class Form(Enum):
    """LINE: this line and the next. BLOCK: from ignore-start to ignore-end. FILE: the whole file."""

    LINE = "line"
    BLOCK = "block"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Mark:
    """One suppression comment. It covers lines `first` to `last` (from 1, both included); `line` is where it is written."""

    uri: str
    line: int
    form: Form
    rules: tuple[str, ...]
    reason: str
    until: date | None
    by: str
    first: int
    last: int

    def covers(self, rule_ids: Sequence[str], line: int) -> bool:
        """Whether it is meant for a finding of one of these rules on this line."""
        return self.first <= line <= self.last and any(
            rule_id == rule or (rule.endswith("/*") and rule_id.startswith(rule[:-1]))
            for rule in self.rules
            for rule_id in rule_ids
        )


def may_hold_marks(content: bytes) -> bool:
    """Cheap question before lines are split."""
    return b"assay:" in content or b"a\0s\0s\0a\0y\0:\0" in content


def parse_marks(uri: str, lines: Sequence[str]) -> tuple[tuple[Mark, ...], tuple[Notification, ...]]:
    """The suppression comments of one file, and what is wrong with those that do not count."""
    marks: list[Mark] = []
    notes: list[Notification] = []
    open_blocks: list[Mark] = []
    for number, form, rules, rest in _candidates(lines):
        if form == "-end":
            closed = _close(open_blocks, rules, number)
            marks += [closed] if closed else []
            notes += [] if closed else [_note(uri, number, "ends a block that was not begun")]
            continue
        mark = _mark(uri, number, form, rules, rest, lines)
        if isinstance(mark, str):
            notes.append(_note(uri, number, mark))
        elif mark.form is Form.BLOCK:
            open_blocks.append(mark)
        else:
            marks.append(mark)
    notes += [_note(uri, mark.line, "begins a block that is never ended") for mark in open_blocks]
    return tuple(sorted(marks, key=lambda mark: mark.line)), tuple(notes)


def _candidates(lines: Sequence[str]) -> Iterator[tuple[int, str, str | None, str]]:
    for number, text in enumerate(lines, start=1):
        if "assay:" not in text:
            continue
        found = _MARK.search(text[:_MAX_LINE])
        if found and _in_comment(text[: found.start()]):
            yield number, found["form"] or "", found["rules"], found["rest"]


def _in_comment(before: str) -> bool:
    """Whether nothing but a comment's beginning stands right before the mark, or a comment began earlier on the line."""
    stripped = before.rstrip()
    return any(stripped.endswith(token.strip()) for token in _COMMENT) or any(
        f" {token} " in f" {before}" for token in ("#", "//", "/*", "--", "<!--", ";")
    )


def _mark(uri: str, line: int, form: str, rules: str | None, rest: str, lines: Sequence[str]) -> Mark | str:
    """The mark, or what is wrong with it."""
    names = tuple(name.strip() for name in (rules or "").split(",") if name.strip())
    if not names:
        return 'names no rule; write assay: ignore[rule-id] reason="..."'
    if len(names) > _MAX_RULES or not all(_RULE.fullmatch(name) for name in names):
        return f"does not name rules: {', '.join(names)[:80]!r}"
    given = {name: double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(rest)}
    if not given.get("reason", "").strip():
        return 'gives no reason and does not count; add reason="..."'
    until: date | None = None
    if "until" in given:
        try:
            until = date.fromisoformat(given["until"])
        except ValueError:
            return f"has a date that is not YYYY-MM-DD: {given['until'][:40]!r}"
    kind = {"-file": Form.FILE, "-start": Form.BLOCK}.get(form, Form.LINE)
    first, last = (1, len(lines)) if kind is Form.FILE else (line, _next_code_line(lines, line))
    return Mark(uri, line, kind, names, given["reason"].strip(), until, given.get("by", ""), first, last)


def _next_code_line(lines: Sequence[str], line: int) -> int:
    """A mark behind code is for that line; one alone on its line is for the next line that is neither empty nor a mark itself."""
    text = lines[line - 1]
    found = _MARK.search(text[:_MAX_LINE])
    before = text[: found.start()].strip() if found else ""
    if not any(before == token.strip() for token in _COMMENT):
        return line
    for number in range(line + 1, min(line + 20, len(lines)) + 1):
        following = lines[number - 1].strip()
        if following and "assay: ignore" not in following and following not in ("*/", "-->"):
            return number
    return line


def _close(open_blocks: list[Mark], rules: str | None, line: int) -> Mark | None:
    """The innermost open block, or the innermost one of the rules that the end names."""
    names = {name.strip() for name in (rules or "").split(",") if name.strip()}
    for place in range(len(open_blocks) - 1, -1, -1):
        if not names or names & set(open_blocks[place].rules):
            begun = open_blocks.pop(place)
            return Mark(
                begun.uri,
                begun.line,
                begun.form,
                begun.rules,
                begun.reason,
                begun.until,
                begun.by,
                begun.line,
                line,
            )
    return None


def _note(uri: str, line: int, what: str) -> Notification:
    return Notification("warning", f"{uri}:{line}: this suppression {what}", "suppressions", uri)
