"""Reports of other programs as an engine (`--import FILE`): what they found is merged as if they had just run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import Notification, ScanType
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.sarif import Reading, Report, plain_uri, read
from assay.scan.engines.protocol import Canary, Ending, Look, Project, ToolOptions
from assay.scan.target.file import Trait

_MAX_BYTES = 256 * 1024 * 1024


class ImportedEngine:
    """Findings that stand in reports already. A report that cannot be read makes the scan incomplete: it was asked for."""

    name = "imported"
    version = "2.1.0"
    scan_types = frozenset({ScanType.FULL})
    foreign = True
    program = ""
    install = "give a SARIF 2.1.0 report"

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
                return f"{Path(file).name}: not SARIF 2.1.0 ({error if not isinstance(error, RecursionError) else 'too deep'})"
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
    return read(document, Reading(lambda text: mirror.uri_of(text) or plain_uri(text)))
