"""Patterns of Python's `match`, lowered to conditions and captures."""

from __future__ import annotations

from assay.code import ir
from assay.code.frontends.python_expressions import Expressions
from assay.code.ir import Register, span
from assay.code.lowering import MAX_DEPTH
from assay.code.syntax import Syntax


class Patterns(Expressions):
    """Lowers patterns."""

    def pattern(self, node: Syntax, subject: Register) -> Register | None:
        """The condition under which a pattern matches (None: always). Captures are kept for `bind_captures`."""
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                self.too_deep += 1
                return None
            return self._pattern(node, subject)
        finally:
            self.depth -= 1

    def bind_captures(self) -> None:
        """Bind what the last pattern captured."""
        captures, self._captures = self._captures, []
        for name, value, place in captures:
            self.bind(name, value, place)

    def _pattern(self, node: Syntax, subject: Register) -> Register | None:
        kind = node.kind
        place = span(node.start, node.end)
        if kind in ("case_pattern", "parenthesized_pattern"):
            return self.pattern(node.children[0], subject) if node.children else None
        if kind in ("dotted_name", "identifier", "splat_pattern"):
            return self._name_pattern(node, subject, place)
        if kind == "as_pattern" and node.children:
            self._captures.append((self.source.text(node.children[-1]), subject, place))
            return self.pattern(node.children[0], subject)
        if kind == "union_pattern":
            return self._union(node, subject, place)
        if kind in ("list_pattern", "tuple_pattern"):
            return self._sequence(node, subject, place)
        if kind == "dict_pattern":
            return self._mapping(node, subject, place)
        if kind == "class_pattern":
            return self._class_pattern(node, subject, place)
        return self.here.value(ir.OP, place, "==", subject, self.expression(node))

    def _name_pattern(self, node: Syntax, subject: Register, place: int) -> Register | None:
        if node.kind == "dotted_name" and len(node.children) > 1:
            return self.here.value(ir.OP, place, "==", subject, self._dotted(node))
        name = self.source.text(node).lstrip("*")
        if name and name != "_":
            self._captures.append((name, subject, place))
        return None

    def _dotted(self, node: Syntax) -> Register:
        value = self._identifier(node.children[0])
        for part in node.children[1:]:
            value = self.here.field(span(node.start, part.end), value, self.source.text(part))
        return value

    def _union(self, node: Syntax, subject: Register, place: int) -> Register | None:
        result: Register | None = None
        for child in node.children:
            one = self.pattern(child, subject)
            if one is None:
                return None
            result = one if result is None else self.here.value(ir.LOGIC, place, "or", result, [], one)
        return result

    def _sequence(self, node: Syntax, subject: Register, place: int) -> Register | None:
        result: Register | None = self.here.value(ir.UNARY, place, "matches", subject)
        for index, child in enumerate(node.children):
            part = self.here.value(ir.ITEM, place, subject, self.here.constant(index))
            result = self.both(result, self.pattern(child, part), place)
        return result

    def _mapping(self, node: Syntax, subject: Register, place: int) -> Register | None:
        result: Register | None = self.here.value(ir.UNARY, place, "matches", subject)
        keys = node.all("key")
        for key, value in zip(keys, node.all("value"), strict=False):
            part = self.here.value(ir.ITEM, place, subject, self.expression(key))
            result = self.both(result, self.pattern(value, part), place)
        for rest in node.children:
            if rest.kind == "splat_pattern":
                self._name_pattern(rest, subject, place)
        return result

    def _class_pattern(self, node: Syntax, subject: Register, place: int) -> Register | None:
        if not node.children:
            return None
        kind = (
            self._dotted(node.children[0])
            if node.children[0].children
            else self._identifier(node.children[0])
        )
        check = self.here.outer(place, "isinstance")
        result: Register | None = self.here.call(place, check, (subject, kind))
        for index, child in enumerate(node.children[1:]):
            inner = child.children[0] if child.kind == "case_pattern" and child.children else child
            if inner.kind == "keyword_pattern" and len(inner.children) > 1:
                part = self.here.field(place, subject, self.source.text(inner.children[0]))
                result = self.both(result, self.pattern(inner.children[1], part), place)
            else:
                part = self.here.value(ir.ITEM, place, subject, self.here.constant(index))
                result = self.both(result, self.pattern(inner, part), place)
        return result
