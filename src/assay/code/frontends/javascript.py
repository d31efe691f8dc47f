"""JavaScript (with JSX) to the intermediate representation: statements. TypeScript lowers through the same classes.

Layers, each in a file: scopes, expressions, assignment targets, functions and classes, modules, JSX, statements.
"""

from __future__ import annotations

from assay.code import ir
from assay.code.frontends.javascript_expressions import EXPRESSIONS
from assay.code.frontends.javascript_jsx import Jsx
from assay.code.frontends.javascript_literals import type_text
from assay.code.ir import Block, Module, Register, span
from assay.code.lowering import lower_file
from assay.code.syntax import Syntax, parse

LANGUAGE = "javascript"
_CLASSES = frozenset(("class_declaration", "abstract_class_declaration"))
_FUNCTIONS = frozenset(("function_declaration", "generator_function_declaration"))
_TYPES = frozenset(("interface_declaration", "type_alias_declaration", "enum_declaration"))
_PATTERN_NAMES = frozenset(("identifier", "shorthand_property_identifier_pattern"))


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    return lower_with(LANGUAGE, LANGUAGE, content, uri)


def lower_with(grammar: str, language: str, content: bytes, uri: str, readable: bytes = b"") -> Module:
    """One file with a grammar of the family: javascript, typescript, tsx.

    `readable` is the text for the grammar where it cannot read the file as it is: of the same length, with blanks for some of it.
    """
    source = parse(grammar, readable or content)
    source.content = content
    return lower_file(Statements, language, source, uri)


