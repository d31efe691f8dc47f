"""Django: URL patterns, class-based views, and the views and view sets of Django REST framework."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.code import ir
from assay.code.routing.declared import Declared
from assay.code.routing.guards import guard_of
from assay.code.routing.reading import Finder, arguments, instructions, keywords, source, text, texts, word
from assay.code.routing.route import METHODS, Guard
from assay.code.routing.routers import joined
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo

_PATTERNS = frozenset(("path", "re_path", "url", "django_path"))
_ACTIONS = {
    "list": "GET",
    "retrieve": "GET",
    "create": "POST",
    "update": "PUT",
    "partial_update": "PATCH",
    "destroy": "DELETE",
}
_GENERIC = {  # what a base class answers without a method of the project's own
    "ModelViewSet": ("list", "retrieve", "create", "update", "partial_update", "destroy"), "ReadOnlyModelViewSet": ("list", "retrieve"),
    "CreateAPIView": ("post",), "DestroyAPIView": ("delete",), "UpdateAPIView": ("put", "patch"), "ListAPIView": ("get",), "RetrieveAPIView": ("get",),
    "ListCreateAPIView": ("get", "post"), "RetrieveUpdateAPIView": ("get", "put", "patch"), "RetrieveDestroyAPIView": ("get", "delete"),
    "RetrieveUpdateDestroyAPIView": ("get", "put", "patch", "delete"), "CreateView": ("get", "post"), "UpdateView": ("get", "post"), "DeleteView": ("get", "post"),
    "FormView": ("get", "post"), "ListView": ("get",), "DetailView": ("get",), "TemplateView": ("get",), "CreateModelMixin": ("create",),
    "RetrieveModelMixin": ("retrieve",), "ListModelMixin": ("list",), "UpdateModelMixin": ("update", "partial_update"), "DestroyModelMixin": ("destroy",),
}  # fmt: skip
_REST = re.compile("APIView|ViewSet")
_ATTRIBUTES = (
    "permission_classes",
    "authentication_classes",
    "permission_required",
    "throttle_classes",
    "throttle_scope",
    "decorators",
)


class Patterns:
    """The URL patterns of a project."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.world = finder.world
        self.included: dict[str, list[str]] = {}

    def routes(self, info: FunctionInfo) -> Iterator[Declared]:
        """Every route that a module's patterns and view set registrations name."""
        module = info.module
        for i in instructions(info):
            if i[0] == ir.CALL and word(info, i[2]) in _PATTERNS and len(i[4]) > 1:
                path = text(info, i[4][0])
                if path is not None and self._django(module):
                    yield from self._pattern(info, i[4][1], path)
            elif (
                i[0] == ir.METHOD
                and i[4] == "register"
                and len(i[5]) > 1
                and "router" in word(info, i[3]).lower()
            ):
                path, cls = text(info, i[5][0]), self.finder.classes(info, i[5][1])
                if path is not None and cls is not None:
                    yield from _class_routes(cls, path, ())

    def _django(self, module: ModuleInfo) -> bool:
        return any(made.module.startswith(("django", "rest_framework")) for made in module.module.imports)

    def _pattern(self, info: FunctionInfo, view: int, path: str) -> Iterator[Declared]:
        made = source(info, view)
        if made is None:
            return
        if made[0] == ir.CALL and word(info, made[2]) == "include":
            return
        wrappers = _wrappers(info, view)
        cls = self._class(info, view)
        if cls is not None:
            yield from _class_routes(cls, path, wrappers)
            return
        for function in self.finder.functions(info, view)[:1]:
            guards = [*wrappers, *decorator_guards(function)]
            yield Declared(_function_method(function), f"/{path}", "django", function, guards)

    def _class(self, info: FunctionInfo, view: int) -> ClassInfo | None:
        made = source(info, view)
        for _ in range(4):
            if made is None:
                return None
            if made[0] == ir.METHOD and made[4] == "as_view":
                return self.finder.classes(info, made[3])
            args = arguments(made) if made[0] in (ir.CALL, ir.METHOD) else ()
            made = source(info, args[0]) if args else None
        return None


def _wrappers(info: FunctionInfo, view: int) -> tuple[Guard, ...]:
    """`login_required(View.as_view())` in a pattern."""
    made = source(info, view)
    if made is None or made[0] != ir.CALL:
        return ()
    guard = guard_of(word(info, made[2]), "wrapper")
    return (guard,) if guard is not None else ()


def decorator_guards(function: FunctionInfo) -> list[Guard]:
    """Guards among the decorators of a function, texts of their arguments included."""
    found: list[Guard] = []
    parent = function.module.functions[max(function.function.parent, 0)]
    for i in instructions(parent):
        if i[0] == ir.FUNC and i[3] == function.function.index:
            for one in i[4]:
                found.extend(_decorator(parent, one))
    return found


