"""Objects, mappings and lists: what is known of their fields. A heap maps object keys to immutable shapes; states copy the map.

An object's key is an int (made here), or a `Symbol` (what a parameter or captured name refers to).
"""

from __future__ import annotations

from typing import Any, TypeAlias

from assay.code.values import UNKNOWN, WHOLE, Labels, Mark, Symbol, Value, add_labels, join, join_labels

MAX_WIDTH = 32
MAX_PATH = 3
ANY = "*"


class Shape:
    """Fields (or elements) by constant key; `rest` is what any other key may give. `size`: the next index of a list, -1 if not known."""

    __slots__ = ("fields", "rest", "size")

    def __init__(self, fields: dict[Any, Value], rest: Value | None = None, size: int = 0) -> None:
        self.fields = fields
        self.rest = rest
        self.size = size


Heap: TypeAlias = dict[Any, Shape]
EMPTY = Shape({})


def key_of(value: Value) -> Any:
    """The constant key that a value is, or ANY."""
    const = value.const
    if (
        const is not None
        and len(const) == 1
        and isinstance(const[0], str | int | bytes | bool | None | tuple)
    ):
        return const[0]
    return ANY


def load(heap: Heap, shared: Heap, value: Value, key: Any) -> Value | None:
    """What reading a field or element gives, or None if nothing is known and nothing is carried."""
    result: Value | None = None
    labels = value.labels
    for ref in value.refs:
        shape = heap.get(ref) or shared.get(ref)
        got = _read(shape, key) if shape is not None else None
        if isinstance(ref, Symbol) and labels is not None and ref in labels:
            if got is None or key == ANY:
                child = _child(ref, key, labels[ref])
                got = child if got is None else join(got, child)
            labels = {origin: mark for origin, mark in labels.items() if origin != ref} or None
        if got is not None:
            result = got if result is None else join(result, got)
    if labels:
        result = Value(labels) if result is None else result.with_labels(join_labels(result.labels, labels))
    return result


def _child(ref: Symbol, key: Any, mark: Mark) -> Value:
    symbol = ref.child(key) if len(ref.path) < MAX_PATH else ref
    return Value({symbol: mark}, refs=(symbol,))


def _read(shape: Shape, key: Any) -> Value | None:
    if key == ANY and isinstance(key, str):
        result = shape.rest
        for value in shape.fields.values():
            result = value if result is None else join(result, value)
        return result.without_const() if result is not None else None
    if isinstance(key, int) and not isinstance(key, bool) and key < 0 and shape.size > 0:
        key += shape.size
    got = shape.fields.get(key)
    if got is None:
        return shape.rest
    return got


def store(heap: Heap, shared: Heap, value: Value, key: Any, new: Value, weak: bool = False) -> None:
    """Write a field or element. One known object: the old value is gone, else it may still be there."""
    weak = weak or len(value.refs) > 1
    for ref in value.refs:
        shape = heap.get(ref) or shared.get(ref) or EMPTY
        if key == ANY and isinstance(key, str):
            rest = new if shape.rest is None else join(shape.rest, new)
            heap[ref] = Shape(shape.fields, rest, shape.size)
            continue
        fields = dict(shape.fields)
        old = fields.get(key)
        if old is None and len(fields) >= MAX_WIDTH:
            rest = new if shape.rest is None else join(shape.rest, new)
            heap[ref] = Shape(fields, rest, -1)
            continue
        fields[key] = join(old, new) if weak and old is not None else new
        heap[ref] = Shape(fields, shape.rest, shape.size)


def append(heap: Heap, shared: Heap, value: Value, new: Value, in_loop: bool) -> None:
    """One more element of a list."""
    for ref in value.refs:
        shape = heap.get(ref) or shared.get(ref) or EMPTY
        if (
            in_loop
            or len(value.refs) > 1
            or shape.size < 0
            or shape.size >= MAX_WIDTH
            or isinstance(ref, Symbol)
        ):
            rest = new if shape.rest is None else join(shape.rest, new)
            heap[ref] = Shape(shape.fields, rest, -1)
        else:
            fields = dict(shape.fields)
            fields[shape.size] = new
            heap[ref] = Shape(fields, shape.rest, shape.size + 1)


def insert(heap: Heap, shared: Heap, value: Value, position: Any, new: Value, in_loop: bool) -> None:
    """One more element in the middle of a list: those behind it move up. Not told apart any more where its place is not known."""
    for ref in value.refs:
        shape = heap.get(ref) or shared.get(ref) or EMPTY
        exact = (
            len(value.refs) == 1
            and not isinstance(ref, Symbol)
            and shape.size == len(shape.fields)
            and not in_loop
        )
        if exact and isinstance(position, int) and 0 <= position <= shape.size < MAX_WIDTH:
            fields = {key + (key >= position): old for key, old in shape.fields.items()}
            fields[position] = new
            heap[ref] = Shape(fields, shape.rest, shape.size + 1)
        else:
            old = _read(shape, ANY)
            heap[ref] = Shape({}, new if old is None else join(old, new), -1)