class Statements(Jsx):
    """Lowers statements. One object per file."""

    def file(self, root: Syntax) -> None:
        """The file's top level."""
        if b".prototype." in self.source.content:
            self.find_prototypes(root)
        self.statements(root.children)

    def statements(self, nodes: list[Syntax]) -> None:
        """Lower the statements of one scope; its names are declared first."""
        self._declare_all(nodes)
        for node in nodes:
            self.statement(node)

    # Declarations

    def _declare_all(self, nodes: list[Syntax]) -> None:
        scope = self.scopes[-1]
        for node in nodes:
            if node.kind == "export_statement":
                declared = node.child("declaration")
                if declared is None:
                    continue
                node = declared
            kind = node.kind
            if kind == "lexical_declaration" or kind in _CLASSES or kind == "enum_declaration":
                for name in self.declared_names(node):
                    self.declare(name)
            elif kind in _FUNCTIONS:
                for name in self.declared_names(node):
                    self.declare(name)
                    scope.pending[name] = node
            elif kind == "variable_declaration":
                for name in self.declared_names(node):
                    self.declare(name, self.scopes[0])

    def declared_names(self, node: Syntax) -> list[str]:
        """The names that a declaration declares in its scope."""
        if node.kind in ("lexical_declaration", "variable_declaration"):
            return [
                name
                for child in node.children
                if (target := child.child("name"))
                for name in self._names_in(target)
            ]
        name_node = node.child("name")
        return [self.source.text(name_node)] if name_node is not None else []

    def _names_in(self, target: Syntax) -> list[str]:
        if target.kind == "identifier":
            return [self.source.text(target)]
        found: list[str] = []
        todo = [target]
        while todo:
            node = todo.pop()
            if node.kind in _PATTERN_NAMES:
                found.append(self.source.text(node))
            todo.extend(child for child in node.children if child.field not in ("right", "key"))
        return found

    def find_prototypes(self, root: Syntax) -> None:
        """Collect `F.prototype.m = function` of the file's top level for functions declared there."""
        declared = {
            name for node in root.children if node.kind in _FUNCTIONS for name in self.declared_names(node)
        }
        for node in list(root.children):
            inner = node.children[0] if node.kind == "expression_statement" and node.children else None
            if inner is None or inner.kind != "assignment_expression":
                continue
            left, right = inner.child("left"), inner.child("right")
            if left is None or right is None or right.kind != "function_expression":
                continue
            parts = self.source.text(left).split(".") if left.kind == "member_expression" else []
            if len(parts) == 3 and parts[1] == "prototype" and parts[0] in declared:
                self.prototypes.setdefault(parts[0], []).append((parts[2], right))
                root.children.remove(node)

    def _variables(self, node: Syntax) -> None:
        scope = self.scopes[0] if node.kind == "variable_declaration" else self.scopes[-1]
        for child in node.children:
            if child.kind != "variable_declarator":
                continue
            name, value, declared = child.child("name"), child.child("value"), child.child("type")
            if name is None or (value is not None and self.require_declaration(name, value)):
                continue
            text = self.source.text(name) if name.kind == "identifier" else ""
            if value is None:
                if text:
                    self.declare(text, scope)
                continue
            register = self.named_value(value, text, "function" if text else "")
            kind = type_text(self.source.text(declared)) if declared is not None else ""
            if kind:
                register = self.here.value(ir.TYPED, span(child.start, child.end), register, kind)
            self.assign(name, register, scope)

    def _function_declaration(self, node: Syntax) -> None:
        for name in self.declared_names(node):
            scope = self.scopes[-1]
            if scope.pending.get(name) is node:
                del scope.pending[name]
                self.define_pending(node)
            elif name in scope.pending:  # declared again below: that one counts
                continue

    def _class_declaration(self, node: Syntax) -> None:
        self.declaration(node, ())

    def declaration(self, node: Syntax, decorators: tuple[Register, ...]) -> None:
        """Lower a declaration that may have decorators."""
        names = self.declared_names(node)
        if node.kind in _CLASSES and names:
            register = self.class_value(node, names[0], decorators)
            self.here.emit(ir.MOVE, span(node.start, node.end), self.declare(names[0]), register)
        else:
            self.statement(node)

    def _type_declaration(self, node: Syntax) -> None:
        name_node = node.child("name")
        body = node.child("body") or node.child("value")
        if name_node is None or body is None:
            return
        name = self.source.text(name_node)
        if node.kind == "enum_declaration":
            register = self.enum_value(node, name)
            self.here.emit(ir.MOVE, span(node.start, node.end), self.declare(name), register)
        elif body.kind in ("interface_body", "object_type"):
            self.interface(node, name, body)

    def _namespace(self, node: Syntax) -> None:
        """`namespace N { ... }`: a class whose functions are static."""
        name_node, body = node.child("name"), node.child("body")
        if name_node is None or body is None:
            return
        name, place = self.source.text(name_node).strip("\"'"), span(node.start, node.end)
        outer = self.here
        inner = self.builder.function(name, "class", place, outer)
        made = self.builder.add_class(name, place, inner)
        with self.inside(inner, made):
            self.statements(body.children)
        for instruction in inner.code:
            if instruction[0] == ir.FUNC:
                function = self.builder.module.functions[instruction[3]]
                made.methods.setdefault(function.name, []).append(function.index)
        register = outer.value(ir.CLASS, place, made.index, (), (), ())
        outer.emit(ir.MOVE, place, self.declare(name), register)

    def _export(self, node: Syntax) -> None:
        self.export_statement(node)

    def _import(self, node: Syntax) -> None:
        self.import_statement(node)

    # Control flow

    def nested(self, node: Syntax | None) -> Block:
        """One statement (or the statements of a block) in a block and scope of its own."""
        with self.here.block() as made, self.scope():
            if node is not None:
                self.statements(node.children if node.kind == "statement_block" else [node])
        return made

    def _block(self, node: Syntax) -> None:
        with self.scope():
            self.statements(node.children)

    def _if(self, node: Syntax) -> None:
        """`else if` chains nest as deep as the text is long: walked in a loop."""
        code = self.here.code
        current: Syntax | None = node
        while current is not None:
            condition_node = current.child("condition")
            condition = self.first(condition_node) if condition_node else self.here.constant(...)
            then = self.nested(current.child("consequence"))
            clause = current.child("alternative")
            following = clause.children[0] if clause is not None and clause.children else None
            place_of = condition_node or current
            place = span(place_of.start, place_of.end)
            if following is not None and following.kind == "if_statement":
                otherwise: Block = []
                self.here.emit(ir.IF, place, condition, then, otherwise)
                self.here.code = otherwise
                current = following
            else:
                self.here.emit(ir.IF, place, condition, then, self.nested(following) if following else [])
                current = None
        self.here.code = code

    def _take_label(self) -> str:
        label, self.label = self.label, ""
        return label

    def _labelled(self, node: Syntax) -> None:
        label, body = node.child("label"), node.child("body")
        if body is None:
            return
        text = self.source.text(label) if label else ""
        if body.kind in _LABELLED:
            self.label = text
            self.statement(body)
            self.label = ""
        else:
            self.here.emit(ir.BLOCK, span(node.start, node.end), self.nested(body), text)

    def _while(self, node: Syntax) -> None:
        label = self._take_label()
        post = node.kind == "do_statement"
        condition_node = node.child("condition")
        body: Block = self.nested(node.child("body")) if post else []
        with self.here.block() as head:
            condition = self.first(condition_node) if condition_node else None
        body = body if post else self.nested(node.child("body"))
        self.here.emit(ir.LOOP, span(node.start, node.end), head, condition, body, [], [], label, post)

    def _for(self, node: Syntax) -> None:
        label = self._take_label()
        with self.scope():
            start, increment = node.child("initializer"), node.child("increment")
            tests = [child for child in node.all("condition") if child.kind not in (";", "empty_statement")]
            if start is not None and start.kind != "empty_statement":
                self.statements([start])
            with self.here.block() as head:
                condition = self._condition(tests[0]) if tests else None
            body = self.nested(node.child("body"))
            with self.here.block() as update:
                if increment is not None:
                    self.expression(increment)
            place = span(node.start, node.end)
            self.here.emit(ir.LOOP, place, head, condition, body, update, [], label, False)

    def _condition(self, node: Syntax) -> Register:
        return self.first(node) if node.kind == "expression_statement" else self.expression(node)

    def _for_in(self, node: Syntax) -> None:
        label = self._take_label()
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None:
            return
        iterable = self.expression(right)
        mode = "keys" if operator is not None and operator.kind == "in" else "values"
        element = self.here.temp()
        kind = node.child("kind") or node.of("var", "let", "const")
        with self.here.block() as body, self.scope() as scope:
            declared = None
            if kind is not None:
                declared = self.scopes[0] if kind.kind == "var" else scope
            self.assign(left, element, declared)
            inner = node.child("body")
            if inner is not None:
                self.statements(inner.children if inner.kind == "statement_block" else [inner])
        self.here.emit(ir.FOR, span(left.start, right.end), element, iterable, mode, body, [], label)

    def _switch(self, node: Syntax) -> None:
        label = self._take_label()
        value, body = node.child("value"), node.child("body")
        subject = self.first(value) if value is not None else self.here.constant(...)
        clauses = body.children if body is not None else []
        cases: list[tuple[tuple[Register, ...], Block]] = []
        with self.scope():
            self._declare_all([s for clause in clauses for s in clause.all("body")])
            for clause in clauses:
                test = clause.child("value")
                registers = (self.expression(test),) if test is not None else ()
                with self.here.block() as block:
                    self.scopes[-1].block = block
                    for inner in clause.all("body"):
                        self.statement(inner)
                cases.append((registers, block))
        self.here.emit(ir.SWITCH, span(node.start, node.end), subject, tuple(cases), label)

    def _try(self, node: Syntax) -> None:
        body = self.nested(node.child("body"))
        handlers: list[tuple[tuple[str, ...], Register | None, Block]] = []
        handler = node.child("handler")
        if handler is not None:
            handlers.append(self._handler(handler))
        final = node.child("finalizer")
        last = self.nested(final.child("body")) if final is not None else []
        self.here.emit(ir.TRY, span(node.start, node.end), body, tuple(handlers), [], last)

    def _handler(self, node: Syntax) -> tuple[tuple[str, ...], Register | None, Block]:
        parameter = node.child("parameter")
        with self.scope() as scope, self.here.block() as block:
            scope.block = block
            stop = parameter.end if parameter is not None else node.start + len("catch")
            self.here.emit(ir.NOTE, span(node.start, stop), "catch")
            variable = None
            if parameter is not None:
                simple = parameter.kind == "identifier"
                variable = self.declare(self.source.text(parameter) if simple else "<error>")
                if not simple:
                    self.assign(parameter, variable, scope)
            body = node.child("body")
            self.statements(body.children if body else [])
        return (), variable, block

    def _return(self, node: Syntax) -> None:
        inner = node.of(*EXPRESSIONS)
        value = self.expression(inner) if inner is not None else None
        self.here.emit(ir.RETURN, span(node.start, node.end), value)

    def _throw(self, node: Syntax) -> None:
        inner = node.of(*EXPRESSIONS)
        value = self.expression(inner) if inner is not None else None
        self.here.emit(ir.RAISE, span(node.start, node.end), value)

    def _jump(self, node: Syntax) -> None:
        label = node.child("label")
        op = ir.BREAK if node.kind == "break_statement" else ir.CONTINUE
        self.here.emit(op, span(node.start, node.end), self.source.text(label) if label else "")

    # TypeScript's expressions

    def _cast(self, node: Syntax) -> Register:
        """`x as T`, `x satisfies T`, `<T>x`."""
        inner = node.of(*EXPRESSIONS)
        if inner is None:
            return self.here.constant(ir.UNDEFINED)
        value = self.expression(inner)
        others = [child for child in node.children if child is not inner]
        written = self.source.text(others[-1]) if others else ""
        text = type_text(written[1:-1] if node.kind == "type_assertion" else written)
        if not text or text in ("any", "unknown", "const", "never"):
            return value
        return self.here.value(ir.TYPED, span(node.start, node.end), value, text)


