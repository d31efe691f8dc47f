"""Paths as the system would resolve them: `..`, symbolic links, /proc tricks, hard links."""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from stat import S_ISLNK, S_ISREG

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


def resolved(path: str, call: Call) -> tuple[str, bool]:
    """Where a path leads once links are followed, and whether the file there has a second name (a hard link).

    The same path where nothing of it exists or it holds wildcards.
    """
    path = through_proc(path, call)
    if UNKNOWN in path or "*" in path or "?" in path or "\0" in path:
        return path, False
    parent, _, name = path.rpartition("/")
    try:
        real = _real_folder(parent or "/")
        place = f"{real.rstrip('/')}/{name}" if name else real
        status = os.lstat(place)
        if S_ISLNK(status.st_mode):
            place = os.path.realpath(place)
            status = os.lstat(place)
        return place, S_ISREG(status.st_mode) and status.st_nlink > 1
    except (OSError, ValueError):
        return _led(path), False


def _led(path: str) -> str:
    """Where a path leads whose end does not exist (yet)."""
    parent, _, name = path.rpartition("/")
    try:
        if os.path.islink(path):  # noqa: PTH114 - half the time of a Path
            return os.path.realpath(path)
        return f"{_real_folder(parent or '/').rstrip('/')}/{name}" if name else path
    except (OSError, ValueError):
        return path


_MAX_LISTED = 500


def other_name(path: str, call: Call, roots: Sequence[str]) -> str:
    """The name below one of `roots` (absolute or `~/...`) that the same file also has, or empty: by its number on the disk."""
    try:
        own = os.lstat(path)
    except (OSError, ValueError):
        return ""
    name = _twins(tuple(roots), call.home, int(time.monotonic())).get((own.st_ino, own.st_dev), "")
    return name if name != path else ""


@lru_cache(maxsize=8)
def _twins(roots: tuple[str, ...], home: str, _second: int) -> dict[tuple[int, int], str]:
    """Files directly below `roots` that have a second name somewhere, by their number. Looked for once a second at most."""
    found: dict[tuple[int, int], str] = {}
    for root in roots:
        for name in _files_at(home + root[1:] if root.startswith("~") else root):
            try:
                status = os.lstat(name)
            except (OSError, ValueError):
                continue
            if S_ISREG(status.st_mode) and status.st_nlink > 1:
                found[status.st_ino, status.st_dev] = name
    return found


def _files_at(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.path for entry in islice(entries, _MAX_LISTED)]
    except NotADirectoryError:
        return [place]
    except (OSError, ValueError):
        return []
