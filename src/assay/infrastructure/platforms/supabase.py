"""Supabase migrations (PostgreSQL) as units, read together: `table`, `policy`, `function` and `grant`.

A table gets `row_security`: whether any migration enables it (and none disables it later). Statements are split, not parsed: what is looked at
are the few forms that decide about access.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import re2

from assay.infrastructure.node import Node, Span
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "supabase"
_TABLE = re2.compile(r'(?is)^\s*create\s+table\s+(if\s+not\s+exists\s+)?("?[\w]+"?\.)?"?(\w+)"?')
_SECURITY = re2.compile(
    r'(?is)^\s*alter\s+table\s+(if\s+exists\s+)?(only\s+)?("?[\w]+"?\.)?"?(\w+)"?\s+(enable|disable|force)\s+row\s+level\s+security'
)
_POLICY = re2.compile(r'(?is)^\s*create\s+policy\s+("[^"]*"|\w+)\s+on\s+("?[\w]+"?\.)?"?(\w+)"?(.*)$')
_FUNCTION = re2.compile(r'(?is)^\s*create\s+(or\s+replace\s+)?function\s+("?[\w]+"?\.)?"?(\w+)"?')
_GRANT = re2.compile(r"(?is)^\s*grant\s+(.*?)\s+on\s+(.*?)\s+to\s+([^;]*)")
_DYNAMIC = re2.compile(
    r"(?is)execute\s+.*enable\s+row\s+level\s+security|enable\s+row\s+level\s+security.*execute"
)
_OPEN_CHECK = re2.compile(r"(?is)(using|with\s+check)\s*\(\s*\(?\s*true\s*\)?\s*\)")
_COMMAND = re2.compile(r"(?is)\bfor\s+(all|select|insert|update|delete)\b")
_SERVICE = re2.compile(r"(?is)\bto\s+service_role\b")
_SCHEMA = re2.compile(r'(?is)^\s*create\s+table\s+(?:if\s+not\s+exists\s+)?"?(\w+)"?\."?\w+"?')
_MAX_STATEMENTS = 20_000


def read_all(texts: Mapping[str, str]) -> Iterable[Reading]:
    """The units of all migrations, in the order of their names."""
    statements = {uri: list(_statements(texts[uri])) for uri in sorted(texts)}
    secured: dict[str, bool] = {}
    dynamic = False
    for found in statements.values():
        for text, _ in found:
            match = _SECURITY.match(text)
            if match is not None and match.group(5).lower() != "force":
                secured[match.group(4).lower()] = match.group(5).lower() == "enable"
            dynamic = dynamic or _DYNAMIC.search(text) is not None
    for uri, found in statements.items():
        yield Reading(
            uri,
            PLATFORM,
            tuple(unit for text, span in found for unit in _units(uri, text, span, secured, dynamic)),
        )


def _statements(text: str) -> Iterator[tuple[str, Span]]:
    """Statements with places; quoted texts, dollar quotes and comments are seen."""
    at, start, line, start_line = 0, 0, 1, 1
    count = 0
    while at < len(text) and count < _MAX_STATEMENTS:
        end = _past(text, at)
        if text[at] == ";":
            yield _cleaned(text[start:at]), _span(text[start:at], start_line)
            count += 1
            start, start_line = at + 1, line
        line += text.count("\n", at, end)
        at = end
    if text[start:].strip():
        yield _cleaned(text[start:]), _span(text[start:], start_line)


def _past(text: str, at: int) -> int:
    """The position after the comment, quoted text or character that starts here."""
    char = text[at]
    if text.startswith("--", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        return len(text) if end < 0 else end + 2
    if char in "'\"":
        end = text.find(char, at + 1)
        return len(text) if end < 0 else end + 1
    if char == "$":
        close = text.find("$", at + 1)
        tag = (
            text[at : close + 1]
            if 0 <= close - at <= 40 and text[at + 1 : close].replace("_", "a").isalnum() | (close == at + 1)
            else ""
        )
        end = text.find(tag, close + 1) if tag else -1
        return end + len(tag) if end >= 0 else at + 1
    return at + 1


def _cleaned(statement: str) -> str:
    lines = [line for line in statement.split("\n") if not line.lstrip().startswith("--")]
    return "\n".join(lines)


def _span(statement: str, line: int) -> Span:
    first = line
    for text in statement.split("\n"):
        if text.strip() and not text.lstrip().startswith("--"):
            return Span(first, len(text) - len(text.lstrip()) + 1, first, len(text.rstrip()) + 1)
        first += 1
    return Span(line, 1, line, 1)


def _units(uri: str, text: str, span: Span, secured: Mapping[str, bool], dynamic: bool) -> Iterator[Unit]:
    if match := _TABLE.match(text):
        schema = _SCHEMA.match(text)
        name = match.group(3).lower()
        state = Node(secured.get(name, False) or dynamic, span)
        facts = {"schema": Node(schema.group(1).lower() if schema else "public", span), "row_security": state}
        yield Unit(PLATFORM, "table", name, uri, Node(facts, span), span, {}, "text")
    elif match := _POLICY.match(text):
        rest = match.group(4)
        command = _COMMAND.search(rest)
        facts = {
            "table": Node(match.group(3), span),
            "command": Node(command.group(1).lower() if command else "all", span),
            "open": Node(_OPEN_CHECK.search(rest) is not None, span),
            "service": Node(_SERVICE.search(rest) is not None, span),
        }
        yield Unit(PLATFORM, "policy", match.group(1).strip('"'), uri, Node(facts, span), span, {}, "text")
    elif match := _SECURITY.match(text):
        facts = {"change": Node(match.group(5).lower(), span)}
        yield Unit(PLATFORM, "row_security", match.group(4), uri, Node(facts, span), span, {}, "text")
    elif match := _FUNCTION.match(text):
        lower = text.lower()
        facts = {
            "definer": Node("security definer" in lower, span),
            "search_path": Node("search_path" in lower, span),
        }
        yield Unit(PLATFORM, "function", match.group(3), uri, Node(facts, span), span, {}, "text")
    elif match := _GRANT.match(text):
        facts = {
            "rights": Node(match.group(1).lower(), span),
            "on": Node(match.group(2)[:80], span),
            "to": Node(match.group(3).lower(), span),
        }
        yield Unit(PLATFORM, "grant", "grant", uri, Node(facts, span), span, {}, "text")
