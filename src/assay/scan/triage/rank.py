"""The order to read in: a score from 0 to 100 as a plain sum, and P0 to P3 from the score. Every term is kept to be shown.

The table is documented in docs/priority.md. What is not known moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from assay.model.component import Scope
from assay.model.finding import Finding, Reach, VerificationState
from assay.model.fix import Applicability
from assay.model.scan import BaselineState, Factor, Priority, RankedFinding, TriagedFinding
from assay.model.severity import Confidence, Severity
from assay.scan.triage.compliance import controls_of, within
from assay.scan.triage.context import Context, Known, Setting

_SEVERITY = {
    Severity.CRITICAL: 75.0,
    Severity.HIGH: 60.0,
    Severity.MEDIUM: 40.0,
    Severity.LOW: 20.0,
    Severity.UNKNOWN: 30.0,  # between low and medium: unknown never means low
}
_CONFIDENCE = {Confidence.HIGH: 5.0, Confidence.MEDIUM: 0.0, Confidence.LOW: -10.0}
_VERIFICATION = {
    VerificationState.REPRODUCED: 15.0,
    VerificationState.CORROBORATED: 5.0,
    VerificationState.SUSPECTED: 0.0,
}
_EXPOSURE = {"internet": 15.0, "partner": 8.0, "internal": -10.0, "none": -15.0}
_DATA = {"phi": 8.0, "pci": 8.0, "credentials": 8.0, "pii": 5.0}
_TIER = {"production": 5.0, "internal": -5.0, "prototype": -10.0}
_ENVIRONMENT = {"test": -25.0, "example": -20.0, "build": -5.0, "runtime": 0.0}
_REACHABLE = {"true": 8.0, "false": -20.0}
_AUTHENTICATED = {"true": -5.0, "false": 5.0}
_CONTROL = -10.0
_AGENT = {"true": 3.0, "false": 0.0}
_COMPLIANCE = 10.0
# What the context adds counts by how bad the flaw is at all: a missing limit does not become urgent by standing in a hospital.
# What it takes away counts in full.
_WEIGHT = {
    Severity.CRITICAL: 1.0,
    Severity.HIGH: 1.0,
    Severity.MEDIUM: 0.8,
    Severity.UNKNOWN: 0.5,
    Severity.LOW: 0.3,
}
_KEV = 15.0
_EPSS = ((0.5, 8.0), (0.1, 4.0))
_DEVELOPMENT = -15.0
_NEW = 5.0
_BANDS = ((80.0, Priority.P0), (60.0, Priority.P1), (40.0, Priority.P2), (0.0, Priority.P3))
_P0 = 80.0
# Linear: a fixed sign, then digits and dots.
_VERSION = re.compile(r"(?:==|@|>=|~=|\^| v?)(\d{1,9}(?:\.\d{1,9})?)(?![\d])")


def rank(
    findings: Iterable[TriagedFinding],
    context: Context | None = Context(),  # noqa: B008 - frozen, and empty
    controls: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[RankedFinding, ...]:
    """Every finding with its score, active ones first, most urgent first; equal ones by place. A context of None is left out of the sum.

    `controls` are the compliance controls that each rule names, by rule id.
    """
    return ordered(_rank_one(finding, context, controls or {}) for finding in findings)


def ordered(ranked: Iterable[RankedFinding]) -> tuple[RankedFinding, ...]:
    """The order to be read in: what counts first, then priority, then score, then place."""
    return tuple(
        sorted(
            ranked,
            key=lambda one: (
                not one.triaged.active,
                one.priority.value,
                -one.score,
                one.triaged.finding.sort_key,
                one.triaged.fingerprint,
            ),
        )
    )


def band(score: float) -> Priority:
    """P0 from 80, P1 from 60, P2 from 40, else P3."""
    return next(priority for least, priority in _BANDS if score >= least)


def explain(one: RankedFinding) -> str:
    """The arithmetic of a score on one line, as `--explain` prints it."""
    terms = " ".join(f"{factor.points:+g} {factor.name} ({factor.value})" for factor in one.factors)
    total = round(sum(factor.points for factor in one.factors), 1)
    clamped = "" if total == one.score else f", kept in 0-100: {one.score:g}"
    return f"{terms} = {total:g}{clamped} -> {one.priority.value}"


def effort(finding: Finding) -> str:
    """How much work a fix is, from what is known of it: minutes, hours, days or sprints."""
    if _only_major(finding):
        return "sprints"
    if any(fix.command or fix.applicability is Applicability.SAFE for fix in finding.fixes):
        return "minutes"
    if finding.component is not None:
        return "hours"  # its related places are where it is imported, not what must be changed
    places = 1 + len(finding.related)
    files = {finding.location.uri, *(place.uri for place in finding.related)}
    if places > 10 or len(files) > 5:
        return "days"
    return "hours"


def _rank_one(
    triaged: TriagedFinding, context: Context | None, by_rule: Mapping[str, tuple[str, ...]]
) -> RankedFinding:
    finding = triaged.finding
    region = finding.location.region
    setting = context.at(finding.location.uri, region.start_line) if context else Setting()
    broken = controls_of(finding.cwe, by_rule.get(finding.rule_id, ()), _is_vulnerable_component(finding))
    controls = within(broken, setting.compliance)
    factors = (
        *_of_finding(triaged),
        *_of_attacks(finding),
        *_weighted(finding, _of_setting(finding, setting, controls)),
    )
    score = min(100.0, max(0.0, round(sum(factor.points for factor in factors), 1)))
    priority = band(score)
    if _only_major(finding) and score < _P0 and not _is_exploited(finding):
        priority = Priority.P3
        factors = (*factors, Factor("plan", "only a new major version mends it", 0.0))
    why = _why(finding, setting, controls)
    return RankedFinding(
        replace(triaged, finding=replace(finding, why=why)) if why != finding.why else triaged,
        priority,
        score,
        factors,
        effort(finding),
        setting.owner.value if setting.owner else "",
        controls,
        setting.threats,
    )


def _of_finding(triaged: TriagedFinding) -> Iterator[Factor]:
    finding = triaged.finding
    yield Factor("severity", finding.severity.value, _SEVERITY[finding.severity])
    yield Factor("confidence", finding.confidence.value, _CONFIDENCE[finding.confidence])
    state = finding.verification.state
    yield Factor("verification", state.value, _VERIFICATION[state])
    if triaged.baseline is not BaselineState.NONE:
        new = triaged.baseline in (BaselineState.NEW, BaselineState.UPDATED)
        yield Factor("newness", triaged.baseline.value, _NEW if new else 0.0)
    if finding.component is not None and finding.component.scope is Scope.DEVELOPMENT:
        yield Factor("scope", "only needed for development", _DEVELOPMENT)


def _of_attacks(finding: Finding) -> Iterator[Factor]:
    if finding.exploit is None:
        return
    if finding.exploit.known_exploited:
        yield Factor("attacks", "known to be exploited (CISA KEV)", _KEV)
    chance = finding.exploit.epss or 0.0
    points = next((points for least, points in _EPSS if chance >= least), 0.0)
    if points:
        yield Factor("attacks", f"EPSS {chance:.2f}", points)


def _is_exploited(finding: Finding) -> bool:
    return finding.exploit is not None and finding.exploit.known_exploited


def _of_setting(finding: Finding, setting: Setting, controls: tuple[str, ...]) -> Iterator[Factor]:
    """Who reaches the code says nothing of a value that stands in the repository: secrets take no factor of reach."""
    is_secret = finding.rule_id.startswith("secrets/")
    if not is_secret:
        yield from _known("exposure", setting.exposure, _EXPOSURE)
        yield from _reach(finding, setting)
        yield from _known("authenticated", setting.authenticated, _AUTHENTICATED)
    yield from _known("tier", setting.tier, _TIER)
    yield from _known("environment", setting.environment, _ENVIRONMENT)
    yield from _known("agent-written", setting.agent, _AGENT)
    if setting.data:
        worst = max(setting.data, key=lambda known: (_DATA[known.value], known.value))
        yield Factor("data at stake", _shown(worst), _DATA[worst.value])
    if setting.control is not None:
        yield Factor("compensating control", _shown(setting.control), _CONTROL)
    if controls:
        yield Factor("compliance", ", ".join(controls), _COMPLIANCE)


def _reach(finding: Finding, setting: Setting) -> Iterator[Factor]:
    """What the engine knows of this flaw beats what is known of its file. Undetermined moves nothing."""
    if finding.reach is Reach.UNDETERMINED:
        yield from _known("reachable", setting.reachable, _REACHABLE)
    else:
        points = _REACHABLE["true" if finding.reach is Reach.REACHABLE else "false"]
        yield Factor("reachable", f"{finding.reach.value}, says the engine", points)


def _weighted(finding: Finding, factors: Iterable[Factor]) -> Iterator[Factor]:
    weight = _WEIGHT[finding.severity]
    for factor in factors:
        if factor.points > 0 and weight != 1.0:
            value = f"{factor.value}; {factor.points:g} x {weight:g} for {finding.severity.value}"
            yield Factor(factor.name, value, round(factor.points * weight, 1))
        else:
            yield factor


def _known(name: str, known: Known | None, table: Mapping[str, float]) -> Iterator[Factor]:
    if known is not None and known.value in table:
        yield Factor(name, _shown(known), table[known.value])


def _shown(known: Known) -> str:
    return f"{known.value}, {'inferred from' if known.inferred else 'declared in'} {known.evidence}"


def _is_vulnerable_component(finding: Finding) -> bool:
    return finding.component is not None and bool(finding.aliases)


def _only_major(finding: Finding) -> bool:
    """Whether every fix of a component goes to another major version than the one in use, and none is known to be safe."""
    component = finding.component
    if component is None or not component.version or not finding.fixes:
        return False
    if any(fix.applicability is Applicability.SAFE for fix in finding.fixes):
        return False
    now = _breaking(component.version)
    targets = [_VERSION.search(fix.command or fix.title) for fix in finding.fixes]
    return bool(now) and all(found is not None and _breaking(found[1]) != now for found in targets)


def _breaking(version: str) -> tuple[str, ...]:
    """The part of a version whose change may break callers (semver.org, items 4 and 8): the first number, below 1.0 the first two."""
    numbers = version.strip().lstrip("v").split(".")
    if not numbers[0].isdigit():
        return ()
    return tuple(numbers[:2]) if numbers[0] == "0" else (numbers[0],)


_REACHED = {
    "internet": "the code is reached from the internet",
    "partner": "the code is reached by partners",
    "internal": "the code is reached from the internal network only",
    "none": "the code is reached from nowhere but its own machine",
}


def _why(finding: Finding, setting: Setting, controls: tuple[str, ...]) -> str:
    """The engine's own reason, and what of the context makes it matter more or less."""
    parts: list[str] = []
    if setting.exposure and not finding.rule_id.startswith("secrets/"):
        parts.append(_REACHED[setting.exposure.value])
    if setting.authenticated and setting.authenticated.value == "false":
        parts.append("no login is needed")
    if setting.data:
        parts.append(f"it handles {', '.join(known.value for known in setting.data)} data")
    if setting.environment and setting.environment.value in ("test", "example"):
        parts.append(f"it is {setting.environment.value} code")
    if setting.tier:
        parts.append(f"its tier is {setting.tier.value}")
    if controls:
        parts.append(f"it breaks {', '.join(controls[:4])}")
    if setting.threats:
        parts.append(f"threats {', '.join(setting.threats[:4])} name it")
    if not parts:
        return finding.why
    text = "; ".join(parts)
    name = f"In {setting.component}: " if setting.component else ""
    sentence = f"{name}{text if name else text[0].upper() + text[1:]}."
    return f"{finding.why} {sentence}".strip()
