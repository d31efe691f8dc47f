"""Operations of Python's own library that models say a function `does`: containers, regular expressions, configurations, named tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assay.code import heap, regex_language
from assay.code.guards import prove
from assay.code.heap import ANY, EMPTY, Shape, elements, key_of, load, store
from assay.code.intrinsics import INTRINSICS
from assay.code.intrinsics_calls import called
from assay.code.intrinsics_text import NORMAL, normal_path
from assay.code.ir import BUILD, Regex
from assay.code.kinds import ALL, mask_of
from assay.code.values import UNKNOWN, Labels, Mark, Value, cleared, constant, join, join_labels

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame


# Containers


def _mapping(f: Frame, site: Site) -> Value:
    """`defaultdict(list)`, `OrderedDict(pairs)`, `SimpleNamespace(a=1)`: an object with these keys."""
    from assay.code.joining import spread

    made = f.new_object(("dict",))
    for value in site.args:
        if value.refs:
            spread(f, made, value)
    for _, value in site.spread:
        spread(f, made, value)
    for key, value in site.keywords.items():
        store(f.heap, f.shared, made, key, value)
    return made


def _reverse(f: Frame, site: Site) -> Value:
    """`list.reverse()` in place."""
    for ref in site.receiver.refs:
        f.heap[ref] = heap.reversed_shape(f.heap.get(ref) or f.shared.get(ref) or EMPTY)
    return constant(None)


def _reversed(f: Frame, site: Site) -> Value:
    """`reversed(list)`."""
    source = site.args[0] if site.args else UNKNOWN
    shapes = [shape for ref in source.refs[:1] if (shape := f.heap.get(ref) or f.shared.get(ref)) is not None]
    if not shapes:
        return source
    return f.new_object(("list",), heap.reversed_shape(shapes[0]), source.labels)


def _pop_first(f: Frame, site: Site) -> Value:
    """`deque.popleft()`, `queue.get()`."""
    found = load(f.heap, f.shared, site.receiver, 0)
    heap.remove(f.heap, site.receiver, 0)
    return found or UNKNOWN


def _insert_first(f: Frame, site: Site) -> Value:
    """`deque.appendleft(x)`."""
    for value in site.args[:1]:
        heap.insert(f.heap, f.shared, site.receiver, 0, value, f.loops > 0)
    return constant(None)


def _chain(f: Frame, site: Site) -> Value:
    """`itertools.chain(a, b)`: one after the other, as far as their sizes are known."""
    made = f.new_object(("list",))
    for value in site.args:
        heap.concatenate(f.heap, f.shared, made, value)
    return made


def _from_keys(f: Frame, site: Site) -> Value:
    """`dict.fromkeys(keys, value)`."""
    value = site.args[1] if len(site.args) > 1 else constant(None)
    return f.new_object(("dict",), Shape({}, value))


def _state(f: Frame, site: Site) -> Value:
    """`dataclasses.asdict(x)`, `vars(x)`, `x._asdict()`: the fields as a mapping."""
    source = site.args[0] if site.args else site.receiver
    made = f.new_object(("dict",), EMPTY, None if source.refs else source.labels)
    for ref in source.refs[:1]:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None:
            f.heap[made.refs[0]] = shape
    return made


# Named tuples


def _named_tuple(f: Frame, site: Site) -> Value:
    """`namedtuple("T", ["a", "b"])`: a class of whose objects the fields are known."""
    names = site.args[1] if len(site.args) > 1 else site.keywords.get("field_names", UNKNOWN)
    made = f.new_object(("collections.namedtuple()",))
    store(f.heap, f.shared, made, "names", constant(_field_names(f, names)))
    return made


def _field_names(f: Frame, value: Value) -> tuple[str, ...]:
    const = value.const[0] if value.const and len(value.const) == 1 else None
    if isinstance(const, str):
        return tuple(const.replace(",", " ").split())
    items = const if isinstance(const, tuple) else ()
    if value.refs:
        shape = f.heap.get(value.refs[0]) or f.shared.get(value.refs[0]) or EMPTY
        items = tuple(v.const[0] for v in shape.fields.values() if v.const)
    return tuple(item for item in items if isinstance(item, str))


def _named_tuple_object(f: Frame, site: Site) -> Value:
    """A call of such a class."""
    known = load(f.heap, f.shared, site.receiver, "names")
    names = known.const[0] if known is not None and known.const else ()
    fields: dict[Any, Value] = dict(enumerate(site.args)) | dict(zip(names, site.args, strict=False))
    return f.new_object(("tuple",), Shape(fields | site.keywords, None, -1))


# Functions


def _starred(f: Frame, site: Site) -> Value:
    """`starmap(function, rows)`: each row is the arguments."""
    function, rows = (site.args[0], site.args[1]) if len(site.args) > 1 else (UNKNOWN, UNKNOWN)
    row = elements(f.heap, f.shared, rows)
    args = [item for index in range(8) if (item := load(f.heap, f.shared, row, index)) is not None]
    return f.new_object(("list",), Shape({}, called(f, site, function, args or [row]), -1))


def _reduce(f: Frame, site: Site) -> Value:
    """`functools.reduce(function, values, start)`."""
    inner = elements(f.heap, f.shared, site.args[1]) if len(site.args) > 1 else UNKNOWN
    result = join(site.args[2], inner) if len(site.args) > 2 else inner
    for _ in range(2):
        result = join(result, called(f, site, site.args[0] if site.args else UNKNOWN, [result, inner]))
    return result.without_const()


# Text that is a structure


def _dumps(f: Frame, site: Site) -> Value:
    """`json.dumps(x)`: text of which is known what it says."""
    source = site.args[0] if site.args else UNKNOWN
    labels = cleared(f.deep(source), regex_language.harmless(regex_language.ANYTHING - {"\r", "\n"}))
    return Value(labels, types=("str",), parts=(source,) if source.refs else None)


def _loads(f: Frame, site: Site) -> Value:
    """`json.loads(text)`: of text that was made here, what it was made of."""
    source = site.args[0] if site.args else UNKNOWN
    parts = source.parts
    if parts is not None and len(parts) == 1 and isinstance(parts[0], Value) and parts[0].refs:
        return parts[0]
    return Value(f.deep(source))


def _unescape(f: Frame, site: Site) -> Value:
    """`unquote(text)`, `html.unescape(text)`: whatever escaping made harmless is dangerous again."""
    source = site.args[0] if site.args else UNKNOWN
    labels: Labels = {
        origin: Mark(ALL, mark.trace, mark.confidence) for origin, mark in (f.deep(source) or {}).items()
    }
    return Value(labels or None, types=("str",), parts=source.parts)


# Configurations: sections of options


def _config_section(f: Frame, site: Site) -> Value | None:
    key = key_of(site.args[0]) if site.args else ANY
    found = load(f.heap, f.shared, site.receiver, key)
    return found if found is not None and (found.refs or found.labels) else None


def _config_add(f: Frame, site: Site) -> Value:
    """`config.add_section(name)`."""
    if site.args:
        store(f.heap, f.shared, site.receiver, key_of(site.args[0]), f.new_object(("dict",)))
    return constant(None)


def _config_set(f: Frame, site: Site) -> Value:
    """`config.set(section, option, value)`."""
    if len(site.args) < 3:
        return constant(None)
    section = _config_section(f, site)
    if section is None:
        _config_add(f, site)
        section = _config_section(f, site)
    if section is not None:
        store(f.heap, f.shared, section, key_of(site.args[1]), site.args[2])
    return constant(None)


def _config_get(f: Frame, site: Site) -> Value:
    """`config.get(section, option)`."""
    section = _config_section(f, site)
    if section is None or len(site.args) < 2:
        return section or site.keywords.get("fallback", UNKNOWN)
    return load(f.heap, f.shared, section, key_of(site.args[1])) or site.keywords.get("fallback", UNKNOWN)


def _config_read(f: Frame, site: Site) -> Value:
    """`config.read_string(text)`, `config.read_dict(mapping)`."""
    from assay.code.joining import spread

    for value in site.args[:1]:
        if value.refs:
            spread(f, site.receiver, value)
        elif value.labels:
            section = f.new_object(("dict",), Shape({}, Value(value.labels)))
            store(f.heap, f.shared, site.receiver, ANY, section)
    return constant(None)


# Paths


def _starts(f: Frame, site: Site) -> Value:
    """`path.startswith(base)`: a normal path is below its base. Of any text: an address of a fixed host."""
    prefix = site.args[0] if site.args else UNKNOWN
    if site.dst is None or f.deep(prefix):
        return UNKNOWN
    const = prefix.const[0] if prefix.const and len(prefix.const) == 1 else None
    if NORMAL in site.receiver.types and const not in ("", "/", "."):
        prove(f, site.dst, site.receiver_register, mask_of(["path", "archive"]))
    elif isinstance(const, str) and "/" in const.partition("://")[2]:
        prove(f, site.dst, site.receiver_register, mask_of(["url", "redirect"]))
    return UNKNOWN


def _common_path(f: Frame, site: Site) -> Value:
    """`commonpath([base, path]) == base`: the path is below the base."""
    made = f.info.definition(site.registers[0]) if site.registers else None
    if made is not None and made[0] == BUILD and site.dst is not None:
        for register in made[4]:
            if f.get(register).labels:
                prove(f, site.dst, register, mask_of(["path", "archive"]))
    return Value(types=("str",))


# Regular expressions


def _regex(site: Site) -> tuple[Regex | None, list[Value], list[int], int]:
    """The pattern, what follows it (values and registers), and where that began among the arguments."""
    given = site.receiver if site.receiver.types == ("re.Pattern",) else None
    source = given if given is not None else site.args[0] if site.args else UNKNOWN
    start = 0 if given is not None else 1
    const = source.const[0] if source.const and len(source.const) == 1 else None
    if isinstance(const, bytes):
        const = const.decode("latin-1")
    pattern = const if isinstance(const, Regex) else Regex(const) if isinstance(const, str) else None
    if pattern is not None and _has_lines_flag(site):
        pattern = Regex(pattern.pattern, "m")
    return pattern, site.args[start:], list(site.registers[start:]), start


def _has_lines_flag(site: Site) -> bool:
    return any(
        value.name in ("re.M", "re.MULTILINE", "re.X", "re.VERBOSE")
        for value in (*site.args, *site.keywords.values())
    )


def _regex_compile(_f: Frame, site: Site) -> Value:
    """`re.compile(pattern)`."""
    pattern = _regex(site)[0]
    return Value(const=(pattern,) if pattern is not None else None, types=("re.Pattern",))


def _regex_match(f: Frame, site: Site) -> Value:
    """`re.match(pattern, text)`: that there is a match proves the text harmless if the pattern's language is."""
    pattern, args, registers, _ = _regex(site)
    subject = args[0] if args else site.keywords.get("string", UNKNOWN)
    mode = site.member or site.names[0].rsplit(".", 1)[-1] if site.names else "search"
    if pattern is None:
        return Value(f.deep(subject), types=("re.Match",))
    if site.dst is not None and registers:
        prove(f, site.dst, registers[0], regex_language.proof(pattern.pattern, mode, pattern.flags))
    return Value(_matched(f, pattern, subject), types=("re.Match",))


