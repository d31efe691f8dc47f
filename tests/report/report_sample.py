"""A result with every kind of thing that a report must show."""

from __future__ import annotations

from dataclasses import replace

from assay.model.component import Component
from assay.model.finding import Evidence, Finding, FlowStep, Verification, VerificationState
from assay.model.fix import Applicability, Edit, Fix
from assay.model.location import Location, Region
from assay.model.scan import (
    BaselineState,
    EngineRun,
    EngineStatus,
    Factor,
    FileAccount,
    FileStatus,
    Notification,
    Phase,
    Priority,
    RankedFinding,
    RuleSummary,
    ScanRequest,
    ScanResult,
    Suppression,
    TriagedFinding,
    Verdict,
    VerdictResult,
)
from assay.model.severity import Confidence, Severity

RAW_SECRET = "hunter2" + "-planted-value"
"""The value that the masked finding stands for; the engine never hands it on."""


def place(
    uri: str, line: int, start: int = 1, end: int = 30, message: str = "", snippet: str = ""
) -> Location:
    return Location(uri, Region(line, start, line, end), message, snippet)


SQL = Finding(
    rule_id="code/python/sql-injection",
    engine="code",
    message="Request data reaches a SQL statement as text.",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    location=place(
        "app/db.py", 42, 9, 61, snippet="        cur.execute(f\"SELECT * FROM users WHERE name = '{name}'\")"
    ),
    verification=Verification(VerificationState.CORROBORATED, "data flow", ("request.args -> execute",)),
    related=(place("app/db.py", 77, message="the same statement"),),
    code_flow=(
        FlowStep(place("app/routes.py", 10, message="request.args"), "name"),
        FlowStep(place("app/db.py", 42, message="execute"), "query"),
    ),
    cwe=("CWE-89",),
    evidence=(
        Evidence("bandit", "bandit/B608", "medium", "Possible SQL injection"),
        Evidence(
            "code", "code/python/sql-injection", "critical", "Request data reaches a SQL statement as text."
        ),
    ),
    fixes=(
        Fix("Use a parameter", (Edit(place("app/db.py", 42, 9, 61), 'cur.execute("... = ?", (name,))'),)),
        Fix("Show only", (Edit(place("app/db.py", 42), "x"),), Applicability.DISPLAY),
    ),
    why="The route /users is reachable without login.",
)
SECRET = Finding(
    rule_id="secrets/generic-password",
    engine="secrets",
    message="A password stands in the code: hunt**** (21 characters).",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    location=place("config/settings.py", 7, 12, 40, snippet='PASSWORD = "hunt****"'),
    identity="k:5e1f",
    cwe=("CWE-798",),
)
PACKAGE = Finding(
    rule_id="dependencies/vulnerable",
    engine="vulnerabilities",
    message="jinja2 2.4.1 has a sandbox escape.",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    location=place("uv.lock", 120),
    identity="pkg:pypi/jinja2@2.4.1|CVE-2019-10906",
    cwe=("CWE-693",),
    aliases=("CVE-2019-10906", "GHSA-462w-v97r-4m45"),
    component=Component("pkg:pypi/jinja2@2.4.1", "jinja2", "pypi", "2.4.1"),
    fixes=(Fix("Upgrade jinja2 to 2.10.1", command="uv lock --upgrade-package jinja2==2.10.1"),),
)
DOCKER = Finding(
    rule_id="infrastructure/docker/latest-tag",
    engine="infrastructure",
    message="The base image has no fixed version.",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    location=place("docker files/Dockerfile ä", 1),
    cwe=("CWE-1357",),
    remediation="Name a version and a digest.",
)
UNKNOWN = Finding(
    rule_id="hadolint/DL3059",
    engine="hadolint",
    message="Multiple consecutive RUN instructions.",
    severity=Severity.UNKNOWN,
    confidence=Confidence.LOW,
    location=place("Dockerfile", 3),
)


def ranked(
    finding: Finding,
    priority: Priority,
    score: float,
    baseline: BaselineState = BaselineState.NEW,
    suppression: Suppression | None = None,
    fingerprint: str = "",
) -> RankedFinding:
    digits = fingerprint or "0" * 32
    triaged = TriagedFinding(finding, digits, "c129715d7a2bc9a3:1", baseline, suppression)
    return RankedFinding(triaged, priority, score, (Factor("severity", finding.severity.value, score),))


