"""Operations of Java's own library that models say a function `does`: queues, references, patterns, properties, responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code import ir
from assay.code.heap import ANY, elements, insert, key_of, load, remove, store
from assay.code.intrinsics_calls import called
from assay.code.intrinsics_text import changed_text, taint_receiver
from assay.code.ir import Regex
from assay.code.kinds import BIT
from assay.code.values import UNKNOWN, Value, cleared, constant, join

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame

_HELD = "<held>"
_CONTENT_TYPE = "<content type>"


def _prepend(f: Frame, site: Site) -> Value:
    """`deque.addFirst(x)`."""
    for value in site.args[:1]:
        insert(f.heap, f.shared, site.receiver, 0, value, f.loops > 0)
        taint_receiver(f, site, f.deep(value))
    return constant(None)


def _take_first(f: Frame, site: Site) -> Value:
    """`queue.poll()`: the first element, taken out."""
    found = load(f.heap, f.shared, site.receiver, 0)
    remove(f.heap, site.receiver, 0)
    return found or UNKNOWN


def _hold(f: Frame, site: Site) -> Value:
    """`reference.set(x)`: a holder of one value."""
    for value in site.args[-1:]:
        store(f.heap, f.shared, site.receiver, _HELD, value)
        taint_receiver(f, site, f.deep(value))
    return constant(None)


def _held(f: Frame, site: Site) -> Value:
    """`reference.get()`."""
    return load(f.heap, f.shared, site.receiver, _HELD) or UNKNOWN


def _holder(f: Frame, site: Site) -> Value:
    """`new AtomicReference<>(x)`."""
    made = f.new_object((site.names[0],) if site.names else ())
    for value in site.args[:1]:
        store(f.heap, f.shared, made, _HELD, value)
    return made


def _or_else(f: Frame, site: Site) -> Value:
    """`optional.orElse(x)`, `optional.orElseGet(function)`: what is in it, or the other."""
    receiver = site.receiver
    inner = elements(f.heap, f.shared, receiver) if receiver.refs else receiver
    for value in site.args[:1]:
        other = called(f, site, value, []) if value.calls else value
        inner = join(inner, other)
    return inner


def _is_empty(f: Frame, site: Site) -> Value:
    """`list.isEmpty()`, where every element is known."""
    refs = site.receiver.refs
    shape = f.heap.get(refs[0]) if len(refs) == 1 and isinstance(refs[0], int) else None
    if shape is None or shape.rest is not None or shape.size != len(shape.fields) or f.loops:
        return UNKNOWN
    return constant(shape.size == 0)


def _cut(f: Frame, site: Site) -> Value:
    """`text.substring(from, to)`: of text that begins with a literal only that, if the cut ends inside of it."""
    parts = site.receiver.parts
    ends = [arg.const[0] if arg.const and len(arg.const) == 1 else None for arg in site.args]
    if parts and isinstance(parts[0], str) and len(ends) == 2:
        start, end = ends
        if isinstance(start, int) and isinstance(end, int) and 0 <= start <= end <= len(parts[0]):
            return constant(parts[0][start:end])
    changed = changed_text(f, site)
    if len(site.args) == 1 and _is_after_last_slash(f, site.registers[0]):
        return changed.with_labels(cleared(changed.labels, BIT["path"] | BIT["archive"]))
    return changed


def _is_after_last_slash(f: Frame, register: int) -> bool:
    """`name.lastIndexOf("/") + 1`: what follows is the last part of a path."""
    made = f.info.definition(register) if register < 0 else None
    if made is None or made[0] != ir.OP or made[3] != "+" or made[4] >= 0:
        return False
    found = f.info.definition(made[4])
    if found is None or found[0] != ir.METHOD or found[4] != "lastIndexOf" or not found[5]:
        return False
    wanted = f.get(found[5][0])
    return wanted.const in (("/",), ("\\",)) or wanted.name.endswith((".separator", ".separatorChar"))


def _regex(_f: Frame, site: Site) -> Value:
    """`Pattern.compile("...")`: an object that is its pattern."""
    const = site.args[0].const if site.args else None
    types = ("java.util.regex.Pattern",)
    if const and len(const) == 1 and isinstance(const[0], str):
        return Value(const=(Regex(const[0]),), types=types)
    return Value(types=types)


def _property(f: Frame, site: Site) -> Value:
    """`bean.setName(x)` of a library's object: kept under the name."""
    name = site.member.removeprefix("set")
    for value in site.args[:1]:
        store(f.heap, f.shared, site.receiver, name[:1].lower() + name[1:], value)
    return constant(None)


