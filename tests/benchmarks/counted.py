"""Runs `releasewatch`, and writes down at its end how much memory the process had at most.

`python -P tests/benchmarks/counted.py FILE WORD…`: in KiB, of this process alone. What its parent had when it started
it is not in that, as it is in what the parent learns from `wait4`.
"""

from __future__ import annotations

import atexit
import re
import runpy
import sys
from pathlib import Path


def count(place: Path) -> None:
    """Write the peak of memory into a file."""
    peak = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert peak is not None, "this kernel does not say it"
    place.write_text(peak[1])


if __name__ == "__main__":
    atexit.register(count, Path(sys.argv.pop(1)))
    runpy.run_module("releasewatch", run_name="__main__")
