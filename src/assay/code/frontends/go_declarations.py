"""Go's imports, types, variables and functions, lowered to the intermediate representation. Statements are lowered by what `go` adds."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.go_expressions import Expressions
from assay.code.ir import Parameter, Register
from assay.code.syntax import Syntax


class Declarations(Expressions):
    """Lowers declarations."""

    def _package(self, _node: Syntax) -> None:
        """Which package it is tells the folder."""

    def _import(self, node: Syntax) -> None:
        specs = [one for one in node.walk() if one.kind == "import_spec"]
        for spec in specs:
            path_node, name_node = spec.child("path"), spec.child("name")
            path = self.source.text(path_node).strip('"`') if path_node is not None else ""
            alias = self.source.text(name_node) if name_node is not None else _default_name(path)
            if not path or alias == "_":
                continue
            place = self.place(spec)
            if alias == ".":
                self.builder.add_import(path, "*", "", 0, place)
                self.here.emit(ir.IMPORT, place, None, path, "*", 0)
                continue
            self.builder.add_import(path, "", alias, 0, place)
            value = self.here.value(ir.IMPORT, place, path, "", 0)
            self.here.emit(ir.MOVE, place, self.here.variable(alias), value)

    def _variables(self, node: Syntax) -> None:
        number, repeated = 0, None
        for spec in node.walk():
            if spec.kind not in ("var_spec", "const_spec"):
                continue
            kind_node, value = spec.child("type"), spec.child("value")
            if spec.kind == "const_spec":  # one without a value repeats the one before
                value = repeated = value or repeated
                self.iota, number = number, number + 1
            kind = self.type_text(kind_node) if kind_node is not None else ""
            names = [name for name in spec.all("name") if name.kind == "identifier"]
            values = self.spread(self.expressions(value), len(names), self.place(spec))
            for position, name in enumerate(names):
                text = self.source.text(name)
                self.declare(text, kind)
                if position < len(values):
                    self.bind(text, values[position], self.place(name))
                elif kind_node is not None and value is None:
                    self._zero(text, kind_node, self.place(name))

    def _zero(self, name: str, kind: Syntax, place: int) -> None:
        """`var x T`: a struct that fields are set on."""
        if kind.kind in ("type_identifier", "qualified_type") and self.type_text(kind) not in (
            "string", "int", "int64", "bool", "error", "byte", "float64", "any", "int32", "uint",
        ):  # fmt: skip
            self.bind(name, self.here.value(ir.DICT, place, self.type_value(kind), ()), place)
        elif kind.kind == "pointer_type" and "." in self.type_text(kind):  # `var db *sql.DB`
            unknown = self.here.constant(...)
            self.bind(name, self.here.value(ir.TYPED, place, unknown, self.type_text(kind)), place)
        elif kind.kind in ("slice_type", "array_type"):
            self.bind(name, self.here.value(ir.BUILD, place, "list", ()), place)

    def _types(self, node: Syntax) -> None:
        for spec in node.children:
            if spec.kind in ("type_spec", "type_alias"):
                self._type(spec)

    def _type(self, spec: Syntax) -> None:
        name_node, kind = spec.child("name"), spec.child("type")
        if name_node is None or kind is None:
            return
        name, place, outer = self.source.text(name_node), self.place(spec), self.here
        inner = self.builder.function(name, "class", place, outer)
        fields: dict[str, str] = {}
        bases: list[str] = []
        for child in kind.children if kind.kind in ("struct_type", "interface_type") else []:
            if child.kind == "type_elem":
                bases.append(self.type_text(child))
            for field in child.children if child.kind == "field_declaration_list" else []:
                self._field(field, fields, bases)
        made = self.builder.add_class(name, place, inner, tuple(base for base in bases if base))
        made.kind = {"struct_type": "struct", "interface_type": "interface"}.get(kind.kind, "type")
        made.fields = fields
        if kind.kind not in ("struct_type", "interface_type") and self.type_text(kind):
            made.bases = (self.type_text(kind).partition("[")[0],)
        register = outer.value(ir.CLASS, place, made.index, (), (), ())
        self.declare(name)
        self.bind(name, register, place)

    def _field(self, node: Syntax, fields: dict[str, str], bases: list[str]) -> None:
        kind = node.child("type")
        if node.kind != "field_declaration" or kind is None:
            return
        text = self.type_text(kind)
        names = node.all("name")
        for name in names:
            fields[self.source.text(name)] = text
        if not names and text:  # embedded
            bases.append(text)
            fields[text.rpartition(".")[2]] = text

    # Functions

    def _function_declaration(self, node: Syntax) -> None:
        name_node, receiver = node.child("name"), node.child("receiver")
        name = self.source.text(name_node) if name_node is not None else "<unnamed>"
        outer, place = self.here, self.place(node)
        inner = self.builder.function(name, "method" if receiver is not None else "function", place, outer)
        owner = ""
        if receiver is not None:
            kinds = [child.child("type") for child in receiver.children]
            owner = self.type_text(kinds[0]).partition("[")[0] if kinds and kinds[0] is not None else ""
            inner.function.qualname = f"{owner}.{name}"
        self._body(node, inner, receiver)
        value = outer.value(ir.FUNC, place, inner.function.index, (), (), ())
        if receiver is None:
            outer.emit(ir.MOVE, place, outer.variable(name), value)
            return
        for made in self.builder.module.classes:
            if made.name == owner:
                made.methods.setdefault(name, []).append(inner.function.index)

    def literal_function(self, node: Syntax) -> Register:
        """A function literal."""
        outer, place = self.here, self.place(node)
        inner = self.builder.function("<lambda>", "lambda", place, outer)
        self._body(node, inner, None)
        return outer.value(ir.FUNC, place, inner.function.index, (), (), ())

    def _body(self, node: Syntax, inner: FunctionBuilder, receiver: Syntax | None) -> None:
        outer, body, result = self.here, node.child("body"), node.child("result")
        self.outer_scopes.append(self.scopes)
        self.scopes, self.here = [{}], inner
        outer_results, self.results = self.results, []
        for group, is_receiver in ((receiver, True), (node.child("parameters"), False)):
            for child in group.children if group is not None else []:
                self._parameter(child, "r" if is_receiver else "")
        if result is not None and result.kind == "parameter_list":
            for child in result.children:
                self._result(child)
        elif result is not None:
            inner.function.returns = self.type_text(result)
        for child in body.children if body is not None else []:
            self.statement(child)
        self.here, self.scopes, self.results = outer, self.outer_scopes.pop(), outer_results

    def _parameter(self, node: Syntax, kind: str) -> None:
        type_node = node.child("type")
        text = self.type_text(type_node) if type_node is not None else ""
        rest = node.kind == "variadic_parameter_declaration"
        names = [self.source.text(name) for name in node.all("name")] or ["_"]
        for name in names:
            register = self.here.fresh(name)
            self.scopes[-1][name] = register
            self.here.function.parameters.append(
                Parameter(name, register, "*" if rest else kind, "" if rest else text)
            )

    def _result(self, node: Syntax) -> None:
        """Named results are variables."""
        kind = node.child("type")
        for name in node.all("name"):
            text = self.source.text(name)
            self.results.append(self.declare(text, self.type_text(kind) if kind is not None else ""))

    def spread(self, values: list[Register], count: int, place: int) -> list[Register]:
        """The values for several targets: of one call that gives several, its parts."""
        if count > 1 and len(values) == 1:
            source = values[0]
            return [self.here.value(ir.ITEM, place, source, self.here.constant(i)) for i in range(count)]
        return values


def _default_name(path: str) -> str:
    """The name that an import without alias binds: the last element, without a version."""
    parts = path.split("/")
    last = parts[-1]
    if len(parts) > 1 and last[:1] == "v" and last[1:].isdigit():
        last = parts[-2]
    return last.split(".", 1)[0].removeprefix("go-")
