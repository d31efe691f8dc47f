"""JavaScript's arrays where every element is known: which one is taken off an end, cut out, moved or copied.

Where something is not known (a loop, an array of the caller, a position that is no constant), every element may be anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code.heap import (
    ANY,
    Shape,
    append,
    concatenate,
    elements,
    insert,
    key_of,
    load,
    remove,
    reversed_shape,
    sliced,
)
from assay.code.intrinsics import INTRINSICS
from assay.code.intrinsics_text import taint_receiver
from assay.code.values import UNKNOWN, Symbol, Value

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame

_INT = Value(types=("int",))


def _own(f: Frame, value: Value) -> Shape | None:
    """The shape of an array made in this function of which every element is known, outside of loops."""
    ref = value.refs[0] if len(value.refs) == 1 else None
    shape = f.heap.get(ref) if isinstance(ref, int) else None
    if shape is None or value.labels or f.loops or shape.rest is not None or shape.size != len(shape.fields):
        return None
    return shape if all(key in shape.fields for key in range(shape.size)) else None


def _blur(f: Frame, value: Value) -> Value:
    """Forget where in an array each element is; what any of them may be."""
    inner = elements(f.heap, f.shared, value)
    for ref in value.refs:
        of_caller = value.labels.get(ref) if isinstance(ref, Symbol) and value.labels else None
        if of_caller is not None or (isinstance(ref, int) and ref in f.heap):
            labels = None if of_caller is None else {ref: of_caller}
            f.heap[ref] = Shape({}, load(f.heap, f.shared, Value(labels, refs=(ref,)), ANY), -1)
    return inner


def _bounds(values: list[Value]) -> list[int] | None:
    """Arguments that say where, if all of them are constant."""
    found = [key_of(value) for value in values]
    return found if all(type(one) is int for one in found) else None


def _take(f: Frame, site: Site) -> Value:
    """`list.pop()`, `list.shift()`."""
    shape = _own(f, site.receiver)
    if shape is None or not shape.size:
        return _blur(f, site.receiver)
    end = shape.size - 1 if site.member == "pop" else 0
    remove(f.heap, site.receiver, end)
    return shape.fields[end]


def _unshift(f: Frame, site: Site) -> Value:
    """`list.unshift(a, b)`."""
    own = _own(f, site.receiver) is not None
    for value in reversed(site.args):
        if own:
            insert(f.heap, f.shared, site.receiver, 0, value, False)
        else:
            append(f.heap, f.shared, site.receiver, value, True)
            _blur(f, site.receiver)
        taint_receiver(f, site, f.deep(value))
    return _INT


def _slice(f: Frame, site: Site) -> Value:
    """`text.slice(a, b)` or `list.slice(a, b)`."""
    if not site.receiver.refs or "str" in site.receiver.types:
        return INTRINSICS["change"](f, site)
    bounds = _bounds(site.args[:2])
    if bounds is not None and _own(f, site.receiver) is not None:
        start, end = (*bounds, None, None)[:2]
        shape = sliced(f.heap, f.shared, site.receiver, slice(start, end))
        if shape is not None:
            return f.new_object(("list",), shape, site.receiver.labels)
    inner = elements(f.heap, f.shared, site.receiver)
    return f.new_object(("list",), Shape({}, inner, -1), site.receiver.labels)


def _splice(f: Frame, site: Site) -> Value:
    """`list.splice(start, count, ...items)`: gives what it takes out."""
    bounds = _bounds(site.args[:2])
    shape = _own(f, site.receiver)
    if shape is None or bounds is None or site.spread or not bounds:
        taken = _blur(f, site.receiver)
        for value in [*site.args[2:], *(elements(f.heap, f.shared, one) for _, one in site.spread)]:
            append(f.heap, f.shared, site.receiver, value, True)
            taint_receiver(f, site, f.deep(value))
        return f.new_object(("list",), Shape({}, taken, -1), site.receiver.labels)
    items = [shape.fields[index] for index in range(shape.size)]
    start = max(0, bounds[0] + len(items)) if bounds[0] < 0 else bounds[0]
    end = start + max(0, bounds[1]) if len(bounds) > 1 else len(items)
    out, items[start:end] = items[start:end], site.args[2:]
    f.heap[site.receiver.refs[0]] = Shape(dict(enumerate(items)), None, len(items))
    return f.new_object(("list",), Shape(dict(enumerate(out)), None, len(out)), site.receiver.labels)


def _reverse(f: Frame, site: Site) -> Value:
    """`list.reverse()` in place, `list.toReversed()` in a copy."""
    receiver, shape = site.receiver, _own(f, site.receiver)
    if site.member == "toReversed":
        inner = elements(f.heap, f.shared, receiver)
        turned = Shape({}, inner, -1) if shape is None else reversed_shape(shape)
        return f.new_object(("list",), turned, receiver.labels)
    if shape is None:
        _blur(f, receiver)
    else:
        f.heap[receiver.refs[0]] = reversed_shape(shape)
    return receiver


def _at(f: Frame, site: Site) -> Value:
    """`list.at(index)`, where a negative index counts from the end."""
    bounds = _bounds(site.args[:1])
    if bounds and _own(f, site.receiver) is not None:
        return load(f.heap, f.shared, site.receiver, bounds[0]) or UNKNOWN
    return elements(f.heap, f.shared, site.receiver)


def concatenated(f: Frame, values: list[Value]) -> Value:
    """`list.concat(other, value)`: a new list."""
    made = f.new_object(("list",), Shape({}, None, 0))
    for value in values:
        if value.refs and value.labels:
            append(f.heap, f.shared, made, elements(f.heap, f.shared, value), True)
        elif value.refs:
            concatenate(f.heap, f.shared, made, value)
        else:
            append(f.heap, f.shared, made, value, f.loops > 0)
    return made


def _pairs(f: Frame, site: Site) -> Value:
    """`list.entries()`: pairs of index and element."""
    inner = elements(f.heap, f.shared, site.receiver)
    pair = f.new_object(("list",), Shape({0: _INT, 1: inner}, None, 2))
    return f.new_object(("list",), Shape({}, pair, -1))


ARRAYS: dict[str, Callable[[Frame, Site], Value]] = {
    "take": _take, "unshift": _unshift, "slice": _slice, "splice": _splice, "turn": _reverse, "at": _at, "list_entries": _pairs,
}  # fmt: skip