def remove(heap: Heap, value: Value, key: Any) -> None:
    """Take out one element; those of a list move down."""
    for ref in value.refs:
        shape = heap.get(ref)
        if shape is None or len(value.refs) > 1:
            continue
        if key == ANY and isinstance(key, str):
            heap[ref] = Shape({}, _read(shape, ANY), -1)
            continue
        fields = dict(shape.fields)
        if shape.size > 0 and isinstance(key, int) and not isinstance(key, bool):
            position = key + shape.size if key < 0 else key
            fields = {
                (k - 1 if isinstance(k, int) and k > position else k): v
                for k, v in fields.items()
                if k != position
            }
            heap[ref] = Shape(fields, shape.rest, shape.size - 1)
        else:
            fields.pop(key, None)
            heap[ref] = Shape(fields, shape.rest, shape.size)


def _known(heap: Heap, shared: Heap, value: Value) -> list[Value] | None:
    """The elements of a list in order, if all are known."""
    if len(value.refs) != 1:
        return None
    shape = heap.get(value.refs[0]) or shared.get(value.refs[0])
    if shape is None or shape.rest is not None or shape.size != len(shape.fields):
        return None
    found = [shape.fields.get(index) for index in range(shape.size)]
    return [one for one in found if one is not None] if None not in found else None


def reversed_shape(shape: Shape) -> Shape:
    """The shape of a list turned round."""
    if (
        shape.rest is None
        and shape.size == len(shape.fields)
        and all(isinstance(k, int) for k in shape.fields)
    ):
        return Shape({shape.size - 1 - key: value for key, value in shape.fields.items()}, None, shape.size)
    rest = _read(shape, ANY)
    return Shape({}, rest, -1)


def concatenate(heap: Heap, shared: Heap, target: Value, source: Value) -> None:
    """Put the elements of a list behind those of another."""
    items = _known(heap, shared, source)
    if items is not None:
        for item in items:
            append(heap, shared, target, item, False)
        return
    inner = load(heap, shared, source, ANY)
    if inner is not None:
        append(heap, shared, target, inner, True)


def sliced(heap: Heap, shared: Heap, value: Value, bounds: slice) -> Shape | None:
    """The shape of a part of a list, if all of its elements are known."""
    items = _known(heap, shared, value)
    if items is None:
        return None
    items = items[bounds]
    return Shape(dict(enumerate(items)), None, len(items))


def deep_labels(heap: Heap, shared: Heap, value: Value, depth: int = 3) -> Labels | None:
    """The labels of a value and of everything in it."""
    if not value.refs or not depth:
        return value.labels
    found: dict[int, Labels] = {}
    _gather(heap, shared, value, depth, found, {})
    if len(found) < 2:
        return next(iter(found.values()), None)
    first, *others = found.values()
    labels = dict(first)
    for more in others:
        add_labels(labels, more)
    return labels


def _gather(
    heap: Heap, shared: Heap, value: Value, depth: int, found: dict[int, Labels], seen: dict[Any, int]
) -> None:
    """Collect the labels, by identity: one mapping is shared by many values. `seen`: how deep each object was looked into."""
    labels = value.labels
    if labels:
        found.setdefault(id(labels), labels)
    if not depth:
        return
    for ref in value.refs:
        if seen.get(ref, 0) >= depth:
            continue
        seen[ref] = depth
        shape = heap.get(ref) or shared.get(ref)
        if shape is None:
            continue
        for inner in shape.fields.values():
            if inner.refs:
                _gather(heap, shared, inner, depth - 1, found, seen)
            elif inner.labels:
                found.setdefault(id(inner.labels), inner.labels)
        if shape.rest is not None:
            _gather(heap, shared, shape.rest, depth - 1, found, seen)


def elements(heap: Heap, shared: Heap, value: Value) -> Value:
    """What iterating gives."""
    return load(heap, shared, value, ANY) or UNKNOWN


def join_heaps(a: Heap, b: Heap) -> Heap:
    """What holds after either. Objects of one side only stay as they are."""
    if a is b:
        return a
    merged = dict(a)
    for ref, shape in b.items():
        old = merged.get(ref)
        if old is None:
            if isinstance(ref, Symbol):
                shape = _maybe(ref, shape)
            merged[ref] = shape
        elif old is not shape:
            merged[ref] = _join_shapes(ref, old, shape)
    for ref, shape in a.items():
        if isinstance(ref, Symbol) and ref not in b:
            merged[ref] = _maybe(ref, shape)
    return merged


def _maybe(ref: Symbol, shape: Shape) -> Shape:
    """A shape of which not every field was surely written: the parameter's own field may show through."""
    return Shape(
        {key: join(value, Value(_own(ref, key))) for key, value in shape.fields.items()},
        shape.rest,
        shape.size,
    )


def _own(ref: Symbol, key: Any) -> Labels:
    symbol = ref.child(key) if len(ref.path) < MAX_PATH else ref
    return {symbol: WHOLE}


def _join_shapes(ref: Any, a: Shape, b: Shape) -> Shape:
    fields = dict(a.fields)
    for key, value in b.fields.items():
        old = fields.get(key)
        if old is None:
            value = value if a.rest is None else join(value, a.rest)
            fields[key] = join(value, Value(_own(ref, key))) if isinstance(ref, Symbol) else value
        elif old is not value:
            fields[key] = join(old, value)
    if b.rest is not None:
        for key in a.fields.keys() - b.fields.keys():
            fields[key] = join(fields[key], b.rest)
    if isinstance(ref, Symbol):
        for key in a.fields.keys() - b.fields.keys():
            fields[key] = join(fields[key], Value(_own(ref, key)))
    rest = a.rest if b.rest is None else b.rest if a.rest is None else join(a.rest, b.rest)
    return Shape(fields, rest, a.size if a.size == b.size else -1)
