"""Programs of others in a whole scan: stubs that misbehave, and the real ones where they are installed."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assay.entrypoints.cli.main import run
from assay.scan.engines import registry
from assay.scan.engines.canary import verify
from assay.scan.engines.external import tool as tool_module
from assay.scan.engines.process import which
from assay.scan.engines.protocol import ToolOptions, is_foreign

FLAWED = "import subprocess\n\n\ndef run(command):\n    subprocess.call(command, shell=True)\n"
FOREIGN = [name for name in registry.foreign_names() if name != "imported"]


def stub(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport json, os, subprocess, sys, time\nargs = sys.argv[1:]\n{body}"
    )
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(FLAWED)
    return folder


def scan(root: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    out = root.parent / "result.json"
    code = run(["scan", str(root), "--quiet", "--no-cache", "--jobs", "6", "--output", f"json={out}", *flags])
    return code, json.loads(out.read_text())["result"]


def engine(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in result["engines"] if entry["engine"] == name)


BANDIT = """
if "--version" in args: print("bandit 1.9.4"); sys.exit()
files = [os.path.join(at, name) for at, _, names in os.walk(".") for name in names] if "-r" in args else args[-1:]
results = [{"filename": f, "line_number": 5, "line_range": [5], "col_offset": 4, "end_col_offset": 40, "test_id": "B602",
  "test_name": "shell", "issue_text": "a shell", "issue_severity": "HIGH", "issue_confidence": "HIGH", "issue_cwe": {"id": 78}}
  for f in files]
"""


def test_nothing_foreign_runs_unless_asked(programs: Path, root: Path) -> None:
    stub(programs, "bandit", f"open({str(root / 'ran')!r}, 'w')\n")
    _, result = scan(root)
    assert not (root / "ran").exists()
    assert "bandit" not in {entry["engine"] for entry in result["engines"]}


def test_a_missing_optional_program_is_told_and_changes_no_verdict(programs: Path, root: Path) -> None:
    (root / "app.py").write_text("x = 1\n")
    code, result = scan(root, "--external")
    assert code == 0
    assert engine(result, "bandit")["status"] == "missing"
    assert engine(result, "bandit")["advice"] == "install: pipx install bandit"
    assert not engine(result, "bandit")["required"]


def test_a_missing_required_program_makes_the_scan_incomplete(programs: Path, root: Path) -> None:
    (root / "app.py").write_text("x = 1\n")
    code, result = scan(root, "--require", "bandit")
    assert code == 3
    assert "bandit" in result["verdict"]["unlooked"]


def test_a_program_that_prints_nothing_is_broken(programs: Path, root: Path) -> None:
    (root / "app.py").write_text("x = 1\n")
    stub(programs, "gitleaks", "print('8.30.1' if args == ['version'] else '[]')\n")
    code, result = scan(root, "--require", "gitleaks")
    assert (code, engine(result, "gitleaks")["status"]) == (3, "broken")
    assert "did not find its canary" in engine(result, "gitleaks")["reason"]
    code, result = scan(root, "--external")
    assert (code, engine(result, "gitleaks")["status"]) == (0, "broken")


def test_findings_of_a_program_are_reported_with_title_and_evidence(programs: Path, root: Path) -> None:
    stub(programs, "bandit", BANDIT + "print(json.dumps({'results': results, 'errors': []}))\n")
    _, result = scan(root, "--engines", "bandit")
    (one,) = result["findings"]
    found = one["triaged"]["finding"]
    assert (found["rule_id"], found["location"]["uri"], found["severity"]) == (
        "bandit/B602",
        "app.py",
        "high",
    )
    assert [rule["title"] for rule in result["rules"]] == ["shell"]
    assert engine(result, "bandit")["status"] == "ran"


def test_an_untested_version_is_said(programs: Path, root: Path) -> None:
    body = BANDIT.replace("1.9.4", "7.0.0")
    stub(programs, "bandit", body + "print(json.dumps({'results': results}))\n")
    _, result = scan(root, "--engines", "bandit")
    (note,) = engine(result, "bandit")["notifications"]
    assert "untested version 7.0.0" in note["message"]


def test_a_crash_half_way_keeps_what_was_printed(programs: Path, root: Path) -> None:
    cut = "text = json.dumps({'results': results * 2})\nif os.path.exists('app.py'): print(text[:-30]); sys.exit(7)\nprint(text)\n"
    stub(programs, "bandit", BANDIT + cut)
    code, result = scan(root, "--require", "bandit", "--engines", "bandit", "--fail-on", "none")
    assert (code, engine(result, "bandit")["status"]) == (3, "partial")
    assert engine(result, "bandit")["reason"] == "exit code 7"
    assert len(result["findings"]) == 1


def test_a_hanging_program_is_killed_with_its_children(
    programs: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_module, "_SHARE", 0.1)
    pid = tmp_path / "pid"
    hang = (
        "if os.path.exists('app.py'):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"    open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "    time.sleep(60)\n"
        "print(json.dumps({'results': results}))\n"
    )
    stub(programs, "bandit", BANDIT + hang)
    (root / "assay.toml").write_text("[scan]\nengine-seconds = 10.0\n")
    _, result = scan(root, "--engines", "bandit")
    assert engine(result, "bandit")["status"] == "timed_out"
    assert not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    """Whether a process still works: one that nobody waited for yet does not."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


