"""Names of JavaScript: function and block scopes, hoisting, and bindings that come after their first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.code import ir
from assay.code.build import FunctionBuilder, ModuleBuilder
from assay.code.ir import Block, Class, Register
from assay.code.lowering import Lowering
from assay.code.syntax import Source, Syntax


class Scope:
    """One scope. `block` is where its statements go; `pending` are function declarations in it that are not lowered yet: one that is
    named before its place in the text is lowered just before the statement that needs it.
    """

    __slots__ = ("block", "names", "pending")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.names: dict[str, Register] = {}
        self.pending: dict[str, Syntax] = {}


class Scopes(Lowering):
    """The state of one file's lowering. `here` is the function that is being written, `scopes` those open in it, innermost last."""

    def __init__(self, source: Source, builder: ModuleBuilder, body: FunctionBuilder) -> None:
        super().__init__(source, builder, body)
        self.scopes: list[Scope] = [Scope(body.code)]
        self.classes: list[Class | None] = []
        self.prototypes: dict[str, list[tuple[str, Syntax]]] = {}
        self.label = ""
        # Names read before a `var` bound them in the text of their function: made right when the binding appears.
        self._unbound: dict[tuple[int, str], list[tuple[Block, int]]] = {}

    @contextmanager
    def inside(self, inner: FunctionBuilder, owner: Class | None = None) -> Iterator[None]:
        """Go on in another function; `owner` is set if it is the body of that class."""
        before = (self.here, self.scopes, self.label)
        self.here, self.scopes, self.label = inner, [Scope(inner.code)], ""
        self.classes.append(owner)
        try:
            yield
        finally:
            self.here, self.scopes, self.label = before
            self.classes.pop()

    @contextmanager
    def scope(self) -> Iterator[Scope]:
        """A block scope in the current block."""
        made = Scope(self.here.code)
        self.scopes.append(made)
        try:
            yield made
        finally:
            self.scopes.pop()

    def define_pending(self, node: Syntax) -> None:
        """Lower a function declaration into its scope (see the class that knows functions)."""
        raise NotImplementedError

    def declare(self, name: str, scope: Scope | None = None) -> Register:
        """The variable of a name declared in a scope (the innermost): a new one where an outer scope has the name."""
        scope = scope or self.scopes[-1]
        register = scope.names.get(name)
        if register is None:
            here = self.here
            fresh = here.is_local(name)
            register = here.fresh(name) if fresh else here.variable(name)
            scope.names[name] = register
            if scope is self.scopes[0]:
                self._make_right(name, register)
        return register

    def _make_right(self, name: str, register: Register) -> None:
        for block, index in self._unbound.pop((self.here.function.index, name), ()):
            _, place, dst, _ = block[index]
            block[index] = (ir.MOVE, place, dst, register)

    def find(self, name: str) -> tuple[Scope, Register] | None:
        """The scope of the current function that has a name, and its register."""
        for scope in reversed(self.scopes):
            register = scope.names.get(name)
            if register is not None:
                return scope, register
        return None

    def read(self, name: str, place: int) -> Register:
        """The value of a name."""
        found = self.find(name)
        if found is None:
            here = self.here
            register = here.outer(place, name)
            waiting = self._unbound.setdefault((here.function.index, name), [])
            waiting.append((here.code, len(here.code) - 1))
            return register
        scope, register = found
        if scope.pending and name in scope.pending:
            self.hoist(scope, name)
        return register

    def hoist(self, scope: Scope, name: str) -> None:
        """Lower a pending function declaration now, at the end of its scope's block as written so far."""
        node = scope.pending.pop(name)
        code, self.here.code = self.here.code, scope.block
        inner = self.scopes
        self.scopes = inner[: inner.index(scope) + 1]
        self.define_pending(node)
        self.here.code, self.scopes = code, inner

    def bind(self, name: str, value: Register, place: int) -> None:
        """Assign to a name. One that no scope here declares belongs to an outer function, or is a new global."""
        found = self.find(name)
        if found is not None:
            self.here.emit(ir.MOVE, place, found[1], value)
        elif self.here.function.kind == "module":
            self.here.emit(ir.MOVE, place, self.declare(name, self.scopes[0]), value)
        else:
            self.here.function.names.add(name)
            self.here.emit(ir.SETOUTER, place, name, value)
