"""Instructions that decide what runs: branches, loops, switches, exceptions, returns. A handler says False if the end is not reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.guards import refine
from assay.code.heap import (
    Heap,
)
from assay.code.ir import Block, Instruction
from assay.code.values import (
    UNKNOWN,
    Value,
    constant,
    join,
    join_labels,
    truth,
)

if TYPE_CHECKING:
    from assay.code.frame import Frame


class Jumps:
    """States that left a loop, switch or labelled block early."""

    __slots__ = ("breaks", "continues", "is_loop", "label")

    def __init__(self, label: str, is_loop: bool) -> None:
        self.label = label
        self.is_loop = is_loop
        self.breaks: list[tuple[list[Value], Heap]] = []
        self.continues: list[tuple[list[Value], Heap]] = []


def run_select(f: Frame, i: Instruction) -> None:
    """SELECT: one side if the condition is known, else both."""
    _, _, dst, condition, then_block, then, else_block, otherwise = i
    known = truth(f.get(condition))
    if known is not None:
        block, register = (then_block, then) if known else (else_block, otherwise)
        f.run(block)
        f.set(dst, f.get(register))
        return
    before = f.snapshot()
    refine(f, condition, True)
    f.run(then_block)
    first = f.get(then)
    middle = (f.variables, f.heap)
    f.restore(before)
    refine(f, condition, False)
    f.run(else_block)
    value = join(first, f.get(otherwise))
    f.merge(middle)
    f.set(dst, value)


def run_logic(f: Frame, i: Instruction) -> None:
    """LOGIC: the right side runs under what the left proves."""
    _, _, dst, symbol, left, block, right = i
    first = f.get(left)
    known = truth(first) if symbol != "??" else None
    if known is not None:
        if known == (symbol == "and"):
            f.run(block)
            f.set(dst, f.get(right))
        else:
            if block:  # registers of a block that never runs must not keep older values
                _forget(f, block)
            f.set(dst, first)
        return
    if not block:
        f.set(dst, _either(symbol, first, f.get(right)))
        return
    before = f.snapshot()
    refine(f, left, symbol == "and")
    f.run(block)
    second = f.get(right)
    f.merge(before)
    f.set(dst, _either(symbol, first, second))


def _either(symbol: str, first: Value, second: Value) -> Value:
    if symbol == "and":  # what is false carries no text
        first = first.with_labels(None) if first.const is None and not first.refs else first
        if second.const is not None and not any(second.const):
            return second.without_const() if first.const is None else join(first, second)
    if first.const is not None and symbol == "or" and not any(first.const):
        return second
    joined = join(first, second)
    if symbol != "and" and first.const is None and second.const and isinstance(second.const[0], str):
        joined.const = (..., *second.const[:2])  # a fallback stands in the source: `process.env.KEY || "..."`
    return joined


def _forget(f: Frame, block: Block) -> None:
    for instruction in block:
        if instruction[0] in ir.WRITERS and instruction[2] is not None:
            f.temps[instruction[2]] = UNKNOWN if instruction[2] < 0 else f.temps[instruction[2]]


def run_if(f: Frame, i: Instruction) -> bool | None:
    """IF: one side if the condition is known, else both, each under what it proves."""
    _, _, condition, then_block, else_block = i
    known = truth(f.get(condition))
    if known is not None and not (f.loops and f.tries < 0):
        refine(f, condition, known)
        return f.run(then_block if known else else_block)
    before = f.snapshot()
    refine(f, condition, True)
    then_alive = f.run(then_block)
    middle = (f.variables, f.heap)
    f.restore(before)
    refine(f, condition, False)
    else_alive = f.run(else_block) if else_block else True
    if then_alive:
        if else_alive:
            f.merge(middle)
        else:
            f.restore(middle)
        return True
    return else_alive


def _assigned(blocks: tuple[Block, ...]) -> set[int]:
    """Variables that blocks write."""
    found: set[int] = set()
    todo = list(blocks)
    while todo:
        for instruction in todo.pop():
            if instruction[0] in ir.WRITERS and instruction[2] is not None and instruction[2] >= 0:
                found.add(instruction[2])
            if instruction[0] >= ir.SELECT:
                todo.extend(blocks_of(instruction))
    return found


def _widen(f: Frame, blocks: tuple[Block, ...]) -> None:
    """What a loop writes has no constant in it: rounds after the first see other values."""
    for variable in _assigned(blocks):
        f.variables[variable] = f.variables[variable].without_const()


def _rounds(f: Frame, jumps: Jumps, once: Callable[[], bool]) -> None:
    """Run a loop's body, twice if the first round changed something. The state before is always possible after."""
    for number in range(2 if f.loops < 3 else 1):
        before = f.snapshot()
        f.jumps.append(jumps)
        f.loops += 1
        alive = once()
        f.loops -= 1
        f.jumps.pop()
        alive = f.merge_all(jumps.continues, alive)
        jumps.continues = []
        if alive:
            f.merge(before)
        else:
            f.restore(before)
        if (
            number == 0
            and all(a is b for a, b in zip(before[0], f.variables, strict=True))
            and before[1] == f.heap
        ):
            break


