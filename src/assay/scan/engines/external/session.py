"""One look of a foreign program: started on copies of the files with its canary among them, its output read, its end told."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.model.errors import EngineError
from assay.model.finding import Finding
from assay.model.scan import EngineStatus, FileStatus, Notification
from assay.scan.engines.external.mirror import Mirror
from assay.scan.engines.external.parsed import Parsed
from assay.scan.engines.external.text import salvaged
from assay.scan.engines.external.version import VERSION, untested
from assay.scan.engines.process import Completed, Limits, run
from assay.scan.engines.protocol import Ending, Look, ToolOptions

if TYPE_CHECKING:
    from assay.scan.engines.external.tool import Tool

_OUTPUT_BYTES = 128 * 1024 * 1024


class Session:
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
        self.version = ""
        self.canary: set[str] = set()

    def run(self) -> None:
        """Start the program once, or once for each file where one of them spoils the others' look."""
        if not self.mirror.uris:
            return
        uris = (*self.mirror.uris, *self.mirror.canary)
        done = self._start(uris)
        if done.ended == "exited" and self.tool.alone(done):
            for uri in uris:
                alone = self._start((uri,))
                self._take(alone, (uri,), alone=True)
                if alone.ended != "exited":
                    return
            return
        self._take(done, uris, alone=False)

    def end(self) -> Ending:
        """How it went. One that found no canary among the files is broken, whatever else it printed: its silence says nothing."""
        missing = sorted(set(self.tool.canary.expected) - self.canary)
        if self.ending is not None:
            return replace(self.ending, version=self.version)
        if missing and self.mirror.uris:
            reason = f"ran, but did not find its canary ({', '.join(missing)})"
            return Ending(EngineStatus.BROKEN, reason, self.version)
        return Ending(EngineStatus.RAN, "", self.version)

    def _start(self, uris: Sequence[str]) -> Completed:
        seconds = max(0.1, self.deadline - time.monotonic())
        argv = [self.program, *self.tool.arguments([f"./{uri}" for uri in uris], self.options)]
        limits = Limits(seconds, _OUTPUT_BYTES)
        environment = self.tool.environment(self.options)
        try:
            return run(argv, cwd=self.mirror.root, environment=environment, limits=limits)
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
            if finding.location.uri in self.mirror.canary:
                self.canary.add(finding.rule_id)
            else:
                self.findings[finding.location.uri].append(finding)
        self.unread.update(parsed.unread)
        if self.tool.version_in is not None and document is not None and not self.version:
            self.version = _read_version(self.tool.version_in, document)
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
        for uri in sorted({*self.mirror.uris, *self.unread, *self.findings} - set(self.mirror.canary)):
            reason = self.unread.get(uri, "")
            status = FileStatus.PARTIAL if reason else FileStatus.SCANNED
            text = f"{self.tool.name}: {reason}" if reason else ""
            yield Look(uri, tuple(self.findings.get(uri, ())), status, text, notes)
            notes = ()

    def _notes(self) -> tuple[Notification, ...]:
        notes = untested(self.tool, self.version) if self.tool.version_in is not None else ()
        if not self.lost:
            return notes
        text = f"{self.lost} entries of its output name no file of the scan or cannot be read"
        return (*notes, Notification("warning", text, self.tool.name))


def _read_version(version_in: Callable[[Any], str], document: Any) -> str:
    try:
        found = VERSION.search(str(version_in(document)).encode()[:200])
    except (KeyError, TypeError, IndexError, AttributeError):
        return ""
    return found[0].decode() if found else ""
