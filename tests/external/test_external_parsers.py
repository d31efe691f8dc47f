"""Every adapter reads what its program really printed: recordings of runs over files of our own, version and date in their names."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.model.finding import Finding
from assay.model.severity import Severity, severity_of_word
from assay.scan.engines.external import cyclonedx_file, gitlab_file
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.sarif import Reading, plain_uri, read
from assay.scan.engines.external.text import region, salvaged
from assay.scan.engines.external.tool import Tool
from assay.secrets.redact import identity_of

RECORDED = Path(__file__).parent / "recorded"
TOKEN = "ghp_" + hashlib.sha256(b"recorded").hexdigest()[:36]
URIS = (
    "app/db.py",
    "app/broken.py",
    "Dockerfile",
    ".github/workflows/ci.yml",
    "tok.txt",
    "main.tf",
    "requirements.txt",
    "app.js",
)
DEEP = {"zizmor", "njsscan"}
MIRROR = Mirror("/tmp/mirror", URIS)
ARRAYS = ["bandit", "checkov", "gitleaks", "hadolint", "kingfisher", "njsscan", "osv-scanner", "ruff", "semgrep", "trivy", "zizmor"]  # fmt: skip


def tool(name: str) -> Tool:
    found: Tool = import_module(f"assay.scan.engines.external.{name.replace('-', '_')}").TOOL
    return found


def recording(name: str) -> bytes:
    (path,) = RECORDED.glob(f"{name}-*")
    return path.read_bytes().replace(b"@TOKEN@", TOKEN.encode())


def parsed(name: str) -> Parsed:
    document, whole = salvaged(recording(name), tool(name).array)
    assert whole
    return tool(name).parse(document, MIRROR)


def brief(one: Finding) -> tuple[str, int, str, Severity]:
    return one.location.uri, one.location.region.start_line, one.rule_id, one.severity


def test_bandit() -> None:
    report = parsed("bandit")
    assert [brief(one) for one in report.findings] == [
        ("app/db.py", 1, "bandit/B404", Severity.LOW),
        ("app/db.py", 3, "bandit/B105", Severity.LOW),
        ("app/db.py", 5, "bandit/B608", Severity.MEDIUM),
        ("app/db.py", 7, "bandit/B602", Severity.HIGH),
    ]
    assert report.unread == (("app/broken.py", "syntax-error"),)
    assert report.findings[2].cwe == ("CWE-89",)
    assert [(e.engine, e.rule_id, e.severity) for e in report.findings[3].evidence] == [
        ("bandit", "B602", "HIGH")
    ]
    assert "opensesame1" not in repr(report)


def test_hadolint() -> None:
    codes = [(one.rule_id, one.severity) for one in parsed("hadolint").findings]
    assert ("hadolint/DL3006", Severity.MEDIUM) in codes
    assert ("hadolint/DL3015", Severity.LOW) in codes
    assert len(codes) == 7


def test_zizmor_keeps_its_own_severity() -> None:
    found = {one.rule_id: one for one in parsed("zizmor").findings}
    assert found.keys() == {"zizmor/template-injection", "zizmor/unpinned-uses"}
    injection = found["zizmor/template-injection"]
    assert (injection.severity, injection.evidence[0].severity) == (Severity.HIGH, "High")
    assert injection.location.region.start_line == 8


@pytest.mark.parametrize("name", ["gitleaks", "kingfisher"])
def test_no_secret_tool_tells_the_secret(name: str) -> None:
    (one,) = parsed(name).findings
    assert one.identity == identity_of(TOKEN.encode())
    assert TOKEN[5:] not in repr(one)
    assert one.location.uri == "tok.txt"


@pytest.mark.parametrize("name", ARRAYS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_cut_output_never_raises_and_keeps_whole_entries(name: str, data: st.DataObject) -> None:
    text = recording(name)
    cut = text[: data.draw(st.integers(0, len(text)))]
    document, _ = salvaged(cut, tool(name).array)
    everything = {one.rule_id for one in parsed(name).findings}
    if (
        document is not None and name not in DEEP
    ):  # results that lie deeper are lost with the cut, and that is said
        assert {one.rule_id for one in tool(name).parse(document, MIRROR).findings} <= everything


def test_cut_output_is_salvaged() -> None:
    text = recording("hadolint")
    document, whole = salvaged(text[: len(text) // 2], "")
    assert not whole
    assert 0 < len(document) < 7


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "runs",
                    "tool",
                    "driver",
                    "rules",
                    "locations",
                    "ruleId",
                    "message",
                    "text",
                    "level",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(document=_JSON)
def test_anything_that_is_no_sarif_is_a_value_error(document: Any) -> None:
    try:
        read(document, Reading(plain_uri))
    except ValueError:
        pass


@settings(max_examples=100, deadline=None)
@given(*(st.one_of(st.none(), st.integers(-5, 9), st.text(max_size=2), st.booleans()) for _ in range(4)))
def test_a_region_is_always_one(line: object, column: object, end_line: object, end_column: object) -> None:
    region(line, column, end_line, end_column)


@pytest.mark.parametrize(
    "path",
    ["app/db.py", "./app/db.py", "/app/db.py", "/tmp/mirror/app/db.py", "file:///tmp/mirror/app/db.py", "/tmp/mirror/tmp/mirror/app/db.py"],
)  # fmt: skip
def test_every_way_to_name_a_file_is_its_uri(path: str) -> None:
    assert MIRROR.uri_of(path) == "app/db.py"


def test_a_file_of_nobody_has_no_uri() -> None:
    assert MIRROR.uri_of("/etc/passwd") == ""


def test_every_severity_word_of_a_recording_is_on_our_scale() -> None:
    for name in ARRAYS:
        for one in parsed(name).findings:
            severity_of_word(one.evidence[0].severity)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.fixed_dictionaries(
        {},
        optional={
            "vulnerabilities": st.lists(
                st.dictionaries(
                    st.sampled_from(["location", "identifiers", "affects", "ratings", "analysis", "id", "name", "severity"]), _JSON
                ),
                max_size=3,
            ),
            "components": _JSON, "metadata": _JSON, "scan": _JSON,
        },
    )
)  # fmt: skip
def test_no_broken_report_raises(parts: dict[str, Any]) -> None:
    cyclonedx_file.read({"bomFormat": "CycloneDX", **parts}, "bom.json")
    gitlab_file.read(parts, plain_uri)


def test_gitlab_reports_name_flaws_and_packages() -> None:
    place = {"file": "uv.lock", "dependency": {"package": {"name": "Urllib3"}, "version": "1.26.15"}}
    ids = [{"type": "cve", "name": "CVE-2023-43804", "value": "CVE-2023-43804"}]
    code = {
        "name": "query", "description": "a query of text", "severity": "High", "location": {"file": "app/db.py", "start_line": 5},
        "identifiers": [{"type": "semgrep_id", "value": "sqli"}, {"type": "cwe", "value": "89"}],
    }  # fmt: skip
    entries = [
        {"name": "cookies", "severity": "Medium", "location": place, "identifiers": ids},
        code,
        {"location": {}},
    ]
    report = gitlab_file.read(
        {"scan": {"scanner": {"name": "Some Tool"}}, "vulnerabilities": entries}, plain_uri
    )
    package, flaw = report.findings
    assert package.component is not None
    assert (package.component.purl, package.aliases) == ("pkg:pypi/urllib3@1.26.15", ("CVE-2023-43804",))
    assert (*brief(flaw), flaw.cwe) == ("app/db.py", 5, "some-tool/sqli", Severity.HIGH, ("CWE-89",))
    assert report.lost == 1


def test_gitlab_code_quality() -> None:
    entry = {
        "check_name": "eval",
        "description": "eval is used",
        "severity": "major",
        "location": {"path": "app.js", "lines": {"begin": 3}},
    }
    assert gitlab_file.is_report([entry])
    (one,) = gitlab_file.read([entry], plain_uri).findings
    assert brief(one) == ("app.js", 3, "code-quality/eval", Severity.HIGH)


def test_cyclonedx_and_what_its_author_has_settled() -> None:
    document = {
        "bomFormat": "CycloneDX",
        "metadata": {"tools": {"components": [{"name": "Grype"}]}},
        "components": [{"bom-ref": "a", "purl": "pkg:pypi/urllib3@1.26.15"}],
        "vulnerabilities": [
            {"id": "CVE-2023-43804", "references": [{"id": "GHSA-v845-jxx5-vc9f"}], "ratings": [{"severity": "low"}, {"score": 8.1}], "affects": [{"ref": "a"}]},
            {"id": "CVE-2024-1", "affects": [{"ref": "a"}], "analysis": {"state": "not_affected", "detail": "that part is not called"}},
            {"id": "CVE-2024-2", "affects": [{"ref": "a"}], "analysis": {"state": "not_affected"}},
            {"id": "CVE-2024-3", "affects": [{"ref": "unknown"}]},
        ],
    }  # fmt: skip
    report = cyclonedx_file.read(document, "bom.json")
    assert [(one.rule_id, one.severity, one.aliases) for one in report.findings] == [
        ("grype/known-vulnerability", Severity.HIGH, ("CVE-2023-43804", "GHSA-v845-jxx5-vc9f")),
        ("grype/known-vulnerability", Severity.UNKNOWN, ("CVE-2024-2",)),
    ]
    assert [why for _, why in report.suppressed] == [
        "not affected: that part is not called in grype's report"
    ]
    assert report.lost == 1


SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "Code QL",
                    "rules": [
                        {
                            "id": "py/sql",
                            "shortDescription": {"text": "SQL"},
                            "help": {"text": "bind it"},
                            "properties": {"security-severity": "9.1", "tags": ["external/cwe/cwe-089"]},
                        }
                    ],
                }
            },
            "results": [
                {
                    "ruleIndex": 0,
                    "message": {"text": "this query"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "app/db.py"},
                                "region": {"startLine": 5},
                            }
                        }
                    ],
                },
                {
                    "ruleId": "other",
                    "message": {"text": "let pass"},
                    "suppressions": [{"kind": "inSource", "justification": "known"}],
                    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "../../x%20y.py"}}}],
                },
                {"ruleId": "fine", "kind": "pass", "message": {"text": "in order"}},
                {"ruleId": "nowhere", "message": {"text": "no place"}},
            ],
        }
    ],
}


def test_sarif_results_suppressions_and_what_is_in_order() -> None:
    report = read(json.loads(json.dumps(SARIF)), Reading(plain_uri))
    (one,) = report.findings
    assert (one.rule_id, one.severity, one.cwe) == ("code-ql/py/sql", Severity.CRITICAL, ("CWE-89",))
    assert one.remediation == "bind it"
    ((suppressed, why),) = report.suppressed
    assert suppressed.location.uri == "x y.py"
    assert "known" in why
    assert report.lost == 1


def test_checkov() -> None:
    found = parsed("checkov").findings
    assert ("Dockerfile", 1, "checkov/CKV_DOCKER_7", Severity.UNKNOWN) in [brief(one) for one in found]
    assert {one.location.uri for one in found} == {"Dockerfile", "main.tf"}


def test_semgrep() -> None:
    (one,) = parsed("semgrep").findings
    assert brief(one) == ("app/db.py", 7, "semgrep/shell-true", Severity.HIGH)
    assert one.cwe == ("CWE-78",)


def test_trivy() -> None:
    report = parsed("trivy")
    codes = {(one.location.uri, one.rule_id, one.severity) for one in report.findings}
    assert ("Dockerfile", "trivy/DS-0002", Severity.HIGH) in codes
    assert ("main.tf", "trivy/AWS-0092", Severity.HIGH) in codes
    assert len(codes) == 14
    public = next(one for one in report.findings if one.rule_id == "trivy/AWS-0092")
    assert public.location.region.start_line == 3


def test_trivy_packages_merge_with_ours_by_package_and_advisory() -> None:
    """Written by the format's description, not recorded: the database that the program needs for it was not at hand."""
    entry = {
        "VulnerabilityID": "CVE-2023-43804", "VendorIDs": ["GHSA-v845-jxx5-vc9f"], "PkgName": "urllib3",
        "PkgIdentifier": {"PURL": "pkg:pypi/urllib3@1.26.15"}, "InstalledVersion": "1.26.15", "FixedVersion": "1.26.17",
        "Severity": "HIGH", "Title": "cookies are sent on",
    }  # fmt: skip
    document = {"Results": [{"Target": "requirements.txt", "Class": "lang-pkgs", "Vulnerabilities": [entry]}]}
    (one,) = tool("trivy").parse(document, MIRROR).findings
    assert one.component is not None
    assert one.component.purl == "pkg:pypi/urllib3@1.26.15"
    assert one.aliases == ("CVE-2023-43804", "GHSA-v845-jxx5-vc9f")
    assert one.remediation == "Upgrade urllib3 to 1.26.17."


