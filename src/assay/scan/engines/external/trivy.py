"""Trivy (infrastructure as code, and packages where its database is there): its JSON (https://trivy.dev/docs/latest/configuration/reporting/).

Its secret scanner stays off: it hides the value, so that what it finds could be merged with nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay.dependencies.purl import split_purl
from assay.model.finding import Finding
from assay.model.location import Location
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.package_tools import is_package_list, vulnerability
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.text import finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

_ENDINGS = (
    ".tf",
    ".tf.json",
    ".tfvars",
    ".yaml",
    ".yml",
    ".json",
    ".template",
    ".dockerfile",
    ".containerfile",
)
_STEERING = frozenset({"trivy.yaml", "trivy.yml", ".trivyignore", ".trivyignore.yaml"})
_STALE_DAYS = 7


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings of misconfigurations and of vulnerable packages.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found: list[Finding] = []
    lost = 0
    for result in document.get("Results") or ():
        # The target is empty or a folder where a flaw is of several files together.
        uri = mirror.uri_of(str(result["Target"]))
        entries = (*(result.get("Misconfigurations") or ()), *(result.get("Vulnerabilities") or ()))
        if not uri:
            lost += len(entries)
            continue
        found += [_flaw(entry, uri) for entry in result.get("Misconfigurations") or () if _failed(entry)]
        found += [_advisory(entry, uri) for entry in result.get("Vulnerabilities") or ()]
    return Parsed(tuple(found), (), lost)


def _failed(entry: Any) -> bool:
    return bool(entry.get("Status", "FAIL") == "FAIL")


def _flaw(entry: Any, uri: str) -> Finding:
    cause = entry.get("CauseMetadata") or {}
    where = region(cause.get("StartLine"), 1, cause.get("EndLine"), 1)
    text = str(entry.get("Message") or entry["Title"])
    return finding(
        "trivy", str(entry["ID"]), str(entry["Title"]), text, entry["Severity"], Location(uri, where)
    )


def _advisory(entry: Any, uri: str) -> Finding:
    ecosystem, name, _ = split_purl(str((entry.get("PkgIdentifier") or {}).get("PURL") or ""))
    package = (ecosystem or "generic", name or str(entry["PkgName"]), str(entry["InstalledVersion"]))
    ids = (str(entry["VulnerabilityID"]), *(str(one) for one in entry.get("VendorIDs") or ()))
    words = (str(entry.get("Title") or ""), str(entry["Severity"]))
    return vulnerability("trivy", package, ids, words, uri, str(entry.get("FixedVersion") or ""))


def _arguments(_paths: Sequence[str], options: ToolOptions) -> list[str]:
    flags = ["--quiet", "--format", "json", "--skip-version-check", "--cache-backend", "memory"]
    # It would fetch checks and databases; what it needs of them is in the program, or was downloaded by its user.
    flags += ["--skip-check-update", "--skip-db-update", "--skip-java-db-update"]
    flags += ["--offline-scan"] if options.offline else []
    database = _database()
    known = (
        ["--scanners", "misconfig,vuln", "--cache-dir", str(database.parent)]
        if database
        else ["--scanners", "misconfig"]
    )
    return ["fs", *flags, *known, "."]


def _database() -> Path | None:
    told = os.environ.get("TRIVY_CACHE_DIR")
    folder = (Path(told) if told else Path.home() / ".cache" / "trivy") / "db"
    return folder if (folder / "trivy.db").is_file() else None


def _warns(_options: ToolOptions) -> tuple[str, ...]:
    """What must be known of its database: that there is none, or how old it is."""
    database = _database()
    if database is None:
        return (
            "trivy has no vulnerability database here and looked at configuration only; once: trivy fs --download-db-only",
        )
    try:
        updated = datetime.fromisoformat(json.loads((database / "metadata.json").read_bytes())["UpdatedAt"])
    except (OSError, ValueError, KeyError, TypeError):
        return ("trivy does not say how old its vulnerability database is",)
    days = (datetime.now(UTC) - updated).days
    return (f"trivy's vulnerability database is {days} days old",) if days > _STALE_DAYS else ()


def _wants(uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    name = uri.rpartition("/")[2].lower()
    if name in _STEERING:
        return False
    declares = (
        language == "dockerfile"
        or name.startswith(("dockerfile", "containerfile"))
        or name.endswith(_ENDINGS)
    )
    return declares or is_package_list(uri)


TOOL = Tool(
    name="trivy",
    program="trivy",
    scan_types=frozenset({ScanType.IAC, ScanType.CONTAINERS, ScanType.VULNERABILITIES}),
    tested=("0.74",),
    install="see https://trivy.dev/docs/latest/getting-started/installation/",
    canary=Canary((("Dockerfile", b"FROM debian:latest\n"),), ("trivy/DS-0001",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="Results",
    warns=_warns,
    module="github.com/aquasecurity/trivy",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
