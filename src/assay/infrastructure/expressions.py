"""GitHub's expressions (`${{ }}`): which contexts flow into the text that an expression becomes.

Grammar: https://docs.github.com/actions/reference/workflows-and-actions/expressions. Comparisons and tests give true or false, so
nothing that a stranger wrote flows through them; `a && b` gives b, `a || b` either.
"""

from __future__ import annotations

import re  # one linear token pattern
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*')|(0x[0-9a-fA-F]+|-?[0-9][0-9.eE+-]*)|([A-Za-z_][\w-]*)|(==|!=|<=|>=|&&|\|\||[!<>()\[\],.*]))"
)
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_NO_FLOW = frozenset(
    ["contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"]
)
_MAX_TOKENS = 400
_MAX_DEPTH = 40

# What someone without rights to the repository can write. `*` stands for one name or index.
_ATTACKER = re.compile(
    r"^github\.(head_ref$|event\.("
    r"issue\.(title|body)$|pull_request\.(title|body|head\.(ref|label|repo\.(default_branch|description|homepage)))$|"
    r"(comment|review|review_comment|discussion_comment)\.body$|discussion\.(title|body)$|pages\..*\.page_name$|"
    r"(commits\.[^.]+|head_commit|workflow_run\.head_commit)\.(message|author\.(email|name)|committer\.(email|name))$|"
    r"workflow_run\.(head_branch|display_title|head_repository\.(description|default_branch)|pull_requests\..*\.head\.ref)$|"
    r"(issue|pull_request|comment|review|discussion|head_commit|workflow_run|commits)$)|event$)"
)
_INPUT = re.compile(r"^(inputs|github\.event\.inputs|github\.event\.client_payload)(\.|$)")


@dataclass(frozen=True, slots=True)
class Use:
    """One `${{ }}` in a text: where it starts, its length, and the contexts that flow into what it becomes."""

    start: int
    length: int
    text: str
    contexts: tuple[str, ...]


def uses(text: str) -> Iterator[Use]:
    """Every expression of a text."""
    for match in _WHOLE.finditer(text):
        yield Use(match.start(), len(match[0]), " ".join(match[1].split()), tuple(flows(match[1])))


def flows(expression: str) -> list[str]:
    """The contexts (lower case, dotted; `*` for computed indexes) whose text may become part of the value."""
    tokens = _tokens(expression)
    if tokens is None:
        return sorted(
            {match.lower() for match in re.findall(r"[A-Za-z_][\w-]*(?:\.[\w*-]+)+", expression[:4000])}
        )
    parser = _Parser(tokens)
    return sorted(set(parser.either(0)))


def is_attacker(context: str) -> bool:
    """Whether someone without rights to the repository can choose the text of a context."""
    return _ATTACKER.match(context) is not None


def is_input(context: str) -> bool:
    """Whether a context is what a caller or a dispatcher passes in."""
    return _INPUT.match(context) is not None


def _tokens(expression: str) -> list[tuple[str, str]] | None:
    found: list[tuple[str, str]] = []
    at = 0
    text = expression.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) > _MAX_TOKENS:
            return None
        kinds = ("text", "number", "name", "sign")
        kind = next(kind for kind, group in zip(kinds, match.groups(), strict=True) if group is not None)
        found.append((kind, match[0].strip()))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens, bounded in depth."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self, sign: str) -> bool:
        if self._peek() == sign:
            self.at += 1
            return True
        return False

    def either(self, depth: int) -> list[str]:
        """`a || b`."""
        found = self._both(depth)
        while self._take("||"):
            found = found + self._both(depth)
        return found

    def _both(self, depth: int) -> list[str]:
        found = self._compared(depth)
        while self._take("&&"):
            found = self._compared(depth)
        return found

    def _compared(self, depth: int) -> list[str]:
        found = self._not(depth)
        while self._peek() in ("==", "!=", "<", ">", "<=", ">="):
            self.at += 1
            self._not(depth)
            found = []
        return found

    def _not(self, depth: int) -> list[str]:
        if self._take("!"):
            self._not(depth + 1) if depth < _MAX_DEPTH else None
            return []
        return self._value(depth)

    def _value(self, depth: int) -> list[str]:
        if self.at >= len(self.tokens) or depth > _MAX_DEPTH:
            self.at += 1
            return []
        kind, text = self.tokens[self.at]
        self.at += 1
        if text == "(":
            found = self.either(depth + 1)
            self._take(")")
            return found
        if kind != "name":
            return []
        if self._take("("):
            return self._call(text.lower(), depth)
        return self._context(text.lower(), depth)

    def _call(self, name: str, depth: int) -> list[str]:
        found: list[str] = []
        while self.at < len(self.tokens) and self._peek() != ")":
            found += self.either(depth + 1)
            if not self._take(",") and self._peek() != ")":
                self.at += 1
        self._take(")")
        return [] if name in _NO_FLOW else found

    def _context(self, path: str, depth: int) -> list[str]:
        while True:
            if self._take("."):
                kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                self.at += 1
                path += "." + (text.lower() if kind == "name" else "*")
            elif self._take("["):
                kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                self.either(depth + 1)
                self._take("]")
                path += "." + (text.strip("'").lower() if kind == "text" else "*")
            else:
                return [path]
