"""HCL (Terraform, OpenTofu, Packer) to blocks and expressions with places, independent of the parser's own nodes.

Grammar: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md, parsed by tree-sitter-hcl. A broken part of a file is a problem;
the blocks around it are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from assay.infrastructure.documents.text import MAX_DEPTH
from assay.infrastructure.node import Span
from assay.infrastructure.unit import Problem

Kind = str
"""literal, template, tuple, object, ref, call, for, op, cond, access or unknown."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. `value` is a literal, a root name, a function's name or an operator; `parts` are what it is made of.

    ref and access: `steps` are attribute names, index expressions and "*" for a splat. object: `parts` are keys and values in turn.
    template: `parts` are literal and other expressions in turn of text.
    """

    kind: Kind
    span: Span
    value: object = None
    parts: tuple[Expression, ...] = ()
    steps: tuple[str | Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named expression of a block."""

    name: Span
    expression: Expression


@dataclass(slots=True)
class Block:
    """One block. `head` is its type and labels; `body` goes from its `{` to its `}`."""

    type: str
    labels: tuple[str, ...]
    head: Span
    body: Span
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HclFile:
    """The top-level attributes and blocks of a file."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...] = ()


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def read_hcl(text: str) -> HclFile:
    """Everything that a text declares. Never raises."""
    source = text.encode()
    tree = _parser().parse(source)
    reader = _Reader(source)
    root = Block("", (), Span(1, 1, 1, 1), Span(1, 1, 1, 1))
    body = next((child for child in tree.root_node.named_children if child.type == "body"), tree.root_node)
    reader.body(body, root, 0)
    problems = tuple(_problems(tree.root_node)) if tree.root_node.has_error else ()
    return HclFile(root.attributes, tuple(root.blocks), problems)


def _problems(root: Any) -> Iterator[Problem]:
    stack = [root]
    found = 0
    while stack and found < 5:
        node = stack.pop()
        if node.type == "ERROR" or node.is_missing:
            found += 1
            yield Problem("syntax", "not HCL", node.start_point[0] + 1)
        elif node.has_error:
            stack.extend(reversed(node.children))


class _Reader:
    """Parser nodes in, blocks and expressions out."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.ascii = source.isascii()
        self.lines = [] if self.ascii else source.split(b"\n")

    def _column(self, point: Any) -> int:
        row, column = point
        if self.ascii or row >= len(self.lines):
            return int(column) + 1
        return len(self.lines[row][:column].decode("utf-8", "replace")) + 1

    def span(self, node: Any) -> Span:
        """Lines and columns of a parser node."""
        start, end = node.start_point, node.end_point
        return Span(start[0] + 1, self._column(start), end[0] + 1, self._column(end))

    def _text(self, node: Any) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def body(self, node: Any, into: Block, depth: int) -> None:
        """Fill a block from a body."""
        for child in node.named_children:
            if child.type == "attribute":
                names = child.named_children
                if len(names) >= 2:
                    into.attributes[self._text(names[0])] = Attribute(
                        self.span(names[0]), self.expression(names[1], 0)
                    )
            elif child.type == "block" and depth < MAX_DEPTH:
                into.blocks.append(self._block(child, depth))
            elif child.type == "ERROR" and depth < MAX_DEPTH:
                self.body(child, into, depth + 1)

    def _block(self, node: Any, depth: int) -> Block:
        names: list[str] = []
        head_end = node
        start_brace: Any = None
        inner: Any = None
        for child in node.named_children:
            if child.type == "block_start":
                start_brace = child
            elif child.type == "body":
                inner = child
            elif start_brace is None and child.type in ("identifier", "string_lit"):
                names.append(self._text(child).strip('"'))
                head_end = child
        whole = self.span(node)
        first = self.span(head_end)
        head = Span(whole.start_line, whole.start_column, first.end_line, first.end_column)
        brace = self.span(start_brace) if start_brace is not None else head
        body = Span(brace.start_line, brace.start_column, whole.end_line, whole.end_column)
        block = Block(names[0] if names else "", tuple(names[1:]), head, body)
        if inner is not None:
            self.body(inner, block, depth + 1)
        return block

    def expression(self, node: Any, depth: int) -> Expression:
        """One expression; what is too deep or not understood is `unknown`."""
        span = self.span(node)
        if depth > MAX_DEPTH:
            return Expression("unknown", span)
        kind = node.type
        if kind == "expression":
            return self._sequence(node.named_children, span, depth + 1)
        if kind == "literal_value":
            return (
                self._literal(node.named_children[0], span)
                if node.named_children
                else Expression("unknown", span)
            )
        if kind == "template_expr":
            return self._template(node.named_children[0], span, depth + 1)
        if kind == "collection_value":
            return self.expression(node.named_children[0], depth + 1)
        if kind == "tuple":
            items = [child for child in node.named_children if child.type == "expression"]
            return Expression("tuple", span, None, tuple(self.expression(item, depth + 1) for item in items))
        if kind == "object":
            return self._object(node, span, depth + 1)
        if kind == "variable_expr":
            return Expression("ref", span, self._text(node))
        if kind == "function_call":
            return self._call(node, span, depth + 1)
        if kind == "conditional":
            parts = tuple(
                self.expression(child, depth + 1)
                for child in node.named_children
                if child.type == "expression"
            )
            return Expression("cond" if len(parts) == 3 else "unknown", span, None, parts)
        if kind == "operation":
            return (
                self.expression(node.named_children[0], depth + 1)
                if node.named_children
                else Expression("unknown", span)
            )
        if kind in ("unary_operation", "binary_operation"):
            return self._operation(node, span, depth + 1)
        if kind == "for_expr":
            return Expression("for", span, None, tuple(self._inside(node, depth + 1)))
        return Expression("unknown", span)

    def _inside(self, node: Any, depth: int) -> Iterator[Expression]:
        """The expressions inside a `for`, for what they refer to."""
        stack = list(node.named_children)
        while stack:
            child = stack.pop()
            if child.type == "expression":
                yield self.expression(child, depth)
            else:
                stack.extend(child.named_children)

    def _sequence(self, children: list[Any], span: Span, depth: int) -> Expression:
        """A value followed by attribute, index and splat steps."""
        values = [child for child in children if child.type != "comment"]
        if not values:
            return Expression("unknown", span)
        first = self.expression(values[0], depth)
        steps: list[str | Expression] = []
        for child in values[1:]:
            steps.extend(self._steps(child, depth))
        if not steps:
            return first
        if first.kind == "ref":
            return Expression("ref", span, first.value, (), (*first.steps, *steps))
        return Expression("access", span, None, (first,), tuple(steps))

    def _steps(self, node: Any, depth: int) -> Iterator[str | Expression]:
        if node.type == "get_attr":
            yield self._text(node.named_children[0]) if node.named_children else "*"
        elif node.type == "index":
            for inner in node.named_children:
                for each in inner.named_children:
                    yield self.expression(each, depth) if each.type == "expression" else self._text(each)
        elif node.type == "splat":
            yield "*"
            for inner in node.named_children:
                for each in inner.named_children:
                    yield from self._steps(each, depth)

    def _literal(self, node: Any, span: Span) -> Expression:
        text = self._text(node)
        if node.type == "string_lit":
            return Expression(
                "literal",
                span,
                _unescaped(
                    "".join(
                        self._text(child) for child in node.named_children if child.type == "template_literal"
                    )
                ),
            )
        if node.type == "numeric_lit":
            try:
                return Expression(
                    "literal", span, float(text) if any(char in text for char in ".eE") else int(text)
                )
            except ValueError:
                return Expression("unknown", span)
        return Expression("literal", span, {"true": True, "false": False}.get(text))

    def _template(self, node: Any, span: Span, depth: int) -> Expression:
        parts: list[Expression] = []
        last = -1
        for child in node.named_children:
            if child.type == "template_literal":
                text = self.source[(last if last >= 0 else child.start_byte) : child.end_byte].decode(
                    "utf-8", "replace"
                )
                parts.append(
                    Expression(
                        "literal",
                        self.span(child),
                        _unescaped(text) if node.type == "quoted_template" else text,
                    )
                )
                last = child.end_byte
            elif child.type == "template_interpolation":
                inner = next((each for each in child.named_children if each.type == "expression"), None)
                parts.append(
                    self.expression(inner, depth)
                    if inner is not None
                    else Expression("unknown", self.span(child))
                )
                last = child.end_byte
            elif child.type == "template_directive":
                parts.append(Expression("unknown", self.span(child)))
                last = child.end_byte
        return Expression("template", span, None, tuple(parts))

    def _object(self, node: Any, span: Span, depth: int) -> Expression:
        parts: list[Expression] = []
        for element in node.named_children:
            pair = [child for child in element.named_children if child.type == "expression"]
            if element.type == "object_elem" and len(pair) == 2:
                key = self.expression(pair[0], depth)
                if key.kind == "ref" and not key.steps and not self._text(pair[0]).startswith("("):
                    key = Expression("literal", key.span, key.value)
                parts += [key, self.expression(pair[1], depth)]
        return Expression("object", span, None, tuple(parts))

    def _call(self, node: Any, span: Span, depth: int) -> Expression:
        name = self._text(node.named_children[0])
        arguments: list[Expression] = []
        for child in node.named_children[1:]:
            if child.type == "function_arguments":
                arguments = [
                    self.expression(each, depth) for each in child.named_children if each.type == "expression"
                ]
                if any(each.type == "ellipsis" for each in child.children):
                    return Expression("unknown", span, None, tuple(arguments))
        return Expression("call", span, name, tuple(arguments))

    def _operation(self, node: Any, span: Span, depth: int) -> Expression:
        groups: list[list[Any]] = [[]]
        operator = ""
        for child in node.children:
            if child.is_named:
                groups[-1].append(child)
            else:
                operator = self._text(child)
                groups.append([])
        operands = [self._sequence(group, self.span(group[0]), depth) for group in groups if group]
        return Expression("op", span, operator, tuple(operands))


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def _unescaped(text: str) -> str:
    if "\\" not in text and "$${" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in _ESCAPES:
            out.append(_ESCAPES[text[at + 1]])
            at += 2
        elif text.startswith("$${", at):
            out.append("${")
            at += 3
        else:
            out.append(text[at])
            at += 1
    return "".join(out)
