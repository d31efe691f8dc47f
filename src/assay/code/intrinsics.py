"""Operations on containers and text that every language has under some name: models say which function `does` which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assay.code.heap import (
    ANY,
    EMPTY,
    Shape,
    append,
    concatenate,
    elements,
    insert,
    key_of,
    load,
    remove,
    store,
)
from assay.code.intrinsics_calls import apply, map_values, partial, partial_call
from assay.code.intrinsics_text import (
    builder,
    builder_text,
    changed_text,
    first_argument,
    format_text,
    join_text,
    new_builder,
    new_text,
    path_join,
    percent_text,
    same_text,
    split_text,
    subject,
    taint_receiver,
    to_text,
)
from assay.code.kinds import ALL
from assay.code.special_methods import iterated
from assay.code.values import UNKNOWN, Labels, Source, Value, constant, join

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame


def _add(f: Frame, site: Site) -> Value:
    for value in site.args:
        append(f.heap, f.shared, site.receiver, value, f.loops > 0)
        taint_receiver(f, site, f.deep(value))
    return site.receiver if site.member in ("append", "add") and f.language == "java" else constant(None)


def _append_return(f: Frame, site: Site) -> Value:
    """Go's `append(list, values...)`: a new list, in order where every element of the old one is known."""
    if not site.args:
        return UNKNOWN
    base = site.args[0]
    known = f.heap.get(base.refs[0]) if len(base.refs) == 1 and isinstance(base.refs[0], int) else None
    if known is not None and known.rest is None and known.size == len(known.fields) and not f.loops:
        made = f.new_object(base.types or ("list",), known, base.labels)
        for value in site.args[1:]:
            append(f.heap, f.shared, made, value, False)
        for _, value in site.spread:
            concatenate(f.heap, f.shared, made, value)
        return made
    rest = elements(f.heap, f.shared, base)
    labels = base.labels
    for value in site.args[1:]:
        rest = join(rest, value)
    for _, value in site.spread:
        rest = join(rest, elements(f.heap, f.shared, value))
    return f.new_object(base.types or ("list",), Shape({}, rest, -1), labels)


def _insert(f: Frame, site: Site) -> Value:
    """Insert at an index: the others move."""
    if len(site.args) > 1:
        insert(f.heap, f.shared, site.receiver, key_of(site.args[0]), site.args[1], f.loops > 0)
        taint_receiver(f, site, f.deep(site.args[1]))
    return constant(None)


def _extend(f: Frame, site: Site) -> Value:
    for value in site.args:
        concatenate(f.heap, f.shared, site.receiver, value)
        taint_receiver(f, site, f.deep(elements(f.heap, f.shared, value)))
    return constant(None)


def _get(f: Frame, site: Site) -> Value:
    """`mapping.get(key, default)`, `list.get(index)`."""
    key = key_of(site.args[0]) if site.args else ANY
    wanted = site.keywords.get("type") or (site.args[2] if len(site.args) > 2 else None)
    if wanted is not None and wanted.name in _NUMBERS:
        return _INT  # werkzeug's `get(key, type=int)`: the default if it is no number
    found = load(f.heap, f.shared, site.receiver, key)
    if found is None and site.receiver.name:
        found = f.analysis.read_item(f, site.receiver, key, site.span)
    default = site.args[1] if len(site.args) > 1 else site.keywords.get("default")
    if found is None:
        return default if default is not None and not site.receiver.labels else (default or UNKNOWN)
    if default is None or _surely(f, site.receiver, key):
        return found
    made = join(found, default)
    if f.language == "java" and made.const is None and default.const and isinstance(default.const[0], str):
        made.const = (
            ...,
            default.const[0],
        )  # it stands in the source what is taken where nothing is configured
    return made


def _surely(f: Frame, value: Value, key: Any) -> bool:
    if len(value.refs) != 1:
        return False
    shape = f.heap.get(value.refs[0]) or f.shared.get(value.refs[0])
    return shape is not None and key in shape.fields


def _put(f: Frame, site: Site) -> Value:
    if len(site.args) < 2:
        return UNKNOWN
    key, value = key_of(site.args[0]), site.args[1]
    old = load(f.heap, f.shared, site.receiver, key)
    store(f.heap, f.shared, site.receiver, key, value)
    taint_receiver(f, site, f.deep(value))
    return old or UNKNOWN


