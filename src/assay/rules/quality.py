"""How often each built-in rule was right where it was measured: shipped data, made by `python -m bench.rule_quality` over labelled and clean corpora.

The corpora are open development sets, some of which rules were written from; numbers on unseen code are lower. A rule without labelled findings
is not measured, and keeps the confidence that its author gave it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from assay.model.rule import Rule
from assay.model.severity import Confidence

FILE = Path(__file__).parent / "quality.json"
ENOUGH = 10  # labelled findings below which a share says little
_HIGH, _MEDIUM = 0.9, 0.6


@dataclass(frozen=True, slots=True)
class Quality:
    """`right` and `wrong` are labelled findings; `clean` were raised in well-kept projects of `clean_lines` lines, and judged by nobody."""

    right: int
    wrong: int
    clean: int
    clean_lines: int

    @property
    def precision(self) -> float | None:
        """The share of labelled findings that were right; None if there are none."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None

    @property
    def is_measured(self) -> bool:
        """Whether enough findings were labelled to say something."""
        return self.right + self.wrong >= ENOUGH

    @property
    def confidence(self) -> Confidence | None:
        """What the measurement says of a finding of this rule; None if it says nothing."""
        precision = self.precision
        if precision is None or not self.is_measured:
            return None
        if precision >= _HIGH:
            return Confidence.HIGH
        return Confidence.MEDIUM if precision >= _MEDIUM else Confidence.LOW


@dataclass(frozen=True, slots=True)
class Measurement:
    """The whole table: when, over which corpora, and every rule that raised anything. `covered` are the engines whose rules were run."""

    measured: str
    corpora: tuple[Mapping[str, object], ...]
    rules: Mapping[str, Quality]


@cache
def measurement() -> Measurement:
    """The shipped table."""
    data = json.loads(FILE.read_bytes())
    lines = sum(int(corpus["lines"]) for corpus in data["corpora"] if corpus["name"] == "clean")
    rules = {
        name: Quality(right, wrong, clean, lines) for name, (right, wrong, clean) in data["rules"].items()
    }
    return Measurement(data["measured"], tuple(data["corpora"]), rules)


def with_measured_confidence(rule: Rule) -> Rule:
    """The rule with the confidence that was measured, where one was."""
    quality = measurement().rules.get(rule.id)
    measured = quality.confidence if quality is not None else None
    return rule if measured is None else replace(rule, confidence=measured)


def sentence(rule: Rule) -> str:
    """What is known of a rule's quality, for people."""
    quality = measurement().rules.get(rule.id)
    raised = quality.clean if quality is not None else 0
    lines = next((q.clean_lines for q in measurement().rules.values()), 0)
    seen = (
        f"raised {raised} times in {lines // 1000} KLOC of well-kept projects"
        if rule.engine == "code"
        else ""
    )
    if quality is None or quality.precision is None:
        return "not measured" + (f"; {seen}" if seen else "")
    judged = quality.right + quality.wrong
    few = "" if quality.is_measured else ", too few to rely on"
    return f"right in {quality.right} of {judged} labelled findings{few}; {seen}"
