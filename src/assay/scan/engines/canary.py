"""Every engine finds a known flaw before its silence means anything."""

from __future__ import annotations

from typing import cast

from assay.scan.engines.limits import TimeIsUp, alarm
from assay.scan.engines.project import MemoryProject
from assay.scan.engines.protocol import Ending, FileEngine, Look, ProjectEngine, looks_at_projects
from assay.scan.target.read import source_file

_SECONDS = 120.0  # a first compile of the pattern database on a busy machine is slow, and not broken


def verify(engine: FileEngine | ProjectEngine) -> str:
    """Show the engine its canary through its production path. "" when it found what it must, else the reason why not."""
    canary = engine.canary()
    try:
        with alarm(_SECONDS):
            looks = look_at_texts(engine, dict(canary.files))
    except TimeIsUp:
        return f"did not answer within {_SECONDS:.0f} s"
    except Exception as error:  # noqa: BLE001 - the engine border: a broken engine is a value
        return f"{type(error).__name__}: {error}"
    found = {finding.rule_id for look in looks for finding in look.findings}
    missing = sorted(set(canary.expected) - found)
    return f"ran, but did not find its canary ({', '.join(missing)})" if missing else ""


def look_at_texts(engine: FileEngine | ProjectEngine, texts: dict[str, bytes]) -> list[Look]:
    """What the engine sees in files that exist only in memory, as it would on the disk."""
    project = MemoryProject({uri: text for uri, text in texts.items() if _wanted(engine, uri, text)})
    if looks_at_projects(engine):
        return [look for look in engine.look_at_project(project) if not isinstance(look, Ending)]
    return [cast("FileEngine", engine).look(project.read(file)) for file in project.files()]


def _wanted(engine: FileEngine | ProjectEngine, uri: str, text: bytes) -> bool:
    source = source_file(uri, text)
    return engine.wants(uri, source.language, source.traits)
