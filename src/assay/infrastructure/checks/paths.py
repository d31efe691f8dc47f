"""Paths of checks: `spec.containers[*].image`, `metadata.labels."app.kubernetes.io/name"`, `@pod.spec.hostNetwork`.

A name goes into mappings, and through lists into each of their mappings. `[*]` is every element of a list or every value of a
mapping, `[0]` one element. `@name` starts at something the unit stands in, `@` alone at the unit itself.
"""

from __future__ import annotations

import re  # one linear pattern over the text of a rule
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from assay.infrastructure.node import Node, Unknown
from assay.infrastructure.unit import Unit
from assay.infrastructure.world import World
from assay.model.errors import RuleError

_STEP = re.compile(r'\.?(?:"([^"]+)"|\[(\*|\d+)\]|([^."\[\]]+))')


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a condition is evaluated: a node of a unit, and the project around it."""

    node: Node
    unit: Unit
    world: World

    def on(self, node: Node) -> Scope:
        """The same unit, another node."""
        return Scope(node, self.unit, self.world)


Found: TypeAlias = "tuple[list[Node], bool]"
"""The nodes under a path, and whether there may be more that are not known."""

Path: TypeAlias = "Callable[[Scope], Found]"


def compile_path(text: str) -> Path:
    """A function from a scope to what stands under the path.

    Raises:
        RuleError: this is no path.
    """
    anchor, steps = _parse(text)
    if anchor is None and len(steps) == 1 and steps[0] != "[*]" and not steps[0].startswith("["):
        return _child(steps[0])

    def find(scope: Scope) -> Found:
        start = scope.node if anchor is None else _anchor(scope, anchor)
        if start is None:
            return [], False
        nodes, uncertain = [start], False
        for step in steps:
            nodes, uncertain = _advance(nodes, step, uncertain)
        return nodes, uncertain

    return find


def _anchor(scope: Scope, name: str) -> Node | None:
    return scope.unit.node if not name else scope.unit.around.get(name)


def _parse(text: str) -> tuple[str | None, list[str]]:
    anchor: str | None = None
    rest = text
    if text.startswith("@"):
        anchor, _, rest = text[1:].partition(".")
    steps: list[str] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise RuleError(f"not a path: {text!r}", "paths look like spec.containers[*].image")
        quoted, index, name = match.groups()
        steps.append(quoted or (f"[{index}]" if index else name))
        at = match.end()
    return anchor, [] if steps == ["."] else steps


def _child(name: str) -> Path:
    def find(scope: Scope) -> Found:
        value = scope.node.value
        if isinstance(value, dict):
            child = value.get(name)
            if child is not None:
                return [child], False
            return [], scope.node.is_open
        return _advance([scope.node], name, False)

    return find


def _advance(nodes: list[Node], step: str, uncertain: bool) -> Found:
    found: list[Node] = []
    for node in nodes:
        value = node.value
        if isinstance(value, Unknown):
            uncertain = True
        elif step.startswith("["):
            uncertain |= _elements(node, step, found)
        elif isinstance(value, dict):
            child = value.get(step)
            if child is not None:
                found.append(child)
            elif node.is_open:
                uncertain = True
        elif isinstance(value, list):
            deeper, unsure = _advance(value, step, False)
            found.extend(deeper)
            uncertain |= unsure
    return found, uncertain


def _elements(node: Node, step: str, found: list[Node]) -> bool:
    if isinstance(node.value, dict):
        if step == "[*]":
            found.extend(child for _, child in node.fields())
        return node.is_open
    if isinstance(node.value, list):
        if step == "[*]":
            found.extend(node.value)
        else:
            index = int(step[1:-1])
            found.extend(node.value[index : index + 1])
    return False
