"""Which rules are in force: the built-in ones and a project's own from .assay/rules."""

from __future__ import annotations

from pathlib import Path

from assay.model.errors import RuleError
from assay.model.rule import Rule
from assay.rules.load import load_folder

OWN_FOLDER = Path(".assay") / "rules"
OWN_PREFIX = "own/"


def own_rules(root: Path) -> tuple[Rule, ...]:
    """The rules that a project brings, with examples; their ids start with `own/`, so none can replace a built-in rule.

    Raises:
        RuleError: a file does not parse or does not fit the schema.
    """
    folder = root / OWN_FOLDER
    return load_folder(folder, OWN_PREFIX) if folder.is_dir() else ()


def by_engine(rules: tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
    """Rules grouped by the engine that applies them."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(rule.engine, []).append(rule)
    return {engine: tuple(group) for engine, group in groups.items()}


def find(rules: tuple[Rule, ...], rule_id: str) -> Rule:
    """The rule of that id.

    Raises:
        RuleError: there is none; the advice names near ones.
    """
    for rule in rules:
        if rule.id == rule_id:
            return rule
    from difflib import get_close_matches

    near = get_close_matches(rule_id, [rule.id for rule in rules], n=3)
    raise RuleError(
        f"there is no rule {rule_id!r}", f"near: {', '.join(near)}" if near else "see `assay rules list`"
    )
