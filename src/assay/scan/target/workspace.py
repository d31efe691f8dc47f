"""Which files a scan will open, and what becomes of all others it meets. Opens nothing but ignore files.

What decides, in this order; the first that speaks of a path wins:
1. `.git` and our own outputs are never scanned.
2. `exclude`: gitignore patterns from the root.
3. `.assayignore` in any folder (the deepest first), with or without git. `!name` here also brings back what git ignores.
4. In a git working tree `.gitignore` (the deepest first) and `.git/info/exclude`: unless git tracks the file, since a tracked
   file is part of the repository whatever the pattern says (a committed `.env`). A user's global excludes are not read: the
   same tree gives the same result on every machine. Outside of git `.gitignore` says nothing: no one knows what was tracked.
As in git, an ignored folder is not entered, so `!name` cannot bring back what lies in one.
A path that the user names is scanned although git ignores it, not against 1 to 3. Links are never followed: what they name
inside of the root is met at its own place. A submodule or a nested clone is a repository with ignore files of its own.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.model.errors import TargetError
from assay.model.scan import FileAccount, FileStatus, Notification
from assay.scan.target.file import MAX_FILE_BYTES, TargetFile
from assay.scan.target.ignore import compile_patterns
from assay.scan.target.layers import Layer, LayerReader, Layers, prefix_of
from assay.scan.target.uri import uri_of

OWN_OUTPUTS = ("/.assay/cache", "/.assay/reports", "/.assay/baseline.json")
_OWN_NAMES = frozenset({"cache", "reports", "baseline.json"})


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """What the user set. `exclude` are gitignore patterns from the root; files above `max_file_bytes` are accounted as too-large."""

    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    assayignore: bool = True
    max_file_bytes: int = MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Listing:
    """The target: files to open, the fate of the others (a folder's uri ends in `/`), each sorted by uri, and what to tell the user."""

    files: tuple[TargetFile, ...]
    accounts: tuple[FileAccount, ...]
    notifications: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to list, with what speaks around it. `only_tracked`: git ignores the folder, so only tracked files in it count."""

    path: str
    prefix: str
    layers: Layers
    only_tracked: bool = False


_Met = TargetFile | FileAccount | _Folder


def root_of(paths: Sequence[str], cwd: str) -> str:
    """The folder that uris are relative to: the one named folder, else `cwd` if it holds all, else what they have in common.

    Raises:
        TargetError: a path does not exist.
    """
    full = [_existing(os.path.join(cwd, path)) for path in paths] or [os.path.realpath(cwd)]  # noqa: PTH118
    if len(full) == 1 and Path(full[0]).is_dir():
        return full[0]
    here = os.path.realpath(cwd)
    if all(Path(path).is_relative_to(here) for path in full):
        return here
    common = os.path.commonpath(full)
    return common if Path(common).is_dir() else str(Path(common).parent)


def _existing(path: str) -> str:
    try:
        return os.path.realpath(path, strict=True)
    except OSError as error:
        raise TargetError(
            f"{uri_of(path)}: {(error.strerror or 'cannot be reached').lower()}", "check the path"
        ) from error
    except ValueError as error:
        raise TargetError(f"{path!r} is no path", "check the path") from error


def files_from(listed: bytes) -> tuple[str, ...]:
    """The paths of an explicit list, each once, in its order: separated by NUL if there is any NUL, else by line ends."""
    parts = (
        listed.split(b"\0") if b"\0" in listed else [line.removesuffix(b"\r") for line in listed.split(b"\n")]
    )
    return tuple(dict.fromkeys(os.fsdecode(part) for part in parts if part))


def list_target(
    root: str, paths: Sequence[str] = (), options: WalkOptions | None = None, *, strict: bool = True
) -> Listing:
    """Every file of the target, or of `paths` in it (absolute or relative to `root`).

    Not `strict` (for a list that another program wrote) a path that is missing or outside is an account, not an error.

    Raises:
        TargetError: the root is missing or no folder; or, if strict, a path is missing or not below it.
    """
    walk = _Walk(_folder(root), options or WalkOptions())
    met: dict[str, TargetFile | FileAccount] = {}
    for item in walk.named(paths, strict=strict) if paths else walk.everything():
        met.setdefault(item.uri, item)
    ordered = [met[uri] for uri in sorted(met)]
    return Listing(
        tuple(item for item in ordered if isinstance(item, TargetFile)),
        tuple(item for item in ordered if isinstance(item, FileAccount)),
        walk.notifications,
    )


def walk(root: str, options: WalkOptions | None = None) -> Iterator[TargetFile | FileAccount]:
    """Every file of a folder as it is met, folder by folder, names in order.

    Raises:
        TargetError: the root is missing or no folder.
    """
    return _Walk(_folder(root), options or WalkOptions()).everything()


def _folder(root: str) -> str:
    full = _existing(root)
    if not Path(full).is_dir():
        raise TargetError(f"{uri_of(root)} is not a folder", "name the folder that holds it as the root")
    return full


class _Walk:
    """One walk: what it was told, and what it has to tell."""

    def __init__(self, root: str, options: WalkOptions) -> None:
        self.root = root
        self._limit = options.max_file_bytes or MAX_FILE_BYTES
        self._reader = LayerReader(root, gitignore=options.gitignore, assayignore=options.assayignore)
        patterns = compile_patterns(os.fsencode("\n".join(options.exclude)))
        exclude = Layer(patterns, len(prefix_of(root)), "exclude") if patterns.groups else None
        self._above = self._reader.above(exclude)
        # Folders on the way to named paths: a list of thousands reads each ignore file once.
        self._entered: dict[str, Layers] = {}

    @property
    def notifications(self) -> tuple[Notification, ...]:
        of_trees = (note for tree in self._reader.trees for note in tree.notifications)
        return (*self._reader.notifications, *of_trees)

    def everything(self) -> Iterator[TargetFile | FileAccount]:
        return self._below(_Folder(self.root, "", self._above))

    def named(self, paths: Sequence[str], *, strict: bool) -> Iterator[TargetFile | FileAccount]:
        for path in paths:
            try:
                yield from self._named(path)
            except TargetError as error:
                if strict:
                    raise
                yield FileAccount(uri_of(path), FileStatus.SKIPPED, "missing", error.message)

    def _named(self, path: str) -> Iterator[TargetFile | FileAccount]:
        """A path that the user named: git's ignore files do not speak of it, nor of the folders above it; our own do."""
        full = _existing(os.path.join(self.root, path))  # noqa: PTH118
        if full == self.root:
            yield from self.everything()
            return
        if not Path(full).is_relative_to(self.root):
            raise TargetError(
                f"{uri_of(path)} is not below {uri_of(self.root)}", "choose a root that holds all paths"
            )
        folder = _Folder(self.root, "", self._above)
        *above, last = full[len(self.root.rstrip("/")) + 1 :].split("/")
        for name in above:
            folder = self._enter_named(folder)
            refused = self._refused(folder, name, is_folder=True)
            if refused:
                yield refused
                return
            folder = _Folder(
                f"{folder.path.rstrip('/')}/{name}", f"{folder.prefix}{uri_of(name)}/", folder.layers
            )
        yield from self._last_named(self._enter_named(folder), last)

    def _enter_named(self, folder: _Folder) -> _Folder:
        layers = self._entered.get(folder.path)
        if layers is None:
            place = folder.path.rstrip("/")
            names = [
                name for name in (".git", ".gitignore", ".assayignore") if os.path.lexists(f"{place}/{name}")
            ]
            layers = self._entered[folder.path] = self._reader.enter(folder.layers, folder.path, names)
        return replace(folder, layers=layers)

    def _last_named(self, folder: _Folder, name: str) -> Iterator[TargetFile | FileAccount]:
        full = f"{folder.path.rstrip('/')}/{name}"
        uri = folder.prefix + uri_of(name)
        try:
            status = os.lstat(full)
        except OSError as error:
            yield _unreadable(uri, error)
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        refused = self._refused(folder, name, is_folder=is_folder)
        if refused:
            yield refused
        elif is_folder:
            yield from self._below(_Folder(full, uri + "/", folder.layers))
        else:
            yield self._file(uri, full, status)

    def _refused(self, folder: _Folder, name: str, *, is_folder: bool) -> FileAccount | None:
        """Why a named path is not scanned: by rules 1 to 3 of the module's head."""
        uri = folder.prefix + uri_of(name) + ("/" if is_folder else "")
        never = _never(uri, name)
        if never:
            return never
        text = prefix_of(folder.path) + os.fsencode(name) + (b"\0" if is_folder else b"")
        layer, ignored = _decide(folder.layers.own, text)
        return _ignored(uri, layer) if layer and ignored else None

    def _below(self, start: _Folder) -> Iterator[TargetFile | FileAccount]:
        stack: list[Iterator[_Met]] = [iter((start,))]
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif isinstance(item, _Folder):
                stack.append(self._list(item))
            else:
                yield item

    def _list(self, folder: _Folder) -> Iterator[_Met]:
        """What is in a folder, ordered so that all uris of the walk come sorted."""
        try:
            with os.scandir(folder.path) as entries:
                found = sorted(
                    (uri_of(entry.name) + "/" * entry.is_dir(follow_symlinks=False), entry)
                    for entry in entries
                )
        except OSError as error:
            yield _unreadable(folder.prefix or ".", error)
            return
        names = {entry.name for _, entry in found}
        layers = self._reader.enter(folder.layers, folder.path, names)
        if not found and layers.tree and layers.tree.is_submodule(os.fsencode(folder.path)):
            detail = "not checked out: git submodule update --init"
            yield FileAccount(folder.prefix, FileStatus.SKIPPED, "submodule", detail)
        inside = replace(folder, layers=layers)
        before = prefix_of(folder.path)
        for name, entry in found:
            yield from self._meet(inside, folder.prefix + name, before, entry)

    def _meet(self, folder: _Folder, uri: str, before: bytes, entry: os.DirEntry[str]) -> Iterator[_Met]:
        is_folder = uri.endswith("/")
        account, wanted, only_tracked = _never(uri, entry.name), True, False
        if account is not None:
            wanted = False
        elif folder.layers.own or folder.layers.git or folder.only_tracked:
            text = before + os.fsencode(entry.name) + (b"\0" if is_folder else b"")
            account, wanted, only_tracked = _judge(folder, uri, text)
        if account is not None:
            yield account
        if wanted and is_folder:
            yield _Folder(entry.path, uri, folder.layers, only_tracked)
        elif wanted:
            yield self._entry(uri, entry)

    def _entry(self, uri: str, entry: os.DirEntry[str]) -> TargetFile | FileAccount:
        try:
            return self._file(uri, entry.path, entry.stat(follow_symlinks=False))
        except OSError as error:
            return _unreadable(uri, error)

    def _file(self, uri: str, path: str, status: os.stat_result) -> TargetFile | FileAccount:
        mode = status.st_mode
        if stat.S_ISREG(mode):
            if status.st_size > self._limit:
                detail = f"{status.st_size} bytes, the limit is {self._limit}"
                return FileAccount(uri, FileStatus.SKIPPED, "too-large", detail)
            stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            return TargetFile(uri, path, status.st_size, stamp=stamp)
        if stat.S_ISLNK(mode):
            return FileAccount(uri, FileStatus.SKIPPED, "symlink", self._link(path))
        return FileAccount(uri, FileStatus.SKIPPED, "not-a-regular-file", _KINDS.get(stat.S_IFMT(mode), ""))

    def _link(self, path: str) -> str:
        try:
            real = os.path.realpath(path, strict=True)
        except OSError as error:
            return "the link loops" if error.errno == errno.ELOOP else "the link's target cannot be reached"
        if real == self.root or Path(real).is_relative_to(self.root):
            return f"to {uri_of(real[len(self.root) :].lstrip('/')) or '.'}, which is met there"
        return "leads out of the root"


_KINDS = {
    stat.S_IFIFO: "FIFO",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


def _judge(folder: _Folder, uri: str, text: bytes) -> tuple[FileAccount | None, bool, bool]:
    """What the ignore files say of one entry: its account if it has one, whether it is wanted, and if only for tracked files in it."""
    layer, ignored = _decide(folder.layers.own, text)
    if layer is not None:
        return (_ignored(uri, layer) if ignored else None), not ignored, False
    tree, is_folder = folder.layers.tree, uri.endswith("/")
    if folder.only_tracked:
        # The folder's own account stands for all that is not tracked in it.
        return None, tree is not None and tree.holds(text), is_folder
    layer, ignored = _decide(folder.layers.git, text)
    if layer is None or not ignored:
        return None, True, False
    if tree is None or not tree.holds(text):
        return _ignored(uri, layer), False, False
    return (_ignored(uri, layer, but_tracked=True) if is_folder else None), True, is_folder


def _decide(layers: tuple[Layer, ...], text: bytes) -> tuple[Layer | None, bool]:
    """The first layer that speaks of a path, and whether it ignores it."""
    for layer in layers:
        verdict = layer.patterns.verdict(text[layer.cut :])
        if verdict is not None:
            return layer, verdict
    return None, False


def _never(uri: str, name: str) -> FileAccount | None:
    if name == ".git":
        return FileAccount(uri, FileStatus.SKIPPED, "git-internals")
    if name in _OWN_NAMES and f"/{uri.rstrip('/')}".endswith(OWN_OUTPUTS):
        return FileAccount(uri, FileStatus.SKIPPED, "own-output")
    return None


def _ignored(uri: str, layer: Layer, *, but_tracked: bool = False) -> FileAccount:
    reason = "excluded" if layer.source == "exclude" else "ignored"
    detail = f"by {layer.source}, but for files that git tracks" if but_tracked else f"by {layer.source}"
    return FileAccount(uri, FileStatus.SKIPPED, reason, detail)


def _unreadable(uri: str, error: OSError) -> FileAccount:
    return FileAccount(uri, FileStatus.FAILED, "unreadable", (error.strerror or "").lower())
