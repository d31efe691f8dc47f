"""Which files a scan of each mode opens, and what it compares them with."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.scan import FileAccount, Notification, ScanMode, ScanRequest
from assay.scan.target.change import Change, base_targets, changed_targets, since, staged
from assay.scan.target.file import TargetFile
from assay.scan.target.git import Repository
from assay.scan.target.repository import find_repository
from assay.scan.target.workspace import Listing, WalkOptions, list_target


@dataclass(frozen=True, slots=True)
class BaseSide:
    """The target as it was at the base: all of its files (unchanged ones from the disk), and which of them are worth a look."""

    files: tuple[TargetFile, ...]
    focus: frozenset[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a scan looks at. `focus` narrows file engines and reports to these uris (None: all files)."""

    files: tuple[TargetFile, ...]
    accounts: tuple[FileAccount, ...] = ()
    notifications: tuple[Notification, ...] = ()
    focus: frozenset[str] | None = None
    change: Change | None = None
    base: BaseSide | None = None


def select(request: ScanRequest) -> Selection:
    """The files of a request, by its mode. Reads names and sizes only.

    Raises:
        TargetError: a path cannot be reached.
        GitError: git cannot tell what changed.
    """
    listing = list_target(request.root, request.paths, _options(request))
    if request.mode is ScanMode.STAGED:
        return _staged(listing, find_repository(request.root))
    if not request.base:
        return Selection(listing.files, listing.accounts, listing.notifications)
    repository = find_repository(request.root)
    change = since(repository, request.base)
    focus = frozenset(change.files) if request.mode is ScanMode.DIFF else None
    base = _base_side(repository, listing.files, change)
    return Selection(listing.files, listing.accounts, listing.notifications, focus, change, base)


def _options(request: ScanRequest) -> WalkOptions:
    return WalkOptions(
        exclude=request.exclude, max_file_bytes=request.max_file_bytes or WalkOptions().max_file_bytes
    )


def _staged(listing: Listing, repository: Repository) -> Selection:
    """The index: staged content where it differs from HEAD, the working files around it."""
    change = staged(repository)
    changed = {file.uri: file for file in changed_targets(repository, change)}
    rest = [file for file in listing.files if file.uri not in change.files]
    files = tuple(sorted([*rest, *changed.values()], key=lambda file: file.uri))
    base = _base_side(repository, files, change) if change.base else None
    return Selection(files, listing.accounts, listing.notifications, frozenset(changed), change, base)


def _base_side(repository: Repository, files: tuple[TargetFile, ...], change: Change) -> BaseSide:
    """The files as the base had them: only what changed comes from git."""
    before = base_targets(repository, change)
    unchanged = [file for file in files if file.uri not in change.files]
    together = sorted([*unchanged, *before], key=lambda file: file.uri)
    return BaseSide(tuple(together), frozenset(file.uri for file in before))
