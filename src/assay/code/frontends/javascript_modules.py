"""How JavaScript files name each other: `import` and `export` in all forms, `require`, `module.exports`."""

from __future__ import annotations

from assay.code import ir
from assay.code.frontends.javascript_functions import Functions
from assay.code.ir import Register, span
from assay.code.syntax import Syntax

_DEFAULT = "default"
_FUNCTIONS = frozenset(("function_declaration", "generator_function_declaration"))


def plain_module(module: str, name: str) -> tuple[str, str]:
    """The module and export that an import means: `node:fs` is `fs`, `lodash/merge` and `lodash-es` are parts of `lodash`."""
    module = module.removeprefix("node:")
    if module.startswith("lodash"):
        if module.startswith(("lodash/", "lodash-es/")) and name in ("", _DEFAULT):
            return "lodash", module.partition("/")[2].removeprefix("fp/").removesuffix(".js")
        return module.replace("lodash-es", "lodash"), name
    return module, name


class Modules(Functions):
    """Lowers imports and exports."""

    @property
    def exports(self) -> dict[str, str]:
        """Exported name to variable of the module's body."""
        module = self.builder.module
        if module.exports is None:
            module.exports = {}
        return module.exports

    # Imports

    def import_value(self, place: int, module: str, name: str) -> Register:
        """The value of an import. The prefix `node:` says nothing."""
        module, name = plain_module(module, name)
        return self.here.value(ir.IMPORT, place, module, name, 0)

    def bind_import(self, place: int, module: str, name: str, alias: str) -> None:
        """Import into a variable."""
        module, name = plain_module(module, name)
        self.builder.add_import(module, name, alias, 0, place)
        self.here.emit(ir.MOVE, place, self.declare(alias), self.import_value(place, module, name))

    def import_statement(self, node: Syntax) -> None:
        """`import a, {b as c} from "m"`, `import * as n from "m"`, `import x = require("m")`."""
        source = node.child("source")
        clause = node.of("import_clause", "import_require_clause")
        if clause is None:
            if source is not None:
                place = span(node.start, node.end)
                self.builder.add_import(self.string_value(source).removeprefix("node:"), "", "", 0, place)
            return
        source = source or clause.child("source")
        module = self.string_value(source) if source is not None else ""
        for child in clause.children:
            place = span(child.start, child.end)
            if child.kind == "identifier":
                name = "" if clause.kind == "import_require_clause" else _DEFAULT
                self.bind_import(place, module, name, self.source.text(child))
            elif child.kind == "namespace_import" and (alias := child.of("identifier")) is not None:
                self.bind_import(place, module, "", self.source.text(alias))
            elif child.kind == "named_imports":
                self._named_imports(child, module)

    def _named_imports(self, node: Syntax, module: str) -> None:
        for child in node.children:
            name = child.child("name")
            if name is not None:
                alias = child.child("alias") or name
                self.bind_import(
                    span(child.start, child.end), module, self.key_name(name), self.source.text(alias)
                )

    def special_call(self, node: Syntax) -> bool:
        """Whether a call is `require("m")` or `import("m")`."""
        if node.kind != "call_expression":
            return False
        function = node.child("function")
        if function is None:
            return False
        if function.kind == "import":
            return True
        return (
            function.kind == "identifier"
            and self.source.text(function) == "require"
            and self.required(node) is not None
        )

    def required(self, node: Syntax) -> str | None:
        """The module that `require("m")` or `import("m")` names."""
        arguments = node.child("arguments")
        if node.kind != "call_expression" or arguments is None or not arguments.children:
            return None
        first = arguments.children[0]
        if first.kind == "string":
            return self.string_value(first)
        if first.kind == "template_string" and not first.of("template_substitution"):
            return self.source.text(first)[1:-1]
        return None

    def import_call(self, node: Syntax) -> Register:
        """The module that a special call gives; one whose name is computed is a call of `import`."""
        module = self.required(node)
        place = span(node.start, node.end)
        if module is not None:
            self.builder.add_import(*plain_module(module, ""), "", 0, place)
            return self.import_value(place, module, "")
        callee = self.here.outer(place, "import")
        args, keywords = self.call_arguments(node)
        return self.here.call(place, callee, args, keywords)

    def require_declaration(self, name: Syntax, value: Syntax) -> bool:
        """`const a = require("m")`, `const {a, b: c} = require("m")`, `const a = require("m").b`: imports with names. Lowered if True."""
        member = ""
        if value.kind == "await_expression" and value.children:
            value = value.children[-1]
        if value.kind == "member_expression" and (obj := value.child("object")) is not None:
            member, value = self._member_name(value), obj
        if not self.special_call(value) or (module := self.required(value)) is None:
            return False
        place = span(name.start, name.end)
        if name.kind == "identifier":
            self.bind_import(place, module, member, self.source.text(name))
            return True
        if name.kind != "object_pattern" or member or not all(c.kind in _SIMPLE for c in name.children):
            return False
        for child in name.children:
            key, target = child.child("key") or child, child.child("value") or child
            if target.kind not in ("identifier", "shorthand_property_identifier_pattern"):
                return False
        for child in name.children:
            key, target = child.child("key") or child, child.child("value") or child
            self.bind_import(
                span(child.start, child.end), module, self.key_name(key), self.source.text(target)
            )
        return True

    # Exports

    def export_statement(self, node: Syntax) -> None:
        """`export` in all its forms."""
        declaration, value, source = node.child("declaration"), node.child("value"), node.child("source")
        if declaration is not None:
            self._export_declaration(node, declaration)
        elif value is not None:
            self._export_value(value, span(value.start, value.end))
        elif source is not None:
            self._re_export(node, self.string_value(source))
        elif (clause := node.of("export_clause")) is not None:
            for child in clause.children:
                name = child.child("name")
                if name is not None:
                    self.exports[self.key_name(child.child("alias") or name)] = self.source.text(name)
        elif (whole := node.of("identifier")) is not None:  # export = x
            self.exports[_DEFAULT] = self.source.text(whole)

    def _export_declaration(self, node: Syntax, declaration: Syntax) -> None:
        decorators = tuple(self.first(child) for child in node.all("decorator"))
        default = node.has(_DEFAULT)
        names = self.declared_names(declaration)
        if default and not names:
            if declaration.kind in _FUNCTIONS:
                register = self.function_value(declaration, _DEFAULT)
            else:
                register = self.class_value(declaration, _DEFAULT, decorators)
            self._keep_default(register, span(declaration.start, declaration.end))
            return
        self.declaration(declaration, decorators)
        for name in names:
            self.exports[_DEFAULT if default else name] = name

    def declaration(self, node: Syntax, decorators: tuple[Register, ...]) -> None:
        """See the class that knows statements."""
        raise NotImplementedError

    def declared_names(self, node: Syntax) -> list[str]:
        """See the class that knows statements."""
        raise NotImplementedError

    def _export_value(self, value: Syntax, place: int) -> None:
        """`export default value`."""
        if value.kind == "identifier":
            self.exports[_DEFAULT] = self.source.text(value)
            self.expression(value)
            return
        self._keep_default(self.named_value(value, _DEFAULT), place)

    def _keep_default(self, register: Register, place: int) -> None:
        self.here.emit(ir.MOVE, place, self.declare(_DEFAULT, self.scopes[0]), register)
        self.exports[_DEFAULT] = _DEFAULT

    def _re_export(self, node: Syntax, module: str) -> None:
        place = span(node.start, node.end)
        namespace, clause = node.of("namespace_export"), node.of("export_clause")
        if namespace is not None:
            alias = namespace.of("identifier", "string")
            if alias is not None:
                name = self.key_name(alias)
                self.bind_import(place, module, "", name)
                self.exports[name] = name
        elif clause is None:
            self.builder.add_import(module, "*", "", 0, place)
            self.here.emit(ir.IMPORT, place, None, module, "*", 0)
        for child in clause.children if clause else []:
            name_node = child.child("name")
            if name_node is not None:
                name = self.key_name(child.child("alias") or name_node)
                self.bind_import(span(child.start, child.end), module, self.key_name(name_node), name)
                self.exports[name] = name

    # CommonJS

    def export_assignment(self, left: Syntax, right: Syntax, value: Register) -> None:
        """`module.exports = value`, `exports.name = value`, `module.exports.name = value`."""
        name = self._exported_name(left)
        if name is None:
            return
        place = span(left.start, left.end)
        if name != _DEFAULT or right.kind != "identifier":
            variable = self._export_variable(name, right)
            if variable != self._plain_name(right):
                self.here.emit(ir.MOVE, place, self._module_variable(variable), value)
        else:
            variable = self.source.text(right)
        if self.here.function.kind == "module":
            self.exports[name] = variable
        if name == _DEFAULT and right.kind == "object":
            self._export_members(right)

    def _module_variable(self, name: str) -> Register:
        return self.declare(name, self.scopes[0])

    def _plain_name(self, node: Syntax) -> str:
        return self.source.text(node) if node.kind == "identifier" else ""

    def _export_variable(self, name: str, right: Syntax) -> str:
        """The variable that holds an export: the one that is named, else one called like the export if that is free."""
        plain = self._plain_name(right)
        if plain and plain in self.scopes[0].names:
            return plain
        return (
            name if name not in self.scopes[0].names or self.exports.get(name) == name else f"exports.{name}"
        )

    def _exported_name(self, left: Syntax) -> str | None:
        if self.here.function.kind != "module" or left.kind != "member_expression":
            return None
        obj = left.child("object")
        name = self._member_name(left)
        if obj is None:
            return None
        text = self.source.text(obj)
        if text == "module" and name == "exports":
            return _DEFAULT
        return name if text in ("exports", "module.exports") else None

    def _export_members(self, node: Syntax) -> None:
        """Each fixed key of an exported object literal is exported too."""
        whole = self._module_variable(self.exports[_DEFAULT])
        for child in node.children:
            key = child.child("key") or child.child("name") or child
            name = self.key_name(key) if child.kind in _MEMBERS else ""
            if not name:
                continue
            value = child.child("value") or (child if child.kind == "shorthand_property_identifier" else None)
            text = self.source.text(value) if value is not None and value.kind in _PLAIN else ""
            if text in self.scopes[0].names:
                self.exports.setdefault(name, text)
                continue
            variable = name if name not in self.scopes[0].names else f"exports.{name}"
            place = span(child.start, child.end)
            self.here.emit(
                ir.MOVE, place, self._module_variable(variable), self.here.field(place, whole, name)
            )
            self.exports.setdefault(name, variable)


_SIMPLE = frozenset(("pair_pattern", "shorthand_property_identifier_pattern"))
_MEMBERS = frozenset(("pair", "method_definition", "shorthand_property_identifier"))
_PLAIN = frozenset(("identifier", "shorthand_property_identifier"))
