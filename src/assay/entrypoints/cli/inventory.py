"""Paths on the command line to an inventory: a folder is walked, a file is read as what its name says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from assay.dependencies.document import MAX_MANIFEST_BYTES, Manifest, ManifestError, Parsed, Sibling, decode
from assay.dependencies.inventory import Inventory, read_inventory
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.sbom.read import read_sbom
from assay.dependencies.survey import Survey, take_survey
from assay.model.component import Component
from assay.model.errors import TargetError, UsageError
from assay.model.location import Location, Region

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
    if not form and path.suffix == ".json":
        return _of_sbom(path)
    if not form:
        raise UsageError(f"{path} is no manifest or lockfile that we know", "`assay deps formats` lists them")
    try:
        return read_inventory([(path.name, path.read_bytes(), form)], _sibling(path.parent))
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror}") from error


def _of_sbom(path: Path) -> Inventory:
    """An SBOM as if it were a lockfile; every component is at its first line."""
    try:
        found = read_sbom(decode(_read(path)))
    except ManifestError as error:
        raise UsageError(
            f"{path} is no manifest and no SBOM: {error}", "`assay deps formats` lists what is read"
        ) from error
    place = Location(path.name, Region(1, 1, 1, 1))
    components = tuple(replace(component, location=place) for component in found)
    manifest = Manifest(path.name, "sbom", Parsed(components, locked=True))
    return Inventory((manifest,), tuple((manifest, component) for component in components))


def components_of(path: Path) -> tuple[Component, ...]:
    """The components of an SBOM file, a manifest or a folder.

    Raises:
        UsageError: the file is neither.
    """
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
