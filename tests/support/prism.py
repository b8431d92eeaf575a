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
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.support.postgres import free_port

_SECONDS_TO_START = 120.0


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
    process, port = _start(description, upstream)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        _kill(process)


def _start(description: Path, upstream: str | None) -> tuple[subprocess.Popen[bytes], int]:
    """Start it and wait until it answers; on another port when it ended instead: somebody took ours in between."""
    for _attempt in range(3):
        port = free_port()
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
        if _answers(port, process):
            return process, port
        _kill(process)
    pytest.fail(f"Prism did not start (exit status {process.returncode}).")


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # nothing is to be saved, and a child of node's would outlive its parent
    process.wait()


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            # Somebody else's server on that port would answer as well.
            return process.poll() is None
    return False
