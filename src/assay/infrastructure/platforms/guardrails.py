"""Instruction files of agents (AGENTS.md, CLAUDE.md, rules, skills) as units.

Kinds: `guardrail` (the file, with its front matter), `line` (each line of text), `hidden` (characters that a reader does not see) and
`command` (each command of its shell code blocks).
"""

from __future__ import annotations

import re  # linear patterns on single lines
import unicodedata
from collections.abc import Iterator

from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import Node, Span
from assay.infrastructure.scripts import Place, commands
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "agents"
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(\w*)")
_SHELLS = frozenset(("sh", "bash", "shell", "zsh", "console", ""))
_JOINERS = {"\u200c", "\u200d"}
_MAX_LINES = 20_000

# What is not seen: zero-width and formatting characters, direction overrides, tags, variation selectors far from any emoji.
_HIDDEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)


def read(uri: str, text: str) -> Reading:
    """The units of one instruction file."""
    lines = text.split("\n")[:_MAX_LINES]
    whole = Span(1, 1, max(1, len(lines)), 1)
    front = _front_matter(text)
    facts = dict(front.value) if front is not None and isinstance(front.value, dict) else {}
    facts["length"] = Node(len(text), whole)
    guardrail = Node(facts, whole)
    around = {"file": guardrail}
    units = [
        Unit(PLATFORM, "guardrail", uri.rpartition("/")[2], uri, guardrail, Span(1, 1, 1, 2), style="text")
    ]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        span = Span(number, 1, number, len(line) + 1)
        node = Node(
            {
                "text": Node(line[:4000], span),
                "previous": Node(lines[number - 2] if number > 1 else "", span),
            },
            span,
        )
        units.append(Unit(PLATFORM, "line", f"line {number}", uri, node, span, around, "text"))
        units.extend(_hidden(uri, line, number, around))
    units.extend(_blocks(uri, lines, around))
    return Reading(uri, PLATFORM, tuple(units))


def _front_matter(text: str) -> Node | None:
    if not text.startswith("---\n"):
        return None
    end = text.find("\n---", 4)
    if end < 0:
        return None
    roots = read_yaml("\n" + text[4:end]).roots
    return roots[0] if roots else None


def _hidden(uri: str, line: str, number: int, around: dict[str, Node]) -> Iterator[Unit]:
    if line.isascii():
        return
    found = [match for match in _HIDDEN.finditer(line) if not _is_ordinary(line, match.start(), number)]
    if not found:
        return
    names = sorted({unicodedata.name(match[0], f"U+{ord(match[0]):04X}") for match in found})
    tags = "".join(chr(ord(match[0]) - 0xE0000) for match in found if 0xE0020 <= ord(match[0]) < 0xE007F)
    span = Span(number, found[0].start() + 1, number, found[-1].end() + 1)
    facts = {
        "characters": Node(", ".join(names[:4]).lower(), span),
        "count": Node(len(found), span),
        "says": Node(tags or None, span),
    }
    yield Unit(PLATFORM, "hidden", f"line {number}", uri, Node(facts, span), span, around, "text")


def _is_ordinary(line: str, at: int, number: int) -> bool:
    """A joiner inside an emoji or a script that needs it, a byte order mark at the start, a soft hyphen, a flag's tags."""
    char = line[at]
    if char in _JOINERS or char == "\u00ad":
        return True
    if char == "\ufeff":
        return number == 1 and at == 0
    if 0xE0000 <= ord(char) <= 0xE007F:
        return "\U0001f3f4" in line[max(0, at - 8) : at]
    return char in "\u200e\u200f" and any("\u0590" <= other <= "\u08ff" for other in line)


def _blocks(uri: str, lines: list[str], around: dict[str, Node]) -> Iterator[Unit]:
    """The commands of shell code blocks."""
    start, language = 0, ""
    for number, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if not start:
            start, language = number, fence[1].lower()
            continue
        if language in _SHELLS:
            script = "\n".join(line.removeprefix("$ ") for line in lines[start : number - 1])
            for command in commands(script, Place(start + 1, 1)):
                yield Unit(
                    PLATFORM,
                    "command",
                    command.text("name"),
                    uri,
                    command,
                    command.span,
                    {**around, "block": around["file"]},
                    "text",
                )
        start = 0
