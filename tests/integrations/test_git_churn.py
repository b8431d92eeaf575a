"""How often files were changed in a span of time, in one process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.errors import UnknownNameError
from tests.support.git_reading import GitProcesses, reader
from tests.support.repos import FIRST_INSTANT, RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


def test_each_commit_counts_once_for_each_path_it_touched(repo: RepoBuilder) -> None:
    repo.commit("one", {"a": "1", "b/c": "1"})
    repo.commit("two", {"a": "2"})
    repo.commit("three", delete=["a"])
    found = reader(repo).churn("HEAD", FIRST_INSTANT - DAY)
    assert (dict(found.commits), found.complete) == ({"a": 3, "b/c": 1}, True)


def test_only_commits_since_the_instant_count(repo: RepoBuilder) -> None:
    repo.commit("old", {"a": "1", "old": "1"}, at=FIRST_INSTANT)
    repo.commit("new", {"a": "2"}, at=FIRST_INSTANT + 10 * DAY)
    assert reader(repo).churn("HEAD", FIRST_INSTANT + DAY).commits == {"a": 1}
    assert reader(repo).churn("HEAD", FIRST_INSTANT + 20 * DAY).commits == {}


def test_an_instant_is_the_same_whatever_the_zone(repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    repo.commit("one", {"a": "1"}, at=FIRST_INSTANT)
    assert reader(repo).churn("HEAD", FIRST_INSTANT).commits == {"a": 1}
    assert reader(repo).churn("HEAD", FIRST_INSTANT + timedelta(seconds=1)).commits == {}


def test_merges_count_by_the_commits_that_they_bring(repo: RepoBuilder) -> None:
    repo.commit("one", {"a": "1"})
    repo.branch("other")
    repo.commit("theirs", {"b": "1"})
    repo.switch("main")
    repo.commit("ours", {"a": "2"})
    repo.merge("other")
    assert reader(repo).churn("HEAD", FIRST_INSTANT - DAY).commits == {"a": 2, "b": 1}


def test_any_name_of_a_file_is_read(repo: RepoBuilder) -> None:
    names = [":colon", "new\nline", "é", " space ", "tab\t", b"\xff-bytes"]
    for name in names:
        repo.commit(":subject", {name: "1"})
    repo.commit("empty")
    repo.commit(files={":colon": "2"})
    found = reader(repo).churn("HEAD", FIRST_INSTANT - DAY).commits
    text = {name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"): 1 for name in names}
    assert found == text | {":colon": 2}


def test_a_rename_is_two_files(repo: RepoBuilder) -> None:
    repo.commit("one", {"a": "the same\n" * 9})
    repo.commit("two", {"b": "the same\n" * 9}, delete=["a"])
    assert reader(repo).churn("HEAD", FIRST_INSTANT - DAY).commits == {"a": 2, "b": 1}


def test_a_shallow_clone_does_not_count_what_git_makes_up_at_its_end(repo: RepoBuilder, tmp_path: Path) -> None:
    for number in range(4):
        repo.commit(f"{number}", {"a": str(number), f"file {number}": "1"})
    clone = repo.clone(tmp_path / "clone", depth=2)
    found = reader(clone).churn("HEAD", FIRST_INSTANT - DAY)
    assert (dict(found.commits), found.complete) == ({"a": 1, "file 3": 1}, False)
    assert reader(clone).churn("HEAD", repo.now).complete


def test_a_whole_history_is_one_log(repo: RepoBuilder, git_processes: GitProcesses) -> None:
    for number in range(5):
        repo.commit(f"{number}", {"a": str(number)})
    history = reader(repo)
    head = history.resolve("HEAD")
    git_processes.verbs()
    history.churn(head, FIRST_INSTANT - DAY)
    assert git_processes.verbs() == ["log"]


def test_a_commit_that_is_not_there_is_an_error(repo: RepoBuilder) -> None:
    repo.commit("one", {"a": "1"})
    with pytest.raises(UnknownNameError):
        reader(repo).churn("nowhere", FIRST_INSTANT)
