from __future__ import annotations

import gzip
import json
import os
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_sample import EMPTY, FINDINGS, RAW_SECRET, RESULT, SQL, many, place, ranked

from assay.model.finding import FlowStep
from assay.model.scan import Priority, ScanResult
from assay.report import sarif

# The OASIS schema, where the developer has it: its text is not ours to ship. `allowed` below holds our output to its facts everywhere.
OASIS = os.environ.get("ASSAY_SARIF_SCHEMA", "")


def run_of(result: ScanResult, github: bool = False) -> dict[str, Any]:
    data = sarif.render_for_github(result) if github else sarif.render(result)
    document = json.loads(data)
    assert document["version"] == "2.1.0"
    assert len(document["runs"]) == 1
    run: dict[str, Any] = document["runs"][0]
    return run


def of_rule(run: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in run["results"] if one["ruleId"] == rule_id)
    return found


@pytest.mark.skipif(not OASIS, reason="set ASSAY_SARIF_SCHEMA to the OASIS schema's path")
@pytest.mark.parametrize("result", [RESULT, EMPTY, many(200)])
@pytest.mark.parametrize("github", [True, False])
def test_valid_against_the_oasis_schema(result: ScanResult, github: bool) -> None:
    schema = json.loads(Path(OASIS).read_text())
    data = sarif.render_for_github(result) if github else sarif.render(result)
    jsonschema.Draft4Validator(schema).validate(json.loads(data))


# Property names and required ones of the objects that we write (SARIF 2.1.0, section 3).
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "run": (
        {"tool", "automationDetails", "columnKind", "redactionTokens", "originalUriBaseIds", "invocations", "results", "properties"},
        {"tool"},
    ),
    "invocation": (
        {"executionSuccessful", "exitCode", "exitCodeDescription", "startTimeUtc", "toolExecutionNotifications", "properties"},
        {"executionSuccessful"},
    ),
    "notification": ({"level", "message", "locations"}, {"message"}),
    "rule": (
        {"id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties"},
        {"id"},
    ),
    "result": (
        {
            "ruleId", "ruleIndex", "kind", "level", "message", "locations", "partialFingerprints", "rank", "properties",
            "relatedLocations", "codeFlows", "fixes", "suppressions", "baselineState",
        },
        {"message"},
    ),
    "location": ({"id", "physicalLocation", "message"}, set()),
    "fix": ({"description", "artifactChanges", "properties"}, {"artifactChanges"}),
    "suppression": ({"kind", "status", "justification", "properties"}, {"kind"}),
}  # fmt: skip


