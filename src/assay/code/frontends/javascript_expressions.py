"""JavaScript's expressions, lowered to the intermediate representation. Functions and classes are in `javascript_functions`."""

from __future__ import annotations

from typing import ClassVar

from assay.code import ir
from assay.code.frontends.javascript_literals import is_identifier, number, unescape
from assay.code.frontends.javascript_scopes import Scopes
from assay.code.ir import Block, Register, span
from assay.code.lowering import Expression, constant, literal
from assay.code.syntax import Syntax

_Keywords = tuple[tuple[str, Register], ...]
_CHAIN = frozenset(
    (
        "call_expression",
        "member_expression",
        "subscript_expression",
        "non_null_expression",
        "parenthesized_expression",
    )
)
_LINKS = {"call_expression": "function", "member_expression": "object", "subscript_expression": "object"}


class Expressions(Scopes):
    """Lowers expressions."""

    logic: ClassVar = {"&&": "and", "||": "or", "??": "??"}
    operators: ClassVar = {"===": "==", "!==": "!=", ">>>": ">>"}

    def block_value(self, node: Syntax) -> tuple[Block, Register]:
        """An expression in a block of its own, which runs only sometimes."""
        with self.here.block() as block:
            value = self.expression(node)
        return block, value

    # Names and literals

    def _identifier(self, node: Syntax) -> Register:
        name = self.source.text(node)
        if name == "undefined":
            return self.here.constant(ir.UNDEFINED)
        return self.read(name, span(node.start, node.end))

    def _this(self, node: Syntax) -> Register:
        return self.read("this", span(node.start, node.end))

    def _super(self, node: Syntax) -> Register:
        place = span(node.start, node.end)
        return self.here.call(place, self.here.outer(place, "super"))

    def _meta(self, node: Syntax) -> Register:
        return self.here.outer(span(node.start, node.end), self.source.text(node))

    def _string(self, node: Syntax) -> Register:
        return self.here.constant(self.string_value(node))

    def string_value(self, node: Syntax) -> str:
        """What a string literal says."""
        text = self.source.text(node)[1:-1]
        return unescape(text) if "\\" in text else text

    def _regex(self, node: Syntax) -> Register:
        pattern, flags = node.child("pattern"), node.child("flags")
        text = self.source.text(pattern) if pattern else ""
        return self.here.constant(ir.Regex(text, self.source.text(flags) if flags else ""))

    def _template(self, node: Syntax) -> Register:
        parts = self._template_parts(node)
        if not parts:
            return self.here.constant("")
        if len(node.children) == 1 and node.children[0].kind == "string_fragment":
            return parts[0]
        return self.here.value(ir.BUILD, span(node.start, node.end), "str", tuple(parts))

    def _template_parts(self, node: Syntax) -> list[Register]:
        parts: list[Register] = []
        for child in node.children:
            if child.kind == "template_substitution":
                parts.append(self.first(child))
            elif child.kind in ("string_fragment", "escape_sequence"):
                text = self.source.text(child)
                parts.append(self.here.constant(unescape(text) if child.kind == "escape_sequence" else text))
        return parts

    # Collections

    def _array(self, node: Syntax) -> Register:
        place = span(node.start, node.end)
        if not any(child.kind == "spread_element" for child in node.children):
            parts = tuple(self.expression(child) for child in node.children)
            return self.here.value(ir.BUILD, place, "list", parts)
        made = self.here.value(ir.BUILD, place, "list", ())
        for child in node.children:
            if child.kind == "spread_element" and child.children:
                self.here.method(place, made, "extend", (self.expression(child.children[0]),))
            else:
                self.here.emit(ir.ADD, place, made, self.expression(child))
        return made

    def _object(self, node: Syntax) -> Register:
        pairs = [pair for child in node.children if (pair := self._property(child)) is not None]
        return self.here.value(ir.DICT, span(node.start, node.end), None, tuple(pairs))

    def _property(self, node: Syntax) -> tuple[Register | None, Register] | None:
        kind = node.kind
        if kind == "pair":
            key, value = node.child("key"), node.child("value")
            if key is None or value is None:
                return None
            return self.key(key), self.named_value(value, self.key_name(key))
        if kind in ("shorthand_property_identifier", "identifier"):
            return self.here.constant(self.source.text(node)), self._identifier(node)
        if kind == "spread_element" and node.children:
            return None, self.expression(node.children[0])
        if kind == "method_definition":
            name = node.child("name")
            if name is not None:
                return self.key(name), self.function_value(node, self.key_name(name) or "<computed>")
        return None

    def key(self, node: Syntax) -> Register:
        """A property's key as a register."""
        if node.kind == "computed_property_name":
            return self.first(node)
        if node.kind == "number":
            return self.expression(node)
        return self.here.constant(self.key_name(node))

    def key_name(self, node: Syntax) -> str:
        """A property's name where it is fixed, else ""."""
        if node.kind == "string":
            return self.string_value(node)
        return "" if node.kind == "computed_property_name" else self.source.text(node)

    def named_value(self, node: Syntax, name: str, kind: str = "") -> Register:
        """The value of an expression; a function without a name of its own is called as what it is bound to.

        `kind` is "function" where that is a variable: other functions of the name are not what the name means.
        """
        if node.kind in _FUNCTIONS:
            return self.function_value(node, name, kind)
        if node.kind == "class":
            return self.class_value(node, name)
        return self.expression(node)

    def function_value(self, node: Syntax, name: str, kind: str = "") -> Register:
        """See the class that knows functions."""
        raise NotImplementedError

    def class_value(self, node: Syntax, name: str) -> Register:
        """See the class that knows classes."""
        raise NotImplementedError

    def _function(self, node: Syntax) -> Register:
        return self.function_value(node, "")

    def _class(self, node: Syntax) -> Register:
        return self.class_value(node, "")

    # Members and calls

    def _chain(self, node: Syntax) -> Register:
        """Chains of members and calls nest to the left as deep as the text is long: walked in a loop."""
        links: list[Syntax] = []
        start: Syntax | None = node
        while start is not None and start.kind in _CHAIN:
            if self.special_call(start):
                break
            links.append(start)
            start = start.child(_LINKS[start.kind]) if start.kind in _LINKS else start.of(*EXPRESSIONS)
        if start is None:
            return self.unknown_value(links[-1]) if len(links) == 1 else self.here.constant(...)
        value = self.import_call(start) if start.kind in _CHAIN else self.expression(start)
        links.reverse()
        index = 0
        while index < len(links):
            link = links[index]
            index += 1
            after = links[index] if index < len(links) else None
            if link.kind == "member_expression" and after is not None and after.kind == "call_expression":
                value = self._method_call(after, value, self._member_name(link))
                index += 1
            elif link.kind == "member_expression":
                value = self.member(span(link.start, link.end), value, self._member_name(link))
            elif link.kind == "subscript_expression":
                value = self._subscript(link, value)
            elif link.kind == "call_expression":
                value = self._plain_call(link, value, start)
        return value

    def special_call(self, node: Syntax) -> bool:
        """Whether a call is `require` or `import`: see the class that knows modules."""
        raise NotImplementedError

    def import_call(self, node: Syntax) -> Register:
        """Lower such a call."""
        raise NotImplementedError

    def _member_name(self, node: Syntax) -> str:
        name = node.child("property")
        return self.source.text(name) if name else ""

    def member(self, place: int, value: Register, name: str) -> Register:
        """Read a field; a length is a number, whatever it is the length of."""
        if name == "length":
            return self.here.value(ir.UNARY, place, "length", value)
        return self.here.field(place, value, name)

    def _subscript(self, node: Syntax, value: Register) -> Register:
        index = node.child("index")
        place = span(node.start, node.end)
        if index is None:
            return value
        if index.kind == "string" and is_identifier(self.string_value(index)):
            return self.here.field(place, value, self.string_value(index))
        return self.here.value(ir.ITEM, place, value, self.expression(index))

    def _method_call(self, node: Syntax, receiver: Register, name: str) -> Register:
        args, keywords = self.call_arguments(node)
        return self.here.method(span(node.start, node.end), receiver, name, args, keywords)

    def _plain_call(self, node: Syntax, callee: Register, start: Syntax) -> Register:
        args, keywords = self.call_arguments(node)
        place = span(node.start, node.end)
        if start.kind == "super" and node.child("function") is start:
            return self.here.method(place, callee, "constructor", args, keywords)
        return self.here.call(place, callee, args, keywords)

    def call_arguments(self, node: Syntax) -> tuple[tuple[Register, ...], _Keywords]:
        """Arguments of a call; of a tagged template the texts and the values."""
        arguments = node.child("arguments")
        if arguments is None:
            return (), ()
        if arguments.kind == "template_string":
            return self._tagged(arguments), ()
        args: list[Register] = []
        keywords: list[tuple[str, Register]] = []
        for child in arguments.children:
            if child.kind == "spread_element" and child.children:
                keywords.append(("*", self.expression(child.children[0])))
            else:
                args.append(self.expression(child))
        return tuple(args), tuple(keywords)

    def _tagged(self, node: Syntax) -> tuple[Register, ...]:
        texts: list[Register] = []
        values: list[Register] = []
        for child in node.children:
            if child.kind == "template_substitution":
                values.append(self.first(child))
            else:
                texts.append(self.here.constant(self.source.text(child)))
        return (self.here.value(ir.BUILD, span(node.start, node.end), "list", tuple(texts)), *values)

    def _new(self, node: Syntax) -> Register:
        made = node.child("constructor")
        if made is None:
            return self.unknown_value(node)
        if made.kind == "member_expression":
            receiver = made.child("object")
            if receiver is not None:
                return self._method_call(node, self.expression(receiver), self._member_name(made))
        callee = self.expression(made)
        args, keywords = self.call_arguments(node)
        return self.here.call(span(node.start, node.end), callee, args, keywords)

    # Operators

    def first_operand(self, node: Syntax) -> Register:
        """What stands leftmost in a chain of operators: also `#name in object`."""
        if node.kind == "private_property_identifier":
            return self.here.constant(self.source.text(node))
        return self.expression(node)

    def _unary(self, node: Syntax) -> Register:
        argument, operator = node.child("argument"), node.child("operator")
        if argument is None or operator is None:
            return self.unknown_value(node)
        if operator.kind == "delete":
            return self._delete(argument)
        value = self.expression(argument)
        if operator.kind == "void":
            return self.here.constant(ir.UNDEFINED)
        symbol = "not" if operator.kind == "!" else operator.kind
        return self.here.value(ir.UNARY, span(node.start, node.end), symbol, value)

    def _delete(self, target: Syntax) -> Register:
        place = span(target.start, target.end)
        obj = target.child("object")
        if obj is not None:
            index = target.child("index")
            receiver = self.expression(obj)
            key = self.expression(index) if index else self.here.constant(self._member_name(target))
            self.here.emit(ir.DELETE, place, receiver, key)
        return self.here.constant(True)

    def _ternary(self, node: Syntax) -> Register:
        condition, then, otherwise = (
            node.child(field) for field in ("condition", "consequence", "alternative")
        )
        if condition is None or then is None or otherwise is None:
            return self.unknown_value(node)
        test = self.expression(condition)
        then_block, first = self.block_value(then)
        else_block, second = self.block_value(otherwise)
        place = span(node.start, node.end)
        return self.here.value(ir.SELECT, place, test, then_block, first, else_block, second)

    def _update(self, node: Syntax) -> Register:
        argument, operator = node.child("argument"), node.child("operator")
        if argument is None or operator is None:
            return self.unknown_value(node)
        place = span(node.start, node.end)
        old = self.expression(argument)
        if operator.start > argument.start:
            old = self.here.value(ir.MOVE, place, old)
        new = self.here.value(ir.OP, place, operator.kind[0], old, self.here.constant(1))
        self.assign(argument, new)
        return old if operator.start > argument.start else new

    def _sequence(self, node: Syntax) -> Register:
        value = self.here.constant(ir.UNDEFINED)
        todo = list(node.children)
        while todo:
            child = todo.pop(0)
            if child.kind == "sequence_expression":
                todo[:0] = child.children
            else:
                value = self.expression(child)
        return value

    def first(self, node: Syntax) -> Register:
        """The only expression in a node."""
        inner = node.of(*EXPRESSIONS)
        return self.expression(inner) if inner else self.here.constant(ir.UNDEFINED)

    def _await(self, node: Syntax) -> Register:
        return self.here.value(ir.AWAIT, span(node.start, node.end), self.first(node))

    def _yield(self, node: Syntax) -> Register:
        self.here.function.is_generator = True
        inner = node.of(*EXPRESSIONS)
        value = self.expression(inner) if inner else None
        return self.here.value(ir.YIELD, span(node.start, node.end), value, node.has("*"))

    def assign(self, target: Syntax, value: Register) -> None:
        """See the class that knows assignment targets."""
        raise NotImplementedError


