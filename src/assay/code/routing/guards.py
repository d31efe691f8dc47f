"""What the name of a decorator, middleware, dependency or base class says of a route, and what a function's own body does."""

from __future__ import annotations

import re

from assay.code import ir
from assay.code.routing.reading import constants, instructions, source, text, with_inner, word
from assay.code.routing.route import Guard
from assay.code.world import FunctionInfo

# Words of names that check who asks. Bounded, no nested repetition: linear.
_LOGIN = re.compile(
    r"auth|login_?req|require_?(?:login|user|role|token|perm|admin|jwt|session|sign)|logged_?in|sign(?:ed)?_?in_?req|jwt|permission|protect|is_?admin"
    r"|admin_?(?:required|only)|(?:current|get|active)_?(?:current_?)?admin|adminonly|(?:current|active|logged|session)_?(?:active_?)?(?:super_?)?user|superuser|has_?role|roles?_?(?:allowed|required|guard)|^roles?$|secured"
    r"|token_?(?:required|valid)|check_?(?:token|user|session|login)|api_?key|session_?required|verify_?(?:token|user|session|access)|(?:basic|bearer|passport)"
    r"|ensure_?(?:log|user|admin|session)|is_?log|staff_?member|user_?passes_?test|identity|principal|keycloak|csrf_?and_?user",
    re.IGNORECASE,
)
_NOT_LOGIN = re.compile(
    r"allow_?any|permit_?all|unauth|anonymous|no_?auth|optional|author(?:s|_id|_name|_?service)?$|csrf_(?:exempt|protect)|bearer_?auth$|api(?:bearer|oauth|basic|cookie|security)"
    r"|service$|controller$|author_|corsauth|authors|validat|schema|header|controller|config|cors|dto$|router$|blueprint",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"role|admin|superuser|staff|permission|has_?(?:perm|auth|any)|scope|authorit|privilege|ability|polic|can(?:activate|_?access)|user_?passes|rbac|acl|pre_?authorize|owner|manage",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"limit(?!_?offset)|thrott|slow_?down|brute|attempt|bucket|lock_?out|axes|captcha|recaptcha|turnstile",
    re.IGNORECASE,
)
_NOT_LIMIT = re.compile(r"body_?limit|size|upload|pagina|^limit$|content_?length|skip_?thrott", re.IGNORECASE)
_OPEN = re.compile(
    r"^(?:public|is_?public|allow_?any|allow_?anonymous|permit_?all|skip_?auth|no_?auth|login_not_required|anonymous)$",
    re.IGNORECASE,
)
# Names that a body mentions only where it looks at who asks.
_ASKS = re.compile(
    r"^(?:current_?(?:active_?)?user|get_?current_?user|is_?authenticated|is_?logged_?in|login_?required|require_?(?:login|user|auth|admin|role|session)\w*"
    r"|ensure_?(?:auth|login|user|admin)\w*|has_?(?:perm|role|permission|authority|object_permission)s?|check_?(?:permissions?|object_permissions?|auth\w*|token|session|login|access|admin)"
    r"|is_?(?:admin|staff|superuser|owner|authorized)|verify_?(?:jwt|token|id_?token|session|access_?token|auth\w*)(?:_in_request)?|get_?(?:server_?)?session|get_?jwt_?identity|auth_?user|logged_?in_?user"
    r"|get_?remote_?user|getUserPrincipal|getAuthentication|isUserInRole|authorize[sd]?|authenticate_request|getToken|user_id_from_token|current_?identity|currentUser\w*|get_?user_?id\w*)$",
    re.IGNORECASE,
)
_ASKS_ROLE = re.compile(
    r"^(?:has_?(?:perm|role|permission|authority)s?|is_?(?:admin|staff|superuser)|isUserInRole|require_?(?:admin|role)\w*|check_?(?:permissions?|admin|role)\w*|role|roles|user_?role|authorize[sd]?)$",
    re.IGNORECASE,
)
_REQUESTS = frozenset(
    (
        "req",
        "request",
        "ctx",
        "c",
        "context",
        "self.request",
        "ctx.state",
        "res.locals",
        "g",
        "flask.g",
        "request.auth",
    )
)
_USERS = frozenset(
    ("user", "userid", "user_id", "currentuser", "current_user", "auth", "account", "principal", "decoded", "claims", "userdata", "isadmin")
)  # fmt: skip
_REFUSALS = frozenset((401, 403))
_REFUSES = re.compile(
    r"unauthor|forbidden|not_?authenticated|access_?denied|permission_?denied|invalid_?token", re.IGNORECASE
)


