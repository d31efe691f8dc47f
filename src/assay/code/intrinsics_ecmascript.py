"""Operations of JavaScript's own library that models say a function `does`: promises, array callbacks, regex replacement, membership."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code.guards import prove
from assay.code.heap import ANY, Shape, elements, load, store
from assay.code.intrinsics import INTRINSICS, paired
from assay.code.intrinsics_arrays import ARRAYS, concatenated
from assay.code.intrinsics_calls import called
from assay.code.ir import Regex
from assay.code.kinds import ALL, mask_of
from assay.code.values import UNKNOWN, Value, cleared, join, join_labels

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame

_HTML, _LINES = mask_of(["html"]), mask_of(["log", "header"])
_URLS = mask_of(["url", "redirect"])
# What no danger needs: after everything but these was removed, the text is harmless.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- \\wd.,")


def _then(f: Frame, site: Site) -> Value:
    """`promise.then(f)`: promises are their values here, as `await` is nothing."""
    result: Value | None = None
    for function in site.args[:1]:
        if function.calls:
            result = called(f, site, function, [site.receiver])
    return site.receiver if result is None else result


def _caught(f: Frame, site: Site) -> Value:
    """`promise.catch(f)`, `promise.finally(f)`: the value stays, or what the function gives."""
    for function in site.args[:1]:
        if function.calls:
            failure = f.analysis.exception_value(f, site.span)
            made = called(f, site, function, [failure] if site.member == "catch" else [])
            return join(site.receiver, made.with_labels(None)) if site.member == "catch" else site.receiver
    return site.receiver


def _call_other(f: Frame, site: Site) -> Value:
    """`f.call(self, a, b)`."""
    if not site.receiver.calls:
        return Value(site.labels())
    return called(f, site, site.receiver, site.args[1:])


def _apply_other(f: Frame, site: Site) -> Value:
    """`f.apply(self, list)`."""
    listed = site.args[1] if len(site.args) > 1 else UNKNOWN
    args = [item for index in range(6) if (item := load(f.heap, f.shared, listed, index)) is not None]
    return called(f, site, site.receiver, args) if site.receiver.calls else Value(site.labels())


def _search(f: Frame, site: Site) -> Value:
    """`list.find(f)`, `some`, `every`: the function sees the elements; `find` gives one."""
    inner = elements(f.heap, f.shared, site.receiver)
    if site.args and site.args[0].calls:
        called(f, site, site.args[0], [inner])
    return inner if site.member in ("find", "findLast", "at") else UNKNOWN


def _bind(f: Frame, site: Site) -> Value:
    """`f.bind(self, a, b)`: the function, or one that keeps its first arguments."""
    if len(site.args) < 2 or not site.receiver.calls:
        return site.receiver
    made = f.new_object(("functools.partial",))
    for key, value in [("function", site.receiver), *enumerate(site.args[1:9])]:
        store(f.heap, f.shared, made, key, value)
    return made


def _reduce(f: Frame, site: Site) -> Value:
    """`list.reduce(f, start)`: two rounds, so that what the first left is seen by the second."""
    inner = elements(f.heap, f.shared, site.receiver)
    result = site.args[1] if len(site.args) > 1 else inner
    if site.args and site.args[0].calls:
        for _ in range(2):
            result = join(result, called(f, site, site.args[0], [result, inner]))
    return result.without_const()


def _concat(f: Frame, site: Site) -> Value:
    """`text.concat(a)`, `list.concat(other)`."""
    from assay.code.joining import text_of

    values = [site.receiver, *site.args]
    if not any(value.refs for value in values):
        return text_of(f, values)
    return concatenated(f, values)


def _replace(f: Frame, site: Site) -> Value:
    """`text.replace(pattern, by)`: taking out every character but harmless ones, angle brackets or line ends is cleaning."""
    made: Value = INTRINSICS["change"](f, site)
    if len(site.args) < 2 or not made.labels:
        return made
    if site.args[1].calls:
        made = made.with_labels(
            join_labels(made.labels, f.deep(called(f, site, site.args[1], [site.receiver])))
        )
    const = site.args[0].const
    regex = const[0] if const and len(const) == 1 else None
    if isinstance(regex, Regex) and site.args[1].const == ("\\$&",) and _escapes(regex):
        return made.with_labels(cleared(made.labels, mask_of(["regex"])))
    mask = _removes(const[0]) if const and len(const) == 1 and isinstance(const[0], Regex) else 0
    return made.with_labels(cleared(made.labels, mask)) if mask else made


def _escapes(regex: Regex) -> bool:
    """Whether it finds every character that means something in a regular expression: repetition and groups at least."""
    return "g" in regex.flags and regex.pattern[:1] == "[" and set("*+?(){}|") <= set(regex.pattern[1:])


def _removes(regex: Regex) -> int:
    """The kinds of danger that replacing every match takes away."""
    text = regex.pattern
    if "g" not in regex.flags:
        return 0
    if text.startswith("[^") and text.rstrip("+*").endswith("]"):
        allowed = text[2:].rstrip("+*")[:-1]
        return ALL if set(allowed) <= _PLAIN else 0
    mask = 0
    if text in ("\\D", "\\D+", "\\W", "\\W+"):
        return ALL
    if text == "<" or (text.startswith("[") and "<" in text):
        mask |= _HTML
    if "\\n" in text and text.strip("[]()+*").replace("\\r", "").replace("\\n", "").strip("|?") == "":
        mask |= _LINES
    return mask


def _includes(f: Frame, site: Site) -> Value:
    """`ALLOWED.includes(x)`, `ALLOWED.has(x)`: true proves x harmless if the collection is the program's own."""
    receiver = site.receiver
    fixed = "str" not in receiver.types and f.analysis.is_fixed_collection(f, receiver)
    if fixed and site.registers and site.dst is not None:
        key = ("true", site.dst)
        f.calls[key] = [*f.calls.get(key, ()), (site.registers[0], ALL)]
    return UNKNOWN


