"""OSV-Scanner (vulnerable packages): its JSON (https://google.github.io/osv-scanner/output/). Without the network it needs a database of its
own, which its user downloads; the program then asks nobody.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.model.severity import severity_of_score
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.package_tools import NATIVE, is_package_list, scored, vulnerability
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.tool import Tool, ToolEngine
from assay.scan.engines.protocol import Canary, ToolOptions
from assay.scan.target.file import Trait

_VARIABLE = "OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY"
_DOWNLOAD = "osv-scanner scan source --offline-vulnerabilities --download-offline-databases ."
_STEERING = "osv-scanner.toml"


def parse(document: Any, mirror: Mirror) -> Parsed:
    """One finding for each group of advisories that the program takes for one.

    Raises:
        KeyError: an entry lacks what the format promises.
    """
    found: list[Finding] = []
    lost = 0
    for source in document["results"] or ():
        uri = mirror.uri_of(source["source"]["path"])
        for entry in source["packages"]:
            groups = entry.get("groups") or ()
            lost += 0 if uri else len(groups)
            found += [_finding(entry, group, uri) for group in groups if uri]
    return Parsed(tuple(found), (), lost)


def _finding(entry: Any, group: Any, uri: str) -> Finding:
    package = entry["package"]
    told = {str(one["id"]): str(one.get("summary") or "") for one in entry.get("vulnerabilities", ())}
    ids = tuple(dict.fromkeys((*group["ids"], *(group.get("aliases") or ()))))
    text = next((told[one] for one in ids if told.get(one)), "")
    named = (str(package["ecosystem"]).partition(":")[0], str(package["name"]), str(package["version"]))
    one = vulnerability("osv-scanner", named, ids, (text, ""), uri)
    try:
        return scored(one, severity_of_score(float(group.get("max_severity") or "")))
    except ValueError:
        return one  # it gives no score: unknown


def _arguments(_paths: Sequence[str], options: ToolOptions) -> list[str]:
    network = ["--offline"] if options.offline else []
    return [
        "scan",
        "source",
        *network,
        "--no-ignore",
        "--allow-no-lockfiles",
        "--recursive",
        "--format",
        "json",
        ".",
    ]


def _databases() -> Path:
    """The folder that holds the databases' folder: where the user's variable says, else the user's cache."""
    told = os.environ.get(_VARIABLE) or os.environ.get("XDG_CACHE_HOME")
    return Path(told) if told else Path.home() / ".cache"


def _lacks(options: ToolOptions) -> str:
    there = any((_databases() / "osv-scalibr").glob("*/all.zip"))
    return "" if there or not options.offline else f"no database of its own here; once: {_DOWNLOAD}"


def _environment(_options: ToolOptions) -> Mapping[str, str]:
    return {_VARIABLE: str(_databases())}


def _wants(uri: str, _language: str, _traits: frozenset[Trait]) -> bool:
    return is_package_list(uri) and not uri.endswith(_STEERING)


TOOL = Tool(
    name="osv-scanner",
    program="osv-scanner",
    scan_types=frozenset({ScanType.VULNERABILITIES}),
    tested=("2.5",),
    install="go install github.com/google/osv-scanner/v2/cmd/osv-scanner@latest",
    canary=Canary((("requirements.txt", b"pyyaml==3.12\n"),), (f"osv-scanner/{NATIVE}",)),
    wants=_wants,
    arguments=_arguments,
    parse=parse,
    array="results",
    looked=frozenset({0, 1, 128}),  # 1: something was found; 128: no packages
    environment=_environment,
    lacks=_lacks,
    module="github.com/google/osv-scanner/v2",
)


def engine(_own_rules: tuple[Rule, ...] = ()) -> ToolEngine:
    """The engine of this program."""
    return ToolEngine(TOOL)
