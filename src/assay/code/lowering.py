"""What every front end does alike: dispatch by the kind of node, the nesting limit, literals, chains of operators, the accounts of a file.

A front end derives from `Lowering`, fills the two tables of forms and calls `lower_file`; what it lowers differently it overrides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from assay.code import ir
from assay.code.build import FunctionBuilder, ModuleBuilder
from assay.code.ir import Module, Register, span
from assay.code.syntax import Source, Syntax

MAX_DEPTH = 120
# How a kind of node is lowered: the first argument is the front end's own class.
Expression: TypeAlias = Callable[[Any, Syntax], Register]
Statement: TypeAlias = Callable[[Any, Syntax], None]


class Lowering:
    """Lowers one file. `here` is the function that is being written.

    `expression_forms` and `statement_forms` say how each kind of node is lowered. `logic` names the operators whose right side runs only
    if needed, and their name in the representation; `operators` those of the others that it calls differently.
    """

    expression_forms: ClassVar[Mapping[str, Expression]] = {}
    statement_forms: ClassVar[Mapping[str, Statement]] = {}
    logic: ClassVar[Mapping[str, str]] = {"&&": "and", "||": "or"}
    operators: ClassVar[Mapping[str, str]] = {}

    def __init__(self, source: Source, builder: ModuleBuilder, body: FunctionBuilder) -> None:
        self.source = source
        self.builder = builder
        self.here = body
        self.depth = 0
        self.too_deep = 0

    def file(self, root: Syntax) -> None:
        """Lower what stands at the top of the file."""
        for child in root.children:
            self.statement(child)

    def place(self, node: Syntax) -> int:
        """The span of a node."""
        return span(node.start, node.end)

    def statement(self, node: Syntax) -> None:
        """Lower any statement."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep += 1
        else:
            form = self.statement_forms.get(node.kind)
            if form is not None:
                form(self, node)
            else:
                self.other_statement(node)
        self.depth -= 1

    def other_statement(self, node: Syntax) -> None:
        """What is no statement of its own: an expression, or else something that may hold statements."""
        if node.kind in self.expression_forms:
            self.expression(node)
        else:
            for child in node.children:
                self.statement(child)

    def no_statement(self, _node: Syntax) -> None:
        """The form of statements without effect."""

    def expression(self, node: Syntax) -> Register:
        """Lower any expression and give its register; what is not understood becomes a value built of its parts."""
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                self.too_deep += 1
                return self.here.constant(...)
            form = self.expression_forms.get(node.kind)
            return form(self, node) if form is not None else self.unknown_value(node)
        finally:
            self.depth -= 1

    def unknown_value(self, node: Syntax) -> Register:
        """A value of which only the parts are known."""
        parts = [self.expression(child) for child in node.children if child.kind in self.expression_forms]
        if len(parts) == 1:
            return parts[0]
        return self.here.value(ir.BUILD, span(node.start, node.end), "tuple", tuple(parts))

    def binary(self, node: Syntax) -> Register:
        """Chains of operators nest to the left as deep as the text is long: walked in a loop."""
        chain: list[tuple[Syntax, Syntax, str]] = []
        kind = node.kind
        while node.kind == kind:
            left, right, operator = node.child("left"), node.child("right"), node.child("operator")
            if left is None or right is None or operator is None:
                break
            chain.append((node, right, operator.kind))
            node = left
        value = self.unknown_value(node) if node.kind == kind else self.first_operand(node)
        for whole, right, symbol in reversed(chain):
            value = self.operate(whole, symbol, value, right)
        return value

    def first_operand(self, node: Syntax) -> Register:
        """What stands leftmost in a chain of operators."""
        return self.expression(node)

    def operate(self, node: Syntax, symbol: str, left: Register, right: Syntax) -> Register:
        """An operator of the language, applied to a value and an expression that is not lowered yet."""
        place, word = span(node.start, node.end), self.logic.get(symbol)
        if word is None:
            symbol = self.operators.get(symbol, symbol)
            return self.here.value(ir.OP, place, symbol, left, self.expression(right))
        with self.here.block() as block:
            second = self.expression(right)
        return self.here.value(ir.LOGIC, place, word, left, block, second)


def constant(value: object) -> Expression:
    """The form of a word that always means the same value."""
    return lambda lowering, _node: lowering.here.constant(value)


def literal(read: Callable[[str], object]) -> Expression:
    """The form of a literal whose text says its value."""
    return lambda lowering, node: lowering.here.constant(read(lowering.source.text(node)))


def lower_file(
    front_end: Callable[[Source, ModuleBuilder, FunctionBuilder], Lowering],
    language: str,
    source: Source,
    uri: str,
) -> Module:
    """Lower one parsed file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    builder = ModuleBuilder(uri, language)
    body = builder.function("<module>", "module", span(0, len(source.content)), None)
    lowering = front_end(source, builder, body)
    lowering.file(source.root)
    module = builder.module
    module.comments = [span(comment.start, comment.end) for comment in source.comments]
    module.errors = source.errors
    module.lines = source.content.count(b"\n") + 1
    if lowering.too_deep:
        module.notes.append(
            f"{lowering.too_deep} places are nested deeper than {MAX_DEPTH} and were left out"
        )
    return module
