"""The only place of a scan that starts a foreign program: argv list, clean environment, time and output limits, whole group killed."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.model.errors import EngineError

_CHUNK = 1 << 16
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` of wall clock, `output_bytes` of standard output and as many of standard error."""

    seconds: float = 300.0
    output_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program left behind. `ended` is exited, timed-out, output-limit or interrupted; output up to then is kept."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float
    ended: str = "exited"


def which(program: str) -> str | None:
    """Absolute path of a program on the user's PATH. Entries that are relative (as the scanned tree could provide) are left out."""
    path = os.pathsep.join(
        entry for entry in os.environ.get("PATH", "").split(os.pathsep) if Path(entry).is_absolute()
    )
    return shutil.which(program, path=path)


def clean_environment(home: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A minimal environment: no secrets of the user's, an own HOME, and what a caller adds by name."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    folders = {
        "HOME": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_DATA_HOME": home,
        "TMPDIR": home,
    }
    return {**kept, **folders, **(extra or {})}


def run(
    argv: Sequence[str],
    *,
    cwd: str | None = None,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    limits: Limits = Limits(),
) -> Completed:
    """Run a program to its end or to a limit, in a process group of its own that is killed whole.

    `environment` adds to a minimal one; HOME is an empty temporary folder unless given there.

    Raises:
        EngineError: the program is not there, or cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="assay-home-") as home:
        started = time.monotonic()
        process = _start(argv, cwd, clean_environment(home, environment))
        try:
            out, err, ended = _pump(process, stdin, started + limits.seconds, limits.output_bytes)
        except BaseException:
            kill_group(process.pid)
            process.wait()
            raise
        if ended != "exited":
            kill_group(process.pid)
        code = process.wait()
        # A grandchild that outlives its parent would go on without limits.
        kill_group(process.pid)
        return Completed(tuple(argv), code, out, err, time.monotonic() - started, ended)


def kill_group(pid: int) -> None:
    """Kill a process group that `run` or the pool started; one that is gone is fine."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _start(argv: Sequence[str], cwd: str | None, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - argv list, absolute program, clean environment
            list(argv),
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"cannot start {argv[0]}: {error.strerror}", "see `assay doctor`") from error


def _pump(
    process: subprocess.Popen[bytes], stdin: bytes, deadline: float, limit: int
) -> tuple[bytes, bytes, str]:
    """Feed and drain the three pipes until all are closed or a limit is met."""
    assert process.stdin is not None  # for the type checker: all three are pipes
    assert process.stdout is not None
    assert process.stderr is not None
    buffers: dict[int, bytearray] = {
        process.stdout.fileno(): bytearray(),
        process.stderr.fileno(): bytearray(),
    }
    pending = memoryview(stdin)
    ended = "exited"
    with selectors.DefaultSelector() as selector:
        for reader in (process.stdout, process.stderr):
            selector.register(reader, selectors.EVENT_READ)
        if pending:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            process.stdin.close()
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                ended = "timed-out"
                break
            for key, mask in selector.select(remaining):
                stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
                if mask & selectors.EVENT_WRITE:
                    pending = _feed(selector, stream, pending)
                elif not _drain(selector, stream, buffers[key.fd], limit):
                    ended = "output-limit"
            if ended != "exited":
                break
    out, err = (bytes(buffer) for buffer in buffers.values())
    for pipe in (process.stdin, process.stdout, process.stderr):
        _close(pipe)
    return out, err, ended


def _feed(selector: selectors.BaseSelector, stream: IO[bytes], pending: memoryview) -> memoryview:
    try:
        pending = pending[os.write(stream.fileno(), pending[:_CHUNK]) :]
    except BlockingIOError:
        return pending
    except OSError:
        pending = memoryview(b"")
    if not pending:
        selector.unregister(stream)
        _close(stream)
    return pending


def _drain(selector: selectors.BaseSelector, stream: IO[bytes], buffer: bytearray, limit: int) -> bool:
    """Read what is there; False when the limit is passed."""
    data = os.read(stream.fileno(), _CHUNK)
    if not data:
        selector.unregister(stream)
        return True
    buffer += data[: max(0, limit - len(buffer))]
    return len(buffer) < limit


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:
        pass