def _setdefault(f: Frame, site: Site) -> Value:
    key = key_of(site.args[0]) if site.args else ANY
    old = load(f.heap, f.shared, site.receiver, key)
    if old is not None and _surely(f, site.receiver, key):
        return old
    default = site.args[1] if len(site.args) > 1 else constant(None)
    store(f.heap, f.shared, site.receiver, key, default, weak=True)
    return default if old is None else join(old, default)


def _pop(f: Frame, site: Site) -> Value:
    key: Any = key_of(site.args[0]) if site.args else -1
    found = load(f.heap, f.shared, site.receiver, key)
    remove(f.heap, site.receiver, key)
    if len(site.args) > 1 and found is None:
        return site.args[1]
    return found or UNKNOWN


def _remove(f: Frame, site: Site) -> Value:
    """By index in Java, by value in Python: a value that is not found by constant leaves everything possible."""
    if not site.args:
        return UNKNOWN
    wanted = key_of(site.args[0])
    if f.language != "python":
        found = load(f.heap, f.shared, site.receiver, wanted)
        remove(f.heap, site.receiver, wanted)
        return found or UNKNOWN
    for ref in site.receiver.refs:
        shape = f.heap.get(ref)
        if shape is None:
            continue
        index = next((k for k, v in shape.fields.items() if v.const == (wanted,) or v is site.args[0]), ANY)
        remove(f.heap, site.receiver, index)
    return constant(None)


def _clear(f: Frame, site: Site) -> Value:
    if len(site.receiver.refs) == 1:
        f.heap[site.receiver.refs[0]] = EMPTY
    return constant(None)


def _update(f: Frame, site: Site) -> Value:
    from assay.code.joining import spread

    for value in site.args:
        spread(f, site.receiver, value)
        taint_receiver(f, site, f.deep(value))
    for key, value in site.keywords.items():
        store(f.heap, f.shared, site.receiver, key, value)
    return constant(None)


def _values(f: Frame, site: Site) -> Value:
    inner = elements(f.heap, f.shared, site.receiver)
    return f.new_object(("list",), Shape({}, inner, -1), site.receiver.labels)


def _keys(f: Frame, site: Site) -> Value:
    return f.new_object(("list",), Shape({}, key_value(f, site.receiver), -1), site.receiver.labels)


def key_value(f: Frame, value: Value) -> Value:
    """What iterating over the keys of a mapping gives."""
    keys: list[Any] = []
    for ref in value.refs:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is None or shape.rest is not None:
            return Value(value.labels)
        keys.extend(key for key in shape.fields if isinstance(key, str | int))
    if keys and len(keys) <= 8 and not value.labels:
        return Value(const=tuple(dict.fromkeys(keys)))
    return Value(value.labels)


def _items(f: Frame, site: Site) -> Value:
    pair = f.new_object(
        ("tuple",),
        Shape({0: key_value(f, site.receiver), 1: elements(f.heap, f.shared, site.receiver)}, None, 2),
    )
    return f.new_object(("list",), Shape({}, pair, -1), site.receiver.labels)


def _copy(f: Frame, site: Site) -> Value:
    source = subject(site)
    for ref in source.refs[:1]:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None:
            return f.new_object(source.types, shape, source.labels)
    return source


def _collect(f: Frame, site: Site) -> Value:
    """`list(x)`, `sorted(x)`, `set(x)`: the same elements in another container."""
    name = (site.names[0] if site.names else "list").rsplit(".", 1)[-1]
    kind = name if name in ("list", "set", "tuple", "dict") else "list"
    if not site.args:
        made = f.new_object((kind,))
        for key, value in site.keywords.items():
            store(f.heap, f.shared, made, key, value)
        return made
    source = iterated(f, first_argument(site), site.span)
    if name == "dict" and "dict" not in source.types:
        pairs = paired(f, source)
        if pairs is not None:
            return f.new_object(("dict",), Shape(pairs))
        second = load(f.heap, f.shared, elements(f.heap, f.shared, source), 1)
        if second is not None:  # pairs whose keys are not known
            return f.new_object(("dict",), Shape({}, second))
    for ref in source.refs[:1]:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None and name in ("list", "tuple", "dict"):
            made = f.new_object((kind,), shape, source.labels)
            for key, value in site.keywords.items():
                store(f.heap, f.shared, made, key, value)
            return made
    inner = elements(f.heap, f.shared, source)
    return f.new_object((kind,), Shape({}, None if inner is UNKNOWN else inner, -1), source.labels)


