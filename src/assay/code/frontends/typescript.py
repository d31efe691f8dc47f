"""TypeScript (with TSX) to the intermediate representation. The grammar extends JavaScript's, and so do the forms: see `javascript`."""

from __future__ import annotations

from assay.code.frontends.javascript import lower_with
from assay.code.ir import Module

LANGUAGE = "typescript"
_LONGEST_TYPE = 4000
_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$)")


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    grammar = "tsx" if uri.lower().endswith(".tsx") else "typescript"
    module = lower_with(grammar, LANGUAGE, content, uri)
    if module.errors and b">`" in content:
        again = lower_with(grammar, LANGUAGE, content, uri, without_template_types(content))
        if len(again.errors) < len(module.errors):
            return again
    return module


def without_template_types(content: bytes) -> bytes:
    """The text with blanks for the type arguments of tagged templates, which the grammar cannot read; offsets stay.

    ``styled.div<{ wide: boolean }>`...` `` becomes ``styled.div                   `...` ``.
    """
    made = bytearray(content)
    end = content.find(b">`")
    while end >= 0:
        start = _opening(content, end)
        if start > 0 and content[start - 1] in _NAME:
            for position in range(start, end + 1):
                if made[position] not in b"\r\n":
                    made[position] = 0x20
        end = content.find(b">`", end + 2)
    return bytes(made)


def _opening(content: bytes, end: int) -> int:
    """Where the bracket opens that closes at `end`, or -1."""
    depth = 0
    for position in range(end, max(-1, end - _LONGEST_TYPE), -1):
        byte = content[position]
        if byte == 0x3E and content[position - 1] != 0x3D:  # `>`, but not of `=>`
            depth += 1
        elif byte == 0x3C:
            depth -= 1
            if depth == 0:
                return position
        elif byte == 0x60:  # another template
            return -1
    return -1
