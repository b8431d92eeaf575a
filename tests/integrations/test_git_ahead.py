"""git at work on a range before anybody reads it: the same answer, nothing asked twice, and nothing left behind."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from releasewatch.errors import GitFailedError, UnknownNameError
from releasewatch.integrations import git_commands
from tests.support.git_reading import GitProcesses, reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from subprocess import Popen

    from releasewatch.domain.releases import Commit, PathChange
    from tests.support.repos import RepoBuilder


@pytest.fixture
def range_(repo: RepoBuilder) -> tuple[str, str]:
    """A range with a commit on either side, a merge, and far more in it than a pipe holds."""
    repo.commit("fork", {"a.txt": "1"})
    repo.branch("other")
    base = repo.commit("theirs", {"b.txt": "1"})
    repo.switch("main")
    repo.branch("topic")
    repo.commit("topic", {f"{'t' * 40}/{number}": "1" for number in range(1000)})
    repo.switch("main")
    repo.commit("ours", {"a.txt": "2"})
    return base, repo.merge("topic")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes that are not widened: git soon has to wait for somebody who reads, who lets it write on."""
    monkeypatch.setattr(git_commands, "_AT_ONCE", 4096)
    monkeypatch.setattr(git_commands, "_LONG", 0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Popen[bytes]]]:
    """The processes of git that are started."""
    found: list[Popen[bytes]] = []
    execute = git_commands.Git.execute

    def listening(*args: object, **how: object) -> object:
        made = execute(*args, **how)  # type: ignore[arg-type,call-overload]
        found.append(made.proc)
        return made

    monkeypatch.setattr(git_commands.Git, "execute", listening)
    return found


@pytest.mark.usefixtures("narrow")
def test_what_was_begun_is_read_once_and_is_the_same(
    repo: RepoBuilder, range_: tuple[str, str], git_processes: GitProcesses
) -> None:
    expected = reader(repo).read_range(*range_)
    history = reader(repo)
    git_processes.verbs()
    with history.ahead(range_[0][:12], "HEAD"):
        found = history.read_range(*range_)
    assert found == expected
    assert (len(found.added), len(found.removed or ())) == (3, 1)
    assert sorted(git_processes.verbs()) == ["diff-tree", "log", "rev-parse"]


def test_who_watches_is_told_the_difference_and_then_each_commit(repo: RepoBuilder, range_: tuple[str, str]) -> None:
    told: list[tuple[str, ...]] = []

    class Watch:
        def differs(self, net: Sequence[PathChange]) -> None:
            told.append(tuple(change.path for change in net))

        def brings(self, commit: Commit) -> None:
            told.append((commit.sha, *commit.paths))

    found = reader(repo).read_range(*range_, Watch())
    assert told[0] == tuple(change.path for change in found.net)
    assert sorted(told[1:]) == sorted((one.sha, *one.paths) for one in (*found.added, *(found.removed or ())))


@pytest.mark.usefixtures("narrow")
def test_another_range_and_the_same_one_again_are_read_anew(repo: RepoBuilder, range_: tuple[str, str]) -> None:
    base, head = range_
    expected = reader(repo).read_range(head, base), reader(repo).read_range(base, head)
    history = reader(repo)
    with history.ahead(base, head):
        assert (history.read_range(head, base), history.read_range(base, head)) == expected
        assert history.read_range(base, head) == expected[1]


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("fails", [False, True])
def test_git_ends_when_nobody_reads(
    repo: RepoBuilder, range_: tuple[str, str], started: list[Popen[bytes]], fails: bool
) -> None:
    history = reader(repo)
    with pytest.raises(UnknownNameError) if fails else nullcontext(), history.ahead(*range_):
        running = started[-2:]
        assert running[-1].poll() is None, "the log waits for a reader"
        if fails:
            history.resolve("nosuch")
    assert all(process.returncode is not None for process in running)


def test_what_is_wrong_with_a_range_is_said_when_it_is_read(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"a": "1"})
    middle = repo.commit("two", {"a": "2"})
    head = repo.commit("three", {"a": "3"})
    history = reader(repo)
    with history.ahead("nosuch", "HEAD"), history.ahead(base, base), pytest.raises(UnknownNameError):
        history.resolve("nosuch")
    (repo.path / ".git" / "objects" / middle[:2] / middle[2:]).unlink()
    with history.ahead(base, head), pytest.raises(GitFailedError, match="git log failed"):
        history.read_range(base, head)