_LABELLED = frozenset(
    ("for_statement", "for_in_statement", "while_statement", "do_statement", "switch_statement")
)
_WITHOUT_EFFECT = frozenset(
    ("ambient_declaration", "type_annotation", "empty_statement", "function_signature", "hash_bang_line")
)
EXPRESSIONS["as_expression"] = Statements._cast
EXPRESSIONS["satisfies_expression"] = Statements._cast
EXPRESSIONS["type_assertion"] = Statements._cast
EXPRESSIONS["instantiation_expression"] = Statements._cast
Statements.statement_forms = {
    **dict.fromkeys(_WITHOUT_EFFECT, Statements.no_statement),
    "lexical_declaration": Statements._variables,
    "variable_declaration": Statements._variables,
    "function_declaration": Statements._function_declaration,
    "generator_function_declaration": Statements._function_declaration,
    "class_declaration": Statements._class_declaration,
    "abstract_class_declaration": Statements._class_declaration,
    "interface_declaration": Statements._type_declaration,
    "type_alias_declaration": Statements._type_declaration,
    "enum_declaration": Statements._type_declaration,
    "internal_module": Statements._namespace,
    "import_statement": Statements._import,
    "export_statement": Statements._export,
    "statement_block": Statements._block,
    "if_statement": Statements._if,
    "while_statement": Statements._while,
    "do_statement": Statements._while,
    "for_statement": Statements._for,
    "for_in_statement": Statements._for_in,
    "switch_statement": Statements._switch,
    "try_statement": Statements._try,
    "return_statement": Statements._return,
    "throw_statement": Statements._throw,
    "break_statement": Statements._jump,
    "continue_statement": Statements._jump,
    "labeled_statement": Statements._labelled,
}
