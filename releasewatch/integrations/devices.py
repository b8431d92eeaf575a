"""Where a path named with `-o` leads: to a file that is ours to replace, or to a device, a pipe or a stream of ours."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_written_through(path: Path) -> bool:
    """Whether what is there must be written into, and never replaced: it is no regular file, or our own output."""
    try:
        mode = path.stat().st_mode
    except (OSError, RuntimeError):  # nothing there; RuntimeError: what Python 3.11 says of links in a circle
        return False
    return own_stream(path) is not None or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def own_stream(path: Path) -> int | None:
    """The number of our stdout or stderr, where a link (/dev/stdout) leads to what that is connected with."""
    if not path.is_symlink():
        return None
    there = path.stat()
    return next((number for number in (1, 2) if _is_open(number) and os.path.samestat(there, os.fstat(number))), None)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