_FIRST_ROUNDS = 2


def _first_rounds(f: Frame, i: Instruction, jumps: Jumps) -> bool | None:
    """A loop of known conditions that ends after a round or two runs as it stands. None: it goes on; else whether the end is reached."""
    _, _, head, condition, body, update, otherwise, _, post = i
    if post or condition is None or not head or f.loops:
        return None
    before = f.snapshot()
    for number in range(_FIRST_ROUNDS + 1):
        f.run(head)
        known = truth(f.get(condition))
        if known is False:
            return f.run(otherwise)
        if not known or number == _FIRST_ROUNDS:
            break
        f.jumps.append(jumps)
        alive = f.run(body)
        f.jumps.pop()
        alive = f.merge_all(jumps.continues, alive)
        jumps.continues = []
        if not alive:
            return False
        f.run(update)
    f.restore(before)
    jumps.breaks.clear()
    return None


def run_loop(f: Frame, i: Instruction) -> bool:
    """LOOP."""
    _, _, head, condition, body, update, otherwise, label, post = i
    jumps = Jumps(label, is_loop=True)
    ended = _first_rounds(f, i, jumps)
    if ended is not None:
        return f.merge_all(jumps.breaks, ended)
    _widen(f, (head, body, update))

    def once() -> bool:
        if not post:
            f.run(head)
            if condition is not None:
                if truth(f.get(condition)) is False:
                    return True
                refine(f, condition, True)
        alive = f.run(body)
        if alive or jumps.continues:
            alive = f.merge_all(jumps.continues, alive)
            jumps.continues = []
            f.run(update)
            if post:
                f.run(head)
        return alive

    _rounds(f, jumps, once)
    endless = condition is None or (not head and truth(f.get(condition)) is True)
    if not endless:
        if not post:
            f.run(head)
        assert condition is not None
        refine(f, condition, False)
    alive = f.run(otherwise) if not endless else False
    return f.merge_all(jumps.breaks, alive)


def run_for(f: Frame, i: Instruction) -> bool:
    """FOR."""
    _, span, dst, register, mode, body, otherwise, label = i
    iterable = f.get(register)
    _widen(f, (body,))
    f.set(dst, f.analysis.element(f, iterable, mode, span))
    jumps = Jumps(label, is_loop=True)
    _rounds(f, jumps, lambda: f.run(body))
    alive = f.run(otherwise)
    return f.merge_all(jumps.breaks, alive)


def run_switch(f: Frame, i: Instruction) -> bool:
    """SWITCH: cases fall through; a constant subject picks one."""
    _, _, subject, cases, label = i
    value = f.get(subject)
    jumps = Jumps(label, is_loop=False)
    f.jumps.append(jumps)
    start = f.snapshot()
    alive = False
    matched = _matching(f, value, cases)
    has_default = any(not registers for registers, _ in cases)
    for index, (registers, block) in enumerate(cases):
        if matched is None or index == matched:
            entry = (start[0][:], dict(start[1]))
            alive = f.merge_all([entry], alive)
            fixed = not any(f.deep(f.get(register)) for register in registers)
            if registers and fixed and subject >= 0 and matched is None:
                f.variables[subject] = value.with_labels(None) if value.labels else value
        if alive:
            alive = f.run(block)
    f.jumps.pop()
    if matched == -1 or (matched is None and not has_default):
        alive = f.merge_all([start], alive)
    return f.merge_all(jumps.breaks, alive)


