"""What a call runs: closures with their arguments bound, constructors, methods through the hierarchy, and definitions that calls need."""

from __future__ import annotations

from typing import Any

from assay.code import ir
from assay.code.calls import Site, call_instruction
from assay.code.frame import Frame
from assay.code.guards import clear
from assay.code.heap import Shape, load
from assay.code.instantiate import Instance
from assay.code.kinds import ALL
from assay.code.reading import Reading
from assay.code.summary import Closure, Summary
from assay.code.uses import CALLED, PASSED, RECEIVER, TEST, uses_of
from assay.code.values import UNKNOWN, Symbol, Value, doubted, join, join_labels
from assay.code.world import ClassInfo, FunctionInfo

MAX_CONTEXTS = 8
MAX_CONTEXT_SIZE = 120
SMALL = 40
FEW_CONTEXTS = 4
MAX_OVERRIDES = 8


class Calling(Reading):
    """The part of `Analysis` that calls."""

    def call_instruction(self, f: Frame, i: ir.Instruction) -> None:
        """Evaluate a CALL or METHOD instruction."""
        call_instruction(f, i)

    # What is called

    def resolve_method(self, f: Frame, site: Site) -> tuple[Any, ...]:
        """Closures that a method call may run; fills in the qualified names."""
        receiver, name = site.receiver, site.member
        names: list[str] = []
        calls: list[Any] = []
        whole = self.whole_export(receiver, name) if receiver.name.startswith("module:") else None
        if whole is not None:
            receiver = whole
        if receiver.name.startswith("module:"):
            value = self.module_member(self.world.modules[int(receiver.name[7:])], name, 0)
            site.names = [value.name] if value.name else []
            return value.calls
        models = self._models[f.language]
        exact = receiver.name == "super()"
        if exact:
            receiver = Value(receiver.labels, types=receiver.types, refs=receiver.refs)
        for kind in receiver.types:
            cls = self.world.classes.get(kind)
            if cls is not None:
                calls.extend(self._methods(receiver, cls, name, exact))
                names.extend(f"{base}.{name}" for one in cls.foreign for base in models.lineage(one))
                names.append(f"{kind}.{name}")
            else:
                names.extend(f"{one}.{name}" for one in models.lineage(kind))
        if receiver.name:
            names.append(f"{receiver.name}.{name}")
            calls.extend(self._static(receiver, name))
            for call in receiver.calls:
                if isinstance(call, ClassInfo):
                    names.extend(f"{base}.{name}" for one in call.foreign for base in models.lineage(one))
        if not calls and (receiver.refs or receiver.labels):
            found = self.read_field_quietly(f, receiver, name)
            calls.extend(found.calls if found is not None else ())
        if not calls and receiver.name and not receiver.types:
            modules = self.world.by_key.get((f.language, receiver.name))
            if modules:
                calls.extend(self.module_member(modules[0], name, 0).calls)
        site.names = list(dict.fromkeys(names))
        if f.language == "java":
            calls = _overloads(calls, site) or [c for c in receiver.calls if isinstance(c, Closure)]
        return tuple(calls[:MAX_OVERRIDES])

    def read_field_quietly(self, f: Frame, obj: Value, name: str) -> Value | None:
        """A field's value from the heap only."""
        return load(f.heap, f.shared, obj, name)

    def _methods(self, receiver: Value, cls: ClassInfo, name: str, exact: bool) -> list[Any]:
        found = cls.method(name)
        result = [Closure(m, None if m.function.kind == "static" else receiver) for m in found]
        if not found:
            kept = self.class_fields.get((cls.qualname, name))
            if kept is not None:
                result.extend(kept.calls)
        if exact or (receiver.refs and not isinstance(receiver.refs[0], Symbol)):
            return result  # made in sight, or `super`: its class is exact
        for child in _below(cls):
            if name in child.methods and len(result) < MAX_OVERRIDES:
                result.extend(Closure(m, receiver) for m in child.methods[name])
        return result

    def _static(self, receiver: Value, name: str) -> list[Any]:
        found: list[Any] = []
        for call in receiver.calls:
            if isinstance(call, ClassInfo):
                for method in call.method(name):
                    bound = receiver if method.function.kind == "classmethod" else None
                    found.append(Closure(method, bound))
                inner = self.world.classes.get(f"{call.qualname}.{name}")
                if inner is not None:
                    found.append(inner)
        return found

    # Arguments

    def call_closure(self, f: Frame, site: Site, closure: Closure) -> Value:
        """Call a project function with the arguments of a call."""
        args, registers = self._bind(f, site, closure)
        result, summary = self._call(f, closure, args, site.span)
        if summary is not None:
            self._prove(f, site, summary, registers)
        return result

    def _bind(self, f: Frame, site: Site, closure: Closure) -> tuple[list[Value], list[int | None]]:
        parameters = closure.info.function.parameters
        given: list[Value] = []
        registers: list[int | None] = []
        if closure.receiver is not None:
            given.append(closure.receiver)
            registers.append(site.receiver_register if site.member else None)
        given.extend(site.args)
        registers.extend(site.registers)
        registers.extend([None] * (len(given) - len(registers)))
        spread_labels = None
        listed = [value for kind, value in site.spread if kind == "*"]
        mapped = [value for kind, value in site.spread if kind == "**"]
        for _, value in site.spread:
            spread_labels = join_labels(spread_labels, f.deep(value))
        used: set[str] = set()
        bound: list[Value] = []
        places: list[int | None] = []
        position = 0
        defaults = self.defaults.get(closure.info, {})
        for index, parameter in enumerate(parameters):
            register: int | None = None
            if parameter.kind == "*":
                rest = given[position:]
                shape = Shape(
                    dict(enumerate(rest[:32])), Value(spread_labels) if spread_labels else None, len(rest)
                )
                value = f.new_object(("tuple",), shape)
                position = len(given)
            elif parameter.kind == "**":
                extra = {k: v for k, v in site.keywords.items() if k not in used}
                value = f.new_object(("dict",), Shape(extra, Value(spread_labels) if spread_labels else None))
            elif parameter.name in site.keywords:
                value = site.keywords[parameter.name]
            elif position < len(given) and parameter.kind != "k":
                value = given[position]
                register = registers[position]
                position += 1
            else:
                usual = bound[parameter.same_as] if parameter.same_as >= 0 else defaults.get(index, UNKNOWN)
                value = self._spread(f, listed, position - len(given), mapped, parameter) or usual
                position += parameter.kind != "k"
            used.add(parameter.name)
            bound.append(value)
            places.append(register)
        return bound, places

    def _spread(
        self, f: Frame, listed: list[Value], position: int, mapped: list[Value], parameter: ir.Parameter
    ) -> Value | None:
        """What spread arguments hold for a parameter that no plain argument reached."""
        found: Value | None = None
        keys = [(value, position) for value in listed if parameter.kind != "k" and position >= 0]
        for value, key in [*keys, *((value, parameter.name) for value in mapped)]:
            one = load(f.heap, f.shared, value, key)
            if one is not None:
                found = one if found is None else join(found, one)
        return found

    def call_function(self, f: Frame, closure: Closure, args: list[Value], span: int) -> Value:
        """Call a function with values, where there is no call instruction: callbacks, entry points, properties."""
        parameters = closure.info.function.parameters
        values = [closure.receiver, *args] if closure.receiver is not None else list(args)
        defaults = self.defaults.get(closure.info, {})
        for index in range(len(values), len(parameters)):
            earlier = parameters[index].same_as
            values.append(values[earlier] if earlier >= 0 else defaults.get(index, UNKNOWN))
        return self._call(f, closure, values, span)[0]

    def _call(self, f: Frame, closure: Closure, args: list[Value], span: int) -> tuple[Value, Summary | None]:
        info = closure.info
        told = (
            info.module.in_tests or not f.module.in_tests
        )  # what a test passes is no property of the program
        context = self._context(info, args) if told else ()
        if closure.env:
            context = (*context, *_functions_of(closure.env))
        summary = self.summary_of(info, context)
        if summary is None and context:
            summary = self.summary_of(info, ())
        if summary is None:
            labels = None
            for value in args:
                labels = join_labels(labels, f.deep(value))
            return Value(doubted(labels)), None
        names = info.function.parameters
        stepped_args = [
            _step(value, f.number, span, names[index].name if index < len(names) else "")
            for index, value in enumerate(args)
        ]
        result = Instance(f, summary, stepped_args, closure, span).apply()
        if summary.result.const is None and info.function.returns and not result.types:
            types, safe = self.types_of(info.module, info.function.returns)
            if types:
                result = Value(None) if safe and not result.labels else result.with_types(types)
        return result, summary

    def _context(self, info: FunctionInfo, args: list[Value]) -> tuple[Any, ...]:
        """What of the arguments makes another analysis of the function worth it: constants, functions, classes."""
        if info.function.size > MAX_CONTEXT_SIZE or self.stack > 20:
            return ()
        found = []
        uses = self.uses_of(info)
        for index, (parameter, value) in enumerate(zip(info.function.parameters, args, strict=False)):
            if value is UNKNOWN:
                continue
            told = self._told(info, parameter, value, uses[parameter.register])
            if told is not None:
                found.append((index, told))
        if not found:
            return ()
        context = tuple(found)
        if (info, context) not in self.summaries:
            count = self.contexts.get(info, 0)
            if count >= (MAX_CONTEXTS if info.function.size <= SMALL else FEW_CONTEXTS):
                return ()
            self.contexts[info] = count + 1
        return context

    def uses_of(self, info: FunctionInfo) -> dict[int, int]:
        """How the function uses its parameters."""
        known = self._uses.get(info)
        if known is None:
            known = self._uses[info] = uses_of(info)
        return known

    def _told(
        self, info: FunctionInfo, parameter: ir.Parameter, value: Value, use: int
    ) -> tuple[Any, ...] | None:
        """What of an argument the function can make something of."""
        const: tuple[Any, ...] | None = None
        types: tuple[str, ...] = ()
        calls: tuple[Any, ...] = ()
        if value.const is not None and _short(value.const):
            flag = isinstance(value.const[0], bool | None)
            asked = use & RECEIVER and isinstance(value.const[0], str) and info.function.size <= SMALL
            if use & TEST or asked or (use & PASSED and (flag or info.function.size <= SMALL)):
                const = value.const
        if use & RECEIVER:
            types = self._telling_types(info, parameter, value)
        if value.calls and use & (CALLED | PASSED | RECEIVER):
            calls = tuple(c for c in value.calls if not isinstance(c, Closure) or not c.env or len(c.env) < 6)
        if const is None and not types and not calls:
            return None
        return (const, types, value.name if calls else "", calls)

    def _telling_types(self, info: FunctionInfo, parameter: ir.Parameter, value: Value) -> tuple[str, ...]:
        if not value.types or (parameter.type and value.types[0] not in self.world.classes):
            return ()
        if parameter.kind == "r" and info.owner is not None and value.types == (info.owner.qualname,):
            return ()
        if value.types[0] in ("str", "int", "bool", "NoneType", "float", "bytes"):
            return ()
        return value.types

    def captured(self, f: Frame, closure: Closure, name: str) -> Value:
        """What a name that the function took from outside holds at this call."""
        parent = closure.info.function.parent
        while parent > 0 and closure.info.module.functions[parent].function.kind == "class":
            parent = closure.info.module.functions[parent].function.parent  # a method of a local class
        if f.module is closure.info.module:
            index = f.info.function.index
            if index == parent:
                slot = f.info.slot(name)
                if slot is not None:
                    return f.variables[slot]
        if closure.env is not None and name in closure.env:
            return closure.env[name]
        if f.module is closure.info.module and f.info.function.kind != "module":
            return self._captured_name(f, name) or UNKNOWN
        return UNKNOWN

    def _prove(self, f: Frame, site: Site, summary: Summary, registers: list[int | None]) -> None:
        for index, mask in summary.clears.items():
            if index < len(registers) and registers[index] is not None:
                clear(f, registers[index] or 0, mask)
        for side, proofs in (("true", summary.clears_true), ("false", summary.clears_false)):
            if proofs and site.dst is not None:
                found = [
                    (r, mask)
                    for index, mask in proofs.items()
                    if index < len(registers) and (r := registers[index]) is not None
                ]
                if found:
                    f.calls[side, site.dst] = [*f.calls.get((side, site.dst), ()), *found]

    def return_proof(self, f: Frame, i: ir.Instruction, value: Value) -> None:
        """`return x in ALLOWED`: what a true (or false) result proves of the parameters. Joined over all returns by what they share."""
        from assay.code.guards import refine

        if not f.info.function.parameters or i[2] is None:
            return
        for polarity, attribute in ((True, "clears_true"), (False, "clears_false")):
            proofs = getattr(f.summary, attribute)
            if value.const is not None and all(bool(c) != polarity for c in value.const):
                continue
            before = f.snapshot()
            refine(f, i[2], polarity)
            found: dict[int, int] = {}
            for index, parameter in enumerate(f.info.function.parameters):
                symbol = self.symbol(index)
                held = f.variables[parameter.register]
                left = held.labels.get(symbol) if held.labels else None
                mask = (
                    ALL & ~left.mask
                    if left is not None
                    else (ALL if held.const is not None or symbol in held.refs else 0)
                )
                if mask:
                    found[index] = mask
            f.restore(before)
            if ("seen", polarity) in f.calls:
                found = {k: v & proofs.get(k, 0) for k, v in found.items() if v & proofs.get(k, 0)}
            f.calls["seen", polarity] = True
            setattr(f.summary, attribute, found)


