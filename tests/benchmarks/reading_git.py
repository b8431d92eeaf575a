"""Times `deployment record` and `notes render` on clones, beside git itself and what others make release notes with.

`python -m tests.benchmarks.reading_git CLONE…` from the root of the repo. Every way runs in turn, several times; what
is not installed is said and left out.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import (
    PROGRAM,
    Way,
    bare_environment,
    git_lines,
    print_ways,
    ratio,
    ratio_worked,
    run_in_turn,
    write_config,
)
from tests.benchmarks.starting import clone, count, run

RECORD_MORE, NOTES_AT_700 = 0.6, 0.30
"""Seconds of the aims: a record beyond git's own time, and notes of 700 commits."""

BEFORE, AFTER = "0.0.1", "0.0.2"

_NODE_PEERS = {"conventional-changelog": "conventional-changelog", "generate-changelog": "changelog"}
"""Packages of npm, and the program that each brings."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One line of the last table."""

    what: str
    figure: str
    limit: str
    ratio: float
    worked: float
    aim: str
    met: bool


PEERS = ("git-cliff", "commitizen", *_NODE_PEERS)


def find_peers(node_modules: Path | None, only: Sequence[str] = PEERS) -> dict[str, str]:
    """The programs that are installed, by name; says which are not."""
    found: dict[str, str] = {}
    beside = str(Path(sys.executable).parent)
    for name, program in (("git-cliff", "git-cliff"), ("commitizen", "cz")):
        path = shutil.which(program) or shutil.which(program, path=beside)
        found |= {name: path} if path else {}
    for name, program in _NODE_PEERS.items():
        path = shutil.which(program, path=str(node_modules / ".bin")) if node_modules else None
        found |= {name: path} if path else {}
    for name in only:
        if name not in found:
            print(f"{name} is not installed, and left out (tests/benchmarks/README.md says how).")
    return found


def clone_of(repo: Path, base: str, scratch: Path) -> Path:
    """A clone that shares the repo's objects and holds two tags alone, around the range: some of the others know a
    range by its tags only, and all are to read the same."""
    clone = scratch / f"{repo.name}-{base[:12]}"
    if not clone.exists():
        subprocess.run(
            ["git", "clone", "-q", "--shared", "--no-tags", "--no-checkout", str(repo), str(clone)], check=True
        )
        manifest = '{"name": "benchmark", "version": "0.0.2", "repository": {"url": "https://example.com/a/b"}}'
        (clone / "package.json").write_text(manifest, encoding="utf-8")  # without one, some of them do not begin
        git_lines(clone, "-c", "tag.gpgSign=false", "tag", BEFORE, base)
        git_lines(clone, "-c", "tag.gpgSign=false", "tag", AFTER, "HEAD")
    return clone


def peers_of(found: dict[str, str], base: str, scratch: Path) -> list[Way]:
    """How each of the others makes notes of `base..HEAD`."""
    ways = []
    if "git-cliff" in found:
        config = scratch / "cliff.toml"
        config.write_text("[git]\nconventional_commits = true\nfilter_unconventional = false\n", encoding="utf-8")
        output = str(scratch / "cliff.md")
        ways.append(Way("git-cliff", [found["git-cliff"], "-c", str(config), "-o", output, f"{base}..HEAD"]))
    if "commitizen" in found:
        config = scratch / "cz.toml"
        config.write_text(
            f'[tool.commitizen]\nname = "cz_conventional_commits"\ntag_format = "$version"\nversion = "{AFTER}"\n',
            encoding="utf-8",
        )
        words = ["--config", str(config), "changelog", "--dry-run", AFTER]
        ways.append(Way("commitizen", [found["commitizen"], *words]))
    if "conventional-changelog" in found:
        words = ["-p", "angular", "-r", "2", "-o", str(scratch / "conventional.md")]
        ways.append(Way("conventional-changelog", [found["conventional-changelog"], *words]))
    if "generate-changelog" in found:
        words = ["-t", f"{base}..HEAD", "-f", str(scratch / "generated.md")]
        ways.append(Way("generate-changelog", [found["generate-changelog"], *words]))
    return ways


def our_ways(base: str, config: Path, scratch: Path) -> tuple[Way, Way]:
    """A record into a ledger that is there already, as in a pipeline, and notes straight from git."""
    empty, ledger = scratch / "empty.db", scratch / "ledger.db"

    def fresh() -> None:
        for left in scratch.glob("ledger.db*"):
            left.unlink()
        shutil.copyfile(empty, ledger)

    common = ["--config", str(config)]
    words = ["deployment", "record", "--environment", "production", "--from", base, *common, "--database", str(ledger)]
    record = Way("deployment record", [PROGRAM, *words], fresh)
    words = ["notes", "render", "--from", base, "--to", "HEAD", *common, "-o", str(scratch / "notes.md")]
    return record, Way("notes render", [PROGRAM, *words], lambda: (scratch / "notes.md").unlink(missing_ok=True))


