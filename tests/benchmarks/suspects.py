"""Ranks suspects for the reverts of real histories: how often the deployment to blame is first, or among three.

    python -m tests.benchmarks.suspects mybinder-deploy.bundle git-2005.bundle path/to/renovate

Each first-parent merge is a deployment (each first-parent commit where the history has hardly any merge), and each
revert an incident: of the folders that it touched, at the instant its own deployment went live. To blame is the
deployment that brought the commit whose subject the revert quotes, the newest of that subject before it. Nothing else
is read of a revert's message, and nothing that happened after it is known to a candidate. A component is a folder, two
levels deep (`--components path`: the first two parts of a path, so that a file in a folder is one too).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from releasewatch.domain.suspect_signs import find_signs
from releasewatch.domain.suspects import (
    Candidate,
    Impact,
    Reached,
    Suspect,
    SuspectWeights,
    rank_latest,
    rank_suspects,
)
from tests.benchmarks.starting import history, run

LOOK_BACK = timedelta(days=90)
_QUOTED = re.compile(r'^Revert "(.*)"(?: \(#\d+\))?$')
_NOTHING = re.compile(r"^0+$")


@dataclass
class Commit:
    sha: str
    parents: list[str]
    at: datetime
    subject: str
    changed: list[tuple[str, str, str]] = field(default_factory=list)
    """Path, blob before and blob after, against the first parent."""


@dataclass(frozen=True)
class Case:
    """A revert: what it touched, where on the line it went live, and which deployment was to blame."""

    revert: Commit
    paths: tuple[str, ...]
    deployed: int
    blamed: int


@dataclass
class Past:
    """The deployments of a history in their order, what each brought, and the reverts that have an answer."""

    deployments: list[Commit]
    brought: dict[str, list[Commit]]
    cases: list[Case]


def read_commits(repo: Path) -> dict[str, Commit]:
    """Every commit that HEAD reaches, newest first."""
    words = ["git", "-C", str(repo), "log", "HEAD", "--topo-order", "-z", "--raw", "--no-abbrev", "--no-renames"]
    layout = ["--diff-merges=first-parent", "--format=%x01%H%x02%P%x02%ct%x02%s"]
    out = subprocess.run([*words, *layout], check=True, capture_output=True).stdout.decode("utf-8", "replace")
    found: dict[str, Commit] = {}
    for record in out.split("\x01")[1:]:
        head, _, rest = record.partition("\0")
        sha, parents, seconds, subject = head.split("\x02")
        commit = Commit(sha, parents.split(), datetime.fromtimestamp(int(seconds), UTC), subject)
        fields = [text.strip("\n") for text in rest.split("\0")]
        for place, text in enumerate(fields):
            if text.startswith(":"):
                _, _, before, after, _ = text.split(" ")
                commit.changed.append((fields[place + 1], before, after))
        found[sha] = commit
    return found


def read_past(repo: Path) -> Past:
    commits = read_commits(repo)
    line: list[Commit] = []
    sha = next(iter(commits))
    while sha in commits:
        line.append(commits[sha])
        sha = next(iter(commits[sha].parents), "")
    line.reverse()
    merges = [commit for commit in line if len(commit.parents) > 1]
    deployments = merges if len(merges) * 2 > len(line) else line
    place = {commit.sha: number for number, commit in enumerate(deployments)}
    brought_by: dict[str, str] = {}
    brought: dict[str, list[Commit]] = defaultdict(list)
    for on_line in line:
        waiting = [on_line.sha]
        while waiting:
            sha = waiting.pop()
            if sha in brought_by or sha not in commits:
                continue
            brought_by[sha] = on_line.sha
            brought[on_line.sha].append(commits[sha])
            waiting += commits[sha].parents[1:] if sha == on_line.sha else commits[sha].parents
    by_subject: dict[str, list[Commit]] = defaultdict(list)
    for commit in commits.values():
        by_subject[commit.subject].append(commit)
    cases = []
    for commit in reversed(commits.values()):
        quoted = _QUOTED.match(commit.subject)
        if quoted is None or len(commit.parents) > 1:
            continue
        meant = [c for c in by_subject[quoted[1]] if c.at <= commit.at and c is not commit]
        if not meant:
            continue
        blamed = brought_by[max(meant, key=lambda c: c.at).sha]
        deployed = brought_by[commit.sha]
        if blamed in place and deployed in place and blamed != deployed:
            paths = tuple(path for path, _, _ in commit.changed)
            cases.append(Case(commit, paths, place[deployed], place[blamed]))
    return Past(deployments, brought, sorted(cases, key=lambda case: case.deployed))


def folder_of(path: str) -> str:
    return "/".join(path.split("/")[:-1][:2]) or "."


def two_parts_of(path: str) -> str:
    return "/".join(path.split("/")[:2])


def questions(past: Past, component_of: Callable[[str], str]) -> Iterator[tuple[Impact, list[Candidate], int]]:
    """What is asked for each revert, with the candidates as they were known then and the number of the true one."""
    plain = [_candidate(past, number) for number in range(len(past.deployments))]
    touched = [frozenset(component_of(path) for path, _, _ in commit.changed) for commit in past.deployments]
    content: dict[str, str] = {}
    reached = 0
    for case in past.cases:
        while reached < case.deployed:
            content.update((path, after) for path, _, after in past.deployments[reached].changed)
            reached += 1
        asked = tuple(sorted({component_of(path) for path in case.paths}))
        began_at = past.deployments[case.deployed].at
        candidates = [
            replace(
                plain[number],
                reached={component: Reached(0) for component in asked if component in touched[number]},
                touched=len(touched[number]),
                carried=any(
                    content.get(path, before) != before for path, before, _ in past.deployments[number].changed
                ),
            )
            for number in range(case.deployed)
            if began_at - LOOK_BACK <= past.deployments[number].at <= began_at
        ]
        yield Impact(began_at, components=asked), candidates, case.blamed


def _candidate(past: Past, number: int) -> Candidate:
    commit = past.deployments[number]
    subjects = [one.subject for one in past.brought[commit.sha]]
    paths = [path for path, _, _ in commit.changed]
    return Candidate(
        number,
        "repo",
        "production",
        "deploy",
        commit.at,
        head=commit.sha,
        paths=len(paths),
        shown=find_signs(paths, subjects),
    )


def by_overlap(impact: Impact, candidates: Sequence[Candidate], _: SuspectWeights) -> list[Suspect]:
    """Component overlap alone."""
    only = SuspectWeights(100, *[0] * 10, half_hours=1, plausible=0)
    return rank_suspects(impact, candidates, only)


def by_clock(impact: Impact, candidates: Sequence[Candidate], _: SuspectWeights) -> list[Suspect]:
    return rank_latest(impact, candidates)


RULES: dict[str, Callable[[Impact, Sequence[Candidate], SuspectWeights], list[Suspect]]] = {
    "clock only": by_clock,
    "overlap only": by_overlap,
    "score": rank_suspects,
}


@dataclass(frozen=True)
class Figures:
    cases: int
    first: int
    among_three: int
    reciprocal: float

    def __str__(self) -> str:
        first, three = (f"{many:3} ({many / self.cases:4.0%})" for many in (self.first, self.among_three))
        return f"{first}   {three}   {self.reciprocal:.3f}"


def measure(asked: Sequence[tuple[Impact, list[Candidate], int]], rule: str, weights: SuspectWeights) -> Figures:
    """How often the true one is first and among three, and the mean reciprocal of its rank (not found: 0)."""
    ranks = []
    for impact, candidates, blamed in asked:
        ranked = [suspect.candidate.number for suspect in RULES[rule](impact, candidates, weights)]
        ranks.append(ranked.index(blamed) + 1 if blamed in ranked else 0)
    return Figures(
        len(ranks),
        sum(rank == 1 for rank in ranks),
        sum(1 <= rank <= 3 for rank in ranks),
        sum(1 / rank for rank in ranks if rank) / len(ranks),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=history, nargs="+", metavar="BUNDLE|REPO")
    parser.add_argument("--components", choices=["folder", "path"], default="folder")
    given = parser.parse_args()
    component_of = folder_of if given.components == "folder" else two_parts_of
    print(f"{'history':<18} {'reverts':>7}  {'rule':<13} {'first':>10}   {'among three':>10}   mean reciprocal rank")
    for source in given.histories:
        with tempfile.TemporaryDirectory() as folder:
            repo = source
            if source.is_file():
                repo = Path(folder) / "repo"
                subprocess.run(["git", "clone", "-q", "--bare", str(source), str(repo)], check=True)
            asked = list(questions(read_past(repo), component_of))
        for rule in RULES:
            print(f"{source.stem:<18} {len(asked):>7}  {rule:<13} {measure(asked, rule, SuspectWeights())}")
            sys.stdout.flush()


if __name__ == "__main__":
    run(main)
