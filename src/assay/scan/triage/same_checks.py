"""Which rule of ours names the flaw that a check of another program names: `same_checks.toml`, read when a program's finding is met."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("same_checks.toml")


def classes_of(rule_id: str) -> tuple[str, ...]:
    """Our rules that a foreign rule id stands for, in the table's order; none where the table does not know it."""
    return _classes().get(rule_id, ())


def is_style(rule_id: str) -> bool:
    """Whether a foreign check is good style only, and no rule of ours names it."""
    return rule_id in _style()


def is_of_whole_file(rule_id: str) -> bool:
    """Whether a rule of ours says something of a file as a whole, whatever line is pointed at."""
    return rule_id in _whole_file()


def known_checks() -> frozenset[str]:
    """Every foreign rule id that the table names."""
    return frozenset(_classes()) | _style()


@cache
def _classes() -> dict[str, tuple[str, ...]]:
    ours: dict[str, list[str]] = {}
    for domain, rules in _document()["same"].items():
        for name, ids in rules.items():
            for rule_id in ids:
                ours.setdefault(rule_id, []).append(f"{domain}/{name}")
    return {rule_id: tuple(rules) for rule_id, rules in ours.items()}


@cache
def _whole_file() -> frozenset[str]:
    return frozenset(_document()["whole_file"]["rules"])


@cache
def _style() -> frozenset[str]:
    return frozenset(_document()["style"]["ids"])


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = tomllib.loads(_TABLE.read_text("utf-8"))
    return document
