"""The route inventory: what a web application offers to whom, as far as its registrations, decorators, middleware and bodies tell.

A route's protection is read from (in this order) decorators, middleware among the handler's registration, injected dependencies, the class,
the router or application, and checks in the body. `auth` is "yes" with where it was seen, or "no" if nothing was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assay.code.analysis import Analysis
from assay.code.calls import Site
from assay.code.entry import entry_row
from assay.code.heap import load
from assay.code.ir import span_end, span_start
from assay.code.model_rows import Row
from assay.code.world import FunctionInfo, ModuleInfo

METHODS = frozenset(("get", "post", "put", "patch", "delete", "head", "options"))
MUTATING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_ANY = frozenset(
    (
        "route",
        "all",
        "any",
        "add_url_rule",
        "add_route",
        "api_route",
        "handle",
        "handlefunc",
        "requestmapping",
    )
)
_NOT_ROUTES = frozenset(("use", "before_request", "after_request", "errorhandler", "teardown_request", "param", "on", "middleware",
                         "exception_handler", "context_processor", "before_app_request", "template_filter", "addhook"))  # fmt: skip
_HOOKS = frozenset(("before_request", "before_app_request"))
# Words of names that check who asks. Bounded, no nested repetition: linear.
_AUTH = re.compile(
    r"auth|login_?req|require_?(?:login|user|role|token|perm|admin|jwt)|logged_?in|jwt|permission|protected|is_?admin|admin_?(?:required|only)"
    r"|current_?user|has_?role|roles?_?allowed|secured|token_?(?:required|valid)|check_?token|api_?key|guard|session_?required|verify_?(?:token|user|session)",
    re.IGNORECASE,
)
_NOT_AUTH = re.compile(
    r"oauth_callback|allow_?any|permit_?all|unauth|anonymous|no_?auth|author(?:s|_id|_name)?$", re.IGNORECASE
)
_DEPENDS = re.compile(r"(?:Depends|Security|Inject)\(\s*([\w.]{1,80})")
_ROUTER_DEPENDS = re.compile(
    r"(?:APIRouter|FastAPI)\([^()]{0,300}dependencies\s*=\s*\[\s*(?:Depends|Security)\(\s*([\w.]{1,80})"
)
_HEAD_BYTES = 700


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `path` is "" if it was not seen; `line` is from 1; `auth` is "yes" or "no", `reason` where that was seen."""

    method: str
    path: str
    handler: str
    uri: str
    line: int
    auth: str
    reason: str
    framework: str
    module: int
    span: int

    @property
    def mutating(self) -> bool:
        """Whether the method changes data."""
        return self.method in MUTATING


def routes_of(analysis: Analysis) -> list[Route]:
    """Every route of the project, sorted by file, line and method."""
    found: dict[tuple[str, str, str, int], Route] = {}
    wide = _application_wide(analysis)
    for info, registrations in analysis.entries.items():
        for row, site in registrations:
            for route in _routes(analysis, info, row, site, wide):
                found.setdefault((route.method, route.path, route.uri, route.line), route)
    for module in analysis.world.modules:
        for function in module.functions[1:]:
            if function.owner is not None and function not in analysis.entries and function.name in METHODS:
                found_row = entry_row(analysis, analysis.frame(module.functions[0]), function)
                if found_row is not None:
                    route = _route(analysis, function, found_row[0], function.name.upper(), "", None, wide)
                    found.setdefault((route.method, route.path, route.uri, route.line), route)
    return sorted(found.values(), key=lambda route: (route.uri, route.line, route.method, route.path))


def _routes(
    analysis: Analysis, info: FunctionInfo, row: Row, site: Site | None, wide: dict[int, str]
) -> Iterable[Route]:
    if site is None or _verb(site) in _NOT_ROUTES or not _is_handler(site, info):
        return []
    return [_route(analysis, info, row, method, _path(site), site, wide) for method in _methods(info, site)]


def _verb(site: Site) -> str:
    return (site.member or (site.names[0].rsplit(".", 1)[-1] if site.names else "")).lower()


def _is_handler(site: Site, info: FunctionInfo) -> bool:
    """Of several functions in one registration the last is the handler; those before it are middleware."""
    functions = [call.info for value in site.everything() for call in value.calls if hasattr(call, "info")]
    return not functions or functions[-1] is info or info not in functions


def _methods(info: FunctionInfo, site: Site) -> list[str]:
    verb = _verb(site).removesuffix("mapping")
    if verb in METHODS:
        return [verb.upper()]
    listed = _texts(
        site,
        site.keywords.get("methods")
        or (site.args[0] if verb in ("api_view", "match") and site.args else None),
    )
    if listed:
        return sorted({text.upper() for text in listed if text.lower() in METHODS}) or ["ANY"]
    if info.owner is not None and info.name in METHODS:
        return [info.name.upper()]
    return ["GET"] if verb in ("route", "api_view", "api_route") else ["ANY"]


def _texts(site: Site, value: Any) -> list[str]:
    if value is None:
        return []
    if value.const and isinstance(value.const[0], tuple):
        return [text for text in value.const[0] if isinstance(text, str)]
    found = []
    for index in range(8):
        item = load(site.f.heap, site.f.shared, value, index)
        if item is None or not item.const:
            break
        found.append(str(item.const[0]))
    return found


