"""Java's names, expressions and types, lowered to the intermediate representation. Lambdas and class bodies are completed in `java`."""

from __future__ import annotations

from typing import ClassVar

from assay.code import ir
from assay.code.frontends.java_literals import character, integer, real, string
from assay.code.frontends.java_names import type_name
from assay.code.frontends.java_scopes import Names
from assay.code.ir import Register, span
from assay.code.lowering import MAX_DEPTH, constant, literal
from assay.code.syntax import Syntax

_CHAINS = ("method_invocation", "field_access", "array_access", "parenthesized_expression")


class Expressions(Names):
    """Lowers expressions."""

    operators: ClassVar = {">>>": ">>"}

    # What `java` provides

    def lambda_(self, node: Syntax) -> Register:
        """A lambda expression."""
        raise NotImplementedError

    def anonymous(self, node: Syntax, body: Syntax, of: str) -> Register:
        """The class of an anonymous body."""
        raise NotImplementedError

    def switch(self, node: Syntax, result: Register | None) -> None:
        """A switch; with a result register, as an expression."""
        raise NotImplementedError

    # Expressions

    def _inside(self, node: Syntax) -> Register:
        return self.expression(node.children[-1]) if node.children else self.here.constant(None)

    def _identifier(self, node: Syntax) -> Register:
        return self.read(self.source.text(node), self.place(node), head=False)

    def _this(self, node: Syntax) -> Register:
        for position in range(len(self.levels) - 1, -1, -1):
            if self.levels[position].type is not None:
                return self.this(position, self.place(node))
        return self.here.outer(self.place(node), "this")

    def _super(self, node: Syntax) -> Register:
        place = self.place(node)
        return self.here.call(place, self.here.outer(place, "super"))

    # Chains of access and calls: walked in a loop, they grow with the text

    def _chain(self, node: Syntax) -> Register:
        todo: list[Syntax] = []
        current: Syntax | None = node
        while current is not None and current.kind in _CHAINS and len(todo) < 20_000:
            todo.append(current)
            current = self._below(current)
        value: Register | None = None
        if current is not None:
            head = bool(todo) and todo[-1].kind in ("method_invocation", "field_access")
            if current.kind == "identifier" and self._is_language(current, todo):
                field = todo[-2].child("field")
                value = self.here.outer(self.place(todo[-2]), self.source.text(field) if field else "")
                del todo[-2:]
            elif current.kind == "identifier":
                value = self.read(self.source.text(current), self.place(current), head)
            else:
                value = self.expression(current)
        for one in reversed(todo):
            value = self._link(one, value)
        return value if value is not None else self.here.constant(None)

    def _is_language(self, head: Syntax, todo: list[Syntax]) -> bool:
        """`java.lang.X` written in full."""
        if len(todo) < 2 or self.source.text(head) != "java" or todo[-2].kind != "field_access":
            return False
        field = todo[-1].child("field")
        return field is not None and self.source.text(field) == "lang"

    def _below(self, node: Syntax) -> Syntax | None:
        if node.kind == "parenthesized_expression":
            return node.children[-1] if node.children else None
        return node.child("array" if node.kind == "array_access" else "object")

    def _link(self, node: Syntax, value: Register | None) -> Register:
        place = self.place(node)
        if node.kind == "method_invocation":
            return self._invoke(node, value, place)
        if value is None or node.kind == "parenthesized_expression":
            return value if value is not None else self.here.constant(None)
        if node.kind == "array_access":
            index = node.child("index")
            key = self.expression(index) if index is not None else self.here.constant(...)
            return self.here.value(ir.ITEM, place, value, key)
        return self._field(node, value, place)

    def _field(self, node: Syntax, value: Register, place: int) -> Register:
        field = node.child("field")
        if field is None:
            return value
        if field.kind == "this":
            outer = self._outer_this(node, place)
            return value if outer is None else outer
        name = self.source.text(field)
        if name == "length":
            return self.here.method(place, value, "length")
        return self.here.field(place, value, name)

    def _outer_this(self, node: Syntax, place: int) -> Register | None:
        """`Outer.this`."""
        owner = node.child("object")
        name = self.source.text(owner).rsplit(".", 1)[-1] if owner is not None else ""
        for position in range(len(self.levels) - 1, -1, -1):
            scope = self.levels[position].type
            if scope is not None and scope.name == name:
                return self.this(position, place)
        return None

    def _invoke(self, node: Syntax, receiver: Register | None, place: int) -> Register:
        name_node, arguments = node.child("name"), node.child("arguments")
        name = self.source.text(name_node) if name_node is not None else ""
        if receiver is None:
            receiver = self.receiver(name, place)
        return self.here.method(place, receiver, name, self.arguments(arguments))

    def arguments(self, node: Syntax | None) -> tuple[Register, ...]:
        """The arguments of a call."""
        return tuple(self.expression(child) for child in node.children) if node is not None else ()

    # Objects and arrays

    def _new(self, node: Syntax) -> Register:
        type_node, arguments = node.child("type"), node.child("arguments")
        place = self.place(node)
        for child in node.children:  # `outer.new Inner()`
            if not child.field and child.kind in ("identifier", "field_access", "this"):
                self.expression(child)
        name = type_name(self.source, type_node) if type_node is not None else ""
        body = node.of("class_body")
        args = self.arguments(arguments)
        callee = self.anonymous(node, body, name) if body is not None else self.named_type(name, place)
        return self.here.call(place, callee, args)

    def _array(self, node: Syntax) -> Register:
        value = node.child("value")
        if value is not None:
            return self.expression(value)
        place = self.place(node)
        sizes = [size for size in node.all("dimensions") if size.kind == "dimensions_expr"]
        made = self.here.value(ir.BUILD, place, "list", ())
        for size in sizes:
            for child in size.children:
                self.expression(child)
        inner = made
        for _ in sizes[1:8]:  # arrays in an array: one stands for all
            element = self.here.value(ir.BUILD, place, "list", ())
            self.here.emit(ir.SETITEM, place, inner, self.here.constant(...), element)
            inner = element
        return made

    def _elements(self, node: Syntax) -> Register:
        parts = tuple(self.expression(child) for child in node.children)
        return self.here.value(ir.BUILD, self.place(node), "list", parts)

    # Operators

    def _unary(self, node: Syntax) -> Register:
        operand, operator = node.child("operand"), node.child("operator")
        if operand is None or operator is None:
            return self.unknown_value(node)
        symbol = "not" if operator.kind == "!" else operator.kind
        return self.here.value(ir.UNARY, self.place(node), symbol, self.expression(operand))

    def _update(self, node: Syntax) -> Register:
        target = node.children[0] if node.children else None
        if target is None:
            return self.here.constant(None)
        text = self.source.text(node)
        old = self.expression(target)
        copy = self.here.value(ir.MOVE, self.place(node), old)
        new = self.here.value(
            ir.OP, self.place(node), "+" if "++" in text else "-", copy, self.here.constant(1)
        )
        self.assign(target, new)
        return copy if target.start == node.start else new

    def _assignment(self, node: Syntax) -> Register:
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None:
            return self.unknown_value(node)
        symbol = operator.kind[:-1] if operator is not None else ""
        if symbol:
            before = self.expression(left)
            value = self.operate(node, symbol, before, right)
        else:
            value = self.expression(right)
        self.assign(left, value)
        return value

    def assign(self, target: Syntax, value: Register) -> None:
        """Assign to a variable, field or element."""
        while target.kind == "parenthesized_expression" and target.children:
            target = target.children[-1]
        place = self.place(target)
        if target.kind == "identifier":
            self.assign_name(self.source.text(target), value, place)
        elif target.kind == "field_access":
            owner, field = target.child("object"), target.child("field")
            if owner is not None and field is not None:
                name = self.source.text(field)
                obj = self._chain(owner) if owner.kind in (*_CHAINS, "identifier") else self.expression(owner)
                self.here.function.names.add(name)
                self.here.emit(ir.SETFIELD, place, obj, name, value)
        elif target.kind == "array_access":
            array, index = target.child("array"), target.child("index")
            if array is not None and index is not None:
                obj = self.expression(array)
                self.here.emit(ir.SETITEM, place, obj, self.expression(index), value)

    def _ternary(self, node: Syntax) -> Register:
        condition, then, otherwise = (
            node.child("condition"),
            node.child("consequence"),
            node.child("alternative"),
        )
        if condition is None or then is None or otherwise is None:
            return self.unknown_value(node)
        test = self.expression(condition)
        with self.here.block() as first:
            one = self.expression(then)
        with self.here.block() as second:
            other = self.expression(otherwise)
        return self.here.value(ir.SELECT, self.place(node), test, first, one, second, other)

    def _cast(self, node: Syntax) -> Register:
        kind, value = node.child("type"), node.child("value")
        if kind is None or value is None:
            return self.unknown_value(node)
        return self.here.value(ir.TYPED, self.place(node), self.expression(value), self.type_text(kind))

    def _instanceof(self, node: Syntax) -> Register:
        left, right, name = node.child("left"), node.child("right"), node.child("name")
        if left is None:
            return self.unknown_value(node)
        value = self.expression(left)
        pattern = right if right is not None else node.child("pattern")
        if pattern is None:
            return self.unknown_value(node)
        if pattern.kind in ("record_pattern", "type_pattern", "pattern"):
            return self.pattern(pattern, value)
        return self._type_test(self.place(node), value, pattern, name)

    def _type_test(self, place: int, value: Register, kind: Syntax, name: Syntax | None) -> Register:
        of = self.named_type(type_name(self.source, kind), place)
        test = self.here.value(ir.OP, place, "instanceof", value, of)
        if name is not None:
            variable = self.declare(self.source.text(name), self.type_text(kind))
            self.bind(variable, value, span(name.start, name.end))
        return test

    def pattern(self, node: Syntax, value: Register) -> Register:
        """A type or record pattern: the condition, its variables bound."""
        place = self.place(node)
        if node.kind == "pattern" and node.children:
            return self.pattern(node.children[0], value)
        if node.kind == "type_pattern" and len(node.children) > 1:
            return self._type_test(place, value, node.children[-2], node.children[-1])
        if node.kind == "record_pattern" and node.children:
            self.depth += 1
            result = self._type_test(place, value, node.children[0], None)
            body = node.of("record_pattern_body")
            scope = self.types.find(type_name(self.source, node.children[0]), self.nearest())
            names = list(scope.fields) if scope is not None else []
            for index, part in enumerate(body.children if body and self.depth < MAX_DEPTH else []):
                field = names[index] if index < len(names) else f"component{index}"
                self._component(part, self.here.field(self.place(part), value, field))
            self.depth -= 1
            return result
        return self.here.value(ir.OP, place, "==", value, self.expression(node))

    def _component(self, part: Syntax, value: Register) -> None:
        if part.kind == "record_pattern" or (part.children and part.children[0].kind == "record_pattern"):
            self.pattern(part if part.kind == "record_pattern" else part.children[0], value)
        elif len(part.children) > 1:
            variable = self.declare(self.source.text(part.children[-1]), self.type_text(part.children[-2]))
            self.bind(variable, value, self.place(part))

    def _switch_value(self, node: Syntax) -> Register:
        result = self.here.fresh("<switch>")
        self.switch(node, result)
        return result

    def _lambda(self, node: Syntax) -> Register:
        return self.lambda_(node)

    def _reference(self, node: Syntax) -> Register:
        """`String::valueOf`, `this::run`, `Item::new`."""
        place = self.place(node)
        owner = node.children[0] if node.children else None
        if owner is None:
            return self.here.constant(None)
        if owner.kind in ("identifier", "field_access", "this", "super", "method_invocation"):
            value = self.expression(owner)
        else:
            value = self.named_type(type_name(self.source, owner), place)
        if len(node.children) < 2 or node.children[-1].kind != "identifier":
            return value
        return self.here.field(place, value, self.source.text(node.children[-1]))

    def _class_literal(self, node: Syntax) -> Register:
        if not node.children:
            return self.here.constant(None)
        return self.named_type(type_name(self.source, node.children[0]), self.place(node))

    # Annotations

    def annotations(self, node: Syntax) -> tuple[Register, ...]:
        """The annotations of a declaration, as calls."""
        modifiers = node.of("modifiers")
        written = modifiers.children if modifiers is not None else []
        return tuple(
            self._annotation(child) for child in written if child.kind in ("annotation", "marker_annotation")
        )

    def _annotation(self, node: Syntax) -> Register:
        name_node, arguments = node.child("name"), node.child("arguments")
        place = self.place(node)
        callee = self.type_value(self.source.text(name_node) if name_node is not None else "", place)
        args: list[Register] = []
        keywords: list[tuple[str, Register]] = []
        for child in arguments.children if arguments is not None else []:
            key, value = child.child("key"), child.child("value")
            if child.kind == "element_value_pair" and key is not None and value is not None:
                keywords.append((self.source.text(key), self.expression(value)))
            else:
                args.append(self.expression(child))
        return self.here.call(place, callee, tuple(args), tuple(keywords))


