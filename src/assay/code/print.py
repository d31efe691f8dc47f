"""A module of the intermediate representation as text, for people: `assay debug ir FILE`."""

from __future__ import annotations

from collections.abc import Iterator

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.ir import Block, Function, Instruction, Module

_PLAIN = {  # op -> what its operands are: r register, o optional register, s text, R registers, K keywords, . other
    ir.MOVE: "r", ir.BUILD: "sR", ir.DICT: "oP", ir.FIELD: "rs", ir.ITEM: "rr", ir.SLICE: "rooo", ir.OP: "srr", ir.UNARY: "sr",
    ir.CALL: "rRK", ir.METHOD: "rsRK", ir.OUTER: "s", ir.IMPORT: "ssi", ir.TYPED: "rs", ir.AWAIT: "r", ir.YIELD: "oi",
    ir.ENTER: "r", ir.ENVELOP: "r", ir.SETFIELD: "rsr", ir.SETITEM: "rrr", ir.ADD: "rr", ir.SETOUTER: "sr", ir.DELETE: "ro",
    ir.ASSERT: "r", ir.RETURN: "o", ir.RAISE: "o", ir.BREAK: "s", ir.CONTINUE: "s", ir.NOTE: "s", ir.FUNC: "iRKK", ir.CLASS: "iRRK",
    ir.SELECT: "r", ir.LOGIC: "sr",
}  # fmt: skip


def print_module(module: Module) -> str:
    """The whole module: imports, classes, then every function."""
    lines = [f"module {module.uri} ({module.language}){' partial' if module.partial else ''}"]
    lines += [f"import {'.' * i.level}{i.module} {i.name} as {i.alias}" for i in module.imports]
    for made in module.classes:
        lines.append(
            f"class {made.qualname}({', '.join(made.bases)}) body={made.body} methods={made.methods}"
        )
    for function in module.functions:
        lines.append("")
        lines.extend(print_function(function))
    return "\n".join(lines) + "\n"


def print_function(function: Function) -> Iterator[str]:
    """One function, a line per instruction."""
    parameters = ", ".join(
        p.kind.strip("rk") + p.name + (f": {p.type}" if p.type else "") for p in function.parameters
    )
    yield f"{function.kind} {function.index} {function.qualname}({parameters})"
    names = dict(enumerate(function.variables)) | {r: repr(value) for r, value in function.constants}
    yield from _block(function.body, names, 1)


def _block(block: Block, names: dict[int, str], depth: int) -> Iterator[str]:
    for instruction in block:
        yield "  " * depth + _line(instruction, names)
        for number, inner in enumerate(blocks_of(instruction)):
            if inner:
                yield "  " * depth + f" {number}:"
                yield from _block(inner, names, depth + 1)


def _register(register: int | None, names: dict[int, str]) -> str:
    return "-" if register is None else names.get(register, f"%{-register}")


def _line(instruction: Instruction, names: dict[int, str]) -> str:
    op = instruction[0]
    head = ir.NAMES[op]
    rest = list(instruction[2:])
    if op in ir.WRITERS:
        head = f"{_register(rest.pop(0), names)} = {head}"
    form = _PLAIN.get(op, "")
    words = [_operand(code, operand, names) for code, operand in zip(form, rest, strict=False)]
    if op in (ir.IF, ir.SWITCH):
        words = [_register(rest[0], names)]
    if op == ir.FOR:
        words = [_register(rest[0], names), rest[1]]
    if op == ir.LOOP:
        words = [_register(rest[1], names)]
    if op == ir.SELECT:
        words += [_register(rest[2], names), _register(rest[4], names)]
    if op == ir.LOGIC:
        words += [_register(rest[3], names)]
    return " ".join([head, *words])


def _operand(code: str, operand: object, names: dict[int, str]) -> str:
    if code in "ro":
        assert operand is None or isinstance(operand, int)
        return _register(operand, names)
    if code == "R":
        assert isinstance(operand, tuple)
        return "(" + ", ".join(_register(r, names) for r in operand) + ")"
    if code in "KP":
        assert isinstance(operand, tuple)
        return "{" + ", ".join(_pair(pair, names, code) for pair in operand) + "}"
    return str(operand)


def _pair(pair: tuple[object, int], names: dict[int, str], code: str) -> str:
    key, value = pair
    if code == "P":
        assert key is None or isinstance(key, int)
        return f"{_register(key, names)}: {_register(value, names)}"
    return f"{key}={_register(value, names)}"
