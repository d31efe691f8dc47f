"""Licences of components as findings: denied, for review, in conflict with the project's own."""

from __future__ import annotations

from dataclasses import dataclass

from assay.dependencies.document import Manifest
from assay.dependencies.licences.judge import Answer, Judgement, conflict, judge
from assay.dependencies.survey import Survey
from assay.model.component import Component
from assay.model.finding import Evidence, Finding
from assay.model.location import Location, Region
from assay.model.severity import Confidence, Severity

ENGINE = "licences"
DENIED = "dependencies/licences/denied"
REVIEW = "dependencies/licences/needs-review"
UNKNOWN = "dependencies/licences/unknown"
CONFLICT = "dependencies/licences/conflict"
_RULES = {Answer.DENY: DENIED, Answer.REVIEW: REVIEW}


@dataclass(frozen=True, slots=True)
class Licensed:
    """Findings, and how many components of each manifest state no licence, of how many."""

    findings: tuple[Finding, ...]
    unknown: dict[str, tuple[int, int]]


def judge_licences(survey: Survey, severities: dict[str, Severity]) -> Licensed:
    """Judge every component whose manifest can state licences; formats that never do are counted as unknown, not as flaws."""
    policy = survey.policy.file.licences
    findings: list[Finding] = []
    unknown: dict[str, tuple[int, int]] = {}
    for manifest, component in survey.inventory.components:
        judgement = judge(component, policy)
        if judgement is None:
            continue
        missing, total = unknown.get(manifest.uri, (0, 0))
        unknown[manifest.uri] = (missing + (judgement.answer is Answer.UNKNOWN), total + 1)
        rule = _RULES.get(judgement.answer, "")
        if judgement.answer is Answer.UNKNOWN and policy.unknown in {"deny", "review"}:
            rule = UNKNOWN
        if rule:
            findings.append(_finding(rule, manifest, component, judgement, severities))
        reason = (
            conflict(policy.own, judgement.licence) if policy.own and judgement.licence and not rule else ""
        )
        if reason:
            explained = Judgement(
                judgement.answer,
                judgement.licence,
                f"{judgement.licence} in a work under {policy.own}: {reason}",
            )
            findings.append(_finding(CONFLICT, manifest, component, explained, severities))
    return Licensed(tuple(findings), {uri: counts for uri, counts in unknown.items() if counts[0]})


def _finding(
    rule: str, manifest: Manifest, component: Component, judgement: Judgement, severities: dict[str, Severity]
) -> Finding:
    severity = severities.get(rule, Severity.MEDIUM)
    return Finding(
        rule_id=rule,
        engine=ENGINE,
        message=f"{component.name} {component.version}: {judgement.reason}",
        severity=severity,
        confidence=Confidence.HIGH,
        location=component.location or Location(manifest.uri, Region(1, 1, 1, 1)),
        identity=f"{component.purl} {rule}",
        component=component,
        evidence=(Evidence(ENGINE, rule, severity.value),),
        why=f"scope {component.scope.value}; licence as stated: {', '.join(component.licences) or 'none'}",
    )
