"""Named values on one line: (name, value, how it is written), for the judgement to decide on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from assay.secrets.detector import compiled, group_numbers, spans_of
from assay.secrets.place import Form
from assay.secrets.triggers import ASSIGNED, WORDS

_LONG_LINE = 4096
_WINDOW = 700


@dataclass(frozen=True, slots=True)
class Assigned:
    """A value under a name. `start` and `end` are byte offsets of the value; `quoted` whether it stands in quotes; `op` how it is assigned."""

    name: str
    op: str
    start: int
    end: int
    quoted: bool


_SECRET_NAME = rf"(?P<name>[\w.-]*(?i:{WORDS})[\w.-]*)"
_STRINGS = r"(?:(?:[A-Za-z@$]{0,2}|new [A-Za-z]{1,16}\()(?:\\\"(?P<esc>[^\"\\\n]+)\\?\"|\"(?P<dq>(?:[^\"\\\n]|\\.)+)\"|'(?P<sq>(?:[^'\\\n]|\\.)+)'|`(?P<bq>[^`\n]+)`)"
_UNQUOTED = r"|(?P<un>[^\s\"'`<>;,&][^\s\"'`<>;,&]*))"
_ASSIGNMENT = (
    _SECRET_NAME
    + r"(?P<close>\\?[\"'`]?\]?)[ \t]*"
    + r"(?P<op>:[ \t]*[A-Za-z_&][\w<>?|\[\]., ]*=|=>|:=|\|\|=|\?\?=|={1,3}|!==?|:|,|\(|\|\||\?\?|[ \t]or[ \t]|>)[ \t]*"
    + _STRINGS
    + _UNQUOTED
)
_ATTRIBUTE = (
    rf"{_SECRET_NAME}[\"'][ \t]{{0,4}},?[ \t]{{0,4}}[\"']?(?i:value)[\"']?[ \t]{{0,4}}(?P<op>[=:])[ \t]{{0,4}}"
    + _STRINGS
    + ")"
)
_SPACED = (
    rf"(?:--(?P<name>[\w-]*(?i:{WORDS}))|(?i:identified[ \t]{{1,4}}by)|(?i:\bpassword))(?P<op>[ \t]{{1,4}})"
    + r"(?:\"(?P<dq>[^\"\n]+)\"|'(?P<sq>[^'\n]+)'|(?P<un>[^\s\"'`<>;,&-][^\s\"'`<>;,&]*))"
)
_PAIR_VALUE = (
    r"^[ \t]*(?:[\"']?(?i:value)[\"']?[ \t]{0,4}[:=]|<(?:string|value)>)(?P<op>[ \t]{0,4})"
    + _STRINGS
    + _UNQUOTED
)
_PAIR_NAME = rf"(?:name|key|Name|Key)[\"']?[:>=][ \t]{{0,4}}[\"']?(?P<name>[\w.-]*(?i:{WORDS})[\w.-]*)[\"']?,?(?:</\w{{1,10}}>)?[ \t\r]{{0,4}}$"
_PAIR_BEGINNINGS = (b"value", b'"value', b"'value", b"<string>", b"<value>")
_GROUPS = ("esc", "dq", "sq", "bq", "un")


def assignments(content: bytes, start: int, form: Form) -> Iterator[Assigned]:
    """The named values on the line that begins at `start`, and of a name on the line before it."""
    end = content.find(b"\n", start)
    end = len(content) if end < 0 else end
    if end - start > _LONG_LINE:
        for window_start, window_end in _windows(content, start, end):
            yield from _in_span(content, window_start, window_end, form)
    else:
        yield from _in_span(content, start, end, form)
        yield from _pair(content, start, end)


def _windows(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of a long line around each trigger, merged where they touch."""
    spots = sorted(
        match.start() for text in ASSIGNED for match in compiled(text).finditer(content, start, end)
    )
    current: tuple[int, int] | None = None
    for spot in spots:
        low, high = max(start, spot - 64), min(end, spot + _WINDOW)
        if current is not None and low <= current[1] and high - current[0] < 64 * _WINDOW:
            current = (current[0], high)
        else:
            if current is not None:
                yield current
            current = (low, high)
    if current is not None:
        yield current