def _decorator(info: FunctionInfo, register: int) -> Iterator[Guard]:
    name = word(info, register)
    last = name.rsplit(".", 1)[-1]
    made = source(info, register)
    if (
        last in ("permission_classes", "authentication_classes", "method_decorator", "throttle_classes")
        and made is not None
    ):
        for one in arguments(made) if made[0] in (ir.CALL, ir.METHOD) else ():
            yield from _listed(info, one, f"decorator {last}")
        return
    if last in METHODS or last == "route":
        return
    guard = guard_of(
        name, "decorator", tuple(texts(info, register)) if made is not None and made[0] != ir.FIELD else ()
    )
    if guard is not None:
        yield guard


def _listed(info: FunctionInfo, register: int, seen: str) -> Iterator[Guard]:
    from assay.code.routing.reading import words

    for name in words(info, register):
        guard = guard_of(name, seen)
        if guard is not None:
            yield guard


def _function_method(function: FunctionInfo) -> str:
    """What an `api_view` or `require_POST` decorator says; else anything."""
    parent = function.module.functions[max(function.function.parent, 0)]
    for i in instructions(parent):
        if i[0] == ir.FUNC and i[3] == function.function.index:
            for one in i[4]:
                name = word(parent, one).rsplit(".", 1)[-1]
                if name in ("require_POST", "require_GET"):
                    return name[8:]
                listed = [t.upper() for t in texts(parent, one) if t.lower() in METHODS]
                if name in ("api_view", "require_http_methods") and listed:
                    return next((m for m in listed if m not in ("GET", "HEAD", "OPTIONS")), listed[0])
    return "ANY"


def _class_routes(cls: ClassInfo, path: str, wrappers: tuple[Guard, ...]) -> Iterator[Declared]:
    guards = [*wrappers, *class_guards(cls)]
    framework = "django rest framework" if any(_REST.search(name) for name in _bases(cls)) else "django"
    seen: set[str] = set()
    answered: set[str] = set()  # methods that the project itself answers
    place: FunctionInfo = cls.module.functions[cls.made.body]
    for one in cls.lineage:
        for name, functions in one.methods.items():
            method = name.upper() if name in METHODS else _ACTIONS.get(name, "")
            extra = ""
            if not method:
                method, extra = _action(one, functions[0])
            if method and name not in seen:
                seen.add(name)
                answered.add(method)
                yield Declared(
                    method,
                    joined(f"/{path}", extra),
                    framework,
                    functions[0],
                    [*guards, *decorator_guards(functions[0])],
                )
    for base in _bases(cls):
        for name in _GENERIC.get(base, ()):
            method = _ACTIONS.get(name, name.upper())
            if method not in answered:
                answered.add(method)
                yield Declared(method, f"/{path}", framework, place, list(guards))


def _action(cls: ClassInfo, function: FunctionInfo) -> tuple[str, str]:
    """A view set's own `@action(methods=[...])`."""
    body = cls.module.functions[cls.made.body]
    for i in instructions(body):
        if i[0] == ir.FUNC and i[3] == function.function.index:
            for one in i[4]:
                if word(body, one).rsplit(".", 1)[-1] in ("action", "detail_route", "list_route"):
                    made = source(body, one)
                    listed = (
                        [
                            t.upper()
                            for t in texts(body, keywords(made).get("methods"))
                            if t.lower() in METHODS
                        ]
                        if made is not None
                        else []
                    )
                    return (listed[0] if listed else "GET"), function.name
    return "", ""


def _bases(cls: ClassInfo) -> list[str]:
    return [name.rsplit(".", 1)[-1] for one in cls.lineage for name in one.made.bases] + [
        name.rsplit(".", 1)[-1] for name in cls.foreign
    ]


def class_guards(cls: ClassInfo) -> list[Guard]:
    """Guards of a view class: mixins, attributes like `permission_classes`, decorators."""
    found: list[Guard] = []
    for base in dict.fromkeys(_bases(cls)):
        guard = guard_of(base, "class")
        if guard is not None:
            found.append(guard)
    for one in cls.lineage:
        body = one.module.functions[one.made.body]
        for name in _ATTRIBUTES:
            slot = body.slot(name)
            if slot is None:
                continue
            if name in ("permission_required", "throttle_scope"):
                found.append(Guard(name, "class", name[0] == "p", name[0] == "p", name[0] == "t"))
                continue
            found.extend(_listed(body, slot, f"class {name}"))
        if "get_permissions" in one.methods or "get_permission_classes" in one.methods:
            found.append(Guard("get_permissions", "class", True))
        found.extend(_class_decorators(one))
    return found


def _class_decorators(cls: ClassInfo) -> Iterator[Guard]:
    for info in cls.module.functions:
        for i in instructions(info):
            if i[0] == ir.CLASS and i[3] == cls.made.index:
                for one in i[5]:
                    yield from _decorator(info, one)
