"""Abstract values: what may be known of a value, as an immutable record. `UNKNOWN` knows nothing and carries nothing.

- `labels`: where tainted data came from: origin -> `Mark`. Origins are `Source` (concrete) or `Symbol` (a parameter or captured name,
  and the path of fields below it). None: clean.
- `const`: the constants it may be (up to 8), or None if that is not known.
- `types`: qualified names of its types, up to 4.
- `name`: its qualified name if it is a module, class, function or attribute of one.
- `refs`: keys of the heap objects it may be.
- `parts`: for built text, the literals and values in order.
- `calls`: what a call of it may run: `Closure`s of project functions and project classes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from assay.code.kinds import ALL

MAX_CONSTANTS = 8
MAX_TYPES = 4
MAX_ORIGINS = 12
MAX_REFS = 4
MAX_PARTS = 32
MAX_CALLS = 8
HIGH, MEDIUM, LOW = 2, 1, 0


class Source(NamedTuple):
    """A concrete origin: class of source (remote, local, ...), file number, span, and what was read."""

    kind: str
    module: int
    span: int
    what: str


class Symbol:
    """A symbolic origin: parameter number (or captured name), and the path of keys below it.

    One object for each in an analysis (`Core.symbol`, `child`), so that comparing and hashing them, which joins do most, is by identity.
    """

    __slots__ = ("_children", "path", "root")

    def __init__(self, root: int | str, path: tuple[object, ...] = ()) -> None:
        self.root = root
        self.path = path
        self._children: dict[object, Symbol] = {}

    def child(self, key: object) -> Symbol:
        """What stands under a key."""
        known = self._children.get(key)
        if known is None:
            known = self._children[key] = Symbol(self.root, (*self.path, key))
        return known

    def __repr__(self) -> str:
        return f"Symbol({self.root!r}, {self.path!r})"


Origin: TypeAlias = Source | Symbol
# A trace is a linked list of steps (before, module, span, name), or (CONCAT, first, second), or None.
Trace: TypeAlias = tuple[Any, ...] | None
CONCAT = "+"


class Mark(NamedTuple):
    """What is known of one origin in one value: kinds still dangerous, how it came here, how sure that is."""

    mask: int
    trace: Trace
    confidence: int


# What `Mark(...)` does, in half the time: marks are what an analysis makes most of.
mark_of: Callable[[tuple[int, Trace, int]], Mark] = partial(tuple.__new__, Mark)

Labels: TypeAlias = dict[Origin, Mark]
WHOLE = Mark(ALL, None, HIGH)  # all of it, as it came


class Value:
    """See the module."""

    __slots__ = ("calls", "const", "labels", "name", "parts", "refs", "types")

    def __init__(
        self,
        labels: Labels | None = None,
        const: tuple[Any, ...] | None = None,
        types: tuple[str, ...] = (),
        name: str = "",
        refs: tuple[Any, ...] = (),
        parts: tuple[Any, ...] | None = None,
        calls: tuple[Any, ...] = (),
    ) -> None:
        self.labels = labels
        self.const = const
        self.types = types
        self.name = name
        self.refs = refs
        self.parts = parts
        self.calls = calls

    def with_labels(self, labels: Labels | None) -> Value:
        """The same value with other labels."""
        return Value(labels, self.const, self.types, self.name, self.refs, self.parts, self.calls)

    def with_types(self, types: tuple[str, ...]) -> Value:
        """The same value seen as other types."""
        return Value(self.labels, self.const, types, self.name, self.refs, self.parts, self.calls)

    def without_const(self) -> Value:
        """The same value, its constant forgotten."""
        if self.const is None:
            return self
        return Value(
            self.labels, None, self.types or _type_names(self.const), self.name, self.refs, None, self.calls
        )


UNKNOWN = Value()
_CONSTANTS: dict[tuple[type, object], Value] = {}


def constant(value: object) -> Value:
    """The value that is this constant."""
    try:
        key = (type(value), value)
        known = _CONSTANTS.get(key)
        if known is None:
            known = Value(const=(value,), types=(type_name(value),))
            if len(_CONSTANTS) < 50_000:
                _CONSTANTS[key] = known
    except TypeError:
        known = Value(const=(value,))
    return known


def type_name(value: object) -> str:
    """The type of a constant, in Python's words for every language."""
    return type(value).__name__


def _type_names(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(type_name(value) for value in values))[:MAX_TYPES]