def test_programs_run_side_by_side(programs: Path, root: Path, tmp_path: Path) -> None:
    """Each of five waits until it has seen the four others at work: one after another none would end well."""
    (root / "Dockerfile").write_text("FROM debian:latest\n")
    (root / "assay.toml").write_text("[scan]\nengine-seconds = 30.0\n")
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    meet = (
        "if '--version' not in args and args != ['version']:\n"
        f"    open(os.path.join({str(meeting)!r}, os.path.basename(sys.argv[0])), 'w')\n"
        "    end = time.time() + 15\n"
        f"    while len(os.listdir({str(meeting)!r})) < 5 and time.time() < end: time.sleep(0.01)\n"
        f"    if len(os.listdir({str(meeting)!r})) < 5: sys.exit(9)\n"
    )
    for name in ("bandit", "gitleaks", "kingfisher", "checkov", "hadolint"):
        stub(programs, name, meet + "print('1.2')\n")
    # However many processors there are: only a number of jobs that is asked for bounds the programs.
    _, result = scan(root, "--jobs", "0", "--engines", "bandit,gitleaks,kingfisher,checkov,hadolint")
    assert len(list(meeting.iterdir())) == 5
    assert not [entry for entry in result["engines"] if entry["reason"] == "exit code 9"]


def test_an_imported_report_is_merged(root: Path, tmp_path: Path) -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 5}}}
    report = {"runs": [{"tool": {"driver": {"name": "Other"}}, "results": [{"ruleId": "x", "level": "error", "message": {"text": "bad"}, "locations": [place]}]}]}  # fmt: skip
    file = tmp_path / "other.sarif"
    file.write_text(json.dumps(report))
    _, result = scan(root, "--import", str(file))
    assert "other/x" in {one["triaged"]["finding"]["rule_id"] for one in result["findings"]}
    file.write_text("no JSON")
    code, result = scan(root, "--import", str(file), "--fail-on", "none")
    assert (code, engine(result, "imported")["status"]) == (3, "missing")


def test_an_imported_bill_of_materials_is_the_finding_that_we_have(root: Path, tmp_path: Path) -> None:
    (root / "requirements.txt").write_text("urllib3==1.26.15\n")
    file = tmp_path / "bom.json"
    first = {"id": "CVE-2023-43804", "affects": [{"ref": "pkg:pypi/urllib3@1.26.15"}]}
    other = {"id": "CVE-2099-1", "affects": [{"ref": "pkg:pypi/urllib3@1.26.15"}]}
    tools = {"components": [{"name": "grype"}]}
    file.write_text(
        json.dumps(
            {"bomFormat": "CycloneDX", "metadata": {"tools": tools}, "vulnerabilities": [first, other]}
        )
    )
    _, alone = scan(root, "--type", "vulnerabilities")
    _, both = scan(root, "--type", "vulnerabilities", "--import", str(file))
    assert len(both["findings"]) == len(alone["findings"]) + 1
    found = [one["triaged"]["finding"] for one in both["findings"]]
    (same,) = [one for one in found if "CVE-2023-43804" in one["aliases"]]
    assert [evidence["engine"] for evidence in same["evidence"]] == ["grype", "vulnerabilities"]


@pytest.mark.parametrize("name", FOREIGN)
def test_the_registry_line_says_what_the_adapter_says(name: str) -> None:
    one = registry.load(name)
    assert (one.name, frozenset(one.scan_types)) == (name, registry.scan_types(name))


@pytest.mark.parametrize("name", FOREIGN)
def test_the_real_program_finds_its_canary(name: str, tmp_path: Path) -> None:
    one = registry.load(name)
    assert is_foreign(one)
    rules = tmp_path / "rules.yml"
    rules.write_text("rules: []\n")
    if which(name) is None:
        pytest.skip(f"{name} is not installed")
    assert one.prepare(ToolOptions(files=(str(rules),))) == ""
    assert verify(one) == ""


def test_bandit_beside_ours_never_raises_the_count_of_what_we_found(root: Path) -> None:
    if which("bandit") is None:
        pytest.skip("bandit is not installed")
    (root / "db.py").write_text(
        "from flask import Flask, request\nimport sqlite3, subprocess\napp = Flask(__name__)\n\n\n"
        '@app.route("/")\ndef find():\n'
        '    subprocess.call(request.args["c"], shell=True)\n'
        "    return sqlite3.connect('x').execute(\"SELECT * FROM t WHERE n = '%s'\" % request.args['n'])\n"
    )
    _, alone = scan(root)
    _, both = scan(root, "--require", "bandit")
    ours = {one["triaged"]["fingerprint"] for one in alone["findings"]}
    found = {one["triaged"]["fingerprint"]: one["triaged"]["finding"] for one in both["findings"]}
    assert ours <= found.keys()
    added = [one for key, one in found.items() if key not in ours]
    assert all(one["rule_id"].startswith("bandit/") for one in added)
    places = {(one["location"]["uri"], one["location"]["region"]["start_line"]) for key, one in found.items() if key in ours and one["cwe"] in (["CWE-78"], ["CWE-89"])}  # fmt: skip
    assert places
    assert not [
        one for one in added if (one["location"]["uri"], one["location"]["region"]["start_line"]) in places
    ]
