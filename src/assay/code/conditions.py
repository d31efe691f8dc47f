"""Conditions on values, as models and rules write them (docs/models.md, "Conditions")."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

from assay.code.heap import load
from assay.code.ir import Regex
from assay.code.statements import is_statement
from assay.code.values import Source, Value, constant

if TYPE_CHECKING:
    from assay.code.frame import Frame


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """A compiled RE2 pattern."""
    return re2.compile(text)


@lru_cache(maxsize=65536)
def finds(text: str, name: str) -> bool:
    """Whether a pattern finds something in a name. Names repeat: each is judged once."""
    return bool(pattern(text).search(name))


def holds(f: Frame, condition: Any, value: Value | None) -> bool:
    """Whether a condition holds for an argument's value; None is an argument that is not given."""
    if not isinstance(condition, dict):
        return value is not None and _equals(value, condition)
    return all(_TESTS[name](f, wanted, value) for name, wanted in condition.items())


def _equals(value: Value, wanted: Any) -> bool:
    return value.const is not None and all(type(c) is type(wanted) and c == wanted for c in value.const)


def _constants(value: Value | None) -> tuple[Any, ...]:
    return value.const if value is not None and value.const is not None else ()


def _in(_f: Frame, wanted: Any, value: Value | None) -> bool:
    consts = _constants(value)
    return bool(consts) and any(type(c) is type(w) and c == w for c in consts for w in wanted)


def _matches(_f: Frame, wanted: str, value: Value | None) -> bool:
    for const in _constants(value):
        text = const.pattern if isinstance(const, Regex) else const
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        if isinstance(text, str) and pattern(wanted).search(text):
            return True
    return False


def _constant(_f: Frame, wanted: bool, value: Value | None) -> bool:
    return (bool(_constants(value)) and ... not in _constants(value)) == wanted


def _number(value: Value | None) -> list[float]:
    return [c for c in _constants(value) if isinstance(c, int | float) and not isinstance(c, bool)]


def _contains(f: Frame, wanted: Any, value: Value | None) -> bool:
    if value is None:
        return False
    for ref in value.refs:
        shape = f.heap.get(ref) or f.shared.get(ref)
        if shape is None:
            continue

        keys = [constant(key) for key in shape.fields if isinstance(key, str)]
        if any(holds(f, wanted, item) for item in (*shape.fields.values(), *keys)):
            return True
        if shape.rest is not None and holds(f, wanted, shape.rest):
            return True
    for const in _constants(value):
        if isinstance(const, tuple) and any(holds(f, wanted, constant(item)) for item in const):
            return True
    return False


def _key(f: Frame, wanted: dict[str, Any], value: Value | None) -> bool:
    for name, condition in wanted.items():
        item = load(f.heap, f.shared, value, name) if value is not None else None
        if not holds(f, condition, item):
            return False
    return True


def _name(_f: Frame, wanted: list[str] | str, value: Value | None) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return value is not None and bool(value.name) and any(fits(value.name, name) for name in names)


def _type(_f: Frame, wanted: list[str] | str, value: Value | None) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return value is not None and any(fits(kind, name) for kind in value.types for name in names)


def fits(name: str, wanted: str) -> bool:
    """Whether a qualified name is the wanted one; `*.x` fits any owner, `x.*` anything below."""
    if wanted.startswith("*."):
        return name.endswith(wanted[1:]) or name == wanted[2:]
    if wanted.endswith(".*"):
        return name.startswith(wanted[:-1])
    return name == wanted


def _from(f: Frame, wanted: list[str] | str, value: Value | None) -> bool:
    kinds = {wanted} if isinstance(wanted, str) else set(wanted)
    labels = f.deep(value) if value is not None else None
    return any(isinstance(origin, Source) and origin.kind in kinds for origin in labels or ())


def _made(f: Frame, wanted: bool, value: Value | None) -> bool:
    """An object that was made in sight, so that all that was set on it is known."""
    made = value is not None and bool(value.refs) and all(isinstance(ref, int) for ref in value.refs)
    return made == wanted


def _fresh(f: Frame, wanted: bool, value: Value | None) -> bool:
    """An object that was made in sight and on which nothing was set."""
    refs = value.refs if value is not None and _made(f, True, value) else ()
    shapes = [f.heap.get(ref) or f.shared.get(ref) for ref in refs]
    fresh = bool(shapes) and all(s is not None and not s.fields and s.rest is None for s in shapes)
    return fresh == wanted


def _dynamic(_f: Frame, wanted: bool, value: Value | None) -> bool:
    dynamic = value is not None and value.const is None and value.parts is not None
    return dynamic == wanted


_TESTS: dict[str, Any] = {
    "equals": lambda f, w, v: v is not None and _equals(v, w),
    "in": _in,
    "matches": _matches,
    "constant": _constant,
    "missing": lambda f, w, v: (v is None) == w,
    "less": lambda f, w, v: any(n < w for n in _number(v)),
    "more": lambda f, w, v: any(n > w for n in _number(v)),
    "contains": _contains,
    "key": _key,
    "name": _name,
    "type": _type,
    "from": _from,
    "dynamic": _dynamic,
    "made": _made,
    "fresh": _fresh,
    "statement": lambda f, w, v: is_statement(v, w),
    "not": lambda f, w, v: not holds(f, w, v),
    "any": lambda f, w, v: any(holds(f, c, v) for c in w),
    "all": lambda f, w, v: all(holds(f, c, v) for c in w),
}
