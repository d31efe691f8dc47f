"""Entry points: functions that a framework calls with data from outside, by decorator, registration or base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.code.frame import Frame
from assay.code.kinds import ALL, BIT
from assay.code.model_rows import Row
from assay.code.sinks import dangerous
from assay.code.summary import Event, Sink
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
                if row.raw.entry and info.name in row.raw.entry.get("methods", ()):
                    return row, True
    return None


def answer(analysis: Analysis, f: Frame, span: int, value: Value) -> None:
    """What an entry point returns may be a sink itself: text that a Flask view returns is a page (`entry: {result: html}`)."""
    if not value.labels and value.parts is None:
        return
    found = entry_row(analysis, f, f.info)
    kind = found[0].raw.entry.get("result", "") if found is not None else ""
    labels = dangerous(f, kind, BIT[kind], "text", value) if kind else None
    if not labels or found is None:
        return
    sink = Sink(f.number, span, kind, found[0], "the response", span)
    certainty = HIGH if found[1] else LOW
    for origin, mark in labels.items():
        known = mark if mark.confidence <= certainty else Mark(mark.mask, mark.trace, certainty)
        analysis.report(f, Event(sink, origin, known, None))