def paired(f: Frame, source: Value) -> dict[Any, Value] | None:
    """The mapping that a list of pairs with constant keys makes."""
    shape = f.heap.get(source.refs[0]) or f.shared.get(source.refs[0]) if len(source.refs) == 1 else None
    if shape is None or shape.rest is not None or not shape.fields:
        return None
    found: dict[Any, Value] = {}
    for pair in shape.fields.values():
        key, value = (load(f.heap, f.shared, pair, n) for n in (0, 1))
        if key is None or value is None or key_of(key) == ANY:
            return None
        found[key_of(key)] = value
    return found


def _number(f: Frame, site: Site) -> Value:
    source = first_argument(site) if site.args else site.receiver
    if (
        source.const is not None
        and len(source.const) == 1
        and isinstance(source.const[0], str | int | float)
        and len(str(source.const[0])) < 20
    ):
        try:
            return constant(int(str(source.const[0])))
        except ValueError:
            return _INT
    return _INT


_INT = Value(types=("int",))
_NUMBERS = frozenset(("int", "float", "bool", "uuid.UUID", "decimal.Decimal"))


def _number_text(f: Frame, site: Site) -> Value:
    """A number as text: no danger to a sink, but a predictable number stays predictable."""
    labels = f.deep(first_argument(site)) or {}
    kept: Labels = {o: m for o, m in labels.items() if isinstance(o, Source) and o.kind == "weakrandom"}
    return Value(kept or None, types=("str",))


def _boolean(_f: Frame, _site: Site) -> Value:
    return UNKNOWN


def _length(f: Frame, site: Site) -> Value:
    source = first_argument(site) if site.args else site.receiver
    if (
        source.const is not None
        and len(source.const) == 1
        and isinstance(source.const[0], str | bytes | tuple)
    ):
        return constant(len(source.const[0]))
    if len(source.refs) == 1:
        shape = f.heap.get(source.refs[0])
        if shape is not None and shape.rest is None and shape.size > 0 and "set" not in source.types:
            return constant(shape.size)
    return _INT


def _element(f: Frame, site: Site) -> Value:
    """One element: `next(x)`, `max(x)`, `list.get(i)` with an unknown index."""
    source = iterated(f, site.receiver if site.member and not site.args else first_argument(site), site.span)
    found = elements(f.heap, f.shared, source)
    return found if len(site.args) < 2 else join(found, site.args[-1])


def _first_element(f: Frame, site: Site) -> Value:
    return load(f.heap, f.shared, site.receiver, 0) or UNKNOWN


def _last_element(f: Frame, site: Site) -> Value:
    return load(f.heap, f.shared, site.receiver, -1) or UNKNOWN


def _pairs(f: Frame, site: Site) -> Value:
    """`enumerate(x)`, `zip(a, b)`: a list of tuples."""
    name = site.names[0] if site.names else ""
    columns = [elements(f.heap, f.shared, value) for value in site.args]
    if name.endswith("enumerate"):
        columns = [_INT, *columns[:1]]
    pair = f.new_object(("tuple",), Shape(dict(enumerate(columns)), None, len(columns)))
    return f.new_object(("list",), Shape({}, pair, -1))


def _getattr(f: Frame, site: Site) -> Value:
    if len(site.args) < 2:
        return UNKNOWN
    name = key_of(site.args[1])
    if isinstance(name, str) and name != ANY:
        found = f.analysis.read_field(f, site.args[0], name, site.span)
        return join(found, site.args[2]) if len(site.args) > 2 and found is UNKNOWN else found
    return elements(f.heap, f.shared, site.args[0])


def _setattr(f: Frame, site: Site) -> Value:
    if len(site.args) > 2:
        store(f.heap, f.shared, site.args[0], key_of(site.args[1]), site.args[2])
    return constant(None)


def _super(f: Frame, _site: Site) -> Value:
    return f.analysis.super_value(f)


def _new(f: Frame, site: Site) -> Value:
    """A new object that holds what it was made of."""
    made = f.new_object((site.names[0],) if site.names else ())
    labels = site.labels()
    return made.with_labels(labels)


def _is_type(f: Frame, site: Site) -> Value:
    return f.analysis.type_test(f, site)


