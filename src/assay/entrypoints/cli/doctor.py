"""`assay doctor`: every engine with its version, and whether it finds its canary; then the programs of others that can look too."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from assay.model.version import VERSION
from assay.scan.engines import registry
from assay.scan.engines.canary import verify
from assay.scan.engines.protocol import ToolOptions, is_foreign
from assay.scan.foreign import examine


@dataclass(frozen=True, slots=True)
class Health:
    """One engine's row: status ok, missing or broken; where its program is ("built in" for ours); what to do."""

    name: str
    version: str
    status: str
    path: str
    rules: int
    reason: str
    install: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Examine every engine. Exit code 3 if one of ours does not work."""
    rows = [_examine(name) for name in registry.names()] + _examine_programs()
    if args.json:
        document = {
            "version": VERSION,
            "python": sys.version.split()[0],
            "engines": [asdict(row) for row in rows],
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(_table(rows))
    return 3 if any(row.status != "ok" and row.path == "built in" for row in rows) else 0


def _examine(name: str) -> Health:
    engine = registry.load(name)
    reason = verify(engine)
    status = "broken" if reason else "ok"
    prepared = getattr(
        engine, "prepared", None
    )  # what an engine keeps ready for later scans was made by its canary
    if not reason and prepared is not None:
        reason = prepared()
    return Health(name, engine.version, status, "built in", len(engine.rules()), reason, "")


def _examine_programs() -> list[Health]:
    """The programs of others, side by side: some take seconds to start."""
    names = [name for name in registry.foreign_names() if name != "imported"]
    with ThreadPoolExecutor(max_workers=4) as threads:
        return list(threads.map(_examine_program, names))


def _examine_program(name: str) -> Health:
    engine = registry.load(name)
    assert is_foreign(engine)  # what `foreign_names` promises
    state = examine(engine, ToolOptions(ask_version=True))
    status = "missing" if state.absent else "broken" if state.broken else "ok"
    notes = [state.absent or state.broken, *(note.message for note in engine.notes)]
    reason = "; ".join(text for text in notes if text)
    install = "" if status == "ok" or (state.absent and engine.program) else engine.install
    return Health(name, engine.version, status, engine.program, 0, reason, install)


def _table(rows: list[Health]) -> str:
    width = max(len(row.name) for row in rows)
    lines = [f"assay {VERSION}, Python {sys.version.split()[0]}", ""]
    for row in rows:
        rules = f"{row.rules:4} rules" if row.path == "built in" else " " * 10
        lines.append(
            f"{row.name.ljust(width)}  {row.status:7}  {row.version:10}  {rules}  {row.path}".rstrip()
        )
        if row.reason:
            lines.append(f"{' ' * width}  {row.reason}")
        if row.install:
            lines.append(f"{' ' * width}  install: {row.install}")
    return "\n".join(lines) + "\n"
