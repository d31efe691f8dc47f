"""Special methods of project classes: what `x[key]`, `x.name`, `str(x)`, `for ... in x` and `x.name = value` run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.code.summary import Closure
from assay.code.values import Source, Value, constant, join

if TYPE_CHECKING:
    from assay.code.frame import Frame
    from assay.code.world import ClassInfo, FunctionInfo


def run_special(f: Frame, obj: Value, names: tuple[str, ...], args: list[Value], span: int) -> Value | None:
    """What the first of these methods gives, or None if no class of the object has one."""
    analysis = f.analysis
    if analysis.properties >= 3:
        return None
    result: Value | None = None
    for kind in obj.types:
        cls = analysis.world.classes.get(kind)
        method = _method(cls, names) if cls is not None else None
        if method is None:
            continue
        analysis.properties += 1
        try:
            one = analysis.call_function(f, Closure(method, None), [obj, *args], span)
        finally:
            analysis.properties -= 1
        result = one if result is None else join(result, one)
    return _told_apart(result) if names[0] in _LOOKUPS else result


def _told_apart(value: Value | None) -> Value | None:
    """What a lookup by any name gives: settings are not told apart there, so that one read from the environment says nothing of the others."""
    if value is None or not value.labels:
        return value
    kept = {o: m for o, m in value.labels.items() if not (isinstance(o, Source) and o.kind == "local")}
    return value.with_labels(kept or None)


_LOOKUPS = frozenset(("__getattr__", "__getitem__", "__iter__"))


def _method(cls: ClassInfo, names: tuple[str, ...]) -> FunctionInfo | None:
    for name in names:
        found = cls.method(name)
        if found:
            return found[0]
    return None


def as_text(f: Frame, value: Value, span: int) -> Value:
    """The value as `str(x)` and f-strings see it."""
    if not value.types or value.types[0] not in f.analysis.world.classes:
        return value
    made = run_special(f, value, ("__str__", "__repr__"), [], span)
    return value if made is None else made


def iterated(f: Frame, value: Value, span: int) -> Value:
    """What iterating over the value goes over: an object of the project says so itself."""
    if not value.types or value.types[0] not in f.analysis.world.classes:
        return value
    made = run_special(f, value, ("__iter__",), [], span)
    return value if made is None else made


def run_setter(f: Frame, obj: Value, name: str, value: Value, span: int) -> bool:
    """`x.name = value` where `name` is a property with a setter. False if it is not."""
    found = False
    for kind in obj.types:
        cls = f.analysis.world.classes.get(kind)
        for method in cls.method(name) if cls is not None else ():
            if any(one.endswith(".setter") for one in f.analysis.decorators.get(method, ())):
                f.analysis.call_function(f, Closure(method, None), [obj, value], span)
                found = True
    return found


def is_enumeration(cls: ClassInfo) -> bool:
    """Whether a class is an enumeration: its members are fixed, and a value that it accepts is one of them."""
    return any(base.rpartition(".")[2] in _ENUMERATIONS for one in cls.lineage for base in one.foreign)


def member_value(obj: Value, cls: ClassInfo, name: str) -> Value | None:
    """`Mode.A.value`: the constant behind a member."""
    if name != "value" or obj.const is None or len(obj.const) != 1 or not is_enumeration(cls):
        return None
    return constant(obj.const[0])


_ENUMERATIONS = frozenset(("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))
