"""The files that a foreign program is shown: copies in a folder of our own, under their uris.

The program so sees exactly what the scan selected (also staged text, and canaries that are on no disk), none of the target's settings for
that program, and cannot write to the target. What it says of a path is found back by the uri.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from assay.scan.engines.protocol import Project
from assay.scan.target.file import TargetFile

_MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Mirror:
    """The folder, the uris in it, the ones that could not be copied, each with the reason, and the uris of the canary beside them."""

    root: str
    uris: tuple[str, ...]
    unread: tuple[tuple[str, str], ...] = ()
    canary: tuple[str, ...] = ()

    def uri_of(self, path: str) -> str:
        """The uri of a path as a program reports it: absolute, relative, a file: uri, or with the folder twice. "" for no file of ours."""
        known = _known(self.uris, self.canary)
        for text in (path, unquote(path)):
            plain = text.removeprefix("file://").removeprefix(self.root).replace("\\", "/")
            parts = [part for part in plain.split("/") if part not in ("", ".", "..")]
            for start in range(len(parts)):
                candidate = "/".join(parts[start:])
                if candidate in known:
                    return candidate
        return ""


@lru_cache(maxsize=8)
def _known(uris: tuple[str, ...], canary: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*uris, *canary))


@contextmanager
def mirrored(
    project: Project, extra: Iterable[tuple[str, bytes]] = (), canary: Iterable[tuple[str, bytes]] = ()
) -> Iterator[Mirror]:
    """Copies of every file that the engine wants, gone afterwards. `extra` are further files, which are not uris; the canary's files lie
    in a folder of their own.
    """
    with tempfile.TemporaryDirectory(prefix="assay-files-", ignore_cleanup_errors=True) as folder:
        # Some programs report real paths, and a temporary folder may lie behind a link.
        root = Path(folder).resolve()
        uris, unread = [], []
        for file in project.files():
            problem = _copy(project, file, root) if _is_plain(file.uri) else "name"
            if problem:
                unread.append((file.uri, problem))
            else:
                uris.append(file.uri)
        for name, content in extra:
            (root / name).write_bytes(content)
        seeded = _seeded(root, canary) if uris else ()
        yield Mirror(str(root), tuple(uris), tuple(unread), seeded)


def _seeded(root: Path, files: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
    """Write the canary's files into a folder that is none of the target's, and return their uris."""
    folder = next(name for n in count() if not (root / (name := f"assay-canary-{n}")).exists())
    uris = []
    for name, content in files:
        target = root / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        uris.append(f"{folder}/{name}")
    return tuple(uris)


def _is_plain(uri: str) -> bool:
    parts = uri.split("/")
    return all(part not in ("", ".", "..") and len(part.encode()) <= _MAX_NAME for part in parts)


def _copy(project: Project, file: TargetFile, root: Path) -> str:
    """Copy one file; "" or why it cannot be."""
    target = root / file.uri
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(project.read(file).content)
    except (OSError, UnicodeError) as error:
        return f"not copied ({type(error).__name__})"
    return ""