def _overloads(calls: list[Any], site: Site) -> list[Any]:
    """Of methods of one name those that take this number of arguments, and of these those whose types fit; all if none does."""
    closures = [c for c in calls if isinstance(c, Closure)]
    if len(closures) < 2 or site.spread:
        return calls
    fitting = [c for c in closures if _takes(c, len(site.args))]
    if len(fitting) > 1:
        fitting = [c for c in fitting if _types_fit(c, site)] or fitting
    return fitting or calls


def _takes(closure: Closure, count: int) -> bool:
    parameters = [p for p in closure.info.function.parameters if p.kind != "r"]
    if parameters and parameters[-1].kind == "*":
        return count >= len(parameters) - 1
    return len(parameters) == count


_LITERAL_TYPES = {
    "str": ("String", "CharSequence", "Object", "char"),
    "int": ("int", "long", "Integer", "Long", "short", "byte"),
}


def _types_fit(closure: Closure, site: Site) -> bool:
    parameters = [p for p in closure.info.function.parameters if p.kind != "r"]
    for parameter, value in zip(parameters, site.args, strict=False):
        kinds = value.types
        if not kinds or not parameter.type or parameter.kind == "*":
            continue
        declared = parameter.type.partition("[")[0].rpartition(".")[2]
        fits = [
            *(k.rpartition(".")[2] for k in kinds),
            *(n for k in kinds for n in _LITERAL_TYPES.get(k, ())),
        ]
        known = all(k in _LITERAL_TYPES or k == "String" for k in kinds)
        if (
            known
            and declared in ("String", "int", "long", "boolean", "Integer", "Long", "char", "double")
            and declared not in fits
        ):
            return False
    return True


def _below(cls: ClassInfo) -> list[ClassInfo]:
    found: list[ClassInfo] = []
    todo = list(cls.children)
    while todo and len(found) < MAX_OVERRIDES:
        child = todo.pop()
        found.append(child)
        todo.extend(child.children)
    return found


def _functions_of(env: dict[str, Value]) -> tuple[Any, ...]:
    """Captured names that hold functions, classes or objects of a known class: a closure over one is analysed for that one."""
    found = []
    for name, value in sorted(env.items()):
        calls = value.calls if len(value.calls) <= 2 else ()
        types = () if value.types and value.types[0] in _PLAIN_TYPES else value.types
        if calls or types:
            found.append((name, (calls, types)))
    return tuple(found[:6])


_PLAIN_TYPES = frozenset(
    ("str", "int", "bool", "float", "bytes", "NoneType", "list", "dict", "tuple", "set", "Undefined")
)


def _short(consts: tuple[Any, ...]) -> bool:
    return len(consts) == 1 and isinstance(consts[0], str | int | bool | None) and len(str(consts[0])) < 200


def _step(value: Value, module: int, span: int, name: str) -> Value:
    from assay.code.values import stepped

    return value.with_labels(stepped(value.labels, module, span, name)) if value.labels else value