def _choice(_f: Frame, site: Site) -> Value:
    """One of the arguments."""
    result: Value | None = None
    for value in site.everything():
        result = value if result is None else join(result, value)
    return result or UNKNOWN


def _listed(f: Frame, site: Site) -> Value:
    """`Arrays.asList(a, b)`: a list of the arguments; of one array: its elements."""
    if len(site.args) == 1 and site.args[0].refs and any(t in ("list", "Array") for t in site.args[0].types):
        return site.args[0]
    return f.new_object(("list",), Shape(dict(enumerate(site.args[:32])), None, len(site.args)))


def _mapped(f: Frame, site: Site) -> Value:
    """`Map.of(key, value, ...)`."""
    made = f.new_object(("dict",))
    for key, value in zip(site.args[::2], site.args[1::2], strict=False):
        store(f.heap, f.shared, made, key_of(key), value)
    return made


def _new_argv(f: Frame, site: Site) -> Value:
    """`new ProcessBuilder(program, argument, ...)`: an object that keeps its command; what of it is dangerous is reported here."""
    listed = _listed(f, site)
    f.analysis.item_sink(
        f, f.analysis.models(f).by_name.get("ProcessBuilder.<command>", []), site.receiver, listed, site.span
    )
    return f.new_object(("ProcessBuilder",))


def _listed_argv(f: Frame, site: Site) -> Value:
    """Go's `exec.Command(program, arguments...)`: judged as the list of its arguments, a context before them left out."""
    first = 1 if site.member.endswith("Context") else 0
    args = site.args[first:]
    rest = None
    for _, value in site.spread:
        rest = elements(f.heap, f.shared, value)
    listed = f.new_object(
        ("list",), Shape(dict(enumerate(args[:32])), rest, len(args) if rest is None else -1)
    )
    f.analysis.item_sink(
        f, f.analysis.models(f).by_name.get("os/exec.<command>", []), site.receiver, listed, site.span
    )
    return f.new_object(("os/exec.Cmd",))


def _fill_remote(f: Frame, site: Site) -> Value:
    """`c.BindJSON(&form)`: the arguments are filled with data of the request."""
    from assay.code.joining import taint_register
    from assay.code.values import Mark

    what = site.names[0] if site.names else site.member
    source = Source("remote", f.number, site.span, what)
    labels: Labels = {source: Mark(ALL, (None, f.number, site.span, what), 2)}
    for register, value in zip(site.registers, site.args, strict=False):
        if value.refs:
            store(f.heap, f.shared, value, ANY, Value(labels))
            _fill_fields(f, value, labels)
        else:
            taint_register(f, register, labels)
    return UNKNOWN


def _fill_fields(f: Frame, value: Value, labels: Labels) -> None:
    for kind in value.types:
        cls = f.analysis.world.classes.get(kind)
        for name, declared in (cls.fields if cls is not None else {}).items():
            if cls is not None and not f.analysis.types_of(cls.module, declared)[1]:
                store(f.heap, f.shared, value, name, Value(labels))


def _exit(f: Frame, _site: Site) -> Value:
    f.ended = True
    return UNKNOWN


INTRINSICS: dict[str, Callable[[Frame, Site], Value]] = {
    "add": _add, "append_return": _append_return, "insert": _insert, "extend": _extend, "get": _get, "put": _put, "setdefault": _setdefault,
    "pop": _pop, "remove": _remove, "clear": _clear, "update": _update, "values": _values, "keys": _keys, "items": _items,
    "copy": _copy, "collect": _collect, "join": join_text, "format": format_text, "percent": percent_text, "text": to_text, "same": same_text,
    "change": changed_text, "split": split_text, "number": _number, "boolean": _boolean, "number_text": _number_text, "length": _length, "element": _element,
    "first": _first_element, "last": _last_element, "pairs": _pairs, "map": map_values, "apply": apply, "partial": partial, "partial_call": partial_call, "getattr": _getattr,
    "setattr": _setattr, "super": _super, "builder": builder, "builder_text": builder_text, "new_builder": new_builder,
    "new": _new, "listed": _listed, "mapped": _mapped, "new_argv": _new_argv, "listed_argv": _listed_argv, "fill_remote": _fill_remote, "new_text": new_text, "is_type": _is_type, "path_join": path_join, "choice": _choice, "exit": _exit,
}  # fmt: skip
