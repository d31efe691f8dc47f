from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding

from assay.model.finding import Finding, FlowStep, VerificationState
from assay.model.severity import Confidence, Severity
from assay.rules.load import builtin_rules
from assay.scan.triage.combine import covers, is_own
from assay.scan.triage.merge import explain, merge
from assay.scan.triage.same_checks import classes_of, known_checks

SQL = "CWE-89"
TOOLS = frozenset({"bandit", "checkov", "hadolint", "ruff", "trivy", "zizmor"})


def test_several_engines_on_one_flaw_are_one_finding_with_evidence() -> None:
    ours = finding(line=3, columns=(9, 40))
    bandit = finding(
        "bandit/B608", engine="bandit", line=3, columns=(1, 80), cwe=("CWE-943",), severity=Severity.MEDIUM
    )
    merged = merge([bandit, ours])
    assert len(merged.findings) == 1
    one = merged.findings[0]
    assert one.rule_id == "code/python/sql-injection"
    assert one.severity is Severity.HIGH
    assert one.confidence is Confidence.HIGH
    assert one.verification.state is VerificationState.CORROBORATED
    assert [(e.engine, e.severity) for e in one.evidence] == [("bandit", "medium"), ("code", "high")]
    assert one.related == ()


def test_a_tool_that_points_at_a_step_of_our_flow_means_our_flaw() -> None:
    steps = tuple(FlowStep(finding(line=line).location) for line in (2, 3, 5))
    ours = replace(finding(line=5), code_flow=steps)
    built = finding("bandit/B608", engine="bandit", line=3)
    beside = finding("bandit/B608", engine="bandit", line=4)
    elsewhere = finding("bandit/B602", engine="bandit", line=3, cwe=("CWE-78",))
    assert len(merge([ours, built]).findings) == 1
    assert len(merge([ours, built, beside, elsewhere]).findings) == 3


def test_different_flaws_on_one_line_stay_apart() -> None:
    first = finding(line=3, columns=(1, 20))
    second = finding(line=3, columns=(30, 60))
    shell = finding("code/python/os-command", line=3, columns=(1, 60), cwe=("CWE-78",))
    assert len(merge([first, second, shell]).findings) == 3


def test_a_tool_that_sees_a_line_joins_the_claim_that_it_overlaps() -> None:
    first = finding(line=3, columns=(1, 20))
    second = finding(line=3, columns=(30, 60))
    tool = finding("semgrep/sql", engine="semgrep", line=3, columns=(31, 50))
    merged = merge([tool, first, second])
    assert [len(one.evidence) for one in merged.findings] == [1, 2]


def test_two_rules_of_a_tool_on_one_flaw_are_one() -> None:
    one = finding("semgrep/a", engine="semgrep", line=3)
    two = finding("semgrep/b", engine="semgrep", line=3)
    assert len(merge([one, two, finding(line=3)]).findings) == 1


def test_the_same_secret_in_many_files_is_one_finding_with_places() -> None:
    places = [
        finding("secrets/token", uri=uri, line=line, identity="k:1", engine="secrets", cwe=("CWE-798",))
        for uri, line in (("b.py", 9), ("a.py", 2), ("a.py", 7))
    ]
    other = finding("secrets/token", uri="a.py", line=2, identity="k:2", engine="secrets", cwe=("CWE-798",))
    merged = merge([*places, other])
    assert len(merged.findings) == 2
    first = next(one for one in merged.findings if one.identity == "k:1")
    assert first.location.uri == "a.py"
    assert [(p.uri, p.region.start_line) for p in first.related] == [("a.py", 7), ("b.py", 9)]


def test_a_password_rule_on_a_secrets_line_is_that_secret() -> None:
    secret = finding("secrets/token", line=4, identity="k:1", engine="secrets", cwe=("CWE-798",))
    rule = finding("code/python/hardcoded-password", line=4, cwe=("CWE-259",))
    merged = merge([rule, secret])
    assert [one.rule_id for one in merged.findings] == ["secrets/token"]
    assert len(merged.findings[0].evidence) == 2


def test_a_password_in_an_image_is_the_secret_on_that_line() -> None:
    secret = finding(
        "secrets/password",
        uri="Dockerfile",
        line=3,
        columns=(17, 35),
        identity="k:1",
        engine="secrets",
        cwe=("CWE-798",),
    )
    image = finding(
        "infrastructure/docker/secret-in-env",
        uri="Dockerfile",
        line=3,
        engine="infrastructure",
        cwe=("CWE-798",),
        identity="ENV|x",
    )
    root = replace(image, rule_id="infrastructure/docker/user", cwe=("CWE-250",), identity="USER|x")
    merged = merge([image, root, secret])
    assert [one.rule_id for one in merged.findings] == ["infrastructure/docker/user", "secrets/password"]
    assert len(merged.findings[1].evidence) == 2


