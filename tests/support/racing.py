"""Several `releasewatch` processes that begin at the same instant: each says that it is ready, and waits to be let go.

`python -m tests.support.racing ARGUMENTS` is one of them.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]

ALL = "--all"
"""Instead of arguments, with an URL, a deployment's number and a name: take calls until there is none."""

NEEDED = (
    *("cli.call", "cli.deployment", "config", "integrations.git_history"),
    *("storage.migrate", "usecases.call_hands", "usecases.call_work", "usecases.calls", "usecases.recording"),
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

    if sys.argv[1] != ALL:
        _wait_at_the_line()
        run(sys.argv[1:])
    sys.stdout.write(json.dumps(_take_all(*sys.argv[2:])))


def _wait_at_the_line() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _take_all(url: str, deployment: str, who: str) -> list[str]:
    """Take one call of a deployment's list after another, all from the list as it stood before anybody took one.

    So each wants the same calls in the same order, however late it comes to run.
    """
    from releasewatch.secret import Secret
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.call_candidates import Planning
    from releasewatch.usecases.call_hands import claim_next
    from releasewatch.usecases.calls import list_calls

    how = Planning(datetime.now(UTC))
    ledger = Ledger(Secret(url))
    made = list_calls(ledger, int(deployment), how)
    _wait_at_the_line()
    found = []
    while (one := claim_next(ledger, made, who, how, 60)) is not None:
        found.append(one[0].call)
    ledger.close()
    return found


if __name__ == "__main__":
    _run()
