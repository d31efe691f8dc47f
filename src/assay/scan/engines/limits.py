"""A time limit for work in this process: an alarm that no `except Exception` of an engine swallows."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_EXACTNESS = 0.1
_restarted = (0.0, 0.0)  # when, and to what, in this process's main thread


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
    global _restarted
    previous = signal.signal(signal.SIGALRM, _ring)
    _restarted = (0.0, 0.0)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        _restarted = (0.0, 0.0)
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, previous)


def restart(seconds: float) -> None:
    """Within `alarm`: from now on the body has `seconds`, or up to a tenth of a second less.

    A system call for each of thousands of small files would be felt: one that was made just now is left as it is.
    """
    global _restarted
    now = time.monotonic(), seconds
    if now[1] == _restarted[1] and now[0] - _restarted[0] < _EXACTNESS:
        return
    if _works():
        signal.setitimer(signal.ITIMER_REAL, seconds)
        _restarted = now


def _works() -> bool:
    return hasattr(signal, "setitimer") and threading.get_ident() == threading.main_thread().ident


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise TimeIsUp
