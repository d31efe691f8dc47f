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
def alarm(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in the body after `seconds` of wall clock.

    Works in the main thread of a POSIX process; elsewhere the body runs without a limit of its own and the pool's deadline decides.
    """
    if (
        seconds <= 0
        or not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    previous = signal.signal(signal.SIGALRM, _ring)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, previous)


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise TimeIsUp