def _index_of(f: Frame, site: Site) -> Value:
    """`ALLOWED.indexOf(x)`: that it is found proves x harmless; guards take "found" for the false side of the call."""
    receiver = site.receiver
    fixed = "str" not in receiver.types and f.analysis.is_fixed_collection(f, receiver)
    if fixed and site.registers and site.dst is not None:
        prove(f, site.dst, site.registers[0], ALL, False)
    return UNKNOWN


def _own_property(f: Frame, site: Site) -> Value:
    """`hasOwnProperty.call(MAP, x)`, `Object.hasOwn(MAP, x)`, `MAP.hasOwnProperty(x)`."""
    owner, index = (site.args[0], 1) if len(site.args) > 1 else (site.receiver, 0)
    fixed = len(site.registers) > index and f.analysis.is_fixed_collection(f, owner)
    if fixed and site.dst is not None:
        f.calls["true", site.dst] = [(site.registers[index], ALL)]
    return UNKNOWN


def _starts(f: Frame, site: Site) -> Value:
    """`text.startsWith(base)`: a path below a base; an address of a fixed host."""
    prefix = site.args[0] if site.args else UNKNOWN
    if site.dst is None or f.deep(prefix):
        return UNKNOWN
    const = prefix.const[0] if prefix.const and len(prefix.const) == 1 else None
    mask = mask_of(["path"])
    if isinstance(const, str):
        host = const.partition("://")[2]
        mask = _URLS if "/" in host else 0 if const in ("", "/", ".", "http", "https://", "http://") else mask
    if mask:
        f.calls["true", site.dst] = [(site.receiver_register, mask)]
    return UNKNOWN


def _assign(f: Frame, site: Site) -> Value:
    """`Object.assign(target, ...sources)`."""
    from assay.code.joining import spread, taint_register

    if not site.args:
        return UNKNOWN
    target = site.args[0]
    for source in site.args[1:]:
        if target.refs:
            spread(f, target, source)
        elif f.deep(source):
            taint_register(f, site.registers[0], f.deep(source))
            target = f.get(site.registers[0])
    if not target.types:
        target = target.with_types(("dict",))
        f.set(site.registers[0], target)
    return target


def _entries(f: Frame, site: Site) -> Value:
    """`Object.entries(o)`: pairs of key and value."""
    source = site.args[0] if site.args else UNKNOWN
    key = Value(source.labels, types=("str",))
    pair = f.new_object(("list",), Shape({0: key, 1: elements(f.heap, f.shared, source)}, None, 2))
    return f.new_object(("list",), Shape({}, pair, -1), source.labels)


def _object_values(f: Frame, site: Site) -> Value:
    """`Object.values(o)`."""
    source = site.args[0] if site.args else UNKNOWN
    return f.new_object(("list",), Shape({}, elements(f.heap, f.shared, source), -1), source.labels)


def _object_keys(f: Frame, site: Site) -> Value:
    """`Object.keys(o)`: the keys of an object of the program are its own."""
    source = site.args[0] if site.args else UNKNOWN
    return f.new_object(("list",), Shape({}, Value(source.labels, types=("str",)), -1), source.labels)


def _from_entries(f: Frame, site: Site) -> Value:
    """`Object.fromEntries(pairs)`."""
    pairs = paired(f, site.args[0]) if site.args else None
    if pairs is not None:
        return f.new_object(("dict",), Shape(pairs))
    source = elements(f.heap, f.shared, site.args[0]) if site.args else UNKNOWN
    made = f.new_object(("dict",))
    store(f.heap, f.shared, made, ANY, Value(f.deep(source)))
    return made


def _collection(f: Frame, site: Site) -> Value:
    """`new Set(list)`, `new Map(pairs)`, `Array.from(x)`."""
    kind = site.names[0].rsplit(".", 1)[-1] if site.names else ""
    pairs = paired(f, site.args[0]) if kind in ("Map", "WeakMap") and site.args else None
    if pairs is not None:
        return f.new_object((kind,), Shape(pairs))
    made: Value = INTRINSICS["collect"](f, site)
    if kind == "from" and len(site.args) > 1 and site.args[1].calls:
        inner = called(f, site, site.args[1], [elements(f.heap, f.shared, made), UNKNOWN])
        return f.new_object(("list",), Shape({}, inner, -1))
    return (
        made.with_types((kind,))
        if kind in ("Set", "Map", "WeakMap", "WeakSet")
        else made.with_types(("list",))
    )


def _json(f: Frame, site: Site) -> Value:
    """`JSON.stringify(x)`: text with everything in it."""
    return Value(f.deep(site.args[0]) if site.args else None, types=("str",))


def _promise(f: Frame, site: Site) -> Value:
    """`new Promise((resolve, reject) => ...)`: the function runs; what it resolves to comes from what it is given."""
    for function in site.args[:1]:
        if function.calls:
            return called(f, site, function, [])
    return UNKNOWN


ECMASCRIPT: dict[str, Callable[[Frame, Site], Value]] = {
    "then": _then, "caught": _caught, "call_other": _call_other, "apply_other": _apply_other, "search": _search, "reduce": _reduce, "bind": _bind,
    "concat": _concat, "replace": _replace, "includes": _includes, "index_of": _index_of, "own_property": _own_property, "starts": _starts,
    "assign": _assign, "entries": _entries, "object_values": _object_values, "object_keys": _object_keys, "from_entries": _from_entries,
    "collection": _collection, "json": _json, "promise": _promise,
} | ARRAYS  # fmt: skip
