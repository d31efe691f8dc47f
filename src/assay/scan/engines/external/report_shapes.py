"""Reading JSON of others where any part may be missing or of another type: the value, or an empty one of the kind that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2

from assay.model.finding import Finding

MAX_TEXT = 4000
_SLUG = re2.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says: findings, those that it calls suppressed (each with the reason), and how many name no file of ours."""

    findings: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, str], ...] = ()
    lost: int = 0


def table(value: Any, key: str) -> Mapping[str, Any]:
    """The object under a key."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def rows(value: Any, key: str) -> list[Any]:
    """The objects of the list under a key."""
    inner = value.get(key) if isinstance(value, dict) else None
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def words(value: Any) -> str:
    """A text, cut to what a finding may hold."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def slug(name: str) -> str:
    """A program's name as the first segment of rule ids."""
    return str(_SLUG.sub("-", name.lower())).strip("-") or "unnamed"
