"""A check: one variant of a rule for one platform, compiled from the rule's `match`."""

from __future__ import annotations

import re  # one linear pattern over the rule's own message
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from assay.infrastructure.checks.conditions import Condition, compile_condition
from assay.infrastructure.checks.edits import FixPlan, compile_fix
from assay.infrastructure.checks.paths import Path, Scope, compile_path
from assay.infrastructure.node import Node, Span, Unknown
from assay.infrastructure.unit import Unit
from assay.infrastructure.world import World
from assay.model.errors import RuleError
from assay.model.rule import Rule

_HOLE = re.compile(r"\{([^{}\s]+)\}")
_VARIANT_KEYS = frozenset({"each", "over", "when", "unless", "at", "fix", "message"})
_MAX_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Hit:
    """That a check's conditions hold: of which unit, for which node, and where to point."""

    unit: Unit
    scope: Scope
    span: Span
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """A compiled variant. `kinds` are the kinds of unit that it looks at."""

    rule: Rule
    platform: str
    kinds: tuple[str, ...]
    over: Path | None
    condition: Condition
    at: tuple[Path, ...]
    message: Callable[[Scope], str]
    fix: FixPlan | None

    def hits(self, unit: Unit, world: World) -> Iterator[Hit]:
        """Every place of a unit where the conditions hold."""
        root = Scope(unit.node, unit, world)
        scopes = [root] if self.over is None else [root.on(node) for node in _elements(self.over(root)[0])]
        for scope in scopes:
            if self.condition(scope):
                yield Hit(unit, scope, self._place(scope), self._detail(scope))

    def _place(self, scope: Scope) -> Span:
        for path in self.at:
            for node in path(scope)[0]:
                return node.place
        return scope.unit.head if self.over is None else scope.node.place

    def _detail(self, scope: Scope) -> str:
        if self.over is None:
            return ""
        value = scope.node.value
        return (
            f"{scope.node.span.start_line}"
            if isinstance(value, (dict, list, Unknown))
            else str(value)[:_MAX_QUOTE]
        )


def compile_rule(rule: Rule) -> tuple[Check, ...]:
    """The checks of a rule, one for each variant.

    Raises:
        RuleError: the rule's `match` does not fit the format.
    """
    checks: list[Check] = []
    for platform, variants in rule.match.items():
        for variant in variants if isinstance(variants, list) else [variants]:
            try:
                checks.append(_compile(rule, platform, variant))
            except RuleError as error:
                raise RuleError(f"{rule.id}: {platform}: {error.message}", error.advice) from error
    return tuple(checks)


def variants_of(rule: Rule) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The platforms and kinds that a rule looks at, without compiling it."""
    for platform, variants in rule.match.items():
        for variant in variants if isinstance(variants, list) else [variants]:
            yield platform, _kinds(variant)


def _compile(rule: Rule, platform: str, variant: object) -> Check:
    if not isinstance(variant, Mapping):
        raise RuleError("a variant is a mapping", "it has each, when, unless, at and fix")
    unknown = sorted(set(variant) - _VARIANT_KEYS)
    if unknown:
        raise RuleError(f"unknown keys {unknown}", f"a variant may have {sorted(_VARIANT_KEYS)}")
    parts: list[object] = []
    if "when" in variant:
        parts.append(variant["when"])
    if "unless" in variant:
        parts.append({"not": variant["unless"]})
    places = variant.get("at", _default_places(variant.get("when")))
    return Check(
        rule=rule,
        platform=platform,
        kinds=_kinds(variant),
        over=compile_path(str(variant["over"])) if "over" in variant else None,
        condition=compile_condition(parts) if parts else _always,
        at=tuple(compile_path(str(path)) for path in (places if isinstance(places, list) else [places])),
        message=_template(str(variant.get("message", rule.message))),
        fix=compile_fix(variant["fix"]) if "fix" in variant else None,
    )


def _always(_: Scope) -> bool:
    return True


def _kinds(variant: object) -> tuple[str, ...]:
    each = variant.get("each") if isinstance(variant, Mapping) else None
    if isinstance(each, str):
        return (each,)
    if isinstance(each, list) and each:
        return tuple(str(kind) for kind in each)
    raise RuleError(
        "a variant needs `each`: the kind of thing that it looks at", "see docs/checks.md for the kinds"
    )


def _default_places(when: object) -> list[str]:
    """The first paths that a condition tests: the most telling place that exists."""
    if isinstance(when, list):
        return [path for part in when for path in _default_places(part)]
    if not isinstance(when, Mapping):
        return []
    places: list[str] = []
    for name, value in when.items():
        if name in ("any", "all"):
            places.extend(_default_places(value))
        elif name not in ("none", "not", "present", "completed") and not str(name).startswith("@"):
            places.append(str(name))
    return places


def _elements(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node.value, list):
            yield from node.value
        else:
            yield node


def _template(message: str) -> Callable[[Scope], str]:
    pieces: list[str | Path] = []
    last = 0
    for match in _HOLE.finditer(message):
        pieces += [message[last : match.start()], compile_path(match[1]) if match[1] != "name" else _NAME]
        last = match.end()
    pieces.append(message[last:])
    return lambda scope: "".join(
        piece if isinstance(piece, str) else _quoted(piece(scope)[0]) for piece in pieces
    )


def _NAME(scope: Scope) -> tuple[list[Node], bool]:  # noqa: N802 - stands in for a compiled path
    return [Node(scope.unit.name)], False


def _quoted(nodes: list[Node]) -> str:
    for node in nodes:
        value = node.value
        if isinstance(value, list):
            value = ", ".join(item.text() for item in value if item.text())
        if isinstance(value, (dict, Unknown)) or value == "":
            continue
        words = "true" if value is True else "false" if value is False else str(value)
        line = " ".join(words.split())
        return line if len(line) <= _MAX_QUOTE else line[: _MAX_QUOTE - 1] + "…"
    return "?"
