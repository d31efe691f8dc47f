"""Paths as the system would resolve them: `..`, symbolic links, /proc tricks, hard links."""

from __future__ import annotations

import os
import posixpath
import time
from functools import lru_cache
from stat import S_ISREG

from assay.model.decision import Call

UNKNOWN = "\ufffc"


def absolute(text: str, call: Call) -> str:
    """The absolute, lexically normal path for what a tool was given (`~`, `file://`, relative to the current directory)."""
    text = text.removeprefix("file://")
    if text == "~" or text.startswith("~/"):
        text = call.home + text[1:]
    base = call.cwd or call.workspace or "/"
    return posixpath.normpath("/" + (text if text.startswith("/") else f"{base}/{text}").lstrip("/"))


def through_proc(path: str, call: Call) -> str:
    """Undo /proc/<pid>/root and /proc/<pid>/cwd, which are other names of / and of the current directory."""
    for _ in range(4):
        parts = path.split("/", 4)
        if len(parts) < 4 or parts[1] != "proc" or parts[3] not in ("root", "cwd"):
            return path
        rest = parts[4] if len(parts) > 4 else ""
        path = posixpath.normpath(("/" if parts[3] == "root" else (call.cwd or "/") + "/") + rest)
    return path


@lru_cache(maxsize=2_048)
def _real_folder(path: str, _second: int) -> str:
    """Where a folder leads. Remembered for a second at most, and never past a shell command, which may have made a link."""
    return os.path.realpath(path)


def resolved(path: str, call: Call) -> str:
    """Where a path leads once links are followed; the same path where nothing of it exists or it holds wildcards."""
    path = through_proc(path, call)
    if UNKNOWN in path or "*" in path or "?" in path or "\0" in path:
        return path
    parent, _, name = path.rpartition("/")
    try:
        real = _real_folder(parent or "/", int(time.monotonic()))
        place = f"{real.rstrip('/')}/{name}" if name else real
        return os.path.realpath(place) if os.path.islink(place) else place  # noqa: PTH114 - half the time of a Path
    except (OSError, ValueError):
        return path


def forget() -> None:
    """Drop what is remembered of folders (a link may have been made since)."""
    _real_folder.cache_clear()


def is_hard_linked(path: str) -> bool:
    """Whether a regular file has a second name somewhere; then its path says little about what it is."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return False
    return S_ISREG(status.st_mode) and status.st_nlink > 1
