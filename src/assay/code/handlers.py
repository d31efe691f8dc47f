"""Which function runs which instruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code import ir
from assay.code.computing import (
    run_add,
    run_build,
    run_call,
    run_class,
    run_delete,
    run_dict,
    run_enter,
    run_field,
    run_func,
    run_import,
    run_item,
    run_move,
    run_op,
    run_outer,
    run_same,
    run_set_field,
    run_set_item,
    run_set_outer,
    run_slice,
    run_typed,
    run_unary,
    run_yield,
)
from assay.code.control import (
    run_assert,
    run_block,
    run_break,
    run_continue,
    run_for,
    run_if,
    run_logic,
    run_loop,
    run_note,
    run_raise,
    run_return,
    run_select,
    run_switch,
    run_try,
)
from assay.code.ir import Instruction

if TYPE_CHECKING:
    from assay.code.frame import Frame

HANDLERS: list[Callable[[Frame, Instruction], bool | None]] = [run_same] * 51
for _code, _handler in {
    ir.MOVE: run_move, ir.BUILD: run_build, ir.DICT: run_dict, ir.FIELD: run_field, ir.ITEM: run_item, ir.SLICE: run_slice, ir.OP: run_op,
    ir.UNARY: run_unary, ir.CALL: run_call, ir.METHOD: run_call, ir.OUTER: run_outer, ir.IMPORT: run_import, ir.FUNC: run_func, ir.CLASS: run_class,
    ir.SELECT: run_select, ir.LOGIC: run_logic, ir.TYPED: run_typed, ir.AWAIT: run_same, ir.YIELD: run_yield, ir.ENTER: run_enter, ir.ENVELOP: run_same,
    ir.SETFIELD: run_set_field, ir.SETITEM: run_set_item, ir.ADD: run_add, ir.SETOUTER: run_set_outer, ir.DELETE: run_delete, ir.ASSERT: run_assert,
    ir.IF: run_if, ir.LOOP: run_loop, ir.FOR: run_for, ir.SWITCH: run_switch, ir.TRY: run_try, ir.BLOCK: run_block, ir.RETURN: run_return,
    ir.RAISE: run_raise, ir.BREAK: run_break, ir.CONTINUE: run_continue, ir.NOTE: run_note,
}.items():  # fmt: skip
    HANDLERS[_code] = _handler