def _matched(f: Frame, pattern: Regex, subject: Value) -> Labels | None:
    mask = regex_language.harmless(regex_language.characters(pattern.pattern))
    return cleared(f.deep(subject), mask)


def _regex_find(f: Frame, site: Site) -> Value:
    """`re.findall(pattern, text)`, `re.finditer`."""
    pattern, args, _, _ = _regex(site)
    subject = args[0] if args else site.keywords.get("string", UNKNOWN)
    labels = _matched(f, pattern, subject) if pattern is not None else f.deep(subject)
    finder = (site.member or "").endswith("iter") or any(name.endswith("iter") for name in site.names)
    kind = "re.Match" if finder else "str"
    return f.new_object(("list",), Shape({}, Value(labels, types=(kind,)) if labels else None, -1))


def _regex_split(f: Frame, site: Site) -> Value:
    """`re.split(pattern, text)`."""
    args = _regex(site)[1]
    labels = f.deep(args[0]) if args else None
    return f.new_object(("list",), Shape({}, Value(labels, types=("str",)) if labels else None, -1))


def _regex_sub(f: Frame, site: Site) -> Value:
    """`re.sub(pattern, by, text)`: taking out all but harmless characters is cleaning."""
    pattern, args, _, _ = _regex(site)
    subject = args[1] if len(args) > 1 else site.keywords.get("string", UNKNOWN)
    by = args[0] if args else site.keywords.get("repl", UNKNOWN)
    labels = f.deep(subject)
    if labels and pattern is not None and by.const is not None:
        left = regex_language.removes(pattern.pattern)
        if isinstance(by.const[0], str):
            labels = cleared(labels, left & regex_language.harmless(frozenset(by.const[0])))
    given = called(f, site, by, [Value(f.deep(subject), types=("re.Match",))]) if by.calls else by
    return Value(join_labels(labels, f.deep(given)), types=("str",))


PYTHON: dict[str, Callable[[Frame, Site], Value]] = {
    "mapping": _mapping, "reverse": _reverse, "reversed": _reversed, "pop_first": _pop_first, "insert_first": _insert_first, "chain": _chain,
    "from_keys": _from_keys, "state": _state, "named_tuple": _named_tuple, "named_tuple_object": _named_tuple_object, "starred": _starred, "fold": _reduce, "dumps": _dumps, "loads": _loads, "unescape": _unescape,
    "config_add": _config_add, "config_set": _config_set, "config_get": _config_get, "config_read": _config_read,
    "path_starts": _starts, "common_path": _common_path, "normal_path": normal_path,
    "regex_compile": _regex_compile, "regex_match": _regex_match, "regex_find": _regex_find, "regex_split": _regex_split, "regex_sub": _regex_sub,
}  # fmt: skip
assert not PYTHON.keys() & INTRINSICS.keys()
