"""A foreign program as an engine: found on PATH, started on copies of the files, its output read, its end told."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.model.errors import EngineError
from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import EngineStatus, FileStatus, Notification, ScanType
from assay.scan.engines.external.mirror import Mirror, mirrored
from assay.scan.engines.external.text import salvaged
from assay.scan.engines.process import Completed, Limits, run, which
from assay.scan.engines.protocol import Canary, Ending, Look, Project, ToolOptions
from assay.scan.target.file import Trait

_VERSION = re.compile(rb"\d{1,6}\.\d{1,6}(?:\.\d{1,9})?")
_VERSION_SECONDS = 30.0
_OUTPUT_BYTES = 128 * 1024 * 1024
# An end of its own comes before the runner's deadline, so that what was printed until then is kept.
_SHARE = 0.9
_MAX_NOTES = 20


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a program's output says: findings, files it could not read each with the reason, and how many entries made no sense."""

    findings: tuple[Finding, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """All that is particular to one program.

    `arguments` makes the command line after the program's name from the mirror and the options. `parse` reads the decoded JSON.
    `array` is the key of its list of results ("" if the list is the whole), by which cut output is salvaged. `looked` are the exit codes
    of a program that did its work. `alone` says from an end that one file may have spoilt the others' look: then each is shown alone.
    `tested` are the versions (major.minor) whose output we have read. `needs` names what the settings must give, "" for nothing.
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
    environment: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[tuple[str, bytes], ...] = ()
    alone: Callable[[Completed], bool] = lambda _done: False
    needs: str = ""


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
        if self.tool.needs and not options.files:
            return f"missing configuration: {self.tool.needs}"
        self.version = _version(self.program, self.tool)
        if not self.version.startswith(tuple(f"{known}." for known in self.tool.tested)):
            tested = ", ".join(self.tool.tested)
            text = f"untested version {self.version or '(it does not say)'} of {self.tool.program} (tested: {tested})"
            self.notes = (Notification("warning", text, self.name),)
        return ""

    def look_at_project(self, project: Project) -> Iterator[Look | Ending]:
        """Start the program on copies of the files and yield what it says of each."""
        if not self.program:
            yield Ending(EngineStatus.MISSING, f"{self.tool.program} is not on PATH")
            return
        with mirrored(project, self.tool.extra) as mirror:
            session = _Session(self.tool, self.program, self._options, mirror, project.seconds * _SHARE)
            session.run()
        yield from session.looks()
        if session.ending is not None:
            yield session.ending


class _Session:
    """One look of one program: its findings grow with every time that it is started."""

    def __init__(
        self, tool: Tool, program: str, options: ToolOptions, mirror: Mirror, seconds: float
    ) -> None:
        self.tool = tool
        self.program = program
        self.options = options
        self.mirror = mirror
        self.deadline = time.monotonic() + seconds
        self.findings: dict[str, list[Finding]] = defaultdict(list)
        self.unread: dict[str, str] = dict(mirror.unread)
        self.lost = 0
        self.ending: Ending | None = None

    def run(self) -> None:
        """Start the program once, or once for each file where one of them spoils the others' look."""
        if not self.mirror.uris:
            return
        done = self._start(self.mirror.uris)
        if done.ended == "exited" and len(self.mirror.uris) > 1 and self.tool.alone(done):
            for uri in self.mirror.uris:
                alone = self._start((uri,))
                self._take(alone, (uri,), alone=True)
                if alone.ended != "exited":
                    return
            return
        self._take(done, self.mirror.uris, alone=False)

    def _start(self, uris: Sequence[str]) -> Completed:
        seconds = max(0.1, self.deadline - time.monotonic())
        argv = [self.program, *self.tool.arguments([f"./{uri}" for uri in uris], self.options)]
        limits = Limits(seconds, _OUTPUT_BYTES)
        try:
            return run(argv, cwd=self.mirror.root, environment=self.tool.environment, limits=limits)
        except EngineError as error:
            return Completed(tuple(argv), -1, b"", error.message.encode(), 0.0)

    def _take(self, done: Completed, uris: Sequence[str], *, alone: bool) -> None:
        document, whole = salvaged(done.stdout, self.tool.array)
        parsed = Parsed()
        try:
            parsed = self.tool.parse(document, self.mirror) if document is not None else parsed
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            whole, self.lost = False, self.lost + 1
            del error
        for finding in parsed.findings:
            self.findings[finding.location.uri].append(finding)
        self.unread.update(parsed.unread)
        self.lost += parsed.lost
        problem = self._problem(done, whole)
        if problem is None:
            if alone and self.tool.alone(done):
                self.unread[uris[0]] = "not parsed"
            return
        if alone and done.ended == "exited":
            self.unread[uris[0]] = problem.reason
            return
        self.unread.update(dict.fromkeys(uris, problem.reason))
        status = EngineStatus.PARTIAL if self.findings else problem.status
        self.ending = Ending(status, problem.reason)

    def _problem(self, done: Completed, whole: bool) -> Ending | None:
        if done.ended == "timed-out":
            return Ending(EngineStatus.TIMED_OUT, f"timed-out after {done.seconds:.0f} s")
        if done.ended != "exited":
            return Ending(EngineStatus.FAILED, done.ended)
        if done.returncode not in self.tool.looked:
            return Ending(EngineStatus.FAILED, f"exit code {done.returncode}")
        return None if whole else Ending(EngineStatus.FAILED, "its output is not what it documents")

    def looks(self) -> Iterator[Look]:
        """One look for every file that the program was shown."""
        if self.ending is not None and not self.findings:
            return  # it saw nothing: no file counts as looked at
        notes = self._notes()
        for uri in sorted({*self.mirror.uris, *self.unread, *self.findings}):
            reason = self.unread.get(uri, "")
            status = FileStatus.PARTIAL if reason else FileStatus.SCANNED
            text = f"{self.tool.name}: {reason}" if reason else ""
            yield Look(uri, tuple(self.findings.get(uri, ())), status, text, notes)
            notes = ()

    def _notes(self) -> tuple[Notification, ...]:
        if not self.lost:
            return ()
        text = f"{self.lost} entries of its output name no file of the scan or cannot be read"
        return (Notification("warning", text, self.tool.name),)


def _version(program: str, tool: Tool) -> str:
    try:
        done = run(
            [program, *tool.version_arguments],
            environment=tool.environment,
            limits=Limits(_VERSION_SECONDS, 1 << 16),
        )
    except EngineError:
        return ""
    found = _VERSION.search(done.stdout[:4096]) or _VERSION.search(done.stderr[:4096])
    return found[0].decode() if found else ""
