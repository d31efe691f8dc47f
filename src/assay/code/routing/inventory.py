"""The route inventory: what a web application offers to whom, as far as its registrations, annotations, middleware, configuration and bodies tell.

Read from the representation alone: nothing is analysed. A route's protection is looked for at the handler (decorators, injected dependencies,
class), in the registration, at the routers above it, in configuration, and in the body, in this order; `reason` names the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from assay.code.ir import span_end, span_start
from assay.code.routing.configured import Configured, configuration
from assay.code.routing.declared import Declared, declared_routes
from assay.code.routing.django import Patterns, class_guards, decorator_guards
from assay.code.routing.guards import body_guard, guard_of
from assay.code.routing.reading import Finder
from assay.code.routing.registered import Registration, registrations
from assay.code.routing.route import MUTATING, Guard, Route
from assay.code.routing.routers import Routers, joined
from assay.code.world import FunctionInfo, ModuleInfo, World

_ALIAS = re.compile(
    rb"(?m)^([A-Za-z_]\w{0,80})\s*(?::[^=\n]{1,40})?=\s*(?:typing\.)?Annotated\[[^#]{0,200}?(?:Depends|Security)\(\s*([\w.]{0,80})"
)
_DEPENDS = re.compile(r"(?:Depends|Security|Inject)\(\s*([\w.]{1,80})")
_HEAD_BYTES = 2000
_IDENTITY_PARAMETERS = re.compile(
    r"Principal\b|Authentication\b|AuthenticationPrincipal|CurrentUser\b|LoggedInUser|SecurityIdentity|SecurityContext|JsonWebToken"
)


def routes_of(world: World) -> list[Route]:
    """Every route of the project, sorted by file, line and method."""
    finder = Finder(world)
    routers = Routers(finder)
    patterns = Patterns(finder)
    configured = configuration(world)
    aliases = _aliases(world)
    found: dict[tuple[str, str, str, int], Route] = {}
    registered: list[Registration] = []
    modules = [module for module in world.modules if not module.in_tests]
    for module in modules:
        for info in module.functions:
            registered.extend(registrations(routers, info))
    for one in registered:
        for route in _of_registration(one, configured, aliases, routers.below):
            found.setdefault((route.method, route.path, route.uri, route.line), route)
    for module in modules:
        for declared in _declared(module, patterns):
            route = _of_declared(declared, configured)
            found.setdefault((route.method, route.path, route.uri, route.line), route)
    return sorted(found.values(), key=lambda route: (route.uri, route.line, route.method, route.path))


def _declared(module: ModuleInfo, patterns: Patterns) -> Iterator[Declared]:
    yield from declared_routes(module)
    if module.language == "python":
        for info in module.functions[:1]:
            yield from patterns.routes(info)


def _of_registration(
    one: Registration, configured: Configured, aliases: dict[str, str], below: list[tuple[str, Guard]]
) -> Iterator[Route]:
    handler = one.handler
    own = [*_at_handler(handler, aliases), *one.own]
    for prefix, above in one.router.above() if one.router is not None else [("", ())]:
        path = joined(prefix, one.path)
        router = one.before if one.before is not None or one.router is None else tuple(one.router.guards)
        framework = one.router.framework if one.router is not None else ""
        guards = [*own, *(router or ()), *above, *configured.of(framework, one.method, path)]
        guards += [guard for start, guard in below if _is_below(path, start)]
        place = (
            handler
            if handler is not None
            and handler.function.kind != "lambda"
            and handler.module is one.where.module
            else None
        )
        yield _route(
            one.method,
            path,
            one.shown,
            framework,
            handler,
            guards,
            place.module if place else one.where.module,
            place.function.span if place else one.span,
        )


def _is_below(path: str, start: str) -> bool:
    """Whether a path is below another; a router whose own prefix was not seen is below what ends in the same name."""
    return path == start or path.startswith(f"{start.rstrip('/')}/")


def _of_declared(one: Declared, configured: Configured) -> Route:
    configured_guards = configured.of(one.framework, one.method, one.path)
    guards = [*one.guards, *_parameters(one.handler), *configured_guards]
    return _route(
        one.method,
        one.path,
        one.handler.function.qualname,
        one.framework,
        one.handler,
        guards,
        one.handler.module,
        one.handler.function.span,
    )


def _route(
    method: str,
    path: str,
    shown: str,
    framework: str,
    handler: FunctionInfo | None,
    guards: list[Guard],
    module: ModuleInfo,
    span: int,
) -> Route:
    body = body_guard(handler) if handler is not None and handler.function.kind != "class" else None
    known = [g for g in guards if method in MUTATING or method == "ANY" or "ReadOnly" not in g.word]
    known += [body] if body is not None else []
    first = next((g for g in known if g.login or g.open), None)
    login = (
        first
        if first is not None and first.login
        else next((g for g in known if g.login), None)
        if first is None
        else None
    )
    auth = "yes" if login is not None else "public" if first is not None else "no"
    return Route(
        method, path, shown, module.uri, module.content.count(b"\n", 0, span_start(span)) + 1, auth, first.reason if first is not None else "",
        framework, module.number, span, next((g.reason for g in known if g.role), ""), next((g.reason for g in known if g.limit), ""), tuple(known), handler,
    )  # fmt: skip


def _at_handler(info: FunctionInfo | None, aliases: dict[str, str]) -> Iterable[Guard]:
    if info is None:
        return []
    found = (
        decorator_guards(info) if info.module.language == "python" and info.function.kind != "lambda" else []
    )
    if info.owner is not None and info.module.language == "python":
        found += class_guards(info.owner)
    if info.module.language == "python":
        found += _dependencies(info, aliases)
    return found


def _dependencies(info: FunctionInfo, aliases: dict[str, str]) -> list[Guard]:
    """FastAPI: `user = Depends(current_user)`, `user: CurrentUser`."""
    start = span_start(info.function.span)
    head = (
        info.module.content[start : min(start + _HEAD_BYTES, span_end(info.function.span))]
        .decode("utf-8", "replace")
        .split(":\n", 1)[0]
    )
    names = [*_DEPENDS.findall(head)]
    for parameter in info.function.parameters:
        last = re.split(r"[\s|\[\]]", parameter.type.replace("Optional[", ""))[0].rsplit(".", 1)[-1]
        if last in aliases:
            names.append(aliases[last])
            names.append(last)
    found = (guard_of(name, "dependency") for name in names)
    return [guard for guard in found if guard is not None]


def _aliases(world: World) -> dict[str, str]:
    """`CurrentUser = Annotated[User, Depends(get_current_user)]`: alias to dependency."""
    return {
        name.decode(): target.decode()
        for module in world.modules
        if module.language == "python" and b"Annotated[" in module.content
        for name, target in _ALIAS.findall(module.content)
    }


def _parameters(info: FunctionInfo) -> list[Guard]:
    """Java: a parameter that holds who asks."""
    if info.module.language != "java":
        return []
    for parameter in info.function.parameters:
        if _IDENTITY_PARAMETERS.search(parameter.type):
            return [Guard(parameter.type, "parameter", True)]
    return []
