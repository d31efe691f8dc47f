"""Scopes of tokens: verbs and patterns of verbs."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def covers(held: Sequence[str], scope: str) -> bool:
    """Whether scopes cover a verb or a narrower pattern: `git.*` covers `git.push` and `git.*`, never `*`."""
    for each in held:
        if each in ("*", scope):
            return True
        if each.endswith(".*") and scope.startswith(each[:-1]):
            return True
        if "*" not in scope and fnmatchcase(scope, each):
            return True
    return False
