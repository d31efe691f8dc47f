"""The shell grammar, loaded when first used."""

from __future__ import annotations

from functools import lru_cache

from tree_sitter import Language, Node, Parser


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash

    return Parser(Language(tree_sitter_bash.language()))


def parse_bash(text: str) -> Node:
    """The root node of a script."""
    return _parser().parse(text.encode("utf-8", "surrogatepass")).root_node
