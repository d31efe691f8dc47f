"""Checkov (infrastructure as code): its JSON (https://www.checkov.io/2.Basics/Reviewing%20Scan%20Results.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assay.model.finding import Finding
from assay.model.location import Location
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.text import finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

# Those that need neither the network nor an account, and that are no second secret scanner.
_FRAMEWORKS = (
    "terraform",
    "cloudformation",
    "kubernetes",
    "dockerfile",
    "bicep",
    "arm",
    "openapi",
    "github_actions",
)
_ENDINGS = (".tf", ".tf.json", ".tfvars", ".yaml", ".yml", ".json", ".bicep", ".template")
_STEERING = frozenset({".checkov.yaml", ".checkov.yml"})


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings and the files that it could not parse. One framework gives an object, several a list, nothing to check an empty summary.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found: list[Finding] = []
    unread: list[tuple[str, str]] = []
    lost = 0
    for part in document if isinstance(document, list) else [document]:
        results = part.get("results", {})
        for entry in results.get("failed_checks", ()):
            one = _finding(entry, mirror)
            lost += one is None
            found += [one] if one is not None else []
        unread += [
            (uri, "syntax-error")
            for path in results.get("parsing_errors", ())
            if (uri := mirror.uri_of(path))
        ]
    return Parsed(tuple(found), tuple(unread), lost)


def _finding(entry: Any, mirror: Mirror) -> Finding | None:
    uri = mirror.uri_of(entry["file_path"])
    if not uri:
        return None
    native, title = str(entry["check_id"]), str(entry["check_name"])
    lines = entry.get("file_line_range") or [1, 1]
    where = Location(uri, region(lines[0], 1, lines[1], 1))
    # Its open version gives no severity: that is unknown, which is not low.
    one = finding("checkov", native, title, f"{title} ({entry['resource']})", entry.get("severity"), where)
    guideline = entry.get("guideline")
    return replace(one, remediation=f"See {guideline}" if guideline else "")


def _arguments(paths: Sequence[str], _options: ToolOptions) -> list[str]:
    target = ["--file", *paths] if len(paths) == 1 else ["--directory", "."]
    flags = ["--output", "json", "--quiet", "--compact", "--soft-fail", "--skip-download"]
    return [*target, *flags, "--framework", *_FRAMEWORKS]


def _wants(uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    name = uri.rpartition("/")[2]
    if name in _STEERING:
        return False
    return language == "dockerfile" or name.lower().startswith("dockerfile") or name.endswith(_ENDINGS)


def _version(document: Any) -> str:
    """It takes two seconds to say its version by itself, and writes it into every result."""
    parts = document if isinstance(document, list) else [document]
    told = [part.get("summary", {}).get("checkov_version") or part.get("checkov_version") for part in parts]
    return next(filter(None, told), "")


TOOL = Tool(
    name="checkov",
    program="checkov",
    scan_types=frozenset({ScanType.IAC, ScanType.CONTAINERS}),
    tested=("3.2", "3.3"),
    install="pipx install checkov",
    canary=Canary((("Dockerfile", b"FROM debian:latest\n"),), ("checkov/CKV_DOCKER_7",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="",
    version_in=_version,
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
