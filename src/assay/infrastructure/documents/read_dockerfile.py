"""A Dockerfile or Containerfile as instructions with places (https://docs.docker.com/reference/dockerfile/).

Parser directives, continuation lines with comments between them, heredocs and flags are understood; nothing is executed.
"""

from __future__ import annotations

import re  # linear patterns: one class repeated, anchored
from dataclasses import dataclass

from assay.infrastructure.documents.text import MAX_NODES
from assay.infrastructure.node import Span
from assay.infrastructure.unit import Problem

_INSTRUCTION = re.compile(r"[ \t]*([A-Za-z]+)(?=[ \t\n]|$)[ \t]*")
_DIRECTIVE = re.compile(r"#[ \t]*([a-z]+)[ \t]*=[ \t]*(\S+)", re.IGNORECASE)
_HEREDOC = re.compile(r"<<(-?)(['\"]?)([A-Za-z_][A-Za-z0-9_]{0,60})\2")
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?[ \t\n\\]+")
KNOWN = frozenset(
    [
        "add",
        "arg",
        "cmd",
        "copy",
        "entrypoint",
        "env",
        "expose",
        "from",
        "healthcheck",
        "label",
        "maintainer",
        "onbuild",
        "run",
        "shell",
        "stopsignal",
        "user",
        "volume",
        "workdir",
    ]
)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """One here-document of an instruction: its text, and the line (from 1) where it starts."""

    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `text` is what follows the flags, continuation lines kept, starting at `line` and `column`; `span` is all of it."""

    name: str
    flags: tuple[tuple[str, str], ...]
    text: str
    line: int
    column: int
    span: Span
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def joined(self) -> str:
        """The text as one logical line: continuations joined, comment lines between them dropped."""
        lines = [line for line in self.text.split("\n") if not line.lstrip().startswith("#")]
        return " ".join(line.rstrip().removesuffix("\\").removesuffix("`").strip() for line in lines).strip()


def read_dockerfile(text: str) -> tuple[tuple[Instruction, ...], tuple[Problem, ...]]:
    """The instructions of a text in order, and what is no instruction."""
    lines = text.split("\n")
    escape = _escape(lines)
    instructions: list[Instruction] = []
    problems: list[Problem] = []
    at = 0
    while at < len(lines) and len(instructions) < MAX_NODES:
        stripped = lines[at].strip()
        if not stripped or stripped.startswith("#"):
            at += 1
            continue
        last = _last_line(lines, at, escape)
        instruction, after = _instruction(lines, at, last)
        if instruction is None:
            problems.append(Problem("syntax", f"no instruction: {stripped[:40]}", at + 1))
        else:
            instructions.append(instruction)
        at = after
    return tuple(instructions), tuple(problems[:20])


def _escape(lines: list[str]) -> str:
    for line in lines[:10]:
        match = _DIRECTIVE.match(line)
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in ("`", "\\"):
            return match[2]
    return "\\"


def _last_line(lines: list[str], first: int, escape: str) -> int:
    at = first
    while at + 1 < len(lines):
        line = lines[at].rstrip()
        skipped = at > first and (not line.strip() or line.lstrip().startswith("#"))
        if not line.endswith(escape) and not skipped:
            return at
        if skipped and not _continues(lines, at):
            return at
        at += 1
    return at


def _continues(lines: list[str], at: int) -> bool:
    """Whether the text goes on after a comment or blank line that stands between continued lines."""
    return any(line.strip() for line in lines[at + 1 : at + 200])


def _instruction(lines: list[str], first: int, last: int) -> tuple[Instruction | None, int]:
    source = "\n".join(lines[first : last + 1])
    match = _INSTRUCTION.match(source)
    if match is None or match[1].lower() not in KNOWN:
        return None, last + 1
    name = match[1].lower()
    flags: list[tuple[str, str]] = []
    at = match.end()
    while flag := _FLAG.match(source, at):
        flags.append((flag[1], flag[2] or ""))
        at = flag.end()
    heredocs, after = _heredocs(lines, source, last) if name in ("run", "copy", "add") else ((), last + 1)
    before = source[:at]
    line = first + before.count("\n") + 1
    start = len(match[0]) - len(match[0].lstrip()) + 1
    end_line = after
    span = Span(first + 1, start, end_line, len(lines[end_line - 1]) + 1)
    column = at - (before.rfind("\n") + 1) + 1
    return Instruction(name, tuple(flags), source[at:], line, column, span, heredocs), after


def _heredocs(lines: list[str], source: str, last: int) -> tuple[tuple[Heredoc, ...], int]:
    found: list[Heredoc] = []
    at = last + 1
    for match in _HEREDOC.finditer(source):
        if match.start() and source[match.start() - 1] == "<":  # a here-string
            continue
        start = at
        while at < len(lines) and (lines[at].lstrip("\t") if match[1] else lines[at]) != match[3]:
            at += 1
        if at >= len(lines):
            return tuple(found), last + 1
        found.append(Heredoc(match[3], "\n".join(lines[start:at]), start + 1))
        at += 1
    return tuple(found), at
