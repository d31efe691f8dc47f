"""Engines for tests of the frame: real implementations of the protocol, small enough to be seen through."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.rule import Example, Rule
from assay.model.scan import FileStatus, ScanType
from assay.model.severity import Confidence, Severity
from assay.scan.engines import registry
from assay.scan.engines.protocol import Canary, Look, Project
from assay.scan.target.file import SourceFile, Trait


def rule(rule_id: str, engine: str, severity: Severity = Severity.HIGH) -> Rule:
    return Rule(
        id=rule_id, title=rule_id, engine=engine, severity=severity, confidence=Confidence.HIGH, message=f"{rule_id} found",
        remediation="remove it", cwe=("CWE-1",), references=(), last_reviewed="2026-11-21", match={},
        bad=(Example("flaw", "a.txt"),), good=(Example("fine", "a.txt"),),
    )  # fmt: skip


def findings_of(content: bytes, uri: str, word: bytes, made_from: Rule) -> Iterator[Finding]:
    for number, line in enumerate(content.split(b"\n"), 1):
        at = line.find(word)
        if at >= 0:
            region = Region(number, 1, number, len(line) + 1)
            yield Finding(
                made_from.id,
                made_from.engine,
                made_from.message,
                made_from.severity,
                made_from.confidence,
                Location(uri, region),
            )


class WordEngine:
    """Reports every line with `flaw`; misbehaves on lines that ask for it. Counts its looks in a file, across processes."""

    name = "words"
    version = "1"
    scan_types = frozenset({ScanType.SECRETS})
    counter: Path | None = None

    def __init__(self, own_rules: tuple[Rule, ...] = ()) -> None:
        self._rules = (rule("secrets/flaw", self.name), *own_rules)

    def rules(self) -> tuple[Rule, ...]:
        return self._rules

    def canary(self) -> Canary:
        return Canary((("canary.txt", b"a flaw\n"),), ("secrets/flaw",))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        return not uri.endswith(".skip")

    def look(self, file: SourceFile) -> Look:
        if self.counter is not None and file.uri != "canary.txt":
            with self.counter.open("a") as log:
                log.write(file.uri + "\n")
        if b"DIE" in file.content:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"HANG" in file.content:
            if mark := os.environ.get("FRAME_HANGS"):
                Path(mark).touch()
            time.sleep(60)
        if b"RAISE" in file.content:
            raise ValueError(file.content.decode())
        if b"INTERRUPT" in file.content:
            raise KeyboardInterrupt
        if b"PARTLY" in file.content:
            return Look(file.uri, status=FileStatus.PARTIAL, reason="syntax-error")
        return Look(file.uri, tuple(findings_of(file.content, file.uri, b"flaw", self._rules[0])))


class PairEngine:
    """A project engine: reports `pair` in a file when another file has it too."""

    name = "pairs"
    version = "1"
    scan_types = frozenset({ScanType.SAST})
    looks = 0

    def __init__(self, own_rules: tuple[Rule, ...] = ()) -> None:
        self._rules = (rule("code/pair", self.name, Severity.MEDIUM), *own_rules)

    def rules(self) -> tuple[Rule, ...]:
        return self._rules

    def canary(self) -> Canary:
        return Canary((("a.py", b"pair\n"), ("b.py", b"pair\n")), ("code/pair",))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        return uri.endswith(".py")

    def look_at_project(self, project: Project) -> Iterator[Look]:
        type(self).looks += 1
        sources = [project.read(file) for file in project.files()]
        holding = [source for source in sources if b"pair" in source.content]
        if any(b"CRASH" in source.content for source in sources):
            raise RuntimeError("the project engine fails half-way")
        for source in sources:
            found = (
                findings_of(source.content, source.uri, b"pair", self._rules[0]) if len(holding) > 1 else ()
            )
            yield Look(source.uri, tuple(found))


class BlindEngine(WordEngine):
    """Runs, and never finds anything: its canary shows it."""

    name = "blind"

    def look(self, file: SourceFile) -> Look:
        return Look(file.uri)


@pytest.fixture
def engines(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, frozenset[ScanType]]]:
    """The registry holds the test engines only; the cache is this test's own."""
    table = {one.name: (f"{__name__}:{one.__name__}", one.scan_types) for one in (WordEngine, PairEngine)}
    monkeypatch.setattr(registry, "_ENGINES", table)
    monkeypatch.setattr(WordEngine, "counter", tmp_path_factory.mktemp("count") / "looks")
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    return table
