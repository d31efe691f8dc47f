"""CycloneDX 1.6 JSON with vulnerabilities: the packages that have findings, and what is known of each flaw.

This is no bill of materials of the project, and says so (`compositions` with the aggregate `incomplete`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec

from assay.model.component import Component, Scope
from assay.model.scan import RankedFinding, RuleSummary, ScanResult
from assay.report import summary
from assay.report.kinds import Kind, of_kind
from assay.report.times import started

_NAMESPACE = UUID("0d3b6f52-67d8-5f0b-8a3e-5f5c1d1f2b90")
_SCOPES = {
    Scope.RUNTIME: "required",
    Scope.OPTIONAL: "optional",
    Scope.DEVELOPMENT: "excluded",
    Scope.BUILD: "excluded",
}
_SOURCES = {
    "CVE": ("NVD", "https://nvd.nist.gov/vuln/detail/"),
    "GHSA": ("GitHub Advisories", "https://github.com/advisories/"),
}
_OSV = ("OSV", "https://osv.dev/vulnerability/")


def render(result: ScanResult) -> bytes:
    """The document. Only active findings on packages; equal results give equal serial numbers."""
    findings = of_kind(summary.active(result), Kind.DEPENDENCY)
    rules = summary.rules_by_id(result)
    components = {c.purl: c for one in findings if (c := one.triaged.finding.component) is not None}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{_serial(result, findings)}",
        "version": 1,
        "metadata": {
            "timestamp": started(result.started_at).isoformat().replace("+00:00", "Z"),
            "tools": {
                "components": [{"type": "application", "name": "assay", "version": result.tool_version}]
            },
        },
        "components": [_component(components[purl]) for purl in sorted(components)],
        "compositions": [{"aggregate": "incomplete", "assemblies": sorted(components)}],
        "vulnerabilities": [_vulnerability(one, rules) for one in findings if one.triaged.finding.aliases],
    }
    return msgspec.json.encode(document) + b"\n"


def _serial(result: ScanResult, findings: Sequence[RankedFinding]) -> UUID:
    digest = sha256(result.commit.encode() + result.started_at.encode())
    for one in findings:
        digest.update(one.triaged.fingerprint.encode())
    return uuid5(_NAMESPACE, digest.hexdigest())


def _component(component: Component) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "purl": component.purl,
        "scope": _SCOPES[component.scope],
    }
    if component.version:
        made["version"] = component.version
    return made


def _vulnerability(one: RankedFinding, rules: dict[str, RuleSummary]) -> dict[str, Any]:
    finding = one.triaged.finding
    assert finding.component is not None
    first, *others = finding.aliases
    version = finding.component.version
    affected: dict[str, Any] = {"ref": finding.component.purl}
    if version:
        affected["versions"] = [{"version": version, "status": "affected"}]
    made: dict[str, Any] = {
        "bom-ref": one.triaged.fingerprint,
        "id": first,
        "source": _source(first),
        "references": [{"id": alias, "source": _source(alias)} for alias in others],
        "ratings": [{"severity": finding.severity.value, "method": "other", "source": {"name": "assay"}}],
        "cwes": [int(digits) for cwe in finding.cwe if (digits := cwe.removeprefix("CWE-")).isdigit()],
        "description": finding.message,
        "recommendation": summary.command_of(one) or summary.remedy(one, rules),
        "affects": [affected],
        "properties": [
            {"name": "assay:priority", "value": one.priority.value},
            {"name": "assay:score", "value": f"{one.score:g}"},
            {"name": "assay:location", "value": summary.place_of(one)},
        ],
    }
    return made


def _source(alias: str) -> dict[str, str]:
    name, url = _SOURCES.get(alias.split("-")[0].upper(), _OSV)
    return {"name": name, "url": url + alias}
