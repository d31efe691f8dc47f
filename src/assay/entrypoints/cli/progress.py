"""What a waiting user sees: live bars on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Observe = Callable[[str, int, int], None]
_SLOW_SECONDS = 0.7
_PLAIN_EVERY = 10.0


def progress(*, quiet: bool) -> AbstractContextManager[Observe]:
    """The observer for a scan, fit for where standard error goes."""
    if quiet:
        return nullcontext(lambda _engine, _done, _total: None)
    return _Bars() if sys.stderr.isatty() else _Lines()


class _Bars:
    """One bar for each engine. rich is imported only when a scan lasts long enough to be worth a bar."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Observe:
        return self._observe

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _observe(self, engine: str, done: int, total: int) -> None:
        if self._progress is None:
            if time.monotonic() - self._began < _SLOW_SECONDS:
                return
            self._progress = self._start()
        if engine not in self._tasks:
            self._tasks[engine] = self._progress.add_task(engine, total=total)
        self._progress.update(self._tasks[engine], completed=done, total=total)

    def _start(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        from assay.report.terminal import wants_color

        console = Console(stderr=True, no_color=not wants_color(os.environ, True))
        columns = (
            TextColumn("{task.description:16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        bars = Progress(*columns, console=console, transient=True)
        bars.start()
        return bars


class _Lines:
    """A plain line now and then, for logs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PLAIN_EVERY

    def __enter__(self) -> Observe:
        return self._observe

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def _observe(self, engine: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PLAIN_EVERY
            sys.stderr.write(f"assay: {engine}: {done} of {total} files\n")
            sys.stderr.flush()
