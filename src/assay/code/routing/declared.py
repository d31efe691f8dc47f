"""Routes that a class declares by annotations or decorators: Spring MVC, JAX-RS, NestJS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assay.code import ir
from assay.code.routing.guards import call_texts, guard_of
from assay.code.routing.reading import entries, instructions, keywords, source, text, texts, word, words
from assay.code.routing.route import METHODS, Guard
from assay.code.routing.routers import joined
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo

_SPRING = {f"{m.capitalize()}Mapping": m.upper() for m in METHODS}
_NEST = {m.capitalize(): m.upper() for m in METHODS} | {"All": "ANY"}
_JAXRS = frozenset(m.upper() for m in METHODS)
_OPEN = frozenset(("PermitAll", "Public", "IsPublic", "AllowAnonymous", "SkipAuth", "Anonymous", "NoAuth"))
_SURE = {  # annotations that protect by themselves: login, role
    "PreAuthorize": True, "Secured": True, "RolesAllowed": True, "DenyAll": True, "Authenticated": False, "PermissionsAllowed": True,
    "Roles": True, "HasRoles": True, "Auth": False, "RequiresPermissions": True, "RequiresRoles": True, "RequiresAuthentication": False, "SaCheckLogin": False,
}  # fmt: skip


@dataclass(slots=True)
class Declared:
    """A route that a class declares. `guards` are its own, of its class and of its bases."""

    method: str
    path: str
    framework: str
    handler: FunctionInfo
    guards: list[Guard] = field(default_factory=list)


@dataclass(slots=True)
class _Annotation:
    name: str
    info: FunctionInfo
    register: int

    def text(self, *names: str) -> str:
        """The literal text of an argument: positional, or one of these names (also in an options object)."""
        made = source(self.info, self.register)
        if made is None or made[0] not in (ir.CALL, ir.METHOD):
            return ""
        args = made[5] if made[0] == ir.METHOD else made[4]
        given = keywords(made)
        options = entries(self.info, args[0]) if args else {}
        for one in (*(given.get(n, options.get(n)) for n in names), *(args[:1] if not options else ())):
            found = texts(self.info, one) if one is not None else []
            if found:
                return found[0]
        return ""


def class_annotations(cls: ClassInfo) -> list[_Annotation]:
    """The annotations of a class."""
    for info in cls.module.functions:
        for i in instructions(info):
            if i[0] == ir.CLASS and i[3] == cls.made.index:
                return [_Annotation(_last(info, one), info, one) for one in i[5]]
    return []


def method_annotations(cls: ClassInfo) -> dict[int, list[_Annotation]]:
    """The annotations of each method, by the index of its function."""
    body = cls.module.functions[cls.made.body]
    return {
        i[3]: [_Annotation(_last(body, one), body, one) for one in i[4]]
        for i in instructions(body)
        if i[0] == ir.FUNC
    }


def _last(info: FunctionInfo, register: int) -> str:
    return word(info, register).rsplit(".", 1)[-1]


def declared_routes(module: ModuleInfo) -> Iterator[Declared]:
    """Every route that the classes of a file declare."""
    if module.language not in ("java", "typescript", "javascript"):
        return
    java = module.language == "java"
    for cls in module.classes:
        above = class_annotations(cls)
        by_method = method_annotations(cls)
        if java and cls.kind == "interface" and not any(a.name.endswith("Controller") for a in above):
            continue
        for functions in cls.methods.values():
            for function in functions:
                notes = by_method.get(function.function.index, [])
                yield from _routes(function, notes, above, cls, java)


def _routes(
    function: FunctionInfo, notes: list[_Annotation], above: list[_Annotation], cls: ClassInfo, java: bool
) -> Iterator[Declared]:
    framework, prefix = _class_path(above, java)
    guards = list(_guards(notes, function)) or list(_inherited(above, cls))
    if guards and all(g.limit and not g.login and not g.open for g in guards):
        guards += list(_inherited(above, cls))
    for note in notes:
        found = _method(note, notes, java)
        if found is not None:
            methods, own = found
            for method in methods:
                yield Declared(method, joined(prefix, own) or "/", framework, function, guards)


def _class_path(above: list[_Annotation], java: bool) -> tuple[str, str]:
    for note in above:
        if java and note.name == "RequestMapping":
            return "spring", _rooted(note.text("path", "value"))
        if java and note.name in ("Path", "ApplicationPath"):
            return "jax-rs", _rooted(note.text("value"))
        if not java and note.name == "Controller":
            return "nestjs", _rooted(note.text("path"))
    return ("spring" if java else "nestjs"), ""


def _rooted(path: str) -> str:
    return path if path.startswith("/") or not path else f"/{path}"


def _method(note: _Annotation, notes: list[_Annotation], java: bool) -> tuple[list[str], str] | None:
    if java:
        if note.name in _SPRING:
            return [_SPRING[note.name]], _rooted(note.text("path", "value"))
        if note.name == "RequestMapping":
            made = source(note.info, note.register)
            given = keywords(made).get("method") if made is not None else None
            methods = [m for one in words(note.info, given) if (m := one.rsplit(".", 1)[-1]) in _JAXRS]
            return methods or ["ANY"], _rooted(note.text("path", "value"))
        if note.name in _JAXRS:
            return [note.name], next((_rooted(n.text("value")) for n in notes if n.name == "Path"), "")
        return None
    if note.name in _NEST and _from(note, "@nestjs/common"):
        return [_NEST[note.name]], _rooted(note.text("path"))
    return None


def _from(note: _Annotation, module: str) -> bool:
    made = note.info.module.imports.get(note.name)
    return made is not None and made.module == module


def _inherited(above: list[_Annotation], cls: ClassInfo) -> Iterator[Guard]:
    yield from _guards(above, None)
    for base in cls.lineage[1:]:
        yield from _guards(class_annotations(base), None)


def _guards(notes: list[_Annotation], function: FunctionInfo | None) -> Iterator[Guard]:
    seen = "annotation" if function is not None else "class annotation"
    for note in notes:
        if note.name in _OPEN:
            yield Guard(note.name, seen, open=True)
        elif note.name in _SURE:
            literal = (text(note.info, _first(note)) or "").lower()
            if literal.startswith("permitall"):
                yield Guard(f"{note.name}({literal})", seen, open=True)
            else:
                yield Guard(note.name, seen, True, _SURE[note.name] and literal != "isauthenticated()")
        elif note.name == "UseGuards":
            yield from _use_guards(note, seen)
        elif (guard := guard_of(note.name, seen, call_texts(note.info, note.register))) is not None:
            yield guard


def _first(note: _Annotation) -> int | None:
    made = source(note.info, note.register)
    if made is None or made[0] not in (ir.CALL, ir.METHOD):
        return None
    given = keywords(made)
    args = made[5] if made[0] == ir.METHOD else made[4]
    return args[0] if args else given.get("value")


def _use_guards(note: _Annotation, seen: str) -> Iterator[Guard]:
    made = source(note.info, note.register)
    for one in made[4] if made is not None and made[0] == ir.CALL else ():
        name = word(note.info, one)
        limit = "hrottl" in name or "RateLimit" in name
        role = any(part in name for part in ("Role", "Permission", "Admin", "Polic", "Abilit", "Scope"))
        yield Guard(f"UseGuards({name})", seen, not limit, role, limit)
