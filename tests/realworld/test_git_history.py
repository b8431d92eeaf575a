"""Four real histories, read by us and, independently, by git's own plumbing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.messages import read_conventional, read_trailers, without_pull_request
from tests.support.data import real_data
from tests.support.git_reading import reader
from tests.support.repos import RepoBuilder, run_git

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.releases import Commit, Range
    from releasewatch.integrations.git_history import GitHistory

# From the README of the data: commits, and subjects that follow Conventional Commits.
FIGURES = {
    "commitlint": (3729, 3448),
    "mybinder-deploy": (7587, 484),
    "git-cliff": (1641, 1619),
    "git-2005": (4171, 227),
}

SAMPLE = 30


@dataclass
class RealRepo:
    name: str
    git: RepoBuilder
    history: GitHistory
    whole: Range
    """Everything from the oldest root to the tip."""

    def lines(self, *args: str) -> list[str]:
        return self.git.git(*args).split("\n")

    def shas(self, *args: str) -> list[str]:
        return [sha for sha in self.lines("rev-list", *args) if sha]


@pytest.fixture(scope="session", params=sorted(FIGURES))
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RealRepo:
    bundle = real_data("histories", f"{request.param}.bundle")
    folder: Path = tmp_path_factory.mktemp("histories")
    run_git(folder, "clone", "-q", "--bare", str(bundle), request.param)
    repo = RepoBuilder(folder / request.param)
    history = reader(repo)
    root = repo.git("rev-list", "--max-parents=0", "--date-order", "--reverse", "HEAD").split("\n")[0]
    return RealRepo(request.param, repo, history, history.read_range(root, history.resolve("HEAD")))


def spread(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most SAMPLE of some pairs, evenly spread."""
    return pairs[:: max(1, len(pairs) // SAMPLE)][:SAMPLE]


def tag_pairs(real: RealRepo) -> list[tuple[str, str]]:
    form = "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
    tagged = [sha for sha in real.lines("for-each-ref", "--sort=creatordate", form, "refs/tags") if sha]
    commits = [sha for sha in tagged if real.history.contains(sha)]
    return [(older, newer) for older, newer in pairwise(commits) if older != newer]


def merge_pairs(real: RealRepo) -> list[tuple[str, str]]:
    lines = real.lines("log", "--first-parent", "--merges", "--format=%P %H", "HEAD")
    return [(line.split()[0], line.split()[-1]) for line in lines if line]


def independent_paths(real: RealRepo, base: str, head: str) -> list[str]:
    raw = real.git.git_bytes("diff", "--name-only", "-z", "--no-renames", base, head)
    return [path.decode("utf-8", "surrogateescape") for path in raw.split(b"\0") if path]


def test_ranges_are_those_of_git(real: RealRepo) -> None:
    pairs = spread(tag_pairs(real)) + spread(merge_pairs(real))
    assert len(pairs) >= min(SAMPLE, 5)
    for base, head in pairs:
        found = real.history.read_range(base, head)
        assert [commit.sha for commit in found.added] == real.shas("--date-order", head, f"^{base}")
        assert [commit.sha for commit in found.removed or ()] == real.shas("--date-order", base, f"^{head}")
        assert [change.path for change in found.net] == independent_paths(real, base, head)
        assert found.history_complete
        expected = {(True, False): "forward", (False, True): "rollback", (True, True): "diverged"}
        assert found.kind == expected[bool(found.added), bool(found.removed)]


def test_the_whole_history_is_read(real: RealRepo) -> None:
    assert real.whole.base is not None
    assert [commit.sha for commit in real.whole.added] == real.shas("--date-order", "HEAD", f"^{real.whole.base}")
    assert len(real.shas("--all")) == FIGURES[real.name][0]
    assert [change.path for change in real.whole.net] == independent_paths(real, real.whole.base, real.whole.head)
    back = real.history.read_range(real.whole.head, real.whole.base)
    assert back.kind == ("rollback" if not real.whole.removed else "diverged")
    assert [commit.sha for commit in back.removed or ()] == [commit.sha for commit in real.whole.added]


def test_the_paths_of_each_commit_are_those_of_diff_tree(real: RealRepo) -> None:
    plain = [commit for commit in real.whole.added if not commit.is_merge][::7]
    raw = real.git.git_bytes(
        "diff-tree", "--stdin", "--root", "-r", "--name-only", "-z", "--no-renames", "--always",
        stdin="\n".join(commit.sha for commit in plain).encode() + b"\n",
    )  # fmt: skip
    expected: dict[str, list[str]] = {}
    for piece in raw.decode("utf-8", "surrogateescape").split("\0"):
        if re.fullmatch("[0-9a-f]{40}", piece):
            expected[piece] = paths = []
        elif piece:
            paths.append(piece)
    assert {commit.sha: list(commit.paths) for commit in plain} == expected


def test_every_net_path_is_explained_by_a_commit_or_a_merge(real: RealRepo) -> None:
    touched = {path for commit in real.whole.added for path in commit.paths}
    left = {change.path for change in real.whole.net} - touched
    assert set(real.whole.merge_paths) == left
    for path, merge in real.whole.merge_paths.items():
        changed = real.git.git_bytes("diff-tree", "-r", "-m", "--name-only", "-z", "--no-renames", merge)
        assert path.encode("utf-8", "surrogateescape") in changed.split(b"\0")


def test_conventional_subjects_are_about_as_many_as_counted_by_others(real: RealRepo) -> None:
    subjects = real.lines("log", "--all", "--format=%s")
    found = [(subject, parts) for subject in subjects if (parts := read_conventional(subject))]
    lower_case = [subject for subject, parts in found if subject.startswith(parts.type)]  # as the figures were counted
    assert len(lower_case) == pytest.approx(FIGURES[real.name][1], rel=0.01)


def test_trailers_are_those_of_git(real: RealRepo) -> None:
    form = "--format=%b%x00%(trailers:only,unfold,separator=%x01)%x00"
    entries = real.git.git_bytes("log", "--all", "--encoding=UTF-8", form).decode("utf-8", "replace").split("\0\n")
    seen = 0
    for entry in entries:
        body, _, trailers = entry.removesuffix("\0").partition("\0")
        expected = [line.partition(":") for line in trailers.split("\1") if line]
        ours = [pair for pair in read_trailers(body) if pair[0] != "BREAKING CHANGE"]
        assert ours == [(key, value.strip()) for key, _, value in expected], body
        seen += len(ours)
    assert seen > 100 if real.name != "mybinder-deploy" else seen > 0


def test_quoted_subjects_lead_to_what_was_reverted(real: RealRepo) -> None:
    """The shas that these messages quote are those of other repos: the subject has to do."""
    by_sha = {commit.sha: commit for commit in real.whole.added}
    saying = [commit for commit in real.whole.added if commit.reverts_subjects and not commit.is_merge]
    leading = [commit for commit in saying if commit.reverts_in_range]
    for commit in leading:
        (target,) = (by_sha[sha] for sha in commit.reverts_in_range)
        assert commit.reverts_subjects[0] in names_of(target)
        assert real.history.is_ancestor(target.sha, commit.sha)
        if not target.is_merge and not set(target.paths) - set(commit.paths):
            assert commit.reverted_by or target.reverted_by
    assert len(saying) >= {"mybinder-deploy": 130, "git-2005": 16, "commitlint": 15, "git-cliff": 1}[real.name]
    assert len(leading) >= 0.8 * len(saying)


def names_of(commit: Commit) -> set[str]:
    return {commit.subject, without_pull_request(commit.subject), commit.title}
