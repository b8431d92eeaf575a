"""Runs `releasewatch`: in a process of its own, as people do, or here, where a test can listen to what it does.

Only status, stdout and stderr come back.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import shutil
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What stdout holds, as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error that stderr holds, as JSON."""
        return json.loads(self.err)["error"]


def run_command(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, through: Sequence[str] = ()
) -> Finished:
    """Run `releasewatch ARGUMENTS` in a folder. `env` is added to the environment; `through` words go before it."""
    return run_python("-m", "releasewatch", *arguments, cwd=cwd, env=env, through=through)


def run_here(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run `releasewatch ARGUMENTS` in a folder, in this process: without the time that a process takes to start."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in dict(env or {}).items():
            patch.setenv(name, value)
        time.tzset()
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            from releasewatch.cli.main import run

            with pytest.raises(SystemExit) as ended:
                run(list(arguments))
    time.tzset()
    assert isinstance(ended.value.code, int)
    return Finished(ended.value.code, _text_in(out), _text_in(err))


def _text_in(stream: io.TextIOWrapper) -> str:
    """What was written, as text or as bytes; bytes that are no UTF-8 as a process's output is read."""
    stream.seek(0)
    return stream.read()


def run_python(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, through: Sequence[str] = ()
) -> Finished:
    """Run `python ARGUMENTS` in a folder, with warnings as errors, as in the tests themselves."""
    done = subprocess.run(
        [*through, sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        env=os.environ | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        timeout=120,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def bound_by_permissions() -> list[str]:
    """The words before a command that take root's right to ignore the permissions of files; none for other users."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("as root, setpriv (Debian: util-linux) is needed to be bound by permissions")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search", "--"]


def run_on_terminal(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What `releasewatch ARGUMENTS` shows on a terminal of 200 columns, as it is sent there."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (50, 200))
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "releasewatch", *arguments],
        cwd=cwd,
        env=os.environ | {"TERM": "xterm"} | dict(env or {}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # how a terminal says that the last one who wrote to it has gone
            pass
        finally:
            os.close(master)
    assert process.returncode == 0, shown
    return shown.decode("utf-8")
