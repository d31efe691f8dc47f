"""Rules on routes: unprotected ones in an application that protects its others. What convention was inferred is part of the message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assay.code.places import Places
from assay.code.routes import Route
from assay.model.finding import Finding, Verification, VerificationState
from assay.model.rule import Rule

_PUBLIC = re.compile(
    r"log_?-?in|log_?-?out|sign_?-?(?:in|up|out)|regist|password|passwd|reset|forgot|verif|confirm|activat|health|ping|status|hook|callback"
    r"|oauth|sso|saml|token|refresh|public|contact|subscri|newsletter|feedback|csp|metric|static|search|captcha|invite|auth|session|language|locale",
    re.IGNORECASE,
)
_ADMIN = re.compile(r"(?:^|[/_\-.])(?:admin|superuser|internal|manage)(?:$|[/_\-.])", re.IGNORECASE)
_LEAST = 2  # routes that must be protected before there is a convention


def route_findings(
    routes: Sequence[Route], rules: Sequence[Rule], places: dict[int, Places]
) -> Iterable[tuple[int, Finding]]:
    """Findings of rules with `match: {routes: unprotected}` or `{routes: admin}`, each with the number of its file."""
    for rule in rules:
        wanted = rule.match.get("routes")
        if wanted == "unprotected":
            yield from _unprotected(routes, rule, places)
        elif wanted == "admin":
            yield from _admin(routes, rule, places)


def _unprotected(
    routes: Sequence[Route], rule: Rule, places: dict[int, Places]
) -> Iterable[tuple[int, Finding]]:
    candidates = [
        r for r in routes if r.mutating and not _PUBLIC.search(r.path) and not _PUBLIC.search(r.handler)
    ]
    protected = [r for r in candidates if r.auth == "yes"]
    if len(protected) < _LEAST or len(protected) * 2 < len(candidates):
        return
    for route in candidates:
        if route.auth == "no":
            yield route.module, _finding(route, rule, places, _convention(protected, len(candidates)))


def _admin(routes: Sequence[Route], rule: Rule, places: dict[int, Places]) -> Iterable[tuple[int, Finding]]:
    protected = [r for r in routes if r.auth == "yes"]
    if len(protected) < _LEAST:
        return
    for route in routes:
        if (
            route.auth == "no"
            and _ADMIN.search(route.path)
            and not _PUBLIC.search(route.path)
            and not route.mutating
        ):
            yield route.module, _finding(route, rule, places, _convention(protected, len(routes)))


def _convention(protected: Sequence[Route], count: int) -> str:
    shown = "; ".join(f"{r.method} {r.path or r.handler} by {r.reason}" for r in protected[:3])
    return f"{len(protected)} of {count} comparable routes are protected ({shown})."


def _finding(route: Route, rule: Rule, places: dict[int, Places], convention: str) -> Finding:
    return Finding(
        rule_id=rule.id,
        engine="code",
        message=f"{rule.message} {route.method} {route.path or route.handler}: nothing was seen that checks who asks, while {convention}",
        severity=rule.severity,
        confidence=rule.confidence,
        location=places[route.module].location(route.span, whole=False),
        verification=Verification(VerificationState.CORROBORATED, "convention", (convention,)),
        cwe=rule.cwe,
    )