def test_dependencies_are_one_by_package_and_any_common_advisory() -> None:
    def advisory(engine: str, aliases: tuple[str, ...], purl: str = "pkg:pypi/jinja2@2.4") -> Finding:
        return finding(
            f"{engine}/vuln", engine=engine, uri="uv.lock", line=1, purl=purl, aliases=aliases, cwe=()
        )

    raw = [
        advisory("osv", ("GHSA-1", "CVE-1")),
        advisory("trivy", ("CVE-1",)),
        advisory("grype", ("ghsa-1",)),
        advisory("osv", ("CVE-2",)),
        advisory("osv", ("CVE-1",), purl="pkg:pypi/other@1"),
    ]
    merged = merge(raw)
    assert sorted(len(one.evidence) for one in merged.findings) == [1, 1, 3]


def test_resources_are_one_by_file_resource_and_class() -> None:
    def misconfigured(identity: str, uri: str = "k8s.yaml", engine: str = "infrastructure") -> Finding:
        rule = "infrastructure/kubernetes/x"
        return finding(rule, engine=engine, uri=uri, line=5, identity=identity, cwe=("CWE-250",))

    raw = [
        misconfigured("Deployment/web|root"),
        misconfigured("Deployment/web|root", engine="checkov"),
        misconfigured("Deployment/web|privileged"),
        misconfigured("Deployment/web|root", uri="other.yaml"),
    ]
    assert len(merge(raw).findings) == 3


def privileged(identity: str, line: int, engine: str = "infrastructure") -> Finding:
    rule = "infrastructure/kubernetes/privileged"
    return finding(rule, engine=engine, uri="k8s.yaml", line=line, identity=identity, cwe=("CWE-250",))


def check(rule: str, first: int, last: int, uri: str = "k8s.yaml") -> Finding:
    columns = (1, 1)
    return finding(
        rule, uri, first, columns, last, engine=rule.partition("/")[0], cwe=(), severity=Severity.UNKNOWN
    )


def test_a_tools_check_of_our_class_is_our_finding_in_its_range() -> None:
    ours, other = privileged("Deployment/web|privileged", 12), privileged("Deployment/db|privileged", 40)
    same = check("checkov/CKV_K8S_16", 1, 20)
    merged = merge([ours, other, same, check("trivy/KSV-0017", 33, 44)])
    assert [[e.engine for e in one.evidence] for one in merged.findings] == [
        ["checkov", "infrastructure"],
        ["infrastructure", "trivy"],
    ]
    assert merged.findings[0].related == ()  # the whole resource is no further place
    assert merged.findings[0].severity is Severity.HIGH


def test_another_class_another_resource_or_another_file_stays_apart() -> None:
    ours = privileged("Deployment/web|privileged", 12)
    apart = [
        check("checkov/CKV_K8S_19", 1, 20),
        check("checkov/CKV_K8S_16", 21, 30),
        check("checkov/CKV_K8S_16", 1, 20, uri="other.yaml"),
    ]
    assert len(merge([ours, *apart]).findings) == 4


def test_tools_that_agree_without_us_are_one_finding() -> None:
    both = [check("checkov/CKV_K8S_16", 1, 20), check("trivy/KSV-0017", 5, 9)]
    assert len(merge(both).findings) == 1
    assert len(merge([*both, check("checkov/CKV_K8S_16", 30, 40)]).findings) == 2


def test_what_is_said_of_a_file_as_a_whole_is_one_wherever_it_is_pointed_at() -> None:
    rule = "infrastructure/docker/user-missing"
    ours = finding(
        rule, engine="infrastructure", uri="Dockerfile", line=1, identity="USER|x", cwe=("CWE-250",)
    )
    assert len(merge([ours, check("trivy/DS-0002", 9, 9, uri="Dockerfile")]).findings) == 1


def test_every_class_of_the_table_is_a_rule_of_ours() -> None:
    known = {rule.id for rule in builtin_rules()}
    named = {one for check in known_checks() for one in classes_of(check)}
    assert named <= known
    assert not [one for one in known_checks() if "/" not in one or one.partition("/")[0] not in TOOLS]


def test_a_finding_reported_twice_is_a_recorded_drop() -> None:
    merged = merge([finding(), finding()])
    assert len(merged.findings) == 1
    assert [drop.reason for drop in merged.drops] == ["reported twice by the same engine"]


def test_an_unknown_severity_takes_the_highest_that_others_gave() -> None:
    ours = finding(severity=Severity.UNKNOWN)
    tool = finding("tool/x", engine="tool", severity=Severity.CRITICAL)
    assert merge([ours, tool]).findings[0].severity is Severity.CRITICAL


engines = st.sampled_from(["code", "bandit", "semgrep", "secrets", "osv", "trivy", "infrastructure"])


