"""What names mean where a Java statement stands: locals, captured variables, members of the surrounding types, imports."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder, ModuleBuilder
from assay.code.frontends.java_names import ROOTS, FileTypes, Level, TypeScope, library_name, type_name
from assay.code.ir import Register
from assay.code.lowering import Lowering
from assay.code.syntax import Source, Syntax

_NO_TYPE = frozenset(("", "var", "Object"))


class Names(Lowering):
    """Reads and writes names. `levels` is the nest of functions and type bodies, the innermost last."""

    def __init__(self, source: Source, builder: ModuleBuilder, body: FunctionBuilder) -> None:
        super().__init__(source, builder, body)
        self.types = FileTypes(source)
        self.levels = [Level(body)]
        self.statics: dict[str, str] = {}  # member imported statically -> alias of its class
        self.open_statics: list[str] = []  # classes all of whose members are imported
        self.declared: dict[tuple[int, Register], str] = {}
        self.yields: list[tuple[Register, str]] = []
        self.made = 0

    def declare(self, name: str, kind: str = "") -> Register:
        """A new local variable in the innermost block."""
        register = self.here.fresh(name)
        self.levels[-1].scopes[-1][name] = register
        if kind not in _NO_TYPE:
            self.declared[self.here.function.index, register] = kind
        return register

    def bind(self, register: Register, value: Register, place: int) -> None:
        """Write a local variable, seen as its declared type."""
        kind = self.declared.get((self.here.function.index, register))
        if kind:
            value = self.here.value(ir.TYPED, place, value, kind)
        self.here.emit(ir.MOVE, place, register, value)

    def read(self, name: str, place: int, head: bool) -> Register:
        """A bare name: local, captured, field of a surrounding type, nested type, static import, package or type. `head`: a dot follows."""
        for position in range(len(self.levels) - 1, -1, -1):
            level = self.levels[position]
            if level.type is None:
                register = level.local(name)
                if register is not None:
                    return register if level.builder is self.here else self.here.outer(place, name)
            else:
                found = self._member(level.type, position, name, place)
                if found is not None:
                    return found
        return self._free(name, place, head)

    def _member(self, scope: TypeScope, position: int, name: str, place: int) -> Register | None:
        lineage, _ = self.types.lineage(scope)
        for one in lineage:
            if name in one.fields:
                return self.here.field(place, self._owner(position, one.fields[name], place), name)
        if name == scope.name or name in scope.nested:
            return None if name == scope.name else self.type_value(scope.nested[name].path, place)
        return None

    def _owner(self, position: int, static: bool, place: int) -> Register:
        """What holds a member of the type at a position of the nest: an object or the type itself."""
        scope = self.levels[position].type
        assert scope is not None
        if static:
            return self.type_value(scope.path, place)
        return self.this(position, place)

    def _free(self, name: str, place: int, head: bool) -> Register:
        if name in self.statics:
            return self.here.field(place, self.here.outer(place, self.statics[name]), name)
        if name == "jakarta" and head:
            name = "javax"
        if name[:1].isupper() or (head and name in ROOTS):
            known = self.types.find(name, self.nearest())
            if known is not None and "." in known.path:
                return self.type_value(known.path, place)
            if name.isupper() and len(name) > 1 and not head:
                return self._inherited(name, place) or self.here.outer(place, name)
            return self.here.outer(place, name)
        return self._inherited(name, place) or self.here.outer(place, name)

    def _inherited(self, name: str, place: int) -> Register | None:
        """A name that only a base in another file can declare."""
        for position in range(len(self.levels) - 1, -1, -1):
            scope = self.levels[position].type
            if scope is not None and self.types.lineage(scope)[1]:
                return self.here.field(place, self.this(position, place), name)
        return None

    def nearest(self) -> TypeScope | None:
        """The innermost surrounding type."""
        return next((level.type for level in reversed(self.levels) if level.type is not None), None)

    def type_value(self, path: str, place: int) -> Register:
        """A type of this file (or any dotted name) as a value."""
        first, *rest = path.split(".")
        register = self.here.outer(place, first)
        for part in rest:
            register = self.here.field(place, register, part)
        return register

    def this(self, position: int, place: int) -> Register:
        """The object of the type at a position of the nest, as the current function sees it."""
        owner = self.levels[position]
        assert owner.type is not None
        method = self.levels[position + 1] if position + 1 < len(self.levels) else None
        if (
            method is None or method.type is not None
        ):  # in a body itself, or in a member type: some object of the outer one
            return self._some(owner.type, place)
        if not method.has_this:
            return self.type_value(owner.type.path, place)
        if all(level.type is None for level in self.levels[position + 1 :]):
            own = self.levels[-1] is method
            return method.builder.variable("this") if own else self.here.outer(place, "this")
        alias = f"this${position}"
        if not method.builder.is_local(alias):
            register = method.builder.variable(alias)
            method.builder.function.body.insert(
                0, (ir.MOVE, place, register, method.builder.variable("this"))
            )
        return self.here.outer(place, alias)

    def _some(self, scope: TypeScope, place: int) -> Register:
        return self.here.value(ir.TYPED, place, self.here.constant(...), scope.path)

    def receiver(self, name: str, place: int) -> Register:
        """What a call without a receiver is made on."""
        unknown: int | None = None
        for position in range(len(self.levels) - 1, -1, -1):
            scope = self.levels[position].type
            if scope is None:
                continue
            lineage, foreign = self.types.lineage(scope)
            for one in lineage:
                if name in one.methods:
                    return self._owner(position, one.methods[name], place)
            if unknown is None and foreign:
                unknown = position
        if name in self.statics:
            return self.here.outer(place, self.statics[name])
        if self.open_statics and unknown is None:
            return self.here.outer(place, self.open_statics[0])
        if unknown is not None:
            return self.this(unknown, place)
        first = next(
            (i for i in range(len(self.levels) - 1, -1, -1) if self.levels[i].type is not None), None
        )
        return self.this(first, place) if first is not None else self.here.outer(place, name)

    def named_type(self, name: str, place: int) -> Register:
        """A type that is mentioned, as a value."""
        first = name.split(".", 1)[0]
        for level in reversed(self.levels):
            if level.type is None:
                register = level.local(first)  # a local class
                if register is not None:
                    return register if level.builder is self.here else self.here.outer(place, first)
        known = self.types.find(name, self.nearest())
        return self.type_value(known.path if known is not None else library_name(name), place)

    def assign_name(self, name: str, value: Register, place: int) -> None:
        """Assign to a bare name: a local, a captured variable or a field."""
        for position in range(len(self.levels) - 1, -1, -1):
            level = self.levels[position]
            if level.type is None:
                register = level.local(name)
                if register is None:
                    continue
                if level.builder is self.here:
                    self.bind(register, value, place)
                else:
                    self.here.function.names.add(name)
                    self.here.emit(ir.SETOUTER, place, name, value)
                return
            for one in self.types.lineage(level.type)[0]:
                if name in one.fields:
                    self.set_field(self._owner(position, one.fields[name], place), name, value, place)
                    return
        for position in range(len(self.levels) - 1, -1, -1):
            if self.levels[position].type is not None:
                self.set_field(self.this(position, place), name, value, place)
                return

    def set_field(self, obj: Register, name: str, value: Register, place: int) -> None:
        """Assign to a field."""
        self.here.function.names.add(name)
        self.here.emit(ir.SETFIELD, place, obj, name, value)

    def type_text(self, node: Syntax, depth: int = 0) -> str:
        """A type as docs/ir.md writes it; types nested in one of this file get their path."""
        kind = node.kind
        if depth > 20:
            return ""
        if kind == "generic_type" and len(node.children) > 1:
            args = [self.type_text(child, depth + 1) for child in node.children[1].children]
            head = self.type_text(node.children[0], depth + 1)
            return f"{head}[{','.join(args)}]" if args else head
        if kind == "array_type":
            inner = node.child("element")
            return f"Array[{self.type_text(inner, depth + 1) if inner is not None else ''}]"
        if kind == "annotated_type" and node.children:
            return self.type_text(node.children[-1], depth + 1)
        if kind == "wildcard":
            return self.type_text(node.children[-1], depth + 1) if node.children else "Object"
        name = type_name(self.source, node)
        if name == "var":
            return ""
        known = self.types.find(name, self.nearest())
        return known.path if known is not None else library_name(name)