_FUNCTIONS = frozenset(("arrow_function", "function_expression", "generator_function", "function"))
# Filled by the modules that add forms; looked up by the grammar's name of the node.
EXPRESSIONS: dict[str, Expression] = {
    "identifier": Expressions._identifier,
    "shorthand_property_identifier": Expressions._identifier,
    "this": Expressions._this,
    "super": Expressions._super,
    "meta_property": Expressions._meta,
    "string": Expressions._string,
    "number": literal(number),
    "true": constant(True),
    "false": constant(False),
    "null": constant(None),
    "undefined": constant(ir.UNDEFINED),
    "regex": Expressions._regex,
    "template_string": Expressions._template,
    "array": Expressions._array,
    "object": Expressions._object,
    "arrow_function": Expressions._function,
    "function_expression": Expressions._function,
    "generator_function": Expressions._function,
    "class": Expressions._class,
    "call_expression": Expressions._chain,
    "member_expression": Expressions._chain,
    "subscript_expression": Expressions._chain,
    "non_null_expression": Expressions._chain,
    "parenthesized_expression": Expressions._chain,
    "new_expression": Expressions._new,
    "binary_expression": Expressions.binary,
    "unary_expression": Expressions._unary,
    "ternary_expression": Expressions._ternary,
    "update_expression": Expressions._update,
    "sequence_expression": Expressions._sequence,
    "await_expression": Expressions._await,
    "yield_expression": Expressions._yield,
}
Expressions.expression_forms = EXPRESSIONS
