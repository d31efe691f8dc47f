"""What of an argument is dangerous in a sink: depends on the sink's context and on where the data stands in the text or list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.code.heap import load
from assay.code.values import Labels, Value, join_labels

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
    labels = {origin: mark for origin, mark in labels.items() if mark.mask & bit}
    if not labels:
        return None
    context = context or _USUAL.get(kind, "")
    if context in ("url", "redirect", "host"):
        return _host(f, value, labels, context)
    if context == "argv":
        return _argv(f, value, labels, bit)
    if context == "path" and value.parts is not None:
        return labels
    return labels


_USUAL = {"url": "url", "redirect": "redirect"}


def _host(f: Frame, value: Value, labels: Labels, context: str) -> Labels | None:
    """Only who controls scheme or host redirects a request: text behind a fixed host does not."""
    if value.parts is None:
        return labels
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


def _local(before: str) -> bool:
    return (len(before) > 1 and before[0] == "/" and before[1] not in "/\\") or before.startswith(("?", "#"))


def _argv(f: Frame, value: Value, labels: Labels, bit: int) -> Labels | None:
    """In a list of arguments the program itself is dangerous, and what a shell is told to run."""
    if not value.refs or not any(t in ("list", "tuple", "array") for t in value.types):
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


def whole(value: Value, origin: Any) -> bool:
    """Whether the argument is exactly what the origin stands for, so that callers can look at what they pass."""
    return origin in value.refs and value.parts is None
