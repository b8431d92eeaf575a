"""Times the mapping of paths to components beside git's own time for the same range, and the slow way through pathspec.

`python -m tests.benchmarks.mapping CLONE…` from the root of the repo: by default 2,000 components, ten patterns each.
Asked are the paths that differ between the ends of the range, once each, as notes and records ask them; and beside them
every path of every commit, as often as it stands there, which nothing in the program asks. The slow way holds every
path against every component's `GitIgnoreSpec`; a sample of it must get the same answers.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from pathspec import GitIgnoreSpec

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.patterns import read_pattern
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.process import GARBAGE
from tests.benchmarks.measuring import git_lines
from tests.benchmarks.starting import clone, count, run

SAMPLE = 60


def make_catalog(paths: list[str], components: int, each: int) -> Catalog:
    """Components of real folders, in the forms that people write; none excludes anything below a folder it takes."""
    chance = random.Random(7)
    folders = sorted({"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)})
    folders = [folder for folder in folders if not set(folder) & set('"\\*?[]!# ')] or ["none"]
    made = []
    for number in range(components):
        patterns: list[str] = []
        while len(patterns) < each:
            folder = folders[(number * each + len(patterns)) % len(folders)]
            suffix = chance.choice(("json", "md", "py", "ts", "go"))
            patterns.append(
                chance.choice((f"/{folder}/", f"{folder}/**", f"/{folder}/*.{suffix}", f"/{folder}/**/*.{suffix}"))
            )
        made.append(Component(f"c{number}", f"c{number}", tuple(patterns)))
    return Catalog("benchmark", tuple(made), no_effect=("/LICENSE",))


def touched(repo: Path, base: str) -> tuple[float, list[str]]:
    """Processor seconds of git for the log of a range, and every path in it, as often as it stands there."""
    command = ["git", "log", "-z", "--raw", "--no-abbrev", "--no-renames", "--format=", f"{base}..HEAD"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, cwd=repo, check=True, capture_output=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pieces = output.decode("utf-8", "surrogateescape").split("\0")
    return seconds, [path for what, path in pairwise(pieces) if what.lstrip("\n").startswith(":")]


def map_all(catalog: Catalog, paths: list[str]) -> tuple[float, GitignoreMapper]:
    """Processor seconds of making the mapper and asking it for every path."""
    started = time.thread_time()
    read_pattern.cache_clear()  # every run reads its patterns itself
    mapper = GitignoreMapper(catalog)
    for path in paths:
        mapper.owners(path)
    return time.thread_time() - started, mapper


def map_slowly(catalog: Catalog, paths: list[str]) -> tuple[float, dict[str, set[str]]]:
    """Processor seconds, and the answers, of every component's patterns as pathspec itself reads them."""
    started = time.thread_time()
    specs = {c.key: GitIgnoreSpec.from_lines(c.paths) for c in catalog.components}
    found = {path: {key for key, spec in specs.items() if spec.match_file(path)} for path in paths}
    return time.thread_time() - started, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=clone, nargs="+")
    parser.add_argument("--commits", type=count, default=10_000)
    parser.add_argument("--components", type=count, default=2000)
    parser.add_argument("--patterns", type=count, default=10, help="of each component")
    parser.add_argument("--runs", type=count, default=5)
    given = parser.parse_args()
    gc.set_threshold(GARBAGE, 20, 20)  # as in the program
    print(f"{given.components} components, {given.components * given.patterns} patterns\n")
    print("| clone | asked | paths | git log s | making and mapping s | ratio | µs a path | the slow way, µs a path |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: |")
    for repo in given.repo:
        catalog = make_catalog(
            git_lines(repo, "ls-tree", "-r", "--name-only", "HEAD"), given.components, given.patterns
        )
        history = git_lines(repo, "rev-list", "HEAD")
        base = history[min(given.commits, len(history) - 1)]
        differing = git_lines(repo, "-c", "core.quotePath=off", "diff", "--name-only", "--no-renames", base, "HEAD")
        _, every = touched(repo, base)
        for asked, paths in (("what differs", differing), ("every path of every commit", every)):
            pairs = []
            for _ in range(given.runs):
                limit, _ = touched(repo, base)
                ours, mapper = map_all(catalog, paths)
                pairs.append((limit, ours))
            chosen = random.Random(3).sample(sorted(set(paths)), min(SAMPLE, len(set(paths))))
            slow, expected = map_slowly(catalog, chosen)
            assert {path: set(mapper.owners(path).components) for path in chosen} == expected
            limit, ours = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
            ratio = statistics.median(mine / theirs for theirs, mine in pairs)
            each, slowly = 1e6 * ours / len(paths), 1e6 * slow / len(chosen)
            head = f"| {repo.name} | {asked} | {len(paths)} | {limit:.3f} | {ours:.3f} | {ratio:.2f}"
            print(f"{head} | {each:.2f} | {slowly:.0f} |")


if __name__ == "__main__":
    run(main)
