"""Gitleaks (secrets): its JSON report (https://github.com/gitleaks/gitleaks#reporting)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.secret_tools import canary, secret_finding, wants
from assay.scan.engines.external.text import region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import ToolOptions


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, none of which tells its secret.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found, lost = [], 0
    for entry in document or ():
        uri, value = mirror.uri_of(entry["File"]), str(entry["Secret"])
        if not (uri and value):
            lost += 1
            continue
        # Its columns are those of the match around the secret, and the end is inclusive.
        where = region(entry["StartLine"], entry["StartColumn"], entry["EndLine"], entry["EndColumn"] + 1)
        title = str(entry.get("Description") or entry["RuleID"])
        found.append(secret_finding("gitleaks", str(entry["RuleID"]), title, value, uri, where))
    return Parsed(tuple(found), (), lost)


def _arguments(paths: Sequence[str], _options: ToolOptions) -> list[str]:
    target = paths[0] if len(paths) == 1 else "."
    flags = ["--no-banner", "--no-color", "--exit-code", "0", "--log-level", "error"]
    return ["dir", *flags, "--report-format", "json", "--report-path", "-", target]


TOOL = Tool(
    name="gitleaks",
    program="gitleaks",
    scan_types=frozenset({ScanType.SECRETS}),
    tested=("8.30",),
    install="go install github.com/zricethezav/gitleaks/v8@latest",
    canary=canary("gitleaks/github-pat"),
    wants=wants,
    arguments=_arguments,
    parse=parse,
    array="",
    version_arguments=("version",),
    module="github.com/zricethezav/gitleaks/v8",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
