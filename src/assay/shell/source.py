"""Small questions about a script's text, before and beside its tree."""

from __future__ import annotations

from assay.shell.grammar import parse_bash
from assay.shell.value import UNKNOWN


def only_read_write_redirects(text: str) -> bool:
    """The grammar has no `<>`; an error that is only that is none."""
    return "<>" in text and not parse_bash(text.replace("<>", ">")).has_error


def quote(text: str) -> str:
    """A text as one word of a script."""
    return "'" + text.replace("'", "'\\''") + "'"


def arithmetic(source: str) -> str:
    """The value of `$((...))` where it is a plain number."""
    inner = source.removeprefix("$((").removesuffix("))").strip()
    return inner if inner.isdigit() else "0" if not inner else UNKNOWN


def parsable(text: str) -> str:
    """Two forms that the grammar splits wrongly: an empty positional behind $IFS, and substitutions side by side."""
    for digit in "123456789":
        text = text.replace(f"$IFS${digit}", "${IFS}").replace(f"${{IFS}}${digit}", "${IFS}")
    return text if "```" in text else text.replace("``", '`""`')
