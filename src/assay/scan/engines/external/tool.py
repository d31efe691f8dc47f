"""A foreign program as an engine: found on PATH, started on copies of the files, its output read, its end told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.model.rule import Rule
from assay.model.scan import EngineStatus, Notification, ScanType
from assay.scan.engines.external.mirror import Mirror, mirrored
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.session import Session
from assay.scan.engines.external.version import untested, version_of
from assay.scan.engines.process import Completed, which
from assay.scan.engines.protocol import Canary, Ending, Look, Project, ToolOptions
from assay.scan.target.file import Trait

# An end of its own comes before the runner's deadline, so that what was printed until then is kept.
_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Tool:
    """All that is particular to one program.

    `arguments` makes the command line after the program's name from the mirror and the options. `parse` reads the decoded JSON.
    `array` is the key of its list of results ("" if the list is the whole), by which cut output is salvaged. `looked` are the exit codes
    of a program that did its work. `alone` says from an end that one file may have spoilt the others' look: then each is shown alone.
    `tested` are the versions (major.minor) whose output we have read. `lacks` says what
    it cannot do without and has not, "" for nothing.
    `version_in` reads the version from the decoded output, where that spares a start only to ask for it. `module` is the Go module
    whose version stands in a program that was built without being told its own. `warns` says what must be known of the program's own
    data before its silence is believed.
    """

    name: str
    program: str
    scan_types: frozenset[ScanType]
    tested: tuple[str, ...]
    install: str
    canary: Canary
    wants: Callable[[str, str, frozenset[Trait]], bool]
    arguments: Callable[[Sequence[str], ToolOptions], list[str]]
    parse: Callable[[Any, Mirror], Parsed]
    array: str
    looked: frozenset[int] = frozenset({0})
    version_arguments: tuple[str, ...] = ("--version",)
    environment: Callable[[ToolOptions], Mapping[str, str]] = lambda _options: {}
    extra: tuple[tuple[str, bytes], ...] = ()
    alone: Callable[[Completed], bool] = lambda _done: False
    lacks: Callable[[ToolOptions], str] = lambda _options: ""
    version_in: Callable[[Any], str] | None = None
    module: str = ""
    warns: Callable[[ToolOptions], tuple[str, ...]] = lambda _options: ()


class ToolEngine:
    """One foreign program. It holds what `prepare` found out, and nothing of a scan."""

    foreign = True

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.name = tool.name
        self.version = ""
        self.scan_types = tool.scan_types
        self.program = ""
        self.install = tool.install
        self.notes: tuple[Notification, ...] = ()
        self._options = ToolOptions()

    def rules(self) -> tuple[Rule, ...]:
        """None: the program keeps its rules to itself."""
        return ()

    def canary(self) -> Canary:
        """A known flaw."""
        return self.tool.canary

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        """Whether the program would look at such a file."""
        return self.tool.wants(uri, language, traits)

    def prepare(self, options: ToolOptions) -> str:
        """Find the program and ask for its version. "" when it can be started, else the reason why not."""
        self._options = options
        self.program = which(self.tool.program) or ""
        if not self.program:
            return f"{self.tool.program} is not on PATH"
        lacking = self.tool.lacks(options)
        if lacking:
            return lacking
        self.notes = tuple(Notification("warning", text, self.name) for text in self.tool.warns(options))
        if self.tool.version_in is None or options.ask_version:
            self.version = version_of(self.program, self.tool, options)
            self.notes = (*untested(self.tool, self.version), *self.notes)
        return ""

    def look_at_project(self, project: Project) -> Iterator[Look | Ending]:
        """Start the program on copies of the files and yield what it says of each."""
        if not self.program:
            yield Ending(EngineStatus.MISSING, f"{self.tool.program} is not on PATH")
            return
        with mirrored(project, self.tool.extra, self.tool.canary.files) as mirror:
            session = Session(self.tool, self.program, self._options, mirror, project.seconds * _SHARE)
            session.run()
        yield from session.looks()
        yield session.end()
