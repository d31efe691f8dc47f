"""Firebase security rules as units: `allow` (Firestore and Storage) and `database_rule` (Realtime Database).

An allow has `methods`, `condition` (null when none is stated), `path`, and `writes`. Syntax: https://firebase.google.com/docs/rules/rules-language.
"""

from __future__ import annotations

import re  # linear patterns: one class each
from collections.abc import Iterator

from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.node import Node, Span, walk
from assay.infrastructure.unit import Problem, Reading, Unit

PLATFORM = "firebase"
_TOKEN = re.compile(
    r"match\s+([^\s{][^\n{]*(?:\{[^{}\n]*\}[^\n{]*)*)\{|allow\s+([\w\s,]+?)\s*(:[^;]*)?;|\{|\}"
)
_COMMENT = re.compile(r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/")
_WRITES = frozenset(("write", "create", "update", "delete"))
_MAX_TEXT = 1_000_000


def read(uri: str, text: str) -> Reading:
    """The units of one rules file."""
    if uri.endswith(".json"):
        documents = read_json(text)
        units = [unit for root in documents.roots for unit in _database(uri, root)]
        return Reading(uri, PLATFORM, tuple(units), documents.problems)
    if "service " not in text and "rules_version" not in text:
        return Reading(uri, "")
    if len(text) > _MAX_TEXT:
        return Reading(uri, PLATFORM, (), (Problem("too-large", f"{len(text)} characters of rules"),))
    return Reading(uri, PLATFORM, tuple(_allows(uri, text)))


def _allows(uri: str, text: str) -> Iterator[Unit]:
    blank = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    stack: list[str] = []
    line = 0
    for match in _TOKEN.finditer(blank):
        while line + 1 < len(starts) and starts[line + 1] <= match.start():
            line += 1
        if match[1] is not None:
            stack.append(match[1].strip())
        elif match[0] == "{":
            stack.append("")
        elif match[0] == "}":
            del stack[-1:]
        else:
            end = match[0].count("\n")
            last = (
                len(match[0]) - match[0].rfind("\n")
                if end
                else match.start() - starts[line] + 1 + len(match[0])
            )
            span = Span(line + 1, match.start() - starts[line] + 1, line + 1 + end, last)
            yield _allow(uri, match, span, "".join(stack))


def _allow(uri: str, match: re.Match[str], span: Span, path: str) -> Unit:
    methods = [word.strip() for word in match[2].split(",")]
    stated = (match[3] or "").lstrip(":").strip().removeprefix("if").strip()
    node = Node(
        {
            "methods": Node([Node(word, span) for word in methods], span),
            "condition": Node(" ".join(stated.split()) or None, span),
            "path": Node(path, span),
            "writes": Node(bool(_WRITES & set(methods)), span),
            "deep": Node("=**" in path, span),
        },
        span,
    )
    return Unit(PLATFORM, "allow", f"{path} {match[2].strip()}"[:100], uri, node, span, {}, "text")


def _database(uri: str, root: Node) -> Iterator[Unit]:
    for name, node in walk(root):
        if name in (".read", ".write"):
            facts = {"operation": Node(name, node.span), "value": node}
            yield Unit(
                PLATFORM, "database_rule", name, uri, Node(facts, node.span, node.key), node.place, {}, "json"
            )
