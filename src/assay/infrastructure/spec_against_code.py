"""A specification beside the routes that the code has: what is missing in it, and where the declared security differs from the code's."""

from __future__ import annotations

import re  # linear patterns over one path
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from assay.infrastructure.node import Node, Span, facts
from assay.infrastructure.platforms.openapi import routes
from assay.infrastructure.unit import Unit

_PARAMETER = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|:[A-Za-z_]\w*|\*\w*")


@dataclass(frozen=True, slots=True)
class CodeRoute:
    """One route of the code. `authenticated` is None where that could not be determined."""

    method: str
    path: str
    authenticated: bool | None
    uri: str
    line: int


class Kind(Enum):
    """MISSING: a route that the specification does not name. OPEN: it says secured, the code is not. STRICTER: the reverse."""

    MISSING = "missing"
    OPEN = "open"
    STRICTER = "stricter"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, with the operation's place where there is one."""

    kind: Kind
    route: CodeRoute
    uri: str = ""
    span: Span | None = None


def compare(units: Iterable[Unit], inventory: Iterable[CodeRoute]) -> Iterator[Difference]:
    """Every difference. Paths are compared with their parameters' names left out, and with the specification's base path or without."""
    declared: dict[tuple[str, str], tuple[bool, Unit]] = {}
    for method, path, secured, unit in routes(units):
        declared[method, normal(path)] = (secured, unit)
    if not declared:
        return
    for route in inventory:
        found = _found(declared, route)
        if found is None:
            yield Difference(Kind.MISSING, route)
            continue
        secured, unit = found
        if secured and route.authenticated is False:
            yield Difference(Kind.OPEN, route, unit.uri, unit.head)
        elif not secured and route.authenticated is True:
            yield Difference(Kind.STRICTER, route, unit.uri, unit.head)


def has_operations(units: Iterable[Unit]) -> bool:
    """Whether some specification names an operation at all."""
    return next(routes(units), None) is not None


def differences(units: Sequence[Unit], inventory: Sequence[CodeRoute]) -> Iterator[Unit]:
    """Every difference as a unit `route` (difference, method, path) in the code, for checks.

    None where the specification is not this code's: at least two of its operations, or its only one, and one in four of the smaller side
    must be routes of the code.
    """
    declared = {(method, normal(path)): (secured, unit) for method, path, secured, unit in routes(units)}
    matched = sum(_found(declared, route) is not None for route in inventory)
    least = min(len(declared), len(inventory))
    if matched < min(2, len(declared)) or matched * 4 < least:
        return
    for each in compare(units, inventory):
        route = each.route
        if not route.method or route.method.lower() in ("any", "*", "head", "options"):
            continue
        span = Span(route.line, 1, route.line, 2)
        node = Node(
            facts(span, difference=each.kind.value, method=route.method.upper(), path=route.path), span
        )
        yield Unit("openapi", "route", f"{route.method.upper()} {route.path}", route.uri, node, span)


def _found(declared: dict[tuple[str, str], tuple[bool, Unit]], route: CodeRoute) -> tuple[bool, Unit] | None:
    path = normal(route.path)
    pieces = path.split("/")
    for start in range(
        1, min(4, len(pieces)) + 1
    ):  # the code may have a prefix that the servers' addresses hold
        candidate = "/" + "/".join(pieces[start:])
        found = declared.get((route.method.lower(), candidate))
        if found is not None:
            return found
    return None


def normal(path: str) -> str:
    """The path with every parameter as `{}` and without a slash at the end."""
    return _PARAMETER.sub("{}", path).rstrip("/") or "/"
