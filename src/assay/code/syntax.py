"""A syntax tree as plain objects: one cursor walk over tree-sitter's tree, which is then let go.

Lowering visits most nodes several times; attribute reads on slotted objects cost a tenth of calls into the parser's binding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Tree

# Anonymous tokens without a field that change what their parent means, by grammar.
_ECMASCRIPT = frozenset(
    (
        "async",
        "static",
        "default",
        "get",
        "set",
        "of",
        "*",
        "?.",
        "await",
        "const",
        "let",
        "var",
        "readonly",
        "abstract",
        "=>",
        "export",
        "type",
    )
)
WORDS = {
    "python": frozenset(("async", "from")),
    "javascript": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
    "tsx": _ECMASCRIPT,
    "java": frozenset(("static", "default", "->", "...", "final")),
    "go": frozenset(("range", ":=", "...", "const", "var")),
}


# Grammar -> the module of its wheel and the function there that gives it.
GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "go": ("tree_sitter_go", "language"),
}


class Syntax(msgspec.Struct, gc=False):
    """One node. `kind` is the grammar's name, `start` and `end` are byte offsets, `field` is the name that the parent gives it or "".

    `children` holds named nodes and those anonymous ones that carry a field or are in WORDS, never other punctuation, never comments. A node of kind ERROR stands for text that the grammar could not read; its children are what could be read inside.
    """

    kind: str
    start: int
    end: int
    field: str
    children: list[Syntax]

    def child(self, field: str) -> Syntax | None:
        """The first child with this field."""
        for child in self.children:
            if child.field == field:
                return child
        return None

    def all(self, field: str) -> list[Syntax]:
        """All children with this field, in order."""
        return [child for child in self.children if child.field == field]

    def has(self, kind: str) -> bool:
        """Whether a direct child is of this kind: `async`, `static`, `*`."""
        return any(child.kind == kind for child in self.children)

    def of(self, *kinds: str) -> Syntax | None:
        """The first direct child of one of these kinds."""
        for child in self.children:
            if child.kind in kinds:
                return child
        return None

    def walk(self) -> Iterator[Syntax]:
        """The node and everything below it, parents first."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.children))


class Source:
    """A parsed file: its bytes, its tree, the comments (as nodes), and where the grammar could not read it (byte offsets)."""

    __slots__ = ("comments", "content", "errors", "root")

    def __init__(self, content: bytes, root: Syntax, comments: list[Syntax], errors: list[int]) -> None:
        self.content = content
        self.root = root
        self.comments = comments
        self.errors = errors

    def text(self, node: Syntax) -> str:
        """The node's text; bytes that are not UTF-8 become U+FFFD."""
        return self.content[node.start : node.end].decode("utf-8", "replace")


_SKIP, _FIELD, _KEEP, _LEAF, _COMMENT = range(5)
_PUNCTUATION = frozenset("()[]{},:;.")
_LEAVES = frozenset(
    (
        "identifier",
        "property_identifier",
        "type_identifier",
        "field_identifier",
        "integer",
        "string_start",
        "string_end",
    )
)


class _Tables:
    """Per grammar: names by kind id and by field id; and what to do with a node of each kind."""

    __slots__ = ("action", "fields", "names")

    def __init__(self, language: Language, words: frozenset[str]) -> None:
        count = language.node_kind_count
        self.names = [language.node_kind_for_id(kind) or "" for kind in range(count)] + ["ERROR"]
        named = [language.node_kind_is_named(kind) for kind in range(count)] + [True]
        self.action = [
            _action(name, is_named, words) for name, is_named in zip(self.names, named, strict=True)
        ]
        self.fields = [""] + [language.field_name_for_id(i) or "" for i in range(1, language.field_count + 1)]


def _action(name: str, named: bool, words: frozenset[str]) -> int:
    if name.endswith("comment"):
        return _COMMENT
    if named:
        return _LEAF if name in _LEAVES else _KEEP
    if name in words:
        return _LEAF
    return _SKIP if name in _PUNCTUATION else _FIELD


@cache
def _grammar(name: str) -> tuple[Parser, _Tables]:
    from tree_sitter import Language, Parser

    language = Language(_pointer(name))
    return Parser(language), _Tables(language, WORDS[name])


def _pointer(name: str) -> object:
    module, function = GRAMMARS[name]
    return getattr(import_module(module), function)()


def parse(grammar: str, content: bytes) -> Source:
    """Parse `content` with one of the grammars python, javascript, typescript, tsx, java, go. Never fails for bad text.

    Raises:
        KeyError: no such grammar.
    """
    parser, tables = _grammar(grammar)
    tree = parser.parse(content)
    source = _copy(tree, tables, content)
    if tree.root_node.has_error and not source.errors:
        source.errors.append(_missing(tree.root_node))
    return source


def _missing(node: Node) -> int:
    """Where the first token stands that the grammar had to invent."""
    while True:
        below = next((child for child in node.children if child.has_error or child.is_missing), None)
        if below is None:
            return node.start_byte
        node = below


def _copy(tree: Tree, tables: _Tables, content: bytes) -> Source:
    """The walk. One loop and no calls of our own in it: this is the hottest code of lowering (some 10 nodes a line)."""
    names, actions, fields = tables.names, tables.action, tables.fields
    cursor = tree.walk()
    down, right, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    errors: list[int] = []
    comments: list[Syntax] = []
    root = Syntax("root", 0, len(content), "", [])
    stack = [root]
    here = root.children
    while True:
        node: Node = cursor.node  # type: ignore[assignment] # a cursor always stands on a node
        kind = node.kind_id
        if kind == 65535:
            kind = -1
            errors.append(node.start_byte)
        action = actions[kind]
        if action == _KEEP:
            made = Syntax(names[kind], node.start_byte, node.end_byte, fields[cursor.field_id or 0], [])
            here.append(made)
            if down():
                stack.append(made)
                here = made.children
                continue
        elif action == _LEAF:
            here.append(Syntax(names[kind], node.start_byte, node.end_byte, fields[cursor.field_id or 0], []))
        elif action == _FIELD:
            field = cursor.field_id
            if field:
                here.append(Syntax(names[kind], node.start_byte, node.end_byte, fields[field], []))
        elif action == _COMMENT:
            comments.append(Syntax(names[kind], node.start_byte, node.end_byte, "", []))
        while not right():
            if not up():
                return Source(content, root.children[0] if root.children else root, comments, errors)
            stack.pop()
            here = stack[-1].children
