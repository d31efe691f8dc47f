"""Reports of other programs as an engine (`--import FILE`): what they found is merged as if they had just run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import Notification, ScanType
from assay.scan.engines.external import cyclonedx_file, gitlab_file, sarif
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.report_shapes import Report
from assay.scan.engines.protocol import Canary, Ending, Look, Project, ToolOptions
from assay.scan.target.file import Trait

_MAX_BYTES = 256 * 1024 * 1024


class ImportedEngine:
    """Findings that stand in reports already. A report that cannot be read makes the scan incomplete: it was asked for."""

    name = "imported"
    version = ""
    scan_types = frozenset({ScanType.FULL})
    foreign = True
    program = ""
    install = "give a report in one of these forms"

    def __init__(self, own_rules: tuple[Rule, ...] = ()) -> None:
        del own_rules
        self.notes: tuple[Notification, ...] = ()
        self._files: tuple[str, ...] = ()

    def rules(self) -> tuple[Rule, ...]:
        """None: a report brings its own."""
        return ()

    def canary(self) -> Canary:
        """Nothing: a report is there or not."""
        return Canary((), ())

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Any file may stand in a report."""
        return True

    def prepare(self, options: ToolOptions) -> str:
        """Try to read every report. "" when that works, else the first problem."""
        self._files = options.files
        for file in self._files:
            try:
                _read(file, Mirror("", ()))
            except (OSError, ValueError, RecursionError) as error:
                why = "too deep" if isinstance(error, RecursionError) else error
                return f"{Path(file).name}: no SARIF 2.1.0, CycloneDX or GitLab report ({why})"
        return ""

    def look_at_project(self, project: Project) -> Iterator[Look | Ending]:
        """One look for every file that a report names."""
        mirror = Mirror("", tuple(file.uri for file in project.files()))
        findings: dict[str, list[Finding]] = defaultdict(list)
        allowed: dict[str, list[tuple[Finding, str]]] = defaultdict(list)
        lost = 0
        for file in self._files:
            report = _read(file, mirror)
            lost += report.lost
            for one in report.findings:
                findings[one.location.uri].append(one)
            for one, why in report.suppressed:
                allowed[one.location.uri].append((one, why))
        notes: tuple[Notification, ...] = ()
        if lost:
            notes = (Notification("warning", f"{lost} results of imported reports name no place", self.name),)
        for uri in sorted({*findings, *allowed} or ({"."} if lost else set())):
            yield Look(uri, tuple(findings[uri]), notifications=notes, allowed=tuple(allowed[uri]))
            notes = ()


def _read(file: str, mirror: Mirror) -> Report:
    path = Path(file)
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES} bytes")
    document = json.loads(path.read_bytes().decode("utf-8-sig"))

    def uri_of(text: str) -> str:
        return mirror.uri_of(text) or sarif.plain_uri(text)

    if cyclonedx_file.is_report(document):
        return cyclonedx_file.read(document, path.name)
    if gitlab_file.is_report(document):
        return gitlab_file.read(document, uri_of)
    return sarif.read(document, sarif.Reading(uri_of))
