"""What a check looks at: one resource, container, instruction, step or operation, wherever it was declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.infrastructure.node import Node, Span

RENDERED = "rendered"
"""The style of a unit whose values stand nowhere in its file: no edit can be written for it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document was not read, or only in part. `reason` is a short fixed word, `line` from 1 (0: the whole file)."""

    reason: str
    detail: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that was declared. `kind` is what checks name in `each`, `platform` the language it is declared in.

    `name` is unique enough to tell units of a file apart. `head` is where to point at the unit as a whole. `around` are the things it
    stands in by name (`workflow`, `job`, `pod`), reached by checks as `@name`. `style` says how edits are written: yaml, json, hcl,
    dockerfile or rendered. `address` is what references name (unique in the project, empty if nothing can refer to it).
    """

    platform: str
    kind: str
    name: str
    uri: str
    node: Node
    head: Span
    around: Mapping[str, Node] = field(default_factory=dict)
    style: str = "yaml"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file declares, and what could not be read of it."""

    uri: str
    platform: str
    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()
