"""Operations that call functions they are given: map and filter, threads and executors, partial application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.code.heap import Shape, elements, load, store
from assay.code.summary import Closure
from assay.code.values import UNKNOWN, Labels, Value, cleared, join, join_labels

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame

_INT = Value(types=("int",))


def map_values(f: Frame, site: Site) -> Value:
    """`map(function, values)`, `values.map(function)`: what the function gives for an element."""
    method = site.member and not (f.language == "python" and len(site.args) > 1)  # `executor.map(f, values)`
    source = site.receiver if method else (site.args[1] if len(site.args) > 1 else UNKNOWN)
    function = site.args[0] if site.args else UNKNOWN
    inner = elements(f.heap, f.shared, source)
    result = called(f, site, function, [inner])
    name = site.member or (site.names[0] if site.names else "")
    if name == "filter":
        result = inner.with_labels(cleared(f.deep(inner), _kept(f, function)))
    elif name in ("sort", "sorted", "forEach"):
        result = inner
    return f.new_object(("list",), Shape({}, result, -1))


def called(
    f: Frame, site: Site, function: Value, args: list[Value], keywords: dict[str, Value] | None = None
) -> Value:
    """What calling a value gives; without a known function, what it gets comes out."""
    if "functools.partial" in function.types:
        return _bound(f, site, function, args, keywords)
    if not function.calls and function.name:
        return _library(f, function.name, args)
    result: Value | None = None
    for call in function.calls:
        if isinstance(call, Closure):
            given = _placed(call, args, keywords) if keywords else args
            one = f.analysis.call_function(f, call, given, site.span)
            result = one if result is None else join(result, one)
    if result is None:
        labels: Labels | None = None
        for value in args:
            labels = join_labels(labels, f.deep(value))
        return Value(labels) if labels else UNKNOWN
    return result


def partial(f: Frame, site: Site) -> Value:
    """`functools.partial(function, a, b=c)`: keeps what is bound."""
    if not site.args:
        return UNKNOWN
    made = f.new_object(("functools.partial",))
    store(f.heap, f.shared, made, "function", site.args[0])
    bound = f.new_object(("dict",), Shape(dict(site.keywords)))
    store(f.heap, f.shared, made, "keywords", bound)
    for index, value in enumerate(site.args[1:9]):
        store(f.heap, f.shared, made, index, value)
    return made


def partial_call(f: Frame, site: Site) -> Value:
    """A call of what `partial` gave."""
    return called(f, site, site.receiver, site.args, site.keywords)


def _bound(
    f: Frame, site: Site, function: Value, args: list[Value], keywords: dict[str, Value] | None
) -> Value:
    bound = [load(f.heap, f.shared, function, index) for index in range(8)]
    inner = load(f.heap, f.shared, function, "function") or UNKNOWN
    named = load(f.heap, f.shared, function, "keywords") or UNKNOWN
    shapes = [shape for ref in named.refs if (shape := f.heap.get(ref) or f.shared.get(ref)) is not None]
    given: dict[str, Value] = {**(shapes[0].fields if shapes else {}), **(keywords or {})}
    return called(f, site, inner, [*(value for value in bound if value is not None), *args], given)


def _placed(call: Closure, args: list[Value], keywords: dict[str, Value]) -> list[Value]:
    """Positional and keyword arguments in the order of the parameters."""
    parameters = [p for p in call.info.function.parameters if p.kind != "r"]
    placed = [*args, *[UNKNOWN] * (len(parameters) - len(args))]
    for index, parameter in enumerate(parameters):
        if parameter.name in keywords and index < len(placed):
            placed[index] = keywords[parameter.name]
    return placed


def _library(f: Frame, name: str, args: list[Value]) -> Value:
    """A library function handed around as a value: what models say of its result."""
    labels: Labels | None = None
    for value in args:
        labels = join_labels(labels, f.deep(value))
    member = name.rpartition(".")[2]
    models = f.analysis.models(f)
    for row in (*models.by_name.get(name, ()), *models.by_member.get(member, ())):
        if row.raw.does in ("number", "length", "boolean"):
            return _INT
        if row.clears and not row.raw.source:
            return Value(cleared(labels, row.clears))
    return Value(labels) if labels else UNKNOWN


def _kept(f: Frame, predicate: Value) -> int:
    """The kinds that passing a predicate proves harmless: `filter(str.isdigit, text)`."""
    rows = f.analysis.models(f).by_member.get(predicate.name.rpartition(".")[2], ())
    mask = 0
    for row in rows if predicate.name else ():
        mask |= row.guard_mask if row.raw.guard.get("when") is True else 0
    for call in predicate.calls[:1]:
        if isinstance(call, Closure):
            summary = f.analysis.summary_of(call.info, ())
            mask |= summary.clears_true.get(0, 0) if summary is not None else 0
    return mask


def apply(f: Frame, site: Site) -> Value:
    """Call the first argument with the others: threads, executors, `functools.partial` at once."""
    function = (
        site.keywords.get("target")
        or site.keywords.get("func")
        or next((a for a in site.args if a.calls), UNKNOWN)
    )
    rest = [a for a in site.args if a is not function]
    packed = site.keywords.get("args")
    if packed is not None:
        for index in range(8):
            item = load(f.heap, f.shared, packed, index)
            if item is None:
                break
            rest.append(item)
    return called(f, site, function, rest)
