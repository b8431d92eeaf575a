"""Runs commands beside each other, in turn, and says how long each took and how much memory its largest process had."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.starting import ended_with_us

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PARTS = 250
"""How many folders count as components by default: the largest ones, up to three levels deep."""

PROGRAM = str(Path(sys.executable).with_name("releasewatch"))


@dataclass(slots=True)
class Way:
    """One way to do the job. `before` makes what each run needs, untimed; `into` takes what it prints."""

    name: str
    command: Sequence[str]
    before: Callable[[], object] = lambda: None
    cwd: Path | None = None
    seconds: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    """Seconds of processor time, those of the processes it started among them."""

    peak: float = 0.0
    """MiB of the largest process, children included."""


def bare_environment() -> dict[str, str]:
    """The caller's environment without what looks like CI, or keeps Python from storing what it compiled."""
    dropped = ("RELEASEWATCH_", "GITHUB_", "GITLAB_", "CI", "PYTHON", "GIT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def measure(way: Way, cwd: Path, environment: Mapping[str, str]) -> None:
    """One run: wall seconds, and the peak memory of the largest of its processes (`wait4` counts reaped children)."""
    way.before()
    started = time.perf_counter()
    process = subprocess.Popen(
        way.command, cwd=way.cwd or cwd, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ended_with_us(process):
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"failed with status {process.returncode}: {' '.join(way.command)}")
    way.seconds.append(seconds)
    way.worked.append(used.ru_utime + used.ru_stime)
    way.peak = max(way.peak, used.ru_maxrss / 1024)


def run_in_turn(ways: Sequence[Way], cwd: Path, runs: int) -> None:
    """Each way once to warm up, then all of them in turn, so that a busy machine is busy for all alike."""
    environment = bare_environment()
    for way in ways:
        measure(way, cwd, environment)
        way.seconds.clear()
        way.worked.clear()
    for _ in range(runs):
        for way in ways:
            measure(way, cwd, environment)


def ratio(ours: Way, limit: Way) -> float:
    """The median of the pairs' ratios: ratios within one run hold where seconds do not."""
    return statistics.median(mine / theirs for mine, theirs in zip(ours.seconds, limit.seconds, strict=True))


def ratio_worked(ours: Way, limit: Way) -> float:
    """The same by processor seconds: these hold even while others work on the machine."""
    return statistics.median(mine / theirs for mine, theirs in zip(ours.worked, limit.worked, strict=True))


def print_ways(title: str, ways: Sequence[Way]) -> None:
    """A table of some ways; the first is the limit."""
    print(f"\n{title}\n\n| | median s | ratio to the first | processor s | ratio | peak MiB |")
    print("| --- | --: | --: | --: | --: | --: |")
    for way in ways:
        seconds, worked = statistics.median(way.seconds), statistics.median(way.worked)
        ratios = f"{seconds:.3f} | {ratio(way, ways[0]):.2f} | {worked:.3f} | {ratio_worked(way, ways[0]):.2f}"
        print(f"| {way.name} | {ratios} | {way.peak:.0f} |", flush=True)


def git_lines(repo: Path, *args: str) -> list[str]:
    """The lines that a git command prints."""
    done = subprocess.run(["git", *args], cwd=repo, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]


def largest_folders(repo: Path, many: int, rev: str = "HEAD") -> list[str]:
    """The folders with the most files, up to three levels deep; those whose names a pattern can spell plainly."""
    sizes: dict[str, int] = {}
    for name in git_lines(repo, "-c", "core.quotePath=true", "ls-tree", "-r", "--name-only", rev):
        folder = "/".join(name.split("/")[:-1][:3])
        if folder and folder.isascii() and not set(folder) & set('"\\*?[]!# '):
            sizes[folder] = sizes.get(folder, 0) + 1
    return sorted(sizes, key=lambda folder: (-sizes[folder], folder))[:many]


def write_config(repo: Path, path: Path, many: int = PARTS) -> None:
    """A catalog of the repo's largest folders, so that every path is mapped as in a real one."""
    lines = ['[releasewatch]\nrepo = "benchmark"\n']
    lines += [
        f'[components.part-{n}]\npaths = ["/{folder}/**"]\n' for n, folder in enumerate(largest_folders(repo, many))
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
