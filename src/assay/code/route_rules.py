"""Rules on routes: who may use them, whose objects they reach, how often. What convention was inferred, and from which routes, is part of the message.

Forms of `match`: `{routes: unprotected | admin | role | object | role-field | limit | no-limit}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from assay.code.places import Places
from assay.code.routing.ownership import Access, Ownership
from assay.code.routing.roles import RoleFields
from assay.code.routing.route import Route
from assay.code.world import World
from assay.model.finding import Finding, Verification, VerificationState
from assay.model.rule import Rule

_PUBLIC = re.compile(
    r"log_?-?in|log_?-?out|sign_?-?(?:in|up|out)|regist|password|passwd|reset|forgot|recover|verif|confirm|activat|health|ping|status|hook|callback|otp|2fa"
    r"|oauth|sso|saml|token|refresh|public|contact|subscri|newsletter|feedback|csp|metric|static|search|captcha|invite|auth|session|language|locale"
    r"|^\*$|error|echo|hello|demo|example|docs?$|swagger|graphql|webhook|rpc|socket|success|thanks|cancelled",
    re.IGNORECASE,
)
_ADMIN = re.compile(
    r"(?:^|[/_\-.])(?:admin|administration|superuser|backoffice|moderat\w*)(?:$|[/_\-.])",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"log_?-?in(?!g)|sign_?-?in|authenticate|(?:^|/)tokens?/?$|access-token|password|passwd|forgot|recover|reset|otp(?:$|[/_\-])|2fa|mfa|verify_?-?(?:code|otp|phone)",
    re.IGNORECASE,
)
_NOT_ACCOUNT = re.compile(
    r"log_?-?out|callback|social|oauth|html-content|test|apple|google|facebook|github|blogin|plugin",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"(?:^|[/_\-])(?:create|update|delete|edit|add|remove|save|disable|enable|change|upload|import)(?:$|[/_\-])",
    re.IGNORECASE,
)
_REGISTERS = re.compile(
    r"^(?:/(?:api|v\d+|rest))*/\^?(?:users?|accounts?|customers?|members?)/?\??\$?$", re.IGNORECASE
)
_LEAST = 2  # routes that must be protected before there is a convention

Found = Iterable[tuple[Route, str]]


def route_findings(
    world: World, routes: Sequence[Route], rules: Sequence[Rule], places: dict[int, Places]
) -> Iterable[tuple[int, Finding]]:
    """Findings of the rules with `routes`, each with the number of its file."""
    forms: dict[str, Callable[[], Found]] = {
        "unprotected": lambda: _unprotected(routes),
        "admin": lambda: _admin(routes),
        "role": lambda: _role(routes),
        "object": lambda: _objects(world, routes),
        "role-field": lambda: _role_fields(world, routes),
        "limit": lambda: _limit(routes),
        "no-limit": lambda: _no_limit(routes),
    }
    for rule in rules:
        form = forms.get(str(rule.match.get("routes", "")))
        for route, convention in form() if form is not None and routes else ():
            yield route.module, _finding(route, rule, places, convention)


def _changes(route: Route) -> bool:
    return route.mutating or (route.method == "ANY" and bool(_CHANGES.search(route.path)))


def _is_public(route: Route) -> bool:
    """Whether a route is for those who are not logged in, as far as its name tells; posting to the accounts is registering."""
    if route.method == "POST" and _REGISTERS.search(route.path):
        return True
    return bool(_PUBLIC.search(route.path) or _PUBLIC.search(route.handler))


def _unprotected(routes: Sequence[Route]) -> Found:
    candidates = [r for r in routes if _changes(r) and not _is_public(r)]
    for group in _applications(candidates):
        protected = [r for r in group if r.auth == "yes"]
        if len(protected) < _LEAST or len(protected) * 2 < len(group):
            continue
        for route in group:
            if route.auth == "no":
                yield (
                    route,
                    f"nothing was seen that checks who asks, while {_convention(protected, len(group), 'protected')}",
                )


def _applications(routes: Sequence[Route]) -> list[list[Route]]:
    """Routes of one application: the same framework below the same top folder."""
    found: dict[tuple[str, str], list[Route]] = {}
    for route in routes:
        parts = route.uri.split("/")
        top = "/".join(parts[:2]) if parts[0] in _COLLECTIONS and len(parts) > 2 else ""
        if "src" in parts[:-1]:
            top = "/".join(parts[: parts.index("src")])
        found.setdefault((route.framework, top), []).append(route)
    return list(found.values())


_COLLECTIONS = frozenset(
    ("examples", "_examples", "apps", "packages", "services", "samples", "docs_src", "quickstarts", "modules")
)


def _admin(routes: Sequence[Route]) -> Found:
    for group in _applications(routes):
        protected = [r for r in group if r.auth == "yes"]
        if len(protected) < _LEAST:
            continue
        for route in group:
            if (
                route.auth == "no"
                and _ADMIN.search(route.path)
                and not _is_public(route)
                and not _changes(route)
            ):
                yield (
                    route,
                    f"nothing was seen that checks who asks, while {_convention(protected, len(group), 'protected')}",
                )


def _role(routes: Sequence[Route]) -> Found:
    checked = [r for r in routes if r.role]
    if len(checked) < _LEAST:
        return
    for route in routes:
        if route.auth == "yes" and not route.role and _ADMIN.search(route.path) and not _is_public(route):
            shown = "; ".join(f"{r.shown} by {r.role}" for r in checked[:3])
            yield (
                route,
                f"any logged-in user comes in ({route.reason}), while {len(checked)} routes of this application check the role ({shown}).",
            )


def _objects(world: World, routes: Sequence[Route]) -> Found:
    asked = [r for r in routes if r.auth == "yes" and not r.role and not _ADMIN.search(r.path)]
    if not any("{" in r.path or ":" in r.path or "<" in r.path for r in asked):
        return
    ownership = Ownership(world)
    accesses = [(route, ownership.of(route)) for route in asked]
    for route, access in accesses:
        if access.kind and not access.asker and not _is_public(route):
            convention = _belongs(route, access, accesses, ownership) or _own_data(route, accesses, ownership)
            if convention:
                yield (
                    route,
                    f"the {access.kind} that the path names is taken whoever owns it: nothing in the handler looks at who asks, while {convention}",
                )


def _own_data(route: Route, accesses: Sequence[tuple[Route, Access]], ownership: Ownership) -> str:
    """Why a user named in the path has to be the one who asks: other routes take him from the session."""
    named = ownership.user_of_path(route)
    others = [(r, a) for r, a in accesses if r is not route and a.asker]
    if not named or len(others) < _LEAST:
        return ""
    shown = "; ".join(f"{r.shown} looks at {a.asker}" for r, a in others[:3])
    return f"the path itself says whose it is (`{named}`), and {len(others)} other routes look at who asks ({shown})."


def _belongs(
    route: Route, access: Access, accesses: Sequence[tuple[Route, Access]], ownership: Ownership
) -> str:
    """Why a kind of object is somebody's: other routes check it, or the model says so."""
    changing = {(r.module, r.span) for r, _ in accesses if _changes(r)}
    same = [
        (r, a)
        for r, a in accesses
        if r is not route
        and a.kind == access.kind
        and (_changes(route) or (r.module, r.span) not in changing)
    ]
    like = [(r, a) for r, a in same if a.asker]
    if len(like) * 2 <= len(same) and not _changes(route):
        like = []  # who reads is not asked in general
    if like:
        shown = "; ".join(f"{r.shown} looks at {a.asker}" for r, a in like[:3])
        return f"{len(like)} other routes on the same kind of object do ({shown})."
    field = ownership.owner_field(access.kind)
    return f"the model says whose it is ({field})." if field and _changes(route) else ""


