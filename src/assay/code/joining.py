"""Joining values: text of parts, mappings of mappings, and data that comes to rest in an object nothing is known of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code.heap import (
    ANY,
    load,
    store,
)
from assay.code.kinds import ALL
from assay.code.values import (
    MAX_PARTS,
    UNKNOWN,
    Labels,
    Value,
    cleared,
    constant,
    join_labels,
)

if TYPE_CHECKING:
    from assay.code.frame import Frame


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
            item = Value(cleared(f.deep(item), ALL), types=("int",))
        values += [item, constant(rest.replace("\0", "%"))]
    return text_of(f, values)


def _conversion(piece: str) -> tuple[str, str]:
    start = piece.find(")") + 1 if piece.startswith("(") else 0
    for position in range(start, min(len(piece), start + 12)):
        if piece[position].isalpha():
            return piece[position + 1 :], piece[position]
    return piece, "s"


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


def taint_register(f: Frame, register: int, labels: Labels | None) -> None:
    """An object of which nothing is known holds tainted data now: so does the variable that it was read from."""
    if labels:
        value = f.get(register)
        f.set(register, value.with_labels(join_labels(value.labels, labels)))
