"""What front ends build functions with: registers, constants, nested blocks. Knows no language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.code import ir
from assay.code.ir import Block, Class, Function, Import, Instruction, Module, Register


class ModuleBuilder:
    """Collects the functions, classes and imports of one file. The first function added is the module's body."""

    def __init__(self, uri: str, language: str) -> None:
        self.module = Module(uri, language, [], [], [])

    def function(self, name: str, kind: str, span: int, parent: FunctionBuilder | None) -> FunctionBuilder:
        """A new function, below `parent`."""
        prefix = parent.function.qualname if parent and parent.function.kind != "module" else ""
        qualname = f"{prefix}.{name}" if prefix else name
        index = len(self.module.functions)
        made = Function(name, qualname, index, parent.function.index if parent else -1, kind, span)
        self.module.functions.append(made)
        return FunctionBuilder(self, made, parent)

    def add_class(self, name: str, span: int, body: FunctionBuilder, bases: tuple[str, ...] = ()) -> Class:
        """A new class whose body is lowered by `body`."""
        made = Class(name, body.function.qualname, len(self.module.classes), body.function.index, span, bases)
        self.module.classes.append(made)
        return made

    def add_import(self, module: str, name: str, alias: str, level: int, span: int) -> None:
        """Record an import for the symbol tables (the IMPORT instruction is emitted besides)."""
        self.module.imports.append(Import(module, name, alias, level, span))


class FunctionBuilder:
    """Writes one function: `emit` appends to the current block, `block` opens a nested one."""

    __slots__ = ("_constants", "_slots", "code", "function", "module", "parent")

    def __init__(self, module: ModuleBuilder, function: Function, parent: FunctionBuilder | None) -> None:
        self.module = module
        self.function = function
        self.parent = parent
        self.code: Block = function.body
        self._slots: dict[str, Register] = {}
        self._constants: dict[tuple[type, object], Register] = {}

    def temp(self) -> Register:
        """A new temporary."""
        self.function.temporaries += 1
        return -self.function.temporaries

    def constant(self, value: object) -> Register:
        """The register of a constant: None, bool, int, float, str, bytes, Ellipsis, Regex, UNDEFINED."""
        key = (type(value), value)
        register = self._constants.get(key)
        if register is None:
            register = self._constants[key] = self.temp()
            self.function.constants.append((register, value))
        return register

    def variable(self, name: str) -> Register:
        """The register of a local variable, made on first use."""
        register = self._slots.get(name)
        if register is None:
            register = self._slots[name] = len(self.function.variables)
            self.function.variables.append(name)
        return register

    def fresh(self, name: str) -> Register:
        """A new variable even where one of this name exists (inner scopes). Later `variable(name)` still means the older one."""
        self.function.variables.append(name)
        return len(self.function.variables) - 1

    def is_local(self, name: str) -> bool:
        """Whether the name has a register here."""
        return name in self._slots

    def emit(self, *instruction: object) -> None:
        """Append an instruction as it is."""
        self.function.size += 1
        self.code.append(instruction)

    def value(self, op: int, span: int, *rest: object) -> Register:
        """Append an instruction that writes a new temporary, and give that."""
        function = self.function
        function.size += 1
        function.temporaries += 1
        dst = -function.temporaries
        self.code.append((op, span, dst, *rest))
        return dst

    def field(self, span: int, obj: Register, name: str) -> Register:
        """Read a field."""
        self.function.names.add(name)
        return self.value(ir.FIELD, span, obj, name)

    def outer(self, span: int, name: str) -> Register:
        """Read a name of an outer scope."""
        self.function.names.add(name)
        return self.value(ir.OUTER, span, name)

    def call(
        self,
        span: int,
        callee: Register,
        args: tuple[Register, ...] = (),
        keywords: tuple[tuple[str, Register], ...] = (),
    ) -> Register:
        """Call a value."""
        if keywords:
            self.function.names.update(name for name, _ in keywords)
        return self.value(ir.CALL, span, callee, args, keywords)

    def method(
        self,
        span: int,
        receiver: Register,
        name: str,
        args: tuple[Register, ...] = (),
        keywords: tuple[tuple[str, Register], ...] = (),
    ) -> Register:
        """Call a method of a value."""
        self.function.names.add(name)
        if keywords:
            self.function.names.update(keyword for keyword, _ in keywords)
        return self.value(ir.METHOD, span, receiver, name, args, keywords)

    @contextmanager
    def block(self) -> Iterator[Block]:
        """Instructions emitted inside go to the block that this gives."""
        before = self.code
        made: Block = []
        self.code = made
        try:
            yield made
        finally:
            self.code = before


def blocks_of(instruction: Instruction) -> tuple[Block, ...]:
    """The blocks nested in an instruction, in order."""
    op = instruction[0]
    if op == ir.IF:
        return (instruction[3], instruction[4])
    if op == ir.SELECT:
        return (instruction[4], instruction[6])
    if op == ir.LOGIC:
        return (instruction[5],)
    if op == ir.LOOP:
        return (instruction[2], instruction[4], instruction[5], instruction[6])
    if op == ir.FOR:
        return (instruction[5], instruction[6])
    if op == ir.SWITCH:
        return tuple(block for _, block in instruction[3])
    if op == ir.TRY:
        handlers = tuple(block for _, _, block in instruction[3])
        return (instruction[2], *handlers, instruction[4], instruction[5])
    if op == ir.BLOCK:
        return (instruction[2],)
    return ()
