"""Places that a function reads more than once: `req.query.host` is tested first and read again where it is used.

Each such place has a slot behind the function's variables. A guard leaves there what it proved, so it flows and joins as variables do;
reading the place again applies it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.values import Value, cleared

if TYPE_CHECKING:
    from assay.code.frame import Frame
    from assay.code.world import FunctionInfo

_GETTERS = frozenset(
    ("get", "getlist", "header", "param", "getParameter", "getHeader", "FormValue", "Param", "Query")
)
_MAX_SIZE = 6000


def repeated_reads(info: FunctionInfo) -> dict[int, int]:
    """Registers that read a place which others read too, with the slot of the place."""
    if info.reads is None:
        info.reads = _find(info) if info.function.size < _MAX_SIZE else {}
    return info.reads


def _find(info: FunctionInfo) -> dict[int, int]:
    function = info.function
    constants = dict(function.constants)
    places: dict[int, tuple[Any, ...]] = {}
    written: dict[Any, int] = {}
    todo = [function.body]
    found: list[ir.Instruction] = []
    while todo:
        block = todo.pop()
        found.extend(block)
        for i in block:
            op = i[0]
            if op >= ir.SELECT:
                todo.extend(blocks_of(i))
            if op == ir.SETFIELD:
                written[i[3]] = 1
            elif op in ir.WRITERS and i[2] is not None and i[2] >= 0:
                written[i[2]] = written.get(i[2], 0) + 1
    parameters = {parameter.register for parameter in function.parameters}
    # A chain is written before what reads from it; one pass in the order of temporaries sees it whole.
    for i in sorted(
        (i for i in found if i[0] in _READS and i[2] is not None and i[2] < 0), key=lambda i: -i[2]
    ):
        place = _place(i, places, constants, written, parameters)
        if place is not None:
            places[i[2]] = place
    return _slots(places, len(function.variables))


_READS = frozenset((ir.FIELD, ir.ITEM, ir.METHOD, ir.OUTER))


def _place(
    i: ir.Instruction,
    places: dict[int, tuple[Any, ...]],
    constants: dict[int, object],
    written: dict[Any, int],
    parameters: set[int],
) -> tuple[Any, ...] | None:
    op = i[0]
    if op == ir.OUTER:
        return ("outer", i[3])
    base: tuple[Any, ...] | None = places.get(i[3])
    if i[3] >= 0 and written.get(i[3], 0) <= (0 if i[3] in parameters else 1):
        base = ("variable", i[3])
    if base is None or len(base) > 10:
        return None
    if op == ir.FIELD:
        return (*base, ".", i[4]) if i[4] not in written else None
    if op == ir.ITEM:
        return (*base, "[", constants[i[4]]) if i[4] in constants else None
    if i[4] not in _GETTERS or not i[5] or i[6] or any(register not in constants for register in i[5]):
        return None
    return (*base, "(", i[4], *(constants[register] for register in i[5]))


def _slots(places: dict[int, tuple[Any, ...]], first: int) -> dict[int, int]:
    by_place: dict[tuple[Any, ...], list[int]] = {}
    for register, place in places.items():
        if len(place) > 2:
            try:
                by_place.setdefault(place, []).append(register)
            except TypeError:
                continue
    repeated = [registers for registers in by_place.values() if len(registers) > 1]
    return {register: first + number for number, registers in enumerate(repeated) for register in registers}


def keep_proof(f: Frame, register: int, mask: int) -> None:
    """A guard proved the value of a register harmless for these kinds: so is what is read from the same place."""
    slot = f.reads.get(register)
    if slot is not None:
        f.variables[slot] = Value(const=(mask | _proved(f, slot),))


def _proved(f: Frame, slot: int) -> int:
    consts = f.variables[slot].const
    if not consts:
        return 0
    mask = ~0
    for const in consts:
        mask &= const
    return mask


def apply_proof(f: Frame, register: int) -> None:
    """Use what is proved of the place that a register was just read from."""
    mask = _proved(f, f.reads[register])
    if mask:
        value = f.get(register)
        if value.labels:
            f.set(register, value.with_labels(cleared(value.labels, mask)))


def sole_source(info: FunctionInfo, variable: int) -> int | None:
    """The register that is moved into a variable, if that happens in one place only."""
    found: int | None = None
    todo = [info.function.body]
    while todo:
        for i in todo.pop():
            if i[0] >= ir.SELECT:
                todo.extend(blocks_of(i))
            if i[0] in ir.WRITERS and i[2] == variable:
                if found is not None or i[0] != ir.MOVE:
                    return None
                found = i[3]
    return found
