"""JavaScript's functions and classes, with TypeScript's enums, interfaces and parameter properties."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.javascript_literals import type_text
from assay.code.frontends.javascript_targets import Targets
from assay.code.ir import Class, Register, span
from assay.code.syntax import Syntax

_FIELDS = frozenset(("field_definition", "public_field_definition"))
_SIGNATURES = frozenset(("method_signature", "abstract_method_signature", "function_signature"))
_DECLARATIONS = frozenset(("function_declaration", "generator_function_declaration"))
_CONSTRUCTORS = frozenset(("function_declaration", "function_expression"))
_ARROWS = frozenset(("arrow_function", "function_expression"))


class Functions(Targets):
    """Lowers functions and classes."""

    def statements(self, nodes: list[Syntax]) -> None:
        """See the class that knows statements."""
        raise NotImplementedError

    def function_value(
        self,
        node: Syntax,
        name: str,
        kind: str = "",
        decorators: tuple[Register, ...] = (),
        fields: list[Syntax] | None = None,
    ) -> Register:
        """Lower a function and give the register that holds it. `fields` are field initialisers that a constructor runs first."""
        outer, place = self.here, span(node.start, node.end)
        own = node.child("name")
        if own is not None and node.kind != "method_definition":
            name = self.source.text(own)
        if name[:1].isupper() and kind in ("", "function") and self._makes_objects(node):
            return self._prototype_class(node, name, self.prototypes.get(name, []))
        kind = kind or ("function" if node.kind in _DECLARATIONS else "lambda")
        inner = self.builder.function(name or "<lambda>", kind, place, outer)
        has_receiver = kind in ("method", "constructor")
        first = 1 if has_receiver else 0
        defaults = self.default_values(node, first)
        parameter_decorators = self.parameter_decorators(node, first)
        inner.function.is_async = node.has("async")
        inner.function.is_generator = node.has("*")
        returns = node.child("return_type")
        inner.function.returns = type_text(self.source.text(returns)) if returns else ""
        with self.inside(inner):
            if has_receiver:
                inner.function.parameters.append(ir.Parameter("this", self.declare("this"), "r"))
            self.parameters(node, inner)
            if kind == "constructor":
                self._parameter_properties(node)
                self._initialise(fields or [])
            self._body(node)
        return outer.value(ir.FUNC, place, inner.function.index, decorators, parameter_decorators, defaults)

    def _body(self, node: Syntax) -> None:
        body = node.child("body")
        if body is None:
            return
        if body.kind == "statement_block":
            self.statements(body.children)
        else:
            self.here.emit(ir.RETURN, span(body.start, body.end), self.expression(body))

    def define_pending(self, node: Syntax) -> None:
        """Lower a function declaration and bind its name."""
        name_node = node.child("name")
        name = self.source.text(name_node) if name_node else ""
        members = self.prototypes.get(name)
        made = self._prototype_class(node, name, members) if members else self.function_value(node, name)
        place = span(name_node.start, name_node.end) if name_node else span(node.start, node.end)
        self.here.emit(ir.MOVE, place, self.declare(name), made)

    # Classes

    def class_value(self, node: Syntax, name: str, decorators: tuple[Register, ...] = ()) -> Register:
        """Lower a class and give the register that holds it."""
        own = node.child("name")
        name = self.source.text(own) if own is not None else name or "<class>"
        decorators = (*decorators, *(self.first(child) for child in node.all("decorator")))
        bases, texts = self._heritage(node)
        outer, place = self.here, span(node.start, node.end)
        inner = self.builder.function(name, "class", place, outer)
        made = self.builder.add_class(name, place, inner, texts)
        body = node.child("body")
        with self.inside(inner, made):
            self._members(made, inner, body.children if body else [], bool(bases))
        return outer.value(ir.CLASS, place, made.index, bases, decorators, ())

    def _heritage(self, node: Syntax) -> tuple[tuple[Register, ...], tuple[str, ...]]:
        heritage = node.of("class_heritage")
        bases: list[Register] = []
        texts: list[str] = []
        for child in heritage.children if heritage else []:
            if child.kind == "extends_clause":
                found = child.all("value")
            elif child.kind == "implements_clause":
                texts.extend(self._plain_type(name) for name in child.children)
                continue
            else:
                found = [child]
            for base in found:
                bases.append(self.expression(base))
                texts.append(self.source.text(base).split("(", 1)[0])
        return tuple(bases), tuple(texts)

    def _plain_type(self, node: Syntax) -> str:
        return self.source.text(node).split("<", 1)[0].strip()

    def _members(self, made: Class, inner: FunctionBuilder, members: list[Syntax], derived: bool) -> None:
        fields = [m for m in members if m.kind in _FIELDS and not m.has("static") and not self._is_method(m)]
        decorators: list[Register] = []
        has_constructor = False
        for member in members:
            if member.kind == "decorator":
                decorators.append(self.first(member))
                continue
            if member.kind == "method_definition":
                name = self._name_of(member)
                has_constructor = has_constructor or name == "constructor"
                self._method(made, inner, member, name, tuple(decorators), fields)
            elif member.kind in _FIELDS:
                self._field(made, inner, member)
            elif member.kind == "class_static_block" and (body := member.child("body")) is not None:
                self.statements(body.children)
            elif member.kind in _SIGNATURES:
                self._signature(made, inner, member)
            decorators = []
        if fields and not has_constructor and any(field.child("value") for field in fields):
            self._default_constructor(made, inner, fields, derived)

    def _name_of(self, member: Syntax) -> str:
        name = member.child("name") or member.child("property")
        return (self.key_name(name) or "<computed>") if name is not None else "<computed>"

    def _is_method(self, field: Syntax) -> bool:
        """Whether a field holds a function: called like a method, and its `this` is the object."""
        value = field.child("value")
        return value is not None and value.kind in _ARROWS

    def _method(
        self,
        made: Class,
        inner: FunctionBuilder,
        member: Syntax,
        name: str,
        decorators: tuple[Register, ...],
        fields: list[Syntax],
    ) -> None:
        if member.has("set"):
            name = f"set {name}"
        if member.has("get"):
            decorators = (*decorators, self.here.outer(span(member.start, member.end), "property"))
        kind = "static" if member.has("static") else "constructor" if name == "constructor" else "method"
        register = self.function_value(member, name, kind, decorators, fields)
        self._add_method(made, inner, name, register, span(member.start, member.end))
        if kind == "constructor":
            self._note_properties(made, member)

    def _add_method(
        self, made: Class, inner: FunctionBuilder, name: str, register: Register, place: int
    ) -> None:
        index = next(i[3] for i in reversed(inner.code) if i[0] == ir.FUNC and i[2] == register)
        made.methods.setdefault(name, []).append(index)
        inner.emit(ir.MOVE, place, inner.variable(name), register)

    def _signature(self, made: Class, inner: FunctionBuilder, member: Syntax) -> None:
        """A method without a body: only what it returns is known."""
        if made.kind != "interface" and member.kind != "abstract_method_signature":
            return  # an overload; the implementation follows
        name = self._name_of(member)
        self._add_method(
            made, inner, name, self.function_value(member, name, "method"), span(member.start, member.end)
        )

    def _field(self, made: Class, inner: FunctionBuilder, member: Syntax) -> None:
        name, value = self._name_of(member), member.child("value")
        declared = member.child("type")
        if declared is not None:
            made.fields[name] = type_text(self.source.text(declared))
        place = span(member.start, member.end)
        if value is None:
            return
        if self._is_method(member):
            kind = "static" if member.has("static") else "method"
            self._add_method(made, inner, name, self.function_value(value, name, kind), place)
        elif member.has("static"):
            inner.emit(ir.MOVE, place, inner.variable(name), self.named_value(value, name))

    def _initialise(self, fields: list[Syntax]) -> None:
        for field in fields:
            value = field.child("value")
            if value is not None:
                place = span(field.start, field.end)
                receiver = self.read("this", place)
                name = self._name_of(field)
                self.here.function.names.add(name)
                self.here.emit(ir.SETFIELD, place, receiver, name, self.named_value(value, name))

    def _default_constructor(
        self, made: Class, inner: FunctionBuilder, fields: list[Syntax], derived: bool
    ) -> None:
        place = made.span
        builder = self.builder.function("constructor", "constructor", place, inner)
        with self.inside(builder):
            builder.function.parameters.append(ir.Parameter("this", self.declare("this"), "r"))
            if derived:
                rest = self.declare("args")
                builder.function.parameters.append(ir.Parameter("args", rest, "*"))
                parent = builder.call(place, builder.outer(place, "super"))
                builder.method(place, parent, "constructor", (), (("*", rest),))
            self._initialise(fields)
        register = inner.value(ir.FUNC, place, builder.function.index, (), (), ())
        self._add_method(made, inner, "constructor", register, place)

    def _parameter_properties(self, node: Syntax) -> None:
        """`constructor(private readonly users: Users)` sets the field."""
        for name, place, _ in self._properties(node):
            receiver = self.read("this", place)
            self.here.function.names.add(name)
            self.here.emit(ir.SETFIELD, place, receiver, name, self.read(name, place))

    def _note_properties(self, made: Class, node: Syntax) -> None:
        for name, _, text in self._properties(node):
            made.fields[name] = text

    def _properties(self, node: Syntax) -> list[tuple[str, int, str]]:
        listed = node.child("parameters")
        found: list[tuple[str, int, str]] = []
        for child in listed.children if listed else []:
            pattern, declared = child.child("pattern"), child.child("type")
            if pattern is not None and child.of("accessibility_modifier", "readonly", "override_modifier"):
                text = type_text(self.source.text(declared)) if declared else ""
                found.append((self.source.text(pattern), span(child.start, child.end), text))
        return found

    def _makes_objects(self, node: Syntax) -> bool:
        """Whether a function with a name like a class assigns to `this`, as constructors did before classes."""
        text = self.source.content[node.start : node.end]
        return node.kind in _CONSTRUCTORS and b"this." in text

    def _prototype_class(self, node: Syntax, name: str, members: list[tuple[str, Syntax]]) -> Register:
        """`function F() {}` with `F.prototype.m = function () {}` in the same file is a class."""
        outer, place = self.here, span(node.start, node.end)
        inner = self.builder.function(name, "class", place, outer)
        made = self.builder.add_class(name, place, inner)
        with self.inside(inner, made):
            for method, function in [("constructor", node), *members]:
                kind = "constructor" if function is node else "method"
                register = self._unnamed(function, method, kind)
                self._add_method(made, inner, method, register, span(function.start, function.end))
        return outer.value(ir.CLASS, place, made.index, (), (), ())

    def _unnamed(self, function: Syntax, name: str, kind: str) -> Register:
        """A function whose own name does not count."""
        own = function.child("name")
        if own is not None:
            function.children.remove(own)
        return self.function_value(function, name, kind)

    # TypeScript

    def enum_value(self, node: Syntax, name: str) -> Register:
        """An enumeration: a class whose attributes are its members."""
        outer, place = self.here, span(node.start, node.end)
        inner = self.builder.function(name, "class", place, outer)
        made = self.builder.add_class(name, place, inner)
        made.kind = "enum"
        body = node.child("body")
        with self.inside(inner, made):
            for position, member in enumerate(body.children if body else []):
                key = member.child("name") or member
                value = member.child("value")
                register = self.expression(value) if value is not None else inner.constant(position)
                inner.emit(
                    ir.MOVE, span(member.start, member.end), inner.variable(self.key_name(key)), register
                )
        return outer.value(ir.CLASS, place, made.index, (), (), ())

    def interface(self, node: Syntax, name: str, body: Syntax) -> None:
        """An interface or object type: its fields' types, its bases. Nothing runs."""
        place = span(node.start, node.end)
        clause = node.of("extends_type_clause")
        texts = tuple(self._plain_type(child) for child in clause.children) if clause else ()
        inner = self.builder.function(name, "class", place, self.here)
        made = self.builder.add_class(name, place, inner, texts)
        made.kind = "interface"
        for member in body.children:
            declared = member.child("type")
            if member.kind == "property_signature" and declared is not None:
                made.fields[self._name_of(member)] = type_text(self.source.text(declared))
