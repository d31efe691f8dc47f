"""Worker processes that can be killed: a task that hangs or dies takes only itself along.

The standard pools lose every running task when one worker dies, and cannot stop a task that hangs.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from assay.scan.engines.process import kill_group

_GROUP_SECONDS = 0.05
_END_SECONDS = 3.0

TaskT = TypeVar("TaskT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Item(Generic[TaskT, ItemT]):
    """One value that a task yielded."""

    task: TaskT
    value: ItemT


@dataclass(frozen=True, slots=True)
class Ended(Generic[TaskT]):
    """A task is over. `problem` is "" when all went well, else timed-out, died, out-of-memory or failed, with a detail."""

    task: TaskT
    problem: str = ""
    detail: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class _Worker(Generic[TaskT]):
    process: BaseProcess
    pipe: Connection
    task: TaskT | None = None
    since: float = 0.0
    deadline: float = field(default=float("inf"))


def run_tasks(
    work: Callable[[TaskT], Iterable[ItemT]],
    tasks: Iterable[TaskT],
    *,
    jobs: int,
    seconds: Callable[[TaskT], float],
    memory_bytes: int = 0,
) -> Iterator[Item[TaskT, ItemT] | Ended[TaskT]]:
    """Run `work` on each task in `jobs` processes and yield what the tasks yield, as it comes.

    A task that has a `group` allows its items to travel in groups of that size; those on the way are lost when its worker dies.
    `seconds` is a task's time limit; `memory_bytes` bounds each worker's address space growth (0: no bound). When the iterator is
    closed (or interrupted), every worker is killed, with all that it started.
    """
    waiting = iter(
        tasks
    )  # taken one by one: a task may hold content, and only `jobs` of them should be in memory
    context = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else None)
    workers: list[_Worker[TaskT]] = []
    try:
        for task in itertools.islice(waiting, jobs):
            workers.append(_spawn(context, work, memory_bytes))
            _hand_out(workers[-1], task, seconds)
        while any(worker.task is not None for worker in workers):
            yield from _collect(workers, context, work, memory_bytes)
            idle = [worker for worker in workers if worker.task is None]
            for worker, task in zip(idle, waiting, strict=False):
                _hand_out(worker, task, seconds)
    finally:
        for worker in workers:
            _kill(worker)


def _hand_out(worker: _Worker[TaskT], task: TaskT, seconds: Callable[[TaskT], float]) -> None:
    worker.task, worker.since = task, time.monotonic()
    worker.deadline = worker.since + seconds(task)
    try:
        worker.pipe.send(task)
    except OSError:
        pass  # it died: `_collect` sees the closed pipe


def _collect(
    workers: list[_Worker[TaskT]], context: Any, work: Callable[[TaskT], Iterable[ItemT]], memory_bytes: int
) -> Iterator[Item[TaskT, ItemT] | Ended[TaskT]]:
    """Wait for the next news of any busy worker; replace those that died or hang."""
    busy = {worker.pipe: index for index, worker in enumerate(workers) if worker.task is not None}
    nearest = min(workers[index].deadline for index in busy.values())
    ready = wait(list(busy), timeout=max(0.0, nearest - time.monotonic()))
    for pipe in ready:
        index = busy[pipe]  # type: ignore[index]
        worker = workers[index]
        task = worker.task
        assert task is not None
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            yield Ended(task, "died", _death_of(worker), time.monotonic() - worker.since)
            _kill(worker)
            workers[index] = _spawn(context, work, memory_bytes)
            continue
        if kind == "items":
            for item in value:
                yield Item(task, item)
        else:
            problem, detail = value
            yield Ended(task, problem, detail, time.monotonic() - worker.since)
            worker.task, worker.deadline = None, float("inf")
    now = time.monotonic()
    for index, worker in enumerate(workers):
        if worker.task is not None and worker.deadline <= now:
            yield Ended(
                worker.task,
                "timed-out",
                f"more than {worker.deadline - worker.since:.0f} s",
                now - worker.since,
            )
            _kill(worker)
            workers[index] = _spawn(context, work, memory_bytes)


def _death_of(worker: _Worker[TaskT]) -> str:
    worker.process.join(1.0)
    code = worker.process.exitcode
    if code is not None and code < 0:
        return f"killed by signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _kill(worker: _Worker[TaskT]) -> None:
    if worker.process.is_alive() and getattr(worker.task, "foreign", False):
        # It has a program running in a group of its own, which it must end first.
        worker.process.terminate()
        worker.process.join(_END_SECONDS)
    if worker.process.pid is not None and worker.process.is_alive():
        kill_group(worker.process.pid)
        worker.process.kill()
    worker.process.join(5.0)
    worker.pipe.close()


def _spawn(context: Any, work: Callable[[TaskT], Iterable[ItemT]], memory_bytes: int) -> _Worker[TaskT]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, ours, work, memory_bytes), daemon=False)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(
    pipe: Connection, parents: Connection, work: Callable[[Any], Iterable[Any]], memory_bytes: int
) -> None:
    """A worker's life: tasks in, items and ends out, until the pipe closes."""
    parents.close()
    _become_a_group()
    bound = _memory_bound(memory_bytes)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        foreign = getattr(task, "foreign", False)
        signal.signal(signal.SIGTERM, _exit if foreign else signal.SIG_DFL)
        # Programs inherit the bound, and some reserve far more address space than they use.
        _bind_memory(0 if foreign else bound)
        try:
            _send_all(pipe, work(task), getattr(task, "group", 1))
            end = ("", "")
        except MemoryError:
            end = ("out-of-memory", "the memory limit was reached")
        except Exception as error:  # noqa: BLE001 - the border of a worker: every failure becomes a value
            end = ("failed", f"{type(error).__name__} in {_place_of(error)}")
        try:
            pipe.send(("end", end))
        except OSError:
            return


def _send_all(pipe: Connection, items: Iterable[Any], most: int) -> None:
    """Send items in groups of at most `most`: one message for each would cost more than a small file's look."""
    group: list[Any] = []
    since = time.monotonic()
    try:
        for item in items:
            group.append(item)
            if len(group) >= most or time.monotonic() - since > _GROUP_SECONDS:
                pipe.send(("items", group))
                group, since = [], time.monotonic()
    finally:
        if group:
            pipe.send(("items", group))


def _place_of(error: Exception) -> str:
    """Module and line of the failure. Never the message: it may hold text of the scanned file, and so a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _exit(_number: int, _frame: object) -> None:
    raise SystemExit(1)


def _become_a_group() -> None:
    """An own process group, so that Ctrl-C reaches only the parent, which then ends all of it."""
    try:
        os.setpgid(0, 0)
    except OSError:
        pass
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _memory_bound(memory_bytes: int) -> int:
    """The address space that a worker may have: what it has now and `memory_bytes` more, 0 for no bound."""
    return _address_space() + memory_bytes if memory_bytes else 0


def _bind_memory(bound: int) -> None:
    """Set the soft limit only, so that it can be lifted again."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = bound or hard
    resource.setrlimit(
        resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _address_space() -> int:
    """Bytes of address space in use now (Linux), else 0."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - one read of a kernel file
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