def compare(repo: Path, many: int | None, found: dict[str, str], scratch: Path, runs: int) -> list[Aim]:
    """One range of one clone by every way; returns what it says of the aims."""
    history = git_lines(repo, "rev-list", "HEAD")
    base = history[-1] if many is None else history[min(many, len(history) - 1)]
    count = int(git_lines(repo, "rev-list", "--count", f"{base}..HEAD")[0])
    git = Way("git log --raw --no-renames", ["git", "log", "--raw", "--no-renames", f"{base}..HEAD"])
    record, notes = our_ways(base, scratch / "releasewatch.toml", scratch)
    others = peers_of(found, base, scratch)
    clone = clone_of(repo, base, scratch)
    run_in_turn([git, record, notes, *others], clone, runs)
    print_ways(f"{repo.name}, {count} commits{' (all)' if many is None else ''}", [git, record, notes, *others])
    of = f"{repo.name}, {count} commits"
    return [
        _aim_of_record(record, git, of, many, own_peak(record, clone)),
        *_aim_of_notes(notes, others, git, of, many),
    ]


_OWN_PEAK = """
import atexit, resource
atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
from releasewatch.process import start
start()
"""


def own_peak(way: Way, cwd: Path) -> float:
    """MiB of our own process alone: git's counts the pack that it maps, as large as that is."""
    way.before()
    words = [sys.executable, "-c", _OWN_PEAK, *way.command[1:]]
    done = subprocess.run(words, cwd=cwd, env=bare_environment(), check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def _median(way: Way) -> float:
    return sorted(way.seconds)[len(way.seconds) // 2]


def _aim_of_record(record: Way, git: Way, of: str, many: int | None, peak: float) -> Aim:
    took, limit = _median(record), _median(git)
    twice = many is None or many > 700
    allowed = limit * (2 if twice else 1) + RECORD_MORE
    words = f"{'twice ' if twice else ''}git + {RECORD_MORE} s; under 100 MiB"
    figure = f"{took:.2f} s, own process {peak:.0f} MiB"
    met = took <= allowed and peak < 100
    ratios = ratio(record, git), ratio_worked(record, git)
    return Aim(f"record, {of}", figure, f"git {limit:.3f} s", *ratios, words, met)


def _aim_of_notes(notes: Way, others: Sequence[Way], git: Way, of: str, many: int | None) -> list[Aim]:
    took = _median(notes)
    cliff = next((way for way in others if way.name == "git-cliff"), None)
    if many is not None and many <= 700:
        words, met, limit = f"{NOTES_AT_700} s", took <= NOTES_AT_700, git
    elif cliff is not None:
        words, met, limit = "0.35 × git-cliff", ratio(notes, cliff) <= 0.35, cliff
    else:
        return []
    told = f"{limit.name.partition(' log')[0]} {_median(limit):.3f} s"
    return [Aim(f"notes, {of}", f"{took:.2f} s", told, ratio(notes, limit), ratio_worked(notes, limit), words, met)]


def start_up(repo: Path, runs: int) -> list[Aim]:
    """`--version` and `--help` beside an interpreter that does nothing."""
    nothing = Way("python -c pass", [sys.executable, "-c", "pass"])
    ours = [
        Way(" ".join(words), [PROGRAM, *words])
        for words in (["--version"], ["--help"], ["deployment", "record", "--help"])
    ]
    run_in_turn([nothing, *ours], repo, 3 * runs)
    print_ways("Starting up", [nothing, *ours])
    return [
        Aim(way.name, f"{_median(way):.3f} s", f"python {_median(nothing):.3f} s", ratio(way, nothing),
            ratio_worked(way, nothing), "6 ×", ratio(way, nothing) <= 6)
        for way in ours[:2]
    ]  # fmt: skip


def how_many(words: str) -> int | None:
    """A number of commits; None is all of them."""
    return None if words == "all" else count(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=clone, nargs="+")
    parser.add_argument(
        "--commits", type=how_many, nargs="+", default=[50, 700, 10_000, None], metavar="N|all", help="numbers, or all"
    )
    parser.add_argument("--runs", type=count, default=5)
    parser.add_argument("--parts", type=count, default=250, help="how many folders count as components")
    parser.add_argument("--node-modules", type=Path, help="where npm put the peers that are written for Node")
    given = parser.parse_args()
    found = find_peers(given.node_modules)
    aims: list[Aim] = []
    for repo in given.repo:
        aims += start_up(repo, given.runs) if not aims else []
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            write_config(repo, scratch / "releasewatch.toml", given.parts)
            run_in_turn([Way("", [PROGRAM, "db", "upgrade", "--database", str(scratch / "empty.db")])], repo, 0)
            for many in given.commits:
                aims += compare(repo, many, found, scratch, given.runs)
    print("\n| what | figure | limit | ratio | of processors | aim | met |")
    print("| --- | --- | --- | --: | --: | --- | --- |")
    for aim in aims:
        ratios = f"{aim.ratio:.2f} | {aim.worked:.2f}"
        print(f"| {aim.what} | {aim.figure} | {aim.limit} | {ratios} | {aim.aim} | {'yes' if aim.met else 'no'} |")


if __name__ == "__main__":
    run(main)
