"""njsscan (Node.js): its JSON (https://github.com/ajinabraham/njsscan)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.model.finding import Finding
from assay.model.location import Location
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.sarif import cwe_ids
from assay.scan.engines.external.text import finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

_ENDINGS = (
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".hbs",
    ".ejs",
    ".pug",
    ".jade",
    ".mustache",
    ".vue",
    ".html",
)
_CANARY = b"""\
const { exec } = require('child_process');
app.get('/', (req, res) => {
  exec('ls ' + req.query.dir);
});
"""


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings. What it only says of a project as a whole, that something is nowhere done, names no file and is none.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found: list[Finding] = []
    lost = 0
    for part in ("nodejs", "templates"):
        for native, entry in (document.get(part) or {}).items():
            for one in _findings(native, entry, mirror):
                lost += one is None
                found += [one] if one is not None else []
    unread = tuple(
        (uri, "not parsed")
        for error in document.get("errors") or ()
        if isinstance(error, dict) and (uri := mirror.uri_of(str(error.get("path", ""))))
    )
    return Parsed(tuple(found), unread, lost)


def _findings(native: str, entry: Mapping[str, Any], mirror: Mirror) -> Iterator[Finding | None]:
    told = entry["metadata"]
    for place in entry.get("files") or ():
        uri = mirror.uri_of(place["file_path"])
        if not uri:
            yield None
            continue
        # Its columns count from the match's first line: the lines are what it knows.
        first, last = place["match_lines"]
        where = Location(uri, region(first, 1, last, 1))
        text = str(told["description"])
        one = finding("njsscan", native, native.replace("_", " "), text, told["severity"], where)
        yield replace(one, cwe=cwe_ids(told.get("cwe")))


def _arguments(_paths: Sequence[str], _options: ToolOptions) -> list[str]:
    return ["--json", "."]


def _wants(uri: str, language: str, traits: frozenset[Trait]) -> bool:
    # Machine-made text of one long line costs it minutes.
    scripts = language in ("javascript", "typescript") or uri.endswith(_ENDINGS)
    return scripts and not traits & {Trait.MINIFIED, Trait.VENDORED}


TOOL = Tool(
    name="njsscan",
    program="njsscan",
    scan_types=frozenset({ScanType.SAST}),
    tested=("1.0",),
    install="pipx install njsscan",
    canary=Canary((("canary.js", _CANARY),), ("njsscan/generic_os_command_exec",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="",
    looked=frozenset({0, 1}),  # 1: something was found
    version_in=lambda document: document["njsscan_version"],
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