def test_a_target_of_no_file_is_counted_and_not_guessed() -> None:
    document = {
        "Results": [
            {"Target": "", "Misconfigurations": [{"ID": "GCP-0078", "Title": "x", "Severity": "LOW"}]}
        ]
    }
    assert tool("trivy").parse(document, MIRROR).lost == 1


def test_osv_scanner() -> None:
    found = parsed("osv-scanner").findings
    by_alias = {alias: one for one in found for alias in one.aliases}
    one = by_alias["CVE-2023-43804"]
    assert one.component is not None
    assert (one.component.purl, one.severity) == ("pkg:pypi/urllib3@1.26.15", Severity.HIGH)
    assert by_alias["CVE-2017-18342"].severity is Severity.UNKNOWN
    assert {one.location.uri for one in found} == {"requirements.txt"}


def test_ruff() -> None:
    found = {one.rule_id: one for one in parsed("ruff").findings}
    assert found["ruff/S602"].cwe == ("CWE-78",)
    assert found["ruff/S608"].cwe == ("CWE-89",)
    assert {one.severity for one in found.values()} == {Severity.UNKNOWN}  # it calls every rule an error


def test_njsscan() -> None:
    found = {one.rule_id: one for one in parsed("njsscan").findings}
    command = found["njsscan/generic_os_command_exec"]
    assert (command.location.region.start_line, command.cwe) == (5, ("CWE-78",))
    assert found["njsscan/express_open_redirect"].severity is Severity.HIGH
