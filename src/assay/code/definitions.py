"""Definitions that calls need (functions, classes, objects), entry points, and sinks that are no calls."""

from __future__ import annotations

from typing import Any

from assay.code import ir
from assay.code.calling import Calling
from assay.code.calls import Site
from assay.code.frame import Frame
from assay.code.heap import EMPTY, Shape
from assay.code.kinds import ALL
from assay.code.model_rows import Row
from assay.code.sinks import dangerous, whole
from assay.code.special_methods import is_enumeration, run_special
from assay.code.summary import Closure, Event, Sink
from assay.code.values import HIGH, UNKNOWN, Labels, Mark, Source, Value, doubted, join
from assay.code.world import ClassInfo, FunctionInfo


class Definitions(Calling):
    """The part of an analysis that defines."""

    # Definitions

    def define_function(self, f: Frame, i: ir.Instruction) -> Value:
        """A FUNC instruction: the closure, its defaults, its decorators."""
        _, span, _, index, decorators, parameter_decorators, defaults = i
        info = f.module.functions[index]
        if defaults:
            self.defaults[info] = {position: f.get(register) for position, register in defaults}
        env = self._environment(f, info)
        closure = Closure(info, None, env)
        if env is None:
            closure = self.closures.setdefault(info, closure)
        else:
            self.closures[info] = closure
        plain = Value(name=info.qualname, calls=(closure,))
        names: list[str] = []
        result = plain
        for register in reversed(decorators):
            decorator = f.get(register)
            site = f.sites.get(register)
            names.extend(site.names if site is not None else ([decorator.name] if decorator.name else []))
            self.decorated(f, info, site, decorator)
            if decorator.calls and not (site is None and isinstance(decorator.calls[0], ClassInfo)):
                made = self._decorate(f, decorator, result, span)
                if made.calls:
                    result = Value(name=plain.name, calls=made.calls)
        self.decorators[info] = names
        self._annotated(f, info, decorators)
        for position, register in parameter_decorators:
            site = f.sites.get(register)
            if site is not None:
                self.parameter_notes.setdefault(info, {}).setdefault(position, []).extend(site.names)
        for hook in self.on_decorated:
            hook(f, i, info, names)
        return result

    def _annotated(self, f: Frame, what: FunctionInfo | ClassInfo, registers: tuple[int, ...]) -> None:
        if f.language == "java":
            self.annotations[what] = [f.sites[register] for register in registers if register in f.sites]

    def _decorate(self, f: Frame, decorator: Value, function: Value, span: int) -> Value:
        result: Value | None = None
        for call in decorator.calls:
            if isinstance(call, Closure):
                one = self.call_function(f, call, [function], span)
                result = one if result is None else join(result, one)
        return result or UNKNOWN

    def _environment(self, f: Frame, info: FunctionInfo) -> dict[str, Value] | None:
        """The variables that an inner function may read, as they are now."""
        if f.info.function.kind == "module":
            return None
        env: dict[str, Value] = {}
        own = info.slot
        for name in self.mentioned(info):
            if own(name) is not None:
                continue
            slot = f.info.slot(name)
            if slot is not None and f.info.function.kind != "class":
                env[name] = f.variables[slot]
            else:
                outer = self._captured_name(f, name)
                if outer is not None:
                    env[name] = outer
        return env or None

    def mentioned(self, info: FunctionInfo) -> set[str]:
        """Outer names of a function and of the functions in it."""
        known = self._mentioned.get(info)
        if known is None:
            known = set(info.function.names)
            for other in info.module.functions[info.function.index + 1 :]:
                parent = other.function.parent
                while parent > info.function.index:
                    parent = info.module.functions[parent].function.parent
                if parent == info.function.index:
                    known |= other.function.names
            self._mentioned[info] = known
        return known

    def define_class(self, f: Frame, i: ir.Instruction) -> Value:
        """A CLASS instruction: runs the body; its variables are the class's attributes."""
        _, _, _, index, bases, decorators, keywords = i
        cls = f.module.classes[index]
        self._annotated(f, cls, decorators)
        body = f.module.functions[cls.made.body]
        inner = self.frame(body)
        inner.heap = f.heap
        inner.run(body.function.body)
        inner.sites.clear()
        f.heap = inner.heap
        for name, value in zip(body.function.variables, inner.variables, strict=False):
            if value is not UNKNOWN and name not in cls.methods:
                old = cls.attributes.get(name)  # in a second round: what methods wrote
                cls.attributes[name] = join(value, old) if old is not None and old.labels else value
            elif value.calls and name in cls.methods and not isinstance(value.calls[0], ClassInfo):
                found = [c.info for c in value.calls if isinstance(c, Closure)]
                if len(found) == 1 and found[0] not in cls.methods[name] and len(cls.methods[name]) == 1:
                    cls.attributes[name] = value
        for event in inner.summary.events.values():
            self.report(f, event)
        for hook in self.on_classes:
            hook(f, i, cls, [f.get(r) for r in bases], [(n, f.get(r)) for n, r in keywords])
        return Value(name=cls.qualname, calls=(cls,))

    def construct(self, f: Frame, site: Site, cls: ClassInfo) -> Value:
        """A new object of a project class."""
        if is_enumeration(cls):
            return Value(types=(cls.qualname,))
        made = f.new_object((cls.qualname,))
        constructors = (
            cls.method("__init__")
            or cls.method("constructor")
            or cls.method(cls.name)
            or cls.method("<init>")
        )
        if constructors:
            fitting = [
                c for c in constructors if len(c.function.parameters) - 1 == len(site.args)
            ] or constructors
            for constructor in fitting[:2]:
                self.call_closure(f, site, Closure(constructor, made))
        else:
            self._fill_fields(f, site, cls, made)
            run_special(f, made, ("__post_init__",), [], site.span)
            if cls.foreign and not cls.fields:
                made = made.with_labels(doubted(site.labels()))
        for field_ref in made.refs:
            shape = f.heap.get(field_ref)
            for key, value in (shape.fields if shape is not None else {}).items():
                if isinstance(key, str):
                    self.keep_field(cls, key, value)
        return made

    def _fill_fields(self, f: Frame, site: Site, cls: ClassInfo, made: Value) -> None:
        """Classes that declare their fields (dataclasses, models, records) take them in order or by name."""
        names = [name for one in reversed(cls.lineage) for name in one.fields]
        fields: dict[Any, Value] = dict(zip(names, site.args, strict=False)) | site.keywords
        for name, value in list(fields.items()):
            declared = next((one.fields[name] for one in cls.lineage if name in one.fields), "")
            if declared and self.types_of(cls.module, declared)[1]:
                fields[name] = Value(types=value.types, const=value.const)
        f.heap[made.refs[0]] = Shape(fields) if fields else EMPTY

    def super_value(self, f: Frame) -> Value:
        """`super()`: the receiver, seen as its bases."""
        parameters = f.info.function.parameters
        owner = f.info.owner
        if owner is None or not parameters:
            return UNKNOWN
        receiver = f.variables[parameters[0].register]
        bases = [cls.qualname for cls in owner.lineage[1:2]] or owner.foreign
        return Value(receiver.labels, types=tuple(bases[:4]), name="super()", refs=receiver.refs)

    def type_test(self, f: Frame, site: Site) -> Value:
        """`isinstance(x, int)`: true proves x harmless if the types are."""
        if len(site.args) > 1 and site.dst is not None:
            wanted = site.args[1]
            names = [wanted.name] if wanted.name else []
            for ref in wanted.refs:
                shape = f.heap.get(ref)
                names.extend(v.name for v in (shape.fields.values() if shape else ()))
            if names and all(
                name in ("int", "float", "bool", "complex", "datetime.datetime", "uuid.UUID")
                for name in names
            ):
                f.calls["true", site.dst] = [(site.registers[0], ALL)]
        return UNKNOWN

    # Entry points and callbacks

    def register_entries(self, f: Frame, site: Site, row: Row) -> None:
        """A call that hands functions to a framework: their parameters come from outside."""
        for value in site.everything():
            for call in value.calls:
                if isinstance(call, Closure):
                    self.entries.setdefault(call.info, []).append((row, site))
                elif isinstance(call, ClassInfo):
                    for name in row.raw.entry.get("methods", ()):
                        for method in call.method(name):
                            self.entries.setdefault(method, []).append((row, site))
        if site.dst is not None:
            f.calls["entry", site.dst] = row

    def decorated(self, f: Frame, info: FunctionInfo, site: Site | None, decorator: Value) -> None:
        """A decorator that makes its function an entry point."""
        models = self._models[f.language]
        names = site.names if site is not None else ([decorator.name] if decorator.name else [])
        for name in names:
            for row in models.by_name.get(name, ()):
                if row.raw.entry:
                    self.entries.setdefault(info, []).append((row, site))
        if site is not None and info not in self.entries and site.member:
            word = self.word_of(f, site.receiver_register).lower()
            for row in models.by_member.get(site.member, ()):
                if row.raw.entry and (not row.raw.hint or any(h in word for h in row.raw.hint)):
                    self.entries.setdefault(info, []).append((row, site))

    def callback_arguments(self, f: Frame, site: Site, closure: Closure, row: Row) -> list[Value]:
        """Values for the parameters of a callback, as the model's types and source say."""
        raw = row.raw.callback
        types = raw.get("types", [])
        source = raw.get("source", "")
        count = len(closure.info.function.parameters) - (closure.receiver is not None)
        args = []
        for index in range(max(count, 0)):
            kind = types[index] if index < len(types) else ""
            labels: Labels | None = None
            if source and source != "none":
                origin = Source(source, f.number, site.span, site.member or "callback")
                labels = {origin: Mark(ALL, (None, f.number, site.span, origin.what), HIGH)}
            args.append(Value(labels, types=(kind,) if kind else ()))
        return args

    # Sinks that are not calls

    def field_sink(self, f: Frame, obj: Value, name: str, value: Value, span: int) -> None:
        """`element.innerHTML = value`."""
        if not value.labels and not value.refs:
            return
        models = self._models[f.language]
        if name not in models.members:
            return
        rows = [row for t in obj.types for row in models.by_name.get(f"{t}.{name}", ())]
        if obj.name:
            rows.extend(models.by_name.get(f"{obj.name}.{name}", ()))
        certainty = HIGH
        if not rows:
            rows = [row for row in models.by_member.get(name, ()) if not row.raw.hint]
            certainty = 1
        self._field_rows(f, rows, name, value, span, certainty)

    def _field_rows(
        self, f: Frame, rows: list[Row], name: str, value: Value, span: int, certainty: int
    ) -> None:
        for row in rows:
            if row.raw.sink and "value" in row.raw.args:
                labels = dangerous(f, row.raw.sink, row.sink_bit, row.raw.context, value)
                sink = Sink(f.number, span, row.raw.sink, row, name, span)
                for origin, mark in (labels or {}).items():
                    known = Mark(mark.mask, mark.trace, min(mark.confidence, certainty))
                    self.report(f, Event(sink, origin, known, value if whole(value, origin) else None))

    def item_sink(self, f: Frame, rows: list[Row], obj: Value, value: Value, span: int) -> None:
        """`response.headers["X"] = value`."""
        self._field_rows(f, rows, self.shown_type(obj), value, span, HIGH)

    def shown_type(self, obj: Value) -> str:
        """A value's type for a message."""
        return obj.types[0] if obj.types else obj.name
