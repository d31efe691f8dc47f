"""Matching, merging of aliases, upgrades, reach, VEX, and what a finding says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assay.dependencies.advisories.match import Match, match_components
from assay.dependencies.advisories.store import Builder, Store
from assay.dependencies.document import ManifestError
from assay.dependencies.imports import imports_of
from assay.dependencies.manifests.registry import read_manifest
from assay.dependencies.purl import make_purl
from assay.dependencies.reach import Reach, reach_of
from assay.dependencies.survey import take_survey
from assay.dependencies.upgrade import command_for, edit_for, least_upgrade
from assay.dependencies.vex import draft, muting, read_vex, weaknesses
from assay.dependencies.vulnerability_findings import judge
from assay.model.component import Component, Origin, Scope
from assay.model.finding import VerificationState
from assay.model.severity import Confidence, Severity

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def osv(
    name: str, package: str, *spans: tuple[str, str], ecosystem: str = "PyPI", **more: Any
) -> dict[str, Any]:
    events = [
        event
        for low, high in spans
        for event in ([{"introduced": low}, {"fixed": high}] if high else [{"introduced": low}])
    ]
    return {
        "id": name,
        "modified": "2026-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
        **more,
    }


def store(
    tmp_path: Path, *records: dict[str, Any], kev: list[tuple[str, str, bool, str]] | None = None
) -> Store:
    builder = Builder(tmp_path / "s.sqlite")
    builder.replace_source("test", records)
    builder.replace_kev(kev or [])
    builder.replace_epss([("CVE-1", 0.42, 0.9)])
    builder.finish()
    return Store(tmp_path / "s.sqlite")


def component(name: str, version: str, ecosystem: str = "PyPI", **more: Any) -> Component:
    return Component(make_purl(ecosystem, name, version), name, ecosystem, version, **more)


def test_aliases_are_one_flaw_even_through_a_third(tmp_path: Path) -> None:
    source = store(
        tmp_path,
        osv(
            "PYSEC-1",
            "thing",
            ("0", "2.0"),
            aliases=["CVE-1"],
            severity=[{"type": "CVSS_V3", "score": VECTOR}],
        ),
        osv("GHSA-1", "thing", ("0", "2.0"), aliases=["CVE-1"]),
        osv("OTHER-1", "thing", ("0", "2.0"), aliases=["GHSA-1"]),
        osv("CVE-2", "thing", ("0", "3.0")),
        kev=[("CVE-1", "2026-01-05", True, "Thing")],
    )
    found = match_components([component("Thing", "1.0")], source)
    source.close()
    assert [(match.id, match.severity) for match in found] == [
        ("CVE-2", Severity.UNKNOWN),
        ("CVE-1", Severity.CRITICAL),
    ] or [(match.id, match.severity) for match in found] == [
        ("CVE-1", Severity.CRITICAL),
        ("CVE-2", Severity.UNKNOWN),
    ]
    one = next(match for match in found if match.id == "CVE-1")
    assert set(one.aliases) == {"GHSA-1", "PYSEC-1", "OTHER-1"}
    assert (one.kev, one.ransomware, one.epss) == ("2026-01-05", True, 0.42)


def test_withdrawn_and_foreign_origins_do_not_match(tmp_path: Path) -> None:
    source = store(
        tmp_path,
        osv("A-1", "thing", ("0", "2.0"), withdrawn="2026-01-01T00:00:00Z"),
        osv("A-2", "other", ("0", "2.0")),
    )
    for origin in (Origin.VCS, Origin.PATH, Origin.WORKSPACE, Origin.URL):
        assert match_components([component("other", "1.0", origin=origin)], source) == []
    assert match_components([component("thing", "1.0"), component("other", "")], source) == []
    assert len(match_components([component("other", "1.0")], source)) == 1
    source.close()


def test_go_versions_match_without_the_v(tmp_path: Path) -> None:
    source = store(tmp_path, osv("GO-1", "example.org/m", ("0", "1.5.0"), ecosystem="Go"))
    assert match_components([component("example.org/m", "v1.4.0+incompatible", "Go")], source)
    assert not match_components([component("example.org/m", "v1.5.0", "Go")], source)
    source.close()


def test_the_least_upgrade_ends_all_flaws_without_a_major_step(tmp_path: Path) -> None:
    source = store(
        tmp_path,
        osv("A-1", "thing", ("0", "1.3"), ("2.0", "2.1")),
        osv("A-2", "thing", ("0", "1.5"), ("2.0", "2.2")),
        osv("A-3", "major", ("0", "2.0")),
        osv("A-4", "never", ("0", "")),
        osv("A-5", "pre", ("0", "1.1rc1")),
        osv("A-6", "half", ("0", "1.5")),
        osv("A-7", "half", ("0", "")),
    )
    assert least_upgrade(component("thing", "1.0"), source).version == "1.5"
    assert least_upgrade(component("thing", "2.0"), source).version == "2.2"
    step = least_upgrade(component("major", "1.0"), source)
    assert (step.version, step.major) == ("2.0", True)
    assert least_upgrade(component("never", "1.0"), source).version == ""
    assert least_upgrade(component("pre", "1.0"), source).version == ""
    half = least_upgrade(component("half", "1.0"), source)
    assert (half.version, half.remaining) == ("1.5", 1)
    source.close()


def test_commands_are_those_of_the_project_and_quoted() -> None:
    urllib3 = component("urllib3", "1.0")
    assert command_for(urllib3, "1.1", "uv.lock", "uv.lock") == "uv lock --upgrade-package urllib3==1.1"
    assert (
        command_for(urllib3, "1.1", "uv.lock", "a b/uv.lock")
        == "cd 'a b' && uv lock --upgrade-package urllib3==1.1"
    )
    nested = (component("a", "1", "npm"), component("b", "1", "npm"))
    assert "overrides.b=1.2.0" in command_for(
        nested[1], "1.2.0", "package-lock.json", "package-lock.json", nested
    )
    evil = component("x; rm -rf /", "1", "npm")
    assert "'x; rm -rf /@2'" in command_for(evil, "2", "package.json", "package.json")
    assert command_for(urllib3, "1.1", "setup.cfg", "setup.cfg") == ""


def a_match(**more: Any) -> Match:
    facts: dict[str, Any] = {
        "component": component("thing", "1.0", direct=True), "id": "CVE-1", "aliases": (), "severity": Severity.HIGH, "score": 7.5, "vector": VECTOR,
        "summary": "", "cwes": (), "fixed": ("2.0",), "malicious": False, "informational": "", "kev": "", "ransomware": False, "epss": None, "symbols": (),
        "modules": (), "published": "", "advisories": ("CVE-1",),
    }  # fmt: skip
    return Match(**(facts | more))


def test_reach_has_three_answers() -> None:
    source = "import thing\nthing.load(x)\n"
    imports = tuple(imports_of("app.py", source, "python"))
    words = {"app.py": frozenset({"import", "thing", "load"})}
    assert reach_of(a_match(), imports, words, required_by_others=False).reach is Reach.REACHABLE
    assert (
        reach_of(a_match(symbols=("thing.load",)), imports, words, required_by_others=False).reach
        is Reach.REACHABLE
    )
    assert (
        reach_of(a_match(symbols=("thing.dump",)), imports, words, required_by_others=False).reach
        is Reach.UNREACHABLE
    )
    assert (
        reach_of(a_match(symbols=("thing.dump",)), imports, words, required_by_others=True).reach
        is Reach.UNDETERMINED
    )
    assert reach_of(a_match(), (), {}, required_by_others=False).reach is Reach.UNDETERMINED
    tests_only = tuple(imports_of("tests/test_app.py", source, "python"))
    assert reach_of(a_match(), tests_only, words, required_by_others=False).reach is Reach.UNDETERMINED
    star = tuple(imports_of("app.py", "from thing import *\n", "python"))
    assert (
        reach_of(a_match(symbols=("thing.dump",)), star, words, required_by_others=False).reach
        is not Reach.REACHABLE
    )


LOCK = """\
version = 1
[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "top" }]
[[package]]
name = "top"
version = "1.0"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "thing" }]
[[package]]
name = "thing"
version = "1.0"
source = { registry = "https://index.example/simple" }
"""


def test_a_finding_says_what_a_reader_needs(tmp_path: Path) -> None:
    source = store(
        tmp_path,
        osv(
            "CVE-1",
            "thing",
            ("0", "1.4"),
            aliases=["GHSA-1"],
            severity=[{"type": "CVSS_V3", "score": VECTOR}],
        ),
        kev=[("CVE-1", "2026-01-05", False, "T")],
    )
    survey = take_survey(
        [("uv.lock", LOCK.encode(), ""), ("app.py", b"import thing\n", "python")], lambda _: None
    )
    judged = judge(survey.inventory, source, survey.sources, ())
    source.close()
    (finding,) = judged.findings
    assert finding.message == "thing 1.0: CVE-1 known vulnerability, through top > thing"
    assert finding.severity is Severity.CRITICAL
    assert finding.confidence is Confidence.HIGH
    assert finding.aliases == ("CVE-1", "GHSA-1")
    assert "depth 2: top 1.0 > thing 1.0" in finding.why
    assert "reachable: imported in app.py:1" in finding.why
    assert "exploited since 2026-01-05" in finding.why
    assert "EPSS 42.0%" in finding.why
    assert finding.verification.state is VerificationState.CORROBORATED
    assert finding.fixes[0].command == "uv lock --upgrade-package thing==1.4"
    assert finding.component is not None
    assert finding.location.region.start_line == 13
    assert finding.identity == "pkg:pypi/thing@1.0 CVE-1"


def test_a_major_step_is_planned_with_effort(tmp_path: Path) -> None:
    source = store(
        tmp_path, osv("CVE-1", "thing", ("0", "1.4"), ("1.4", "2.0")), osv("CVE-2", "thing", ("0", "1.2"))
    )
    survey = take_survey([("requirements.txt", b"thing==1.0\n", "")], lambda _: None)
    findings = {
        finding.aliases[0]: finding for finding in judge(survey.inventory, source, survey.sources).findings
    }
    source.close()
    assert "Only a major step" in findings["CVE-2"].remediation
    assert "P3" in findings["CVE-2"].remediation
    assert "Until then 1.2 ends this one" in findings["CVE-2"].remediation


OPENVEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "statements": [
        {
            "vulnerability": {"name": "CVE-1"},
            "products": [{"@id": "pkg:pypi/thing@1.0"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        },
        {
            "vulnerability": {"name": "CVE-2"},
            "products": [{"@id": "pkg:pypi/thing"}],
            "status": "not_affected",
        },
        {
            "vulnerability": {"name": "CVE-3"},
            "products": [{"@id": "pkg:pypi/thing@1.0"}],
            "status": "under_investigation",
        },
    ],
}


def test_vex_mutes_with_its_reason_and_not_without() -> None:
    statements = read_vex(json.dumps(OPENVEX), "x.vex.json")
    found = muting(a_match(), statements)
    assert found is not None
    assert found.reason == "vulnerable_code_not_in_execute_path"
    assert muting(a_match(id="CVE-2"), statements) is None
    assert muting(a_match(id="CVE-3"), statements) is None
    assert muting(a_match(component=component("thing", "1.1")), statements) is None
    assert muting(a_match(id="GHSA-9", aliases=("CVE-1",)), statements) is not None


def test_vex_in_cyclonedx_and_broken() -> None:
    document = {
        "bomFormat": "CycloneDX",
        "components": [{"bom-ref": "r", "purl": "pkg:pypi/thing@1.0"}],
        "vulnerabilities": [
            {
                "id": "CVE-1",
                "analysis": {"state": "false_positive", "detail": "checked by us"},
                "affects": [{"ref": "r"}],
            }
        ],
    }
    found = muting(a_match(), read_vex(json.dumps(document), "x.vex.cdx.json"))
    assert found is not None
    assert found.reason == "checked by us"
    for text in ("[]", "{}", "{", '{"bomFormat": 1}'):
        with pytest.raises(ManifestError):
            read_vex(text, "x")


def test_a_muted_match_is_kept_with_its_statement(tmp_path: Path) -> None:
    source = store(tmp_path, osv("CVE-1", "thing", ("0", "1.4")))
    survey = take_survey(
        [("requirements.txt", b"thing==1.0\n", ""), ("a.vex.json", json.dumps(OPENVEX).encode(), "")],
        lambda _: None,
    )
    judged = judge(survey.inventory, source, survey.sources, survey.statements)
    source.close()
    assert judged.findings == ()
    assert judged.muted[0].statement.reason


def test_drafts_never_claim_that_nothing_is_wrong(tmp_path: Path) -> None:
    document = draft([a_match()], "me", datetime(2026, 1, 1, tzinfo=UTC))
    assert [statement["status"] for statement in document["statements"]] == ["under_investigation"]
    assert read_vex(json.dumps(document), "x")
    source = store(tmp_path, osv("CVE-1", "thing", ("0", "1.4")))
    assert [weakness.state for weakness in weaknesses([component("thing", "1.0")], source)] == ["in_triage"]
    source.close()


def test_a_package_in_two_places_is_one_finding(tmp_path: Path) -> None:
    source = store(tmp_path, osv("CVE-1", "thing", ("0", "1.4")))
    survey = take_survey(
        [("a/requirements-dev.txt", b"thing==1.0\n", ""), ("b/requirements.txt", b"thing==1.0\n", "")],
        lambda _: None,
    )
    (finding,) = judge(survey.inventory, source, survey.sources).findings
    source.close()
    assert finding.location.uri == "b/requirements.txt"
    assert [place.uri for place in finding.related] == ["a/requirements-dev.txt"]
    assert finding.component is not None
    assert finding.component.scope is Scope.RUNTIME


def test_where_only_an_edit_helps_it_is_spelled_out() -> None:
    parsed = read_manifest("sub/requirements.txt", b"# pins\nurllib3==1.26.0\n").parsed
    component = parsed.components[0]
    assert (
        edit_for(component, "1.26.19", "requirements.txt")
        == "write urllib3==1.26.19 for it in sub/requirements.txt, line 2"
    )
    assert edit_for(component, "1.26.19", "uv.lock") == ""
    assert edit_for(component, "", "requirements.txt") == ""
