"""The analysis of a project: module bodies, then every function once per context, from which the findings fall out.

Built on what the interpreter asks for: names and fields (`reading`), calls (`calling`). The order of work is here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assay.code.definitions import Definitions
from assay.code.demand import hands_out
from assay.code.frame import Frame, TooMuchWorkError
from assay.code.heap import ANY, Shape, join_heaps
from assay.code.kinds import ALL
from assay.code.summary import Closure, Event, Summary, reachable
from assay.code.uncalled import suspect_parameters
from assay.code.values import UNKNOWN, WHOLE, Labels, Source, Symbol, Value, join, steps
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo

MAX_EVENTS = 48
_MAX_STACK = 60


class Analysis(Definitions):
    """One analysis of one project."""

    def run(self) -> None:
        """Everything. A second round follows if data came to rest in class fields or globals."""
        with _deep_recursion():
            for number in range(2):
                self.stale.clear()
                self.touched.clear()
                for info in self.world.modules:
                    self.module_body(info)
                self._enter_all()
                self._work()
                if number:
                    break
                self._see_touched()
                if not self.stale:
                    break
                self._forget()

    def suspect(self) -> None:
        """After `run`: what functions that nobody calls would do with anything (see `uncalled`)."""
        with _deep_recursion():
            suspect_parameters(self)

    def _forget(self) -> None:
        """Drop what has to be analysed again: what is stale, and whoever called that."""
        dirty = set(self.stale)
        todo = list(dirty)
        while todo:
            for caller in self.callers.get(todo.pop(), ()):
                if caller not in dirty:
                    dirty.add(caller)
                    todo.append(caller)
        for key in [key for key in self.summaries if key[0] in dirty]:
            del self.summaries[key]
        self.entered -= dirty
        for function in dirty:
            self.contexts.pop(function, None)
            if function.function.kind in ("module", "class"):
                function.module.state = "again"
        # In the order of the files: what is analysed first must not depend on where objects lie in memory.
        self.demand.queue = sorted(
            (f for f in dirty if f.function.kind not in ("class", "module") and f in self.demand.seen),
            key=lambda f: (f.module.number, f.function.index),
            reverse=True,
        )

    def _see_touched(self) -> None:
        """Source data came to rest in objects that live as long as the program: who mentions a name of one may read it."""
        if not self.touched:
            return
        holding: set[Any] = set(self.touched)
        for _ in range(3):  # an object in an object, as deep as reading follows
            holding |= {ref for ref, shape in self.shared.items() if _holds(shape, holding)}
        names = {
            name
            for info in self.world.modules
            for table in (info.globals, *(cls.attributes for cls in info.classes))
            for name, value in table.items()
            if not holding.isdisjoint(value.refs)
        }
        names |= {key for (_, key), value in self.class_fields.items() if not holding.isdisjoint(value.refs)}
        for name in names:
            for alias in (name, *self.demand.aliases.get(name, ())):
                self.stale.update(self.demand.mentions.get(alias, ()))

    def _work(self) -> None:
        """Analyse what is asked for, until nobody asks for more."""
        demand = self.demand
        while demand.queue:
            function = demand.queue.pop()
            summary = self.summary_of(function, ())
            if summary is None:
                continue
            if _hands_out(summary):
                demand.learned(function)
            if not demand.queue:
                self._enter_all()

    # Bodies and functions

    def module_body(self, info: ModuleInfo) -> None:
        """Run a module's body once (again in a second round)."""
        if info.state in ("running", "done") or not info.functions:
            return
        info.state = "running"
        summary = self._execute(info.functions[0], ())
        info.state = "done"
        self.summaries[info.functions[0], ()] = summary

    def finish_body(self, f: Frame) -> None:
        """Keep the variables of a module's body as its globals."""
        self.shared.update(f.heap)
        names = f.info.function.variables
        early = {one for one in self.early if one.module is f.module}
        self.early -= early
        # Called before the globals that they read were known.
        self.stale |= {one for one in early if not one.function.names.isdisjoint(names)}
        for name, value in zip(names, f.variables, strict=False):
            old = f.module.globals.get(name)
            f.module.globals[name] = (
                value if old is None or old is UNKNOWN else join(value, old) if old.labels else value
            )
            if value.labels and hands_out(value.labels):
                self.stale |= self.demand.ask_near(name, f.info)

    def summary_of(self, info: FunctionInfo, context: tuple[Any, ...]) -> Summary | None:
        """The summary of a function in a context; None while it is being made for the first time or the stack is too deep."""
        key = (info, context)
        known = self.summaries.get(key)
        if self.active:
            self.callers.setdefault(info, set()).add(self.active[-1])
        if known is not None:
            return known
        if key in self.running:
            self.recursive.add(key)
            return None
        if self.stack > _MAX_STACK:
            self.note(
                info.module.number,
                f"calls nest deeper than {_MAX_STACK}: {info.function.qualname} was not followed from there",
            )
            return None
        if info.module.state == "new":
            self.module_body(info.module)
            known = self.summaries.get(key)
            if known is not None:
                return known
        if info.owner is not None and info.owner not in self.prepared:
            self._prepare(info.owner)
        if info.module.state == "running" and info.module.language in ("javascript", "typescript"):
            self.early.add(info)
        self.running[key] = Summary()
        summary = self._execute(info, context)
        del self.running[key]
        if key in self.recursive:
            self.recursive.discard(key)
            self.summaries[key] = summary
            summary = self._execute(info, context)
        self.summaries[key] = summary
        return summary

    def _prepare(self, owner: ClassInfo) -> None:
        """Constructors go before other methods: they tell the types of fields."""
        self.prepared.add(owner)
        for cls in owner.lineage:
            for name in ("__init__", "constructor", "<init>", cls.name):
                for constructor in cls.methods.get(name, ()):
                    self.summary_of(constructor, ())

    def _execute(self, info: FunctionInfo, context: tuple[Any, ...]) -> Summary:
        f = Frame(self, info)
        f.env = {entry[0]: entry[1] for entry in context if isinstance(entry[0], str)}
        self._parameters(f, context)
        self.stack += 1
        self.active.append(info)
        alive = True
        try:
            alive = f.run(info.function.body)
        except TooMuchWorkError:
            f.summary.gave_up = "too much work"
            self.note(
                info.module.number, f"{info.function.qualname} is too large: only its beginning was analysed"
            )
        except RecursionError:
            f.summary.gave_up = "too deep"
            self.note(
                info.module.number,
                f"{info.function.qualname} is nested too deeply: it was not analysed to its end",
            )
        finally:
            self.stack -= 1
            self.active.pop()
        if info.function.kind == "module":
            self.finish_body(f)
        f.sites.clear()  # each of them holds the frame: a cycle that nothing frees while the collector is off
        return self._summarise(f, alive)

    def frame(self, info: FunctionInfo) -> Frame:
        """A fresh frame."""
        return Frame(self, info)

    def note(self, module: int, text: str) -> None:
        """Something that was not looked at."""
        notes = self.notes.setdefault(module, [])
        if text not in notes:
            notes.append(text)

    def _parameters(self, f: Frame, context: tuple[Any, ...]) -> None:
        known = {entry[0]: entry[1] for entry in context if not isinstance(entry[0], str)}
        owner = f.info.owner
        for index, parameter in enumerate(f.info.function.parameters):
            types, safe = self.parameter_types(f, parameter)
            if parameter.kind == "r" and owner is not None:
                types = (owner.qualname,)
            symbol = self.symbol(index)
            labels: Labels | None = None if safe else {symbol: WHOLE}
            value = Value(labels, types=types, refs=() if safe else (symbol,))
            given = known.get(index)
            if given is not None:
                value = Value(labels, given[0], given[1] or types, given[2], value.refs, None, given[3])
            f.variables[parameter.register] = value

    def _summarise(self, f: Frame, alive: bool) -> Summary:
        summary = f.summary
        states = [(variables, heap) for _, variables, heap in f.returns]
        if alive:
            states.append((f.variables, f.heap))
        results = [value for value, _, _ in f.returns]
        if alive and f.returns and f.info.function.kind != "lambda":
            results.append(_NONE)
        if not states:
            summary.exits = not f.info.function.is_generator
            states.append((f.variables, f.heap))
        heap = states[0][1]
        for _, other in states[1:]:
            heap = join_heaps(heap, other)
        f.heap = heap
        result = results[0] if results else UNKNOWN
        for value in results[1:]:
            result = join(result, value)
        if f.yielded is not None:
            result = f.new_object(("generator",), Shape({}, f.yielded, -1))
        summary.result = result
        summary.effects = {ref: shape for ref, shape in f.heap.items() if isinstance(ref, Symbol)}
        if f.language == "java" and f.info.function.kind not in ("module", "class"):
            self._global_effects(f, summary)
        kept = [result, *(value for value, _ in summary.outer.values())]
        summary.heap = reachable(f.heap, kept, summary.effects.values())
        self._proofs(f, [variables for variables, _ in states] if not summary.exits else [])
        self._keep_class_fields(f, summary)
        return summary

    def _global_effects(self, f: Frame, summary: Summary) -> None:
        """What a function puts into an object of a static field: source data is there for all, a parameter's for its callers."""
        for ref, shape in f.heap.items():
            if ref not in f.shared or shape is f.shared[ref]:
                continue
            put = {key: value for key, value in shape.fields.items() if value.labels}
            rest = shape.rest if shape.rest is not None and shape.rest.labels else None
            if put or rest is not None:
                summary.effects[ref] = Shape(put, rest, -1)
            for key, value in (*put.items(), *(((ANY, rest),) if rest is not None else ())):
                if any(isinstance(origin, Source) for origin in value.labels or ()):
                    self.keep_shared(ref, key, value)

    def _proofs(self, f: Frame, finals: list[list[Value]]) -> None:
        """Kinds that every normal return has cleared from a parameter (which was not assigned anew)."""
        for index, parameter in enumerate(f.info.function.parameters):
            symbol = self.symbol(index)
            mask = ALL
            for variables in finals:
                value = variables[parameter.register]
                left = value.labels.get(symbol) if value.labels else None
                if left is None and value.refs != (symbol,) and value.const is None:
                    mask = 0
                    break
                mask &= ~left.mask if left is not None else ALL
            if finals and mask:
                f.summary.clears[index] = mask & ALL

    def _keep_class_fields(self, f: Frame, summary: Summary) -> None:
        """Data of sources that a method leaves in the fields of its object is there for the other methods."""
        owner = f.info.owner
        if owner is None:
            return
        shape = summary.effects.get(self.symbol(0))
        if shape is None:
            return
        for key, value in shape.fields.items():
            if isinstance(key, str):
                self.keep_field(owner, key, value)

    def keep_field(self, owner: ClassInfo, key: str, value: Value) -> None:
        """Remember source data that some object of a class has in a field, and types and functions held there."""
        labels: Labels | None = {
            o: m for o, m in (value.labels or {}).items() if isinstance(o, Source) and o.kind != "exception"
        } or None
        if labels is None and not value.calls and not value.types:
            return
        kept = Value(labels, types=value.types, name=value.name, calls=value.calls)
        old = self.class_fields.get((owner.qualname, key))
        new = kept if old is None else join(old, kept)
        if (new.labels or {}).keys() != ((old.labels if old else None) or {}).keys():
            self.ask_field(owner, key)
        self.class_fields[owner.qualname, key] = new

    def ask_field(self, owner: ClassInfo, key: str) -> None:
        """Source data is in this field: those that read it matter."""
        body = owner.module.functions[owner.made.body]
        self.stale |= self.demand.ask_near(key, next((m for ms in owner.methods.values() for m in ms), body))

    # Entry points

    def _enter_all(self) -> None:
        from assay.code.entry import entry_arguments, sets_a_field

        for info in self.world.modules:
            body = info.functions[0] if info.functions else None
            if body is None:
                continue
            f = Frame(self, body)
            for function in info.functions[1:]:
                if function in self.entered:
                    continue
                args = entry_arguments(self, f, function)
                if args is not None:
                    self.entered.add(function)
                    self.demand.add(function)
                    if function.owner is not None and sets_a_field(self, f, function):
                        args[0] = f.new_object((function.owner.qualname,))
                    closure = self.closures.get(function) or Closure(function)
                    self.call_function(f, Closure(function, None, closure.env), args, function.function.span)
                    self._keep_set(f, function.owner, args)
                elif function.owner is not None:
                    self._enter_method(f, function)

    def _keep_set(self, f: Frame, owner: ClassInfo | None, args: list[Value]) -> None:
        """What a framework put into an object by its setters is there for the object's methods."""
        if owner is None or not args or not args[0].refs:
            return
        for key, value in f.heap[args[0].refs[0]].fields.items():
            if isinstance(key, str):
                self.keep_field(owner, key, value)

    def _enter_method(self, f: Frame, function: FunctionInfo) -> None:
        """A method nobody is seen to call still meets what other methods left in its object."""
        summary = self.summaries.get((function, ()))
        if summary is None or not summary.events or function.owner is None or not function.owner.foreign:
            return
        if any(
            isinstance(event.origin, Symbol) and event.origin.root == 0 for event in summary.events.values()
        ):
            receiver = Value(types=(function.owner.qualname,))
            count = len(function.function.parameters) - 1
            self.call_function(f, Closure(function), [receiver, *[UNKNOWN] * count], function.function.span)

    # Reports

    def report(self, f: Frame, event: Event) -> None:
        """An event: a finding if its origin is concrete, else a part of the summary."""
        if isinstance(event.origin, Symbol):
            events = f.summary.events
            key = (event.sink.module, event.sink.span, event.sink.kind, event.origin)
            old = events.get(key)
            if old is None:
                if len(events) < MAX_EVENTS:
                    events[key] = event
            elif event.mark.confidence > old.mark.confidence:
                events[key] = event
            return
        place = (event.sink.module, event.sink.span, event.sink.kind)
        best = self.findings.get(place)
        if best is None or _better(event, best):
            self.findings[place] = event

    # Hooks for rules on structure

    def on_call(self, f: Frame, site: Any) -> None:
        """Tell the rules of a call."""
        for hook in self.on_calls:
            hook(f, site)

    def on_return(self, f: Frame, i: Any, value: Value) -> None:
        """Tell the rules of a return; note what a true or false result proves."""
        from assay.code.answers import answer

        self.return_proof(f, i, value)
        answer(self, f, i[1], value)
        for hook in self.on_returns:
            hook(f, i, value)


