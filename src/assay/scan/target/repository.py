"""What is asked of one git repository: where it is, its commits, its files at a ref, in the index, in the working tree."""

from __future__ import annotations

import os
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from assay.model.errors import GitError
from assay.scan.target.file import TargetFile
from assay.scan.target.git import Blob, Repository, run
from assay.scan.target.uri import path_of_bytes

_LINK, _SUBMODULE = "120000", b"160000"


@dataclass(frozen=True, slots=True)
class Tracked:
    """Paths in the index, sorted, and those of submodules; relative to where git was asked."""

    paths: tuple[bytes, ...]
    submodules: frozenset[bytes]

    def holds(self, path: bytes) -> bool:
        """Whether this file is tracked."""
        at = bisect_left(self.paths, path)
        return at < len(self.paths) and self.paths[at] == path

    def holds_below(self, folder: bytes) -> bool:
        """Whether any file below this folder (with its closing `/`) is tracked."""
        at = bisect_left(self.paths, folder)
        return at < len(self.paths) and self.paths[at].startswith(folder)


def find_repository(root: str, *, bare: bool = False) -> Repository:
    """The repository whose working tree holds the folder `root`; with `bare`, also one without a working tree, which is then its own top.

    Raises:
        GitError: git is missing, `root` is in no working tree, or git refuses to read it.
    """
    if not _may_be_in_one(root):  # to start git costs as much as a small file's whole scan
        raise GitError(f"{root} is not in a git repository", "scan it without --mode, --base and --history")
    asked = ("--show-toplevel", "--absolute-git-dir", "--is-shallow-repository")
    try:
        out = run(root, "rev-parse", *asked)
    except GitError as error:
        if "work tree" in error.message:
            if bare:
                return _bare(root)
            raise GitError(
                f"{root} is a bare repository or git's own folder",
                "scan a checkout, or its history with --history",
            ) from error
        raise
    # A folder's name may hold line ends; the last two answers are on lines of their own unless the git folder's name does too.
    lines = os.fsdecode(out).removesuffix("\n").rsplit("\n", 2)
    if len(lines) != 3:
        raise GitError(f"git does not say where the repository of {root} is")
    top, git_dir, shallow = lines
    if not Path(os.path.realpath(root)).is_relative_to(os.path.realpath(top)):
        raise GitError(
            f"the git configuration at {root} claims a working tree elsewhere ({top})",
            "remove core.worktree from its .git/config",
        )
    return Repository(os.path.realpath(root), top, git_dir, shallow == "true")


def _bare(root: str) -> Repository:
    """A repository without a working tree, as mirrors are.

    Raises:
        GitError: `root` is inside of one, and not its folder.
    """
    out = run(root, "rev-parse", "--absolute-git-dir", "--is-shallow-repository")
    git_dir, shallow = os.fsdecode(out).removesuffix("\n").rsplit("\n", 1)
    if os.path.realpath(root) != os.path.realpath(git_dir):
        raise GitError(f"{root} is inside of git's own folder {git_dir}", "name that folder, with --history")
    return Repository(git_dir, git_dir, git_dir, shallow == "true")


def _may_be_in_one(root: str) -> bool:
    """Whether this folder or one above it holds a `.git`, or is a bare repository itself; git decides what it really is."""
    if os.environ.get("GIT_DIR"):
        return True
    folder = os.path.realpath(root)
    while True:
        if os.path.lexists(f"{folder}/.git") or os.path.lexists(f"{folder}/HEAD"):
            return True
        above = os.path.dirname(folder)  # noqa: PTH120 - called for every scan; a Path for each folder costs more than the question
        if above == folder:
            return False
        folder = above