def _matching(f: Frame, value: Value, cases: tuple[tuple[tuple[int, ...], Block], ...]) -> int | None:
    """The case that a constant subject picks: its index, -1 for none, None if that is not known."""
    constant_name = _enum_constant(f, value) if value.refs else ""
    if not constant_name and (value.const is None or len(value.const) != 1):
        return None
    default = -1
    for index, (registers, _) in enumerate(cases):
        if not registers:
            default = index
        for register in registers:
            case = f.get(register)
            if constant_name and case.name.rpartition(".")[2] == constant_name:
                return index
            if constant_name and case.name:
                continue
            if case.const is None or value.const is None:
                return None
            if case.const[0] == value.const[0]:
                return index
    return default


def _enum_constant(f: Frame, value: Value) -> str:
    """The name of the enum constant that a value is, or ""."""
    cls = f.analysis.world.classes.get(value.types[0]) if value.types and len(value.refs) == 1 else None
    if cls is None or cls.kind != "enum":
        return ""
    return next((name for name, one in cls.attributes.items() if one.refs == value.refs), "")


def run_try(f: Frame, i: Instruction) -> bool:
    """TRY: a handler may begin in any state of the body."""
    _, _, body, handlers, otherwise, final = i
    before = f.snapshot()
    outer_raised, f.raised = f.raised, []
    outer_thrown, f.thrown = f.thrown, None
    outer_tried, f.tried = f.tried, {}
    f.tries += 1
    alive = f.run(body)
    f.tries -= 1
    tried, f.tried = f.tried, outer_tried
    after = f.snapshot()
    thrown, f.raised = f.raised, outer_raised
    said, f.thrown = f.thrown, outer_thrown
    if alive:
        alive = f.run(otherwise)
    ended: list[tuple[list[Value], Heap]] = [(f.variables, f.heap)] if alive else []
    for _, variable, block in handlers:
        f.restore((before[0][:], dict(before[1])))
        f.merge_all([after, *thrown], True)
        for written, value in tried.items():  # any of its values, not only the last
            f.variables[written] = join(f.variables[written], value)
        if variable is not None:
            caught = f.analysis.exception_value(f, i[1])
            f.variables[variable] = caught.with_labels(join_labels(caught.labels, said))
        if f.run(block):
            ended.append((f.variables, f.heap))
    alive = f.merge_all(ended, False)
    if not alive and final:
        f.restore(after)
    return f.run(final) and alive


def run_block(f: Frame, i: Instruction) -> bool:
    """BLOCK."""
    jumps = Jumps(i[3], is_loop=False)
    f.jumps.append(jumps)
    alive = f.run(i[2])
    f.jumps.pop()
    return f.merge_all(jumps.breaks, alive)


def run_return(f: Frame, i: Instruction) -> bool:
    """RETURN: the state is kept for the summary."""
    value = f.get(i[2]) if i[2] is not None else constant(None)
    f.analysis.on_return(f, i, value)
    f.returns.append((value, f.variables[:], dict(f.heap)))
    return False


def run_raise(f: Frame, i: Instruction) -> bool:
    """RAISE: the state is kept for the handlers around."""
    if f.tries:
        f.raised.append(f.snapshot())
        if i[2] is not None:
            f.thrown = join_labels(f.thrown, f.deep(f.get(i[2])))
    return False


def run_break(f: Frame, i: Instruction) -> bool:
    """BREAK."""
    for jumps in reversed(f.jumps):
        if i[2] == jumps.label or (not i[2] and not jumps.label.startswith("<")):
            jumps.breaks.append(f.snapshot())
            break
    return False


def run_continue(f: Frame, i: Instruction) -> bool:
    """CONTINUE."""
    for jumps in reversed(f.jumps):
        if jumps.is_loop and i[2] in ("", jumps.label):
            jumps.continues.append(f.snapshot())
            break
    return False


def run_note(_f: Frame, _i: Instruction) -> None:
    """Nothing happens."""


def run_assert(f: Frame, i: Instruction) -> None:
    """ASSERT: what follows may rely on it."""
    refine(f, i[2], True)