def _in_span(content: bytes, start: int, end: int, form: Form) -> Iterator[Assigned]:
    pattern, place = compiled(_ASSIGNMENT), start
    while (match := pattern.search(content, place, end)) is not None:
        found = _assigned(_ASSIGNMENT, match)
        whole = found if found.quoted else _unquoted(content, found, start, end, form)
        place = max(match.start() + 1, found.end if found.quoted else found.start)
        if whole is not None:
            place = max(place, whole.end)
            yield whole
    lowered = content[start:end].lower()
    if b"value" in lowered:
        for match in compiled(_ATTRIBUTE).finditer(content, start, end):
            yield _assigned(_ATTRIBUTE, match)
    if not (
        b"--" in lowered or b"password " in lowered or b"identified" in lowered or b"password\t" in lowered
    ):
        return
    for match in compiled(_SPACED).finditer(content, start, end):
        found = _assigned(_SPACED, match)
        if found.name:
            yield found
        elif (found.quoted or form is not Form.CODE) and _is_sql_or_netrc(content, found, start, end):
            yield replace(found, name="password")


def _is_sql_or_netrc(content: bytes, found: Assigned, start: int, end: int) -> bool:
    """`PASSWORD 'x'` of SQL stands in quotes beside a user or role; a bare word after `password` needs a login beside it, as in netrc."""
    line = content[start:end].lower()
    if found.quoted:
        return any(word in line for word in (b"identified", b"user", b"role", b"login"))
    opening = line.lstrip()
    return opening.startswith(b"password ") or (
        opening.startswith((b"machine", b"default", b"login")) and b"login" in line
    )


def is_half_of_a_pair(content: bytes, start: int, end: int) -> bool:
    """Whether the line may hold the value of a name on the line before it."""
    return start > 0 and content[start:end].lstrip()[:8].lower().startswith(_PAIR_BEGINNINGS)


def _pair(content: bytes, start: int, end: int) -> Iterator[Assigned]:
    if not is_half_of_a_pair(content, start, end):
        return
    value = compiled(_PAIR_VALUE).search(content[start:end])
    if value is None:
        return
    before = content.rfind(b"\n", 0, start - 1) + 1
    name = compiled(_PAIR_NAME).search(content[max(before, start - 400) : start - 1])
    if name is not None:
        found = _assigned(_PAIR_VALUE, value)
        yield Assigned(
            (name.group(1) or b"").decode("latin-1"), ":", found.start + start, found.end + start, True
        )


def _assigned(expression: str, match: Any) -> Assigned:
    numbers, spans = group_numbers(expression), spans_of(match)
    for group in _GROUPS:
        start, end = spans[numbers[group]] if group in numbers else (-1, -1)
        if start >= 0:
            op = _text(match, spans, numbers, "op")
            # after a type, as in `name: str =`
            plain_op = "=" if op.startswith(":") and len(op) > 2 else op.strip() or " "
            return Assigned(_text(match, spans, numbers, "name"), plain_op, start, end, group != "un")
    raise AssertionError("an assignment pattern always has a value")


def _text(match: Any, spans: list[tuple[int, int]], numbers: dict[str, int], group: str) -> str:
    if group not in numbers:
        return ""
    start, end = spans[numbers[group]]
    content: bytes = match.string
    return content[start:end].decode("latin-1") if start >= 0 else ""


def _unquoted(content: bytes, found: Assigned, start: int, end: int, form: Form) -> Assigned | None:
    """An unquoted value: in configuration it may run to the end of the line; in code it counts only inside a string (a connection string, a query)."""
    before = content[start : found.start]
    in_string = before.count(b'"') % 2 == 1 or before.count(b"'") % 2 == 1 or before.count(b"`") % 2 == 1
    if found.op == ">":
        closed = content[found.end : found.end + 2] == b"</"
        return found if closed else None
    if found.op not in ("=", ":", "==") or content[found.start : found.start + 1] in b"$({[|&*!":
        return None
    if in_string:
        return found if found.op == "=" and before.endswith(b"=") else None
    if form is Form.CODE:
        return None
    if form is Form.PROSE and found.op == ":":
        return None
    if form is not Form.PROSE and before.lstrip(b" \t-").lower().startswith(
        (found.name.lower().encode(), b"export ", b"env ", b"arg ", b"set ")
    ):
        return _to_line_end(content, found, end)
    return found


def _to_line_end(content: bytes, found: Assigned, end: int) -> Assigned:
    rest = content[found.start : end].rstrip(b"\r \t")
    if b" " not in rest and b"\t" not in rest and b"," not in rest[-1:]:
        for quote in (b'"', b"'"):
            if quote in rest:
                return found
        return Assigned(found.name, found.op, found.start, found.start + len(rest), False)
    return found
