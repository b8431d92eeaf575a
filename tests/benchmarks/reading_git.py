"""Times `deployment record` and `notes render` on a clone beside what git itself needs for the same range."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PARTS = 250
"""How many folders count as components: the largest ones, two levels deep."""


def measure(command: Sequence[str], cwd: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Wall seconds, and peak memory in MiB of the process itself."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"failed with status {status}: {' '.join(command)}")
    return seconds, used.ru_maxrss / 1024


def write_config(repo: Path, path: Path) -> None:
    """A catalog of the repo's largest folders, so that every path is mapped as in a real one."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"], cwd=repo, check=True, capture_output=True
    ).stdout.decode("utf-8", "surrogateescape")
    sizes: dict[str, int] = {}
    for name in listed.split("\0"):
        folder = "/".join(name.split("/")[:-1][:3])
        if folder and folder.isascii() and '"' not in folder:
            sizes[folder] = sizes.get(folder, 0) + 1
    largest = sorted(sizes, key=lambda folder: (-sizes[folder], folder))[:PARTS]
    lines = ['[releasewatch]\nrepo = "benchmark"\n']
    lines += [f'[components.part-{n}]\npaths = ["/{folder}/**"]\n' for n, folder in enumerate(largest)]
    path.write_text("\n".join(lines), encoding="utf-8")


def report(what: str, limit: list[float], ours: list[tuple[float, float]]) -> None:
    ratios = [mine[0] / theirs for mine, theirs in zip(ours, limit, strict=True)]
    print(
        f"{what:<34} limit {statistics.median(limit):7.3f} s   ours {statistics.median(o[0] for o in ours):7.3f} s   "
        f"ratio {statistics.median(ratios):6.1f} ({min(ratios):.1f} to {max(ratios):.1f})   "
        f"peak {max(o[1] for o in ours):5.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path)
    parser.add_argument("--commits", type=int, nargs="+", default=[700, 10_000])
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    program = str(Path(sys.executable).with_name("releasewatch"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RELEASEWATCH_", "GITHUB_", "CI"))}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        config = scratch / "releasewatch.toml"
        write_config(given.repo, config)
        python = [sys.executable, "-c", "pass"]
        limit = [measure(python, given.repo, environment)[0] for _ in range(given.runs)]
        report(
            "--version / python -c pass",
            limit,
            [measure([program, "--version"], given.repo, environment) for _ in limit],
        )
        history = subprocess.run(
            ["git", "rev-list", "HEAD"], cwd=given.repo, check=True, capture_output=True, text=True
        ).stdout.split()
        for many in given.commits:
            base = history[min(many, len(history) - 1)]
            count = subprocess.run(
                ["git", "rev-list", "--count", f"{base}..HEAD"],
                cwd=given.repo,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            git = ["git", "log", "--raw", "--no-renames", f"{base}..HEAD"]
            record, notes, reference = [], [], []
            common = ["--config", str(config)]
            for run in range(given.runs):
                reference.append(measure(git, given.repo, environment)[0])
                ledger = scratch / f"{many}-{run}.db"
                # The ledger exists before, as it does in a pipeline: making one takes the migrations' time.
                measure([program, "db", "upgrade", "--database", str(ledger)], given.repo, environment)
                record.append(
                    measure(
                        [
                            program,
                            "deployment",
                            "record",
                            "--environment",
                            "production",
                            "--from",
                            base,
                            *common,
                            "--database",
                            str(ledger),
                        ],
                        given.repo,
                        environment,
                    )
                )
                notes.append(
                    measure(
                        [program, "notes", "render", "--from", base, *common, "-o", str(scratch / "notes.md")],
                        given.repo,
                        environment,
                    )
                )
            report(f"deployment record, {count} commits", reference, record)
            report(f"notes render, {count} commits", reference, notes)
    print(f"peak of all children: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
