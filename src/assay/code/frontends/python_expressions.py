"""Python's expressions, assignment targets, parameters and patterns, lowered to the intermediate representation."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.python_literals import integer, is_bytes, is_raw, real, unescape
from assay.code.frontends.python_scopes import Scopes
from assay.code.ir import Register, span
from assay.code.lowering import MAX_DEPTH, constant, literal
from assay.code.syntax import Syntax


class Expressions(Scopes):
    """Lowers expressions. Scopes: a name is local to the function where it is bound, unless `global` or `nonlocal` says otherwise."""

    logic: ClassVar = {"and": "and", "or": "or"}

    # Names

    def _identifier(self, node: Syntax) -> Register:
        return self.read(self.source.text(node), span(node.start, node.end))

    # Operators

    def _attribute(self, node: Syntax) -> Register:
        if len(node.children) < 2:
            return self.unknown_value(node)
        obj = self.expression(node.children[0])
        return self.here.field(span(node.start, node.end), obj, self.source.text(node.children[1]))

    def _subscript(self, node: Syntax) -> Register:
        if len(node.children) < 2:
            return self.unknown_value(node)
        obj = self.expression(node.children[0])
        place = span(node.start, node.end)
        if len(node.children) == 2 and node.children[1].kind == "slice":
            low, high, step = self._slice_parts(node.children[1])
            return self.here.value(ir.SLICE, place, obj, low, high, step)
        return self.here.value(ir.ITEM, place, obj, self.subscript_key(node))

    def subscript_key(self, node: Syntax) -> Register:
        """The key of a subscript; several are a tuple."""
        keys = [self.expression(child) for child in node.children[1:]]
        if len(keys) == 1:
            return keys[0]
        return self.here.value(ir.BUILD, span(node.start, node.end), "tuple", tuple(keys))

    def _slice_parts(self, node: Syntax) -> tuple[Register | None, Register | None, Register | None]:
        """Which of low, high and step are given is told by the colons between the children."""
        parts: list[Register | None] = [None, None, None]
        position, end = 0, node.start
        for child in node.children:
            position += self.source.content[end : child.start].count(b":")
            if position < 3:
                parts[position] = self.expression(child)
            end = child.end
        return parts[0], parts[1], parts[2]

    def _slice(self, node: Syntax) -> Register:
        parts = tuple(part for part in self._slice_parts(node) if part is not None)
        callee = self.here.outer(span(node.start, node.end), "slice")
        return self.here.call(span(node.start, node.end), callee, parts)

    def _boolean(self, node: Syntax) -> Register:
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None or operator is None:
            return self.unknown_value(node)
        return self.operate(node, operator.kind, self.expression(left), right)

    def both(self, first: Register | None, second: Register | None, place: int) -> Register | None:
        """`first and second`, where None is true. Both were evaluated already."""
        if first is None or second is None:
            return second if first is None else first
        return self.here.value(ir.LOGIC, place, "and", first, [], second)

    def _not(self, node: Syntax) -> Register:
        argument = node.child("argument")
        if argument is None:
            return self.unknown_value(node)
        return self.here.value(ir.UNARY, span(node.start, node.end), "not", self.expression(argument))

    def _unary(self, node: Syntax) -> Register:
        argument, operator = node.child("argument"), node.child("operator")
        if argument is None or operator is None:
            return self.unknown_value(node)
        return self.here.value(ir.UNARY, span(node.start, node.end), operator.kind, self.expression(argument))

    def _comparison(self, node: Syntax) -> Register:
        operands = [child for child in node.children if not child.field]
        operators = [" ".join(child.kind.split()) for child in node.children if child.field]
        values = [self.expression(operand) for operand in operands]
        place = span(node.start, node.end)
        result: Register | None = None
        for index, operator in enumerate(operators[: len(values) - 1]):
            one = self.here.value(ir.OP, place, operator, values[index], values[index + 1])
            result = self.both(result, one, place)
        return result if result is not None else self.unknown_value(node)

    def _conditional(self, node: Syntax) -> Register:
        if len(node.children) != 3:
            return self.unknown_value(node)
        then_node, condition_node, else_node = node.children
        condition = self.expression(condition_node)
        with self.here.block() as then_block:
            then = self.expression(then_node)
        with self.here.block() as else_block:
            otherwise = self.expression(else_node)
        place = span(node.start, node.end)
        return self.here.value(ir.SELECT, place, condition, then_block, then, else_block, otherwise)

    def _named(self, node: Syntax) -> Register:
        name, value = node.child("name"), node.child("value")
        if name is None or value is None:
            return self.unknown_value(node)
        register = self.expression(value)
        text = self.source.text(name)
        scopes, self._inner = self._inner, []  # binds in the function, not in a comprehension
        self.bind(text, register, span(name.start, name.end))
        self._inner = scopes
        return register

    def _first(self, node: Syntax) -> Register:
        return self.expression(node.children[0]) if node.children else self.here.constant(None)

    def _await(self, node: Syntax) -> Register:
        children = [child for child in node.children if child.kind != "await" or child.children]
        value = self.expression(children[0]) if children else self.here.constant(None)
        return self.here.value(ir.AWAIT, span(node.start, node.end), value)

    def _yield(self, node: Syntax) -> Register:
        self.here.function.is_generator = True
        children = [child for child in node.children if child.kind != "from"]
        value = self.expression(children[0]) if children else None
        return self.here.value(ir.YIELD, span(node.start, node.end), value, node.has("from"))

    # Calls

    def _call(self, node: Syntax) -> Register:
        function, arguments = node.child("function"), node.child("arguments")
        if function is None or arguments is None:
            return self.unknown_value(node)
        place = span(node.start, node.end)
        chain = function.kind == "attribute" and len(function.children) > 1
        receiver = self.expression(function.children[0] if chain else function)
        args, keywords = self._arguments(arguments)
        if chain:
            return self.here.method(place, receiver, self.source.text(function.children[1]), args, keywords)
        return self.here.call(place, receiver, args, keywords)

    def _arguments(self, node: Syntax) -> tuple[tuple[Register, ...], tuple[tuple[str, Register], ...]]:
        if node.kind == "generator_expression":
            return (self._comprehension(node),), ()
        args: list[Register] = []
        keywords: list[tuple[str, Register]] = []
        for child in node.children:
            kind = child.kind
            if kind == "keyword_argument" and len(child.children) > 1:
                keywords.append((self.source.text(child.children[0]), self.expression(child.children[1])))
            elif kind == "list_splat" and child.children:
                keywords.append(("*", self.expression(child.children[0])))
            elif kind == "dictionary_splat" and child.children:
                keywords.append(("**", self.expression(child.children[0])))
            else:
                args.append(self.expression(child))
        return tuple(args), tuple(keywords)

    def _lambda(self, node: Syntax) -> Register:
        outer = self.here
        place = span(node.start, node.end)
        inner = self.builder.function("<lambda>", "lambda", place, outer)
        defaults = self.parameters(node.child("parameters"), inner, receiver=False)
        body = node.child("body")
        self.enter(inner)
        if body is not None:
            inner.emit(ir.RETURN, span(body.start, body.end), self.expression(body))
        self.leave(outer)
        return outer.value(ir.FUNC, place, inner.function.index, (), (), defaults)

    def parameters(
        self, node: Syntax | None, inner: FunctionBuilder, receiver: bool
    ) -> tuple[tuple[int, Register], ...]:
        """Fill in the parameters of `inner`; give the defaults, evaluated where the function is defined."""
        defaults: list[tuple[int, Register]] = []
        only_keywords = False
        found = inner.function.parameters
        for child in node.children if node else []:
            name_node, kind = self._parameter_name(child)
            only_keywords = only_keywords or child.kind == "keyword_separator"
            if name_node is None:
                continue
            kind = kind or ("k" if only_keywords else "")
            only_keywords = only_keywords or kind == "*"
            if receiver and not found and not kind:
                kind = "r"
            default, declared = child.child("value"), child.child("type")
            if default is not None:
                defaults.append((len(found), self.expression(default)))
            name = self.source.text(name_node)
            text = self.type_text(declared) if declared else ""
            found.append(ir.Parameter(name, inner.variable(name), kind, text))
        return tuple(defaults)

    def _parameter_name(self, node: Syntax) -> tuple[Syntax | None, str]:
        kind = node.kind
        if kind == "identifier":
            return node, ""
        if kind in ("list_splat_pattern", "dictionary_splat_pattern") and node.children:
            return node.children[0], "*" if kind == "list_splat_pattern" else "**"
        if kind in ("default_parameter", "typed_default_parameter"):
            return node.child("name"), ""
        if kind == "typed_parameter" and node.children:
            return self._parameter_name(node.children[0])
        return None, ""

    # Collections and text

    def _collection(self, node: Syntax) -> Register:
        kind = {"list": "list", "set": "set"}.get(node.kind, "tuple")
        place = span(node.start, node.end)
        if not any(child.kind == "list_splat" for child in node.children):
            parts = tuple(self.expression(child) for child in node.children)
            return self.here.value(ir.BUILD, place, kind, parts)
        made = self.here.value(ir.BUILD, place, kind, ())
        for child in node.children:
            if child.kind == "list_splat" and child.children:
                self.here.method(place, made, "extend", (self.expression(child.children[0]),))
            else:
                self.here.emit(ir.ADD, place, made, self.expression(child))
        return made

    def _dictionary(self, node: Syntax) -> Register:
        pairs: list[tuple[Register | None, Register]] = []
        for child in node.children:
            if child.kind == "pair" and len(child.children) > 1:
                pairs.append((self.expression(child.children[0]), self.expression(child.children[1])))
            elif child.kind == "dictionary_splat" and child.children:
                pairs.append((None, self.expression(child.children[0])))
        return self.here.value(ir.DICT, span(node.start, node.end), None, tuple(pairs))

    def _comprehension(self, node: Syntax) -> Register:
        place = span(node.start, node.end)
        kind = {"set_comprehension": "set", "generator_expression": "generator"}.get(node.kind, "list")
        if node.kind == "dictionary_comprehension":
            made = self.here.value(ir.DICT, place, None, ())
        else:
            made = self.here.value(ir.BUILD, place, kind, ())
        clauses = [child for child in node.children if child.kind in ("for_in_clause", "if_clause")]
        body = node.child("body")
        self._inner.append({})
        self._clauses(clauses, 0, lambda: self._element(body, made, place))
        self._inner.pop()
        return made

    def _element(self, body: Syntax | None, made: Register, place: int) -> None:
        if body is not None and body.kind == "pair" and len(body.children) > 1:
            key, value = self.expression(body.children[0]), self.expression(body.children[1])
            self.here.emit(ir.SETITEM, place, made, key, value)
        elif body is not None:
            self.here.emit(ir.ADD, place, made, self.expression(body))

    def _clauses(self, clauses: list[Syntax], index: int, innermost: Callable[[], None]) -> None:
        if index == len(clauses) or index > MAX_DEPTH:
            innermost()
            return
        clause = clauses[index]
        if clause.kind == "if_clause":
            condition = self._first(clause)
            with self.here.block() as then:
                self._clauses(clauses, index + 1, innermost)
            self.here.emit(ir.IF, span(clause.start, clause.end), condition, then, [])
            return
        left, right = clause.child("left"), clause.child("right")
        if left is None or right is None:
            return
        iterable = self.expression(right)
        element = self.here.temp()
        for name in left.walk():
            if name.kind == "identifier":
                text = self.source.text(name)
                self._inner[-1][text] = self.here.fresh(text)
        with self.here.block() as body:
            self.assign(left, element)
            self._clauses(clauses, index + 1, innermost)
        place = span(left.start, right.end)
        self.here.emit(ir.FOR, place, element, iterable, "values", body, [], "")

    def _string(self, node: Syntax) -> Register:
        parts: list[Register] = []
        self._string_parts(node, parts)
        return self._joined(parts, node)

    def _joined(self, parts: list[Register], node: Syntax) -> Register:
        if not parts:
            return self.here.constant("")
        if (
            len(parts) == 1
            and node.kind == "string"
            and not any(c.kind == "interpolation" for c in node.children)
        ):
            return parts[0]
        return self.here.value(ir.BUILD, span(node.start, node.end), "str", tuple(parts))

    def _string_parts(self, node: Syntax, parts: list[Register]) -> None:
        start = self.source.text(node.children[0]) if node.children else ""
        raw, as_bytes = is_raw(start), is_bytes(start)
        if as_bytes and len(node.children) == 2:
            parts.append(self.here.constant(b""))
        for child in node.children:
            if child.kind == "string_content":
                text = self.source.text(child)
                if child.children and not raw:
                    text = unescape(text)
                parts.append(self.here.constant(text.encode("latin-1", "replace") if as_bytes else text))
            elif child.kind == "interpolation":
                parts.append(self._interpolation(child))

    def _interpolation(self, node: Syntax) -> Register:
        inner = node.child("expression")
        if inner is None:
            return self.here.constant("")
        value = self.expression(inner)
        format_node = node.child("format_specifier")
        conversion = node.child("type_conversion")
        place = span(node.start, node.end)
        if conversion is not None and self.source.text(conversion) in ("!r", "!a"):
            value = self.here.value(ir.UNARY, place, "repr", value)
        if format_node is None:
            return value
        text = self.source.text(format_node).lstrip(":")
        return self.here.value(ir.OP, place, "format", value, self.here.constant(text))

    def _concatenated(self, node: Syntax) -> Register:
        parts: list[Register] = []
        literals: list[str] = []
        plain = True
        for child in node.children:
            before = len(parts)
            self._string_parts(child, parts)
            plain = plain and not any(c.kind == "interpolation" for c in child.children)
            del before
        if plain:
            values = dict(self.here.function.constants)
            texts = [values[part] for part in parts]
            literals = [text for text in texts if isinstance(text, str)]
            if len(literals) == len(texts):
                return self.here.constant("".join(literals))
        return self._joined(parts, node)


Expressions.expression_forms = {
    "identifier": Expressions._identifier,
    "attribute": Expressions._attribute,
    "subscript": Expressions._subscript,
    "slice": Expressions._slice,
    "call": Expressions._call,
    "binary_operator": Expressions.binary,
    "boolean_operator": Expressions._boolean,
    "not_operator": Expressions._not,
    "unary_operator": Expressions._unary,
    "comparison_operator": Expressions._comparison,
    "conditional_expression": Expressions._conditional,
    "named_expression": Expressions._named,
    "parenthesized_expression": Expressions._first,
    "await": Expressions._await,
    "yield": Expressions._yield,
    "lambda": Expressions._lambda,
    "assignment": Expressions.assignment,
    "list": Expressions._collection,
    "set": Expressions._collection,
    "tuple": Expressions._collection,
    "expression_list": Expressions._collection,
    "pattern_list": Expressions._collection,
    "dictionary": Expressions._dictionary,
    "list_comprehension": Expressions._comprehension,
    "set_comprehension": Expressions._comprehension,
    "dictionary_comprehension": Expressions._comprehension,
    "generator_expression": Expressions._comprehension,
    "string": Expressions._string,
    "concatenated_string": Expressions._concatenated,
    "integer": literal(integer),
    "float": literal(real),
    "true": constant(True),
    "false": constant(False),
    "none": constant(None),
    "ellipsis": constant(...),
    "list_splat": Expressions._first,
    "type": Expressions._first,
}
