"""The kinds of danger that data can carry into a sink, as bits of a mask (docs/models.md)."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "sql", "command", "argument", "code", "path", "url", "redirect", "html", "template", "xpath", "ldap", "nosql", "deserialize", "xml",
    "header", "cookie", "log", "regex", "format", "reflection", "prototype", "mass", "upload", "archive", "mail", "jndi", "expression",
    "trust", "exposure", "secret", "memory", "resource",
)  # fmt: skip
BIT: Final = {kind: 1 << position for position, kind in enumerate(KINDS)}
ALL: Final = (1 << len(KINDS)) - 1


def mask_of(kinds: object) -> int:
    """The mask for `all`, one kind or a list of kinds.

    Raises:
        KeyError: not a kind.
    """
    if kinds == "all":
        return ALL
    if isinstance(kinds, str):
        return BIT[kinds]
    assert isinstance(kinds, list | tuple)
    mask = 0
    for kind in kinds:
        mask |= BIT[kind]
    return mask
