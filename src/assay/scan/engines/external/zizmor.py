"""zizmor (GitHub Actions): its SARIF, with severities from its own property (https://docs.zizmor.sh/usage/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.sarif import Reading, read
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.process import Completed
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

_CANARY = b"""\
on: pull_request_target
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
"""


def parse(document: Any, mirror: Mirror) -> Parsed:
    """Findings of one run.

    Raises:
        ValueError: it is not SARIF.
    """
    report = read(document, Reading(mirror.uri_of, "zizmor", _word))
    return Parsed(report.findings, (), report.lost)


def _word(result: Mapping[str, Any]) -> str:
    properties = result.get("properties")
    word = properties.get("zizmor/severity") if isinstance(properties, dict) else None
    return word if isinstance(word, str) else ""


def _arguments(paths: Sequence[str], options: ToolOptions) -> list[str]:
    del options  # it asks the network only with a token, which it is never given
    return ["--offline", "--no-config", "--no-progress", "--no-exit-codes", "--format", "sarif", "--", *paths]


def _stumbled(done: Completed) -> bool:
    """One file that does not parse ends the look at all others, or (since 1.20) leaves itself out without a name."""
    return done.returncode != 0 or b"failed to parse" in done.stderr or b"failed to load" in done.stderr


def _wants(uri: str, _language: str, _traits: frozenset[Trait]) -> bool:
    folder, _, name = uri.rpartition("/")
    if name in ("action.yml", "action.yaml"):
        return True
    return folder.endswith(".github/workflows") and name.endswith((".yml", ".yaml"))


TOOL = Tool(
    name="zizmor",
    program="zizmor",
    scan_types=frozenset({ScanType.IAC}),
    tested=("1.32",),
    install="pipx install zizmor",
    canary=Canary(((".github/workflows/canary.yml", _CANARY),), ("zizmor/template-injection",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="results",
    alone=_stumbled,
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
