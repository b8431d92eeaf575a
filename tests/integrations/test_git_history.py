"""Ranges of a git repo: how two commits relate, what differs, which merge made it, and where a repo may stand."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.releases import Range
from releasewatch.errors import GitFailedError, InvalidCallError
from releasewatch.integrations.git_commands import MANY_PATHS
from releasewatch.integrations.git_history import open_history
from tests.support.git_reading import GitProcesses, net, reader, subjects
from tests.support.repos import FIRST_INSTANT, RepoBuilder, run_git

if TYPE_CHECKING:
    from pathlib import Path

MISSING = "1" * 40


def test_forward(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"a.txt": "1", "b.txt": "1"})
    repo.commit("two", {"a.txt": "2"})
    head = repo.commit("three", {"c/d.txt": "1"}, delete=["b.txt"])

    found = reader(repo).read_range(base, head)

    assert (found.kind, found.base, found.head) == ("forward", base, head)
    assert subjects(found.added) == ["three", "two"]
    assert found.removed == ()
    assert net(found) == {"a.txt": "M", "b.txt": "D", "c/d.txt": "A"}
    assert [commit.paths for commit in found.added] == [("b.txt", "c/d.txt"), ("a.txt",)]
    assert (found.history_complete, found.why_incomplete) == (True, None)


def test_blobs_of_a_change_are_those_of_the_trees(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"changed": "1", "gone": "1"})
    head = repo.commit("two", {"changed": "2", "new": "1"}, delete=["gone"])
    changes = {change.path: change for change in reader(repo).read_range(base, head).net}
    assert changes["changed"].old_blob == repo.git("rev-parse", f"{base}:changed")
    assert changes["changed"].new_blob == repo.git("rev-parse", f"{head}:changed")
    assert (changes["gone"].new_blob, changes["new"].old_blob) == (None, None)


def test_rollback(repo: RepoBuilder) -> None:
    head = repo.commit("one", {"a.txt": "1"})
    repo.commit("two", {"a.txt": "2"})
    base = repo.commit("three", {"b.txt": "1"})
    found = reader(repo).read_range(base, head)
    assert found.kind == "rollback"
    assert found.added == ()
    assert subjects(found.removed) == ["three", "two"]
    assert net(found) == {"a.txt": "M", "b.txt": "D"}


def test_diverged(repo: RepoBuilder) -> None:
    repo.commit("fork", {"a.txt": "1"})
    repo.branch("other")
    base = repo.commit("theirs", {"b.txt": "1"})
    repo.switch("main")
    head = repo.commit("ours", {"a.txt": "2"})
    found = reader(repo).read_range(base, head)
    assert found.kind == "diverged"
    assert (subjects(found.added), subjects(found.removed)) == (["ours"], ["theirs"])


def test_the_same_commit_twice(repo: RepoBuilder) -> None:
    head = repo.commit("one", {"a.txt": "1"})
    found = reader(repo).read_range(head, head)
    assert found == Range("none", head, head)


def test_no_base(repo: RepoBuilder) -> None:
    head = repo.commit("one", {"a.txt": "1"})
    found = reader(repo).read_range(None, head)
    assert found == Range("unknown", None, head, removed=None)


def test_histories_that_share_nothing(repo: RepoBuilder) -> None:
    base = repo.commit("one root", {"a.txt": "1"})
    repo.orphan("second")
    head = repo.commit("another root", {"b.txt": "1"})
    found = reader(repo).read_range(base, head)
    assert found.kind == "diverged"
    assert (subjects(found.added), subjects(found.removed)) == (["another root"], ["one root"])
    assert found.added[0].paths == ("b.txt",), "a root adds all its files"


def test_a_root_that_is_merged_in(repo: RepoBuilder) -> None:
    base = repo.commit("one root", {"a.txt": "1"})
    repo.orphan("second")
    repo.commit("another root", {"sub/b.txt": "1"})
    repo.switch("main")
    head = repo.merge("second", subject="Merge a subtree")
    found = reader(repo).read_range(base, head)
    assert subjects(found.added) == ["Merge a subtree", "another root"]
    assert net(found) == {"sub/b.txt": "A"}
    assert found.merge_paths == {}


def test_what_was_reverted_inside_touches_nothing(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"a.txt": "1"})
    wrong = repo.commit("wrong", {"b.txt": "1"})
    undo = repo.revert(wrong)
    head = repo.commit("two", {"a.txt": "2"})
    found = reader(repo).read_range(base, head)
    assert net(found) == {"a.txt": "M"}
    by_sha = {commit.sha: commit for commit in found.added}
    assert by_sha[wrong].reverted_by == undo
    assert by_sha[undo].reverts_shas == by_sha[undo].reverts_in_range == (wrong,)


def test_a_reverted_merge_of_git(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"a.txt": "1"})
    repo.branch("topic")
    topic = repo.commit("topic", {"b.txt": "1"})
    repo.switch("main")
    merge = repo.merge("topic")
    undo = repo.revert(merge)
    found = reader(repo).read_range(base, undo)
    assert {commit.sha: commit.reverted_by for commit in found.added} == {undo: None, merge: undo, topic: undo}


def test_newest_first_holds_with_wrong_clocks(repo: RepoBuilder) -> None:
    base = repo.commit("one", at=FIRST_INSTANT)
    repo.commit("child of tomorrow", at=FIRST_INSTANT + timedelta(days=1))
    head = repo.commit("grandchild of yesterday", at=FIRST_INSTANT - timedelta(days=1))
    assert subjects(reader(repo).read_range(base, head).added) == ["grandchild of yesterday", "child of tomorrow"]


def test_a_range_takes_three_processes_however_long_it_is(repo: RepoBuilder, git_processes: GitProcesses) -> None:
    base = repo.commit("base")
    for number in range(30):
        repo.commit(f"commit {number}", {f"f{number}": "1"})
    history, head = reader(repo), repo.head
    git_processes.verbs()
    assert len(history.read_range(base, head).added) == 30
    assert sorted(git_processes.verbs()) == ["diff-tree", "log", "rev-list"]


def test_a_repo_that_is_damaged_in_the_middle_is_an_error_and_no_short_list(repo: RepoBuilder) -> None:
    base = repo.commit("one", {"a": "1"})
    middle = repo.commit("two", {"a": "2"})
    for number in range(5):
        repo.commit(f"later {number}", {"a": f"later {number}"})
    (repo.path / ".git" / "objects" / middle[:2] / middle[2:]).unlink()
    with pytest.raises(GitFailedError, match="git log failed"):
        reader(repo).read_range(base, repo.head)


def test_a_merge_explains_only_what_no_commit_does(repo: RepoBuilder, git_processes: GitProcesses) -> None:
    base = repo.commit("base", {"a.txt": "1"})
    repo.branch("topic")
    repo.commit("topic", {"t.txt": "1"})
    repo.switch("main")
    repo.commit("main", {"m.txt": "1"})
    clean = repo.merge("topic")
    history = reader(repo)
    git_processes.verbs()
    found = history.read_range(base, clean)
    assert found.merge_paths == {}
    assert len(git_processes.verbs()) == 3, "no fourth process where commits explain all"
    assert found.added[0].paths == ()

    repo.branch("second", base)
    repo.commit("second", {"s.txt": "1"})
    repo.switch("main")
    own = repo.merge("second", files={"by-hand.txt": "1"}, delete=["a.txt"])
    later = repo.commit("later", {"z.txt": "1"})
    git_processes.verbs()
    assert history.read_range(base, later).merge_paths == {"by-hand.txt": own, "a.txt": own}
    assert len(git_processes.verbs()) == 4
    back = history.read_range(later, base)
    assert (back.kind, back.merge_paths) == ("rollback", {"by-hand.txt": own, "a.txt": own})


def test_an_octopus(repo: RepoBuilder) -> None:
    base = repo.commit("base", {"a.txt": "1"})
    for arm in ("x", "y", "z"):
        repo.branch(arm, base)
        repo.commit(f"arm {arm}", {f"{arm}.txt": "1"})
    repo.switch("main")
    octopus = repo.merge("x", "y", "z", subject="Merge three", files={"glue.txt": "1"})
    found = reader(repo).read_range(base, octopus)
    assert subjects(found.added) == ["Merge three", "arm z", "arm y", "arm x"]
    assert len(found.added[0].parents) == 4
    assert set(net(found)) == {"x.txt", "y.txt", "z.txt", "glue.txt"}
    assert found.merge_paths == {"glue.txt": octopus}


def test_a_merge_that_threw_one_side_away_made_the_difference(repo: RepoBuilder) -> None:
    repo.commit("fork", {"a.txt": "1"})
    repo.branch("topic")
    base = repo.commit("deployed from topic", {"a.txt": "topic"})
    repo.switch("main")
    repo.commit("main", {"m.txt": "1"})
    merge = repo.merge("topic", strategy="ours")
    found = reader(repo).read_range(base, merge)
    assert found.kind == "forward"
    assert net(found) == {"a.txt": "M", "m.txt": "A"}
    assert found.merge_paths == {"a.txt": merge}


def test_more_merged_paths_than_a_command_line_holds(repo: RepoBuilder) -> None:
    base = repo.commit("base")
    repo.branch("topic")
    repo.commit("topic", {"t.txt": "1"})
    repo.switch("main")
    long = "d" * 100
    many = [f"{long}/{number}" for number in range(MANY_PATHS // 100)]
    merge = repo.merge("topic", files=dict.fromkeys(many, "1"))
    history = reader(repo)
    assert history.read_range(base, merge).merge_paths == dict.fromkeys(many, merge)
    assert set(history.blobs_at(merge, [*many, "not there", "t.txt", long])) == {*many, "t.txt"}


def test_settings_of_the_user_change_nothing(repo: RepoBuilder, tmp_path: Path) -> None:
    base = repo.commit("base", {"b/old.txt": "same\n" * 30, "a.txt": "1"})
    repo.commit("café", {"b/new.txt": "same\n" * 30}, delete=["b/old.txt"], body="Body")
    repo.branch("topic", base)
    repo.commit("topic", {"t.txt": "1"})
    repo.switch("main")
    repo.merge("topic", files={"ünï.txt": "1"})
    repo.gitlink("vendor/lib", "a" * 40)
    repo.orphan("root")
    repo.commit("another root", {"r.txt": "1"})
    repo.switch("main")
    head = repo.merge("root")
    before = reader(repo).read_range(base, head)

    config = {
        "color.ui": "always", "core.abbrev": "5", "core.quotePath": "true", "core.pager": "false", "pager.log": "true",
        "diff.external": "false", "diff.ignoreSubmodules": "all", "diff.orderFile": str(tmp_path / "none"),
        "diff.relative": "true", "diff.renames": "copies", "diff.submodule": "log", "diff.noprefix": "true",
        "format.pretty": "oneline", "i18n.logOutputEncoding": "UTF-16", "log.date": "raw", "log.decorate": "full",
        "log.diffMerges": "first-parent", "log.follow": "true", "log.mailmap": "true", "log.showRoot": "false",
        "log.showSignature": "true", "submodule.vendor/lib.ignore": "all", "core.attributesFile": os.devnull,
    }  # fmt: skip
    for name, value in config.items():
        repo.git("config", name, value)
    (repo.path / "sub").mkdir()
    for folder in (repo.path, repo.path / "sub"):
        after = open_history(folder, fetch_missing=False).read_range(base, head)
        assert after == before
    assert before.merge_paths.keys() == {"ünï.txt"}
    assert "vendor/lib" in net(before)


def test_replaced_and_grafted_commits_are_read_as_they_were_committed(repo: RepoBuilder) -> None:
    base = repo.commit("base")
    hidden = repo.commit("hidden", {"h.txt": "1"})
    head = repo.commit("head", {"a.txt": "1"})
    repo.git("replace", "--graft", head, base)
    assert subjects(reader(repo).read_range(base, head).added) == ["head", "hidden"]
    repo.git("replace", "--delete", head)
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "grafts").write_text(f"{head} {base}\n")
    assert subjects(reader(repo).read_range(base, head).added) == ["head", "hidden"]
    assert hidden


def test_from_a_subfolder_a_bare_repo_and_a_worktree(repo: RepoBuilder, tmp_path: Path) -> None:
    base = repo.commit("one", {"deep/er/a.txt": "1"})
    head = repo.commit("two", {"deep/er/a.txt": "2", "b.txt": "1"})
    bare = repo.clone(tmp_path / "bare.git", bare=True)
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"), base)
    expected = reader(repo).read_range(base, head)
    for place in (repo.path / "deep" / "er", bare.path, tmp_path / "tree", tmp_path / "tree" / "deep"):
        history = open_history(place)
        assert history.read_range(base, head) == expected
        assert set(history.blobs_at(head, ["b.txt"])) == {"b.txt"}
    assert open_history(tmp_path / "tree").resolve("HEAD") == base


def test_a_repo_with_sha256(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    run_git(tmp_path / "repo", "init", "-q", "--object-format=sha256", "--initial-branch=main")
    repo = RepoBuilder(tmp_path / "repo")
    base = repo.commit("one", {"a.txt": "1"})
    head = repo.commit("two", {"a.txt": "2"})
    found = reader(repo).read_range(base, head)
    assert (len(head), subjects(found.added), net(found)) == (64, ["two"], {"a.txt": "M"})


def test_no_repo(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InvalidCallError, match=str(place)) as caught:
            open_history(place)
        assert "git clone" in caught.value.hint


def test_a_repo_of_another_user(repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("one")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitFailedError, match="belongs to another user") as caught:
        open_history(repo.path)
    assert f"git config --global --add safe.directory {repo.path}" in caught.value.hint


def test_no_git(repo: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("one")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFailedError, match="no git on PATH") as caught:
        open_history(repo.path)
    assert "Install git" in caught.value.hint
