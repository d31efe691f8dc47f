"""Ruff's security rules, S (Python): its JSON (https://docs.astral.sh/ruff/settings/#output-format). It gives neither weakness nor severity."""

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

# The weakness that each rule's documentation describes; ids of https://cwe.mitre.org. Rules that only note an import have none.
_WEAKNESS: dict[int, tuple[int, ...]] = {
    20: (508, 509),
    22: (202, 310),
    78: (602, 604, 605, 607, 609),
    79: (308, 701, 702, 703, 704),
    89: (608, 610, 611),
    94: (102, 307, 612),
    259: (105, 106, 107),
    295: (323, 501, 507),
    319: (312, 321),
    326: (505,),
    327: (303, 304, 305, 324, 502, 503, 504),
    330: (311,),
    377: (108, 306),
    400: (113,),
    489: (201,),
    502: (301, 302, 506),
    605: (104,),
    611: (313, 314, 315, 316, 317, 318, 319, 320),
    703: (110, 112),
    732: (103,),
}
_CWE = {f"S{rule}": f"CWE-{cwe}" for cwe, rules in _WEAKNESS.items() for rule in rules}
_QUOTES_A_SECRET = frozenset({"S105", "S106", "S107"})


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, and the files that it could not parse.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found: list[Finding] = []
    unread: dict[str, str] = {}
    lost = 0
    for entry in document:
        uri = mirror.uri_of(entry["filename"])
        code = str(entry.get("code") or "")
        if not uri:
            lost += 1
        elif code.startswith("S") and code[1:].isdigit():
            found.append(_finding(entry, code, uri))
        else:
            unread[uri] = "syntax-error"
    return Parsed(tuple(found), tuple(unread.items()), lost)


def _finding(entry: Any, code: str, uri: str) -> Finding:
    start, end = entry["location"], entry["end_location"]
    where = region(start["row"], start["column"], end["row"], end["column"])
    text = str(entry["message"])
    if code in _QUOTES_A_SECRET:
        text = text.partition(":")[0]
    one = finding("ruff", code, str(entry.get("name") or text), text, "", Location(uri, where))
    url = str(entry.get("url") or "")
    return replace(one, cwe=(_CWE[code],) if code in _CWE else (), remediation=f"See {url}" if url else "")


def _arguments(_paths: Sequence[str], _options: ToolOptions) -> list[str]:
    flags = [
        "--select",
        "S",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--ignore-noqa",
        "--no-respect-gitignore",
    ]
    return ["check", *flags, "--output-format", "json", "."]


def _wants(uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    return language == "python" or uri.endswith((".py", ".pyw", ".pyi"))


TOOL = Tool(
    name="ruff",
    program="ruff",
    scan_types=frozenset({ScanType.SAST}),
    tested=("0.17",),
    install="pipx install ruff",
    canary=Canary(
        (("canary.py", b"import subprocess\n\nsubprocess.call('ls $1', shell=True)\n"),), ("ruff/S602",)
    ),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
