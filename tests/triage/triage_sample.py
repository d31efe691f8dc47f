"""Findings for tests, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Mapping

from assay.model.component import Component
from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.scan import TriagedFinding
from assay.model.severity import Confidence, Severity
from assay.scan.triage.source import Sources


def finding(
    rule_id: str = "code/python/sql-injection",
    uri: str = "app/db.py",
    line: int = 3,
    columns: tuple[int, int] = (1, 80),
    end_line: int = 0,
    engine: str = "code",
    cwe: tuple[str, ...] = ("CWE-89",),
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.MEDIUM,
    identity: str = "",
    purl: str = "",
    aliases: tuple[str, ...] = (),
    message: str = "untrusted text in a query",
) -> Finding:
    region = Region(line, columns[0], end_line or line, columns[1])
    return Finding(
        rule_id,
        engine,
        message,
        severity,
        confidence,
        Location(uri, region),
        identity=identity,
        cwe=cwe,
        aliases=aliases,
        component=Component(purl, purl.split("/")[-1], "pypi") if purl else None,
    )


def triaged(found: Finding, fingerprint: str = "") -> TriagedFinding:
    return TriagedFinding(
        found, fingerprint or f"{found.rule_id}|{found.location.uri}|{found.location.region.start_line}"
    )


def sources(files: Mapping[str, str]) -> Sources:
    return Sources(lambda uri: files[uri].encode() if uri in files else None)
