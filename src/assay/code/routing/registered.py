"""Routes that are registered by a call: `router.post("/x", guard, handler)`, and by a decorator that is a method of a router."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assay.code import ir
from assay.code.routing.guards import guard_of, refuses
from assay.code.routing.reading import (
    arguments,
    constants,
    entries,
    instructions,
    keywords,
    source,
    text,
    texts,
    word,
)
from assay.code.routing.route import METHODS, Guard
from assay.code.routing.routers import Router, Routers
from assay.code.world import FunctionInfo

_ANY = frozenset(
    (
        "all",
        "any",
        "handle",
        "handlefunc",
        "route",
        "add_url_rule",
        "add_route",
        "api_route",
        "method",
        "methodfunc",
        "match",
        "add",
    )
)
_USER = re.compile(r"(?:authenticated|logged_?in|session|user|user_?id)$", re.IGNORECASE)
_HINT = ("app", "router", "api", "route", "server", "blueprint", "bp")


@dataclass(slots=True)
class Registration:
    """A route before its guards are added up. `handler` is None if it is not in the project; `shown` is how it was written."""

    method: str
    path: str
    router: Router | None
    own: list[Guard]
    before: tuple[Guard, ...] | None
    handler: FunctionInfo | None
    shown: str
    where: FunctionInfo
    span: int


def registrations(routers: Routers, info: FunctionInfo) -> Iterator[Registration]:
    """Every route that a function's calls register, in order; joins routers on the way, since guards and routes are in the order of the text."""
    for i in instructions(info):
        if i[0] in (ir.CALL, ir.METHOD):
            if i[0] == ir.METHOD:
                yield from _by_method(routers, info, i)
            routers.join(info, i)
        elif i[0] == ir.FUNC and i[4]:
            yield from _by_decorator(routers, info, i)


def _verb(name: str) -> str:
    return (
        name.removeprefix("add_").lower()
        if name.lower() not in ("add_url_rule", "add_route")
        else name.lower()
    )


def _by_method(routers: Routers, info: FunctionInfo, i: ir.Instruction) -> Iterator[Registration]:
    verb = _verb(str(i[4]))
    if (verb not in METHODS and verb not in _ANY) or i[4] == "Route":  # chi's Route makes a router
        return
    router = routers.at(info, i[3])
    args = arguments(i)
    if router is None and not _hinted(word(info, i[3])):
        return
    if verb == "route" and args and (options := entries(info, args[0])):
        yield from _by_options(routers, info, i, router, options)
        return
    path = text(info, args[0]) if args else None
    rest = args[1:] if path is not None else args
    if (
        verb in ("method", "methodfunc", "add", "match")
        and path is not None
        and path.lower() in METHODS
        and rest
    ):
        verb, path, rest = path.lower(), text(info, rest[0]), rest[1:]
    if path is None and not (router is not None and router.hangs and rest):
        return
    view = keywords(i).get("view_func")
    candidates = [*rest, *([view] if view is not None else [])]
    handler, shown, position = _handler(routers, info, candidates)
    if position < 0 or (router is None and handler is None):
        return
    own = [g for one in candidates[:position] for g in routers.guards(info, one, "middleware")]
    own += _wrapped(routers, info, candidates[position])
    own += [
        g
        for one in candidates[position + 1 :]
        if info.module.language == "go"
        for g in routers.guards(info, one, "middleware")
    ]
    for method, where in _methods(verb, path or "", info, i):
        yield Registration(
            method, where, router, own, router.seen_from(info) if router else None, handler, shown, info, i[1]
        )


def _handler(
    routers: Routers, info: FunctionInfo, candidates: list[int]
) -> tuple[FunctionInfo | None, str, int]:
    """The handler is the last function; echo has it first, with middleware behind."""
    first = info.module.language == "go" and len(candidates) > 1 and _echo(info)
    order = range(len(candidates)) if first else range(len(candidates) - 1, -1, -1)
    for position in order:
        one = candidates[position]
        found = routers.finder.functions(info, one)
        made = source(info, one)
        if found:
            return found[-1], _shown(info, one, found[-1]), position
        if made is not None and made[0] in (ir.OUTER, ir.FIELD, ir.CALL, ir.METHOD, ir.FUNC):
            return None, word(info, one), position
        if one >= 0:
            return None, word(info, one), position
    return None, "", -1


def _echo(info: FunctionInfo) -> bool:
    return any(made.module.startswith("github.com/labstack/echo") for made in info.module.module.imports)


def _shown(info: FunctionInfo, register: int, found: FunctionInfo) -> str:
    return (
        found.function.qualname
        if found.function.kind != "lambda"
        else (word(info, register) or found.function.qualname)
    )