def parts(run: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "run", run
    for invocation in run["invocations"]:
        yield "invocation", invocation
        yield from (("notification", note) for note in invocation["toolExecutionNotifications"])
    yield from (("rule", rule) for rule in run["tool"]["driver"]["rules"])
    for result in run["results"]:
        yield "result", result
        for one in (*result["locations"], *result.get("relatedLocations", ())):
            yield "location", one
        yield from (("fix", fix) for fix in result.get("fixes", ()))
        yield from (("suppression", one) for one in result.get("suppressions", ()))


@pytest.mark.parametrize("result", [RESULT, EMPTY, many(20)])
def test_only_what_the_standard_knows(result: ScanResult) -> None:
    for kind, found in parts(run_of(result)):
        allowed, required = ALLOWED[kind]
        assert set(found) <= allowed, kind
        assert required <= set(found), kind


def test_what_code_scanning_requires_of_every_result() -> None:
    run = run_of(RESULT)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        where = result["locations"][0]["physicalLocation"]
        assert set(where["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        uri = where["artifactLocation"]["uri"]
        assert set(uri) <= set(string.ascii_letters + string.digits + "/._-~%"), uri
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert result["partialFingerprints"]["assay/v1"]
        assert result["level"] in ("note", "warning", "error")
        assert result["kind"] == "fail"
    for rule in rules:
        for name in ("shortDescription", "fullDescription", "help"):
            assert 0 < len(rule[name]["text"]) <= 1024
        assert "security" in rule["properties"]["tags"]
        assert len(rule["properties"]["tags"]) <= 10
        severity = rule["properties"].get("security-severity")
        assert severity is None or (isinstance(severity, str) and 0.0 < float(severity) <= 10.0)
    assert of_rule(run, "hadolint/DL3059")["level"] == "warning"
    assert "security-severity" not in rules[of_rule(run, "hadolint/DL3059")["ruleIndex"]]["properties"]


def test_states_suppressions_flows_and_fixes() -> None:
    run = run_of(RESULT)
    sql = of_rule(run, "code/python/sql-injection")
    assert sql["baselineState"] == "new"
    assert len(sql["codeFlows"][0]["threadFlows"][0]["locations"]) == 2
    assert [fix["description"]["text"] for fix in sql["fixes"]] == ["Use a parameter"]
    assert sql["properties"]["priority"] == "P0"
    assert {one["engine"] for one in sql["properties"]["evidence"]} == {"bandit", "code"}
    states = sorted(one["baselineState"] for one in run["results"])
    assert states == ["absent", "new", "new", "unchanged", "unchanged", "updated"]
    docker = [one for one in run["results"] if "suppressions" in one]
    assert docker[0]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "pinned by the build",
            "properties": {"owner": "@ada", "until": "2027-01-31", "source": ".assay/suppressions.yaml#1"},
        }
    ]


def test_what_goes_to_code_scanning_has_no_inactive_result() -> None:
    run = run_of(RESULT, github=True)
    assert len(run["results"]) == 4
    assert not any("suppressions" in one or one["baselineState"] == "absent" for one in run["results"])


def test_invocations_tell_the_status_of_every_engine() -> None:
    whole, *engines = run_of(RESULT)["invocations"]
    assert whole["executionSuccessful"] is False
    assert whole["exitCode"] == 1
    status = {one["properties"]["engine"]: one["executionSuccessful"] for one in engines}
    assert status == {
        "code": True,
        "secrets": True,
        "vulnerabilities": True,
        "trivy": False,
        "hadolint": False,
        "api": True,
    }
    texts = [note["message"]["text"] for note in whole["toolExecutionNotifications"]]
    assert "engine trivy missing; not on PATH; see https://trivy.dev" in texts
    assert "2 files skipped: binary; for example icon.png, logo.png" in texts
    assert "1 file failed: unreadable; for example root.key" in texts
    assert "the advisory data is 40 days old" in texts
    assert run_of(EMPTY)["invocations"][0]["executionSuccessful"] is True


def test_too_many_results_are_cut_by_priority_and_it_is_said() -> None:
    result = many(sarif.MAX_RESULTS + 100)
    data = sarif.render(result)
    assert len(gzip.compress(data)) <= sarif.MAX_COMPRESSED
    run = json.loads(data)["runs"][0]
    assert len(run["results"]) == sarif.MAX_RESULTS
    kept = [one["properties"]["score"] for one in run["results"]]
    assert min(kept) >= max(one.score for one in result.findings[sarif.MAX_RESULTS :])
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert any(text.startswith("100 of 5100 results were cut") for text in texts)


def test_a_document_that_is_too_large_is_cut_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_COMPRESSED", 20_000)
    data = sarif.render(many(800))
    assert len(gzip.compress(data)) <= 21_000
    assert 0 < len(json.loads(data)["runs"][0]["results"]) < 800


def test_locations_and_steps_stay_inside_the_limits() -> None:
    places = tuple(place(f"f{number}.py", 1) for number in range(300))
    steps = tuple(FlowStep(place("a.py", number)) for number in range(1, 3000))
    found = replace(SQL, related=places, code_flow=steps)
    run = run_of(replace(RESULT, findings=(ranked(found, Priority.P0, 90.0),)))
    one = run["results"][0]
    assert len(one["locations"]) + len(one["relatedLocations"]) == 100
    assert one["properties"]["locationsCut"] == 201
    kept = one["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in kept]
    assert len(lines) == 1000
    assert (lines[0], lines[-1]) == (1, 2999)


def test_nothing_of_the_machine_and_no_secret() -> None:
    data = sarif.render(RESULT)
    assert b"/srv/app" not in data
    assert RAW_SECRET.encode() not in data
    assert FINDINGS[2].triaged.finding.location.snippet in json.dumps(json.loads(data)).replace('\\"', '"')
