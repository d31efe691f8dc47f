"""Entry points: functions that a framework calls with data from outside, by decorator, registration or base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.code.frame import Frame
from assay.code.kinds import ALL
from assay.code.model_rows import Row
from assay.code.values import HIGH, LOW, UNKNOWN, Mark, Source, Value
from assay.code.world import FunctionInfo

if TYPE_CHECKING:
    from assay.code.analysis import Analysis


def entry_arguments(analysis: Analysis, f: Frame, info: FunctionInfo) -> list[Value] | None:
    """The values that the framework passes, or None if the function is no entry point."""
    found = entry_row(analysis, f, info)
    if found is None:
        return None
    row, certain = found
    raw = row.raw.entry
    source = raw.get("parameters", "remote")
    skip = set(raw.get("skip", ()))
    types = raw.get("types", ())
    args: list[Value] = []
    position = 0
    for index, parameter in enumerate(info.function.parameters):
        if parameter.kind == "r":
            args.append(Value(types=(info.owner.qualname,) if info.owner else ()))
            continue
        kind = types[position] if position < len(types) else ""
        position += 1
        if kind:
            args.append(Value(types=(kind,)))
            continue
        args.append(
            _argument(analysis, f, info, index, source if parameter.name not in skip else "", certain)
        )
    return args


def _argument(
    analysis: Analysis, f: Frame, info: FunctionInfo, index: int, source: str, certain: bool
) -> Value:
    parameter = info.function.parameters[index]
    types, safe = analysis.parameter_types(f, parameter)
    default = analysis.defaults.get(info, {}).get(index)
    if safe or not source or source == "none" or _injected(analysis, f, types, default):
        return Value(types=types) if types else UNKNOWN
    place = info.function.span
    origin = Source(source, info.module.number, place, parameter.name)
    mark = Mark(ALL, (None, info.module.number, place, parameter.name), HIGH if certain else LOW)
    return Value({origin: mark}, types=types)


# Types of plain data: a parameter of one is what the caller sent, whatever models say of the type's methods.
_PLAIN = frozenset(
    ("str", "bytes", "list", "dict", "set", "tuple", "object", "typing.Any", "String", "Array", "Object", "java.util.List", "java.util.Map",
     "java.util.Set", "java.util.Collection", "java.util.Optional", "java.io.InputStream", "java.io.Reader", "java.net.URL", "java.net.URI"),
)  # fmt: skip


def _injected(analysis: Analysis, f: Frame, types: tuple[str, ...], default: Value | None) -> bool:
    """Whether the framework passes an object of its own here: a session, the request, a dependency."""
    if default is not None and any("Depends" in t or "Security" in t for t in default.types):
        return True
    models = analysis.models(f)
    types = tuple(t for t in types if t not in _PLAIN)
    return any(t in models.bases or any(n.startswith(t + ".") for n in models.by_name) for t in types)


def sets_a_field(analysis: Analysis, f: Frame, info: FunctionInfo) -> bool:
    """Whether a framework fills an object through this setter before it calls the object."""
    found = entry_row(analysis, f, info)
    return found is not None and "set*" in found[0].raw.entry.get("methods", ()) and _is_setter(info)


def _is_setter(info: FunctionInfo) -> bool:
    """`setName(value)`, not of something that the framework itself gives."""
    function = info.function
    return function.name[3:4].isupper() and function.name.startswith("set") and len(function.parameters) == 2


def entry_row(analysis: Analysis, f: Frame, info: FunctionInfo) -> tuple[Row, bool] | None:
    """The model row that makes a function an entry point, and whether its name is sure."""
    registered = analysis.entries.get(info)
    if registered:
        row = registered[0][0]
        return row, not any(n.startswith("*.") for n in row.raw.names)
    if info.owner is None:
        return None
    models = analysis.models(f)
    for base in info.owner.foreign:
        for kind in models.lineage(base):
            for row in models.by_name.get(kind, ()):
                methods = row.raw.entry.get("methods", ())
                if info.name in methods or ("set*" in methods and _is_setter(info)):
                    return row, True
    return None
