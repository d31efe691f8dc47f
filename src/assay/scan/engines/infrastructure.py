"""The engine for what is declared: containers, clusters, clouds, pipelines, agents. Thin: the knowledge is in `infrastructure`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.infrastructure.identify import wants
from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import FileStatus, Notification, ScanType
from assay.rules.load import load_engine
from assay.scan.engines.protocol import Canary, Look, Project, unread
from assay.scan.target.file import SourceFile, TargetFile, Trait

if TYPE_CHECKING:  # most trees declare nothing: the readers of documents are loaded where one is met
    from assay.infrastructure.checker import Checker
    from assay.infrastructure.project import Documents
    from assay.infrastructure.unit import Problem, Reading

_DOMAINS: dict[str, frozenset[ScanType]] = {
    "docker": frozenset({ScanType.CONTAINERS}),
    "compose": frozenset({ScanType.CONTAINERS}),
    "kubernetes": frozenset({ScanType.CONTAINERS, ScanType.IAC}),
    "agents": frozenset({ScanType.AGENTS}),
}
_IAC = frozenset({ScanType.IAC})


def document_files(
    engine: str, project: Project, targets: Iterable[TargetFile]
) -> tuple[list[tuple[str, bytes]], list[Look]]:
    """The contents of the files that can be read, and a look for every other: failed, or skipped if it is binary."""
    files: list[tuple[str, bytes]] = []
    missed: list[Look] = []
    for target in targets:
        try:
            file: SourceFile = project.read(target)
        except OSError as error:
            missed.append(unread(engine, target.uri, error))
        else:
            files.append((file.uri, file.content))
    return files, missed


def domain_of(rule_id: str) -> frozenset[ScanType]:
    """The scan types that a finding of this rule belongs to: containers, iac or agents."""
    parts = rule_id.split("/")
    return _DOMAINS.get(parts[1] if len(parts) > 2 else "", _IAC)


class DocumentEngine:
    """What the engines over documents share: read the project, run the checker, account for every file."""

    name = ""
    version = "2"
    scan_types: frozenset[ScanType] = frozenset()
    platforms: frozenset[str] = frozenset()

    def __init__(self, own_rules: tuple[Rule, ...] = ()) -> None:
        self._own = own_rules
        self._checker: Checker | None = None

    def rules(self) -> Sequence[Rule]:
        """The rules that this engine applies, without examples."""
        return (*load_engine(self.name), *self._own)

    def types_of(self, rule_id: str) -> frozenset[ScanType]:
        """The scan types that a finding of this rule belongs to."""
        return self.scan_types if len(self.scan_types) == 1 else domain_of(rule_id)

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Whether a file of this name could declare something."""
        return wants(uri) and not traits & {Trait.LOCKFILE, Trait.MINIFIED, Trait.VENDORED}

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Read every document, then check all of them with the whole project in view."""
        from assay.infrastructure.project import read_project

        files, unread = document_files(self.name, project, project.files())
        yield from unread
        if any(uri.endswith("Chart.yaml") for uri, _ in files):
            from assay.scan.engines.charts import render_charts

            rendered = render_charts(files)
            documents = read_project(files, self.platforms, rendered.texts)
            yield from self._looks(documents, rendered.notes)
        else:
            yield from self._looks(read_project(files, self.platforms))

    def _looks(self, documents: Documents, notes: Mapping[str, str] | None = None) -> Iterator[Look]:
        from assay.infrastructure.checker import Checker

        if self._checker is None:
            self._checker = Checker(self.name, self.rules())
        lines: dict[str, list[str]] = {}

        def lines_of(uri: str) -> list[str]:
            if uri not in lines:
                lines[uri] = documents.texts.get(uri, "").split("\n")
            return lines[uri]

        found: dict[str, list[Finding]] = {}
        for reading in documents.readings:
            for finding in self._checker.findings(reading.units, documents.world, lines_of):
                found.setdefault(finding.location.uri, []).append(
                    _clamped(finding, lines_of(finding.location.uri))
                )
        for reading in documents.readings:
            look = self._look(reading, tuple(found.pop(reading.uri, ())))
            if notes is not None and reading.uri in notes:
                told = _note(self.name, reading.uri, notes[reading.uri])
                look = replace(look, notifications=(*look.notifications, told))
            yield look

    def _look(self, reading: Reading, findings: tuple[Finding, ...]) -> Look:
        serious = [problem for problem in reading.problems if problem.reason != "encoding"]
        status = FileStatus.SCANNED
        if serious:
            status = FileStatus.PARTIAL if reading.units else FileStatus.FAILED
        notes = tuple(_note(self.name, reading.uri, _words(problem)) for problem in reading.problems)
        reason = serious[0].reason if serious else ""
        return Look(reading.uri, findings, status, reason, notes)


class InfrastructureEngine(DocumentEngine):
    """Everything declared but API specifications."""

    name = "infrastructure"
    scan_types = frozenset({ScanType.CONTAINERS, ScanType.IAC, ScanType.AGENTS})

    def canary(self) -> Canary:
        """A Dockerfile with sudo and root. Nothing that is downloaded and run: following that loads the shell room for every scan."""
        text = b"FROM debian:12\nRUN sudo ls\nUSER root\n"
        return Canary(
            (("Dockerfile", text),),
            ("infrastructure/docker/sudo-used", "infrastructure/docker/runs-as-root"),
        )


def _clamped(finding: Finding, lines: list[str]) -> Finding:
    """The finding with its region inside the text: readers may point one past the end."""
    region = finding.location.region
    last = max(1, len(lines))
    if region.end_line <= last:
        return finding
    start = min(region.start_line, last)
    column = region.start_column if start == region.start_line else 1
    ended = replace(
        region,
        start_line=start,
        start_column=column,
        end_line=last,
        end_column=max(column, len(lines[-1]) + 1),
    )
    return replace(finding, location=replace(finding.location, region=ended))


def _words(problem: Problem) -> str:
    place = f"line {problem.line}: " if problem.line else ""
    return f"{place}{problem.detail or problem.reason}"


def _note(engine: str, uri: str, message: str) -> Notification:
    return Notification("warning", message, engine, uri)
