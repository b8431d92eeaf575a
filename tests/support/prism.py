"""Prism, which serves a vendor's own description of an API, or stands between us and a fake and checks both sides."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import IN_CI

_SECONDS_TO_START = 60.0


def find_prism() -> Path:
    """The program, as ci/test installs it; skips the running test where it is not, and in CI fails it."""
    found = Path(sys.prefix) / "prism" / "node_modules" / ".bin" / "prism"
    if found.exists() and shutil.which("node"):
        return found
    words = "Prism is not installed: ci/test does, where there is Node.js"
    if IN_CI:
        pytest.fail(words)
    pytest.skip(words)


@contextmanager
def running_prism(description: Path, upstream: str | None = None) -> Iterator[str]:
    """The URL of Prism serving a description; or passing all on to `upstream`, whose answers are then checked as well.

    A question that the description does not know is refused. Served answers are not checked: GitHub's own examples lack
    what its description requires.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = ["--host", "127.0.0.1", "--port", str(port), description]
    what = ["mock", *where] if upstream is None else ["proxy", "--errors", *where, upstream]
    process = subprocess.Popen(
        [find_prism(), *what],
        env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nothing is to be saved, and a child of node's would outlive its parent
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"Prism did not start (exit status {process.poll()}).")
