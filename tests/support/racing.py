"""Several `releasewatch` processes that begin at the same instant: each says that it is ready, and waits to be let go.

`python -m tests.support.racing ARGUMENTS` is one of them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]

ALL = "--all"
"""Before the arguments: again and again, until there is no call any more; gives out the ids of all there were."""

NEEDED = (
    *("cli.call", "cli.deployment", "config", "integrations.git_history"),
    *("storage.migrate", "usecases.call_work", "usecases.calls", "usecases.recording"),
)


@dataclass(frozen=True, slots=True)
class Racer:
    """What one of the processes is to do: arguments of `releasewatch`, what is added to its environment, and where."""

    arguments: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


def race(racers: Sequence[Racer]) -> list[Any]:
    """Let all of them go at once; the JSON that each gave out, in their order. All have to succeed."""
    found = race_to_the_end(racers)
    for status, _, talk in found:
        assert status == 0, talk
    return [json.loads(out) for _, out, _ in found]


def race_to_the_end(racers: Sequence[Racer]) -> list[tuple[int, str, str]]:
    """The same for those of whom some may be refused: status, what was given out, and what was said, of each."""
    running = [_start(racer) for racer in racers]
    try:
        for process in running:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "ready\n", said
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = [process.communicate(timeout=120) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    return [(process.returncode, out, talk) for process, (out, talk) in zip(running, ended, strict=True)]


def _start(racer: Racer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.support.racing", *racer.arguments],
        cwd=racer.cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | dict(racer.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run() -> None:
    """Import what a record or a plan needs, so that nothing but itself is left to do, then wait at the line."""
    for name in NEEDED:
        importlib.import_module(f"releasewatch.{name}")
    from releasewatch.cli.main import run

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if sys.argv[1] != ALL:
        run(sys.argv[1:])
    found = []
    while (document := _ask(run, sys.argv[2:]))["call"] is not None:
        found.append(document["call"]["id"])
    sys.stdout.write(json.dumps(found))


def _ask(run: Callable[[list[str]], Any], arguments: list[str]) -> Any:
    """What one command gives out as JSON."""
    given_out = io.StringIO()
    with contextlib.redirect_stdout(given_out), contextlib.suppress(SystemExit):
        run(arguments)
    return json.loads(given_out.getvalue())


if __name__ == "__main__":
    _run()
