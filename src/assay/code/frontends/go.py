"""Go to the intermediate representation: files, declarations and statements. Expressions are in `go_expressions`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.code import ir
from assay.code.frontends.go_declarations import Declarations
from assay.code.ir import Block, Module, Register
from assay.code.lowering import lower_file
from assay.code.syntax import Syntax, parse

LANGUAGE = "go"


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    return lower_file(Statements, LANGUAGE, parse(LANGUAGE, content), uri)


class Statements(Declarations):
    """Lowers statements. One object per file; `self.here` is the function that is being written."""

    def file(self, root: Syntax) -> None:
        """The file's top level. A package is a folder."""
        self.builder.module.package = self.builder.module.uri.rpartition("/")[0] or "."
        super().file(root)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A block scope."""
        self.scopes.append({})
        try:
            yield
        finally:
            self.scopes.pop()

    def block_of(self, node: Syntax | None) -> Block:
        """A block as a nested block with a scope of its own."""
        with self.here.block() as made, self.scope():
            for child in node.children if node is not None else []:
                self.statement(child)
        return made

    def _nested(self, node: Syntax) -> None:
        with self.scope():
            for child in node.children:
                self.statement(child)

    # Assignment

    def _short(self, node: Syntax) -> None:
        self._assign_all(node.child("left"), node.child("right"), declare=True)

    def _assign_all(self, left: Syntax | None, right: Syntax | None, declare: bool) -> None:
        targets = (
            left.children if left is not None and left.kind == "expression_list" else [left] if left else []
        )
        values = self.expressions(right)
        if len(targets) > 1 and len(values) == 1 and self._is_checked(right):
            values = [values[0], self._presence(values[0], right)]  # `v, ok := m[k]`
        place = self.place(right) if right is not None else 0
        values = self.spread(values, len(targets), place)
        if len(targets) > 1:  # all are read before any is written: `a, b = b, a`
            values = [self.here.value(ir.MOVE, place, one) if one >= 0 else one for one in values]
        for target, value in zip(targets, values, strict=False):
            if declare and target.kind == "identifier":
                name = self.source.text(target)
                if name != "_" and name not in self.scopes[-1]:
                    self.declare(name)
            if (
                len(targets) > 1
                and target is targets[-1]
                and self.source.text(target) in ("err", "ok", "found")
            ):
                value = self.here.value(ir.TYPED, self.place(target), value, "error")
            self.assign(target, value)

    def _presence(self, value: Register, right: Syntax | None) -> Register:
        """The `ok` of `v, ok := m[k]`: whether the key is in the map."""
        made = self.here.code[-1] if self.here.code else None
        if made is None or right is None or made[0] != ir.ITEM or made[2] != value:
            return self.here.constant(...)
        return self.here.value(ir.OP, self.place(right), "in", made[4], made[3])

    def _is_checked(self, node: Syntax | None) -> bool:
        """Forms that give a second value which says whether there was a first."""
        inner = (
            node.children[0]
            if node is not None and node.kind == "expression_list" and node.children
            else node
        )
        if inner is None:
            return False
        operator = inner.child("operator") if inner.kind == "unary_expression" else None
        return inner.kind in ("index_expression", "type_assertion_expression") or (
            operator is not None and operator.kind == "<-"
        )

    def _assignment(self, node: Syntax) -> None:
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        symbol = operator.kind[:-1] if operator is not None else ""
        if not symbol or left is None or right is None:
            self._assign_all(left, right, declare=False)
            return
        target = left.children[0] if left.kind == "expression_list" and left.children else left
        values = self.expressions(right)
        value = values[0] if values else self.here.constant(...)
        self.assign(target, self.here.value(ir.OP, self.place(node), symbol, self.expression(target), value))

    def assign(self, target: Syntax, value: Register) -> None:
        """Assign to a name, field, element or through a pointer."""
        while target.kind == "parenthesized_expression" and target.children:
            target = target.children[0]
        place = self.place(target)
        if target.kind == "identifier":
            self.bind(self.source.text(target), value, place)
            return
        operand = target.child("operand")
        if operand is None:
            return
        if target.kind == "selector_expression":
            field = target.child("field")
            name = self.source.text(field) if field is not None else ""
            obj = self.expression(operand)
            self.here.function.names.add(name)
            self.here.emit(ir.SETFIELD, place, obj, name, value)
        elif target.kind == "index_expression":
            index = target.child("index")
            obj = self.expression(operand)
            key = self.expression(index) if index is not None else self.here.constant(...)
            self.here.emit(ir.SETITEM, place, obj, key, value)
        elif target.kind == "unary_expression":
            self.assign(operand, value)

    def _step(self, node: Syntax) -> None:
        if node.children:
            target = node.children[0]
            symbol = "+" if node.kind == "inc_statement" else "-"
            value = self.here.value(
                ir.OP, self.place(node), symbol, self.expression(target), self.here.constant(1)
            )
            self.assign(target, value)

    def _send(self, node: Syntax) -> None:
        channel, value = node.child("channel"), node.child("value")
        if channel is not None and value is not None:
            self.here.emit(ir.ADD, self.place(node), self.expression(channel), self.expression(value))

    # Jumps

    def _return(self, node: Syntax) -> None:
        # A bare return gives the named results.
        values = self.expressions(node.children[0]) if node.children else self.results
        place = self.place(node)
        if len(values) > 1:
            self.here.emit(ir.RETURN, place, self.here.value(ir.BUILD, place, "tuple", tuple(values)))
        else:
            self.here.emit(ir.RETURN, place, values[0] if values else None)

    def _break(self, node: Syntax) -> None:
        label = self.source.text(node.children[0]) if node.children else ""
        self.here.emit(ir.BREAK, self.place(node), label)

    def _continue(self, node: Syntax) -> None:
        label = self.source.text(node.children[0]) if node.children else ""
        self.here.emit(ir.CONTINUE, self.place(node), label)

    # Branches and loops

    def _if(self, node: Syntax) -> None:
        """`else if` chains grow with the text: a loop."""
        current: Syntax | None = node
        before, opened = self.here.code, 0
        while current is not None:
            self.scopes.append({})
            opened += 1
            start, condition_node = current.child("initializer"), current.child("condition")
            if start is not None:
                self.statement(start)
            condition = (
                self.expression(condition_node) if condition_node is not None else self.here.constant(...)
            )
            then = self.block_of(current.child("consequence"))
            otherwise: Block = []
            self.here.emit(ir.IF, self.place(condition_node or current), condition, then, otherwise)
            alternative = current.child("alternative")
            self.here.code = otherwise
            if alternative is not None and alternative.kind != "if_statement":
                self._nested(alternative)
                alternative = None
            current = alternative
        del self.scopes[-opened:]
        self.here.code = before

    def _plain_loop(self, node: Syntax) -> None:
        self._loop(node, "")

    def _loop(self, node: Syntax, label: str) -> None:
        with self.scope():
            clause = node.of("range_clause")
            if clause is not None:
                self._range(node, clause, label)
                return
            clause = node.of("for_clause")
            body_node = node.child("body")
            start = clause.child("initializer") if clause is not None else None
            update_node = clause.child("update") if clause is not None else None
            condition_node = (
                clause.child("condition")
                if clause is not None
                else next((child for child in node.children if child is not body_node), None)
            )
            if start is not None:
                self.statement(start)
            with self.here.block() as head:
                condition = self.expression(condition_node) if condition_node is not None else None
            body = self.block_of(body_node)
            with self.here.block() as update:
                if update_node is not None:
                    self.statement(update_node)
            self.here.emit(ir.LOOP, self.place(node), head, condition, body, update, [], label, False)

    def _range(self, node: Syntax, clause: Syntax, label: str) -> None:
        left, right = clause.child("left"), clause.child("right")
        iterable = self.expression(right) if right is not None else self.here.constant(...)
        pair, place = self.here.temp(), self.place(clause)
        targets = left.children if left is not None else []
        with self.here.block() as body:
            for position, target in enumerate(targets):
                if target.kind == "identifier" and clause.has(":="):
                    self.declare(self.source.text(target))
                part = self.here.value(ir.ITEM, place, pair, self.here.constant(position))
                self.assign(target, part)
            body.extend(self.block_of(node.child("body")))
        self.here.emit(ir.FOR, place, pair, iterable, "items", body, [], label)

    def _labelled(self, node: Syntax) -> None:
        label_node = node.child("label")
        inner = node.children[-1] if len(node.children) > 1 else None
        label = self.source.text(label_node) if label_node is not None else ""
        if inner is None:
            return
        if inner.kind == "for_statement":
            self._loop(inner, label)
            return
        with self.here.block() as block:
            self.statement(inner)
        self.here.emit(ir.BLOCK, self.place(node), block, label)

    # Switch and select

    def _switch(self, node: Syntax) -> None:
        with self.scope():
            start, value_node = node.child("initializer"), node.child("value")
            if start is not None:
                self.statement(start)
            value = self.expression(value_node) if value_node is not None else self.here.constant(True)
            subject = value
            if value < 0:
                subject = self.here.fresh("<subject>")
                self.here.emit(ir.MOVE, self.place(value_node or node), subject, value)
            groups = [child for child in node.children if child.kind in ("expression_case", "default_case")]
            if value_node is None:
                self._conditions(node, groups)
                return
            cases = []
            for group in groups:
                registers = tuple(self.expressions(group.child("value")))
                cases.append((registers, self._case(group)))
            self.here.emit(ir.SWITCH, self.place(node), subject, tuple(cases), "")

    def _case(self, group: Syntax) -> Block:
        with self.here.block() as made, self.scope():
            for child in group.children:
                if child.kind == "statement_list":
                    self.statement(child)
            if not any(
                one.kind == "fallthrough_statement" for child in group.children for one in child.children
            ):
                self.here.emit(ir.BREAK, self.place(group), "")
        return made

    def _conditions(self, node: Syntax, groups: list[Syntax]) -> None:
        """`switch { case x > 1: }`: conditions one after the other; the default last."""
        with self.here.block() as outermost:
            for group in sorted(groups, key=lambda one: one.kind == "default_case"):
                place = self.place(group)
                values = self.expressions(group.child("value"))
                condition = values[0] if values else self.here.constant(True)
                for value in values[1:]:
                    condition = self.here.value(ir.LOGIC, place, "or", condition, [], value)
                then = self._case(group)
                self.here.emit(ir.IF, place, condition, then, [])
        # A loop that is left at its end: `break` inside means the switch.
        outermost.append((ir.BREAK, self.place(node), ""))
        self.here.emit(ir.SWITCH, self.place(node), self.here.constant(True), (((), outermost),), "")

    def _type_switch(self, node: Syntax) -> None:
        with self.scope():
            start, value_node, alias = node.child("initializer"), node.child("value"), node.child("alias")
            if start is not None:
                self.statement(start)
            value = self.expression(value_node) if value_node is not None else self.here.constant(...)
            name = self.source.text(alias.children[0]) if alias is not None and alias.children else ""
            with self.here.block() as outermost:
                groups = [child for child in node.children if child.kind in ("type_case", "default_case")]
                for group in sorted(groups, key=lambda one: one.kind == "default_case"):
                    self._type_case(group, value, name)
            outermost.append((ir.BREAK, self.place(node), ""))
            self.here.emit(ir.SWITCH, self.place(node), self.here.constant(True), (((), outermost),), "")

    def _type_case(self, group: Syntax, value: Register, name: str) -> None:
        place = self.place(group)
        kinds = [kind for kind in group.all("type") if kind.kind != ","]
        condition: Register | None = None
        for kind in kinds:
            of = self.here.constant(None) if kind.kind == "nil" else self.type_value(kind)
            test = self.here.value(ir.OP, place, "instanceof", value, of)
            condition = (
                test if condition is None else self.here.value(ir.LOGIC, place, "or", condition, [], test)
            )
        with self.here.block() as then, self.scope():
            if name:
                self.declare(name, self.type_text(kinds[0]) if len(kinds) == 1 else "")
                self.bind(name, value, place)
            then.extend(self._case(group))
        self.here.emit(
            ir.IF, place, condition if condition is not None else self.here.constant(True), then, []
        )

    def _select(self, node: Syntax) -> None:
        cases: list[tuple[tuple[Register, ...], Block]] = []
        subject = self.here.fresh("<subject>")
        self.here.emit(ir.MOVE, self.place(node), subject, self.here.outer(self.place(node), "<select>"))
        for group in node.children:
            with self.here.block() as made, self.scope():
                communication = group.child("communication")
                if communication is not None and communication.kind == "receive_statement":
                    left = communication.child("left")
                    self._assign_all(left, communication.child("right"), declare=communication.has(":="))
                elif communication is not None:
                    self.statement(communication)
                made.extend(self._case(group))
            registers = () if group.kind == "default_case" else (self.here.constant(...),)
            cases.append((registers, made))
        self.here.emit(ir.SWITCH, self.place(node), subject, tuple(cases), "")


Statements.statement_forms = {
    "package_clause": Statements._package,
    "import_declaration": Statements._import,
    "var_declaration": Statements._variables,
    "const_declaration": Statements._variables,
    "type_declaration": Statements._types,
    "function_declaration": Statements._function_declaration,
    "method_declaration": Statements._function_declaration,
    "block": Statements._nested,
    "short_var_declaration": Statements._short,
    "assignment_statement": Statements._assignment,
    "inc_statement": Statements._step,
    "dec_statement": Statements._step,
    "send_statement": Statements._send,
    "return_statement": Statements._return,
    "break_statement": Statements._break,
    "continue_statement": Statements._continue,
    "goto_statement": Statements.no_statement,
    "fallthrough_statement": Statements.no_statement,
    "if_statement": Statements._if,
    "for_statement": Statements._plain_loop,
    "labeled_statement": Statements._labelled,
    "expression_switch_statement": Statements._switch,
    "type_switch_statement": Statements._type_switch,
    "select_statement": Statements._select,
}
