"""Python to the intermediate representation: modules, scopes and statements. Expressions are in `python_expressions`."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import FunctionBuilder
from assay.code.frontends.python_patterns import Patterns
from assay.code.ir import Block, Module, Register, span
from assay.code.lowering import lower_file
from assay.code.syntax import Syntax, parse

LANGUAGE = "python"


def lower(content: bytes, uri: str) -> Module:
    """One file, as far as it can be read. Never raises for bad input: see `Module.errors` and `Module.notes`."""
    return lower_file(Statements, LANGUAGE, parse(LANGUAGE, content), uri)


class Statements(Patterns):
    """Lowers statements. One object per file; `self.here` is the function that is being written."""

    def block_of(self, node: Syntax | None) -> Block:
        """The statements of a block node as a nested block."""
        with self.here.block() as made:
            self.statements(node)
        return made

    def statements(self, node: Syntax | None) -> None:
        """The statements of a block node, into the current block. Blocks are only ever appended to: see `Expressions.read`."""
        for child in node.children if node is not None else ():
            self.statement(child)

    def _expression_statement(self, node: Syntax) -> None:
        for child in node.children:
            if child.kind == "assignment":
                self.assignment(child)
            elif child.kind == "augmented_assignment":
                self._augmented(child)
            elif child.kind != "string":  # documentation
                self.expression(child)

    def _augmented(self, node: Syntax) -> None:
        left, right, operator = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None or operator is None:
            return
        value = self.here.value(
            ir.OP,
            span(node.start, node.end),
            operator.kind[:-1],
            self.expression(left),
            self.expression(right),
        )
        self.assign(left, value)

    def _return(self, node: Syntax) -> None:
        value = self.expression(node.children[0]) if node.children else None
        self.here.emit(ir.RETURN, span(node.start, node.end), value)

    def _delete(self, node: Syntax) -> None:
        for child in node.children:
            targets = child.children if child.kind in ("expression_list", "tuple", "list") else [child]
            for target in targets:
                self._delete_one(target)

    def _delete_one(self, target: Syntax) -> None:
        place = span(target.start, target.end)
        if target.kind == "identifier":
            name = self.source.text(target)
            if self.here.is_local(name):
                self.here.emit(ir.DELETE, place, self.here.variable(name), None)
        elif target.kind == "subscript" and len(target.children) > 1:
            obj = self.expression(target.children[0])
            self.here.emit(ir.DELETE, place, obj, self.expression(target.children[1]))
        elif target.kind == "attribute" and len(target.children) > 1:
            obj = self.expression(target.children[0])
            key = self.here.constant(self.source.text(target.children[1]))
            self.here.emit(ir.DELETE, place, obj, key)

    def _raise(self, node: Syntax) -> None:
        value = None
        for child in node.children:
            if child.kind == "from":
                continue
            register = self.expression(child)
            value = register if child.field != "cause" and value is None else value
        self.here.emit(ir.RAISE, span(node.start, node.end), value)

    def _assert(self, node: Syntax) -> None:
        if node.children:
            condition = self.expression(node.children[0])
            self.here.emit(ir.ASSERT, span(node.start, node.end), condition)

    def _global(self, node: Syntax) -> None:
        for child in node.children:
            if child.kind == "identifier":
                self.outside.add((self.here.function.index, self.source.text(child)))

    def _break(self, node: Syntax) -> None:
        self.here.emit(ir.BREAK, span(node.start, node.end), "")

    def _continue(self, node: Syntax) -> None:
        self.here.emit(ir.CONTINUE, span(node.start, node.end), "")

    def _if(self, node: Syntax) -> None:
        condition_node = node.child("condition")
        if condition_node is None:
            self._orphans(node)
            return
        condition = self.expression(condition_node)
        then = self.block_of(node.child("consequence"))
        alternatives = node.all("alternative")
        otherwise = self._alternatives(alternatives, 0)
        self.here.emit(ir.IF, span(condition_node.start, condition_node.end), condition, then, otherwise)

    def _alternatives(self, clauses: list[Syntax], first: int) -> Block:
        """`elif` chains nest; a loop over the clauses from the last to the first keeps the recursion flat."""
        levels: list[tuple[Block, Syntax, Register, Block]] = []
        with self.here.block() as outermost:
            current = outermost
            for clause in clauses[first:]:
                self.here.code = current
                if clause.kind == "else_clause":
                    self.statements(clause.child("body"))
                    break
                condition_node = clause.child("condition")
                if condition_node is None:
                    continue
                condition = self.expression(condition_node)
                then = self.block_of(clause.child("consequence"))
                otherwise: Block = []
                levels.append((current, condition_node, condition, then))
                place = span(condition_node.start, condition_node.end)
                current.append((ir.IF, place, condition, then, otherwise))
                self.here.function.size += 1
                current = otherwise
        return outermost

    def _while(self, node: Syntax) -> None:
        with self.here.block() as head:
            condition_node = node.child("condition")
            condition = self.expression(condition_node) if condition_node is not None else None
        body = self.block_of(node.child("body"))
        alternative = node.child("alternative")
        otherwise = self.block_of(alternative.child("body") if alternative else None)
        place = span(node.start, node.end)
        self.here.emit(ir.LOOP, place, head, condition, body, [], otherwise, "", False)

    def _for(self, node: Syntax) -> None:
        left, right = node.child("left"), node.child("right")
        if left is None or right is None:
            self._orphans(node)
            return
        iterable = self.expression(right)
        element = self.here.temp()
        with self.here.block() as body:
            self.assign(left, element)
            self.statements(node.child("body"))
        alternative = node.child("alternative")
        otherwise = self.block_of(alternative.child("body") if alternative else None)
        place = span(left.start, right.end)
        self.here.emit(ir.FOR, place, element, iterable, "values", body, otherwise, "")

    def _orphans(self, node: Syntax) -> None:
        for child in node.children:
            if child.kind == "block":
                self.statements(child)

    def _try(self, node: Syntax) -> None:
        body = self.block_of(node.child("body"))
        handlers: list[tuple[tuple[str, ...], Register | None, Block]] = []
        otherwise: Block = []
        final: Block = []
        for child in node.children:
            if child.kind in ("except_clause", "except_group_clause"):
                handlers.append(self._handler(child))
            elif child.kind == "else_clause":
                otherwise = self.block_of(child.child("body"))
            elif child.kind == "finally_clause":
                final = self.block_of(child.of("block"))
        place = span(node.start, node.end)
        self.here.emit(ir.TRY, place, body, tuple(handlers), otherwise, final)

    def _handler(self, node: Syntax) -> tuple[tuple[str, ...], Register | None, Block]:
        value = node.child("value")
        variable = None
        alias = node.child("alias")
        if value is not None and value.kind == "as_pattern":
            alias = value.child("alias")
            value = value.children[0] if value.children else None
        if alias is not None:
            name = self.source.text(alias)
            variable = self.target_variable(name)
        types: list[Syntax] = []
        if value is not None:
            types = value.children if value.kind == "tuple" else [value]
        names = tuple(self.source.text(kind) for kind in types)
        stop = value.end if value is not None else node.start + len("except")
        with self.here.block() as body:
            self.here.emit(ir.NOTE, span(node.start, stop), "catch")
            self.statements(node.of("block"))
        return names, variable, body

    def _with(self, node: Syntax) -> None:
        clause = node.of("with_clause")
        for item in clause.children if clause else []:
            value = item.child("value")
            if value is None:
                continue
            target = None
            if value.kind == "as_pattern":
                target = value.child("alias")
                value = value.children[0]
            manager = self.expression(value)
            entered = self.here.value(ir.ENTER, span(value.start, value.end), manager)
            if target is not None and target.children:
                self.assign(target.children[0], entered)
        body = node.child("body")
        for child in body.children if body else []:
            self.statement(child)

    def _decorated(self, node: Syntax) -> None:
        decorators = [
            self.expression(child.children[0])
            for child in node.children
            if child.kind == "decorator" and child.children
        ]
        definition = node.child("definition")
        if definition is None:
            return
        if definition.kind == "class_definition":
            self._class(definition, decorators)
        else:
            self._function(definition, decorators)

    def _plain_function(self, node: Syntax) -> None:
        self._function(node, [])

    def _plain_class(self, node: Syntax) -> None:
        self._class(node, [])

    def _function(self, node: Syntax, decorators: list[Register]) -> None:
        name_node, body = node.child("name"), node.child("body")
        name = self.source.text(name_node) if name_node else "<unnamed>"
        outer = self.here
        kind = self._kind(name, node)
        place = span(node.start, node.end)
        inner = self.builder.function(name, kind, place, outer)
        inner.function.is_async = node.has("async")
        defaults = self.parameters(
            node.child("parameters"), inner, kind in ("method", "constructor", "classmethod")
        )
        returns = node.child("return_type")
        inner.function.returns = self.type_text(returns) if returns else ""
        self.enter(inner)
        for child in body.children if body else []:
            self.statement(child)
        self.leave(outer)
        made = outer.value(ir.FUNC, place, inner.function.index, tuple(decorators), (), defaults)
        self.bind(name, made, span(name_node.start, name_node.end) if name_node else place)
        self._note_method(name, inner.function.index)

    def _kind(self, name: str, node: Syntax) -> str:
        if self.here.function.kind != "class":
            return "function"
        if self.static_next(node):
            return self.static_next(node)
        return "constructor" if name in ("__init__", "__new__") else "method"

    def static_next(self, node: Syntax) -> str:
        """`static` or `classmethod` if a decorator just above the definition says so."""
        before = self.source.content[max(0, node.start - 200) : node.start]
        last = before.rstrip().rsplit(b"\n", 1)[-1].strip() if before else b""
        return {b"@staticmethod": "static", b"@classmethod": "classmethod"}.get(last, "")

    def _note_method(self, name: str, index: int) -> None:
        if self.here.function.kind == "class" and self.classes:
            self.classes[-1].methods.setdefault(name, []).append(index)

    def _class(self, node: Syntax, decorators: list[Register]) -> None:
        name_node, body, supers = node.child("name"), node.child("body"), node.child("superclasses")
        name = self.source.text(name_node) if name_node else "<unnamed>"
        outer = self.here
        bases: list[Register] = []
        texts: list[str] = []
        keywords: list[tuple[str, Register]] = []
        for child in supers.children if supers else []:
            if child.kind == "keyword_argument" and len(child.children) == 2:
                keywords.append((self.source.text(child.children[0]), self.expression(child.children[1])))
            else:
                bases.append(self.expression(child))
                texts.append(self.source.text(child).split("[", 1)[0])
        place = span(node.start, node.end)
        inner: FunctionBuilder = self.builder.function(name, "class", place, outer)
        made = self.builder.add_class(name, place, inner, tuple(texts))
        self.classes.append(made)
        self.enter(inner)
        for child in body.children if body else []:
            self.statement(child)
        self.leave(outer)
        self.classes.pop()
        register = outer.value(ir.CLASS, place, made.index, tuple(bases), tuple(decorators), tuple(keywords))
        self.bind(name, register, span(name_node.start, name_node.end) if name_node else place)

    def _import(self, node: Syntax) -> None:
        place = span(node.start, node.end)
        for child in node.all("name"):
            if child.kind == "aliased_import":
                module_node, alias_node = child.child("name"), child.child("alias")
                if module_node is None or alias_node is None:
                    continue
                module, alias = self.source.text(module_node), self.source.text(alias_node)
                self._bind_import(module, "", alias, 0, place)
            else:
                module = self.source.text(child)
                top = module.split(".", 1)[0]
                self.builder.add_import(module, "", top, 0, place)
                self.bind(top, self.here.value(ir.IMPORT, place, top, "", 0), place)

    def _bind_import(self, module: str, name: str, alias: str, level: int, place: int) -> None:
        self.builder.add_import(module, name, alias, level, place)
        self.bind(alias, self.here.value(ir.IMPORT, place, module, name, level), place)

    def _import_from(self, node: Syntax) -> None:
        module_node = node.child("module_name")
        if node.kind == "future_import_statement":
            return
        text = self.source.text(module_node).replace(" ", "") if module_node else ""
        module = text.lstrip(".")
        level = len(text) - len(module)
        place = span(node.start, node.end)
        if node.of("wildcard_import"):
            self.builder.add_import(module, "*", "", level, place)
            self.here.emit(ir.IMPORT, place, None, module, "*", level)
            return
        for child in node.all("name"):
            if child.kind == "aliased_import":
                name_node, alias_node = child.child("name"), child.child("alias")
                if name_node and alias_node:
                    alias = self.source.text(alias_node)
                    self._bind_import(module, self.source.text(name_node), alias, level, place)
            else:
                name = self.source.text(child)
                self._bind_import(module, name, name, level, place)

    def _match(self, node: Syntax) -> None:
        subjects = [self.expression(child) for child in node.all("subject")]
        body = node.child("body")
        if not subjects or body is None:
            return
        place = span(node.start, node.end)
        subject = subjects[0]
        if len(subjects) > 1:
            subject = self.here.value(ir.BUILD, place, "tuple", tuple(subjects))
        with self.here.block() as outermost:
            current = outermost
            for clause in body.children:
                self.here.code = current
                current = self._case(clause, subject)
        self.here.emit(ir.BLOCK, place, outermost, "<match>")

    def _case(self, clause: Syntax, subject: Register) -> Block:
        """Lower one clause into the current block; give the block that runs if it does not match."""
        place = span(clause.start, clause.end)
        condition: Register | None = None
        for pattern in clause.children:
            if pattern.kind == "case_pattern":
                condition = self.both(condition, self.pattern(pattern, subject), place)
        guard = clause.child("guard")
        with self.here.block() as then:
            self.bind_captures()
            if guard is not None and guard.children:
                test = self.expression(guard.children[0])
                body = self.block_of(clause.child("consequence"))
                body.append((ir.BREAK, place, "<match>"))
                self.here.emit(ir.IF, place, test, body, [])
            else:
                self.statements(clause.child("consequence"))
                self.here.emit(ir.BREAK, place, "<match>")
        if condition is None:
            condition = self.here.constant(True)
        self.here.emit(ir.IF, place, condition, then, [])
        return self.here.code

    def _type_alias(self, node: Syntax) -> None:
        left = node.child("left")
        if left is not None:
            self.bind(self.source.text(left), self.here.constant(None), span(node.start, node.end))

    def _print(self, node: Syntax) -> None:
        args = tuple(self.expression(child) for child in node.all("argument"))
        self.here.call(span(node.start, node.end), self.here.outer(span(node.start, node.end), "print"), args)


Statements.statement_forms = {
    "expression_statement": Statements._expression_statement,
    "return_statement": Statements._return,
    "delete_statement": Statements._delete,
    "raise_statement": Statements._raise,
    "assert_statement": Statements._assert,
    "global_statement": Statements._global,
    "nonlocal_statement": Statements._global,
    "pass_statement": Statements.no_statement,
    "break_statement": Statements._break,
    "continue_statement": Statements._continue,
    "if_statement": Statements._if,
    "while_statement": Statements._while,
    "for_statement": Statements._for,
    "try_statement": Statements._try,
    "with_statement": Statements._with,
    "decorated_definition": Statements._decorated,
    "function_definition": Statements._plain_function,
    "class_definition": Statements._plain_class,
    "import_statement": Statements._import,
    "import_from_statement": Statements._import_from,
    "future_import_statement": Statements._import_from,
    "match_statement": Statements._match,
    "type_alias_statement": Statements._type_alias,
    "print_statement": Statements._print,
}
