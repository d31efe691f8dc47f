"""What is kept of an analysed function: everything in terms of its parameters, so that a call only fills them in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from assay.code.heap import Heap, Shape
from assay.code.model_rows import Row
from assay.code.values import UNKNOWN, Mark, Source, Symbol, Value


class Sink(NamedTuple):
    """A place where data is used dangerously."""

    module: int
    span: int
    kind: str
    row: Row
    name: str  # what was called, as far as known
    argument: int  # span of nothing better than the call: see `span`


class Event(NamedTuple):
    """That data of an origin reaches a sink. `value`: the argument where it is exactly the parameter, to be looked at again by callers."""

    sink: Sink
    origin: Source | Symbol
    mark: Mark
    value: Value | None


class Closure:
    """A function with what it has bound: the receiver, and the names it captured."""

    __slots__ = ("env", "info", "receiver")

    def __init__(self, info: Any, receiver: Value | None = None, env: dict[str, Value] | None = None) -> None:
        self.info = info
        self.receiver = receiver
        self.env = env

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Closure)
            and self.info is other.info
            and self.receiver is other.receiver
            and self.env is other.env
        )

    def __hash__(self) -> int:
        return hash((id(self.info), id(self.receiver), id(self.env)))


class Summary:
    """The result of analysing one function in one context.

    `outer`: variables of other functions that it assigns, or that a callback assigns which it calls, by function and name, each with the
    value and whether that surely happens.
    `effects` are writes into what the parameters refer to; `heap` holds the objects that `result` refers to; `clears` are kinds that a
    normal return proves harmless by parameter, `clears_true`/`clears_false` those that a true or false result proves.
    """

    __slots__ = (
        "clears",
        "clears_false",
        "clears_true",
        "effects",
        "events",
        "exits",
        "gave_up",
        "heap",
        "outer",
        "result",
    )

    def __init__(self) -> None:
        self.result: Value = UNKNOWN
        self.heap: Heap = {}
        self.effects: Heap = {}
        self.events: dict[tuple[Any, ...], Event] = {}
        self.clears: dict[int, int] = {}
        self.clears_true: dict[int, int] = {}
        self.clears_false: dict[int, int] = {}
        self.outer: dict[tuple[Any, str], tuple[Value, bool]] = {}
        self.exits = False
        self.gave_up = ""


def reachable(heap: Heap, values: Iterable[Value], shapes: Iterable[Shape]) -> Heap:
    """The objects that these values and shapes lead to: what is kept of a heap when its function has ended."""
    kept: Heap = {}
    seen: set[int] = set()
    todo = [value for value in values if value.refs or value.calls or value.parts]
    waiting = list(shapes)
    while todo or waiting:
        if todo:
            value = todo.pop()
            for ref in value.refs:
                if ref not in kept:
                    shape = heap.get(ref)
                    if shape is not None:
                        kept[ref] = shape
                        waiting.append(shape)
            todo.extend(part for part in value.parts or () if not isinstance(part, str))
            for call in value.calls:
                if isinstance(call, Closure) and id(call) not in seen:
                    seen.add(id(call))
                    todo.extend(call.env.values() if call.env else ())
                    todo.extend((call.receiver,) if call.receiver is not None else ())
        else:
            shape = waiting.pop()
            todo.extend(v for v in shape.fields.values() if v.refs or v.calls or v.parts)
            if shape.rest is not None:
                todo.append(shape.rest)
    return kept
