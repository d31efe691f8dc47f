"""Semgrep: its JSON (https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif). With local rules only: it brings none, and to fetch
them it would have to ask the network.
"""

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
from assay.scan.engines.external.sarif import cwe_ids
from assay.scan.engines.external.text import confidence, finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

# The project's rules are unknown, so the canary has a rule of its own, which matches nothing that anybody writes.
_CANARY_FILE = ".assay-canary.yml"
_CANARY_RULE = b"""\
rules:
  - id: assay-canary
    languages: [python]
    severity: INFO
    message: the canary was seen
    pattern: assay_canary_of_this_scan(...)
"""
_LANGUAGES = frozenset(
    {"python", "javascript", "typescript", "tsx", "jsx", "java", "go", "ruby", "php", "c", "cpp", "csharp", "kotlin", "scala",
     "rust", "swift", "bash", "yaml", "json", "dockerfile", "terraform", "hcl", "html", "solidity"}
)  # fmt: skip


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, and the files that it could not parse or gave up on.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found = [one for entry in document["results"] if (one := _finding(entry, mirror)) is not None]
    unread = tuple(
        (uri, str(error.get("type"))[:60] if isinstance(error.get("type"), str) else "not parsed whole")
        for error in document.get("errors", ())
        if (uri := mirror.uri_of(str(error.get("path", ""))))
    )
    return Parsed(tuple(found), unread, len(document["results"]) - len(found))


def _finding(entry: Any, mirror: Mirror) -> Finding | None:
    uri = mirror.uri_of(entry["path"])
    if not uri:
        return None
    start, end, extra = entry["start"], entry["end"], entry["extra"]
    # The folder of a rules file stands before the id, with dots.
    native = str(entry["check_id"]).rpartition(".")[2]
    where = Location(uri, region(start["line"], start["col"], end["line"], end["col"]))
    metadata = extra.get("metadata") or {}
    text = str(extra["message"]).strip()
    one = finding("semgrep", native, native, text, extra["severity"], where)
    return replace(one, confidence=confidence(metadata.get("confidence")), cwe=cwe_ids(metadata.get("cwe")))


def _arguments(paths: Sequence[str], options: ToolOptions) -> list[str]:
    target = paths[0] if len(paths) == 1 else "."
    configs = [flag for file in (*options.files, _CANARY_FILE) for flag in ("--config", file)]
    flags = [
        "--metrics=off",
        "--disable-version-check",
        "--json",
        "--quiet",
        "--no-git-ignore",
        "--no-rewrite-rule-ids",
    ]
    return ["scan", *flags, *configs, "--", target]


def _wants(_uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    return language in _LANGUAGES


def _lacks(options: ToolOptions) -> str:
    return (
        ""
        if options.files
        else 'missing configuration: local rules, as in [tools.semgrep] config = "rules.yml"'
    )


TOOL = Tool(
    name="semgrep",
    program="semgrep",
    scan_types=frozenset({ScanType.SAST}),
    tested=("1.182",),
    install="pipx install semgrep",
    canary=Canary((("canary.py", b"assay_canary_of_this_scan(1)\n"),), ("semgrep/assay-canary",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="results",
    # An empty ignore file: its own default leaves out tests and vendored code.
    extra=((".semgrepignore", b""), (_CANARY_FILE, _CANARY_RULE)),
    lacks=_lacks,
    version_in=lambda document: document["version"],
    environment=lambda _options: {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"},
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
