"""Routers: applications, blueprints, groups and what is mounted where, read from the calls that make and join them.

A router has guards in the order in which they were set; a route takes those that were there when it was registered in the same function, all of
them otherwise. A router may hang in several others (parameters of functions that register routes are routers too).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assay.code import ir
from assay.code.routing.guards import asks_role, call_texts, guard_of, may_stop, refuses
from assay.code.routing.reading import (
    Finder,
    arguments,
    constants,
    entries,
    instructions,
    keywords,
    operands,
    source,
    text,
    word,
    words,
)
from assay.code.routing.route import Guard
from assay.code.world import FunctionInfo, ModuleInfo

# What makes a router, by the last part of its name, with the framework it tells.
MAKERS = {
    "Flask": "flask", "Blueprint": "flask", "APIBlueprint": "flask", "FastAPI": "fastapi", "APIRouter": "fastapi", "Starlette": "starlette",
    "express": "express", "express.Router": "express", "Router": "express", "express.default": "express", "PromiseRouter": "express",
    "fastify": "fastify", "Fastify": "fastify", "KoaRouter": "koa", "Koa": "koa", "Hono": "hono", "restify.createServer": "restify",
    "gin.Default": "gin", "gin.New": "gin", "echo.New": "echo", "chi.NewRouter": "chi", "chi.NewMux": "chi", "fiber.New": "fiber",
    "mux.NewRouter": "gorilla", "http.NewServeMux": "net/http", "web.Application": "aiohttp", "web.RouteTableDef": "aiohttp",
    "Sanic": "sanic", "Quart": "quart", "Bottle": "bottle",
}  # fmt: skip
_PARAMETER_TYPES = {
    "gin.RouterGroup": "gin", "gin.Engine": "gin", "gin.IRouter": "gin", "gin.IRoutes": "gin", "echo.Group": "echo", "echo.Echo": "echo",
    "chi.Router": "chi", "chi.Mux": "chi", "fiber.App": "fiber", "fiber.Router": "fiber", "fiber.Group": "fiber", "mux.Router": "gorilla", "http.ServeMux": "net/http",
    "FastifyInstance": "fastify", "Express": "express", "express.Express": "express", "Application": "express", "express.Application": "express",
    "Router": "express", "express.Router": "express", "FastAPI": "fastapi", "APIRouter": "fastapi", "Flask": "flask", "IRouter": "express", "Hono": "hono",
}  # fmt: skip
_PARAMETER_NAMES = {"app": "", "router": "", "fastify": "fastify", "server": ""}
_GROUPS = frozenset(("Group", "group", "With", "PathPrefix", "Subrouter", "route", "Host", "basePath"))
_INNER = frozenset(("Group", "Route", "register", "route", "group"))
_USES = frozenset(("use", "Use", "before_request", "addHook", "add_middleware", "all"))
_MOUNTS = frozenset(
    (
        "use",
        "include_router",
        "register_blueprint",
        "Mount",
        "register",
        "add_subapp",
        "mount",
        "route",
        "Handle",
        "routes",
    )
)


@dataclass(eq=False, slots=True)
class Hanging:
    """Where a router hangs: in which one, below what path, behind which guards of that one (None: all that it has in the end)."""

    parent: Router | None
    prefix: str
    guards: tuple[Guard, ...] | None = None
    extra: tuple[Guard, ...] = ()


@dataclass(eq=False, slots=True)
class Router:
    """One router. `home` is the function that makes it, where the order of its guards is known."""

    framework: str
    home: FunctionInfo | None
    prefix: str = ""
    guards: list[Guard] = field(default_factory=list)
    hangs: list[Hanging] = field(default_factory=list)
    called: str = ""

    def seen_from(self, info: FunctionInfo) -> tuple[Guard, ...] | None:
        """The guards as they are now, if this is where they are set."""
        return tuple(self.guards) if self.home is info else None

    def above(self, depth: int = 0) -> list[tuple[str, tuple[Guard, ...]]]:
        """Every place where the router is reached: prefix, and guards of what it hangs in."""
        if not self.hangs or depth > 8:
            return [(self.prefix, ())]
        found = []
        for hang in self.hangs[:6]:
            for prefix, guards in hang.parent.above(depth + 1) if hang.parent is not None else [("", ())]:
                own = (
                    hang.guards
                    if hang.guards is not None or hang.parent is None
                    else tuple(hang.parent.guards)
                )
                found.append(
                    (joined(joined(prefix, hang.prefix), self.prefix), (*guards, *(own or ()), *hang.extra))
                )
        return found


def joined(first: str, second: str) -> str:
    """Two parts of a path as one."""
    if not first or not second:
        return first or second
    return f"{first.rstrip('/')}/{second.lstrip('/')}" if second != "/" else first


class Routers:
    """Every router of the project, found by walking the functions."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.world = finder.world
        self.known: dict[tuple[object, object], Router] = {}
        self.below: list[tuple[str, Guard]] = []  # `app.use("/auth", limiter)`: guards of a path
        self._open: set[tuple[object, object]] = set()

    # Which router a register is

    def at(self, info: FunctionInfo, register: int | None, depth: int = 0) -> Router | None:
        """The router that an expression is, or None."""
        if register is None or depth > 10:
            return None
        key = (info, register)
        found = self.known.get(key)
        if found is not None or key in self._open:
            return found
        self._open.add(key)
        try:
            found = (
                self._variable(info, register, depth) if register >= 0 else self._made(info, register, depth)
            )
        finally:
            self._open.discard(key)
        if found is not None:
            self.known[key] = found
        return found

    def _variable(self, info: FunctionInfo, register: int, depth: int) -> Router | None:
        for parameter in info.function.parameters:
            if parameter.register == register:
                return self._parameter(info, parameter)
        origin = info.origin(register)
        if origin is not None:
            return self.at(info, origin, depth + 1)
        for i in instructions(info):  # assigned more than once: `r = r.With(...)`
            if i[0] == ir.MOVE and i[2] == register:
                return self.at(info, i[3], depth + 1)
        return None

    def _parameter(self, info: FunctionInfo, parameter: ir.Parameter) -> Router | None:
        kind = parameter.type.lstrip("*& ")
        framework = _PARAMETER_TYPES.get(kind)
        if framework is None and not kind and info.module.language in ("javascript", "python"):
            framework = _PARAMETER_NAMES.get(parameter.name)
        return Router(framework, info, called=parameter.name) if framework is not None else None

    def _made(self, info: FunctionInfo, register: int, depth: int) -> Router | None:
        made = info.definition(register)
        if made is None:
            return None
        op = made[0]
        if op in (ir.MOVE, ir.AWAIT, ir.TYPED, ir.ENVELOP):
            return self.at(info, made[3], depth + 1)
        if op == ir.IMPORT and made[4] not in ("", "*"):
            one = ir.Import(str(made[3]), str(made[4]), "", made[5], made[1])
            return self._imported(info.module, one, depth)
        if op == ir.IMPORT and info.module.language in ("javascript", "typescript"):
            return self._imported(info.module, ir.Import(str(made[3]), "", "", made[5], made[1]), depth)
        if op == ir.OUTER:
            return self._outer(info, str(made[3]), depth)
        if op == ir.FIELD:
            return self._field(info, made, depth)
        if op in (ir.CALL, ir.METHOD):
            return self._called(info, made, depth)
        return None

    def _called(self, info: FunctionInfo, made: ir.Instruction, depth: int) -> Router | None:
        name = word(info, made[2])
        framework = MAKERS.get(name) or (
            MAKERS.get(name.rsplit(".", 1)[-1]) if info.module.language == "python" else None
        )
        if framework is None and made[0] == ir.CALL:
            imported = info.module.imports.get(name)
            module = imported.module.rsplit("/", 1)[-1] if imported is not None else ""
            framework = {
                "router": "koa",
                "koa-router": "koa",
                "koa": "koa",
                "express": "express",
                "fastify": "fastify",
                "express-promise-router": "express",
            }.get(module)
        if framework is not None:
            return self._new(info, made, framework, name)
        if made[0] == ir.METHOD:
            parent = self.at(info, made[3], depth + 1)
            if parent is not None:
                return self._child(info, made, parent)
        for function in (
            self.finder.functions(info, made[3]) if made[0] == ir.CALL else self._methods(info, made)
        ):
            for i in instructions(function):
                found = self.at(function, i[2], depth + 1) if i[0] == ir.RETURN else None
                if found is not None:
                    return found
        return None

    def _methods(self, info: FunctionInfo, made: ir.Instruction) -> list[FunctionInfo]:
        """Functions of a module, or the only methods of that name, behind `routes.create()`."""
        before = word(info, made[3])
        return self.finder.named(info, f"{before}.{made[4]}" if before else f"_.{made[4]}", 0)

    def _new(self, info: FunctionInfo, made: ir.Instruction, framework: str, name: str) -> Router:
        given = keywords(made)
        options = entries(info, made[4][0] if made[0] == ir.CALL and made[4] else None)
        prefix = ""
        for key in ("prefix", "url_prefix", "basePath"):
            prefix = text(info, given.get(key, options.get(key))) or prefix
        router = Router(framework, info, prefix, called=name)
        for key in ("dependencies", "middlewares", "middleware"):
            router.guards.extend(self.guards(info, given.get(key), "router dependency"))
        return router

    def _child(self, info: FunctionInfo, made: ir.Instruction, parent: Router) -> Router:
        name = str(made[4])
        if name not in _GROUPS:
            return parent  # chained: `.get(...)` of `route(...)`, `.Use(...)`
        args = arguments(made)
        prefix = (text(info, args[0]) or "") if args else ""
        child = Router(parent.framework, info, "", called=parent.called)
        extra = [g for one in args for g in self.guards(info, one, "router group")]
        child.hangs.append(Hanging(parent, prefix, parent.seen_from(info), tuple(extra)))
        return child

    def _outer(self, info: FunctionInfo, name: str, depth: int) -> Router | None:
        parent = info.function.parent
        while parent >= 0:
            outer = info.module.functions[parent]
            slot = outer.slot(name)
            if slot is not None:
                found = self.at(outer, slot, depth + 1)
                if found is not None:
                    return found
            parent = outer.function.parent
        made = info.module.imports.get(name)
        return (
            self._imported(info.module, made, depth)
            if made is not None
            else self._sibling(info.module, name, depth)
        )

    def _sibling(self, module: ModuleInfo, name: str, depth: int) -> Router | None:
        """A variable of another file of a Go package."""
        for other in (
            self.world.by_package.get((module.language, module.module.package), ())
            if module.module.package
            else ()
        ):
            slot = other.functions[0].slot(name) if other is not module and other.functions else None
            if slot is not None:
                return self.at(other.functions[0], slot, depth + 1)
        return None

    def _imported(self, module: ModuleInfo, made: ir.Import, depth: int) -> Router | None:
        inner = (
            self.world.find_module(module, f"{made.module}.{made.name}".strip("."), made.level)
            if made.name and module.language == "python"
            else None
        )
        if inner is not None:
            return None  # the module itself; its members are fields
        target = self.world.find_module(module, made.module, made.level)
        return (
            self.exported(target, made.name or "default", depth)
            if target is not None and target is not module
            else None
        )

    def exported(self, module: ModuleInfo, name: str, depth: int) -> Router | None:
        """The router that a module hands out under a name."""
        body = module.functions[0] if module.functions else None
        if body is None:
            return None
        slot = body.slot((module.module.exports or {}).get(name, name))
        if slot is not None:
            return self.at(body, slot, depth + 1)
        if name in module.imports:
            return self._imported(module, module.imports[name], depth + 1)
        for i in instructions(body):
            if i[0] == ir.SETFIELD and (i[3] == name or (i[3] == "exports" and name == "default")):
                found = self.at(body, i[4], depth + 1)
                if found is not None:
                    return found
        return None

    def _field(self, info: FunctionInfo, made: ir.Instruction, depth: int) -> Router | None:
        before, name = word(info, made[3]), str(made[4])
        if before in ("this", "self") or info.module.language == "go":
            return self._kept(info, name, depth)
        imported = info.module.imports.get(before)
        if imported is None:
            return self.at(info, made[3], depth + 1) if name in ("router", "app") and before else None
        inner = self.world.find_module(
            info.module, f"{imported.module}.{imported.name}".strip("."), imported.level
        )
        target = inner or self.world.find_module(info.module, imported.module, imported.level)
        return self.exported(target, name, depth) if target is not None else None

    def _kept(self, info: FunctionInfo, name: str, depth: int) -> Router | None:
        """`this.router`, `s.router`: what a method of the class puts there; for Go any method or literal of the package."""
        key = (info.owner.qualname if info.owner is not None else info.module.name, name)
        if key in self.known or key in self._open:
            return self.known.get(key)
        self._open.add(key)
        functions = [m for ms in info.owner.methods.values() for m in ms] if info.owner is not None else []
        body = [info.module.functions[info.owner.made.body]] if info.owner is not None else []
        found: Router | None = None
        for function in (*functions, *body):
            for i in instructions(function):
                if i[0] == ir.SETFIELD and i[3] == name:
                    found = found or self.at(function, i[4], depth + 1)
            slot = function.slot(name) if function in body else None
            found = found or (self.at(function, slot, depth + 1) if slot is not None else None)
        self._open.discard(key)
        if found is not None:
            self.known[key] = found
        return found

    # Guards

    def guards(self, info: FunctionInfo, register: int | None, seen: str) -> list[Guard]:
        """What guards an expression (a middleware, a list of them, options with them) holds."""
        found: list[Guard] = []
        if self._optional(info, register):
            return found
        for name in words(info, register):
            guard = guard_of(name, seen, call_texts(info, register))
            if guard is not None and self._may_stop(info, name):
                found.append(guard)
        if found or register is None:
            return found
        made = source(info, register)
        several = operands(made) if made is not None and made[0] == ir.BUILD else [register]
        for one in several:
            for function in self.finder.functions(info, one):
                if refuses(function):
                    shown = word(info, one) or function.name
                    found.append(Guard(shown, seen, True, asks_role(function)))
        return found

    def _may_stop(self, info: FunctionInfo, name: str) -> bool:
        """Middleware only: what a dependency gives is asked for, so it must be there."""
        return info.module.language == "python" or may_stop(name, self.finder.named(info, name))

    def _optional(self, info: FunctionInfo, register: int | None) -> bool:
        """`AuthMiddleware(false)`: who does not say who he is comes past it."""
        made = source(info, register)
        args = arguments(made) if made is not None and made[0] in (ir.CALL, ir.METHOD) else ()
        return len(args) == 1 and constants(info).get(args[0]) is False

    # Joins

    def join(self, info: FunctionInfo, i: ir.Instruction) -> None:
        """Take from one call what it says of routers: guards that are set, what is mounted, what is handed on."""
        if i[0] == ir.METHOD:
            name = str(i[4])
            router = self.at(info, i[3]) if name in _USES or name in _MOUNTS or name in _INNER else None
            if router is not None:
                self._mount(info, i, name, router)
                if name in _USES and not (name == "all" and not self._everything(info, i)):
                    self._set_guards(info, i, router)
                return
        self._hand_on(info, i)

    def _everything(self, info: FunctionInfo, i: ir.Instruction) -> bool:
        args = arguments(i)
        return bool(args) and text(info, args[0]) in ("*", "/*", "/", None)

    def _set_guards(self, info: FunctionInfo, i: ir.Instruction, router: Router) -> None:
        args = arguments(i)
        path = text(info, args[0]) if args else None
        if any(self.at(info, one) is not None for one in args):
            return  # guards of what is mounted, not of all
        if path is not None and path not in ("*", "/*", "/", "preHandler", "onRequest", "preValidation"):
            self.below.extend((path, g) for one in args[1:] for g in self.guards(info, one, f"{path}:"))
            return
        for one in (*args, *keywords(i).values()):
            router.guards.extend(
                g
                for g in self.guards(
                    info, one, "router" if router.called not in ("express", "app") else "application"
                )
            )

    def _mount(self, info: FunctionInfo, i: ir.Instruction, name: str, router: Router) -> None:
        args, given = arguments(i), keywords(i)
        options = entries(info, args[1]) if len(args) > 1 else {}
        prefix = text(info, args[0]) if args else None
        for key in ("prefix", "url_prefix"):
            prefix = text(info, given.get(key, options.get(key))) or prefix
        plain = [one for one in args if self.at(info, one) is None]
        extra = tuple(
            g for one in (*plain, given.get("dependencies")) for g in self.guards(info, one, "router")
        )
        for one in args:
            inner = self.at(info, one)
            if inner is not None and inner is not router and name in _MOUNTS:
                self._hang(inner, Hanging(router, prefix or "", router.seen_from(info), extra))
            made = source(info, one)
            if (
                inner is None
                and name in _INNER
                and made is not None
                and made[0] in (ir.FUNC, ir.OUTER, ir.FIELD)
            ):
                self._inner(info, one, Hanging(router, prefix or "", router.seen_from(info), extra))

    def _inner(self, info: FunctionInfo, register: int, hanging: Hanging) -> None:
        """`r.Route("/x", func(r chi.Router) {...})`, `fastify.register(routes)`."""
        for function in self.finder.functions(info, register):
            plain = [p for p in function.function.parameters if p.kind != "r"]
            if plain:
                key = (function, plain[0].register)
                inner = self.known.setdefault(
                    key,
                    Router(
                        hanging.parent.framework if hanging.parent else "", function, called=plain[0].name
                    ),
                )
                self._hang(inner, hanging)

    def _hand_on(self, info: FunctionInfo, i: ir.Instruction) -> None:
        """A router passed to a function of the project."""
        for position, one in enumerate(arguments(i)):
            router = self.at(info, one) if one >= 0 or info.definition(one) is not None else None
            if router is None:
                continue
            functions = self.finder.functions(info, i[3]) if i[0] == ir.CALL else self._methods(info, i)
            for function in functions[:2]:
                plain = [p for p in function.function.parameters if p.kind != "r"]
                if position < len(plain):
                    inner = self.at(function, plain[position].register)
                    if inner is not None and inner is not router:
                        self._hang(inner, Hanging(router, "", router.seen_from(info)))

    def _hang(self, inner: Router, hanging: Hanging) -> None:
        if hanging.parent is not inner and not any(
            h.parent is hanging.parent and h.prefix == hanging.prefix for h in inner.hangs
        ):
            inner.hangs.append(hanging)
