"""Every flaw that the demo's table names is found, by the rule that it names."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"


def rows() -> list[tuple[str, str]]:
    lines = (DEMO / "EXPECTED.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [(place, rule) for place, _, rule in cells[1:] if "---" not in place]


@cache
def result() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "assay", "scan", "demo", "--config", "demo/assay.toml", "--format", "json", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    scanned: dict[str, Any] = json.loads(done.stdout)["result"]
    return scanned


def findings() -> list[dict[str, Any]]:
    return [ranked["triaged"]["finding"] for ranked in result()["findings"]]


@pytest.mark.parametrize(("place", "rule"), rows())
def test_a_planted_flaw_is_found(place: str, rule: str) -> None:
    """One secret in several files is one finding, with every rule that saw it as evidence."""
    found = {
        location["uri"]
        for finding in findings()
        if rule in {finding["rule_id"], *(evidence["rule_id"] for evidence in finding["evidence"])}
        for location in (finding["location"], *finding["related"])
    }
    assert any(uri.endswith(f"demo/{place}") or uri == place for uri in found)


def test_the_table_is_not_empty_and_every_engine_ran() -> None:
    assert len(rows()) > 30
    assert {run["status"] for run in result()["engines"]} == {"ran"}


def test_the_deep_vulnerability_is_told_with_its_path() -> None:
    (finding,) = [f for f in findings() if "CVE-2023-43804" in f["message"] + str(f["aliases"])]
    text = json.dumps(finding)
    assert "boto3" in text
    assert "botocore" in text


@pytest.mark.parametrize(
    ("asked", "prefixes"),
    [
        ("containers", ("infrastructure/docker/", "infrastructure/compose/", "infrastructure/kubernetes/")),
        ("agents", ("infrastructure/agents/",)),
        ("sast", ("code/",)),
    ],
)
def test_a_scan_type_reports_its_own_findings_only(asked: str, prefixes: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assay", "scan", "demo", "--config", "demo/assay.toml", "--type", asked, "--format", "json", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    found = [ranked["triaged"]["finding"]["rule_id"] for ranked in json.loads(done.stdout)["result"]["findings"]]
    assert found
    assert all(rule.startswith(prefixes) for rule in found)


def test_a_threshold_of_one_type_leaves_the_others(tmp_path: Path) -> None:
    """One engine finds containers and clouds: switching the gate off for one must not switch it off for the other."""
    settings = tmp_path / "assay.toml"
    settings.write_text('[gate.types]\niac = "none"\n')
    command = [sys.executable, "-m", "assay", "scan", "--config", str(settings), "--type", "containers,iac", "--no-cache", "--quiet"]
    assert subprocess.run([*command, "demo/Dockerfile"], cwd=ROOT, check=False).returncode == 1
    assert subprocess.run([*command, "demo/infra"], cwd=ROOT, check=False).returncode == 0
