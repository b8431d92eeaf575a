"""Times recording one component of a monorepo from a fresh clone, full and without contents, beside git-cliff.

`python -m tests.benchmarks.monorepo CLONE --include packages/NAME/` from the root of the repo. The clone serves as the
remote, through `file://`. Cloning is timed apart, and what the clones ask their remote for afterwards is counted: each
such question would be a wait for a server.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks.measuring import PROGRAM, Way, bare_environment, git_lines, measure, print_ways
from tests.benchmarks.reading_git import find_peers
from tests.benchmarks.starting import clone, count, run

KINDS = {"full": (), "--filter=blob:none": ("--filter=blob:none",)}


def make_remote(repo: Path, place: Path) -> str:
    """The address of a bare repo that hands out partial clones, as forges do."""
    subprocess.run(["git", "clone", "-q", "--bare", "--local", str(repo), str(place)], check=True)
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        git_lines(place, "config", name, "true")
    return place.as_uri()


def fresh_clone(url: str, place: Path, options: tuple[str, ...]) -> float:
    """Seconds for a fresh clone that nothing is checked out of."""
    shutil.rmtree(place, ignore_errors=True)
    # A full clone copies the files of the remote: what it takes to pack them anew is not what is measured here.
    words = [*options, url] if options else ["--no-hardlinks", url.removeprefix("file://")]
    started = time.perf_counter()
    subprocess.run(["git", "clone", "-q", "--no-checkout", *words, str(place)], check=True)
    return time.perf_counter() - started


def packs(place: Path) -> int:
    """How many packs the clone holds: each lazy fetch brings one more."""
    return len(list((place / ".git" / "objects" / "pack").glob("*.pack")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=clone)
    parser.add_argument("--include", required=True, metavar="FOLDER", help="the component's folder")
    parser.add_argument("--commits", type=count, default=700)
    parser.add_argument("--runs", type=count, default=3)
    given = parser.parse_args()
    folder = given.include.strip("/")
    if not git_lines(given.repo, "log", "-1", "--format=%H", "--", folder):
        parser.error(f"no commit of {given.repo} touches {given.include}")
    found = find_peers(None, only=("git-cliff",))
    history = git_lines(given.repo, "rev-list", "HEAD")
    base = history[min(given.commits, len(history) - 1)]
    environment = bare_environment()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        url = make_remote(given.repo, scratch / "remote.git")
        config = scratch / "releasewatch.toml"
        config.write_text(
            f'[releasewatch]\nrepo = "mono"\n[components.one]\npaths = ["/{folder}/**"]\n'
            '[components.rest]\npaths = ["/**"]\n',
            encoding="utf-8",
        )
        cliff = scratch / "cliff.toml"
        cliff.write_text("[git]\nconventional_commits = true\nfilter_unconventional = false\n", encoding="utf-8")
        measure(Way("", [PROGRAM, "db", "upgrade", "--database", str(scratch / "empty.db")]), scratch, environment)
        for kind, options in KINDS.items():
            place = scratch / "clone"
            ledger = scratch / "ledger.db"
            asks = {"git log": 0, "record": 0, "git-cliff": 0}
            words = ["deployment", "record", "--environment", "production", "--component", "one", "--from", base]
            words += ["--config", str(config), "--database", str(ledger)]
            ways = [
                Way("git log", ["git", "log", "--raw", "--no-renames", f"{base}..HEAD", "--", folder]),
                Way("record", [PROGRAM, *words]),
            ]
            if "git-cliff" in found:
                include = ["--include-path", f"{folder}/**/*", "-o", str(scratch / "cliff.md"), f"{base}..HEAD"]
                ways.append(Way("git-cliff", [found["git-cliff"], "-c", str(cliff), *include]))
            cloning = []
            for _ in range(given.runs):
                for way in ways:
                    cloning.append(fresh_clone(url, place, options))  # nobody finds what another one cached or fetched
                    for left in scratch.glob("ledger.db*"):
                        left.unlink()
                    shutil.copyfile(scratch / "empty.db", ledger)
                    before = packs(place)
                    try:
                        measure(way, place, environment)
                    except SystemExit as failed:
                        print(f"{way.name} on a clone {kind}: {str(failed)[:60]} …")
                        way.seconds.append(float("nan"))
                        way.worked.append(float("nan"))
                    asks[way.name] = max(asks[way.name], packs(place) - before)
            print_ways(f"{given.repo.name}, {folder}, {given.commits} commits, clone {kind}", ways)
            fetched = ", ".join(f"{who}: {many}" for who, many in asks.items() if who in {way.name for way in ways})
            print(f"\nThe clone itself took {statistics.median(cloning):.1f} s. Lazy fetches: {fetched}.", flush=True)


if __name__ == "__main__":
    run(main)
