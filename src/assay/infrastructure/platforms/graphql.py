"""GraphQL schemas as units: `field` of each object type, with what guards it and whether its list is bounded.

A field gets `type`, `mutation`, `list`, `paged` (an argument that limits the list), `guarded` (an access directive on it or its type) and the
project's habit: `guards_used`, whether the file uses access directives at all. Grammar: https://spec.graphql.org/October2021/.
"""

from __future__ import annotations

import re  # linear patterns: single tokens
from collections.abc import Iterator

from assay.infrastructure.node import Node, Span
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "graphql"
_TOKEN = re.compile(
    r'"""(?:[^"]|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[A-Za-z_]\w*|[@{}()\[\]!:=|&]|\n|[^\S\n]+|.'
)
_GUARD = re.compile(
    r"(?i)^(auth\w*|authenticated|authorized|has(role|scope|permission)s?|is(authenticated|authorized|owner|admin)|requires?(auth|scopes?|role|permission)s?|protected|guard|can|policy|private|loggedin|aws_\w+)$"
)
_PAGES = frozenset(["first", "last", "limit", "take", "pagesize", "perpage", "count", "max", "top", "size"])
_MAX_TOKENS = 400_000


def read(uri: str, text: str) -> Reading:
    """The units of one schema; operations (queries of a client) declare nothing."""
    tokens = _tokens(text)
    fields = list(_types(tokens))
    guards = any(field["guarded"].value for _, field in fields)
    units = []
    for name, facts in fields:
        span = facts["list"].span
        node = Node({**facts, "guards_used": Node(guards, span)}, span)
        units.append(Unit(PLATFORM, "field", name, uri, node, span, {}, "text"))
    return Reading(uri, PLATFORM, tuple(units))


def _tokens(text: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    line, start = 1, 0
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == "\n":
            line, start = line + 1, match.end()
        elif word.strip() and word[0] not in '#"':
            found.append((word, line, match.start() - start + 1))
        elif "\n" in word:
            line += word.count("\n")
            start = match.start() + word.rfind("\n") + 1
        if len(found) > _MAX_TOKENS:
            break
    return found


def _types(tokens: list[tuple[str, int, int]]) -> Iterator[tuple[str, dict[str, Node]]]:
    at = 0
    while at < len(tokens):
        if tokens[at][0] == "type" and at + 1 < len(tokens) and tokens[at + 1][0].isidentifier():
            name = tokens[at + 1][0]
            guarded = False
            at += 2
            while at < len(tokens) and tokens[at][0] != "{":
                guarded |= (
                    tokens[at][0] == "@"
                    and at + 1 < len(tokens)
                    and _GUARD.match(tokens[at + 1][0]) is not None
                )
                if tokens[at][0] in (
                    "type",
                    "input",
                    "enum",
                    "extend",
                    "scalar",
                    "interface",
                    "union",
                    "directive",
                ):
                    break
                at += 1
            if at < len(tokens) and tokens[at][0] == "{":
                end = _closing(tokens, at, "{", "}")
                yield from _fields(tokens[at + 1 : end], name, guarded)
                at = end
        at += 1


def _closing(tokens: list[tuple[str, int, int]], at: int, opening: str, closing: str) -> int:
    depth = 0
    while at < len(tokens):
        depth += (tokens[at][0] == opening) - (tokens[at][0] == closing)
        if not depth:
            return at
        at += 1
    return at


def _fields(
    tokens: list[tuple[str, int, int]], owner: str, guarded: bool
) -> Iterator[tuple[str, dict[str, Node]]]:
    at = 0
    while at < len(tokens):
        name, line, column = tokens[at]
        arguments: list[str] = []
        at += 1
        if at < len(tokens) and tokens[at][0] == "(":
            end = _closing(tokens, at, "(", ")")
            arguments = [word.lower() for word, _, _ in tokens[at:end] if word.isidentifier()]
            at = end + 1
        if at >= len(tokens) or tokens[at][0] != ":":
            continue
        at += 1
        is_list = at < len(tokens) and tokens[at][0] == "["
        own = guarded
        while at < len(tokens) and not (
            tokens[at][0].isidentifier()
            and at + 1 < len(tokens)
            and tokens[at + 1][0] in (":", "(")
            and tokens[at - 1][0] not in ("@", ":", "[")
        ):
            own |= (
                tokens[at][0] == "@" and at + 1 < len(tokens) and _GUARD.match(tokens[at + 1][0]) is not None
            )
            at = _closing(tokens, at, "(", ")") + 1 if tokens[at][0] == "(" else at + 1
        span = Span(line, column, line, column + len(name))
        yield (
            f"{owner}.{name}",
            {
                "type": Node(owner, span),
                "mutation": Node(owner == "Mutation", span),
                "root": Node(owner in ("Query", "Mutation", "Subscription"), span),
                "list": Node(is_list, span),
                "paged": Node(
                    bool(_PAGES & set(arguments)) or any(part in _PAGES for part in arguments), span
                ),
                "guarded": Node(own, span),
            },
        )