def resolve(repository: Repository, ref: str) -> str:
    """The commit id that a ref, tag or abbreviation names.

    Raises:
        GitError: there is no such commit here.
    """
    if not ref or ref.startswith("-"):
        raise GitError(f"{ref!r} is no git ref", "give a branch, a tag or a commit id")
    try:
        return run(repository.root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()
    except GitError as error:
        if head_commit(repository) == "":
            raise GitError(
                f"the repository at {repository.root} has no commits yet", "scan with --mode staged"
            ) from error
        raise GitError(
            f"git knows no commit {ref!r} in {repository.root}", _missing_advice(repository, ref)
        ) from error


def _missing_advice(repository: Repository, ref: str) -> str:
    if repository.shallow:
        return "this is a shallow clone: fetch more with git fetch --unshallow (actions/checkout: fetch-depth: 0)"
    name = ref.removeprefix("origin/")
    return f"fetch it with: git fetch origin {name}; or list the refs with: git branch --all"


def head_commit(repository: Repository) -> str:
    """The id of HEAD's commit; "" before the first commit."""
    try:
        return run(repository.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
    except GitError:
        return ""


def merge_base(repository: Repository, base: str, head: str) -> str:
    """The commit where `head` left `base`; both are commit ids.

    Raises:
        GitError: the two have no common commit here.
    """
    try:
        return run(repository.root, "merge-base", base, head).decode().split()[0]
    except (GitError, IndexError) as error:
        raise GitError(
            f"{base[:12]} and {head[:12]} have no common commit in {repository.root}",
            "this is a shallow clone: fetch more with git fetch --unshallow (actions/checkout: fetch-depth: 0)"
            if repository.shallow
            else "choose a base that shares history with this branch",
        ) from error


def tracked(root: str) -> Tracked:
    """What the index of the repository around `root` holds below it.

    Raises:
        GitError: git cannot read it.
    """
    paths: list[bytes] = []
    submodules: set[bytes] = set()
    for entry in run(root, "ls-files", "-z", "--stage").split(b"\0"):
        meta, _, path = entry.partition(b"\t")
        if path:
            paths.append(path)
            if meta.startswith(_SUBMODULE):
                submodules.add(path)
    return Tracked(tuple(sorted(set(paths))), frozenset(submodules))


def untracked(repository: Repository) -> tuple[bytes, ...]:
    """Files below the root that git neither tracks nor ignores, sorted."""
    out = run(repository.root, "ls-files", "-z", "--others", "--exclude-standard")
    return tuple(sorted(path for path in out.split(b"\0") if path))


def blobs_at(repository: Repository, commit: str) -> tuple[Blob, ...]:
    """Every file below the root at a commit, links included, submodules not.

    Raises:
        GitError: there is no such commit, or objects are missing.
    """
    out = run(repository.root, "ls-tree", "-r", "-z", "-l", "--end-of-options", commit)
    blobs = []
    for entry in out.split(b"\0"):
        meta, _, path = entry.partition(b"\t")
        fields = meta.decode().split()
        if path and fields[1] == "blob":
            blobs.append(Blob(path, fields[2], fields[0], int(fields[3])))
    return tuple(blobs)


def targets_at(repository: Repository, commit: str) -> tuple[TargetFile, ...]:
    """Every file below the root at a commit as a target whose content git holds, sorted by uri; the base need not be checked out."""
    files = [blob for blob in blobs_at(repository, commit) if blob.mode != _LINK]
    targets = (TargetFile(blob.uri, path_of_bytes(blob.path), blob.size, blob.oid) for blob in files)
    return tuple(sorted(targets, key=lambda target: target.uri))


def sizes(repository: Repository, oids: list[str]) -> dict[str, int]:
    """Sizes of objects; one that is not here is left out."""
    if not oids:
        return {}
    asked = "\n".join(oids).encode() + b"\n"
    out = run(repository.root, "cat-file", "--batch-check=%(objectname) %(objectsize)", given=asked)
    answers = (line.split() for line in out.decode("ascii", "replace").splitlines())
    return {answer[0]: int(answer[1]) for answer in answers if len(answer) == 2 and answer[1].isdigit()}


def remote_url(repository: Repository, name: str = "origin") -> str:
    """The address of a remote without user, password and query; "" if there is none."""
    try:
        out = run(repository.root, "config", "--get", f"remote.{name}.url")
    except GitError:
        return ""
    return without_credentials(out.decode("utf-8", "replace").strip())


def without_credentials(url: str) -> str:
    """A url without what could be a secret: user and password, query, fragment. `git@host:path` stays as it is."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if not parts.scheme or "://" not in url:
        user, at, rest = url.rpartition("@")
        return url if not at or ":" not in user else rest
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def without_filters(repository: Repository) -> tuple[str, ...]:
    """Options for a command that compares the working tree (`diff`, `blame`).

    Git runs the clean filters of the repository's own configuration there; no switch turns them off, so each is emptied by name.
    """
    try:
        names = run(repository.root, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    except GitError:
        return ()  # no such key
    drivers = {os.fsdecode(name.rpartition(b".")[0]) for name in names.split(b"\0") if name}
    settings = [
        f"{driver}.{key}"
        for driver in sorted(drivers)
        for key in ("clean=", "smudge=", "process=", "required=false")
    ]
    return tuple(part for setting in settings for part in ("-c", setting))


@dataclass(frozen=True, slots=True)
class Blame:
    """Who last wrote a line: commit id, author, e-mail, seconds since 1970, subject."""

    commit: str
    author: str
    email: str
    time: int
    subject: str


def blame_line(repository: Repository, path: bytes, line: int, commit: str = "HEAD") -> Blame | None:
    """Who last wrote one line of a file at a commit; None if git cannot say. A slow question: ask for few lines."""
    asked = (
        "blame",
        "--porcelain",
        "--no-textconv",
        "-L",
        f"{int(line)},{int(line)}",
        commit,
        "--",
        os.fsdecode(path),
    )
    try:
        out = run(repository.root, *without_filters(repository), *asked)
    except GitError:
        return None
    lines = out.decode("utf-8", "replace").splitlines()
    facts = dict(entry.partition(" ")[::2] for entry in lines[1:] if not entry.startswith("\t"))
    return Blame(
        lines[0].split()[0],
        facts.get("author", ""),
        facts.get("author-mail", "").strip("<>"),
        int(facts.get("author-time", "0")),
        facts.get("summary", ""),
    )
