"""`--timeout`, after which what is running is ended as by Ctrl-C; and being told to end by a signal."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from releasewatch.domain.words import counted
from releasewatch.errors import OutsideFailedError, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_AGAIN_AFTER = 2.0
"""Seconds after which the alarm rings again: one that rings while an object is being cleaned up is not heard."""

_ONCE_LOADED = 0.001
"""Seconds after which it, or a signal, comes again when a module is just being loaded: of half a module nothing can be
used later, and a record that is out of time is still to be kept."""


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

    def ring(_number: int, frame: FrameType | None) -> None:
        if armed and _is_loading(frame):
            signal.setitimer(signal.ITIMER_REAL, _ONCE_LOADED, _AGAIN_AFTER)
        elif armed:
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
            f"It was not done within {counted(seconds, 'second')}; nothing was half written.",
            "Run the same command again, with a longer --timeout.",
        ) from error


def _is_loading(frame: FrameType | None) -> bool:
    """Whether a module is being loaded by what a signal interrupted."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


class EndedError(KeyboardInterrupt):
    """Somebody ended the process by a signal: SIGTERM, as when a job is cancelled, Ctrl-C, or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number
        """The exit status by which a shell tells it."""

    def as_ours(self) -> OutsideFailedError:
        """What is said of it."""
        return ToldToEndError("It was told to end before it was done; nothing was half written.")


class ToldToEndError(OutsideFailedError):
    """Somebody ended it."""

    code = "interrupted"


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Raise EndedError inside when the process is told to end; once is enough. Only in the main thread.

    A module that is just being loaded is loaded whole first, as where time runs out.
    """

    told = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if _is_loading(frame):
            _send_again(number)
            return
        told = True
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # what is left to do is short, and SIGKILL is heard in any case
        raise EndedError(number)

    # A hang-up that is ignored (nohup) stays so; an interrupt is ignored in whatever a shell runs in the background.
    heard = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    before = {one: signal.signal(one, end) for one in heard}
    try:
        yield
    finally:
        for one, handler in before.items() if not told else ():
            signal.signal(one, handler)


def _send_again(number: int) -> None:
    """Send the main thread a signal once more, in a moment. The one clock that rings is that of `time_limit`."""
    main = threading.main_thread().ident
    if main is not None:
        again = threading.Timer(_ONCE_LOADED, signal.pthread_kill, (main, number))
        again.daemon = True
        again.start()
