"""How every benchmark begins and ends: by words that can be meant, and with nothing left of one that is ended early.

Small to load, as `servers` is.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


def run(main: Callable[[], object]) -> None:
    """Run a benchmark. SIGTERM ends it as Ctrl-C does: what it started is stopped, what it wrote is taken away."""
    signal.signal(signal.SIGTERM, _end)
    try:
        main()
    except KeyboardInterrupt:
        print("Ended before the last table was whole; nothing is left of it.", file=sys.stderr)
        sys.exit(130)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process when whoever waits for it is ended, before the folder in which it writes is taken away."""
    try:
        yield
    except BaseException:
        process.kill()
        process.wait()
        raise


def count(words: str) -> int:
    """An option's number of things, of which there is at least one."""
    if not words.isdecimal() or int(words) == 0:
        raise argparse.ArgumentTypeError(f"{words!r} is no number from 1 on")
    return int(words)


def clone(words: str) -> Path:
    """A full clone, by its own path: its folder's name stands in the tables."""
    place = Path(words).resolve()
    said = ["git", "-C", str(place), "rev-parse", "--is-shallow-repository", "HEAD"]
    done = subprocess.run(said, capture_output=True, text=True, check=False)
    if done.returncode:
        raise argparse.ArgumentTypeError(f"{words} is no clone with a commit: git clone --no-checkout makes one")
    if done.stdout.startswith("true"):
        raise argparse.ArgumentTypeError(f"{words} is a shallow clone: git fetch --unshallow makes it a full one")
    return place


def history(words: str) -> Path:
    """A clone, or a bundle of one."""
    return Path(words).resolve() if Path(words).is_file() else clone(words)