def _wrapped(routers: Routers, info: FunctionInfo, register: int) -> list[Guard]:
    """`requireAuth(handler)`."""
    made = source(info, register)
    if made is None or made[0] not in (ir.CALL, ir.METHOD):
        return []
    return [g for g in routers.guards(info, register, "wrapper") if g.word == word(info, register)]


def _methods(verb: str, path: str, info: FunctionInfo, i: ir.Instruction) -> list[tuple[str, str]]:
    if verb in METHODS:
        return [(verb.upper(), path)]
    first, _, rest = path.partition(" ")
    if rest and first.lower() in METHODS:  # net/http: "POST /x"
        return [(first, rest)]
    listed = [t.upper() for t in texts(info, keywords(i).get("methods")) if t.lower() in METHODS]
    if not listed:
        listed = _chained(info, i)
    if listed:
        return [(method, path) for method in sorted(set(listed))]
    return [("GET" if verb in ("route", "add_url_rule", "api_route") else "ANY", path)]


def _chained(info: FunctionInfo, i: ir.Instruction) -> list[str]:
    """`r.HandleFunc("/x", f).Methods("POST")`."""
    for other in instructions(info):
        if other[0] == ir.METHOD and other[4] == "Methods" and other[3] == i[2]:
            return [
                t.upper()
                for one in other[5]
                for t in [*texts(info, one), word(info, one).rsplit("Method", 1)[-1]]
                if t.lower() in METHODS
            ]
    return []


def _by_options(
    routers: Routers, info: FunctionInfo, i: ir.Instruction, router: Router | None, options: dict[str, int]
) -> Iterator[Registration]:
    """`server.route({method, path, handler, ...})`."""
    path = text(info, options.get("url", options.get("path")))
    if path is None:
        return
    found = routers.finder.functions(info, options.get("handler"))
    own = [
        g
        for key, one in options.items()
        if key not in ("handler", "url", "path", "schema")
        for g in routers.guards(info, one, "option")
    ]
    for method in [t.upper() for t in texts(info, options.get("method"))] or ["GET"]:
        shown = found[-1].function.qualname if found else word(info, options.get("handler"))
        yield Registration(
            method,
            path,
            router,
            own,
            router.seen_from(info) if router else None,
            found[-1] if found else None,
            shown,
            info,
            i[1],
        )


def _by_decorator(routers: Routers, info: FunctionInfo, i: ir.Instruction) -> Iterator[Registration]:
    function = info.module.functions[i[3]]
    for register in i[4]:
        made = source(info, register)
        if made is None:
            continue
        if made[0] == ir.FIELD and made[4] in ("before_request", "before_app_request"):
            _hook(routers, info, made, function)
            continue
        if made[0] != ir.METHOD or not isinstance(made[4], str):
            continue
        verb = _verb(made[4])
        if verb == "middleware":
            _hook(routers, info, made, function)
        if verb not in METHODS and verb not in _ANY:
            continue
        router = routers.at(info, made[3])
        args = arguments(made)
        path = text(info, args[0] if args else keywords(made).get("path", keywords(made).get("rule")))
        if path is None or (router is None and not _hinted(word(info, made[3]))):
            continue
        own = [
            g
            for one in (keywords(made).get("dependencies"),)
            for g in routers.guards(info, one, "dependency")
        ]
        for method, where in _methods(verb, path, info, made):
            yield Registration(
                method, where, router, own, None, function, function.function.qualname, info, i[1]
            )


def _hook(routers: Routers, info: FunctionInfo, made: ir.Instruction, function: FunctionInfo) -> None:
    """`@app.before_request`: a guard of everything, if who does not say who he is does not come past it."""
    router = routers.at(info, made[3])
    decorated = next(
        (i for i in instructions(info) if i[0] == ir.FUNC and i[3] == function.function.index), None
    )
    guarded = decorated is not None and any(
        (g := guard_of(word(info, one), "decorator")) is not None and g.login for one in decorated[4]
    )
    if router is not None and (guarded or refuses(function) or _denies(function)):
        router.guards.append(Guard(function.name, str(made[4]), True))


def _denies(function: FunctionInfo) -> bool:
    """Whether something happens if there is no user: `if not current_user.is_authenticated`, `if g.user is None`."""
    known = constants(function)
    for i in instructions(function):
        if i[0] == ir.UNARY and i[3] == "not" and _USER.search(word(function, i[4])):
            return True
        if (
            i[0] == ir.OP
            and i[3] in ("is", "==")
            and known.get(i[5], ...) is None
            and _USER.search(word(function, i[4]))
        ):
            return True
    return False


def _hinted(name: str) -> bool:
    last = name.rsplit(".", 1)[-1].lower()
    return any(last == hint or last.endswith((f"_{hint}", hint)) for hint in _HINT)
