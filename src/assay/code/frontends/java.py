"""Java to the intermediate representation: files and statements. Types are in `java_types`, expressions in `java_expressions`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.code import ir
from assay.code.frontends.java_names import DECLARATIONS, library_name, type_name
from assay.code.frontends.java_types import Declarations
from assay.code.ir import Block, Module, Register, span
from assay.code.lowering import lower_file
from assay.code.syntax import Syntax, parse

LANGUAGE = "java"
_LOOPS = ("for_statement", "while_statement", "do_statement", "enhanced_for_statement", "switch_expression")


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    return lower_file(Statements, LANGUAGE, parse(LANGUAGE, content), uri)


class Statements(Declarations):
    """Lowers statements. One object per file; `self.here` is the function that is being written."""

    def file(self, root: Syntax) -> None:
        """The file's top level. Files without a package belong to that of their folder."""
        module = self.builder.module
        module.package = f"<{module.uri.rpartition('/')[0]}>"
        for child in root.children:
            self._top(child)

    def _top(self, node: Syntax) -> None:
        if node.kind == "package_declaration":
            name = node.of("scoped_identifier", "identifier")
            if name is not None:
                self.builder.module.package = self.source.text(name)
        elif node.kind == "import_declaration":
            self._import(node)
        else:
            self.statement(node)

    def _import(self, node: Syntax) -> None:
        name_node = node.of("scoped_identifier", "identifier")
        if name_node is None:
            return
        name, place = library_name("".join(self.source.text(name_node).split())), self.place(node)
        owner, _, last = name.rpartition(".")
        if node.of("asterisk"):
            if node.has("static"):
                self.open_statics.append(self._hidden_import(name, place))
            else:
                self.builder.add_import(name, "*", "", 0, place)
                self.here.emit(ir.IMPORT, place, None, name, "*", 0)
        elif node.has("static"):
            self.statics[last] = self._hidden_import(owner, place)
        else:
            self._bind_import(owner, last, last, place)

    def _hidden_import(self, name: str, place: int) -> str:
        """Import a class for the sake of its static members; its name here cannot be written in a program."""
        owner, _, last = name.rpartition(".")
        alias = f"static {last}"
        self._bind_import(owner, last, alias, place)
        return alias

    def _bind_import(self, owner: str, name: str, alias: str, place: int) -> None:
        self.builder.add_import(owner, name, alias, 0, place)
        value = self.here.value(ir.IMPORT, place, owner, name, 0)
        self.here.emit(ir.MOVE, place, self.here.variable(alias), value)

    # Blocks

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A block scope."""
        self.levels[-1].scopes.append({})
        try:
            yield
        finally:
            self.levels[-1].scopes.pop()

    def block_of(self, node: Syntax | None) -> Block:
        """A statement or block as a nested block with a scope of its own."""
        with self.here.block() as made, self.scope():
            if node is not None:
                self.body(node)
        return made

    def body(self, node: Syntax) -> None:
        """The statements of a block, into the current block."""
        if node.kind in ("block", "constructor_body", "switch_block_statement_group"):
            for child in node.children:
                self.statement(child)
        else:
            self.statement(node)

    def _nested(self, node: Syntax) -> None:
        with self.scope():
            self.body(node)

    def _expression_statement(self, node: Syntax) -> None:
        for child in node.children:
            if child.kind == "switch_expression":
                self.switch(child, None)
            else:
                self.expression(child)

    def _local(self, node: Syntax) -> None:
        kind_node = node.child("type")
        kind = self.type_text(kind_node) if kind_node is not None else ""
        for declarator in node.all("declarator"):
            name, value = declarator.child("name"), declarator.child("value")
            if name is None:
                continue
            register = self.expression(value) if value is not None else None
            text = f"Array[{kind}]" if declarator.child("dimensions") else kind
            variable = self.declare(self.source.text(name), text)
            if register is not None:
                self.bind(variable, register, self.place(name))

    # Jumps

    def _return(self, node: Syntax) -> None:
        value = self.expression(node.children[0]) if node.children else None
        self.here.emit(ir.RETURN, self.place(node), value)

    def _throw(self, node: Syntax) -> None:
        value = self.expression(node.children[0]) if node.children else None
        self.here.emit(ir.RAISE, self.place(node), value)

    def _break(self, node: Syntax) -> None:
        self.here.emit(ir.BREAK, self.place(node), self._label(node))

    def _continue(self, node: Syntax) -> None:
        self.here.emit(ir.CONTINUE, self.place(node), self._label(node))

    def _label(self, node: Syntax) -> str:
        return self.source.text(node.children[0]) if node.children else ""

    def _yield(self, node: Syntax) -> None:
        value = self.expression(node.children[0]) if node.children else self.here.constant(None)
        if self.yields:
            register, label = self.yields[-1]
            self.here.emit(ir.MOVE, self.place(node), register, value)
            self.here.emit(ir.BREAK, self.place(node), label)

    def _assert(self, node: Syntax) -> None:
        if node.children:
            self.here.emit(ir.ASSERT, self.place(node), self.expression(node.children[0]))

    # Branches and loops

    def _if(self, node: Syntax) -> None:
        """`else if` chains grow with the text: a loop."""
        current: Syntax | None = node
        before = self.here.code
        while current is not None:
            condition_node = current.child("condition")
            condition = (
                self.expression(condition_node) if condition_node is not None else self.here.constant(...)
            )
            then = self.block_of(current.child("consequence"))
            otherwise: Block = []
            place = self.place(condition_node or current)
            self.here.emit(ir.IF, place, condition, then, otherwise)
            alternative = current.child("alternative")
            self.here.code = otherwise
            if alternative is not None and alternative.kind == "if_statement":
                current = alternative
                continue
            if alternative is not None:
                self._nested(alternative)
            current = None
        self.here.code = before

    def _labelled(self, node: Syntax) -> None:
        if len(node.children) < 2:
            return
        label, inner = self.source.text(node.children[0]), node.children[-1]
        if inner.kind in _LOOPS and inner.kind != "switch_expression":
            self._loop(inner, label)
            return
        block = self.block_of(inner)
        self.here.emit(ir.BLOCK, self.place(node), block, label)

    def _plain_loop(self, node: Syntax) -> None:
        self._loop(node, "")

    def _loop(self, node: Syntax, label: str) -> None:
        with self.scope():
            if node.kind == "enhanced_for_statement":
                self._each(node, label)
                return
            for init in node.all("init"):
                self.statement(init)
            condition_node = node.child("condition")
            with self.here.block() as head:
                condition = self.expression(condition_node) if condition_node is not None else None
            body = self.block_of(node.child("body"))
            with self.here.block() as update:
                for one in node.all("update"):
                    self.expression(one)
            post = node.kind == "do_statement"
            self.here.emit(ir.LOOP, self.place(node), head, condition, body, update, [], label, post)

    def _each(self, node: Syntax, label: str) -> None:
        value, name, kind = node.child("value"), node.child("name"), node.child("type")
        iterable = self.expression(value) if value is not None else self.here.constant(...)
        element = self.here.temp()
        with self.here.block() as body, self.scope():
            if name is not None:
                variable = self.declare(
                    self.source.text(name), self.type_text(kind) if kind is not None else ""
                )
                self.bind(variable, element, self.place(name))
            inner = node.child("body")
            if inner is not None:
                self._nested(inner)
        place = span((name or node).start, (value or node).end)
        self.here.emit(ir.FOR, place, element, iterable, "values", body, [], label)

    # Switch

    def _switch_statement(self, node: Syntax) -> None:
        self.switch(node, None)

    def switch(self, node: Syntax, result: Register | None) -> None:
        """Old and arrow forms. With patterns: a labelled block of conditions."""
        condition, body = node.child("condition"), node.child("body")
        value = self.expression(condition) if condition is not None else self.here.constant(...)
        subject = self.here.fresh("<subject>")
        self.here.emit(ir.MOVE, self.place(condition or node), subject, value)
        self.made += 1
        label = f"switch {self.made}"
        if result is not None:
            self.yields.append((result, label))
        groups = body.children if body is not None else []
        with self.scope():
            if any(
                one.kind in ("pattern", "guard")
                for group in groups
                for head in group.children
                for one in head.children
            ):
                self._patterns(node, groups, subject, label)
            else:
                cases = tuple(self._case(group, label) for group in groups)
                self.here.emit(ir.SWITCH, self.place(node), subject, cases, label)
        if result is not None:
            self.yields.pop()

    def _case(self, group: Syntax, label: str) -> tuple[tuple[Register, ...], Block]:
        registers: list[Register] = []
        default = False
        for head in group.children:
            if head.kind == "switch_label":
                default = default or head.has("default") or not head.children
                registers.extend(self._case_value(c) for c in head.children if c.kind != "default")
        with self.here.block() as made:
            self._case_body(group, label)
        return ((), made) if default else (tuple(registers), made)

    def _case_value(self, node: Syntax) -> Register:
        """Constants; a bare name is mostly an enum's: its name stands for it unless a constant of that name is near."""
        if node.kind == "identifier":
            name = self.source.text(node)
            for level in self.levels:
                if (level.type is not None and name in level.type.fields) or level.local(name) is not None:
                    return self.expression(node)
            return self.here.outer(self.place(node), name)
        return self.expression(node)

    def _case_body(self, group: Syntax, label: str) -> None:
        arrow = group.kind == "switch_rule"
        place = self.place(group)
        for child in group.children:
            if child.kind in ("switch_label", "->"):
                continue
            inner = child.children[0] if child.kind == "expression_statement" and child.children else None
            if arrow and inner is not None and self.yields and self.yields[-1][1] == label:
                self.here.emit(ir.MOVE, place, self.yields[-1][0], self.expression(inner))
            elif child.kind == "block":
                self._nested(child)
            else:
                self.statement(child)
        if arrow:
            self.here.emit(ir.BREAK, place, label)

    def _patterns(self, node: Syntax, groups: list[Syntax], subject: Register, label: str) -> None:
        with self.here.block() as outermost:
            for group in groups:
                with self.scope():
                    self._pattern_case(group, subject, label)
        self.here.emit(ir.BLOCK, self.place(node), outermost, label)

    def _pattern_case(self, group: Syntax, subject: Register, label: str) -> None:
        place = self.place(group)
        condition: Register | None = None
        for head in group.children:
            for child in head.children if head.kind == "switch_label" else []:
                if child.kind == "default":
                    condition = self.here.constant(True)
                elif child.kind == "guard" and child.children and condition is not None:
                    with self.here.block() as block:
                        right = self.expression(child.children[0])
                    condition = self.here.value(ir.LOGIC, place, "and", condition, block, right)
                else:
                    one = self.pattern(child, subject)
                    condition = (
                        one
                        if condition is None
                        else self.here.value(ir.LOGIC, place, "or", condition, [], one)
                    )
        with self.here.block() as made:
            self._case_body(group, label)
            if not made or made[-1][0] != ir.BREAK:
                self.here.emit(ir.BREAK, place, label)
        if condition is None:
            condition = self.here.constant(True)
        self.here.emit(ir.IF, place, condition, made, [])

    # Exceptions

    def _try(self, node: Syntax) -> None:
        with self.scope(), self.here.block() as body:
            resources = node.child("resources")
            for resource in resources.children if resources is not None else []:
                self._resource(resource)
            inner = node.child("body")
            if inner is not None:
                self._nested(inner)
        handlers = tuple(self._handler(child) for child in node.children if child.kind == "catch_clause")
        final_node = node.of("finally_clause")
        final = self.block_of(final_node.of("block") if final_node is not None else None)
        self.here.emit(ir.TRY, self.place(node), body, handlers, [], final)

    def _resource(self, node: Syntax) -> None:
        name, value, kind = node.child("name"), node.child("value"), node.child("type")
        opened = value or (node.children[0] if node.children else None)
        if opened is None:
            return
        entered = self.here.value(ir.ENTER, self.place(opened), self.expression(opened))
        if name is not None:
            variable = self.declare(self.source.text(name), self.type_text(kind) if kind is not None else "")
            self.bind(variable, entered, self.place(name))

    def _handler(self, node: Syntax) -> tuple[tuple[str, ...], Register | None, Block]:
        parameter, body_node = node.of("catch_formal_parameter"), node.child("body")
        names: tuple[str, ...] = ()
        variable: Register | None = None
        with self.here.block() as body, self.scope():
            stop = parameter.end + 1 if parameter is not None else node.start + len("catch")
            self.here.emit(ir.NOTE, span(node.start, stop), "catch")
            if parameter is not None:
                kinds = parameter.of("catch_type")
                names = (
                    tuple(type_name(self.source, kind) for kind in kinds.children)
                    if kinds is not None
                    else ()
                )
                name = parameter.child("name")
                if name is not None:
                    variable = self.declare(self.source.text(name))
            if body_node is not None:
                self._nested(body_node)
        return names, variable, body

    def _synchronized(self, node: Syntax) -> None:
        for child in node.children:
            if child.kind == "block":
                self._nested(child)
            else:
                self.expression(child)


Statements.statement_forms = {
    **dict.fromkeys(DECLARATIONS, Statements.type_declaration),
    "block": Statements._nested,
    "expression_statement": Statements._expression_statement,
    "local_variable_declaration": Statements._local,
    "return_statement": Statements._return,
    "throw_statement": Statements._throw,
    "break_statement": Statements._break,
    "continue_statement": Statements._continue,
    "yield_statement": Statements._yield,
    "assert_statement": Statements._assert,
    "if_statement": Statements._if,
    "labeled_statement": Statements._labelled,
    "for_statement": Statements._plain_loop,
    "enhanced_for_statement": Statements._plain_loop,
    "while_statement": Statements._plain_loop,
    "do_statement": Statements._plain_loop,
    "switch_expression": Statements._switch_statement,
    "switch_statement": Statements._switch_statement,
    "try_statement": Statements._try,
    "try_with_resources_statement": Statements._try,
    "synchronized_statement": Statements._synchronized,
    "explicit_constructor_invocation": Statements.constructor_call,
    "method_declaration": Statements.member,
    "field_declaration": Statements.loose_field,
}
