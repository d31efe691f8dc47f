"""Which controls of public frameworks a rule bears on: those that it names, and those that its weaknesses (CWE) break in general."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assay.model.errors import UsageError
from assay.model.rule import Rule

_FILE = Path(__file__).parent / "controls.yaml"


@dataclass(frozen=True, slots=True)
class Control:
    """One control: `id` is `framework:number`, `text` is what it asks for in our words. `version` and `source` are the framework's."""

    id: str
    text: str
    framework: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework with its controls by id, in the order of the data file."""

    id: str
    title: str
    version: str
    source: str
    controls: Mapping[str, Control]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every framework, and the control ids that a CWE number stands for."""

    frameworks: Mapping[str, Framework]
    by_cwe: Mapping[str, tuple[str, ...]]
    last_reviewed: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """One control and the ids of the rules that look for what breaks it; `direct` are those that name it."""

    control: Control
    rules: tuple[str, ...]
    direct: tuple[str, ...]


@cache
def catalogue() -> Catalogue:
    """The data file, read once."""
    import yaml

    data = yaml.load(_FILE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    frameworks = {name: _framework(name, raw) for name, raw in data["frameworks"].items()}
    by_cwe: dict[str, list[str]] = {}
    for theme in data["themes"].values():
        for number in theme["cwe"]:
            known = by_cwe.setdefault(f"CWE-{number}", [])
            known.extend(control for control in theme["controls"] if control not in known)
    return Catalogue(frameworks, {cwe: tuple(ids) for cwe, ids in by_cwe.items()}, data["last_reviewed"])


def _framework(name: str, raw: Mapping[str, object]) -> Framework:
    title, version, source = str(raw["title"]), str(raw["version"]), str(raw["source"])
    stated = raw["controls"]
    assert isinstance(stated, dict)
    controls = {
        f"{name}:{number}": Control(f"{name}:{number}", str(text), name, version, source)
        for number, text in stated.items()
    }
    return Framework(name, title, version, source, controls)


def control(control_id: str) -> Control | None:
    """The control of an id such as `hipaa:164.312(b)`; None if there is none."""
    framework = catalogue().frameworks.get(control_id.partition(":")[0])
    return framework.controls.get(control_id) if framework is not None else None


def controls_of(rule: Rule, frameworks: Iterable[str] = ()) -> tuple[Control, ...]:
    """The controls that a rule bears on, those it names first; only of these frameworks if any are given.

    Raises:
        UsageError: there is no such framework.
    """
    wanted = frozenset(_checked(name) for name in frameworks)
    ids = [*rule.controls, *(each for cwe in rule.cwe for each in catalogue().by_cwe.get(cwe, ()))]
    found = [found for each in dict.fromkeys(ids) if (found := control(each)) is not None]
    return tuple(each for each in found if not wanted or each.framework in wanted)


def coverage(rules: Iterable[Rule], framework: str = "") -> tuple[Coverage, ...]:
    """For every control (of one framework, or of all) the rules that bear on it: what `assay rules controls` prints.

    Raises:
        UsageError: there is no such framework.
    """
    names = [_checked(framework)] if framework else list(catalogue().frameworks)
    bearing: dict[str, list[str]] = {}
    direct: dict[str, list[str]] = {}
    for rule in rules:
        for each in controls_of(rule):
            bearing.setdefault(each.id, []).append(rule.id)
            if each.id in rule.controls:
                direct.setdefault(each.id, []).append(rule.id)
    return tuple(
        Coverage(each, tuple(sorted(bearing.get(each.id, ()))), tuple(sorted(direct.get(each.id, ()))))
        for name in names
        for each in catalogue().frameworks[name].controls.values()
    )


def _checked(framework: str) -> str:
    if framework not in catalogue().frameworks:
        raise UsageError(
            f"there is no framework {framework!r}", f"the frameworks are: {', '.join(catalogue().frameworks)}"
        )
    return framework
