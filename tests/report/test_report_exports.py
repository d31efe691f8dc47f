"""The formats of others: each held to its schema's facts, and none shows a suppressed finding as active."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from report_sample import EMPTY, FINDINGS, RAW_SECRET, RESULT, SQL, many, ranked

from assay.model.scan import Priority, ScanResult
from assay.report import csv_report, cyclonedx, gitlab, junit, ocsf, registry, summary

SUPPRESSED = FINDINGS[4].triaged.fingerprint
SUPPRESSED_URI = FINDINGS[4].triaged.finding.location.uri

# Required parts of GitLab's report schemas 15.x, as facts.
TEXT = {"type": "string", "minLength": 1}
TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "version": TEXT,
        "vendor": {"type": "object", "required": ["name"]},
    },
}
UTC = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
DEPENDENCY = {
    "type": "object",
    "required": ["package", "version"],
    "properties": {"package": {"type": "object", "required": ["name"]}, "version": {"type": "string"}},
}
LOCATIONS: dict[str, dict[str, Any]] = {
    "sast": {"required": ["file"], "properties": {"start_line": {"type": "integer"}}},
    "secret_detection": {
        "required": ["commit", "file"],
        "properties": {"commit": {"required": ["sha"], "properties": {"sha": TEXT}}},
    },
    "dependency_scanning": {
        "required": ["file", "dependency"],
        "properties": {"file": TEXT, "dependency": DEPENDENCY},
    },
}


def gitlab_schema(kind: str) -> dict[str, Any]:
    vulnerability = {
        "type": "object",
        "required": ["id", "identifiers", "location"],
        "properties": {
            "id": TEXT,
            "name": {"type": "string", "maxLength": 255},
            "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
            "solution": {"type": "string", "maxLength": 7000},
            "identifiers": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "required": ["type", "name", "value"],
                    "properties": {
                        "type": TEXT,
                        "name": TEXT,
                        "value": TEXT,
                        "url": {"pattern": "^https?://.+"},
                    },
                },
            },
            "links": {
                "type": "array",
                "items": {"required": ["url"], "properties": {"url": {"pattern": "^https?://.+"}}},
            },
            "location": LOCATIONS[kind],
        },
    }
    scan = {
        "type": "object",
        "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
        "properties": {
            "analyzer": TOOL,
            "scanner": TOOL,
            "start_time": UTC,
            "end_time": UTC,
            "status": {"enum": ["success", "failure"]},
            "type": {"const": kind},
            "messages": {
                "items": {
                    "required": ["level", "value"],
                    "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT},
                }
            },
        },
    }
    files = {
        "items": {
            "required": ["path", "package_manager", "dependencies"],
            "properties": {"package_manager": TEXT, "dependencies": {"items": DEPENDENCY}},
        }
    }
    return {
        "type": "object",
        "required": ["scan", "version", "vulnerabilities", *(["dependency_files"] if kind == "dependency_scanning" else [])],
        "properties": {
            "version": {"pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
            "scan": scan,
            "vulnerabilities": {"type": "array", "items": vulnerability},
            "dependency_files": files,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "render", "count"),
    [
        ("sast", gitlab.render_sast, 2),
        ("secret_detection", gitlab.render_secrets, 1),
        ("dependency_scanning", gitlab.render_dependencies, 1),
    ],
)
def test_gitlab(kind: str, render: Callable[[ScanResult], bytes], count: int) -> None:
    for result, expected in ((RESULT, count), (EMPTY, 0)):
        document = json.loads(render(result))
        jsonschema.Draft7Validator(gitlab_schema(kind)).validate(document)
        assert len(document["vulnerabilities"]) == expected
        ids = [one["id"] for one in document["vulnerabilities"]]
        assert len(set(ids)) == len(ids)
        assert SUPPRESSED_URI not in json.dumps(document, ensure_ascii=False)
    shown = json.loads(render(RESULT))
    assert shown["scan"]["status"] == "failure"
    assert {"level": "warn", "value": "engine trivy missing: not on PATH"} in shown["scan"]["messages"]
    assert json.loads(render(EMPTY))["scan"]["status"] == "success"


def test_gitlab_ids_are_those_of_the_finding_not_of_the_run() -> None:
    later = replace(RESULT, started_at="2027-01-01T00:00:00Z", commit="ffff")
    ids = [
        [one["id"] for one in json.loads(gitlab.render_sast(result))["vulnerabilities"]]
        for result in (RESULT, later)
    ]
    assert ids[0] == ids[1]


def test_gitlab_code_quality() -> None:
    entries = json.loads(gitlab.render_quality(RESULT))
    assert len(entries) == 4
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["lines"]["begin"] >= 1
    assert SUPPRESSED not in {entry["fingerprint"] for entry in entries}
    assert json.loads(gitlab.render_quality(EMPTY)) == []


# OCSF: attributes of the objects that we write, required ones first (schema.ocsf.io 1.5.0).
OCSF: dict[str, tuple[set[str], set[str]]] = {
    "event": (
        {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid", "finding_info"},
        {"severity", "status_id", "status", "confidence_id", "confidence", "message", "vulnerabilities", "resources", "unmapped", "remediation", "compliance"},
    ),
    "metadata": ({"product", "version"}, {"uid"}),
    "finding_info": ({"uid"}, {"title", "desc", "types", "created_time"}),
    "vulnerability": (
        set(),
        {"title", "desc", "severity", "references", "is_fix_available", "remediation", "cve", "cwe", "advisory", "affected_packages", "affected_code"},
    ),
    "package": ({"name", "version"}, {"purl", "path"}),
    "code": ({"file"}, {"start_line", "end_line", "start_column", "end_column"}),
    "file": ({"name", "type_id"}, {"path"}),
}  # fmt: skip


def fits(kind: str, value: dict[str, Any]) -> None:
    required, optional = OCSF[kind]
    assert required <= set(value) <= required | optional, (kind, set(value))


def test_ocsf() -> None:
    events = [json.loads(line) for line in ocsf.render(RESULT).splitlines()]
    assert len(events) == 6
    for event in events:
        fits("event", event)
        fits("metadata", event["metadata"])
        fits("finding_info", event["finding_info"])
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["category_uid"] == 2
        assert event["time"] == 1795255200000
        for one in event["vulnerabilities"]:
            fits("vulnerability", one)
            assert len({"cve", "cwe", "advisory"} & set(one)) == 1
            for package in one.get("affected_packages", ()):
                fits("package", package)
            for code in one.get("affected_code", ()):
                fits("code", code)
                fits("file", code["file"])
        if event["class_uid"] == 2007:
            assert event["remediation"]["desc"]
    by_uid = {event["metadata"]["uid"]: event for event in events}
    assert by_uid["b" * 32]["class_uid"] == 2002
    assert by_uid["b" * 32]["vulnerabilities"][0]["cve"] == {"uid": "CVE-2019-10906"}
    assert (by_uid[SUPPRESSED]["activity_id"], by_uid[SUPPRESSED]["status"]) == (3, "Suppressed")
    assert by_uid["f" * 32]["status"] == "Resolved"
    assert by_uid["d" * 32]["severity_id"] == 0
    assert ocsf.render(EMPTY) == b""


def test_junit() -> None:
    root = ET.fromstring(junit.render(RESULT))
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"code", "secrets", "vulnerabilities", "trivy", "hadolint", "infrastructure"}
    for suite in root:
        cases = list(suite)
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(case.find(tag) is not None for case in cases))
    assert suites["trivy"].get("errors") == "1"
    skipped = suites["infrastructure"].find("testcase[2]/skipped")
    assert skipped is not None
    assert "pinned by the build" in (skipped.get("message") or "")
    assert root.findall(".//failure")
    assert len(root.findall(".//failure")) == 4


def test_junit_holds_no_character_that_xml_forbids() -> None:
    found = replace(SQL, message="a\x00b\x1b]0;x\x07\ufffe \ud800", why="\x0b")
    data = junit.render(replace(RESULT, findings=(ranked(found, Priority.P0, 1.0),)))
    ET.fromstring(data)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", data)


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report.render(RESULT).decode(), newline="")))
    assert len(rows) == 6
    assert tuple(rows[0]) == csv_report.COLUMNS
    assert [row["status"] for row in rows].count("active") == 4
    hidden = next(row for row in rows if row["fingerprint"] == SUPPRESSED)
    assert (hidden["status"], hidden["suppression_reason"]) == ("suppressed", "pinned by the build")
    assert rows[0]["engines"] == "bandit code"
    assert all(row["fix"] for row in rows)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", '"a\nb,c"'])
def test_a_cell_is_no_formula_and_stays_one_cell(text: str) -> None:
    found = replace(SQL, message=text, why="")
    data = csv_report.render(replace(RESULT, findings=(ranked(found, Priority.P0, 1.0),))).decode()
    (row,) = csv.DictReader(io.StringIO(data, newline=""))
    assert row["message"].removeprefix("'") == text
    assert row["message"][0] not in "=+-@\t"


@pytest.mark.parametrize("result", [RESULT, EMPTY])
def test_cyclonedx_is_valid(result: ScanResult) -> None:
    pytest.importorskip("cyclonedx", reason="the extra sbom is not installed")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = cyclonedx.render(result).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_cyclonedx_says_what_is_known_and_that_it_is_incomplete() -> None:
    document = json.loads(cyclonedx.render(RESULT))
    assert [one["purl"] for one in document["components"]] == ["pkg:pypi/jinja2@2.4.1"]
    assert document["compositions"][0]["aggregate"] == "incomplete"
    (one,) = document["vulnerabilities"]
    assert one["id"] == "CVE-2019-10906"
    assert one["references"][0]["id"] == "GHSA-462w-v97r-4m45"
    assert one["affects"][0]["ref"] == "pkg:pypi/jinja2@2.4.1"
    assert one["recommendation"] == "uv lock --upgrade-package jinja2==2.10.1"


@pytest.mark.parametrize("name", sorted(registry.FORMATS))
def test_every_format_twice_the_same_without_secrets_and_for_many(name: str) -> None:
    data = registry.render(name, RESULT)
    assert data == registry.render(name, RESULT)
    assert RAW_SECRET.encode() not in data
    data.decode("utf-8")
    assert registry.render(name, many(300))


def active_in(name: str, data: bytes) -> int:
    """How many findings a reader of this format takes for active."""
    text = data.decode()
    if name in ("sarif", "github"):
        results = json.loads(text)["runs"][0]["results"]
        accepted = [any(s["status"] == "accepted" for s in one.get("suppressions", ())) for one in results]
        return sum(
            not hidden and one.get("baselineState") != "absent"
            for one, hidden in zip(results, accepted, strict=True)
        )
    if name == "json":
        return int(json.loads(text)["summary"]["active"])
    if name == "gitlab-quality":
        return len(json.loads(text))
    if name.startswith("gitlab"):
        return len(json.loads(text)["vulnerabilities"])
    if name == "cyclonedx":
        return len(json.loads(text)["vulnerabilities"])
    if name == "ocsf":
        return sum(json.loads(line)["status"] == "New" for line in text.splitlines())
    if name == "junit":
        return len(ET.fromstring(data).findall(".//failure"))
    if name == "csv":
        return sum(row["status"] == "active" for row in csv.DictReader(io.StringIO(text, newline="")))
    if name == "html":
        return text.count('<details class="f"')
    return int(re.search(r"(\d+) findings? in 3 of 7 files", text)[1])  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(registry.FORMATS))
def test_no_format_takes_a_suppressed_or_absent_finding_for_active(name: str) -> None:
    suppression = FINDINGS[4].triaged.suppression
    hidden = [
        replace(one, triaged=replace(one.triaged, suppression=suppression))
        for one in FINDINGS
        if one.triaged.active
    ]
    result = replace(RESULT, findings=(*hidden, *FINDINGS[4:]))
    assert active_in(name, registry.render(name, result)) == 0
    assert active_in(name, registry.render(name, RESULT)) > 0


def test_the_risk_of_a_scan_never_falls_when_a_finding_is_added() -> None:
    findings = many(60).findings
    risks = [summary.risk(findings[:count]) for count in range(61)]
    assert risks == sorted(risks)
    assert risks[0] == 0
    assert risks[-1] <= 100
    assert summary.risk(FINDINGS[:1]) == 59