def _role_fields(world: World, routes: Sequence[Route]) -> Found:
    fields = RoleFields(world)
    seen: set[tuple[int, int]] = set()
    for route in routes:
        info = route.handler_info
        if (
            info is None
            or route.role
            or not _changes(route)
            or info.function.kind == "class"
            or _ADMIN.search(route.path)
        ):
            continue
        for span, what in fields.taken(info):
            if (info.module.number, span) not in seen:
                seen.add((info.module.number, span))
                who = "every logged-in user" if route.auth == "yes" else "everybody"
                yield route, f"{what}, and {who} may call this route: no check of the caller's role was seen."


def _is_account(route: Route) -> bool:
    return (
        (route.mutating or route.method == "ANY")
        and bool(_ACCOUNT.search(route.path))
        and not _NOT_ACCOUNT.search(route.path)
    )


def _limit(routes: Sequence[Route]) -> Found:
    limited = [r for r in routes if r.limit]
    if not limited:
        return
    shown = "; ".join(f"{r.shown} by {r.limit}" for r in limited[:3])
    for route in routes:
        if _is_account(route) and not route.limit and route.auth != "yes":
            yield (
                route,
                f"no limit of attempts was seen, while this application limits {len(limited)} other routes ({shown}).",
            )


def _no_limit(routes: Sequence[Route]) -> Found:
    if any(r.limit for r in routes):
        return
    for route in routes:
        if _is_account(route) and route.auth != "yes":
            yield (
                route,
                f"no limit of attempts was seen on this route nor on any of the {len(routes)} routes of this application.",
            )


def _convention(routes: Sequence[Route], count: int, what: str) -> str:
    shown = "; ".join(f"{r.shown} by {r.reason}" for r in routes[:3])
    return f"{len(routes)} of {count} comparable routes are {what} ({shown})."


def _finding(route: Route, rule: Rule, places: dict[int, Places], convention: str) -> Finding:
    return Finding(
        rule_id=rule.id,
        engine="code",
        message=f"{rule.message} {route.shown}: {convention}",
        severity=rule.severity,
        confidence=rule.confidence,
        location=places[route.module].location(route.span, whole=False),
        verification=Verification(VerificationState.CORROBORATED, "convention", (convention,)),
        cwe=rule.cwe,
    )
