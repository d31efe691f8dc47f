"""The abstract interpreter: one function, one walk over its blocks, a state that flows through them.

The state is the frame's own `variables` and `heap`, changed in place; branches copy it. `run` says whether the end of a block is reached.
Calls are in `calls`, guards in `guards`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code.access import repeated_reads
from assay.code.handlers import HANDLERS
from assay.code.heap import (
    EMPTY,
    Heap,
    Shape,
    deep_labels,
    join_heaps,
)
from assay.code.ir import Block
from assay.code.summary import Summary
from assay.code.values import (
    UNKNOWN,
    Labels,
    Value,
    constant,
    join,
)
from assay.code.world import FunctionInfo, ModuleInfo

if TYPE_CHECKING:
    from assay.code.analysis import Analysis
    from assay.code.control import Jumps

MAX_WORK = 150_000


class TooMuchWorkError(Exception):
    """A function is larger than the analysis follows."""


class Frame:
    """One run of one function."""

    __slots__ = (
        "analysis", "calls", "ended", "env", "heap", "info", "jumps", "language", "loops", "module", "number", "raised", "reads", "result", "returned",
        "returns", "shared", "sites", "summary", "temps", "thrown", "tried", "tries", "variables", "work", "yielded",
    )  # fmt: skip

    def __init__(self, analysis: Analysis, info: FunctionInfo) -> None:
        function = info.function
        self.analysis = analysis
        self.info = info
        self.module: ModuleInfo = info.module
        self.number = info.module.number
        self.language = info.module.language
        self.reads = repeated_reads(info)
        self.variables: list[Value] = [UNKNOWN] * (len(function.variables) + len(set(self.reads.values())))
        self.temps: list[Value] = [UNKNOWN] * (function.temporaries + 1)
        for register, value in function.constants:
            self.temps[register] = constant(value)
        self.heap: Heap = {}
        self.shared = analysis.shared
        self.env: dict[str, tuple[Any, ...]] = {}
        self.jumps: list[Jumps] = []
        self.loops = 0
        self.tries = 0
        self.raised: list[tuple[list[Value], Heap]] = []
        self.tried: dict[int, Value] | None = None
        self.thrown: Labels | None = None
        self.returns: list[tuple[Value, list[Value], Heap]] = []
        self.yielded: Value | None = None
        self.summary = Summary()
        self.calls: dict[tuple[Any, ...], Any] = {}
        self.sites: dict[int, Any] = {}
        self.work = 0
        self.ended = False  # the call that runs now never returns

    # Registers

    def get(self, register: int) -> Value:
        """The value of a register."""
        return self.variables[register] if register >= 0 else self.temps[register]

    def set(self, register: int, value: Value) -> None:
        """Write a register."""
        if register >= 0:
            self.variables[register] = value
        else:
            self.temps[register] = value

    def deep(self, value: Value) -> Labels | None:
        """Labels of a value and of what is in it."""
        return deep_labels(self.heap, self.shared, value) if value.refs else value.labels

    def new_object(self, types: tuple[str, ...], shape: Shape = EMPTY, labels: Labels | None = None) -> Value:
        """A value for a new object."""
        ref = self.analysis.new_ref()
        self.heap[ref] = shape
        return Value(labels, types=types, refs=(ref,))

    # Blocks

    def run(self, block: Block) -> bool:
        """Run a block. False: its end is not reached."""
        handlers = HANDLERS
        self.work += len(block)
        if self.work > MAX_WORK:
            raise TooMuchWorkError
        for instruction in block:  # noqa: SIM110 - a generator costs a frame per block
            if handlers[instruction[0]](self, instruction) is False:
                return False
        return True

    def snapshot(self) -> tuple[list[Value], Heap]:
        """A copy of the state."""
        return self.variables[:], dict(self.heap)

    def restore(self, state: tuple[list[Value], Heap]) -> None:
        """Go on from a copy."""
        self.variables, self.heap = state

    def merge(self, state: tuple[list[Value], Heap]) -> None:
        """Go on from either."""
        variables, heap = state
        mine = self.variables
        if mine is not variables:
            self.variables = [a if a is b else join(a, b) for a, b in zip(mine, variables, strict=True)]
        self.heap = join_heaps(self.heap, heap)

    def merge_all(self, states: list[tuple[list[Value], Heap]], alive: bool) -> bool:
        """Go on from the present state (if alive) or any of these."""
        for state in states:
            if alive:
                self.merge(state)
            else:
                self.restore(state)
                alive = True
        return alive
