"""Which version of a foreign program is there: asked of it, or read in its file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from assay.model.errors import EngineError
from assay.model.scan import Notification
from assay.scan.engines.process import Limits, run
from assay.scan.engines.protocol import ToolOptions

if TYPE_CHECKING:
    from assay.scan.engines.external.tool import Tool

VERSION = re.compile(rb"\d{1,6}\.\d{1,6}(?:\.\d{1,9})?")
_SECONDS = 30.0
_MAX_PROGRAM = 512 * 1024 * 1024


def version_of(program: str, tool: Tool, options: ToolOptions) -> str:
    """The version that the program says, else the one that its build left in the file, else ""."""
    try:
        done = run(
            [program, *tool.version_arguments],
            environment=tool.environment(options),
            limits=Limits(_SECONDS, 1 << 16),
        )
    except EngineError:
        return ""
    found = VERSION.search(done.stdout[:4096]) or VERSION.search(done.stderr[:4096])
    return found[0].decode() if found else _built(program, tool.module)


def untested(tool: Tool, version: str) -> tuple[Notification, ...]:
    """The warning that we have not read output of this version, if that is so."""
    if version.startswith(tuple(f"{known}." for known in tool.tested)):
        return ()
    tested = ", ".join(tool.tested)
    text = f"untested version {version or '(it does not say)'} of {tool.program} (tested: {tested})"
    return (Notification("warning", text, tool.name),)


def _built(program: str, module: str) -> str:
    """The module version that the Go linker writes into a program (`go version -m`): a line `mod`, path, version, between tabs."""
    path = Path(program)
    if not module or path.stat().st_size > _MAX_PROGRAM:
        return ""
    data = path.read_bytes()
    line = b"mod\t" + module.encode() + b"\tv"
    at = data.find(line)
    found = VERSION.match(data, at + len(line)) if at >= 0 else None
    return found[0].decode() if found else ""
