"""One route of a web application, and what is known of who may use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.code.world import FunctionInfo

METHODS = frozenset(("get", "post", "put", "patch", "delete", "head", "options"))
MUTATING = frozenset(("POST", "PUT", "PATCH", "DELETE"))


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that stands before a handler: `word` is its name as written, `seen` where (decorator, middleware, router, ...).

    `login` asks who calls, `role` what the caller may do, `limit` how often; `open` says that everybody may.
    """

    word: str
    seen: str
    login: bool = False
    role: bool = False
    limit: bool = False
    open: bool = False

    @property
    def reason(self) -> str:
        """For people: `decorator login_required`."""
        return f"{self.seen} {self.word}"


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `path` is "" if it was not seen; `line` is from 1.

    `auth` is "yes" (with `reason`: where that was seen), "public" if the application says that everybody may, "no" if nothing was seen.
    `role` and `limit` are where a check of the caller's role and a limit of the rate were seen, or "". `handler_info` is the function, or None
    if it is not in the project.
    """

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
    role: str = ""
    limit: str = ""
    guards: tuple[Guard, ...] = ()
    handler_info: FunctionInfo | None = field(default=None, compare=False, repr=False)

    @property
    def mutating(self) -> bool:
        """Whether the method changes data."""
        return self.method in MUTATING

    @property
    def shown(self) -> str:
        """For people: `POST /users by create_user`."""
        return f"{self.method} {self.path or self.handler}"
