"""`--timeout`: the time that a command gets, after which what is running is ended as by Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from releasewatch.errors import TimedOutError

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN_AFTER = 2.0
"""Seconds after which the alarm rings again: one that rings while an object is being cleaned up is not heard."""


class _TimeIsUp(KeyboardInterrupt):
    """Like Ctrl-C no Exception: database drivers and subprocesses know what to do with it."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """End what runs inside after so many seconds, and raise TimedOutError; None is no limit.

    Only in the main thread. Transactions are taken back and git is ended on the way out.
    """
    if seconds is None:
        yield
        return
    armed = True

    def ring(_number: int, _frame: object) -> None:
        if armed:
            raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_AFTER)
            yield
        finally:
            armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    except _TimeIsUp as error:
        raise TimedOutError(
            f"It was not done within {seconds:g} seconds; nothing was half written.",
            "Run the same command again, with a longer --timeout.",
        ) from error
