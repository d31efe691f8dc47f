"""What to do, in order: findings that one change closes stand together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.model.scan import Priority, RankedFinding, ScanResult
from assay.report import summary

_EFFORTS = ("", "minutes", "hours", "days", "sprints")


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what it is, the command if there is one, and the findings that it closes, most urgent first."""

    title: str
    command: str
    priority: Priority
    effort: str
    owners: tuple[str, ...]
    findings: tuple[RankedFinding, ...]

    @property
    def places(self) -> int:
        """How many places in files it touches."""
        return sum(1 + len(one.triaged.finding.related) for one in self.findings)


def roadmap(result: ScanResult) -> tuple[Step, ...]:
    """Every active finding in exactly one step; most urgent first, then what closes most."""
    rules = summary.rules_by_id(result)
    groups: dict[tuple[str, str], list[RankedFinding]] = {}
    for one in summary.active(result):
        groups.setdefault(_change(one), []).append(one)
    steps = [
        _step(rules[group[0].triaged.finding.rule_id].title, kind, group)
        for (kind, _), group in groups.items()
    ]
    return tuple(sorted(steps, key=lambda step: (step.priority.value, -len(step.findings), step.title)))


def _change(one: RankedFinding) -> tuple[str, str]:
    """What mends the finding: another version of the same package, the same command, or the same rework, which each priority does alone."""
    finding = one.triaged.finding
    if finding.component is not None:
        return "upgrade", f"{finding.component.ecosystem} {finding.component.name}"
    command = summary.command_of(one)
    return ("run", command) if command else ("rework", f"{one.priority.value} {finding.rule_id}")


def _step(title: str, kind: str, group: list[RankedFinding]) -> Step:
    commands = [command for command in map(summary.command_of, group) if command]
    return Step(
        title=_upgrade_title(group) if kind == "upgrade" else title,
        command=max(commands, key=_version_key, default=""),
        priority=min((one.priority for one in group), key=lambda priority: priority.value),
        effort=max((one.effort for one in group), key=_effort_rank),
        owners=tuple(sorted({one.owner for one in group if one.owner})),
        findings=tuple(group),
    )


def _upgrade_title(group: list[RankedFinding]) -> str:
    """The fix to the highest version, which closes all, and the versions in use: `Upgrade jinja2 to 3.1.6 (from 2.4.1, 3.0.0)`."""
    components = [one.triaged.finding.component for one in group]
    versions = sorted({c.version for c in components if c is not None and c.version}, key=_numbers)
    titles = [fix.title for one in group for fix in one.triaged.finding.fixes if fix.title]
    name = next((c.name for c in components if c is not None), "")
    best = max(titles, key=_version_key, default=f"Look at {name}")
    return best[:1].upper() + best[1:] + (f" (from {', '.join(versions[:4])})" if versions else "")


def _effort_rank(effort: str) -> int:
    return _EFFORTS.index(effort) if effort in _EFFORTS else 0


def _version_key(command: str) -> tuple[tuple[int, ...], str]:
    """Of several upgrades of one package the one to the highest version closes all: numbers in the last word, in order."""
    words = command.split()
    last = words[-1] if words else ""
    return _numbers(last), command


def _numbers(text: str) -> tuple[int, ...]:
    digits = "".join(character if character.isascii() and character.isdigit() else " " for character in text)
    return tuple(int(part) for part in digits.split() if len(part) < 10)


def by_bucket(steps: Iterable[Step]) -> dict[Priority, tuple[Step, ...]]:
    """Steps by priority, empty buckets included."""
    listed = tuple(steps)
    return {priority: tuple(step for step in listed if step.priority is priority) for priority in Priority}
