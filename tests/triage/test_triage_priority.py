from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding, triaged

from assay.model.component import Component, Scope
from assay.model.finding import Exploit, Finding, Reach, Verification, VerificationState
from assay.model.fix import Applicability, Fix
from assay.model.location import Location, Region
from assay.model.scan import Priority
from assay.model.severity import Confidence, Severity
from assay.scan.triage.context import Context, Fact, Topic, parse_context
from assay.scan.triage.rank import effort, explain, rank

SQL = replace(
    finding(confidence=Confidence.HIGH, uri="svc/orders/db.py"),
    verification=Verification(VerificationState.CORROBORATED, "data flow"),
)
PUBLIC = Context(
    parse_context(
        b"components:\n  - {name: shop, paths: ['svc/orders/**'], exposure: internet, data: [pii], tier: production}\n"
        b"  - {name: back, paths: ['svc/back/**'], exposure: internal, tier: internal}\n",
        "context.yaml",
    )
)
INTERNAL = Context(
    parse_context(
        b"components:\n  - {name: tool, paths: ['svc/orders/**'], exposure: internal, tier: internal}\n"
        b"  - {name: shop, paths: ['svc/back/**'], exposure: internet, data: [pii], tier: production}\n",
        "context.yaml",
    )
)


def test_the_same_query_is_p0_in_a_public_shop_and_p2_in_an_internal_tool() -> None:
    public, internal = rank([triaged(SQL)], PUBLIC)[0], rank([triaged(SQL)], INTERNAL)[0]
    assert (public.priority, public.score) == (Priority.P0, 95.0)
    assert (internal.priority, internal.score) == (Priority.P2, 55.0)
    assert explain(internal) == (
        "+60 severity (high) +5 confidence (high) +5 verification (corroborated)"
        " -10 exposure (internal, declared in .assay/context.yaml) -5 tier (internal, declared in .assay/context.yaml)"
        " = 55 -> P2"
    )
    assert "the code is reached from the internet" in public.triaged.finding.why
    assert "handles pii data" in public.triaged.finding.why


def test_two_contexts_two_orders() -> None:
    other = replace(SQL, location=Location("svc/back/db.py", SQL.location.region))
    both = [triaged(SQL), triaged(other)]
    first = [one.triaged.finding.location.uri for one in rank(both, PUBLIC)]
    second = [one.triaged.finding.location.uri for one in rank(both, INTERNAL)]
    assert first == ["svc/orders/db.py", "svc/back/db.py"]
    assert second == first[::-1]


def test_without_context_nothing_of_it_is_in_the_sum() -> None:
    one = rank([triaged(replace(SQL, location=Location("tests/test_a.py", Region(1, 1, 1, 2))))], None)[0]
    assert [factor.name for factor in one.factors] == ["severity", "confidence", "verification"]


@pytest.mark.parametrize(
    ("fact", "points"),
    [
        (Fact(Topic.EXPOSURE, "**", "internet", "e"), 15),
        (Fact(Topic.EXPOSURE, "**", "none", "e"), -15),
        (Fact(Topic.REACHABLE, "**", "true", "e"), 8),
        (Fact(Topic.REACHABLE, "**", "false", "e"), -20),
        (Fact(Topic.AUTHENTICATED, "**", "false", "e"), 5),
        (Fact(Topic.AUTHENTICATED, "**", "true", "e"), -5),
        (Fact(Topic.DATA, "**", "phi", "e"), 8),
        (Fact(Topic.TIER, "**", "prototype", "e"), -10),
        (Fact(Topic.ENVIRONMENT, "**", "build", "e"), -5),
        (Fact(Topic.CONTROL, "**", "web application firewall", "e"), -10),
        (Fact(Topic.AGENT, "**", "true", "e"), 3),
        (Fact(Topic.OWNER, "**", "@a", "e"), 0),
    ],
)
def test_every_fact_moves_the_score_by_its_points(fact: Fact, points: float) -> None:
    before = rank([triaged(SQL)], Context())[0].score
    assert rank([triaged(SQL)], Context(facts=(fact,)))[0].score == before + points


@pytest.mark.parametrize(
    ("severity", "weight"), [(Severity.HIGH, 1.0), (Severity.MEDIUM, 0.8), (Severity.LOW, 0.3)]
)
def test_what_the_context_adds_counts_by_severity_and_what_it_takes_away_in_full(
    severity: Severity, weight: float
) -> None:
    base = [triaged(replace(SQL, severity=severity))]
    before = rank(base, Context())[0].score
    public = Context(facts=(Fact(Topic.EXPOSURE, "**", "internet", "e"),))
    internal = Context(facts=(Fact(Topic.EXPOSURE, "**", "internal", "e"),))
    assert rank(base, public)[0].score == before + 15 * weight
    assert rank(base, internal)[0].score == before - 10


def test_who_reaches_the_code_says_nothing_of_a_secret() -> None:
    secret = finding("secrets/token", uri="svc/orders/db.py", cwe=("CWE-798",), identity="k:1")
    assert not {"exposure"} & {factor.name for factor in rank([triaged(secret)], PUBLIC)[0].factors}


