"""What of an argument is dangerous in a sink: depends on the sink's context and on where the data stands in the text or list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.code.heap import load
from assay.code.kinds import BIT
from assay.code.values import HIGH, Labels, Symbol, Value, join_labels

if TYPE_CHECKING:
    from assay.code.frame import Frame

# A fixed host: scheme, two slashes, at least one character of a host, and its end.
_FIXED_HOST = re.compile(r"^(?:[a-zA-Z][a-zA-Z0-9+.\-]{0,20}:)?//[^/?#\\]{1,300}[/?#]")
_SHELLS = frozenset(
    (
        "sh",
        "bash",
        "zsh",
        "dash",
        "ksh",
        "cmd",
        "cmd.exe",
        "powershell",
        "pwsh",
        "/bin/sh",
        "/bin/bash",
        "env",
        "sudo",
    )
)
_SHELL_FLAGS = frozenset(("-c", "/c", "/C", "-Command", "-EncodedCommand", "-lc", "-e"))


def dangerous(f: Frame, kind: str, bit: int, context: str, value: Value) -> Labels | None:
    """The labels of an argument that matter for this sink."""
    labels = f.deep(value)
    if not labels:
        return None
    context = context or _USUAL.get(kind, "")
    if context == "query":
        return _query(f, value, bit)
    labels = {origin: mark for origin, mark in labels.items() if mark.mask & bit}
    if not labels:
        return None
    if context in ("url", "redirect", "host"):
        return _host(f, value, labels, context)
    if context == "argv":
        return _argv(f, value, labels, bit)
    if context == "text":
        return _text(value, labels)
    if context == "object":
        return _object(f, value, bit)
    if context == "sql":
        return _statement(f, value, labels)
    return labels


_USUAL = {"url": "url", "redirect": "redirect", "nosql": "query"}


def _host(f: Frame, value: Value, labels: Labels, context: str) -> Labels | None:
    """Only who controls scheme or host redirects a request: text behind a fixed host does not."""
    if value.parts is None:
        return _option(f, value, labels, context)
    before = ""
    for part in value.parts:
        if isinstance(part, str):
            before += part
            continue
        if _FIXED_HOST.match(before) or (context == "redirect" and _local(before)):
            return None
        inner = f.deep(part) if isinstance(part, Value) else None
        if inner and any(origin in labels for origin in inner):
            return labels
        # Something that is not known but not the attacker's: a configured base address.
        before += "http://x" if not before else "x"
        if not before.endswith("/") and context == "url" and "://" in before:
            before += ""
    return None


def _option(f: Frame, value: Value, labels: Labels, context: str) -> Labels | None:
    """Of the options of a request only those that name the host: not its body or headers."""
    if len(value.refs) != 1 or isinstance(value.refs[0], Symbol) or "dict" not in value.types:
        return labels
    shape = f.heap.get(value.refs[0]) or f.shared.get(value.refs[0])
    if shape is None or shape.rest is not None:
        return labels
    found: Labels | None = None
    for key in _HOST_OPTIONS:
        inner = shape.fields.get(key)
        mine = f.deep(inner) if inner is not None else None
        mine = {origin: mark for origin, mark in (mine or {}).items() if origin in labels}
        if inner is not None and mine:
            found = join_labels(found, _host(f, inner, mine, context))
    return found


def _statement(f: Frame, value: Value, labels: Labels) -> Labels | None:
    """Of the options of a query only its text: `query({text: "... $1", values: [p]})`."""
    if len(value.refs) != 1 or isinstance(value.refs[0], Symbol) or "dict" not in value.types:
        return labels
    shape = f.heap.get(value.refs[0]) or f.shared.get(value.refs[0])
    texts = [inner for key in _STATEMENTS if shape is not None and (inner := shape.fields.get(key))]
    if shape is None or shape.rest is not None or not texts:
        return labels
    found: Labels | None = None
    for inner in texts:
        mine = {origin: mark for origin, mark in (f.deep(inner) or {}).items() if origin in labels}
        found = join_labels(found, mine or None)
    return found


# What the statement is called: pg and postgres, mysql, Sequelize and others.
_STATEMENTS = ("text", "sql", "query", "statement")
_HOST_OPTIONS = ("url", "uri", "baseURL", "baseUrl", "host", "hostname", "origin", "href")


def _local(before: str) -> bool:
    return (len(before) > 1 and before[0] == "/" and before[1] not in "/\\") or before.startswith(("?", "#"))


def _argv(f: Frame, value: Value, labels: Labels, bit: int) -> Labels | None:
    """In a list of arguments the program itself is dangerous, and what a shell is told to run."""
    if not value.refs or not any(
        t in ("list", "tuple", "array", "Array") or t.endswith("List") for t in value.types
    ):
        return labels
    found: Labels | None = None
    first = load(f.heap, f.shared, value, 0)
    found = join_labels(found, _with_bit(first, bit))
    program = first.const[0] if first is not None and first.const else None
    if isinstance(program, str) and (program in _SHELLS or program.rsplit("/", 1)[-1] in _SHELLS):
        flagged = False
        for index in range(1, 32):
            item = load(f.heap, f.shared, value, index)
            if item is None:
                break
            if flagged:
                found = join_labels(found, _with_bit(item, bit))
            if item.const and item.const[0] in _SHELL_FLAGS:
                flagged = True
    return found or None


def _with_bit(value: Value | None, bit: int) -> Labels | None:
    if value is None or not value.labels:
        return None
    return {origin: mark for origin, mark in value.labels.items() if mark.mask & bit} or None


def _text(value: Value, labels: Labels) -> Labels | None:
    """Only text is shown as it is: objects are encoded. Of what may be either, only what surely comes from the source."""
    if any(not isinstance(ref, Symbol) for ref in value.refs) or any(map(_is_object, value.types)):
        return None
    if value.parts and isinstance(value.parts[0], str) and value.parts[0].startswith(("data:", "event:")):
        return None  # a stream of events
    if value.parts is not None or "str" in value.types or "String" in value.types:
        return labels
    return {origin: mark for origin, mark in labels.items() if mark.confidence >= HIGH} or None


def _is_object(kind: str) -> bool:
    """Whether a type is known not to be text; `name()` is the result of something unknown."""
    return kind not in (
        "str",
        "String",
        "CharSequence",
        "URL",
        "URLSearchParams",
        "object",
        "any",
        "unknown",
    ) and not kind.endswith("()")


def _object(f: Frame, value: Value, bit: int) -> Labels | None:
    """Only an object whose keys the source chooses: not one that the program built of named values, and not text."""
    if value.parts is not None or "str" in value.types:
        return None
    found = _with_bit(value, bit)
    for ref in value.refs:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is not None:
            found = join_labels(found, _with_bit(shape.rest, bit))
    return found


def _query(f: Frame, value: Value, bit: int, depth: int = 3) -> Labels | None:
    """In a query document, what may be a document itself brings operators of its own; text does not, but as code (`$where`)."""
    if "str" in value.types and not value.refs:
        return None
    found: Labels | None = None
    if not value.refs or isinstance(value.refs[0], Symbol):
        return _with_bit(value, bit)
    for ref in value.refs:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is None or not depth:
            continue
        for key, inner in shape.fields.items():
            one = _with_bit(inner, BIT["code"]) if key == "$where" else _query(f, inner, bit, depth - 1)
            if key not in _HARMLESS:
                found = join_labels(found, one)
        if shape.rest is not None:
            found = join_labels(found, _query(f, shape.rest, bit, depth - 1))
    return join_labels(found, _with_bit(value, bit)) or None


# Operators whose operand is compared as a value, or is text.
_HARMLESS = frozenset(("$eq", "$regex", "$options", "$text", "$search"))


def whole(value: Value, origin: Any) -> bool:
    """Whether the argument is exactly what the origin stands for, so that callers can look at what they pass."""
    return origin in value.refs and value.parts is None
