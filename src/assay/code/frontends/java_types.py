"""Java's type declarations, methods, constructors, fields and lambdas, lowered to the intermediate representation."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.java_expressions import Expressions
from assay.code.frontends.java_names import Level, TypeScope, is_static, members, scope_of
from assay.code.ir import Class, Parameter, Register, span
from assay.code.syntax import Syntax

_KINDS = {"interface_declaration": "interface", "enum_declaration": "enum", "record_declaration": "record"}
_FIELDS = ("field_declaration", "constant_declaration")


class Declarations(Expressions):
    """Lowers declarations. Statements are lowered by what `java` adds."""

    def body(self, node: Syntax) -> None:
        """The statements of a block."""
        raise NotImplementedError

    # Types

    def type_declaration(self, node: Syntax) -> None:
        """A class, interface, enum, record or annotation type, bound to its name where it stands."""
        place = self.place(node)
        name_node = node.child("name")
        name = self.source.text(name_node) if name_node is not None else "<unnamed>"
        decorators = self.annotations(node)
        nearest = self.nearest()
        if self.levels[-1].type is not None and nearest is not None:
            scope = nearest.nested.get(name) or scope_of(self.source, node, nearest.path)
        elif self.here.function.kind == "module":
            scope = self.types.top.get(name) or scope_of(self.source, node, "")
        else:
            scope = scope_of(self.source, node, self.here.function.qualname)
            self.types.local[name] = scope
        outer = self.here
        if self.levels[-1].type is None and outer.function.kind != "module":
            variable = self.declare(name)
        else:
            variable = outer.variable(name)
        made = self._type(node, node.child("body"), scope, decorators)
        outer.emit(ir.MOVE, place, variable, made)

    def anonymous(self, node: Syntax, body: Syntax, of: str) -> Register:
        """The class of an anonymous body, which extends what is named."""
        self.made += 1
        last = of.rsplit(".", 1)[-1]
        scope = scope_of(self.source, body, self.here.function.qualname, f"{last}${self.made}")
        scope.supers = [of]
        return self._type(node, body, scope, ())

    def _type(
        self, node: Syntax, body: Syntax | None, scope: TypeScope, decorators: tuple[Register, ...]
    ) -> Register:
        outer, place = self.here, self.place(node)
        bases = tuple(self.named_type(name, place) for name in scope.supers)
        inner = self.builder.function(scope.name, "class", place, outer)
        texts = tuple(self._base_text(name) for name in scope.supers)
        made = self.builder.add_class(scope.name, place, inner, texts)
        made.kind = _KINDS.get(node.kind, "class")
        scope.made = made
        self._enter(Level(inner, scope))
        self._members(node, members(body), made, scope)
        self._leave(outer)
        return outer.value(ir.CLASS, place, made.index, bases, decorators, ())

    def _base_text(self, name: str) -> str:
        known = self.types.find(name, self.nearest())
        return known.path if known is not None else name

    def _enter(self, level: Level) -> None:
        self.levels.append(level)
        self.here = level.builder

    def _leave(self, outer: FunctionBuilder) -> None:
        self.levels.pop()
        self.here = outer

    def _members(self, node: Syntax, body: list[Syntax], made: Class, scope: TypeScope) -> None:
        starts: list[Syntax] = []
        constructors: list[Syntax] = []
        components = node.child("parameters") if node.kind == "record_declaration" else None
        for child in components.children if components is not None else []:
            name, kind = child.child("name"), child.child("type")
            if name is not None and kind is not None:
                made.fields[self.source.text(name)] = self.type_text(kind)
        for child in body:
            if child.kind in _FIELDS:
                self._field_types(child, made)
        for child in body:
            if child.kind == "constructor_declaration":
                constructors.append(child)
            elif (child.kind in _FIELDS and not self._is_static(child, made)) or child.kind == "block":
                starts.append(child)
            elif child.kind != "compact_constructor_declaration":
                self.member(child)
        for child in constructors:
            self._constructor(child, made, starts)
        if components is not None and not constructors:
            self._record(node, components, body, made)
        elif starts and not constructors:
            self._default_constructor(node, made, starts)
        if made.kind == "enum":
            self._enum_methods(node, made, scope)

    def _is_static(self, node: Syntax, made: Class) -> bool:
        return is_static(self.source, node) or node.kind == "constant_declaration" or made.kind == "interface"

    def _field_types(self, node: Syntax, made: Class) -> None:
        kind_node = node.child("type")
        kind = self.type_text(kind_node) if kind_node is not None else ""
        for declarator in node.all("declarator"):
            name = declarator.child("name")
            if name is not None:
                made.fields[self.source.text(name)] = (
                    f"Array[{kind}]" if declarator.child("dimensions") else kind
                )

    def member(self, node: Syntax) -> None:
        """A member of a type body (or one that stands alone in a broken file)."""
        kind = node.kind
        if kind == "method_declaration":
            self._method(node)
        elif kind in _FIELDS:
            self.annotations(node)
            self._static_field(node)
        elif kind == "static_initializer":
            for child in node.children:
                if child.kind == "block":
                    self.body(child)
        elif kind == "enum_constant":
            self._enum_constant(node)
        else:
            self.statement(node)

    def loose_field(self, node: Syntax) -> None:
        """A field declaration outside of a type (in a broken file)."""
        self._static_field(node)

    def _static_field(self, node: Syntax) -> None:
        kind_node = node.child("type")
        kind = self.type_text(kind_node) if kind_node is not None else ""
        for declarator in node.all("declarator"):
            name, value = declarator.child("name"), declarator.child("value")
            if name is not None and value is not None:
                place = self.place(name)
                typed = self.here.value(ir.TYPED, place, self.expression(value), kind)
                self.here.emit(ir.MOVE, place, self.here.variable(self.source.text(name)), typed)

    def _enum_constant(self, node: Syntax) -> None:
        name, body, scope = node.child("name"), node.child("body"), self.nearest()
        if name is None or scope is None:
            return
        place = self.place(node)
        args = self.arguments(node.child("arguments"))
        callee = (
            self.anonymous(node, body, scope.path) if body is not None else self.type_value(scope.path, place)
        )
        value = self.here.call(place, callee, args)
        self.here.emit(ir.MOVE, place, self.here.variable(self.source.text(name)), value)

    def _enum_methods(self, node: Syntax, made: Class, scope: TypeScope) -> None:
        """`valueOf` gives one of the constants whatever it is asked for; `values` a list of them."""
        body = node.child("body")
        constants = [
            c.child("name") for c in (body.children if body is not None else []) if c.kind == "enum_constant"
        ]
        names = [self.source.text(name) for name in constants if name is not None][:32]
        place = span(node.start, node.start)
        for method, parameters in (("valueOf", ("name",)), ("values", ())):
            outer = self.here
            inner = self.builder.function(method, "static", place, outer)
            for name in parameters:
                inner.function.parameters.append(Parameter(name, inner.variable(name), "", ""))
            owner = inner.outer(place, scope.path.split(".", 1)[0])
            for part in scope.path.split(".")[1:]:
                owner = inner.field(place, owner, part)
            parts = tuple(inner.field(place, owner, name) for name in names)
            value = inner.value(ir.BUILD, place, "list", parts)
            if method == "valueOf":
                value = inner.value(ir.ITEM, place, value, inner.constant(...))
            inner.emit(ir.RETURN, place, value)
            self._bind_method(method, inner, (), (), made)

    # Methods

    def _method(self, node: Syntax) -> None:
        name_node, body, returns = node.child("name"), node.child("body"), node.child("type")
        name = self.source.text(name_node) if name_node is not None else "<unnamed>"
        scope = self.nearest()
        made = scope.made if scope is not None and self.levels[-1].type is not None else None
        decorators = self.annotations(node)
        static = is_static(self.source, node) or made is None
        outer = self.here
        inner = self.builder.function(name, "static" if static else "method", self.place(node), outer)
        inner.function.returns = (
            self.type_text(returns) if returns is not None and returns.kind != "void_type" else ""
        )
        notes = self._start(node, inner, has_this=not static)
        if body is not None:
            self.body(body)
        self._leave(outer)
        self._bind_method(name, inner, decorators, notes, made)

    def _start(
        self, node: Syntax, inner: FunctionBuilder, has_this: bool
    ) -> tuple[tuple[int, Register], ...]:
        """Enter a function: receiver, parameters. Gives the annotations of parameters, evaluated outside."""
        parameters = node.child("parameters")
        notes: list[tuple[int, Register]] = []
        found: list[tuple[Syntax, str]] = []
        for child in parameters.children if parameters is not None else []:
            if child.kind in ("formal_parameter", "spread_parameter"):
                index = len(found) + has_this
                notes.extend((index, register) for register in self.annotations(child))
                found.append((child, self._parameter_type(child)))
        self._enter(Level(inner, has_this=has_this))
        if has_this:
            inner.function.parameters.append(Parameter("this", inner.variable("this"), "r", ""))
        for child, kind in found:
            declarator = child.of("variable_declarator")
            name = child.child("name") or (declarator.child("name") if declarator is not None else None)
            self.parameter(
                self.source.text(name) if name is not None else "", kind, child.kind == "spread_parameter"
            )
        return tuple(notes)

    def _parameter_type(self, node: Syntax) -> str:
        kind = node.child("type") or next(
            (
                child
                for child in node.children
                if child.kind.endswith("_type") or child.kind == "type_identifier"
            ),
            None,
        )
        text = self.type_text(kind) if kind is not None else ""
        return f"Array[{text}]" if node.child("dimensions") else text

    def parameter(self, name: str, kind: str, rest: bool) -> None:
        """One parameter of the function that was entered."""
        register = self.declare(name, f"Array[{kind}]" if rest else kind)
        self.here.function.parameters.append(
            Parameter(name, register, "*" if rest else "", kind if not rest else "")
        )

    def _bind_method(
        self,
        name: str,
        inner: FunctionBuilder,
        decorators: tuple[Register, ...],
        notes: tuple[tuple[int, Register], ...],
        made: Class | None,
    ) -> None:
        place = inner.function.span
        value = self.here.value(ir.FUNC, place, inner.function.index, decorators, notes, ())
        if made is not None:
            made.methods.setdefault(name, []).append(inner.function.index)
        self.here.emit(ir.MOVE, place, self.here.variable(name), value)

    # Constructors

    def _constructor(self, node: Syntax, made: Class, starts: list[Syntax]) -> None:
        body = node.child("body")
        outer = self.here
        decorators = self.annotations(node)
        inner = self.builder.function("<init>", "constructor", self.place(node), outer)
        notes = self._start(node, inner, has_this=True)
        statements = body.children if body is not None else []
        first = (
            statements[0] if statements and statements[0].kind == "explicit_constructor_invocation" else None
        )
        if first is not None:
            self.statement(first)
        if first is None or first.of("this") is None:
            self._initialise(starts)
        for child in statements[1 if first is not None else 0 :]:
            self.statement(child)
        self._leave(outer)
        self._bind_method("<init>", inner, decorators, notes, made)

    def _initialise(self, starts: list[Syntax]) -> None:
        """Instance fields and initialiser blocks, in order."""
        for node in starts:
            if node.kind == "block":
                self.levels[-1].scopes.append({})
                self.body(node)
                self.levels[-1].scopes.pop()
                continue
            for declarator in node.all("declarator"):
                name, value = declarator.child("name"), declarator.child("value")
                if name is not None and value is not None:
                    place = self.place(name)
                    text = self.source.text(name)
                    typed = self.here.value(ir.TYPED, place, self.expression(value), self._field_type(text))
                    self.set_field(self.here.variable("this"), text, typed, place)

    def _field_type(self, name: str) -> str:
        scope = self.nearest()
        return scope.made.fields.get(name, "") if scope is not None and scope.made is not None else ""

    def _default_constructor(self, node: Syntax, made: Class, starts: list[Syntax]) -> None:
        outer = self.here
        inner = self.builder.function("<init>", "constructor", span(node.start, node.start), outer)
        self._enter(Level(inner, has_this=True))
        inner.function.parameters.append(Parameter("this", inner.variable("this"), "r", ""))
        if made.bases:
            inner.method(inner.function.span, self._super(node), "<init>")
        self._initialise(starts)
        self._leave(outer)
        self._bind_method("<init>", inner, (), (), made)

    def _record(self, node: Syntax, components: Syntax, body: list[Syntax], made: Class) -> None:
        """The canonical constructor of a record, with the compact one's statements; accessors that are not written."""
        outer, place = self.here, self.place(components)
        inner = self.builder.function("<init>", "constructor", place, outer)
        notes = self._start(node, inner, has_this=True)
        for child in body:
            block = child.child("body") if child.kind == "compact_constructor_declaration" else None
            if block is not None:
                self.body(block)
        this = inner.variable("this")
        names = [parameter.name for parameter in inner.function.parameters[1:]]
        for name in names:
            self.set_field(this, name, self.read(name, place, head=False), place)
        self._leave(outer)
        self._bind_method("<init>", inner, (), notes, made)
        for name in names:
            if name not in made.methods:
                getter = self.builder.function(name, "method", place, outer)
                receiver = getter.variable("this")
                getter.function.parameters.append(Parameter("this", receiver, "r", ""))
                getter.function.returns = made.fields.get(name, "")
                getter.emit(ir.RETURN, place, getter.field(place, receiver, name))
                self._bind_method(name, getter, (), (), made)

    def constructor_call(self, node: Syntax) -> None:
        """`super(...)` and `this(...)`."""
        target = node.child("constructor")
        args = self.arguments(node.child("arguments"))
        receiver = self._this(node) if target is not None and target.kind == "this" else self._super(node)
        self.here.method(self.place(node), receiver, "<init>", args)

    # Lambdas

    def lambda_(self, node: Syntax) -> Register:
        """A lambda expression."""
        outer, place = self.here, self.place(node)
        inner = self.builder.function("<lambda>", "lambda", place, outer)
        parameters, body = node.child("parameters"), node.child("body")
        if parameters is not None and parameters.kind == "formal_parameters":
            self._start(node, inner, has_this=False)
        else:
            self._enter(Level(inner))
            names = [parameters] if parameters is not None and parameters.kind == "identifier" else []
            for name in names or (parameters.children if parameters is not None else []):
                self.parameter(self.source.text(name), "", rest=False)
        yields, self.yields = self.yields, []
        if body is not None and body.kind == "block":
            self.body(body)
        elif body is not None:
            inner.emit(ir.RETURN, self.place(body), self.expression(body))
        self.yields = yields
        self._leave(outer)
        return outer.value(ir.FUNC, place, inner.function.index, (), (), ())
