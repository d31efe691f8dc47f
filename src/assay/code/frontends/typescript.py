"""TypeScript (with TSX) to the intermediate representation. The grammar extends JavaScript's, and so do the forms: see `javascript`."""

from __future__ import annotations

from assay.code.frontends.javascript import lower_with
from assay.code.ir import Module

LANGUAGE = "typescript"
SUFFIXES = (".ts", ".mts", ".cts", ".tsx")


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    grammar = "tsx" if uri.lower().endswith(".tsx") else "typescript"
    return lower_with(grammar, LANGUAGE, content, uri)
