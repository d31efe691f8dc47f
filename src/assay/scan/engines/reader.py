"""Reads the target's files in whatever process it finds itself: the disk directly, git through a reader of that process."""

from __future__ import annotations

import os

from assay.model.scan import FileAccount, FileStatus
from assay.scan.target.encoding import is_binary
from assay.scan.target.file import SourceFile, TargetFile
from assay.scan.target.git import BlobReader
from assay.scan.target.read import read_file


class Reader:
    """Reads files of one root. `limit` is the largest size in bytes (0: the default of `scan.target.read`)."""

    def __init__(self, root: str, limit: int = 0) -> None:
        self._root = root
        self.limit = limit
        self._blobs: BlobReader | None = None
        self._owner = 0

    def read(self, file: TargetFile) -> SourceFile | FileAccount:
        """The file, or why there is none: text only, since no engine of a scan reads binary files."""
        source = read_file(file, self.limit, self._blob_reader() if file.blob else None)
        if isinstance(source, SourceFile) and is_binary(source.content):
            return FileAccount(file.uri, FileStatus.SKIPPED, "binary")
        return source

    def close(self) -> None:
        """End the git program that this process started, if any."""
        if self._blobs is not None and self._owner == os.getpid():
            self._blobs.close()
        self._blobs = None

    def _blob_reader(self) -> BlobReader:
        # A pipe to git that a parent process opened must not be shared: two readers would steal each other's answers.
        if self._blobs is None or self._owner != os.getpid():
            self._blobs, self._owner = BlobReader(self._root), os.getpid()
            self._blobs.__enter__()
        return self._blobs
