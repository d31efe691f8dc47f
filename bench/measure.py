"""Whole processes measured from outside: wall and CPU seconds and peak memory of the largest process, by the system's accounting."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command."""

    wall: float
    cpu: float
    megabytes: float
    code: int
    stdout: bytes


def run(
    argv: Sequence[str],
    *,
    cwd: str | None = None,
    timeout: float = 1800.0,
    environment: dict[str, str] | None = None,
) -> Run:
    """Run to the end. CPU and memory are those of all descendants that were waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        list(argv),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # ru_maxrss is the maximum over all children so far, so a fresh measuring process is used for each command (`isolated`).
    return Run(wall, cpu, after.ru_maxrss / 1024, done.returncode, done.stdout)


def isolated(
    argv: Sequence[str], *, runs: int = 3, cwd: str | None = None, environment: dict[str, str] | None = None
) -> Run:
    """The median of some runs after one warm-up, each in a measuring process of its own so that peak memory is that command's."""
    results = [_in_fresh_process(argv, cwd, environment) for _ in range(runs + 1)][1:]
    middle = sorted(results, key=lambda result: result.wall)[len(results) // 2]
    cpu = statistics.median(result.cpu for result in results)
    return Run(middle.wall, cpu, max(result.megabytes for result in results), middle.code, middle.stdout)


def once(argv: Sequence[str], *, cwd: str | None = None, environment: dict[str, str] | None = None) -> Run:
    """One run without a warm-up, in a measuring process of its own so that peak memory is that command's."""
    return _in_fresh_process(argv, cwd, environment)


def _in_fresh_process(argv: Sequence[str], cwd: str | None, environment: dict[str, str] | None) -> Run:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            result = run(argv, cwd=cwd, environment=environment)
            head = f"{result.wall} {result.cpu} {result.megabytes} {result.code}\n".encode()
            with os.fdopen(writer, "wb") as out:
                out.write(head + result.stdout)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        head, _, stdout = source.read().partition(b"\n")
    os.waitpid(pid, 0)
    wall, cpu, megabytes, code = head.split()
    return Run(float(wall), float(cpu), float(megabytes), int(code), stdout)


def assay(*arguments: str) -> list[str]:
    """The command line of this checkout's `assay`."""
    return [sys.executable, "-m", "assay", *arguments]
