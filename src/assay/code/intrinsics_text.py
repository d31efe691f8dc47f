"""Operations on text: joining, formatting, cutting, building."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from assay.code.heap import Shape, load, store
from assay.code.kinds import ALL
from assay.code.special_methods import as_text
from assay.code.values import UNKNOWN, Labels, Value, cleared, constant, join_labels

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame


def taint_receiver(f: Frame, site: Site, labels: Labels | None) -> None:
    """An object of which nothing is known takes data up."""
    from assay.code.joining import taint_register

    if labels and not site.receiver.refs:
        taint_register(f, site.receiver_register, labels)
        made = f.info.definition(site.receiver_register) if site.receiver_register < 0 else None
        if made is not None and made[0] == 1:
            taint_register(f, made[3], labels)


def subject(site: Site) -> Value:
    """What an operation on text works on: the receiver of a method, the first argument of a function of a package or class."""
    receiver = site.receiver
    is_scope = bool(receiver.name and site.args) and not (receiver.labels or receiver.refs or receiver.types)
    return receiver if site.member and not is_scope else first_argument(site)


def first_argument(site: Site) -> Value:
    """The first argument, by position or name."""
    if site.args:
        return site.args[0]
    return next(iter(site.keywords.values()), UNKNOWN)


def join_text(f: Frame, site: Site) -> Value:
    """`separator.join(values)` and `values.join(separator)`."""
    from assay.code.joining import text_of

    python = f.language == "python"
    values, separator = (
        (first_argument(site), site.receiver) if python else (site.receiver, first_argument(site))
    )
    for ref in values.refs[:1]:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None and shape.rest is None and shape.size == len(shape.fields) and shape.size <= 16:
            parts: list[Value] = []
            for index in range(shape.size):
                parts += [separator] * (index > 0) + [shape.fields[index]]
            return text_of(f, parts)
    return Value(join_labels(f.deep(values), separator.labels), types=("str",))


def format_text(f: Frame, site: Site) -> Value:
    """`"...{}...{name}".format(values)`: pieces and values in order."""
    from assay.code.joining import text_of

    template = site.receiver.const[0] if site.receiver.const and len(site.receiver.const) == 1 else None
    fields = _fields(template) if isinstance(template, str) else None
    if fields is None:
        return Value(site.labels(), types=("str",))
    values: list[Value] = []
    automatic = 0
    for literal, name, spec in fields:
        values.append(constant(literal))
        if name is None:
            continue
        base, *keys = name.replace("]", "").replace(".", "[").split("[")
        if not base:
            base, automatic = str(automatic), automatic + 1
        value = _formatted(f, site, base)
        for key in keys:
            value = load(f.heap, f.shared, value, int(key) if key.isdigit() else key) or UNKNOWN
        value = as_text(f, value, site.span)
        is_number = spec[-1:] in tuple("dxXobeEfFgGn")
        values.append(Value(cleared(f.deep(value), ALL), types=("int",)) if is_number else value)
    return text_of(f, values)


def _fields(template: str) -> list[tuple[str, str | None, str]] | None:
    """The pieces of a format: literal text, and the name and specification of the field behind it."""
    try:
        found = [(text, name, spec or "") for text, name, spec, _ in Formatter().parse(template)]
    except ValueError:
        return None
    return found if len(found) <= 40 else None


def _formatted(f: Frame, site: Site, base: str) -> Value:
    """The value of a field of a format."""
    if site.member == "format_map":
        found = load(f.heap, f.shared, site.args[0], base) if site.args else None
    else:
        found = site.argument(int(base)) if base.isdigit() else site.keywords.get(base)
    return Value(spread_labels(f, site)) if found is None else found


def percent_text(f: Frame, site: Site) -> Value:
    """`sprintf(template, values...)`, `String.format`."""
    from assay.code.joining import percent

    if not site.args:
        return UNKNOWN
    values = site.args[1:]
    pack = f.new_object(("tuple",), Shape(dict(enumerate(values[:32])), None, len(values)))
    made = percent(f, site.args[0], pack)
    return made if made.labels or made.const else Value(spread_labels(f, site), types=("str",))


def to_text(f: Frame, site: Site) -> Value:
    """`str(x)`, `x.toString()`."""
    source = as_text(f, subject(site), site.span)
    if (
        source.const is not None
        and len(source.const) == 1
        and isinstance(source.const[0], str | int | float | bool)
    ):
        return constant(str(source.const[0]))
    types = ("str", NORMAL) if NORMAL in source.types else ("str",)
    return Value(f.deep(source), types=types, parts=source.parts)


def same_text(f: Frame, site: Site) -> Value:
    """Trimming, changing case, encoding: the text stays what it was."""
    source = subject(site)
    return Value(
        f.deep(source), types=source.types if source.refs else ("str",), parts=source.parts, refs=source.refs
    )


def changed_text(f: Frame, site: Site) -> Value:
    """Text made of other text: replace, split pieces, substrings."""
    source = subject(site)
    labels = f.deep(source)
    if labels and site.member in ("replace", "replaceAll") and site.args:
        labels = cleared(labels, _taken_out(f, site))
    for value in site.args[1:]:
        labels = join_labels(labels, f.deep(value))
    return Value(labels, types=("str",))


def _taken_out(f: Frame, site: Site) -> int:
    """The kinds that replacing every one of these texts takes away; in JavaScript `replace` of text takes the first only."""
    from assay.code.guards import without

    if site.member == "replace" and f.language in ("javascript", "typescript"):
        return 0
    old, new = (
        value.const[0] if value.const and len(value.const) == 1 else None
        for value in (*site.args, UNKNOWN)[:2]
    )
    if not isinstance(old, str) or not isinstance(new, str):
        return 0
    return without(old) if old not in new or new == old * 2 else 0


def normal_path(f: Frame, site: Site) -> Value:
    """`os.path.realpath(p)`, `p.resolve()`: nothing in it leads up any more, so that its beginning says where it is."""
    made = same_text(f, site)
    return made.with_types((*(made.types or ("str",))[:2], NORMAL))


NORMAL = "path.normal"


def split_text(f: Frame, site: Site) -> Value:
    """Pieces of a text."""
    source = subject(site)
    labels = f.deep(source)
    return f.new_object(("list",), Shape({}, Value(labels, types=("str",)) if labels else None, -1), labels)


def builder(f: Frame, site: Site) -> Value:
    """`builder.append(x)`: the receiver takes the data up and is the result."""
    from assay.code.joining import text_of

    added = [value for value in site.args if value is not None]
    old = load(f.heap, f.shared, site.receiver, "") if site.receiver.refs else None
    text = text_of(f, [*([old] if old is not None else []), *added])
    if site.receiver.refs:
        store(
            f.heap, f.shared, site.receiver, "", text if not f.loops else Value(text.labels, types=("str",))
        )
    else:
        taint_receiver(f, site, text.labels)
    return f.get(site.receiver_register)


def builder_text(f: Frame, site: Site) -> Value:
    """What a builder has taken up."""
    old = load(f.heap, f.shared, site.receiver, "")
    return old if old is not None else Value(site.receiver.labels, types=("str",))


def new_builder(f: Frame, site: Site) -> Value:
    """A builder, perhaps with a first text."""
    made = f.new_object(("StringBuilder",) if not site.names else (site.names[0],))
    if site.args:
        store(f.heap, f.shared, made, "", site.args[0])
    return made


def path_join(f: Frame, site: Site) -> Value:
    """`os.path.join(a, b)`, `Path(a, b)`: the parts with separators."""
    from assay.code.joining import text_of

    values: list[Value] = []
    for value in (
        [site.receiver] if site.member and "path" not in site.member and not site.names else []
    ) + site.args:
        values += [constant("/")] * bool(values) + [value]
    for _, value in site.spread:
        values.append(Value(f.deep(value)))
    return text_of(f, values)


def spread_labels(f: Frame, site: Site) -> Labels | None:
    """Labels of all spread arguments."""
    labels: Labels | None = None
    for _, value in site.spread:
        labels = join_labels(labels, f.deep(value))
    return labels


def new_text(f: Frame, site: Site) -> Value:
    """An object made of text that keeps the text's parts: `new URL(text)`."""
    from assay.code.joining import text_of

    text = text_of(f, site.args)
    name = site.names[0] if site.names else ""
    kind = name.rpartition(".")[0] if name.rpartition(".")[2][:1].islower() else name
    parts = text.parts if text.parts is not None or text.const is None else (text.const[0],)
    return Value(text.labels, types=(kind,) if kind else (), parts=parts)