def join(a: Value, b: Value) -> Value:
    """What holds if the value is `a` or `b`."""
    if a is b:
        return a
    const = _join_constants(a.const, b.const) if a.const is not None and b.const is not None else None
    return Value(
        join_labels(a.labels, b.labels),
        const,
        a.types if a.types == b.types or not b.types else tuple(dict.fromkeys(a.types + b.types))[:MAX_TYPES],
        a.name or b.name,
        a.refs if a.refs == b.refs or not b.refs else tuple(dict.fromkeys(a.refs + b.refs))[:MAX_REFS],
        _join_parts(a, b),
        a.calls if a.calls == b.calls or not b.calls else tuple(dict.fromkeys(a.calls + b.calls))[:MAX_CALLS],
    )


def _join_parts(a: Value, b: Value) -> tuple[Any, ...] | None:
    """Text of one side stays if the other side is clean: only tainted text is asked for its parts."""
    if a.labels is None:
        return b.parts
    if b.labels is None or a.parts == b.parts:
        return a.parts
    if a.parts is None or b.parts is None:
        return None
    # Text that one side went on with: both begin alike.
    shorter, longer = sorted((a.parts, b.parts), key=len)
    return longer if longer[: len(shorter)] == shorter else None


def _join_constants(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...] | None:
    if a == b:
        return a
    merged = {(type(value), value): value for value in (*a, *b)} if _hashable(a + b) else None
    return tuple(merged.values()) if merged and len(merged) <= MAX_CONSTANTS else None


def _hashable(values: tuple[Any, ...]) -> bool:
    return not any(isinstance(value, list | dict | set) for value in values)


def join_labels(a: Labels | None, b: Labels | None) -> Labels | None:
    """All origins of both; for one that both have, the kinds of both and the surer way."""
    if a is b or not b:
        return a
    if not a:
        return b
    merged = None
    for origin, mark in b.items():
        old = a.get(origin)
        if old is None:
            if merged is None:
                merged = dict(a)
            if len(merged) < MAX_ORIGINS:
                merged[origin] = mark
        elif old.mask | mark.mask != old.mask or mark.confidence > old.confidence:
            if merged is None:
                merged = dict(a)
            best = mark if mark.confidence > old.confidence else old
            merged[origin] = mark_of((old.mask | mark.mask, best.trace, best.confidence))
    return a if merged is None else merged


def add_labels(labels: Labels, more: Labels) -> None:
    """As `join_labels`, into the first: for one that nobody else has yet."""
    for origin, mark in more.items():
        old = labels.get(origin)
        if old is None:
            if len(labels) < MAX_ORIGINS:
                labels[origin] = mark
        elif old is not mark and (old.mask | mark.mask != old.mask or mark.confidence > old.confidence):
            best = mark if mark.confidence > old.confidence else old
            labels[origin] = mark_of((old.mask | mark.mask, best.trace, best.confidence))


def cleared(labels: Labels | None, mask: int) -> Labels | None:
    """Labels after the kinds of `mask` were made harmless."""
    if not labels:
        return None
    left = {
        origin: mark if mark.mask & mask == 0 else mark_of((mark.mask & ~mask, mark.trace, mark.confidence))
        for origin, mark in labels.items()
        if mark.mask & ~mask & ALL
    }
    return left or None


def doubted(labels: Labels | None) -> Labels | None:
    """Labels after a call that nothing is known about."""
    if not labels:
        return None
    return {
        origin: mark if mark.confidence <= MEDIUM else mark_of((mark.mask, mark.trace, MEDIUM))
        for origin, mark in labels.items()
    }


def stepped(labels: Labels | None, module: int, span: int, name: str) -> Labels | None:
    """Labels after one more step."""
    if not labels:
        return None
    return {
        origin: mark_of((mark.mask, (mark.trace, module, span, name), mark.confidence))
        for origin, mark in labels.items()
    }


def steps(trace: Trace, limit: int = 40) -> list[tuple[int, int, str]]:
    """The steps of a trace in order, (module, span, name); of long ones the first and last."""
    found: list[tuple[int, int, str]] = []
    todo: list[Trace] = [trace]
    while todo and len(found) < 400:
        node = todo.pop()
        if node is None:
            continue
        if node[0] == CONCAT:
            todo.append(node[1])
            todo.append(node[2])
            continue
        found.append((node[1], node[2], node[3]))
        todo.append(node[0])
    found.reverse()
    if len(found) > limit:
        found = found[: limit // 2] + found[-limit // 2 :]
    return found


def truth(value: Value) -> bool | None:
    """Whether the value is true, if that is known. `...` stands for something that is not known."""
    if value.const is None:
        return None
    results = {bool(const) for const in value.const}
    if len(results) != 1 or ... in value.const:
        return None
    return results.pop()
