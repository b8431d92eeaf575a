"""The trace of a bug, written where it can be pasted from; it holds code and types, never values."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback

from releasewatch import __version__


def write_bug_log(error: BaseException) -> str:
    """Write the trace to a new file (0600); returns what to tell: its path, or the trace when it cannot be written.

    The exceptions' own texts are left out: a database driver's may hold a row, and a row may hold a name or a number.
    """
    lines = [f"releasewatch {__version__}, Python {platform.python_version()}, {platform.platform()}", ""]
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}{_database_code(seen)}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}\n    {frame.line}"
            for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or seen.__context__
    trace = "\n".join(lines) + "\n"
    try:
        handle, name = tempfile.mkstemp(prefix="releasewatch-bug-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
    except OSError:
        return f"Its trace (no log file could be written):\n{trace}"
    return f"Its trace: {name}"


def _database_code(error: BaseException) -> str:
    """The word of a fixed list with which a database names the kind of error: it tells much and holds nothing."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return f" ({code})" if code else ""
