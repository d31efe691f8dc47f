"""The three engines: every rule on its own examples, canaries, the demo, notes about what was not looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.model.rule import Rule
from assay.model.scan import FileStatus
from assay.rules.load import PACK, load_folder
from assay.scan.engines.canary import look_at_texts, verify
from assay.scan.engines.examples import check_rule
from assay.scan.engines.licences import LicencesEngine
from assay.scan.engines.package_names import PackageNamesEngine
from assay.scan.engines.protocol import Look
from assay.scan.engines.vulnerabilities import VulnerabilitiesEngine

RULES = load_folder(PACK / "dependencies", "dependencies/")
ENGINES = {
    "vulnerabilities": VulnerabilitiesEngine,
    "package_names": PackageNamesEngine,
    "licences": LicencesEngine,
}
DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture(autouse=True)
def _no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path))


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_examples(rule: Rule) -> None:
    assert check_rule(rule, ENGINES[rule.engine]()) == []


@pytest.mark.parametrize("name", ENGINES)
def test_canaries(name: str) -> None:
    assert verify(ENGINES[name]()) == ""


def looks(engine: str, **files: str) -> list[Look]:
    texts = {name.replace("__", "/").replace("_dot_", "."): text.encode() for name, text in files.items()}
    return look_at_texts(ENGINES[engine](), texts)


def demo_files() -> dict[str, bytes]:
    return {
        path.relative_to(DEMO).as_posix(): path.read_bytes() for path in DEMO.rglob("*") if path.is_file()
    }


@pytest.mark.skipif(not DEMO.is_dir(), reason="the demo project is not part of the sdist")
def test_the_demo_yields_the_deep_flaw_the_invented_and_the_imitated_package() -> None:
    found = [
        finding for look in look_at_texts(VulnerabilitiesEngine(), demo_files()) for finding in look.findings
    ]
    deep = next(finding for finding in found if "CVE-2023-43804" in finding.aliases)
    assert "boto3 > botocore > urllib3" in deep.message
    assert "depth 3" in deep.why
    names = [
        finding for look in look_at_texts(PackageNamesEngine(), demo_files()) for finding in look.findings
    ]
    by_rule = {finding.rule_id: finding.message for finding in names}
    assert "fastapi-session-guardian" in by_rule["dependencies/names/nonexistent-package"]
    assert any(
        finding.rule_id == "dependencies/names/lookalike-package" and "reqeusts" in finding.message
        for finding in names
    )


def test_a_broken_manifest_is_failed_with_its_reason_and_others_are_scanned() -> None:
    found = {
        look.uri: look
        for look in looks(
            "vulnerabilities",
            package_dash_lock_dot_json="x",
            requirements_dot_txt="urllib3==1.26.15\n",
            uv_dot_lock="<<<<<<< HEAD\n",
        )
    }
    assert found["uv.lock"].status is FileStatus.FAILED
    assert "merge conflict" in found["uv.lock"].notifications[0].message
    assert found["requirements.txt"].findings


def test_the_starter_set_says_what_it_is() -> None:
    messages = [
        note.message
        for look in looks("vulnerabilities", requirements_dot_txt="flask==3.1.0\n")
        for note in look.notifications
    ]
    assert any("starter set" in message and "db update" in message for message in messages)


def test_unknown_names_are_said() -> None:
    (look,) = looks("package_names", requirements_dot_txt="surely-no-such-package-anywhere==1.0\n")
    assert look.findings == ()
    assert "surely-no-such-package-anywhere" in look.notifications[0].message


def test_a_mute_by_vex_is_said_with_its_reason() -> None:
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "statements": [
            {
                "vulnerability": {"name": "CVE-2023-43804"},
                "products": [{"@id": "pkg:pypi/urllib3@1.26.15"}],
                "status": "not_affected",
                "impact_statement": "no redirects are followed",
            }
        ],
    }
    found = looks(
        "vulnerabilities", requirements_dot_txt="urllib3==1.26.15\n", triage_dot_vex_dot_json=json.dumps(vex)
    )
    assert not any("CVE-2023-43804" in finding.aliases for look in found for finding in look.findings)
    assert any("no redirects are followed" in note.message for look in found for note in look.notifications)


def test_a_broken_policy_is_failed_and_the_default_one_holds() -> None:
    found = {
        look.uri: look
        for look in looks(
            "licences",
            _dot_assay__dependencies_dot_yaml="licences: {nonsense: 1}\n",
            requirements_dot_txt="flask==3.1.0\n",
        )
    }
    assert found[".assay/dependencies.yaml"].status is FileStatus.FAILED


def test_every_wanted_file_has_one_look() -> None:
    files = {
        "requirements.txt": b"flask==3.1.0\n",
        "app.py": b"import flask\n",
        "go.mod": b"junk here\n",
        "x.json": b"{}",
    }
    for name, engine in ENGINES.items():
        seen = [look.uri for look in look_at_texts(engine(), files)]
        assert len(seen) == len(set(seen)), name
        assert "requirements.txt" in seen


@pytest.mark.parametrize("demand", ["require-full: true", "max-age-days: 1"])
def test_a_policy_can_demand_a_full_and_fresh_store(demand: str) -> None:
    policy = f"advisories: {{{demand}}}\n"
    found = {
        look.uri: look
        for look in looks(
            "vulnerabilities", _dot_assay__dependencies_dot_yaml=policy, requirements_dot_txt="flask==3.1.0\n"
        )
    }
    assert found["requirements.txt"].status is FileStatus.PARTIAL
    assert found["requirements.txt"].reason in {"only-the-starter-set", "advisory-store-too-old"}