@st.composite
def declared(draw: st.DrawFn, name: str, uri: str, line: int, columns: tuple[int, int]) -> Finding:
    """A finding about a resource: of ours with its class and identity, or a tool's check that is one of these classes, or unknown."""
    if name in ("code", "secrets", "infrastructure"):
        rule = draw(
            st.sampled_from(["infrastructure/docker/runs-as-root", "infrastructure/kubernetes/privileged"])
        )
        identity = rule + draw(st.sampled_from(["|a", "|b"]))
        return finding(rule, uri, line, columns, engine="infrastructure", identity=identity, cwe=("CWE-250",))
    check = draw(st.sampled_from(["checkov/CKV_DOCKER_8", "trivy/DS-0002", "trivy/KSV-0017", "kics/unknown"]))
    end_line = line + draw(st.integers(0, 3))
    where = columns if end_line == line else (1, 1)
    cwe = draw(st.sampled_from([(), ("CWE-250",)]))
    return finding(check, uri, line, where, end_line, engine=name, cwe=cwe)


@st.composite
def raw_findings(draw: st.DrawFn, engine: st.SearchStrategy[str] = engines) -> Finding:
    name = draw(engine)
    kind = draw(st.sampled_from(["code", "code", "secret", "package", "resource"]))
    line = draw(st.integers(1, 4))
    start = draw(st.integers(1, 5))
    columns = (start, start + draw(st.integers(1, 6)))
    own = name in ("code", "secrets", "infrastructure")
    uri = draw(st.sampled_from(["a.py", "b.py"]))
    if kind == "secret":
        rule = "secrets/token" if own else f"{name}/secret"
        identity = draw(st.sampled_from(["k:1", "k:2"]))
        return finding(rule, uri, line, columns, engine=name, identity=identity, cwe=("CWE-798",))
    if kind == "package":
        aliases = tuple(
            draw(st.lists(st.sampled_from(["CVE-1", "CVE-2", "GHSA-3"]), max_size=2, unique=True))
        )
        rule = "dependencies/vulnerable" if own else f"{name}/vulnerable"
        return finding(rule, uri, line, columns, engine=name, purl="pkg:pypi/x@1", aliases=aliases, cwe=())
    if kind == "resource":
        return draw(declared(name, uri, line, columns))
    rule = draw(st.sampled_from(["x", "y"]))
    end_line = line + draw(st.integers(0, 2))
    cwe = draw(st.sampled_from([("CWE-89",), ("CWE-943",), ("CWE-78",), ("CWE-259",), ()]))
    return finding(
        f"code/{rule}" if own else f"{name}/{rule}",
        uri,
        line,
        columns if end_line == line else (columns[0], 90),
        end_line,
        engine=name,
        cwe=cwe,
        severity=draw(st.sampled_from(list(Severity))),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(raw_findings(), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(raw: list[Finding], chance: random.Random) -> None:
    shuffled = list(raw)
    chance.shuffle(shuffled)
    assert merge(raw) == merge(shuffled)


@settings(max_examples=150, deadline=None)
@given(st.lists(raw_findings(), max_size=12))
def test_nothing_is_lost(raw: list[Finding]) -> None:
    merged = merge(raw)
    assert len(merged.joined) + len(merged.drops) == len(raw)
    assert {joined.raw for joined in merged.joined} | {drop.raw for drop in merged.drops} == set(raw)
    assert {joined.into for joined in merged.joined} == set(range(len(merged.findings)))
    for joined in merged.joined:
        one = merged.findings[joined.into]
        places = [one.location, *one.related]
        lines = {(place.uri, place.region.start_line) for place in places}
        here = (joined.raw.location.uri, joined.raw.location.region.start_line)
        assert here in lines or covers(joined.raw.location, one)
        assert any(e.rule_id == joined.raw.rule_id and e.engine == joined.raw.engine for e in one.evidence)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(raw_findings(), max_size=10),
    st.lists(raw_findings(st.just("newtool")), max_size=5),
)
def test_another_tool_never_raises_the_count_of_what_was_found(
    raw: list[Finding], more: list[Finding]
) -> None:
    before = merge(raw)
    after = merge([*raw, *more])
    known = set(raw)
    holding_old = {joined.into for joined in after.joined if joined.raw in known}
    assert len(holding_old) <= len(before.findings)


def test_own_rules_are_known_by_their_domain() -> None:
    assert is_own(finding())
    assert not is_own(replace(finding(), rule_id="bandit/B608"))


def test_what_became_of_every_raw_finding_is_told() -> None:
    told = explain(merge([finding(), finding(), finding("bandit/B608", engine="bandit")]))
    assert told == (
        "app/db.py:3 code/python/sql-injection: 2 raw (the same lines and weakness)\n"
        "  code code/python/sql-injection app/db.py:3\n"
        "  bandit bandit/B608 app/db.py:3\n"
        "dropped app/db.py:3 code/python/sql-injection of code: reported twice by the same engine\n"
        "3 raw findings, 1 after merging, 1 dropped\n"
        "  bandit: 1 raw, 1 findings with others, 0 alone, 0 dropped\n"
        "  code: 2 raw, 1 findings with others, 0 alone, 1 dropped\n"
    )