def _hands_out(summary: Summary) -> bool:
    if hands_out(summary.result.labels or ()):
        return True
    shapes = [*summary.heap.values(), *summary.effects.values()]
    return any(
        hands_out(v.labels or ()) for shape in shapes for v in (*shape.fields.values(), shape.rest or UNKNOWN)
    )


def _holds(shape: Shape, refs: set[Any]) -> bool:
    values = (*shape.fields.values(), shape.rest) if shape.rest is not None else shape.fields.values()
    return any(not refs.isdisjoint(value.refs) for value in values)


def _better(a: Event, b: Event) -> bool:
    if a.mark.confidence != b.mark.confidence:
        return a.mark.confidence > b.mark.confidence
    assert isinstance(a.origin, Source)
    assert isinstance(b.origin, Source)
    if (a.origin.kind == "exception") != (b.origin.kind == "exception"):
        return b.origin.kind == "exception"
    for kind in ("upload", "remote"):  # what says more first
        if (a.origin.kind == kind) != (b.origin.kind == kind):
            return a.origin.kind == kind
    return len(steps(a.mark.trace)) < len(steps(b.mark.trace))


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """The interpreter nests with the calls and blocks of the target, both bounded, beyond Python's default limit."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 12_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


_NONE = Value(const=(None,), types=("NoneType",))
