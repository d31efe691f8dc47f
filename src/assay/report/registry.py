"""The formats by name. A format's module is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from assay.model.errors import UsageError
from assay.model.scan import ScanResult

Render = Callable[[ScanResult], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the module and function that write it, and the file name that others expect."""

    module: str
    function: str
    file_name: str
    media_type: str


FORMATS: dict[str, Format] = {
    "terminal": Format("assay.report.terminal", "render", "assay.txt", "text/plain"),
    "json": Format("assay.report.json_report", "render", "assay.json", "application/json"),
    "sarif": Format("assay.report.sarif", "render", "assay.sarif", "application/sarif+json"),
    "html": Format("assay.report.html_report", "render", "assay.html", "text/html"),
    "markdown": Format("assay.report.markdown", "render", "assay.md", "text/markdown"),
    "gitlab-sast": Format("assay.report.gitlab", "render_sast", "gl-sast-report.json", "application/json"),
    "gitlab-secrets": Format(
        "assay.report.gitlab", "render_secrets", "gl-secret-detection-report.json", "application/json"
    ),
    "gitlab-dependencies": Format(
        "assay.report.gitlab", "render_dependencies", "gl-dependency-scanning-report.json", "application/json"
    ),
    "gitlab-quality": Format(
        "assay.report.gitlab", "render_quality", "gl-code-quality-report.json", "application/json"
    ),
    "cyclonedx": Format(
        "assay.report.cyclonedx", "render", "assay.cdx.json", "application/vnd.cyclonedx+json; version=1.6"
    ),
    "ocsf": Format("assay.report.ocsf", "render", "assay.ocsf.jsonl", "application/x-ndjson"),
    "junit": Format("assay.report.junit", "render", "assay.junit.xml", "application/xml"),
    "agent": Format("assay.report.agent", "render", "assay.agent.txt", "text/plain"),
    "csv": Format("assay.report.csv_report", "render", "assay.csv", "text/csv"),
    "github": Format("assay.report.sarif", "render_for_github", "assay.sarif", "application/sarif+json"),
}


def check(name: str) -> Format:
    """The format of this name.

    Raises:
        UsageError: there is none; the advice lists those that there are.
    """
    if name not in FORMATS:
        raise UsageError(f"no report format {name[:40]!r}", "formats: " + ", ".join(sorted(FORMATS)))
    return FORMATS[name]


def render(name: str, result: ScanResult) -> bytes:
    """The report in this format.

    Raises:
        UsageError: there is no such format.
    """
    chosen = check(name)
    function = cast("Render", getattr(import_module(chosen.module), chosen.function))
    return function(result)