Expressions.expression_forms = {
    "identifier": Expressions._identifier,
    "this": Expressions._this,
    "super": Expressions._super,
    **dict.fromkeys(_CHAINS, Expressions._chain),
    "object_creation_expression": Expressions._new,
    "array_creation_expression": Expressions._array,
    "array_initializer": Expressions._elements,
    "element_value_array_initializer": Expressions._elements,
    "annotation": Expressions._annotation,
    "marker_annotation": Expressions._annotation,
    "binary_expression": Expressions.binary,
    "unary_expression": Expressions._unary,
    "update_expression": Expressions._update,
    "assignment_expression": Expressions._assignment,
    "ternary_expression": Expressions._ternary,
    "cast_expression": Expressions._cast,
    "instanceof_expression": Expressions._instanceof,
    "switch_expression": Expressions._switch_value,
    "lambda_expression": Expressions._lambda,
    "method_reference": Expressions._reference,
    "class_literal": Expressions._class_literal,
    "scoped_identifier": Expressions.unknown_value,
    "string_literal": literal(string),
    "character_literal": literal(character),
    **dict.fromkeys(
        ("decimal_integer_literal", "hex_integer_literal", "octal_integer_literal", "binary_integer_literal"),
        literal(integer),
    ),
    "decimal_floating_point_literal": literal(real),
    "hex_floating_point_literal": literal(real),
    "true": constant(True),
    "false": constant(False),
    "null_literal": constant(None),
}
