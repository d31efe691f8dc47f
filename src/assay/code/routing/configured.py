"""Protection that stands in configuration: Spring Security's filter chain, NestJS' global guards and middleware, Django's settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assay.code import ir
from assay.code.routing.guards import guard_of
from assay.code.routing.reading import entries, instructions, source, text, texts, word
from assay.code.routing.route import METHODS, Guard
from assay.code.world import FunctionInfo, World

_MATCHERS = frozenset(
    (
        "antMatchers",
        "mvcMatchers",
        "requestMatchers",
        "pathMatchers",
        "regexMatchers",
        "securityMatcher",
        "antMatcher",
    )
)
_EVERY = frozenset(("anyRequest", "anyExchange"))
_LOGIN = frozenset(("authenticated", "fullyAuthenticated", "rememberMe", "denyAll"))
_ROLES = frozenset(("hasRole", "hasAnyRole", "hasAuthority", "hasAnyAuthority", "access"))


@dataclass(slots=True)
class Rule:
    """One line of a configuration: for this path (Ant pattern, "" for all) and method ("" for all) this holds."""

    path: str
    method: str
    guard: Guard


@dataclass(slots=True)
class Configured:
    """What configuration says: rules by framework in order (the first that fits decides), guards of everything."""

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    everywhere: dict[str, list[Guard]] = field(default_factory=dict)

    def of(self, framework: str, method: str, path: str) -> list[Guard]:
        """The guards that configuration gives a route."""
        found = list(self.everywhere.get(framework, ()))
        for rule in self.rules.get(framework, ()):
            if (not rule.method or method in (rule.method, "ANY")) and fits(rule.path, path):
                return [*found, rule.guard]
        return found


def fits(pattern: str, path: str) -> bool:
    """Whether an Ant pattern (`/a/**`, `/a/*/b`) matches a path whose variables are `{x}` or `:x`."""
    if not pattern or pattern in ("/**", "**", "*"):
        return True
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")
    for position, part in enumerate(wanted):
        if part == "**":
            return True
        if position >= len(given):
            return False
        one = given[position]
        variable = one.startswith(("{", ":", "<"))
        if part != one and part != "*" and not (part.startswith(("{", ":", "(")) and variable):
            return False
    return len(wanted) == len(given)


def configuration(world: World) -> Configured:
    """Read every configuration of the project."""
    found = Configured()
    for module in world.modules:
        if module.language == "java" and (b"HttpSecurity" in module.content):
            for info in module.functions:
                if any(p.type.endswith("HttpSecurity") for p in info.function.parameters):
                    found.rules.setdefault("spring", []).extend(_spring(info))
        elif module.language == "typescript" and (
            b"forRoutes" in module.content or b"_GUARD" in module.content or b"GlobalGuards" in module.content
        ):
            for info in module.functions:
                _nest(info, found)
        elif module.language == "python" and (
            b"MIDDLEWARE" in module.content or b"REST_FRAMEWORK" in module.content
        ):
            _django(module.functions[0], found)
    return found


def _spring(info: FunctionInfo) -> list[Rule]:
    """The chain, lambdas in the order of the text."""
    rules: list[Rule] = []
    waiting: list[tuple[str, str]] = []
    for i in sorted(_calls(info), key=lambda one: (ir.span_end(one[1]), ir.span_start(one[1]))):
        name = str(i[4])
        if name in _EVERY:
            waiting = [("", "")]
        elif name in _MATCHERS:
            waiting = _matchers(info, i)
        elif name in _LOGIN or name in _ROLES or name in ("permitAll", "anonymous"):
            is_open = name in ("permitAll", "anonymous")
            guard = Guard(name, "configuration", not is_open, name in _ROLES, open=is_open)
            rules.extend(Rule(path, method, guard) for path, method in waiting)
            waiting = []
    return rules


def _calls(info: FunctionInfo) -> list[ir.Instruction]:
    found = [i for i in instructions(info) if i[0] == ir.METHOD]
    for other in info.module.functions[info.function.index + 1 :]:
        if other.function.parent == info.function.index and other.function.kind == "lambda":
            found.extend(_calls_marked(other))
    return found


def _calls_marked(info: FunctionInfo) -> list[ir.Instruction]:
    """Calls of a lambda; its registers are its own, so literal arguments go along as texts behind the instruction."""
    return [(*i[:7], info) for i in _calls(info) if len(i) == 7]


def _matchers(info: FunctionInfo, i: ir.Instruction) -> list[tuple[str, str]]:
    where: FunctionInfo = i[7] if len(i) > 7 else info
    paths: list[str] = []
    method = ""
    for one in i[5]:
        paths.extend(texts(where, one))
        last = word(where, one).rsplit(".", 1)[-1]
        if last.lower() in METHODS and last.isupper():
            method = last
    return [(path if path.startswith(("/", "*")) else f"/{path}", method) for path in paths] or (
        [("", method)] if method else []
    )


def _nest(info: FunctionInfo, found: Configured) -> None:
    for i in instructions(info):
        if i[0] == ir.METHOD and i[4] == "forRoutes":
            applied = source(info, i[3])
            while applied is not None and applied[0] == ir.METHOD and applied[4] != "apply":
                applied = source(info, applied[3])
            guards = [
                g
                for one in (applied[5] if applied is not None and applied[0] == ir.METHOD else ())
                if (g := guard_of(word(info, one), "middleware")) is not None
            ]
            for guard in guards[:1]:
                found.rules.setdefault("nestjs", []).extend(
                    Rule(path, method, guard) for path, method in _for_routes(info, i)
                )
        elif i[0] == ir.METHOD and i[4] == "useGlobalGuards":
            for one in i[5]:
                name = word(info, one)
                found.everywhere.setdefault("nestjs", []).append(
                    Guard(name, "global guard", "hrottl" not in name, "Role" in name, "hrottl" in name)
                )
        elif i[0] == ir.DICT:
            pairs = entries(info, i[2])
            if word(info, pairs.get("provide")).endswith("APP_GUARD"):
                name = word(info, pairs.get("useClass", pairs.get("useExisting", pairs.get("useFactory"))))
                found.everywhere.setdefault("nestjs", []).append(
                    Guard(
                        name or "APP_GUARD",
                        "global guard",
                        "hrottl" not in name,
                        "Role" in name,
                        "hrottl" in name,
                    )
                )


def _for_routes(info: FunctionInfo, i: ir.Instruction) -> list[tuple[str, str]]:
    rules = []
    for one in i[5]:
        pairs = entries(info, one)
        path = text(info, pairs.get("path")) if pairs else text(info, one)
        method = word(info, pairs.get("method")).rsplit(".", 1)[-1] if pairs else ""
        if path is not None:
            rules.append(
                (f"/{path.lstrip('/')}" if path != "*" else "", "" if method in ("ALL", "") else method)
            )
    return rules


_PERMISSIONS = re.compile(rb"[\"']DEFAULT_PERMISSION_CLASSES[\"']\s*:\s*[\[(]([^\])]{0,400})")


def _django(info: FunctionInfo, found: Configured) -> None:
    content = info.module.content
    listed = _PERMISSIONS.search(content)
    if (
        listed is not None
        and b"AllowAny" not in listed.group(1)
        and b"ReadOnly" not in listed.group(1)
        and listed.group(1).strip()
    ):
        found.everywhere.setdefault("django rest framework", []).append(
            Guard("DEFAULT_PERMISSION_CLASSES", "configuration", True)
        )
    if b"DEFAULT_THROTTLE_CLASSES" in content:
        found.everywhere.setdefault("django rest framework", []).append(
            Guard("DEFAULT_THROTTLE_CLASSES", "configuration", limit=True)
        )
    for name, login in ((b"LoginRequiredMiddleware", True), (b"AxesMiddleware", False)):
        if name in content:
            guard = Guard(name.decode(), "configuration", login, limit=not login)
            for framework in ("django", "django rest framework"):
                found.everywhere.setdefault(framework, []).append(guard)
