"""Using a summary at a call: symbols become what the caller passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.heap import ANY, EMPTY, Shape, store
from assay.code.kinds import BIT
from assay.code.sinks import dangerous, whole
from assay.code.summary import Closure, Event, Summary
from assay.code.values import (
    CONCAT,
    UNKNOWN,
    WHOLE,
    Labels,
    Mark,
    Source,
    Symbol,
    Value,
    add_labels,
    join,
    join_labels,
    mark_of,
)

if TYPE_CHECKING:
    from assay.code.frame import Frame
    from assay.code.world import FunctionInfo

_MAX_EVENTS = 200
_MAX_DEPTH = 3


class Instance:
    """One use of one summary."""

    __slots__ = ("args", "closure", "deep", "f", "known", "refs", "span", "summary", "symbols")

    def __init__(self, f: Frame, summary: Summary, args: list[Value], closure: Closure, span: int) -> None:
        self.f = f
        self.summary = summary
        self.args = args
        self.closure = closure
        self.span = span
        self.symbols: dict[Symbol, Value] = {}
        self.deep: dict[Symbol, Labels | None] = {}
        self.known: dict[int, Labels | None] = {}
        self.refs: dict[Any, Any] = {}

    def apply(self) -> Value:
        """Effects and events of the call, and its result."""
        summary = self.summary
        if summary.effects:
            for ref, shape in summary.effects.items():
                self._effect(ref, shape)
        for event in summary.events.values():
            self._event(event)
        for (owner, name), (value, sure) in summary.outer.items():
            self._assign(owner, name, self.value(value, 0), sure)
        return self.value(summary.result, 0)

    def _effect(self, ref: Any, shape: Shape) -> None:
        target = self.symbol(ref) if isinstance(ref, Symbol) else Value(refs=(ref,))
        f = self.f
        if not target.refs:
            return
        for key, value in shape.fields.items():
            f.analysis.store_field(f, target, key, self.value(value, 1))
        if shape.rest is not None:
            store(f.heap, f.shared, target, ANY, self.value(shape.rest, 1))

    def _assign(self, owner: FunctionInfo, name: str, value: Value, sure: bool) -> None:
        """A variable of `owner` was assigned: that is the caller, or else a function that the caller is in or has the callback from."""
        f = self.f
        if f.info.function.kind == "module":
            return
        slot = f.info.slot(name)
        if f.info is owner and slot is not None:
            f.variables[slot] = value if sure and not f.loops else join(f.variables[slot], value)
            return
        sure = sure and not f.loops and self._is_unconditional()
        known = f.summary.outer.get((owner, name))
        if known is not None:
            value, sure = join(known[0], value), known[1] or sure
        f.summary.outer[owner, name] = (value, sure)

    def _is_unconditional(self) -> bool:
        """Whether the call is no part of a branch."""
        calls = (ir.CALL, ir.METHOD)
        return any(i[0] in calls and i[1] == self.span for i in self.f.info.function.body)

    def symbol(self, symbol: Symbol) -> Value:
        """What a symbol stands for here."""
        known = self.symbols.get(symbol)
        if known is None:
            known = self.symbols[symbol] = self._resolve(symbol)
        return known

    def _resolve(self, symbol: Symbol) -> Value:
        f = self.f
        if isinstance(symbol.root, str):
            value = f.analysis.captured(f, self.closure, symbol.root)
        elif symbol.root < len(self.args):
            value = self.args[symbol.root]
        else:
            return UNKNOWN
        for key in symbol.path:
            got = f.analysis.load_path(f, value, key)
            value = UNKNOWN if got is None else got
        return value

    def labels(self, labels: Labels | None) -> Labels | None:
        """Labels in the caller's terms."""
        if not labels:
            return None
        key = id(labels)  # the summary keeps them alive
        if key not in self.known:
            self.known[key] = self._translated(labels)
        return self.known[key]

    def _translated(self, labels: Labels) -> Labels | None:
        made: Labels = {}
        deep = self.deep
        for origin, mark in labels.items():
            if isinstance(origin, Source):
                add_labels(made, {origin: mark})
                continue
            if origin in deep:
                actual = deep[origin]
            else:
                actual = deep[origin] = self.f.deep(self.symbol(origin))
            through = actual if mark is WHOLE or not actual else self._through(actual, mark)
            if through:
                add_labels(made, through)
        return made or None

    def _through(self, actual: Labels, mark: Mark) -> Labels | None:
        found: Labels = {}
        kinds, inner, most = mark
        for origin, (mask, trace, confidence) in actual.items():
            mask &= kinds
            if mask:
                found[origin] = mark_of(
                    (
                        mask,
                        trace if inner is None else (CONCAT, trace, inner),
                        min(most, confidence),
                    )
                )
        return found or None

    def value(self, value: Value, depth: int) -> Value:
        """A value in the caller's terms."""
        if value.labels is None and not value.refs and not value.calls and value.parts is None:
            return value
        if len(value.refs) == 1 and isinstance(value.refs[0], Symbol) and value.parts is None:
            return self._identity(value)
        refs: list[Any] = []
        for ref in value.refs:
            if isinstance(ref, Symbol):
                actual = self.symbol(ref)
                refs.extend(actual.refs)
            else:
                refs.append(self._object(ref, depth))
        calls = value.calls
        if calls:
            calls = tuple(self._closure(call, depth) for call in calls)
        return Value(
            self.labels(value.labels),
            value.const,
            value.types,
            value.name,
            tuple(refs) if len(refs) < 2 else tuple(dict.fromkeys(refs))[:4],
            self._parts(value.parts, depth) if value.parts is not None else None,
            calls,
        )

    def _identity(self, value: Value) -> Value:
        """The parameter itself comes back, perhaps with kinds cleared."""
        actual = self.symbol(value.refs[0])
        types = value.types if not actual.types else actual.types
        own = value.labels.get(value.refs[0]) if value.labels and actual.refs else None
        if own is None or value.labels is None:
            labels = self.labels(value.labels)
        else:  # what is in the object stays in it: only what the object itself carries
            others = {origin: mark for origin, mark in value.labels.items() if origin != value.refs[0]}
            through = self._through(actual.labels, own) if actual.labels else None
            labels = join_labels(self._translated(others), through)
        return Value(
            labels, actual.const, types, actual.name, actual.refs, actual.parts, actual.calls or value.calls
        )

    def _parts(self, parts: tuple[Any, ...] | None, depth: int) -> tuple[Any, ...] | None:
        if parts is None or depth > 2:
            return None
        result: list[Any] = []
        for part in parts:
            if isinstance(part, str):
                result.append(part)
                continue
            one = self.value(part, depth + 1)
            if one.const is not None and len(one.const) == 1 and isinstance(one.const[0], str):
                result.append(one.const[0])
            elif one.parts is not None and len(one.parts) + len(result) < 32:
                result.extend(one.parts)
            else:
                result.append(one)
        return tuple(result)

    def _closure(self, call: Any, depth: int) -> Any:
        if not isinstance(call, Closure) or depth > _MAX_DEPTH:
            return call
        env = {name: self.value(v, depth + 1) for name, v in call.env.items()} if call.env else call.env
        receiver = self.value(call.receiver, depth + 1) if call.receiver is not None else None
        return Closure(call.info, receiver, env)

    def _object(self, ref: Any, depth: int) -> Any:
        known = self.refs.get(ref)
        if known is not None:
            return known
        if ref in self.f.shared:
            return ref
        made = self.refs[ref] = self.f.analysis.new_ref()
        shape = self.summary.heap.get(ref)
        if shape is None or depth > _MAX_DEPTH:
            self.f.heap[made] = EMPTY
            return made
        fields = {key: self.value(v, depth + 1) for key, v in shape.fields.items()}
        rest = self.value(shape.rest, depth + 1) if shape.rest is not None else None
        self.f.heap[made] = Shape(fields, rest, shape.size)
        return made

    def _event(self, event: Event) -> None:
        f = self.f
        assert isinstance(event.origin, Symbol)
        actual = self.symbol(event.origin)
        sink = event.sink
        bit = (
            sink.row.sink_bit or BIT[sink.kind]
        )  # what an entry point returns is a sink by its row's `result`
        if event.value is not None:
            labels = dangerous(f, sink.kind, bit, sink.row.raw.context, actual)
        else:
            labels = f.deep(actual)
        if not labels:
            return
        for origin, outer in labels.items():
            mask = outer.mask & event.mark.mask
            if not mask & bit:
                continue
            step = (outer.trace, f.number, self.span, f"{self.closure.info.name}()")
            mark = Mark(mask, (CONCAT, step, event.mark.trace), min(outer.confidence, event.mark.confidence))
            exact = actual if event.value is not None and whole(actual, origin) else None
            f.analysis.report(f, Event(sink, origin, mark, exact))
