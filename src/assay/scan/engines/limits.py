"""A time limit for work in this process: an alarm that no `except Exception` of an engine swallows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeIsUp(BaseException):
    """The limit was reached."""


@contextmanager
def alarm(seconds: float = 0.0) -> Iterator[None]:
    """Raise TimeIsUp in the body after `seconds` of wall clock (0: only when `restart` sets a time).

    Works in the main thread of a POSIX process; elsewhere the body runs without a limit of its own and the pool's deadline decides.
    """
    if not _works():
        yield
        return
    previous = signal.signal(signal.SIGALRM, _ring)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, previous)


def restart(seconds: float) -> None:
    """Within `alarm`: from now on the body has `seconds`. One system call, so that every file can have its own limit."""
    if _works():
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _works() -> bool:
    return hasattr(signal, "setitimer") and threading.get_ident() == threading.main_thread().ident


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise TimeIsUp
