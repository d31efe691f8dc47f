"""Instructions that compute a value or change an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code.access import apply_proof
from assay.code.fold import fold, fold_unary
from assay.code.guards import keep_proofs
from assay.code.heap import (
    ANY,
    Shape,
    append,
    concatenate,
    elements,
    key_of,
    load,
    remove,
    sliced,
    store,
)
from assay.code.ir import Instruction
from assay.code.joining import percent, spread, taint_register, text_of
from assay.code.kinds import ALL
from assay.code.special_methods import as_text, run_special
from assay.code.values import (
    UNKNOWN,
    Labels,
    Source,
    Value,
    cleared,
    constant,
    join,
    join_labels,
    stepped,
)

if TYPE_CHECKING:
    from assay.code.frame import Frame

_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!=", "in", "not in", "is", "is not", "instanceof"))
_STRING = Value(types=("str",))


def run_move(f: Frame, i: Instruction) -> None:
    """MOVE: copy; data that reaches a named variable is a step of its path."""
    src, dst = i[3], i[2]
    value = f.variables[src] if src >= 0 else f.temps[src]
    if dst >= 0:
        if value.labels:
            value = value.with_labels(stepped(value.labels, f.number, i[1], f.info.function.variables[dst]))
        f.variables[dst] = value
        keep_proofs(f, src, dst)
        if f.tried is not None:
            f.tried[dst] = join(f.tried[dst], value) if dst in f.tried else value
        if f.analysis.on_assign is not None:
            f.analysis.on_assign(f, i[1], "variable", f.info.function.variables[dst], value)
    else:
        f.temps[dst] = value


def run_build(f: Frame, i: Instruction) -> None:
    """BUILD: text or a collection."""
    _, _, dst, kind, registers = i
    parts = [f.get(r) for r in registers]
    if kind == "str":
        f.set(dst, text_of(f, [as_text(f, part, i[1]) for part in parts]))
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


def run_dict(f: Frame, i: Instruction) -> None:
    """DICT: a mapping or an object with its fields."""
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


def run_field(f: Frame, i: Instruction) -> None:
    """FIELD."""
    _, span, dst, register, name = i
    f.set(dst, f.analysis.read_field(f, f.get(register), name, span))
    if dst in f.reads:
        apply_proof(f, dst)


def run_item(f: Frame, i: Instruction) -> None:
    """ITEM: a constant key picks the element."""
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
    if obj.types and obj.types[0] in f.analysis.world.classes:
        made = run_special(f, obj, ("__getitem__",), [f.get(key)], i[1])
        if made is not None:
            f.set(dst, made)
            return
    value = load(f.heap, f.shared, obj, constant_key)
    if obj.name and (value is None or not value.labels or obj.labels):
        made = f.analysis.read_item(f, obj, constant_key, i[1])
        value = made if made is not None else value
    if f.language == "go" and constant_key == 0 and obj.types and not (value is not None and value.types):
        value = _first_result(obj, value)
    value = UNKNOWN if value is None else value
    chosen = f.get(key).labels
    if chosen and any(isinstance(o, Source) and o.kind == "weakrandom" for o in chosen):
        value = value.with_labels(join_labels(value.labels, chosen)).without_const()  # text picked by chance
    f.set(dst, value)
    if dst in f.reads:
        apply_proof(f, dst)


_HOLDERS = frozenset(("list", "tuple", "dict", "str", "string", "Array", "map", "bytes"))


def _first_result(obj: Value, value: Value | None) -> Value | None:
    """`db, err := sql.Open(...)`: of a library's call that gives several results, its type is the first one's."""
    if obj.types[0] in _HOLDERS or obj.types[0].endswith("()"):
        return value
    return obj if value is None else value.with_types(obj.types)


def run_slice(f: Frame, i: Instruction) -> None:
    """SLICE: constants and lists whose elements are known are cut, others lose their order."""
    _, _, dst, register, *ends = i
    obj = f.get(register)
    const = obj.const
    bounds = _bounds(f, ends)
    if const and len(const) == 1 and isinstance(const[0], str | tuple | bytes) and bounds is not None:
        f.set(dst, constant(const[0][bounds]))
        return
    if obj.refs:
        shape = sliced(f.heap, f.shared, obj, bounds) if bounds is not None else None
        shape = shape or Shape({}, elements(f.heap, f.shared, obj), -1)
        f.set(dst, f.new_object(("list",), shape, obj.labels))
        return
    f.set(dst, Value(obj.labels, types=obj.types) if obj.labels else UNKNOWN)


def _bounds(f: Frame, registers: list[int | None]) -> slice | None:
    """Constant bounds of a slice."""
    found: list[int | None] = []
    for register in registers:
        const = f.get(register).const if register is not None else (None,)
        if const is None or len(const) != 1 or not isinstance(const[0], int | None):
            return None
        found.append(const[0])
    return slice(*found) if found[2:] != [0] else None


def run_op(f: Frame, i: Instruction) -> None:
    """OP: folded where both sides are known."""
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
    if not labels_a and not labels_b and symbol not in ("+", "|") and not (symbol == "%" and a.const):
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
        made = f.new_object(("list",), Shape({}), join_labels(a.labels, b.labels))
        for value in (a, b):
            concatenate(f.heap, f.shared, made, value)
        return made
    if symbol == "|" and "dict" in a.types and a.refs:
        made = f.new_object(("dict",))
        for value in (a, b):
            spread(f, made, value)
        return made
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


def _is_list(value: Value) -> bool:
    return bool(value.refs) and ("list" in value.types or "tuple" in value.types)


def run_unary(f: Frame, i: Instruction) -> None:
    """UNARY."""
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


def run_outer(f: Frame, i: Instruction) -> None:
    """OUTER: a name from outside of the function."""
    f.temps[i[2]] = f.analysis.read_name(f, i[3], i[1])


def run_import(f: Frame, i: Instruction) -> None:
    """IMPORT."""
    if i[2] is not None:
        f.set(i[2], f.analysis.import_value(f.module, i[3], i[4], i[5]))


def run_func(f: Frame, i: Instruction) -> None:
    """FUNC: a closure."""
    f.set(i[2], f.analysis.define_function(f, i))


def run_class(f: Frame, i: Instruction) -> None:
    """CLASS: its body runs here."""
    f.set(i[2], f.analysis.define_class(f, i))


def run_typed(f: Frame, i: Instruction) -> None:
    """TYPED: the value seen as a type."""
    _, _, dst, src, text = i
    value = f.get(src)
    types, safe = f.analysis.types_of(f.module, text)
    if safe and f.language in ("java", "go"):
        f.set(dst, Value(const=value.const, types=types))
        return
    if types and not (
        value.types
        and value.types[0] not in ("object", "Object", "ellipsis")
        and not value.types[0].endswith("()")
    ):
        value = value.with_types(types)
    f.set(dst, value)


def run_same(f: Frame, i: Instruction) -> None:
    """The value as it is."""
    f.set(i[2], f.get(i[3]))


def run_yield(f: Frame, i: Instruction) -> None:
    """YIELD: one more element of what the function gives."""
    _, _, dst, src, delegate = i
    if src is not None:
        value = f.get(src)
        if delegate:
            value = elements(f.heap, f.shared, value)
        f.yielded = value if f.yielded is None else join(f.yielded, value)
    f.set(dst, UNKNOWN)


def run_enter(f: Frame, i: Instruction) -> None:
    """ENTER: what a context manager hands out."""
    f.set(i[2], f.analysis.enter(f, f.get(i[3]), i[1]))


def run_set_field(f: Frame, i: Instruction) -> None:
    """SETFIELD."""
    _, span, register, name, src = i
    f.analysis.write_field(f, register, name, f.get(src), span)


def run_set_item(f: Frame, i: Instruction) -> None:
    """SETITEM."""
    _, span, register, key, src = i
    obj, value = f.get(register), f.get(src)
    constant_key = key_of(f.get(key))
    if obj.types and obj.types[0] in f.analysis.world.classes:
        run_special(f, obj, ("__setitem__",), [f.get(key), value], span)
    f.analysis.write_item(f, obj, f.get(key), value, span)
    if obj.refs:
        store(f.heap, f.shared, obj, constant_key, value, weak=False)
    elif value.labels or value.refs:
        taint_register(f, register, f.deep(value))
    if f.analysis.on_assign is not None and isinstance(constant_key, str) and constant_key != ANY:
        f.analysis.on_assign(f, span, "item", constant_key, value, obj)


def run_add(f: Frame, i: Instruction) -> None:
    """ADD: one more element."""
    append(f.heap, f.shared, f.get(i[2]), f.get(i[3]), f.loops > 0)


def run_set_outer(f: Frame, i: Instruction) -> None:
    """SETOUTER."""
    f.analysis.write_name(f, i[2], f.get(i[3]), i[1])


def run_delete(f: Frame, i: Instruction) -> None:
    """DELETE."""
    if i[3] is None:
        f.set(i[2], UNKNOWN)
    else:
        remove(f.heap, f.get(i[2]), key_of(f.get(i[3])))


def run_call(f: Frame, i: Instruction) -> bool:
    """CALL and METHOD. False: it never returns, as `abort(404)`; the state is kept for the handlers around."""
    f.ended = False
    f.analysis.call_instruction(f, i)
    if f.ended:
        f.ended = False
        if f.tries:
            f.raised.append(f.snapshot())
        return False
    if i[2] in f.reads:
        apply_proof(f, i[2])
    return True
