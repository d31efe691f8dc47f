"""Which front end lowers which language. Names only: a front end is imported when a file of its language is met."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from assay.code.ir import Module

FRONTENDS = {
    "python": "assay.code.frontends.python",
    "javascript": "assay.code.frontends.javascript",
    "typescript": "assay.code.frontends.typescript",
    "java": "assay.code.frontends.java",
    "go": "assay.code.frontends.go",
}
SUFFIXES = {
    ".py": "python", ".pyi": "python", ".pyw": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascript", ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "typescript",
    ".java": "java", ".go": "go",
}  # fmt: skip


def language_of(uri: str) -> str:
    """The language of a file by its name, or ""."""
    dot = uri.rfind(".")
    return SUFFIXES.get(uri[dot:].lower(), "") if dot >= 0 else ""


@cache
def frontend(language: str) -> Callable[[bytes, str], Module] | None:
    """The `lower` function for a language, or None if there is no front end for it."""
    name = FRONTENDS.get(language)
    if name is None or find_spec(name) is None:
        return None
    lower: Callable[[bytes, str], Module] = import_module(name).lower
    return lower
