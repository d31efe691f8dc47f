"""Conditions: a small typed language without loops, compiled to closures.

    branch == "main" and not ("dry-run" in flags)
    args.amount <= 500 or agent in ["payments", "refunds"]
    path under "~/work" and time in 09:00-17:00 and weekday in ["mon", "tue"]
    host in ["api.example.com"] or detail matches "^v[0-9]+"
    args.size < 10MB and session.reads_secret == false

Grammar: or < and < not < comparison (== != < <= > >= in, under, matches, host-in) < value. Values: text in quotes, numbers with an optional
unit, true, false, lists, times of day as a window, and names. Names are looked up in `FIELDS`; `args.<a>.<b>` is an argument of the call
(absent: null). Units: B KB MB GB (bytes, by 1024), s m h d (seconds), k (1000), % (1/100). A comparison between different types is an error,
and an error denies. Everything is total: no loops, no calls, no recursion; a pattern is RE2's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import re2

from assay.model.decision import Action, Call
from assay.model.errors import ConfigError


class ExpressionError(Exception):
    """A condition cannot be evaluated on this call, for instance a text compared with a number."""


@dataclass(slots=True)
class Facts:
    """What a condition may look at: the call, one of its actions, and facts of the session."""

    call: Call
    action: Action
    session: frozenset[str] = frozenset()
    path: str = ""
    host: str = ""


Value = str | float | bool | None | Sequence["Value"]
Closure = Callable[[Facts], Value]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FIELDS: dict[str, tuple[str, Callable[[Facts], Value]]] = {
    "tool": ("text", lambda facts: facts.call.tool),
    "branch": ("text", lambda facts: _branch(facts)),
    "agent": ("text", lambda facts: facts.call.subject.agent),
    "roles": ("list", lambda facts: list(facts.call.subject.roles)),
    "tenant": ("text", lambda facts: facts.call.subject.tenant),
    "on_behalf_of": ("list", lambda facts: list(facts.call.subject.on_behalf_of)),
    "environment": ("text", lambda facts: facts.call.environment),
    "verb": ("text", lambda facts: facts.action.verb),
    "target": ("text", lambda facts: facts.action.target),
    "detail": ("text", lambda facts: facts.action.detail),
    "program": ("text", lambda facts: facts.action.program),
    "flags": ("list", lambda facts: sorted(facts.action.flags)),
    "path": ("text", lambda facts: facts.path or facts.action.target),
    "host": ("text", lambda facts: facts.host or facts.action.target),
    "workspace": ("text", lambda facts: facts.call.workspace),
    "phase": ("text", lambda facts: facts.call.phase),
    "session": ("list", lambda facts: sorted(facts.session)),
    "time": ("number", lambda facts: facts.call.time % 86_400),
    "weekday": ("text", lambda facts: _WEEKDAYS[int(facts.call.time // 86_400 + 3) % 7]),
}
"""Names a condition may use, with their type. `time` is seconds of the day in UTC; 1970-01-01 was a Thursday."""

_UNITS = {
    "B": 1,
    "KB": 1024,
    "MB": 1024**2,
    "GB": 1024**3,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "k": 1000,
    "%": 0.01,
    "": 1,
}
_TOKEN = re2.compile(
    r'\s*(?:(?P<window>\d{1,2}:\d{2}-\d{1,2}:\d{2})|(?P<number>-?\d+(?:\.\d+)?(?:KB|MB|GB|B|k|s|m|h|d|%)?)|(?P<text>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*(?:-in\b)?)|(?P<mark>==|!=|<=|>=|<|>|\(|\)|\[|\]|,))"
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "under", "matches", "host-in")
_MAX_LENGTH, _MAX_DEPTH = 4_000, 30


def _branch(facts: Facts) -> str:
    """The branch an action is about: the one pushed to, else the one checked out."""
    if facts.action.verb == "git.push" and facts.action.target not in ("", "HEAD"):
        return facts.action.target
    argument = facts.call.arguments.get("branch")
    return argument if isinstance(argument, str) else facts.call.branch


@dataclass(slots=True)
class _Parser:
    tokens: list[tuple[str, str]]
    source: str
    position: int = 0
    depth: int = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def take(self, *texts: str) -> str:
        kind, text = self.peek()
        if kind != "text" and text in texts:
            self.position += 1
            return text
        return ""

    def fail(self, what: str) -> ConfigError:
        return ConfigError(
            f"condition `{self.source}`: {what}", "names: " + ", ".join(sorted(FIELDS)) + ", args.<name>"
        )

    def disjunction(self) -> Closure:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail("nests too deeply")
        parts = [self.conjunction()]
        while self.take("or"):
            parts.append(self.conjunction())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else _any(parts)

    def conjunction(self) -> Closure:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else _all(parts)

    def negation(self) -> Closure:
        if self.take("not"):
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise self.fail("nests too deeply")
            inner = self.negation()
            self.depth -= 1
            return lambda facts: not _truth(inner(facts))
        return self.comparison()

    def comparison(self) -> Closure:
        left, left_type = self.value()
        operator = self.take(*_COMPARISONS)
        negated = False
        if not operator and self.peek() == ("name", "not"):
            self.position += 1
            operator, negated = self.take("in", "under", "matches", "host-in"), True
        if not operator:
            return left
        right, right_type = self.value()
        self.check(operator, left_type, right_type)
        closure = _compare(operator, left, right, self)
        return (lambda facts: not closure(facts)) if negated else closure

    def check(self, operator: str, left: str, right: str) -> None:
        if "any" in (left, right):
            return
        if operator in ("==", "!=") and left != right:
            raise self.fail(f"a {left} is never equal to a {right}")
        if operator in ("<", "<=", ">", ">=") and (left, right) != ("number", "number"):
            raise self.fail(f"{operator} compares numbers, not a {left} with a {right}")
        if operator in ("in", "host-in") and right not in ("list", "text", "window"):
            raise self.fail(f"what stands behind {operator} must be a list, not a {right}")

    def value(self) -> tuple[Closure, str]:
        kind, text = self.peek()
        self.position += 1
        if text == "(" and kind == "mark":
            inner = self.disjunction()
            if not self.take(")"):
                raise self.fail("a ) is missing")
            return inner, "any"
        if text == "[" and kind == "mark":
            return self.listed()
        if kind == "text":
            literal = text[1:-1].replace("\\" + text[0], text[0]).replace("\\\\", "\\")
            return _constant(literal), "text"
        if kind == "number":
            return _constant(_number(text)), "number"
        if kind == "window":
            return _constant(_window(text)), "window"
        if kind == "name":
            return self.named(text)
        raise self.fail(f"a value is missing before `{text}`" if text else "a value is missing at the end")

    def listed(self) -> tuple[Closure, str]:
        items: list[Closure] = []
        while not self.take("]"):
            items.append(self.value()[0])
            if not self.take(",") and self.peek() != ("mark", "]"):
                raise self.fail("a , or ] is missing in a list")
        return (lambda facts: [item(facts) for item in items]), "list"

    def named(self, text: str) -> tuple[Closure, str]:
        if text in ("true", "false"):
            return _constant(text == "true"), "truth"
        if text == "null":
            return _constant(None), "any"
        if text.startswith("args."):
            return _argument(text[5:].split(".")), "any"
        if text.startswith("session."):
            fact = text[8:].replace("_", "-")
            return (lambda facts: fact in facts.session), "truth"
        if text not in FIELDS:
            raise self.fail(f"`{text}` is not known")
        kind, closure = FIELDS[text]
        return closure, kind


def compile_expression(source: str) -> Callable[[Facts], bool]:
    """A condition as a closure.

    Raises:
        ConfigError: the text is no condition of this language.
        ExpressionError: (from the closure) the values do not fit together on this call.
    """
    parser = _Parser(_tokens(source), source)
    closure = parser.disjunction()
    if parser.position < len(parser.tokens):
        raise parser.fail(f"`{parser.peek()[1]}` does not belong there")
    return lambda facts: _truth(closure(facts))


def _tokens(source: str) -> list[tuple[str, str]]:
    if len(source) > _MAX_LENGTH:
        raise ConfigError(
            f"a condition of {len(source)} characters is too long", f"the limit is {_MAX_LENGTH}"
        )
    tokens: list[tuple[str, str]] = []
    position, text = 0, source.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise ConfigError(
                f"condition `{source}`: nothing is known that begins `{text[position : position + 12]}`",
                "see `assay policy check --help`",
            )
        kind = next(
            name for name in ("window", "number", "text", "name", "mark") if match.group(name) is not None
        )
        tokens.append((kind, match.group(kind)))
        position = match.end()
    return tokens


def _constant(value: Value) -> Closure:
    return lambda _facts: value


def _argument(names: list[str]) -> Closure:
    def look(facts: Facts) -> Value:
        value: object = facts.call.arguments
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return _plain(value)

    return look


def _plain(value: object) -> Value:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value[:1000]]
    return str(value)[:10_000]


def _number(text: str) -> float:
    digits = text.rstrip("KMGBksmhd%")
    return float(digits) * _UNITS[text[len(digits) :]]


def _window(text: str) -> Value:
    first, last = (int(part.split(":")[0]) * 3600 + int(part.split(":")[1]) * 60 for part in text.split("-"))
    return [float(first), float(last), "window"]


def _truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    raise ExpressionError(f"{value!r} is neither true nor false")


def _any(parts: list[Closure]) -> Closure:
    return lambda facts: any(_truth(part(facts)) for part in parts)


def _all(parts: list[Closure]) -> Closure:
    return lambda facts: all(_truth(part(facts)) for part in parts)


def _compare(operator: str, left: Closure, right: Closure, parser: _Parser) -> Closure:
    if operator == "matches":
        return _matches(left, right, parser)
    if operator == "under":
        return lambda facts: _under(left(facts), right(facts), facts.call)
    if operator in ("in", "host-in"):
        return lambda facts: _contains(right(facts), left(facts), hosts=operator == "host-in")
    if operator == "==":
        return lambda facts: _equal(left(facts), right(facts))
    if operator == "!=":
        return lambda facts: not _equal(left(facts), right(facts))
    return lambda facts: _ordered(operator, left(facts), right(facts))


def _matches(left: Closure, right: Closure, parser: _Parser) -> Closure:
    try:
        pattern = right(_NO_FACTS)
    except (ExpressionError, AttributeError):
        pattern = None
    if not isinstance(pattern, str):
        raise parser.fail("what stands behind `matches` must be a text")
    try:
        compiled = re2.compile(pattern)
    except re2.error as error:
        raise parser.fail(f"`{pattern}` is no RE2 pattern: {error}") from error
    return lambda facts: compiled.search(_text(left(facts))) is not None


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise ExpressionError(f"{value!r} is not a text")


def _equal(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        raise ExpressionError(f"{left!r} and {right!r} are of different types")
    return left == right


def _ordered(operator: str, left: Value, right: Value) -> bool:
    if (
        isinstance(left, bool)
        or isinstance(right, bool)
        or not isinstance(left, float)
        or not isinstance(right, (int, float))
    ):
        raise ExpressionError(f"{left!r} {operator} {right!r} does not compare numbers")
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right


def _contains(container: Value, item: Value, *, hosts: bool) -> bool:
    if isinstance(container, list) and container[-1:] == ["window"]:
        first, last = container[0], container[1]
        if not isinstance(item, float) or not isinstance(first, float) or not isinstance(last, float):
            raise ExpressionError("a window of time holds times")
        return first <= item < last if first <= last else item >= first or item < last
    if hosts and isinstance(container, list):
        name = _text(item)
        return any(name == entry or name.endswith("." + str(entry).removeprefix("*.")) for entry in container)
    if isinstance(container, list):
        return item in container
    return _text(item) in _text(container)


def _under(path: Value, root: Value, call: Call) -> bool:
    roots = root if isinstance(root, list) else [root]
    return any(is_under(_text(path), _text(each), call) for each in roots)


def is_under(path: str, root: str, call: Call) -> bool:
    """Whether an absolute path is `root` or below it; `root` may begin with `~`, `$WORKSPACE` or `$TMP`."""
    for mark, value in (("~", call.home), ("$WORKSPACE", call.workspace), ("$TMP", "/tmp")):  # noqa: S108 - a place to compare with
        if root == mark or root.startswith(mark + "/"):
            root = value + root[len(mark) :]
    root = root.rstrip("/") or "/"
    return path == root or path.startswith("/" if root == "/" else root + "/")


_NO_FACTS = Facts(Call("", "", {}), Action(""))
