"""The target as project engines see it: from the disk (and git), or from memory for canaries and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assay.scan.engines.cache import Cache, digest_key
from assay.scan.engines.protocol import EngineAbout
from assay.scan.engines.reader import Reader
from assay.scan.target.file import SourceFile, TargetFile
from assay.scan.target.read import source_file


@dataclass(slots=True)
class DiskProject:
    """A project whose files are read from the disk or from git when an engine asks for them. `wanted`: each engine's, sorted by uri."""

    root: str
    jobs: int
    offline: bool
    wanted: Mapping[str, Sequence[TargetFile]]
    reader: Reader
    cache: Cache | None = None
    seconds: float = 1800.0
    _engine: EngineAbout | None = None
    _pending: list[tuple[bytes, bytes]] = field(default_factory=list)

    def for_engine(self, engine: EngineAbout) -> DiskProject:
        """The same project, narrowed to what one engine wants."""
        return replace(self, _engine=engine, _pending=[])

    def files(self) -> Sequence[TargetFile]:
        """Every file that the engine wants, judged by name alone, sorted by uri."""
        assert self._engine is not None
        return self.wanted[self._engine.name]

    def read(self, file: TargetFile) -> SourceFile:
        """Read and identify one file.

        Raises:
            OSError: the file cannot be read; the text is the reason.
        """
        source = self.reader.read(file)
        if isinstance(source, SourceFile):
            return source
        raise OSError(source.reason)

    def cached(self, key: bytes) -> bytes | None:
        """What the engine stored under this key in an earlier scan."""
        return self.cache.get(self._own(key)) if self.cache else None

    def store(self, key: bytes, value: bytes) -> None:
        """Keep a value; written when the engine is done."""
        if self.cache:
            self._pending.append((self._own(key), value))

    def flush(self) -> None:
        """Write what the engine stored."""
        if self.cache and self._pending:
            self.cache.put(self._pending)
            self._pending.clear()

    def _own(self, key: bytes) -> bytes:
        assert self._engine is not None
        return digest_key(self._engine.name, self._engine.version, key)


@dataclass(slots=True)
class MemoryProject:
    """A project of texts: for canaries and for rules' examples."""

    contents: Mapping[str, bytes]
    root: str = "."
    jobs: int = 1
    offline: bool = True
    seconds: float = 60.0

    def files(self) -> Sequence[TargetFile]:
        """All files, sorted by uri."""
        return [TargetFile(uri, uri, len(content)) for uri, content in sorted(self.contents.items())]

    def read(self, file: TargetFile) -> SourceFile:
        """The text under that name, identified as if it had been read from the disk."""
        return source_file(file.uri, self.contents[file.uri])

    def cached(self, key: bytes) -> bytes | None:  # noqa: ARG002 - the protocol's signature
        """Nothing is cached."""
        return None

    def store(self, key: bytes, value: bytes) -> None:
        """Nothing is kept."""
