"""How a function uses its parameters: what of an argument can make another analysis of the function worth its cost."""

from __future__ import annotations

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.world import FunctionInfo

TEST, RECEIVER, CALLED, PASSED = 1, 2, 4, 8


def uses_of(info: FunctionInfo) -> dict[int, int]:
    """By register of a parameter: a mask of TEST (compared, branched on, used as a key), RECEIVER, CALLED, PASSED (on to a call)."""
    wanted = {parameter.register for parameter in info.function.parameters}
    found = dict.fromkeys(wanted, 0)
    todo = [info.function.body]
    while todo:
        for i in todo.pop():
            for register, use in _uses(i):
                if register in wanted:
                    found[register] |= use
            if i[0] >= ir.SELECT:
                todo.extend(blocks_of(i))
    return found


# Methods whose result is mostly tested at once.
_ASKING = frozenset(
    ("equals", "equalsIgnoreCase", "contains", "startsWith", "endsWith", "isEmpty", "charAt", "length")
)


def _uses(i: ir.Instruction) -> list[tuple[int | None, int]]:
    op = i[0]
    if op == ir.METHOD:
        passed = [*i[5], *(register for _, register in i[6])]
        if i[4] in _ASKING:
            return [(register, TEST | RECEIVER | PASSED) for register in (i[3], *passed)]
        return [(i[3], RECEIVER), *((register, PASSED) for register in passed)]
    if op == ir.CALL:
        passed = [*i[4], *(register for _, register in i[5])]
        return [(i[3], CALLED), *((register, PASSED) for register in passed)]
    if op == ir.FIELD:
        return [(i[3], RECEIVER)]
    if op == ir.OP:
        return [(i[4], TEST), (i[5], TEST)]
    if op in (ir.ITEM, ir.SETITEM):
        return [(i[4] if op == ir.ITEM else i[3], TEST), (i[3] if op == ir.ITEM else i[2], RECEIVER)]
    if op in (ir.IF, ir.SWITCH, ir.ASSERT):
        return [(i[2], TEST)]
    if op in (ir.SELECT, ir.UNARY, ir.LOGIC):
        return [(i[3] if op == ir.SELECT else i[4], TEST)]
    if op in (ir.ENTER, ir.FOR):
        return [(i[3], RECEIVER)]
    if op in (ir.MOVE, ir.RETURN, ir.SETFIELD):
        return [(i[3] if op == ir.MOVE else i[2] if op == ir.RETURN else i[4], PASSED)]
    return []
