"""Ask the git program. The only module of a scan's target that starts one.

The repository is untrusted: its configuration must not make git run anything. So every call has an argv list, an environment
built from nothing, the keys below set over the repository's own, no transport, no lock, no lazy fetch and a time limit. Filter
drivers and text converters are never reached, because contents are only read as objects (`cat-file`), and the one command that
compares the working tree (`git diff`) gets every configured filter driver emptied by name.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.model.errors import GitError
from assay.scan.target.uri import uri_of_bytes

SECONDS = 120.0
_KEPT_VARIABLES = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",  # git 2.44 and later; earlier ones fail at the transport below
    "GIT_ALLOW_PROTOCOL": "none",  # overrides protocol.*.allow of the repository
    "GIT_NO_REPLACE_OBJECTS": "1",  # a replaced object would hide the real content
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_LITERAL_PATHSPECS": "1",
}
# Keys with which a repository could start a program, hang git, or change the form of what it prints.
_CONFIG = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.sshCommand=false", "core.gitProxy=", "core.askPass=false",
    "core.pager=cat", "core.editor=false", "core.alternateRefsCommand=false", "core.untrackedCache=false", "core.quotePath=true",
    "core.attributesFile=/dev/null", "core.excludesFile=/dev/null", "core.warnAmbiguousRefs=false",
    "credential.helper=", "protocol.allow=never", "diff.orderFile=/dev/null", "diff.noprefix=false",
    "diff.mnemonicPrefix=false", "diff.trustExitCode=false", "log.showSignature=false", "gpg.program=false", "gpg.ssh.program=false",
    "submodule.recurse=false", "color.ui=false", "advice.detachedHead=false", "gc.auto=0", "maintenance.auto=false",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repository:
    """A working tree as git sees it from `root`, the folder that is scanned: uris are relative to it.

    `top` is the working tree's own root, `git_dir` where git keeps its data (of this worktree).
    """

    root: str
    top: str
    git_dir: str
    shallow: bool = False


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as git stores it: `path` as bytes, `mode` as git prints it (120000 is a link), size -1 if unknown."""

    path: bytes
    oid: str
    mode: str = "100644"
    size: int = -1

    @property
    def uri(self) -> str:
        """The path as a uri."""
        return uri_of_bytes(self.path)