def guard_of(name: str, seen: str, literals: tuple[str, ...] = ()) -> Guard | None:
    """What a name says; None if it says nothing. `literals` are texts among its arguments (`auth('manageUsers')`)."""
    last = name.rsplit(".", 1)[-1]
    is_open = bool(_OPEN.search(last))
    login = (
        not is_open
        and bool(_LOGIN.search(name))
        and not _NOT_LOGIN.search(name)
        and not _NOT_LOGIN.search(last)
    )
    role = login and (bool(_ROLE.search(last)) or any(_telling_role(one) for one in literals))
    limit = bool(_LIMIT.search(name)) and not _NOT_LIMIT.search(name)
    if not (login or limit or is_open):
        return None
    return Guard(name, seen, login, role, limit, is_open)


def _telling_role(literal: str) -> bool:
    """An argument that names a role or right: a short name that is no strategy of authentication."""
    return literal.replace("_", "").replace(":", "").isalnum() and not re.search(
        r"^(?:jwt|local|bearer|basic|session|google|github|required|token|sub|id|email|yes|true)$",
        literal,
        re.IGNORECASE,
    )


def body_guard(info: FunctionInfo) -> Guard | None:
    """A check that the handler makes itself."""
    found = next((name for name in sorted(info.function.names) if _ASKS.match(name)), "")
    if not found:
        found = _user_of_request(info)
    if not found:
        return None
    role = next((name for name in sorted(info.function.names) if _ASKS_ROLE.match(name)), "")
    return Guard(f"({role or found})", "check in the body", True, bool(role))


def _user_of_request(info: FunctionInfo) -> str:
    """`req.user`, `session["user_id"]`, `c.Get("user")`: what some guard left there."""
    for i in instructions(info):
        if (
            i[0] == ir.FIELD
            and info.module.language != "go"
            and str(i[4]).lower() in _USERS
            and _is_request(word(info, i[3]))
        ):
            return f"{word(info, i[3])}.{i[4]}"
        if (
            i[0] == ir.ITEM
            and word(info, i[3]).rsplit(".", 1)[-1] in ("session", "locals")
            and (text(info, i[4]) or "").lower() in _USERS
        ):
            return f"{word(info, i[3])}[{text(info, i[4])!r}]"
        if i[0] == ir.METHOD and i[4] in ("Get", "get", "MustGet", "Locals", "Value") and i[5]:
            before = word(info, i[3])
            if (
                before.rsplit(".", 1)[-1] in ("session", "c", "ctx", "context", "Context")
                and (text(info, i[5][0]) or "").lower() in _USERS
            ):
                return f"{before}.{i[4]}({text(info, i[5][0])!r})"
    return ""


def _is_request(name: str) -> bool:
    return name in _REQUESTS or name.endswith((".session", ".state", ".locals"))


def refuses(info: FunctionInfo) -> bool:
    """Whether a middleware's body looks at credentials and can refuse: its name need not say so."""
    names = info.function.names
    looks = any(
        _ASKS.match(name) or re.search(r"jwt|token|session|authorization|cookie", name, re.IGNORECASE)
        for name in names
    )
    if not looks:
        looks = any(
            isinstance(value, str) and value.lower() == "authorization" for value in constants(info).values()
        )
    refusal = any(_REFUSES.search(name) for name in names) or not _REFUSALS.isdisjoint(
        value for value in constants(info).values() if isinstance(value, int)
    )
    return looks and refusal


_TELLING = re.compile(
    r"require|ensure|check|verify|auth|protect|login|guard|admin|logged|permission|role|jwt|only",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"(?i)^(?:status|sendstatus|redirect|abort\w*|unauthorized|forbidden|httpexception|http_?error|raise_for\w*|throw|send|json|render|error|statuscode|end)$"
)


def may_stop(name: str, functions: list[FunctionInfo]) -> bool:
    """Whether a middleware can refuse. One whose name does not claim to (`current_user`) has to show it in its body."""
    if _TELLING.search(name.rsplit(".", 1)[-1]) or not functions:
        return True
    for info in functions:
        for one in with_inner(info):
            if any(_STOPS.match(n) for n in one.function.names) or any(
                i[0] == ir.RAISE for i in instructions(one)
            ):
                return True
    return False


def asks_role(info: FunctionInfo) -> bool:
    """Whether a guard's body looks at a role."""
    return any(_ASKS_ROLE.match(name) for name in info.function.names)


def call_texts(info: FunctionInfo, register: int | None) -> tuple[str, ...]:
    """Literal texts and constant names among the arguments of a guard."""
    from assay.code.routing.reading import operands, texts

    made = source(info, register)
    if made is None or made[0] not in (ir.CALL, ir.METHOD):
        return ()
    found: list[str] = []
    for one in operands(made):
        found.extend(texts(info, one))
        name = word(info, one).rsplit(".", 1)[-1]
        if name:
            found.append(name)
    return tuple(found)
