"""Kingfisher (secrets): its JSON report (https://github.com/mongodb/kingfisher). Never with validation: that would use the secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.secret_tools import canary, secret_finding, wants
from assay.scan.engines.external.text import confidence, region
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import ToolOptions


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings, none of which tells its secret.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found, lost = [], 0
    for entry in document["findings"]:
        rule, seen = entry["rule"], entry["finding"]
        uri, value = mirror.uri_of(seen["path"]), str(seen["snippet"])
        if not (uri and value):
            lost += 1
            continue
        # Columns from 0, the end inclusive; `line` is where the secret begins.
        start, end = seen["column_start"] + 1, seen["column_end"] + 2
        where = region(seen["line"], start, seen["line"], end)
        title = str(rule.get("description") or rule["name"])
        one = secret_finding("kingfisher", str(rule["id"]), title, value, uri, where)
        found.append(replace(one, confidence=confidence(seen.get("confidence"))))
    return Parsed(tuple(found), (), lost)


def _arguments(paths: Sequence[str], options: ToolOptions) -> list[str]:
    target = paths[0] if len(paths) == 1 else "."
    flags = [
        "--no-validate",
        "--no-update-check",
        "--no-dedup",
        "--git-history",
        "none",
        # To compile its rules takes seconds of every start.
        *(["--rule-cache-dir", options.cache] if options.cache else ["--no-rule-cache"]),
        "--format",
        "json",
    ]
    return ["scan", *flags, target]


TOOL = Tool(
    name="kingfisher",
    program="kingfisher",
    scan_types=frozenset({ScanType.SECRETS}),
    tested=("2.14",),
    install="pipx install kingfisher-bin",
    canary=canary("kingfisher/betterleaks.github-pat"),
    wants=wants,
    arguments=_arguments,
    parse=parse,
    array="findings",
    looked=frozenset({0, 200, 205}),  # 200: secrets found, 205: secrets found and valid
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
