"""A file of the target: first as the walk sees it (never opened), then as engines see it (read once, shared by all)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Above it a file is accounted as too-large. Source is far smaller; data and logs are larger, and a worker must hold the file.
MAX_FILE_BYTES = 50 << 20


class Trait(Enum):
    """What is special about a file; engines decide what that means for them."""

    VENDORED = "vendored"
    GENERATED = "generated"
    MINIFIED = "minified"
    TEST = "test"
    LOCKFILE = "lockfile"
    DOCUMENTATION = "documentation"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class TargetFile:
    """One file that a scan will open: known by name and size only.

    `uri` is the path below the root (see `Location.uri`). `path` is what the file system is asked for (surrogateescape text).
    `blob` is the git object id where the content comes from git (staged, diff against a ref, history) and not from the disk.
    `stamp` is (size, mtime_ns, ctime_ns, inode) as the walk saw it, empty where there is none: equal stamps mean an unchanged file.
    """

    uri: str
    path: str
    size: int
    blob: str = ""
    stamp: tuple[int, ...] = ()

    def __reduce__(self) -> tuple[type[TargetFile], tuple[object, ...]]:
        # Every file travels to a worker: what dataclasses do by themselves takes five times as long.
        return TargetFile, (self.uri, self.path, self.size, self.blob, self.stamp)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as engines see it: bytes read once, language by name, shebang and first bytes ("" if unknown), traits.

    `text` is not stored: an engine that wants it decodes with `scan.target.encoding.decode`.
    """

    uri: str
    content: bytes
    language: str = ""
    traits: frozenset[Trait] = frozenset()
