"""What an engine is. Two kinds: one looks at a file alone (cached by content), one looks at the project as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.scan import EngineStatus, FileStatus, Notification, ScanType
from assay.scan.target.file import SourceFile, TargetFile, Trait


@dataclass(frozen=True, slots=True)
class Canary:
    """Files with one known flaw each engine must find before its silence means anything: path to text, and the rule ids expected."""

    files: tuple[tuple[str, bytes], ...]
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What an engine saw in one file. `uri` names the file; status PARTIAL or FAILED carries a reason.

    `allowed` are findings, apart from the others, that a comment of another scanner lets pass, each with the comment's word for it.
    `dropped` counts by reason what looked like a flaw and was judged not to be one, where a reader may want to know.
    """

    uri: str
    findings: tuple[Finding, ...] = ()
    status: FileStatus = FileStatus.SCANNED
    reason: str = ""
    notifications: tuple[Notification, ...] = ()
    allowed: tuple[tuple[Finding, str], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()

    def __reduce__(self) -> tuple[type[Look], tuple[object, ...]]:
        # Looks travel between processes: what dataclasses do by themselves takes five times as long.
        return Look, (
            self.uri,
            self.findings,
            self.status,
            self.reason,
            self.notifications,
            self.allowed,
            self.dropped,
        )


def unread(engine: str, uri: str, error: OSError) -> Look:
    """The look at a file that could not be read: skipped if it is binary under a name of source, as for every other engine, else failed."""
    if str(error) == "binary":
        return Look(uri, status=FileStatus.SKIPPED, reason="binary")
    note = Notification("warning", f"cannot be read: {error}", engine, uri)
    return Look(uri, status=FileStatus.FAILED, reason="unreadable", notifications=(note,))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a foreign program ended, and its version where only its output says it: the last thing that its engine yields.

    What it found until then stands.
    """

    status: EngineStatus
    reason: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What a scan lets a foreign program have: the network or not, the files that the settings name for it, and a folder in our own cache.

    `ask_version`: the program is started to say its version, even where its output would say it.
    """

    offline: bool = True
    files: tuple[str, ...] = ()
    cache: str = ""
    ask_version: bool = False


class EngineAbout(Protocol):
    """What every engine says of itself without loading anything heavy.

    An engine is constructed with the rules that the project brings for it: `Engine(own_rules: tuple[Rule, ...] = ())`.
    """

    name: str
    version: str
    scan_types: frozenset[ScanType]

    def rules(self) -> Sequence[Rule]:
        """The rules that this engine applies, without examples."""
        ...

    def canary(self) -> Canary:
        """A known flaw."""
        ...

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        """Whether the engine would look at such a file. Cheap: called for every file."""
        ...


class FileEngine(EngineAbout, Protocol):
    """Looks at one file alone. Holds no state between files; safe in several processes; result depends on bytes, uri and rules only.

    An engine may have `wants_everything = True`: `wants` is then not asked, and no file's language and traits are found for it.
    """

    def look(self, file: SourceFile) -> Look:
        """Look at one file. Never raises for bad input: that is a PARTIAL or FAILED look with its reason."""
        ...


class Project(Protocol):
    """The target as a project engine sees it. `seconds` is the time that the engine has."""

    root: str
    jobs: int
    offline: bool
    seconds: float

    def files(self) -> Sequence[TargetFile]:
        """Every file that the engine wants, sorted by uri."""
        ...

    def read(self, file: TargetFile) -> SourceFile:
        """Read and identify one file.

        Raises:
            OSError: the file cannot be read any more.
        """
        ...

    def cached(self, key: bytes) -> bytes | None:
        """A value stored under this key by an earlier scan, or None."""
        ...

    def store(self, key: bytes, value: bytes) -> None:
        """Keep a value for later scans. The key must hold everything that the value depends on."""
        ...


class ProjectEngine(EngineAbout, Protocol):
    """Looks at the project as a whole and yields one look for every file it wanted."""

    def look_at_project(self, project: Project) -> Iterator[Look | Ending]:
        """Yield looks as they are ready, in any order. Never raises for bad input."""
        ...


@runtime_checkable
class ComparingEngine(Protocol):
    """An engine that also tells what a change did to a file: the text before it beside the text after it."""

    def compare(self, changed: Sequence[tuple[str, bytes, bytes]]) -> list[Finding]:
        """Findings on (uri, before, after). Never raises for bad input."""
        ...


class ForeignEngine(ProjectEngine, Protocol):
    """A program of someone else's, started when a scan asks for it. Its rules are known from its findings only: `rules()` is empty.

    `program` is its absolute path, "" until `prepare` found it; `notes` are what a reader of its results must know.
    """

    foreign: bool
    program: str
    install: str
    notes: tuple[Notification, ...]

    def prepare(self, options: ToolOptions) -> str:
        """Find the program and its version. "" when it can be started, else the reason why not."""
        ...


def looks_at_projects(engine: FileEngine | ProjectEngine) -> TypeGuard[ProjectEngine]:
    """Which of the two kinds an engine is."""
    return hasattr(engine, "look_at_project")


def is_foreign(engine: EngineAbout) -> TypeGuard[ForeignEngine]:
    """Whether an engine is a program of someone else's."""
    return getattr(engine, "foreign", False)