def dependency(command: str = "", version: str = "2.4.1", scope: Scope = Scope.RUNTIME) -> Finding:
    return replace(
        finding("dependencies/vulnerable", uri="uv.lock", purl="pkg:pypi/jinja2@2.4.1", aliases=("CVE-2019-10906",), cwe=()),
        component=Component("pkg:pypi/jinja2@2.4.1", "jinja2", "pypi", version, scope=scope),
        fixes=(Fix("Upgrade", command=command),) if command else (),
    )  # fmt: skip


def test_attacks_scope_and_major_upgrades_of_dependencies() -> None:
    def one(found: Finding, exploit: Exploit | None = None) -> tuple[Priority, float]:
        ranked = rank([triaged(replace(found, exploit=exploit))])[0]
        return ranked.priority, ranked.score

    minor, major = dependency("pip install jinja2==2.10.1"), dependency("pip install jinja2==3.1.6")
    assert one(minor) == (Priority.P1, 60.0)
    assert one(minor, Exploit(0.2)) == (Priority.P1, 64.0)
    assert one(minor, Exploit(0.97, known_exploited=True)) == (Priority.P0, 83.0)
    assert one(replace(minor, component=dependency(scope=Scope.DEVELOPMENT).component)) == (Priority.P2, 45.0)
    assert one(major) == (Priority.P3, 60.0)
    assert one(major, Exploit(known_exploited=True)) == (Priority.P1, 75.0)
    assert (effort(minor), effort(major)) == ("minutes", "sprints")
    titled = replace(major, fixes=(Fix("upgrade jinja2 to 3.1.6"),))
    assert one(titled) == (Priority.P3, 60.0)
    below_one = dependency("pip install jinja2==0.46.2", version="0.40.0")
    assert one(below_one) == (Priority.P3, 60.0)
    assert one(dependency("pip install jinja2==0.40.9", version="0.40.0")) == (Priority.P1, 60.0)
    safe = replace(major, fixes=(Fix("upgrade jinja2 to 3.1.6", applicability=Applicability.SAFE),))
    assert one(safe) == (Priority.P1, 60.0)


@pytest.mark.parametrize(
    ("reach", "points"), [(Reach.REACHABLE, 8), (Reach.UNREACHABLE, -20), (Reach.UNDETERMINED, 0)]
)
def test_what_the_engine_knows_of_reach(reach: Reach, points: float) -> None:
    found = dependency("pip install jinja2==2.10.1")
    assert rank([triaged(replace(found, reach=reach))])[0].score == 60.0 + points


def test_effort_from_what_is_known_of_the_fix() -> None:
    places = tuple(Location(f"f{number}.py", Region(1, 1, 1, 2)) for number in range(8))
    assert effort(SQL) == "hours"
    assert effort(replace(SQL, related=places)) == "days"
    assert effort(replace(SQL, fixes=(Fix("x", applicability=Applicability.SAFE),))) == "minutes"


def test_controls_only_of_enabled_frameworks() -> None:
    root = finding(
        "infrastructure/docker/root-user", uri="Dockerfile", cwe=("CWE-250",), severity=Severity.MEDIUM
    )
    hipaa = Context(parse_context(b"compliance: [hipaa]", "c"))
    known = {"infrastructure/docker/root-user": ("cis-docker:4.1",)}
    assert rank([triaged(root)], Context(), known)[0].controls == ()
    assert rank([triaged(root)], hipaa, known)[0].controls == ("hipaa:164.312(a)(1)",)
    assert rank([triaged(root)], hipaa, known)[0].score == 48.0


def test_owner_and_threats_stand_on_the_finding() -> None:
    text = b"components:\n  - {name: x, paths: ['**'], owner: '@Team', threats: [T-1]}\n"
    one = rank([triaged(SQL)], Context(parse_context(text, "c")))[0]
    assert (one.owner, one.threats) == ("@Team", ("T-1",))
    assert "threats T-1 name it" in one.triaged.finding.why


Changed = Callable[[Finding], Finding]
WORSE: tuple[tuple[str, Changed, Changed], ...] = (
    (
        "confidence",
        lambda f: replace(f, confidence=Confidence.LOW),
        lambda f: replace(f, confidence=Confidence.HIGH),
    ),
    ("proof", lambda f: f, lambda f: replace(f, verification=Verification(VerificationState.REPRODUCED))),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(Severity)), st.sampled_from(WORSE))
def test_more_certainty_never_lowers_the_score(
    severity: Severity, pair: tuple[str, Changed, Changed]
) -> None:
    _, less, more = pair
    found = finding(severity=severity)
    assert rank([triaged(less(found))])[0].score <= rank([triaged(more(found))])[0].score


def test_a_higher_severity_never_lowers_the_score() -> None:
    known = [severity for severity in sorted(Severity) if severity is not Severity.UNKNOWN]
    scores = [rank([triaged(finding(severity=severity))])[0].score for severity in known]
    assert all(low < high for low, high in pairwise(scores))
