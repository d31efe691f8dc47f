"""Where JavaScript's values go: assignment, destructuring patterns, parameters."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.javascript_expressions import EXPRESSIONS, Expressions
from assay.code.frontends.javascript_literals import is_identifier, type_text
from assay.code.frontends.javascript_scopes import Scope
from assay.code.ir import Register, span
from assay.code.lowering import MAX_DEPTH
from assay.code.syntax import Syntax

_WRAPPERS = frozenset(
    ("parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression")
)
_NAMES = frozenset(
    ("identifier", "shorthand_property_identifier_pattern", "shorthand_property_identifier", "undefined")
)
_MAX_NAME = 40


class Targets(Expressions):
    """Lowers assignments. A pattern declares its names in `declared` where it is given, else it assigns to what they mean."""

    def _assignment(self, node: Syntax) -> Register:
        left, right = node.child("left"), node.child("right")
        if left is None or right is None:
            return self.unknown_value(node)
        kind = "function" if left.kind == "identifier" else ""
        value = self.named_value(right, self._target_name(left), kind)
        if left.kind in ("member_expression", "subscript_expression"):
            self.export_assignment(left, right, value)
        self.assign(left, value)
        return value

    def _target_name(self, node: Syntax) -> str:
        if node.kind == "identifier":
            return self.source.text(node)
        name = node.child("property")
        return self.source.text(name) if name is not None else ""

    def export_assignment(self, left: Syntax, right: Syntax, value: Register) -> None:
        """See the class that knows modules."""
        raise NotImplementedError

    def _augmented(self, node: Syntax) -> Register:
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None or operator is None:
            return self.unknown_value(node)
        value = self.operate(node, operator.kind[:-1], self.expression(left), right)
        self.assign(left, value)
        return value

    def assign(self, target: Syntax, value: Register, declared: Scope | None = None) -> None:
        """Assign to any target: a name, field, element, or a pattern of them."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep += 1
        else:
            self._assign(target, value, declared)
        self.depth -= 1

    def _assign(self, target: Syntax, value: Register, declared: Scope | None) -> None:
        kind = target.kind
        if kind in _NAMES:
            self._assign_name(target, value, declared)
        elif kind == "member_expression":
            self._assign_field(target, value)
        elif kind == "subscript_expression":
            self._assign_item(target, value)
        elif kind in ("object_pattern", "object"):
            for child in target.children:
                self._object_part(child, value, declared)
        elif kind in ("array_pattern", "array"):
            self._array_parts(target, value, declared)
        elif kind in ("assignment_pattern", "object_assignment_pattern", "assignment_expression"):
            left, right = target.child("left"), target.child("right")
            if left is not None and right is not None:
                self.assign(left, self._or_default(value, right), declared)
        elif kind in _WRAPPERS or kind in ("rest_pattern", "spread_element"):
            for child in target.children[:1]:
                self.assign(child, value, declared)

    def _assign_name(self, target: Syntax, value: Register, declared: Scope | None) -> None:
        name, place = self.source.text(target), span(target.start, target.end)
        if declared is None:
            self.bind(name, value, place)
            return
        declared.pending.pop(name, None)
        self.here.emit(ir.MOVE, place, self.declare(name, declared), value)

    def _assign_field(self, target: Syntax, value: Register) -> None:
        obj, name = target.child("object"), self._member_name(target)
        if obj is not None:
            self.here.function.names.add(name)
            receiver = self.expression(obj)
            self.here.emit(ir.SETFIELD, span(target.start, target.end), receiver, name, value)

    def _assign_item(self, target: Syntax, value: Register) -> None:
        obj, index = target.child("object"), target.child("index")
        if obj is None or index is None:
            return
        place = span(target.start, target.end)
        receiver = self.expression(obj)
        if index.kind == "string" and is_identifier(self.string_value(index)):
            self.here.function.names.add(self.string_value(index))
            self.here.emit(ir.SETFIELD, place, receiver, self.string_value(index), value)
        else:
            self.here.emit(ir.SETITEM, place, receiver, self.expression(index), value)

    def _or_default(self, value: Register, default: Syntax) -> Register:
        block, second = self.block_value(default)
        return self.here.value(ir.LOGIC, span(default.start, default.end), "??", value, block, second)

    def _object_part(self, node: Syntax, value: Register, declared: Scope | None) -> None:
        place = span(node.start, node.end)
        if node.kind in ("pair_pattern", "pair"):
            key, target = node.child("key"), node.child("value")
            if key is None or target is None:
                return
            name = self.key_name(key)
            if is_identifier(name):
                part = self.here.field(place, value, name)
            else:
                part = self.here.value(ir.ITEM, place, value, self.key(key))
            self.assign(target, part, declared)
        elif node.kind in ("rest_pattern", "spread_element"):
            self.assign(node, value, declared)
        else:
            name_node = node.child("left") or node
            part = self.here.field(place, value, self.source.text(name_node))
            self.assign(node, part, declared)

    def _array_parts(self, target: Syntax, value: Register, declared: Scope | None) -> None:
        """Holes (`[, b]`) are not in the tree: the commas between the children tell the positions."""
        position, end = 0, target.start
        for child in target.children:
            position += self.source.content[end : child.start].count(b",")
            end = child.end
            place = span(child.start, child.end)
            key = self.here.constant(position)
            if child.kind in ("rest_pattern", "spread_element"):
                part = self.here.value(ir.SLICE, place, value, key, None, None)
            else:
                part = self.here.value(ir.ITEM, place, value, key)
            self.assign(child, part, declared)

    # Parameters

    def default_values(self, node: Syntax, first: int) -> tuple[tuple[int, Register], ...]:
        """The defaults of a function's parameters, evaluated in the enclosing function; `first` is the index of the first parameter."""
        defaults: list[tuple[int, Register]] = []
        for index, child in enumerate(self._parameter_nodes(node)):
            default = self._parameter_parts(child)[1]
            if default is not None:
                defaults.append((first + index, self.expression(default)))
        return tuple(defaults)

    def parameter_decorators(self, node: Syntax, first: int) -> tuple[tuple[int, Register], ...]:
        """The decorators of a function's parameters, evaluated in the enclosing function."""
        return tuple(
            (first + index, self.first(decorator))
            for index, child in enumerate(self._parameter_nodes(node))
            for decorator in child.all("decorator")
        )

    def parameters(self, node: Syntax, inner: FunctionBuilder) -> None:
        """Fill in the parameters of `inner`, whose scope is open, and take patterns apart."""
        patterns: list[tuple[Syntax, Register]] = []
        for child in self._parameter_nodes(node):
            pattern, default = self._parameter_parts(child)
            if pattern is None:
                continue
            earlier = [parameter.name for parameter in inner.function.parameters]
            text = self.source.text(default) if default is not None and default.kind == "identifier" else ""
            same_as = earlier.index(text) if text in earlier else -1
            kind = "*" if pattern.kind == "rest_pattern" else ""
            if kind and pattern.children:
                pattern = pattern.children[0]
            declared = child.child("type")
            text = type_text(self.source.text(declared)) if declared else ""
            is_name = pattern.kind in _NAMES
            name = self.source.text(pattern) if is_name else self._pattern_name(pattern)
            register = self.declare(name)
            inner.function.parameters.append(ir.Parameter(name, register, kind, text, same_as))
            if not is_name:
                patterns.append((pattern, register))
        for pattern, register in patterns:
            self.assign(pattern, register, self.scopes[-1])

    def _pattern_name(self, pattern: Syntax) -> str:
        text = " ".join(self.source.text(pattern).split())
        return text if len(text) <= _MAX_NAME else text[: _MAX_NAME - 1] + "…"

    def _parameter_nodes(self, node: Syntax) -> list[Syntax]:
        single = node.child("parameter")
        if single is not None:
            return [single]
        listed = node.child("parameters")
        found = [child for child in listed.children if child.kind in _PARAMETERS] if listed else []
        if found and (pattern := found[0].child("pattern")) is not None and pattern.kind == "this":
            return found[1:]  # TypeScript's declaration of `this`
        return found

    def _parameter_parts(self, node: Syntax) -> tuple[Syntax | None, Syntax | None]:
        if node.kind == "assignment_pattern":
            return node.child("left"), node.child("right")
        if node.kind in ("required_parameter", "optional_parameter"):
            return node.child("pattern"), node.child("value")
        return node, None


_PARAMETERS = frozenset(
    (
        "identifier",
        "object_pattern",
        "array_pattern",
        "assignment_pattern",
        "rest_pattern",
        "required_parameter",
        "optional_parameter",
        "undefined",
    )
)
EXPRESSIONS["assignment_expression"] = Targets._assignment
EXPRESSIONS["augmented_assignment_expression"] = Targets._augmented