def _content_type(f: Frame, site: Site) -> Value:
    """`response.setContentType("text/plain")`, `response.setHeader("Content-Type", ...)`."""
    for value in site.args[-1:]:
        store(f.heap, f.shared, site.receiver, _CONTENT_TYPE, value)
    return constant(None)


# Types that a browser does not read as a page.
_NO_PAGES = ("text/plain", "text/csv", "application/json", "application/octet-stream", "application/pdf", "application/zip", "image/png",
             "image/jpeg", "image/gif", "text/css", "application/vnd.", "audio/", "video/", "text/event-stream")  # fmt: skip


def _response_writer(f: Frame, site: Site) -> Value:
    """`response.getWriter()`: a writer of pages, unless the response was given a type that is no page."""
    kind = load(f.heap, f.shared, site.receiver, _CONTENT_TYPE)
    consts = kind.const if kind is not None else None
    plain = bool(consts) and all(isinstance(c, str) and c.lower().startswith(_NO_PAGES) for c in consts or ())
    page = "java.io.PrintWriter" if site.member == "getWriter" else "javax.servlet.ServletOutputStream"
    return f.new_object((f"{page}.local" if plain else page,))


def _configure(f: Frame, site: Site) -> Value:
    """`factory.setFeature(name, value)`: kept, so that rules can ask whether anything was set."""
    if len(site.args) > 1:
        store(f.heap, f.shared, site.receiver, key_of(site.args[0]), site.args[1])
    else:
        store(f.heap, f.shared, site.receiver, ANY, site.args[0] if site.args else UNKNOWN)
    return constant(None)


def _asserted(f: Frame, site: Site) -> Value:
    """`Assert.isTrue(condition, message)`: what follows may rely on it."""
    from assay.code.guards import refine

    if site.registers:
        refine(f, site.registers[0], True)
    return constant(None)


_RESOURCE = "<resource>"


def _resource(f: Frame, site: Site) -> Value:
    """`getResourceAsStream("a.properties")`: a stream that knows what it is of."""
    made = f.new_object(("java.io.InputStream",))
    for value in site.args[:1]:
        store(f.heap, f.shared, made, _RESOURCE, value)
    return made


def _load_properties(f: Frame, site: Site) -> Value:
    """`properties.load(stream)`: the settings of a file of the project, or what comes from a stream of unknown content."""
    for stream in site.args[:1]:
        name = load(f.heap, f.shared, stream, _RESOURCE)
        settings = _settings(f, name)
        for key, text in settings.items():
            store(f.heap, f.shared, site.receiver, key, constant(text))
        labels = f.deep(stream)
        if labels:
            store(f.heap, f.shared, site.receiver, ANY, Value(labels))
            taint_receiver(f, site, labels)
    return constant(None)


def _bundle(f: Frame, site: Site) -> Value:
    """`ResourceBundle.getBundle("messages")`: the settings of `messages.properties`."""
    made = f.new_object(("java.util.ResourceBundle",))
    name = site.args[0].const if site.args else None
    if name and len(name) == 1 and isinstance(name[0], str):
        path = name[0].replace(".", "/") + ".properties"
        for key, text in _settings(f, constant(path)).items():
            store(f.heap, f.shared, made, key, constant(text))
    return made


def _settings(f: Frame, name: Value | None) -> dict[str, str]:
    """The settings of the project's file of this name, if there is one such file."""
    const = name.const if name is not None else None
    if not const or len(const) != 1 or not isinstance(const[0], str):
        return {}
    return f.analysis.world.settings_of(const[0])


JAVA: dict[str, Callable[[Frame, Site], Value]] = {
    "prepend": _prepend, "take_first": _take_first, "hold": _hold, "held": _held, "holder": _holder, "or_else": _or_else,
    "is_empty": _is_empty, "cut": _cut, "regex": _regex, "property": _property, "content_type": _content_type,
    "response_writer": _response_writer, "configure": _configure, "resource": _resource, "load_properties": _load_properties, "bundle": _bundle, "asserted": _asserted,
}  # fmt: skip