FINDINGS = (
    ranked(SQL, Priority.P0, 90.0, fingerprint="a" * 32),
    ranked(PACKAGE, Priority.P1, 65.0, fingerprint="b" * 32),
    ranked(SECRET, Priority.P1, 60.0, BaselineState.UNCHANGED, fingerprint="c" * 32),
    ranked(UNKNOWN, Priority.P3, 30.0, BaselineState.UPDATED, fingerprint="d" * 32),
    ranked(
        DOCKER,
        Priority.P2,
        45.0,
        BaselineState.UNCHANGED,
        Suppression("external", "pinned by the build", "@ada", "2027-01-31", ".assay/suppressions.yaml#1"),
        fingerprint="e" * 32,
    ),
    ranked(replace(DOCKER, location=place("old/Dockerfile", 1)), Priority.P2, 45.0, BaselineState.ABSENT, fingerprint="f" * 32),
)  # fmt: skip
FILES = (
    FileAccount("app/db.py", FileStatus.SCANNED, engines=("code", "secrets")),
    FileAccount("app/routes.py", FileStatus.SCANNED, engines=("code", "secrets")),
    FileAccount("app/broken.py", FileStatus.PARTIAL, "parse-error", "line 3", ("code",)),
    FileAccount("logo.png", FileStatus.SKIPPED, "binary"),
    FileAccount("icon.png", FileStatus.SKIPPED, "binary"),
    FileAccount("dump.sql", FileStatus.SKIPPED, "too-large"),
    FileAccount("root.key", FileStatus.FAILED, "unreadable", "permission denied"),
)
ENGINES = (
    EngineRun("code", "0.1.0", EngineStatus.RAN, 3, 1, 120, seconds=0.51),
    EngineRun("secrets", "0.1.0", EngineStatus.RAN, 3, 1, 250, seconds=0.1),
    EngineRun("vulnerabilities", "0.1.0", EngineStatus.RAN, 1, 1, 1, seconds=0.04),
    EngineRun(
        "trivy",
        "",
        EngineStatus.MISSING,
        reason="not on PATH",
        advice="see https://trivy.dev",
        required=False,
    ),
    EngineRun("hadolint", "2.12.0", EngineStatus.PARTIAL, 1, 1, 60, reason="1 file timed out"),
    EngineRun("api", "0.1.0", EngineStatus.NOT_APPLICABLE),
)
RULES = (
    RuleSummary(
        "code/python/sql-injection",
        "SQL built from untrusted text",
        "A statement is put together from text that a user controls.",
        "Pass values as parameters.",
        Severity.CRITICAL,
        Confidence.HIGH,
        ("CWE-89",),
        ("A03:2021",),
        ("pci-dss:6.2.4", "asvs:v5.0.0-1.2.4"),
        ("https://cwe.mitre.org/data/definitions/89.html",),
    ),
    RuleSummary(
        "secrets/generic-password",
        "Password in the code",
        "A password stands in a file.",
        "Read it from the environment and rotate it.",
        Severity.HIGH,
        Confidence.MEDIUM,
        ("CWE-798",),
        ("A07:2021",),
        ("hipaa:164.312(d)", "pci-dss:8.6.2"),
    ),
)
RESULT = ScanResult(
    request=ScanRequest("/srv/app"),
    tool_version="0.1.0",
    started_at="2026-11-21T10:00:00Z",
    seconds=0.75,
    findings=FINDINGS,
    files=FILES,
    engines=ENGINES,
    verdict=Verdict(
        VerdictResult.FAILED,
        ("1 critical finding at or above the threshold", "required engine hadolint partial: 1 file timed out"),
        ("a" * 32,),
        (),
        ("hadolint",),
        "sha256:" + "0" * 64,
    ),
    rules=RULES,
    notifications=(
        Notification("warning", "the advisory data is 40 days old", "vulnerabilities"),
        Notification("note", "app/db.py:3: this suppression matches no finding; remove it", "suppressions", "app/db.py"),
    ),
    phases=(Phase("plan", 0.0, 0.01, "done"),),
    config_file="assay.toml",
    commit="0123abcd",
    rules_digest="sha256:feed",
)  # fmt: skip
EMPTY = replace(
    RESULT,
    findings=(),
    notifications=(),
    engines=ENGINES[:3],
    files=FILES[:2],
    verdict=Verdict(VerdictResult.PASSED, ("no active finding",), policy_digest="sha256:" + "0" * 64),
)


def many(count: int) -> ScanResult:
    """A result with this many active findings, each at its own place."""
    findings = tuple(
        ranked(
            replace(SQL, location=replace(SQL.location, uri=f"src/m{number % 50}/f{number}.py")),
            list(Priority)[min(3, number * 4 // count)],
            100.0 - 99.0 * number / count,
            fingerprint=f"{number:032x}",
        )
        for number in range(count)
    )
    return replace(RESULT, findings=findings)
