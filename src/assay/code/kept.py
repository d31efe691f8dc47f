"""Conditions that a function keeps in variables: `ok = valid(x)`, tested later as `if not ok`."""

from __future__ import annotations

from collections.abc import Iterator

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.world import FunctionInfo

# What has a truth of its own.
_TESTING = frozenset((ir.OP, ir.UNARY, ir.LOGIC, ir.CALL, ir.METHOD))
_SAME = frozenset((ir.TYPED, ir.MOVE, ir.AWAIT))
_MAX_PARTS = 40


def kept_conditions(info: FunctionInfo) -> dict[tuple[int, int], tuple[int, ...]]:
    """By variable that is tested somewhere and register that is moved into it: the variables that this condition reads."""
    if info.kept is None:
        moves, tested = _moves_and_tests(info.function.body)
        found = {(dst, src): _read(info, src) for dst, src in moves if dst in tested}
        info.kept = {key: tuple(sorted(seen)) for key, seen in found.items() if seen is not None}
    return info.kept


def _moves_and_tests(body: ir.Block) -> tuple[list[tuple[int, int]], set[int]]:
    moves: list[tuple[int, int]] = []
    tested: set[int] = set()
    todo = [body]
    while todo:
        for i in todo.pop():
            if i[0] == ir.MOVE:
                if i[2] >= 0:
                    moves.append((i[2], i[3]))
            else:
                tested.update(_tested(i))
            if i[0] >= ir.SELECT:
                todo.extend(blocks_of(i))
    tested.update(src for dst, src in moves if dst in tested)  # `good = ok`
    return moves, tested


def _tested(i: ir.Instruction) -> tuple[int, ...]:
    op = i[0]
    if op in (ir.IF, ir.ASSERT):
        return (i[2],)
    if op in (ir.SELECT, ir.LOOP):
        return (i[3],) if i[3] is not None else ()
    if op == ir.UNARY:
        return (i[4],)
    if op == ir.OP:
        return (i[4], i[5])
    if op == ir.LOGIC:
        return (i[4], i[6])
    return (i[2],) if op == ir.RETURN and i[2] is not None else ()


def _read(info: FunctionInfo, source: int) -> set[int] | None:
    """The variables that a condition reads; None if the register holds no condition."""
    if source >= 0:
        return {source}
    made = info.definition(source)
    while made is not None and made[0] in _SAME:
        made = info.definition(made[3]) if made[3] < 0 else None
    if made is None:
        return None
    of_several = made[0] == ir.ITEM and info.module.language == "go"  # `v, ok := f()`, `ok := allowed[x]`
    if made[0] not in _TESTING and not of_several:
        return None
    seen: set[int] = set()
    todo, parts = [made], 0
    while todo:
        parts += 1
        if parts > _MAX_PARTS:
            return None
        for register in _operands(todo.pop()):
            made_of: int | None = register
            if register >= 0:  # also what it was made of: a matcher stands for its text
                made_of = None if register in seen else info.origin(register)
                seen.add(register)
            part = info.definition(made_of) if made_of is not None and made_of < 0 else None
            if part is not None:
                todo.append(part)
            elif made_of is not None and made_of >= 0:
                seen.add(made_of)
    return seen


def _operands(i: ir.Instruction) -> Iterator[int]:
    if i[0] in (ir.IMPORT, ir.FUNC, ir.CLASS):
        return
    for part in i[3:]:
        if isinstance(part, int):
            yield part
        elif isinstance(part, tuple):  # arguments, keywords, pairs
            for one in part:
                yield from (r for r in (one if isinstance(one, tuple) else (one,)) if isinstance(r, int))
