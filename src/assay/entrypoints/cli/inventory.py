"""Paths on the command line to an inventory: a folder is walked, a file is read as what its name says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from assay.dependencies.document import MAX_MANIFEST_BYTES, ManifestError, Sibling, decode
from assay.dependencies.inventory import Inventory, read_inventory
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.names.lookup import Lookup
from assay.dependencies.sbom.read import read_sbom
from assay.dependencies.survey import Survey, take_survey
from assay.model.component import Component
from assay.model.errors import TargetError, UsageError

_SKIPPED = {
    ".git",
    "node_modules",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".nox",
    "target",
    ".mypy_cache",
    "vendor",
}


def inventory_of(path: Path) -> Inventory:
    """The inventory of a folder, or of one file (with its siblings at hand).

    Raises:
        TargetError: the path does not exist or cannot be read.
        UsageError: the file is no manifest.
    """
    if not path.exists():
        raise TargetError(f"{path} does not exist", "give a folder, a manifest or a lockfile")
    if path.is_dir():
        return read_inventory(_walk(path), _sibling(path))
    form = format_of(path.name) or format_of(path.as_posix())
    if not form:
        raise UsageError(f"{path} is no manifest or lockfile that we know", "`assay deps formats` lists them")
    try:
        return read_inventory([(path.name, path.read_bytes(), form)], _sibling(path.parent))
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror}") from error


def components_of(path: Path) -> tuple[Component, ...]:
    """The components of an SBOM file, a manifest or a folder.

    Raises:
        UsageError: the file is neither.
    """
    if path.is_file() and path.suffix == ".json" and not format_of(path.name):
        try:
            return read_sbom(decode(path.read_bytes()))
        except ManifestError as error:
            raise UsageError(f"{path}: {error}", "give a CycloneDX or SPDX JSON file") from error
    return inventory_of(path).unique()


def created_at() -> datetime:
    """Now, or the time that SOURCE_DATE_EPOCH fixes for reproducible output."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return (
        datetime.fromtimestamp(int(epoch), UTC)
        if epoch.isdigit()
        else datetime.now(UTC).replace(microsecond=0)
    )


def _walk(root: Path) -> Iterator[tuple[str, bytes, str]]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            uri = path.relative_to(root).as_posix()
            form = format_of(uri)
            if form and not path.is_symlink() and path.is_file():
                yield uri, _read(path), form


def _read(path: Path) -> bytes:
    try:
        # One byte past the limit is enough for the reader to refuse with its own message.
        with path.open("rb") as stream:
            return stream.read(MAX_MANIFEST_BYTES + 1)
    except OSError:
        return b"\0"


def _sibling(root: Path) -> Sibling:
    resolved = root.resolve()

    def read(uri: str) -> bytes | None:
        path = (resolved / uri).resolve()
        return _read(path) if path.is_relative_to(resolved) and path.is_file() else None

    return read


def survey_of(path: Path) -> Survey:
    """The survey of a folder: manifests, and imports of its sources.

    Raises:
        TargetError: the path is no folder.
    """
    if not path.is_dir():
        raise TargetError(f"{path} is no folder", "imports are joined with packages over a whole project")
    return take_survey(_inputs(path), _sibling(path))


def _inputs(root: Path) -> Iterator[tuple[str, bytes, str]]:
    from assay.dependencies.survey import is_input
    from assay.scan.target.language import language_of

    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            uri = path.relative_to(root).as_posix()
            language = language_of(uri)
            if is_input(uri, language) and not path.is_symlink() and path.is_file():
                yield uri, _read(path), language


def registry_lookup() -> Lookup:
    """Asks the user's own package clients whether a name exists, through the one place that starts programs."""
    from assay.dependencies.names.lookup import ClientLookup
    from assay.scan.engines.process import Limits, run, which

    def runner(argv: list[str], seconds: float) -> tuple[int, str, str] | None:
        program = which(argv[0])
        if program is None:
            return None
        # The user's own HOME: the client's settings say which registry is theirs.
        home = {"HOME": os.environ.get("HOME", "")}
        done = run([program, *argv[1:]], environment=home, limits=Limits(seconds, 4_000_000))
        if done.ended != "exited":
            return None
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    return ClientLookup(runner)
