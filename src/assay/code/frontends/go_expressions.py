"""Go's names, expressions and types, lowered to the intermediate representation. Function literals are completed in `go`."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder, ModuleBuilder
from assay.code.frontends.go_literals import raw_string, rune, string
from assay.code.ir import Register
from assay.code.literals import integer, real
from assay.code.lowering import Lowering, constant, literal
from assay.code.syntax import Source, Syntax

_CHAINS = ("selector_expression", "call_expression", "index_expression", "parenthesized_expression")
_CONVERSIONS = frozenset(
    ("string", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "byte",
     "rune", "bool", "any", "uintptr", "complex64", "complex128"),
)  # fmt: skip
_TYPES = ("type_identifier", "qualified_type", "pointer_type", "slice_type", "array_type", "map_type", "generic_type", "channel_type",
          "function_type", "struct_type", "interface_type", "implicit_length_array_type", "parenthesized_type", "negated_type")  # fmt: skip


class Expressions(Lowering):
    """Lowers expressions. `scopes` are the blocks of the current function, innermost last."""

    def __init__(self, source: Source, builder: ModuleBuilder, body: FunctionBuilder) -> None:
        super().__init__(source, builder, body)
        self.scopes: list[dict[str, Register]] = [{}]
        self.outer_scopes: list[list[dict[str, Register]]] = []
        self.declared: dict[tuple[int, Register], str] = {}
        self.iota = 0
        self.results: list[Register] = []

    # What `go` provides

    def literal_function(self, node: Syntax) -> Register:
        """A function literal."""
        raise NotImplementedError

    # Expressions

    def expressions(self, node: Syntax | None) -> list[Register]:
        """The values of an expression list, or of one expression."""
        if node is None:
            return []
        if node.kind == "expression_list":
            return [self.expression(child) for child in node.children]
        return [self.expression(node)]

    # Names

    def declare(self, name: str, kind: str = "") -> Register:
        """A new local in the innermost block; at the top of the file a global."""
        if self.here.function.kind == "module":
            return self.here.variable(name)
        register = self.here.fresh(name)
        self.scopes[-1][name] = register
        if kind:
            self.declared[self.here.function.index, register] = kind
        return register

    def local(self, name: str) -> Register | None:
        """The variable of this name in the current function."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, name: str, value: Register, place: int) -> None:
        """Assign to a name: local, captured or global."""
        if name == "_":
            return
        register = self.local(name)
        if register is not None:
            kind = self.declared.get((self.here.function.index, register))
            if kind:
                value = self.here.value(ir.TYPED, place, value, kind)
            self.here.emit(ir.MOVE, place, register, value)
        elif self.here.function.kind == "module":
            self.here.emit(ir.MOVE, place, self.here.variable(name), value)
        else:
            self.here.function.names.add(name)
            self.here.emit(ir.SETOUTER, place, name, value)

    def _identifier(self, node: Syntax) -> Register:
        name = self.source.text(node)
        register = self.local(name)
        return register if register is not None else self.here.outer(self.place(node), name)

    def _captured(self, name: str) -> bool:
        return self.local(name) is not None or any(
            name in scope for scopes in self.outer_scopes for scope in scopes
        )

    # Chains of selectors, calls and indices: walked in a loop, they grow with the text

    def _chain(self, node: Syntax) -> Register:
        todo: list[tuple[Syntax, Syntax | None]] = []
        current: Syntax | None = node
        while current is not None and current.kind in _CHAINS and len(todo) < 20_000:
            selector = None
            below = self._below(current)
            if (
                current.kind == "call_expression"
                and below is not None
                and below.kind == "selector_expression"
            ):
                selector, below = below, below.child("operand")
            todo.append((current, selector))
            current = below
        value = self.expression(current) if current is not None else self.here.constant(None)
        for one, selector in reversed(todo):
            value = self._link(one, selector, value)
        return value

    def _below(self, node: Syntax) -> Syntax | None:
        if node.kind == "parenthesized_expression":
            return node.children[0] if node.children else None
        return node.child("function" if node.kind == "call_expression" else "operand")

    def _link(self, node: Syntax, selector: Syntax | None, value: Register) -> Register:
        place = self.place(node)
        if node.kind == "selector_expression":
            field = node.child("field")
            return self.here.field(place, value, self.source.text(field)) if field is not None else value
        if node.kind == "index_expression":
            index = node.child("index")
            if index is None or index.kind in _TYPES:
                return value  # an instantiation
            return self.here.value(ir.ITEM, place, value, self.expression(index))
        if node.kind == "call_expression":
            return self._call(node, selector, value, place)
        return value

    def _call(self, node: Syntax, selector: Syntax | None, value: Register, place: int) -> Register:
        function, arguments = node.child("function"), node.child("arguments")
        name = self.source.text(function) if function is not None and function.kind == "identifier" else ""
        if name and not self._captured(name):
            special = self._builtin(name, arguments, place)
            if special is not None:
                return special
        args, keywords = self._arguments(arguments)
        field = selector.child("field") if selector is not None else None
        if field is not None:
            return self.here.method(place, value, self.source.text(field), args, keywords)
        return self.here.call(place, value, args, keywords)

    def _builtin(self, name: str, arguments: Syntax | None, place: int) -> Register | None:
        """Conversions, `new`, `make`, `delete` and `panic`."""
        children = arguments.children if arguments is not None else []
        if name in _CONVERSIONS and len(children) == 1:
            return self.here.value(ir.TYPED, place, self.expression(children[0]), name)
        if name in ("new", "make") and children:
            for child in children[1:]:
                self.expression(child)
            kind = children[0]
            if name == "make" and kind.kind in ("slice_type", "channel_type"):
                return self.here.value(ir.BUILD, place, "list", ())
            return self._made(kind, (), place)
        if name == "delete" and len(children) == 2:
            values = [self.expression(child) for child in children]
            self.here.emit(ir.DELETE, place, values[0], values[1])
            return self.here.constant(None)
        if name == "panic":
            values = [self.expression(child) for child in children]
            self.here.emit(ir.RAISE, place, values[0] if values else None)
            return self.here.constant(None)
        return None

    def _arguments(
        self, node: Syntax | None
    ) -> tuple[tuple[Register, ...], tuple[tuple[str, Register], ...]]:
        args: list[Register] = []
        keywords: list[tuple[str, Register]] = []
        for child in node.children if node is not None else []:
            if child.kind == "variadic_argument" and child.children:
                keywords.append(("*", self.expression(child.children[0])))
            elif child.kind in _TYPES:
                args.append(self.type_value(child))
            else:
                args.append(self.expression(child))
        return tuple(args), tuple(keywords)

    # Composite literals

    def _composite(self, node: Syntax) -> Register:
        kind, body = node.child("type"), node.child("body")
        return self._literal(kind, body, self.place(node), 0)

    def _literal(self, kind: Syntax | None, body: Syntax | None, place: int, depth: int) -> Register:
        elements = body.children if body is not None else []
        inner = None
        if kind is not None and kind.kind in ("slice_type", "array_type", "implicit_length_array_type"):
            inner = kind.child("element")
            if not any(element.kind == "keyed_element" for element in elements):
                parts = tuple(self._element(element, inner, depth) for element in elements)
                return self.here.value(ir.BUILD, place, "list", parts)
        if kind is not None and kind.kind == "map_type":
            inner = kind.child("value")
        is_struct = kind is not None and kind.kind in (
            "type_identifier",
            "qualified_type",
            "generic_type",
            "struct_type",
        )
        pairs: list[tuple[Register | None, Register]] = []
        for position, element in enumerate(elements):
            key: Register = self.here.constant(position)
            value: Syntax | None = element
            if element.kind == "keyed_element":
                key = self._key(element.child("key"), is_struct)
                value = element.child("value")
            if value is not None:
                pairs.append((key, self._element(value, inner, depth)))
        return self._made(kind, tuple(pairs), place)

    def _key(self, node: Syntax | None, is_struct: bool) -> Register:
        inner = node.children[0] if node is not None and node.children else None
        if inner is None:
            return self.here.constant(...)
        if is_struct and inner.kind == "identifier":
            name = self.source.text(inner)
            self.here.function.names.add(name)
            return self.here.constant(name)
        return self.expression(inner)

    def _element(self, node: Syntax, kind: Syntax | None, depth: int) -> Register:
        inner = node.children[0] if node.kind == "literal_element" and node.children else node
        if inner.kind == "literal_value":
            if depth > 60:
                self.too_deep += 1
                return self.here.constant(...)
            while kind is not None and kind.kind == "pointer_type" and kind.children:
                kind = kind.children[0]
            return self._literal(kind, inner, self.place(inner), depth + 1)
        return self.expression(inner)

    def _made(
        self, kind: Syntax | None, pairs: tuple[tuple[Register | None, Register], ...], place: int
    ) -> Register:
        of = None
        if kind is not None and kind.kind in ("type_identifier", "qualified_type", "generic_type"):
            of = self.type_value(kind)
        return self.here.value(ir.DICT, place, of, pairs)

    # Operators

    def _unary(self, node: Syntax) -> Register:
        operand, operator = node.child("operand"), node.child("operator")
        if operand is None or operator is None:
            return self.unknown_value(node)
        value, place, symbol = self.expression(operand), self.place(node), operator.kind
        if symbol == "&":
            return self.here.value(ir.ENVELOP, place, value)
        if symbol == "*":
            return self.here.value(ir.MOVE, place, value)
        if symbol == "<-":
            return self.here.value(ir.ITEM, place, value, self.here.constant(...))
        return self.here.value(ir.UNARY, place, {"!": "not", "^": "~"}.get(symbol, symbol), value)

    def _slice(self, node: Syntax) -> Register:
        operand = node.child("operand")
        if operand is None:
            return self.unknown_value(node)
        obj = self.expression(operand)
        low, high = node.child("start"), node.child("end")
        bounds = [self.expression(bound) if bound is not None else None for bound in (low, high)]
        return self.here.value(ir.SLICE, self.place(node), obj, bounds[0], bounds[1], None)

    def _assertion(self, node: Syntax) -> Register:
        operand, kind = node.child("operand"), node.child("type")
        if operand is None or kind is None:
            return self.unknown_value(node)
        return self.here.value(ir.TYPED, self.place(node), self.expression(operand), self.type_text(kind))

    def _conversion(self, node: Syntax) -> Register:
        """`[]byte(s)`; also a call of an instantiated generic function, which looks the same."""
        operand, kind = node.child("operand"), node.child("type")
        if operand is None or kind is None:
            return self.unknown_value(node)
        if kind.kind == "generic_type":
            return self.here.call(self.place(node), self.type_value(kind), (self.expression(operand),))
        return self.here.value(ir.TYPED, self.place(node), self.expression(operand), self.type_text(kind))

    def _iota(self, _node: Syntax) -> Register:
        return self.here.constant(self.iota)

    def _function(self, node: Syntax) -> Register:
        return self.literal_function(node)

    # Types

    def type_value(self, node: Syntax) -> Register:
        """A type as a value."""
        text = self.type_text(node).partition("[")[0]
        place = self.place(node)
        first, *rest = text.split(".")
        local = self.local(first)
        register = local if local is not None else self.here.outer(place, first)
        for part in rest:
            register = self.here.field(place, register, part)
        return register

    def type_text(self, node: Syntax, depth: int = 0) -> str:
        """A type as docs/ir.md writes it."""
        kind = node.kind
        if depth > 20:
            return ""
        if kind in ("type_identifier", "identifier"):
            return self.source.text(node)
        if kind == "qualified_type":
            return ".".join(self.source.text(child) for child in node.children)
        if kind in ("pointer_type", "parenthesized_type", "type_elem", "negated_type"):
            return self.type_text(node.children[0], depth + 1) if node.children else ""
        if kind in ("slice_type", "array_type", "implicit_length_array_type"):
            inner = node.child("element")
            return f"Array[{self.type_text(inner, depth + 1) if inner is not None else ''}]"
        if kind == "map_type":
            parts = [node.child("key"), node.child("value")]
            return f"map[{','.join(self.type_text(part, depth + 1) for part in parts if part is not None)}]"
        if kind == "generic_type":
            inner = node.child("type")
            return self.type_text(inner, depth + 1) if inner is not None else ""
        if kind == "channel_type":
            inner = node.child("value")
            return f"Array[{self.type_text(inner, depth + 1) if inner is not None else ''}]"
        return ""


Expressions.expression_forms = {
    "identifier": Expressions._identifier,
    "field_identifier": Expressions._identifier,
    "package_identifier": Expressions._identifier,
    **dict.fromkeys(_CHAINS, Expressions._chain),
    "composite_literal": Expressions._composite,
    "binary_expression": Expressions.binary,
    "unary_expression": Expressions._unary,
    "slice_expression": Expressions._slice,
    "type_assertion_expression": Expressions._assertion,
    "type_conversion_expression": Expressions._conversion,
    "type_instantiation_expression": Expressions.unknown_value,
    "func_literal": Expressions._function,
    "interpreted_string_literal": literal(string),
    "raw_string_literal": literal(raw_string),
    "rune_literal": literal(rune),
    "int_literal": literal(integer),
    "float_literal": literal(real),
    "imaginary_literal": constant(...),
    "true": constant(True),
    "false": constant(False),
    "nil": constant(None),
    "iota": Expressions._iota,
}
