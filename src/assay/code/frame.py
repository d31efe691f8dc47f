"""The abstract interpreter: one function, one walk over its blocks, a state that flows through them.

The state is the frame's own `variables` and `heap`, changed in place; branches copy it. `run` says whether the end of a block is reached.
Calls are in `calls`, guards in `guards`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.access import apply_proof, repeated_reads
from assay.code.build import blocks_of
from assay.code.fold import fold, fold_unary
from assay.code.guards import refine
from assay.code.heap import (
    ANY,
    EMPTY,
    Heap,
    Shape,
    append,
    deep_labels,
    elements,
    join_heaps,
    key_of,
    load,
    store,
)
from assay.code.ir import Block, Instruction
from assay.code.kinds import ALL
from assay.code.summary import Summary
from assay.code.values import (
    MAX_PARTS,
    UNKNOWN,
    Labels,
    Value,
    cleared,
    constant,
    join,
    join_labels,
    stepped,
    truth,
)
from assay.code.world import FunctionInfo, ModuleInfo

if TYPE_CHECKING:
    from assay.code.analysis import Analysis

MAX_WORK = 150_000
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!=", "in", "not in", "is", "is not", "instanceof"))
_NUMBERS = frozenset(("int", "float", "bool", "complex"))
_JOINING = frozenset(("+", "%", "format"))


class TooMuchWorkError(Exception):
    """A function is larger than the analysis follows."""


class Jumps:
    """States that left a loop, switch or labelled block early."""

    __slots__ = ("breaks", "continues", "is_loop", "label")

    def __init__(self, label: str, is_loop: bool) -> None:
        self.label = label
        self.is_loop = is_loop
        self.breaks: list[tuple[list[Value], Heap]] = []
        self.continues: list[tuple[list[Value], Heap]] = []


class Frame:
    """One run of one function."""

    __slots__ = (
        "analysis", "calls", "env", "heap", "info", "jumps", "language", "loops", "module", "number", "raised", "reads", "result", "returned",
        "returns", "shared", "sites", "summary", "temps", "tries", "variables", "work", "yielded",
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
        self.returns: list[tuple[Value, list[Value], Heap]] = []
        self.yielded: Value | None = None
        self.summary = Summary()
        self.calls: dict[tuple[Any, ...], Any] = {}
        self.sites: dict[int, Any] = {}
        self.work = 0

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


# Values


def _move(f: Frame, i: Instruction) -> None:
    src, dst = i[3], i[2]
    value = f.variables[src] if src >= 0 else f.temps[src]
    if dst >= 0:
        if value.labels:
            value = value.with_labels(stepped(value.labels, f.number, i[1], f.info.function.variables[dst]))
        f.variables[dst] = value
        if f.analysis.on_assign is not None:
            f.analysis.on_assign(f, i[1], "variable", f.info.function.variables[dst], value)
    else:
        f.temps[dst] = value


def _build(f: Frame, i: Instruction) -> None:
    _, _, dst, kind, registers = i
    parts = [f.get(r) for r in registers]
    if kind == "str":
        f.set(dst, text_of(f, parts))
        return
    fields: dict[Any, Value] = dict(enumerate(parts[:32]))
    rest = None
    for extra in parts[32:]:
        rest = extra if rest is None else join(rest, extra)
    size = len(parts) if rest is None else -1
    value = f.new_object((kind,), Shape(fields, rest, size))
    consts = [p.const for p in parts]
    if kind == "tuple" and all(c is not None and len(c) == 1 for c in consts):
        value.const = (tuple(c[0] for c in consts if c),)
    f.set(dst, value)


def text_of(f: Frame, values: list[Value]) -> Value:
    """Text joined of values: its constant if all are known, else its parts."""
    labels: Labels | None = None
    parts: list[Any] = []
    known: str | None = ""
    for value in values:
        labels = join_labels(labels, f.deep(value))
        const = value.const
        if const is not None and len(const) == 1 and const[0] is not ...:
            text = const[0] if isinstance(const[0], str) else str(const[0])
            known = known + text if known is not None else None
            parts.append(text)
            continue
        known = None
        if value.parts is not None and len(value.parts) + len(parts) <= MAX_PARTS:
            parts.extend(value.parts)
        else:
            parts.append(value)
    if known is not None and labels is None and len(known) <= 4096:
        return constant(known)
    return Value(labels, types=("str",), parts=tuple(parts) if len(parts) <= MAX_PARTS else None)


def _dict(f: Frame, i: Instruction) -> None:
    _, _, dst, kind, pairs = i
    types: tuple[str, ...] = ("dict",)
    if kind is not None:
        of = f.get(kind)
        types = (of.name,) if of.name else of.types
    value = f.new_object(types)
    for key, register in pairs:
        item = f.get(register)
        if key is None:
            spread(f, value, item)
        else:
            store(f.heap, f.shared, value, key_of(f.get(key)), item)
            name = f.get(key).const
            if f.analysis.on_assign is not None and name and isinstance(name[0], str):
                f.analysis.on_assign(f, i[1], "item", name[0], item)
    f.set(dst, value)


def spread(f: Frame, target: Value, source: Value) -> None:
    """Copy every field of one mapping into another."""
    for ref in source.refs:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None:
            for key, value in shape.fields.items():
                store(f.heap, f.shared, target, key, value)
            if shape.rest is not None:
                store(f.heap, f.shared, target, ANY, shape.rest)
    if source.labels:
        store(f.heap, f.shared, target, ANY, Value(source.labels))


def _field(f: Frame, i: Instruction) -> None:
    _, span, dst, register, name = i
    f.set(dst, f.analysis.read_field(f, f.get(register), name, span))
    if dst in f.reads:
        apply_proof(f, dst)


def _item(f: Frame, i: Instruction) -> None:
    _, _, dst, register, key = i
    obj = f.get(register)
    if obj is UNKNOWN:
        f.set(dst, UNKNOWN)
        return
    constant_key = key_of(f.get(key))
    const = obj.const
    if (
        const is not None
        and len(const) == 1
        and isinstance(const[0], str | tuple | bytes)
        and isinstance(constant_key, int)
    ) and -len(const[0]) <= constant_key < len(const[0]):
        f.set(dst, constant(const[0][constant_key]))
        return
    value = load(f.heap, f.shared, obj, constant_key)
    if obj.name and (value is None or not value.labels):
        made = f.analysis.read_item(f, obj, constant_key, i[1])
        value = made if made is not None else value
    f.set(dst, UNKNOWN if value is None else value)
    if dst in f.reads:
        apply_proof(f, dst)


def _slice(f: Frame, i: Instruction) -> None:
    _, _, dst, register, low, high, _step = i
    obj = f.get(register)
    const = obj.const
    bounds = [f.get(r).const if r is not None else (None,) for r in (low, high)]
    if (
        const
        and len(const) == 1
        and isinstance(const[0], str | tuple)
        and all(b and len(b) == 1 and isinstance(b[0], int | None) for b in bounds)
    ):
        f.set(dst, constant(const[0][bounds[0][0] : bounds[1][0]]))  # type: ignore[index]
        return
    if obj.refs:
        made = f.new_object(("list",), Shape({}, elements(f.heap, f.shared, obj), -1), obj.labels)
        f.set(dst, made)
        return
    f.set(dst, Value(obj.labels, types=obj.types) if obj.labels else UNKNOWN)


def _op(f: Frame, i: Instruction) -> None:
    _, _, dst, symbol, left, right = i
    a, b = f.get(left), f.get(right)
    if a.const is not None and b.const is not None:
        folded = fold(symbol, a.const, b.const, f.language)
        if folded is not None:
            f.set(dst, constant(folded[0]) if len(folded) == 1 else Value(const=folded))
            return
    if symbol in _COMPARISONS:
        for hook in f.analysis.on_compares:
            hook(f, i, symbol, a, b)
        known = f.analysis.membership(f, symbol, a, b)
        f.set(dst, UNKNOWN if known is None else constant(known))
        return
    labels_a, labels_b = f.deep(a), f.deep(b)
    if not labels_a and not labels_b and symbol != "+":
        f.set(dst, UNKNOWN if symbol != "%" or a.types != ("str",) else _STRING)
        return
    f.set(dst, _arithmetic(f, symbol, a, b, join_labels(labels_a, labels_b)))


def _arithmetic(f: Frame, symbol: str, a: Value, b: Value, labels: Labels | None) -> Value:
    if symbol == "/" and "pathlib.Path" in a.types:
        return text_of(f, [a, constant("/"), b]).with_types(a.types)
    if symbol == "+" and (
        "str" in a.types or "str" in b.types or (labels and not _is_list(a) and not _is_list(b))
    ):
        return text_of(f, [a, b])
    if symbol == "+" and (_is_list(a) or _is_list(b)):
        rest = join(elements(f.heap, f.shared, a), elements(f.heap, f.shared, b))
        return f.new_object(("list",), Shape({}, rest, -1), join_labels(a.labels, b.labels))
    if symbol == "%" and "str" in a.types:
        return percent(f, a, b)
    if symbol == "format":
        spec = b.const[0] if b.const else ""
        if isinstance(spec, str) and spec[-1:] in "dxXobeEfFgGn%":
            return Value(cleared(labels, ALL))
        return Value(labels, types=("str",))
    if symbol in ("/", "//", "-", "**", "<<", ">>", "&", "^") and f.language != "go":
        # Arithmetic on text is an error in every language but for `*`, `%`, `|` (text, sets, paths): the result is a number.
        if symbol != "/" and not (a.refs and labels):
            return Value(types=("int",))
        if symbol == "/":
            return Value(labels, types=a.types, parts=text_of(f, [a, constant("/"), b]).parts)
    if symbol == "@" or not labels:
        return UNKNOWN if not labels else Value(labels)
    return Value(labels, types=a.types)


def percent(f: Frame, a: Value, b: Value) -> Value:
    """`text % values`: the literal pieces and the values between them, in order."""
    template = a.const[0] if a.const and len(a.const) == 1 and isinstance(a.const[0], str) else None
    if template is None:
        return Value(join_labels(f.deep(a), f.deep(b)), types=("str",))
    pieces = template.replace("%%", "\0").split("%")
    values: list[Value] = [constant(pieces[0].replace("\0", "%"))]
    is_tuple = "tuple" in b.types and b.refs
    for index, piece in enumerate(pieces[1:]):
        rest, code = _conversion(piece)
        item: Value | None = b
        if piece.startswith("("):
            item = load(f.heap, f.shared, b, piece[1 : piece.find(")")])
        elif is_tuple:
            item = load(f.heap, f.shared, b, index)
        item = UNKNOWN if item is None else item
        if code in "dioxXeEfFgGuc":
            item = Value(cleared(f.deep(item), ALL))
        values += [item, constant(rest.replace("\0", "%"))]
    return text_of(f, values)


def _conversion(piece: str) -> tuple[str, str]:
    start = piece.find(")") + 1 if piece.startswith("(") else 0
    for position in range(start, min(len(piece), start + 12)):
        if piece[position].isalpha():
            return piece[position + 1 :], piece[position]
    return piece, "s"


def _is_list(value: Value) -> bool:
    return bool(value.refs) and ("list" in value.types or "tuple" in value.types)


def _unary(f: Frame, i: Instruction) -> None:
    _, _, dst, symbol, register = i
    value = f.get(register)
    if symbol == "repr":
        f.set(dst, text_of(f, [value]) if value.const is None else Value(value.labels, types=("str",)))
        return
    if symbol == "not" and value.const is None and value.refs == () and not value.labels:
        f.set(dst, UNKNOWN)
        return
    folded = fold_unary(symbol, value.const) if value.const is not None else None
    f.set(dst, constant(folded[0]) if folded and len(folded) == 1 else UNKNOWN)


def _outer(f: Frame, i: Instruction) -> None:
    f.temps[i[2]] = f.analysis.read_name(f, i[3], i[1])


def _import(f: Frame, i: Instruction) -> None:
    if i[2] is not None:
        f.set(i[2], f.analysis.import_value(f.module, i[3], i[4], i[5]))


def _func(f: Frame, i: Instruction) -> None:
    f.set(i[2], f.analysis.define_function(f, i))


def _class(f: Frame, i: Instruction) -> None:
    f.set(i[2], f.analysis.define_class(f, i))


def _select(f: Frame, i: Instruction) -> None:
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


def _logic(f: Frame, i: Instruction) -> None:
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
    if symbol == "and" and second.const is not None and not any(second.const):
        return second.without_const() if first.const is None else join(first, second)
    if first.const is not None and symbol == "or" and not any(first.const):
        return second
    return join(first, second)


def _forget(f: Frame, block: Block) -> None:
    for instruction in block:
        if instruction[0] in ir.WRITERS and instruction[2] is not None:
            f.temps[instruction[2]] = UNKNOWN if instruction[2] < 0 else f.temps[instruction[2]]


def _typed(f: Frame, i: Instruction) -> None:
    _, _, dst, src, text = i
    value = f.get(src)
    types, safe = f.analysis.types_of(f.module, text)
    if safe and f.language in ("java", "go"):
        f.set(dst, Value(const=value.const, types=types))
        return
    if types and not (value.types and value.types[0] not in ("object", "Object")):
        value = value.with_types(types)
    f.set(dst, value)


def _same(f: Frame, i: Instruction) -> None:
    f.set(i[2], f.get(i[3]))


def _yield(f: Frame, i: Instruction) -> None:
    _, _, dst, src, delegate = i
    if src is not None:
        value = f.get(src)
        if delegate:
            value = elements(f.heap, f.shared, value)
        f.yielded = value if f.yielded is None else join(f.yielded, value)
    f.set(dst, UNKNOWN)


def _enter(f: Frame, i: Instruction) -> None:
    f.set(i[2], f.analysis.enter(f, f.get(i[3]), i[1]))


# Effects


def _set_field(f: Frame, i: Instruction) -> None:
    _, span, register, name, src = i
    f.analysis.write_field(f, register, name, f.get(src), span)


def _set_item(f: Frame, i: Instruction) -> None:
    _, span, register, key, src = i
    obj, value = f.get(register), f.get(src)
    constant_key = key_of(f.get(key))
    f.analysis.write_item(f, obj, f.get(key), value, span)
    if obj.refs:
        store(f.heap, f.shared, obj, constant_key, value, weak=False)
    elif value.labels or value.refs:
        taint_register(f, register, f.deep(value))
    if f.analysis.on_assign is not None and isinstance(constant_key, str) and constant_key != ANY:
        f.analysis.on_assign(f, span, "item", constant_key, value, obj)


def taint_register(f: Frame, register: int, labels: Labels | None) -> None:
    """An object of which nothing is known holds tainted data now: so does the variable that it was read from."""
    if labels:
        value = f.get(register)
        f.set(register, value.with_labels(join_labels(value.labels, labels)))


def _add(f: Frame, i: Instruction) -> None:
    append(f.heap, f.shared, f.get(i[2]), f.get(i[3]), f.loops > 0)


def _set_outer(f: Frame, i: Instruction) -> None:
    f.analysis.write_name(f, i[2], f.get(i[3]), i[1])


def _delete(f: Frame, i: Instruction) -> None:
    from assay.code.heap import remove

    if i[3] is None:
        f.set(i[2], UNKNOWN)
    else:
        remove(f.heap, f.get(i[2]), key_of(f.get(i[3])))


def _assert(f: Frame, i: Instruction) -> None:
    refine(f, i[2], True)


# Control flow


def _if(f: Frame, i: Instruction) -> bool | None:
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


def _loop(f: Frame, i: Instruction) -> bool:
    _, _, head, condition, body, update, otherwise, label, post = i
    _widen(f, (head, body, update))
    jumps = Jumps(label, is_loop=True)

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


def _for(f: Frame, i: Instruction) -> bool:
    _, span, dst, register, mode, body, otherwise, label = i
    iterable = f.get(register)
    _widen(f, (body,))
    f.set(dst, f.analysis.element(f, iterable, mode, span))
    jumps = Jumps(label, is_loop=True)
    _rounds(f, jumps, lambda: f.run(body))
    alive = f.run(otherwise)
    return f.merge_all(jumps.breaks, alive)


def _switch(f: Frame, i: Instruction) -> bool:
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
            if registers and subject >= 0 and matched is None:
                f.variables[subject] = value.with_labels(None) if value.labels else value
        if alive:
            alive = f.run(block)
    f.jumps.pop()
    if matched == -1 or (matched is None and not has_default):
        alive = f.merge_all([start], alive)
    return f.merge_all(jumps.breaks, alive)


def _matching(f: Frame, value: Value, cases: tuple[tuple[tuple[int, ...], Block], ...]) -> int | None:
    """The case that a constant subject picks: its index, -1 for none, None if that is not known."""
    if value.const is None or len(value.const) != 1:
        return None
    default = -1
    for index, (registers, _) in enumerate(cases):
        if not registers:
            default = index
        for register in registers:
            const = f.get(register).const
            if const is None:
                return None
            if const[0] == value.const[0]:
                return index
    return default


def _try(f: Frame, i: Instruction) -> bool:
    _, _, body, handlers, otherwise, final = i
    before = f.snapshot()
    outer_raised, f.raised = f.raised, []
    f.tries += 1
    alive = f.run(body)
    f.tries -= 1
    after = f.snapshot()
    thrown, f.raised = f.raised, outer_raised
    if alive:
        alive = f.run(otherwise)
    ended: list[tuple[list[Value], Heap]] = [(f.variables, f.heap)] if alive else []
    for _, variable, block in handlers:
        f.restore((before[0][:], dict(before[1])))
        f.merge_all([after, *thrown], True)
        if variable is not None:
            f.variables[variable] = f.analysis.exception_value(f, i[1])
        if f.run(block):
            ended.append((f.variables, f.heap))
    alive = f.merge_all(ended, False)
    if not alive and final:
        f.restore(after)
    return f.run(final) and alive


def _block(f: Frame, i: Instruction) -> bool:
    jumps = Jumps(i[3], is_loop=False)
    f.jumps.append(jumps)
    alive = f.run(i[2])
    f.jumps.pop()
    return f.merge_all(jumps.breaks, alive)


def _return(f: Frame, i: Instruction) -> bool:
    value = f.get(i[2]) if i[2] is not None else constant(None)
    f.analysis.on_return(f, i, value)
    f.returns.append((value, f.variables[:], dict(f.heap)))
    return False


def _raise(f: Frame, i: Instruction) -> bool:
    if f.tries:
        f.raised.append(f.snapshot())
    return False


def _break(f: Frame, i: Instruction) -> bool:
    for jumps in reversed(f.jumps):
        if i[2] == jumps.label or (not i[2] and not jumps.label.startswith("<")):
            jumps.breaks.append(f.snapshot())
            break
    return False


def _continue(f: Frame, i: Instruction) -> bool:
    for jumps in reversed(f.jumps):
        if jumps.is_loop and i[2] in ("", jumps.label):
            jumps.continues.append(f.snapshot())
            break
    return False


def _note(_f: Frame, _i: Instruction) -> None:
    """Nothing happens."""


def _call(f: Frame, i: Instruction) -> None:
    f.analysis.call_instruction(f, i)
    if i[2] in f.reads:
        apply_proof(f, i[2])


_STRING = Value(types=("str",))
HANDLERS: list[Callable[[Frame, Instruction], bool | None]] = [_same] * 51
for _code, _handler in {
    ir.MOVE: _move, ir.BUILD: _build, ir.DICT: _dict, ir.FIELD: _field, ir.ITEM: _item, ir.SLICE: _slice, ir.OP: _op,
    ir.UNARY: _unary, ir.CALL: _call, ir.METHOD: _call, ir.OUTER: _outer, ir.IMPORT: _import, ir.FUNC: _func, ir.CLASS: _class,
    ir.SELECT: _select, ir.LOGIC: _logic, ir.TYPED: _typed, ir.AWAIT: _same, ir.YIELD: _yield, ir.ENTER: _enter, ir.ENVELOP: _same,
    ir.SETFIELD: _set_field, ir.SETITEM: _set_item, ir.ADD: _add, ir.SETOUTER: _set_outer, ir.DELETE: _delete, ir.ASSERT: _assert,
    ir.IF: _if, ir.LOOP: _loop, ir.FOR: _for, ir.SWITCH: _switch, ir.TRY: _try, ir.BLOCK: _block, ir.RETURN: _return,
    ir.RAISE: _raise, ir.BREAK: _break, ir.CONTINUE: _continue, ir.NOTE: _note,
}.items():  # fmt: skip
    HANDLERS[_code] = _handler