def _path(site: Site) -> str:
    for value in (*site.args, *site.keywords.values()):
        if value.const and len(value.const) == 1 and isinstance(value.const[0], str):
            return value.const[0]
    return ""


def _route(
    analysis: Analysis,
    info: FunctionInfo,
    row: Row,
    method: str,
    path: str,
    site: Site | None,
    wide: dict[int, str],
) -> Route:
    reason = _protection(analysis, info, site, wide)
    module = info.module
    line = module.content.count(b"\n", 0, span_start(info.function.span)) + 1
    handler = info.function.qualname
    auth = "yes" if reason else "no"
    return Route(
        method,
        path,
        handler,
        module.uri,
        line,
        auth,
        reason,
        row.framework,
        module.number,
        info.function.span,
    )


def _protection(analysis: Analysis, info: FunctionInfo, site: Site | None, wide: dict[int, str]) -> str:
    for name in analysis.decorators.get(info, ()):
        if _checks(analysis, info.module, name):
            return f"decorator {name.rsplit('.', 1)[-1]}"
    if site is not None:
        for register in site.registers[:-1]:
            word = site.f.analysis.word_of(site.f, register)
            if word and _is_auth(word):
                return f"middleware {word}"
    head = _head(info, site)
    for name in _DEPENDS.findall(head):
        if _is_auth(name):
            return f"dependency {name}"
    return _class_protection(info) or wide.get(info.module.number, "") or wide.get(-1, "") or _body(info)


def _checks(analysis: Analysis, module: ModuleInfo, name: str) -> bool:
    rows = analysis._models[module.language].by_name.get(name, ())
    return any(row.raw.auth for row in rows) or _is_auth(name.rsplit(".", 1)[-1])


def _is_auth(name: str) -> bool:
    return bool(_AUTH.search(name)) and not _NOT_AUTH.search(name)


def _head(info: FunctionInfo, site: Site | None) -> str:
    """The text of the registering decorator and of the signature."""
    start = span_start(info.function.span)
    if site is not None and site.f.module is info.module and 0 < start - span_start(site.span) < _HEAD_BYTES:
        start = span_start(site.span)
    end = min(start + _HEAD_BYTES, span_end(info.function.span))
    text = info.module.content[start:end].decode("utf-8", "replace")
    return text.split(":\n", 1)[0]


def _class_protection(info: FunctionInfo) -> str:
    owner = info.owner
    if owner is None:
        return ""
    for name in (*owner.foreign, *(cls.name for cls in owner.lineage[1:])):
        if _is_auth(name.rsplit(".", 1)[-1]):
            return f"class {name.rsplit('.', 1)[-1]}"
    for attribute in ("permission_classes", "authentication_classes", "permission_required", "decorators"):
        for cls in owner.lineage:
            if attribute in cls.attributes:
                text = cls.module.content[
                    span_start(cls.made.span) : span_start(cls.made.span) + 2000
                ].decode("utf-8", "replace")
                line = next((one for one in text.split("\n") if one.strip().startswith(attribute)), "")
                return "" if re.search(r"AllowAny|\(\s*\)|\[\s*\]", line) else f"class {attribute}"
    return ""


def _body(info: FunctionInfo) -> str:
    names = sorted(name for name in info.function.names if _is_auth(name))
    return f"check in the body ({names[0]})" if names else ""


def _application_wide(analysis: Analysis) -> dict[int, str]:
    """Protection of every route of a file (by number) or of the project (-1): hooks before requests, routers, settings."""
    found: dict[int, str] = {}
    for info, registrations in analysis.entries.items():
        for _, site in registrations:
            if site is None or not _is_auth(" ".join((info.name, *info.function.names))):
                continue
            verb = _verb(site)
            if verb in ("before_app_request", "middleware") or (
                verb == "before_request" and "app" in _word(site)
            ):
                found[-1] = f"{verb} {info.name}"
            elif verb == "before_request" or (verb == "use" and not _path(site)):
                found.setdefault(
                    info.module.number if verb != "use" else site.f.module.number, f"{verb} {info.name}"
                )
    for info, names in analysis.decorators.items():
        hook = next((name for name in names if name.rsplit(".", 1)[-1] in _HOOKS), "")
        if hook and _is_auth(" ".join((info.name, *info.function.names))):
            everywhere = "app" in hook.rsplit(".", 1)[-1] or ".Flask." in hook or hook.startswith("app.")
            found[-1 if everywhere else info.module.number] = f"{hook.rsplit('.', 1)[-1]} {info.name}"
    for module in analysis.world.modules:
        text = module.content.decode("utf-8", "replace") if b"dependencies" in module.content else ""
        for name in _ROUTER_DEPENDS.findall(text):
            if _is_auth(name):
                found[module.number] = f"router dependency {name}"
        if b"LoginRequiredMiddleware" in module.content and b"MIDDLEWARE" in module.content:
            found[-1] = "configuration LoginRequiredMiddleware"
        if b"DEFAULT_PERMISSION_CLASSES" in module.content and b"IsAuthenticated" in module.content:
            found[-1] = "configuration DEFAULT_PERMISSION_CLASSES"
    return found


def _word(site: Site) -> str:
    return site.f.analysis.word_of(site.f, site.receiver_register).lower()
