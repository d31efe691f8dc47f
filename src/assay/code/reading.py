"""What fields and elements mean and what is written to them: objects, classes, models; and what conditions ask of values."""

from __future__ import annotations

from typing import Any

from assay.code import ir
from assay.code.access import sole_source
from assay.code.frame import Frame
from assay.code.heap import ANY, EMPTY, elements, key_of, load, store
from assay.code.kinds import ALL, BIT
from assay.code.scoping import Scoping
from assay.code.special_methods import is_enumeration, iterated, member_value, run_setter, run_special
from assay.code.summary import Closure
from assay.code.values import HIGH, UNKNOWN, Labels, Mark, Source, Symbol, Value, constant, join
from assay.code.world import ClassInfo, FunctionInfo

_PROPERTIES = frozenset(("property", "functools.cached_property", "django.utils.functional.cached_property"))


class Reading(Scoping):
    """The part of an analysis that reads and writes objects."""

    # Names and fields

    def read_name(self, f: Frame, name: str, span: int) -> Value:
        """A name that is not local."""
        value = self._captured_name(f, name)
        if value is None:
            value = self.global_name(f.module, name)
        if value.name:
            return self._model_value(f, value, value.name, span) or value
        return value

    def read_field(self, f: Frame, obj: Value, name: str, span: int) -> Value:
        """`obj.name`."""
        if obj is UNKNOWN:
            return UNKNOWN
        if obj.name:
            if obj.name.startswith("module:"):
                whole = self.whole_export(obj, name)
                if whole is not None:
                    return self.read_field(f, whole, name, span)
                return self.module_member(self.world.modules[int(obj.name[7:])], name, 0)
            full = f"{obj.name}.{name}"
            cls = self._class_member(obj, name)
            if cls is not None:
                return cls
            loaded = load(f.heap, f.shared, obj, name) if obj.refs or obj.labels else None
            found = self._model_value(f, obj, full, span)
            if found is not None:
                return found
            project = self.world.by_key.get((_family(f.language), full))
            if project and not obj.types:
                return self.value_of(project[0])
            if loaded is not None:
                return loaded
            if obj.types == ():
                return Value(name=full)
        value = load(f.heap, f.shared, obj, name)
        for kind in obj.types:
            typed = self._typed_field(f, obj, kind, name, span)
            if typed is not None:
                if value is None:
                    value = typed
                elif typed.labels or not value.labels:
                    value = join(value, typed)
                elif typed.calls or typed.types:
                    value = Value(
                        value.labels,
                        value.const,
                        typed.types,
                        value.name,
                        value.refs,
                        value.parts,
                        typed.calls,
                    )
        return UNKNOWN if value is None else value

    def _class_member(self, obj: Value, name: str) -> Value | None:
        for call in obj.calls:
            if isinstance(call, ClassInfo):
                methods = call.method(name)
                if methods:
                    bound = obj if methods[0].function.kind == "classmethod" else None
                    return Value(
                        name=f"{call.qualname}.{name}", calls=tuple(Closure(m, bound) for m in methods)
                    )
                for cls in call.lineage:
                    if name in cls.attributes:
                        found = cls.attributes[name]
                        return found.with_types((call.qualname,)) if is_enumeration(call) else found
        return None

    def _typed_field(self, f: Frame, obj: Value, kind: str, name: str, span: int) -> Value | None:
        cls = self.world.classes.get(kind)
        if cls is not None:
            return self._instance_field(f, obj, cls, name, span)
        models = self._models[f.language]
        for one in models.lineage(kind):
            found = self._model_value(f, obj, f"{one}.{name}", span)
            if found is not None:
                return found
        if obj.labels or "." not in kind or kind.endswith("()"):
            return None
        return Value(name=f"{kind}.{name}")

    def _instance_field(self, f: Frame, obj: Value, cls: ClassInfo, name: str, span: int) -> Value | None:
        result = member_value(obj, cls, name)
        if result is not None:
            return result
        for one in cls.lineage:
            if name in one.methods and not (f.language == "java" and name in one.fields):
                method = one.methods[name]
                if any(self.is_property(m) for m in method):
                    return self._property(f, method[0], obj, span)
                return Value(
                    calls=tuple(Closure(m, None if m.function.kind == "static" else obj) for m in method)
                )
            kept = self.class_fields.get((one.qualname, name))
            if kept is not None and not obj.refs:
                result = kept if result is None else join(result, kept)
            elif kept is not None and (kept.types or kept.calls):
                result = kept.with_labels(None)
            declared = one.fields.get(name)
            if declared and result is None:
                types, _ = self.types_of(one.module, declared)
                result = Value(types=types) if types else None
            if name in one.attributes:
                attribute = one.attributes[name]
                return attribute if result is None else join(result, attribute)
        if result is not None:
            return result
        if cls.method("__getattr__") and load(f.heap, f.shared, obj, name) is None:
            return run_special(f, obj, ("__getattr__",), [constant(name)], span)
        for base in cls.foreign:
            for kind in self._models[f.language].lineage(base):
                found = self._model_value(f, obj, f"{kind}.{name}", span)
                if found is not None:
                    return found
        return None

    def _property(self, f: Frame, method: FunctionInfo, obj: Value, span: int) -> Value:
        """Properties that read each other end after a few."""
        if self.properties >= 3:
            return Value(f.deep(obj))
        self.properties += 1
        try:
            return self.call_function(f, Closure(method), [obj], span)
        finally:
            self.properties -= 1

    def is_property(self, info: FunctionInfo) -> bool:
        """Whether a method is read as a field."""
        return bool(_PROPERTIES & set(self.decorators.get(info, ())))

    def _model_value(self, f: Frame, obj: Value, full: str, span: int) -> Value | None:
        """What models say of reading this qualified name: a source, a type, a constant."""
        rows = self._models[f.language].by_name.get(full)
        if rows is None:
            return None
        for row in rows:
            raw = row.raw
            if raw.source and not raw.args:
                labels: Any = {
                    Source(raw.source, f.number, span, full): Mark(
                        ALL & ~row.clears, (None, f.number, span, full), HIGH
                    )
                }
                return Value(labels, types=(raw.returns,) if raw.returns else (), name=full)
            if raw.state:
                return Value(types=(raw.returns,) if raw.returns else (), name=full, refs=(self.state(full),))
            if raw.returns and not raw.sink:
                return Value(types=(raw.returns,), name=full)
            if raw.constant is not ...:
                return Value(const=(raw.constant,), name=full)
        if obj.types or not obj.name:
            return Value(name=full, labels=obj.labels)
        return Value(name=full)

    def state(self, name: str) -> str:
        """The object of a library that every function sees (`flask.g`), by its qualified name."""
        self.shared.setdefault(name, EMPTY)
        return name

    def read_item(self, f: Frame, obj: Value, key: Any, span: int) -> Value | None:
        """An element of something with a qualified name (`os.environ["X"]`)."""
        element = f"{obj.name}[]"
        if obj.labels and element not in self._models[f.language].by_name:
            return None
        found = self._model_value(f, obj, element, span)
        if found is not None:
            return found
        item = self._models[f.language].by_name.get(f"{obj.name}.__getitem__")
        if item:
            return self._model_value(f, obj, f"{obj.name}.__getitem__", span)
        return None

    def load_path(self, f: Frame, value: Value, key: Any) -> Value | None:
        """One key of a symbol's path, in what a caller passed."""
        if isinstance(key, str) and key != ANY and (value.types or value.name or value.calls):
            got = (
                self.read_field(f, value, key, 0)
                if not _is_container(value)
                else load(f.heap, f.shared, value, key)
            )
            return got if got is not UNKNOWN else None
        return load(f.heap, f.shared, value, key)

    # Writes

    def write_field(self, f: Frame, register: int, name: str, value: Value, span: int) -> None:
        """`obj.name = value`."""
        obj = f.get(register)
        if obj.types and obj.types[0] in self.world.classes and run_setter(f, obj, name, value, span):
            return
        self.store_field(f, obj, name, value)
        if not obj.refs:
            labels = f.deep(value)
            if obj.name.startswith("module:") and not value.labels:
                pass
            elif labels:
                from assay.code.joining import taint_register

                taint_register(f, register, labels)
            for call in obj.calls:
                if isinstance(call, ClassInfo):
                    kept = _outside_calls(value)
                    old = call.attributes.get(name)
                    call.attributes[name] = kept if old is None else join(old, kept)
                    sources = {o for o in kept.labels or () if isinstance(o, Source)}
                    if sources and not sources <= set((old.labels if old else None) or ()):
                        self.stale.update(self.demand.mentions.get(name, ()))
                        self.demand.ask(name)
        self.field_sink(f, obj, name, value, span)
        if self.on_assign is not None:
            self.on_assign(f, span, "field", name, value, obj)

    def store_field(self, f: Frame, obj: Value, key: Any, value: Value) -> None:
        """Write into whatever the object may be."""
        if obj.refs:
            store(f.heap, f.shared, obj, key, value)
            if f.info.function.kind == "module":
                return
            for ref in obj.refs:
                if ref in self.shared and value.labels and any(isinstance(o, Source) for o in value.labels):
                    self.keep_shared(ref, key, value)

    def keep_shared(self, ref: Any, key: Any, value: Value) -> None:
        """Source data put into a global object by a function is there for all others."""
        kept = Value(
            {o: m for o, m in (value.labels or {}).items() if isinstance(o, Source)}, types=value.types
        )
        target = Value(refs=(ref,))
        old = load(self.shared, {}, target, key)
        if old is None or not old.labels or not set(kept.labels or ()) <= set(old.labels):
            store(self.shared, {}, target, key, kept, weak=True)
            self.touched.add(ref)

    def write_item(self, f: Frame, obj: Value, key: Value, value: Value, span: int) -> None:
        """`obj[key] = value`: sinks, and global containers."""
        if obj.types:
            known = self._models[f.language].by_name
            const = key_of(key)
            special = f"__setitem__.{const.lower()}" if isinstance(const, str) else ""
            rows = [
                r
                for t in obj.types
                for r in known.get(f"{t}.{special}") or known.get(f"{t}.__setitem__") or ()
            ]
            if rows:
                self.item_sink(f, rows, obj, value, span)
                self.item_sink(f, [row for row in rows if "key" in row.raw.args], obj, key, span)
        for ref in obj.refs:
            inside = ref in self.shared and f.info.function.kind != "module"
            if inside and any(isinstance(o, Source) for o in value.labels or ()):
                self.keep_shared(ref, key_of(key), value)

    def write_name(self, f: Frame, name: str, value: Value, span: int) -> None:
        """Assignment to a global or a captured name."""
        parent = f.info.function.parent
        while parent > 0:
            outer = f.module.functions[parent]
            if outer.function.kind != "class" and outer.slot(name) is not None:
                sure = any(i[0] == ir.SETOUTER and i[1] == span for i in f.info.function.body)
                f.summary.outer[outer, name] = (value, sure)
                return
            parent = outer.function.parent
        labels: Labels | None = {
            o: m for o, m in (value.labels or {}).items() if isinstance(o, Source)
        } or None
        if labels and not set(labels) <= set((f.module.globals.get(name) or UNKNOWN).labels or ()):
            self.stale |= self.demand.ask_near(name, f.info)
        old = f.module.globals.get(name)
        new = Value(labels, types=value.types, name=value.name, calls=value.calls)
        if old is None or old is UNKNOWN:
            f.module.globals[name] = new
        elif labels and not set(labels) <= set(old.labels or ()):
            f.module.globals[name] = join(old, new)
        elif old.const is not None:
            f.module.globals[name] = join(
                old,
                Value(None, value.const if not labels else None, value.types, value.name, calls=value.calls),
            )
        if self.on_assign is not None:
            self.on_assign(f, span, "global", name, value)

    # Iteration, context managers, exceptions

    def element(self, f: Frame, iterable: Value, mode: str, span: int) -> Value:
        """What a loop's variable holds."""
        if mode == "keys" or (mode == "values" and "dict" in iterable.types and f.language == "python"):
            from assay.code.intrinsics import key_value

            return key_value(f, iterable)
        if mode == "items":
            from assay.code.heap import Shape
            from assay.code.intrinsics import key_value

            key = key_value(f, iterable) if "dict" in iterable.types else Value(types=("int",))
            return f.new_object(("tuple",), Shape({0: key, 1: elements(f.heap, f.shared, iterable)}, None, 2))
        iterable = iterated(f, iterable, span)
        const = iterable.const
        if const and len(const) == 1 and isinstance(const[0], tuple) and len(const[0]) <= 8:
            return Value(const=tuple(const[0])) if const[0] else UNKNOWN
        found = elements(f.heap, f.shared, iterable)
        if not found.types:
            for kind in iterable.types:
                rows = self._models[f.language].by_name.get(f"{kind}.__iter__")
                if rows:
                    return self._model_value(f, iterable, f"{kind}.__iter__", span) or found
        return found

    def enter(self, f: Frame, value: Value, span: int) -> Value:
        """What a context manager hands out: itself, if nothing else is known."""
        for kind in value.types:
            cls = self.world.classes.get(kind)
            methods = cls.method("__enter__") if cls is not None else []
            if methods:
                return self.call_function(f, Closure(methods[0]), [value], span)
            rows = self._models[f.language].by_name.get(f"{kind}.__enter__", ())
            for row in rows:
                if row.raw.returns == "self":
                    return value
                if row.raw.returns:
                    return Value(value.labels, types=(row.raw.returns,), refs=value.refs)
        if "generator" in value.types:
            return elements(f.heap, f.shared, value)
        return value

    def exception_value(self, f: Frame, span: int) -> Value:
        """A caught exception: what it says may come from anywhere, which matters to exposure only."""
        source = Source("exception", f.number, span, "exception")
        return Value({source: Mark(ALL, (None, f.number, span, "exception"), HIGH)}, types=("Exception",))

    # What conditions ask

    def is_fixed(self, f: Frame, value: Value) -> bool:
        """Whether a value is fixed by the program: carries nothing, and is known to be a name or setting of it."""
        return not f.deep(value) and bool(value.name) and "." in value.name

    def is_own_host(self, f: Frame, register: int) -> bool:
        """`urlparse(request.host_url).netloc`: the application's own name, as its framework knows it."""
        made = f.info.definition(register) if register < 0 else None
        if made is None or made[0] != ir.FIELD or made[4] not in _HOST_FIELDS:
            return made is not None and made[0] == ir.METHOD and made[4] in ("get_host", "build_absolute_uri")
        labels = f.get(register).labels or {}
        return bool(labels) and all(
            isinstance(o, Source) and o.what.rpartition(".")[2] in _OWN_HOST for o in labels
        )

    def is_fixed_collection(self, f: Frame, value: Value) -> bool:
        """Whether membership in it proves something: a collection with no data of an attacker's in it."""
        if f.deep(value):
            return False
        if value.const is not None:
            return all(isinstance(const, tuple | list | dict | frozenset) for const in value.const)
        if value.refs or value.name:
            return True
        return any(t in ("list", "tuple", "set", "dict", "frozenset") for t in value.types)

    def membership(self, f: Frame, symbol: str, a: Value, b: Value) -> bool | None:
        """`a in b` where both are known."""
        if symbol not in ("in", "not in") or a.const is None or len(a.const) != 1 or len(b.refs) != 1:
            return None
        if f.language == "go":
            return None  # a map is filled through pointers too
        shape = f.heap.get(b.refs[0]) or (
            f.shared.get(b.refs[0]) if f.info.function.kind == "module" else None
        )
        if shape is None or shape.rest is not None or f.loops:
            return None
        if "dict" in b.types:
            found = a.const[0] in shape.fields
        else:
            consts = [v.const for v in shape.fields.values()]
            if any(c is None or len(c) != 1 for c in consts):
                return None
            found = any(c is not None and c[0] == a.const[0] for c in consts)
        return found == (symbol == "in")

    def field_guard(self, f: Frame, made: ir.Instruction) -> None:
        """`urlparse(url).netloc == "host"`: the compared field came from a call whose argument is proved."""
        from assay.code.guards import clear

        register: int | None = made[3]
        if made[4] in _HOST_FIELDS:
            clear(f, made[3], _URL)
        for _ in range(4):
            if register is not None and register >= 0:
                register = sole_source(f.info, register)
            source = f.info.definition(register) if register is not None and register < 0 else None
            if source is None:
                return
            if source[0] in (ir.MOVE, ir.TYPED):
                register = source[3]
                continue
            break
        if source is not None and source[0] in (ir.CALL, ir.METHOD):
            args = source[4] if source[0] == ir.CALL else source[5]
            if args and made[4] in _HOST_FIELDS:
                clear(f, args[0], _URL)
                self._joined_guard(f, args[0])

    def _joined_guard(self, f: Frame, register: int) -> None:
        """`urlparse(urljoin(base, url))`: what is seen of the joined address holds of its second part."""
        from assay.code.guards import clear

        made = f.info.definition(register) if register < 0 else None
        args = (
            (made[4] if made[0] == ir.CALL else made[5])
            if made is not None and made[0] in (ir.CALL, ir.METHOD)
            else ()
        )
        for one in args[1:]:
            clear(f, one, _URL)


def _outside_calls(value: Value) -> Value:
    """A value as it is known outside of the function that made it: a function's parameters mean nothing there."""
    labels: Labels | None = {o: m for o, m in (value.labels or {}).items() if isinstance(o, Source)} or None
    refs = tuple(ref for ref in value.refs if not isinstance(ref, Symbol))
    return Value(labels, value.const, value.types, value.name, refs, None, value.calls)


def _family(language: str) -> str:
    return "javascript" if language == "typescript" else language


def _is_container(value: Value) -> bool:
    return any(t in ("dict", "list", "tuple", "set", "Map", "HashMap") for t in value.types)


# Not the scheme: knowing that it is https says nothing of the host.
_HOST_FIELDS = frozenset(("netloc", "hostname", "host", "origin", "Host"))
_OWN_HOST = frozenset(("host_url", "host", "url_root", "base_url", "get_host"))
_URL = BIT["url"] | BIT["redirect"]
