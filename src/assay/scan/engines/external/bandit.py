"""Bandit (Python): its JSON report, as documented at https://bandit.readthedocs.io/en/latest/formatters/json.html."""

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
from assay.scan.engines.external.text import confidence, finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

# These quote the password that they found.
_QUOTES_A_SECRET = frozenset({"B105", "B106", "B107"})
# Where its CWE is the class of all bad input, the one that its own description of the check means.
_SHARPER = {"B506": "502"}


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, and the files that it could not parse.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found = [one for entry in document["results"] if (one := _finding(entry, mirror)) is not None]
    unread = tuple(
        (uri, "syntax-error")
        for error in document.get("errors", [])
        if (uri := mirror.uri_of(error["filename"]))
    )
    return Parsed(tuple(found), unread, len(document["results"]) - len(found))


def _finding(entry: Any, mirror: Mirror) -> Finding | None:
    uri = mirror.uri_of(entry["filename"])
    if not uri:
        return None
    native, title, text = str(entry["test_id"]), str(entry["test_name"]), str(entry["issue_text"])
    if native in _QUOTES_A_SECRET:
        text = text.partition(":")[0]
    # Columns count bytes from 0; a flaw of several lines ends where `line_range` does, whose last column is not told.
    lines = entry.get("line_range") or [entry["line_number"]]
    last = max(lines)
    columns = (entry.get("col_offset", 0) + 1, entry.get("end_col_offset", 0) + 1)
    single = last == entry["line_number"]
    where = (
        region(entry["line_number"], columns[0], last, columns[1]) if single else region(min(lines), 1, last)
    )
    one = finding("bandit", native, title, text, entry["issue_severity"], Location(uri, where))
    number = _SHARPER.get(native) or (entry.get("issue_cwe") or {}).get("id")
    return replace(
        one,
        confidence=confidence(entry.get("issue_confidence")),
        cwe=(f"CWE-{number}",) if number else (),
        remediation=f"See {entry['more_info']}" if entry.get("more_info") else "",
    )


def _arguments(paths: Sequence[str], _options: ToolOptions) -> list[str]:
    # By folder, not by name: the number of files has no limit then. The mirror holds what was selected and nothing else.
    targets = list(paths) if len(paths) == 1 else ["-r", "."]
    return ["-q", "-f", "json", "--exit-zero", *targets]


def _wants(uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    return language == "python" or uri.endswith((".py", ".pyw"))


TOOL = Tool(
    name="bandit",
    program="bandit",
    scan_types=frozenset({ScanType.SAST}),
    tested=("1.8", "1.9"),
    install="pipx install bandit",
    canary=Canary(
        (
            (
                "canary.py",
                b"import subprocess\n\n\ndef run(command):\n    subprocess.call(command, shell=True)\n",
            ),
        ),
        ("bandit/B602",),
    ),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="results",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
