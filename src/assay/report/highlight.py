"""Source text as tokens for colouring: strings, comments, numbers and common keywords of any language."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAX = 4000
_KEYWORDS = [
    "and",
    "as",
    "assert",
    "async",
    "await",
    "begin",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "defer",
    "del",
    "do",
    "elif",
    "else",
    "end",
    "enum",
    "except",
    "export",
    "extends",
    "false",
    "False",
    "final",
    "finally",
    "fn",
    "for",
    "foreach",
    "from",
    "FROM",
    "func",
    "function",
    "global",
    "go",
    "if",
    "implements",
    "import",
    "in",
    "interface",
    "is",
    "lambda",
    "let",
    "match",
    "module",
    "namespace",
    "new",
    "nil",
    "None",
    "not",
    "null",
    "of",
    "or",
    "package",
    "pass",
    "private",
    "protected",
    "public",
    "raise",
    "range",
    "return",
    "RUN",
    "self",
    "static",
    "struct",
    "super",
    "switch",
    "this",
    "throw",
    "throws",
    "trait",
    "true",
    "True",
    "try",
    "type",
    "typeof",
    "unless",
    "until",
    "use",
    "using",
    "var",
    "void",
    "when",
    "where",
    "while",
    "with",
    "yield",
    "resource",
    "variable",
    "provider",
    "data",
    "ENV",
    "COPY",
    "ADD",
    "USER",
    "CMD",
    "ENTRYPOINT",
    "EXPOSE",
    "WORKDIR",
    "HEALTHCHECK",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "WHERE",
]
# Alternatives differ in their first character, and every repetition is over a class that its end is not in: linear.
_TOKEN = re.compile(
    r"(?P<s>\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`)"
    r"|(?P<c>#[^\n]*|//[^\n]*|/\*[^*]*\*/|--[ ][^\n]*)"
    r"|(?P<n>\b\d[\w.]*)"
    r"|(?P<w>[A-Za-z_]\w*)"
)
_KNOWN = frozenset(_KEYWORDS)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """(class, text) pairs that together are the text: `s` string, `c` comment, `n` number, `k` keyword, "" plain."""
    cut = text[:_MAX]
    at = 0
    for found in _TOKEN.finditer(cut):
        kind = found.lastgroup or ""
        if kind == "w":
            if found[0] not in _KNOWN:
                continue
            kind = "k"
        if found.start() > at:
            yield "", cut[at : found.start()]
        yield kind, found[0]
        at = found.end()
    if at < len(cut):
        yield "", cut[at:]
    if len(text) > _MAX:
        yield "", "…"
