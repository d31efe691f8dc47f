"""Which ignore files speak in a folder: read on the way down, each once."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.model.errors import GitError
from assay.model.scan import Notification
from assay.scan.target.ignore import MAX_IGNORE_BYTES, Patterns, compile_patterns
from assay.scan.target.repository import Tracked, tracked
from assay.scan.target.uri import uri_of

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Layer:
    """One ignore file: its patterns, how many bytes of an absolute path to cut before them, and its uri for the account."""

    patterns: Patterns
    cut: int
    source: str


@dataclass(slots=True)
class WorkTree:
    """A git working tree on the way. Its index is asked for once, and only when something tracked could be ignored."""

    top: str
    index: Tracked | None = None
    notifications: list[Notification] = field(default_factory=list)

    def tracked(self) -> Tracked:
        """What git tracks here; nothing, and a notification, if git cannot say."""
        if self.index is None:
            try:
                self.index = tracked(self.top)
            except GitError as error:
                self.index = Tracked((), frozenset())
                text = f"{error.message}: tracked files that .gitignore names are taken for ignored"
                self.notifications.append(Notification("warning", text, uri=uri_of(self.top)))
        return self.index

    def holds(self, full: bytes) -> bool:
        """Whether git tracks this absolute path; a folder's ends in NUL and is held if anything below it is."""
        path = full[len(prefix_of(self.top)) :]
        if path.endswith(b"\0"):
            return self.tracked().holds_below(path[:-1] + b"/")
        return self.tracked().holds(path)

    def is_submodule(self, full: bytes) -> bool:
        """Whether this absolute path is a submodule's place."""
        return full[len(prefix_of(self.top)) :] in self.tracked().submodules


@dataclass(frozen=True, slots=True)
class Layers:
    """What speaks in one folder, strongest first: `own` are exclude and .assayignore files, `git` the ones of the working tree."""

    own: tuple[Layer, ...] = ()
    git: tuple[Layer, ...] = ()
    tree: WorkTree | None = None


class LayerReader:
    """Reads ignore files of the folders that a walk enters. `notifications` tell of those that could not be applied."""

    def __init__(self, root: str, *, gitignore: bool, assayignore: bool) -> None:
        self._root = root
        self._gitignore = gitignore
        self._assayignore = assayignore
        self.trees: list[WorkTree] = []
        self.notifications: list[Notification] = []

    def above(self, exclude: Layer | None) -> Layers:
        """What holds before the root is entered: the user's excludes, and the ignore files of a repository around the root."""
        layers = Layers((exclude,) if exclude else ())
        parents = Path(self._root).parents
        tops = [place for place, parent in enumerate(parents) if is_work_tree(str(parent))]
        if not self._gitignore or not tops:
            return layers
        for parent in reversed(parents[: tops[0] + 1]):
            found = [name for name in (".git", ".gitignore") if os.path.lexists(parent / name)]
            layers = self.enter(layers, str(parent), found)
        return layers

    def enter(self, layers: Layers, folder: str, names: Container[str]) -> Layers:
        """What holds in `folder`, in which there are `names`."""
        if self._gitignore and ".git" in names and is_work_tree(folder):
            layers = self._enter_tree(layers, folder)
        if layers.tree is not None and ".gitignore" in names:
            layers = replace(layers, git=(*self._read(folder, ".gitignore"), *layers.git))
        if self._assayignore and ".assayignore" in names:
            deeper = self._read(folder, ".assayignore")
            excluded = tuple(layer for layer in layers.own if layer.source == "exclude")
            layers = replace(layers, own=(*excluded, *deeper, *layers.own[len(excluded) :]))
        return layers

    def _enter_tree(self, layers: Layers, folder: str) -> Layers:
        """A repository's own ignore files end at its border: those of one around it say nothing inside."""
        tree = WorkTree(folder)
        self.trees.append(tree)
        content = read_ignore_file(os.path.join(_common_dir(folder), "info", "exclude"))  # noqa: PTH118
        git = (self._layer(content, folder, ".git/info/exclude"),) if content else ()
        return replace(layers, git=git, tree=tree)

    def _read(self, folder: str, name: str) -> Iterable[Layer]:
        content = read_ignore_file(f"{folder.rstrip('/')}/{name}")
        source = self._uri(folder, name)
        if content is None:
            text = f"{source} could not be read as an ignore file (no regular file, or above {MAX_IGNORE_BYTES} bytes)"
            self.notifications.append(Notification("warning", text, uri=source))
            return ()
        return (self._layer(content, folder, source),) if content else ()

    def _layer(self, content: bytes, folder: str, source: str) -> Layer:
        patterns = compile_patterns(content)
        if patterns.broken:
            text = f"{patterns.broken} patterns of {source} are too large to apply; what they name is scanned"
            self.notifications.append(Notification("warning", text, uri=source))
        return Layer(patterns, len(prefix_of(folder)), source)

    def _uri(self, folder: str, name: str) -> str:
        below = folder[len(self._root.rstrip("/")) + 1 :] if folder.startswith(self._root) else folder
        return uri_of(f"{below}/{name}" if below else name)


def prefix_of(folder: str) -> bytes:
    """The bytes before a name in an absolute path."""
    return os.fsencode(folder).rstrip(b"/") + b"/"


def is_work_tree(folder: str) -> bool:
    """Whether the folder's `.git` is one: a folder with a HEAD, or a file that names where it is (worktree, submodule)."""
    dot_git = f"{folder.rstrip('/')}/.git"
    try:
        mode = os.lstat(dot_git).st_mode
    except OSError:
        return False
    if stat.S_ISDIR(mode):
        return os.path.lexists(f"{dot_git}/HEAD")
    return stat.S_ISREG(mode) and (read_ignore_file(dot_git) or b"").startswith(b"gitdir:")


def _common_dir(folder: str) -> str:
    """Where git keeps what all worktrees of a repository share (gitrepository-layout: gitdir, commondir)."""
    dot_git = f"{folder.rstrip('/')}/.git"
    if stat.S_ISDIR(os.lstat(dot_git).st_mode):
        return dot_git
    named = os.fsdecode((read_ignore_file(dot_git) or b"").removeprefix(b"gitdir:").strip()).partition("\0")[
        0
    ]
    git_dir = os.path.join(folder, named)  # noqa: PTH118
    common = os.fsdecode((read_ignore_file(f"{git_dir}/commondir") or b".").strip()).partition("\0")[0]
    return os.path.join(git_dir, common)  # noqa: PTH118


def read_ignore_file(path: str) -> bytes | None:
    """The content of a small regular file, never through a link; None if it is anything else."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as source:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_IGNORE_BYTES:
            return None
        try:
            return source.read(MAX_IGNORE_BYTES)
        except OSError:
            return None
