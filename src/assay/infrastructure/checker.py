"""Rules over units: which checks look at what, compiled when the first unit of their kind is met, and the findings they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from assay.infrastructure.checks.check import Check, Hit, compile_rule, variants_of
from assay.infrastructure.unit import RENDERED, Unit
from assay.infrastructure.world import World
from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.rule import Rule

Lines = Callable[[str], list[str]]
"""The lines of a file by its uri."""


class Checker:
    """An index of rules by platform and kind. Compiled checks are kept; they hold no state of a scan."""

    def __init__(self, engine: str, rules: Sequence[Rule]) -> None:
        self.engine = engine
        self._waiting: dict[tuple[str, str], list[Rule]] = {}
        self._ready: dict[tuple[str, str], list[Check]] = {}
        self._compiled: dict[str, tuple[Check, ...]] = {}
        for rule in rules:
            for platform, kinds in variants_of(rule):
                for kind in kinds:
                    waiting = self._waiting.setdefault((platform, kind), [])
                    if not waiting or waiting[-1] is not rule:
                        waiting.append(rule)

    def findings(self, units: Iterable[Unit], world: World, lines: Lines) -> Iterator[Finding]:
        """What the rules say of the units, each place of a rule once."""
        seen: set[tuple[str, str, Region]] = set()
        for unit in units:
            for check in self.checks(unit.platform, unit.kind):
                for hit in check.hits(unit, world):
                    finding = self._finding(check, hit, lines)
                    key = (finding.rule_id, finding.location.uri, finding.location.region)
                    if key not in seen:
                        seen.add(key)
                        yield finding

    def checks(self, platform: str, kind: str) -> list[Check]:
        """The compiled checks that look at a kind of unit of a platform."""
        key = (platform, kind)
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = [
                check
                for rule in self._waiting.get(key, ())
                for check in self._compile(rule)
                if check.platform == platform and kind in check.kinds
            ]
        return ready

    def _compile(self, rule: Rule) -> tuple[Check, ...]:
        if rule.id not in self._compiled:
            self._compiled[rule.id] = compile_rule(rule)
        return self._compiled[rule.id]

    def _finding(self, check: Check, hit: Hit, lines: Lines) -> Finding:
        rule, unit = check.rule, hit.unit
        fix = (
            check.fix.fix(hit.scope, lines(unit.uri))
            if check.fix is not None and unit.style != RENDERED
            else None
        )
        return Finding(
            rule_id=rule.id,
            engine=self.engine,
            message=check.message(hit.scope),
            severity=rule.severity,
            confidence=rule.confidence,
            location=Location(unit.uri, Region(*hit.span)),
            identity=_identity(rule, unit, hit),
            cwe=rule.cwe,
            fixes=(fix,) if fix is not None else (),
        )


def _identity(rule: Rule, unit: Unit, hit: Hit) -> str:
    """The resource, and the class of flaw: the rule's own name without its platform."""
    thing = unit.address or f"{unit.kind}.{unit.name}"
    return f"{unit.platform}|{thing}|{hit.detail}|{rule.id.rpartition('/')[2]}"