def run(root: str, *arguments: str, seconds: float = SECONDS, given: bytes = b"") -> bytes:
    """What `git ARGUMENTS` in `root` prints.

    Raises:
        GitError: git is missing, fails, or takes longer than `seconds`.
    """
    command = _command(root, arguments)
    try:
        done = subprocess.run(  # noqa: S603 - argv list, hardened environment; see the module's head
            command, input=given, capture_output=True, env=_environment(root), timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _too_slow(root, arguments, seconds) from error
    except OSError as error:
        raise GitError(f"git could not be started in {root}: {error.strerror}") from error
    if done.returncode:
        raise _error(root, arguments, done.stderr)
    return done.stdout


@contextmanager
def stream(
    root: str, *arguments: str, given: IO[bytes] | None = None, seconds: float = 0.0, quiet: bool = False
) -> Iterator[IO[bytes]]:
    """Standard output of `git ARGUMENTS`, to be read as it comes; `given` is a real file for its standard input.

    Leaving early stops git. Leaving after the end raises what git complained about. `seconds` limits the whole, 0 does not: where
    the reader works between two reads, the time is its own. `quiet`: the reader sees by itself whether everything came.

    Raises:
        GitError: git is missing, fails, or takes longer than `seconds`.
    """
    with tempfile.TemporaryFile() as complaints:
        process = _start(root, arguments, given if given is not None else subprocess.DEVNULL, complaints)
        assert process.stdout is not None  # INVARIANT: _start asks for a pipe
        late = threading.Timer(seconds, process.kill) if seconds else None
        if late:
            late.daemon = True
            late.start()
        ended = False
        try:
            yield process.stdout
            ended = not process.stdout.read(1)
        finally:
            process.stdout.close()
            if not ended:
                process.kill()
            code = process.wait()
            if late:
                late.cancel()
        if ended and not quiet and code == -signal.SIGKILL:
            raise _too_slow(root, arguments, seconds)
        if ended and code and not quiet:
            complaints.seek(0)
            raise _error(root, arguments, complaints.read(1 << 16))


class BlobReader:
    """One `git cat-file --batch` that answers for many objects; a context manager.

    Raises:
        GitError: on entering, git is missing; on reading, it has died.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> BlobReader:
        self._process = _start(self._root, ("cat-file", "--batch"), subprocess.PIPE, subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop git."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.kill()
            process.wait()
            with suppress(OSError):  # git may have died before it read what was asked
                process.stdin.close()
            process.stdout.close()

    def read(self, oid: str, limit: int = -1) -> bytes | None:
        """The content of an object; None if it is not here, or larger than `limit` bytes.

        Raises:
            GitError: git has died, or `oid` is no object id.
        """
        if not oid.isalnum():
            raise GitError(f"{oid!r} is no git object id")
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise GitError("the git reader is not open")
        try:
            process.stdin.write(oid.encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise GitError(f"git cat-file in {self._root} ended before it answered") from error
        return self._answer(process.stdout, limit)

    def _answer(self, source: IO[bytes], limit: int) -> bytes | None:
        header = source.readline().split()
        if not header:
            raise GitError(f"git cat-file in {self._root} ended before it answered")
        if len(header) != 3 or not header[2].isdigit():
            return None  # "<oid> missing"
        size = int(header[2])
        if 0 <= limit < size:
            drain(source, size + 1)
            return None
        content = source.read(size)
        source.read(1)
        if len(content) != size:
            raise GitError(f"git cat-file in {self._root} ended in the middle of an object")
        return content


def drain(source: IO[bytes], size: int) -> None:
    """Read and drop `size` bytes."""
    while size > 0:
        piece = source.read(min(size, 1 << 20))
        if not piece:
            return
        size -= len(piece)


def _start(
    root: str, arguments: Sequence[str], stdin: IO[bytes] | int, stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - as in run
            _command(root, arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(root),
        )
    except OSError as error:
        raise GitError(f"git could not be started in {root}: {error.strerror}") from error


def _command(root: str, arguments: Sequence[str]) -> list[str]:
    program = shutil.which("git")
    if program is None or not Path(program).is_absolute():
        raise GitError("the git program was not found", "install git, or scan a folder without git modes")
    settings = [part for setting in _CONFIG for part in ("-c", setting)]
    return [program, *settings, "--no-pager", "-C", root, *arguments]


def _environment(root: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    index = os.environ.get("GIT_INDEX_FILE", "")
    if index and _is_index_below(index, root):
        # In a pre-commit hook of `git commit -a` the staged files are in an index of their own.
        kept["GIT_INDEX_FILE"] = os.path.realpath(index)
    return {**kept, **_ENVIRONMENT}


def _is_index_below(index: str, root: str) -> bool:
    """Whether an index file that a hook inherited belongs to the repository around `root` and not to another one."""
    return os.path.dirname(os.path.realpath(index)) == _git_dir(os.path.realpath(root))  # noqa: PTH120


def _git_dir(root: str) -> str:
    """Where git keeps this working tree's data (gitrepository-layout: `.git`, or the file of that name that says where)."""
    for folder in (Path(root), *Path(root).parents):
        dot_git = folder / ".git"
        if dot_git.is_dir():
            return os.path.realpath(dot_git)
        if dot_git.is_file():
            with dot_git.open("rb") as source:
                named = os.fsdecode(source.read(4096).removeprefix(b"gitdir:").strip().split(b"\0")[0])
            return os.path.realpath(folder / named)
    return ""


# What git says -> what we say and advise. First match wins.
_COMPLAINTS = (
    (
        b"dubious ownership",
        "git refuses {root}: it belongs to another user",
        "trust it with: git config --global --add safe.directory {root}",
    ),
    (b"not a git repository", "{root} is not in a git repository", "scan it without --mode, --base and --history"),
    (b"does not have any commits", "the repository at {root} has no commits yet", "commit first, or scan with --mode staged"),
    (b"bad default revision", "the repository at {root} has no commits yet", "commit first, or scan with --mode staged"),
    (b"could not fetch", "{root} is a partial clone and lacks objects that the scan needs", "fetch them with: git fetch --refetch"),
    (b"transport 'file' not allowed", "{root} is a partial clone and lacks objects that the scan needs", "fetch them with: git fetch --refetch"),
    (b"not allowed", "{root} is a partial clone and lacks objects that the scan needs", "fetch them with: git fetch --refetch"),
)  # fmt: skip


def _error(root: str, arguments: Sequence[str], complaint: bytes) -> GitError:
    for words, message, advice in _COMPLAINTS:
        if words in complaint:
            return GitError(message.format(root=root), advice.format(root=root))
    said = complaint.decode("utf-8", "replace").strip().splitlines()
    return GitError(
        f"git {_verb(arguments)} failed in {root}: {said[-1][:300] if said else 'it gave no reason'}"
    )


def _too_slow(root: str, arguments: Sequence[str], seconds: float) -> GitError:
    limit = f"longer than {seconds:.0f} s" if seconds else "too much memory, or was stopped"
    return GitError(
        f"git {_verb(arguments)} in {root} took {limit}",
        "scan without git modes, or look whether the disk or the repository is in trouble",
    )


def _verb(arguments: Sequence[str]) -> str:
    """The git command behind the `-c key=value` pairs before it."""
    return next((word for word in arguments if not word.startswith("-") and "=" not in word), "")
