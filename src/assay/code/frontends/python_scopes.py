"""Python's scopes, and assignment to names, fields, elements and patterns of them."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder, ModuleBuilder
from assay.code.ir import Block, Class, Register, span
from assay.code.lowering import Lowering
from assay.code.syntax import Source, Syntax


class Scopes(Lowering):
    """Where names are bound: in the function, unless `global` or `nonlocal` says otherwise; in comprehensions of their own."""

    def __init__(self, source: Source, builder: ModuleBuilder, body: FunctionBuilder) -> None:
        super().__init__(source, builder, body)
        self.outside: set[tuple[int, str]] = set()
        self.classes: list[Class] = []
        # Names read before they were bound in the text of their function: fixed when the binding appears.
        self._unbound: dict[tuple[int, str], list[tuple[Block, int]]] = {}
        # Variables of comprehensions, innermost last.
        self._inner: list[dict[str, Register]] = []
        self._captures: list[tuple[str, Register, int]] = []

    def enter(self, inner: FunctionBuilder) -> None:
        """Go on in another function."""
        self.here = inner
        self._inner, inner_before = [], self._inner
        self._saved = [*getattr(self, "_saved", []), inner_before]

    def leave(self, outer: FunctionBuilder) -> None:
        """Come back from it."""
        self.here = outer
        self._inner = self._saved.pop()

    def subscript_key(self, node: Syntax) -> Register:
        """The key of a subscript."""
        raise NotImplementedError

    # Names

    def read(self, name: str, place: int) -> Register:
        """The value of a name."""
        for scope in reversed(self._inner):
            if name in scope:
                return scope[name]
        here = self.here
        if (here.function.index, name) in self.outside:
            return here.outer(place, name)
        if here.is_local(name):
            return here.variable(name)
        register = here.outer(place, name)
        waiting = self._unbound.setdefault((here.function.index, name), [])
        waiting.append((here.code, len(here.code) - 1))
        return register

    def target_variable(self, name: str) -> Register:
        """The local variable that a binding of this name writes."""
        here = self.here
        if here.is_local(name):
            return here.variable(name)
        register = here.variable(name)
        for block, index in self._unbound.pop((here.function.index, name), ()):
            _, place, dst, _ = block[index]
            block[index] = (ir.MOVE, place, dst, register)
        return register

    def bind(self, name: str, value: Register, place: int) -> None:
        """Assign to a name."""
        if (self.here.function.index, name) in self.outside:
            self.here.emit(ir.SETOUTER, place, name, value)
            return
        for scope in reversed(self._inner):
            if name in scope:
                self.here.emit(ir.MOVE, place, scope[name], value)
                return
        self.here.emit(ir.MOVE, place, self.target_variable(name), value)

    # Assignment

    def assignment(self, node: Syntax) -> Register:
        """`a = b = value`, `a: type = value`, `a: type`."""
        left, right, declared = node.child("left"), node.child("right"), node.child("type")
        if left is None:
            return self.here.constant(None)
        if right is None:
            self._declare(left, declared)
            return self.here.constant(None)
        value = self.assignment(right) if right.kind == "assignment" else self.expression(right)
        if declared is not None:
            self._declare(left, declared)
            value = self.here.value(ir.TYPED, span(node.start, node.end), value, self.type_text(declared))
        self.assign(left, value)
        return value

    def _declare(self, left: Syntax, declared: Syntax | None) -> None:
        if declared is not None and self.here.function.kind == "class" and self.classes:
            self.classes[-1].fields[self.source.text(left)] = self.type_text(declared)

    def assign(self, target: Syntax, value: Register) -> None:
        """Assign a value to any target: name, field, element, or a pattern of them."""
        kind = target.kind
        place = span(target.start, target.end)
        if kind == "identifier":
            self.bind(self.source.text(target), value, place)
        elif kind == "attribute" and len(target.children) > 1:
            obj = self.expression(target.children[0])
            name = self.source.text(target.children[1])
            self.here.function.names.add(name)
            self.here.emit(ir.SETFIELD, place, obj, name, value)
        elif kind == "subscript" and len(target.children) > 1:
            obj = self.expression(target.children[0])
            key = self.subscript_key(target)
            self.here.emit(ir.SETITEM, place, obj, key, value)
        elif kind in _GROUPS:
            self._destructure(target, value)
        elif kind in ("list_splat_pattern", "list_splat", "parenthesized_expression", "as_pattern_target"):
            for child in target.children:
                self.assign(child, value)

    def _destructure(self, target: Syntax, value: Register) -> None:
        place = span(target.start, target.end)
        count = len(target.children)
        seen_rest = False
        for index, child in enumerate(target.children):
            if child.kind in ("list_splat_pattern", "list_splat"):
                low = self.here.constant(index)
                high = self.here.constant(index + 1 - count) if index + 1 < count else None
                part = self.here.value(ir.SLICE, place, value, low, high, None)
                seen_rest = True
            else:
                key = self.here.constant(index - count if seen_rest else index)
                part = self.here.value(ir.ITEM, place, value, key)
            self.assign(child, part)

    def type_text(self, node: Syntax) -> str:
        """A type as text without blanks and quotes (docs/ir.md, "Types")."""
        text = self.source.text(node)
        return "".join(text.split()).replace('"', "").replace("'", "") if len(text) < 400 else ""


_GROUPS = ("pattern_list", "tuple_pattern", "list_pattern", "tuple", "list", "expression_list")
