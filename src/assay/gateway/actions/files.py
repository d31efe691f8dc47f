"""Paths as the system would resolve them: `..`, symbolic links, /proc tricks, hard links."""

from __future__ import annotations

import os
import posixpath
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


_known: dict[str, tuple[int, int, str]] = {}
_MAX_KNOWN = 4_096


def _real_folder(path: str) -> str:
    """Where a folder leads, links followed. What is remembered counts as long as the folder is the same one on the disk."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a fifth of the time of a Path
    except OSError:
        if os.path.islink(path):  # noqa: PTH114 - as above; it leads to something that is not there yet
            return os.path.realpath(path)
        above, _, name = path.rpartition("/")
        # What does not exist lies where the nearest folder leads that does.
        return f"{_real_folder(above or '/').rstrip('/')}/{name}" if name else path
    known = _known.get(path)
    if known is not None and known[0] == status.st_ino and known[1] == status.st_dev:
        return known[2]
    real = os.path.realpath(path)
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    _known[path] = (status.st_ino, status.st_dev, real)
    return real


def resolved(path: str, call: Call) -> str:
    """Where a path leads once links are followed; the same path where nothing of it exists or it holds wildcards."""
    path = through_proc(path, call)
    if UNKNOWN in path or "*" in path or "?" in path or "\0" in path:
        return path
    parent, _, name = path.rpartition("/")
    try:
        real = _real_folder(parent or "/")
        place = f"{real.rstrip('/')}/{name}" if name else real
        return os.path.realpath(place) if os.path.islink(place) else place  # noqa: PTH114 - half the time of a Path
    except (OSError, ValueError):
        return path


def is_hard_linked(path: str) -> bool:
    """Whether a regular file has a second name somewhere; then its path says little about what it is."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return False
    return S_ISREG(status.st_mode) and status.st_nlink > 1
