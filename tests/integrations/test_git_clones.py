"""Clones that do not hold everything: partial ones must not ask their server, shallow ones must say what they lack."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from releasewatch.errors import GitFailedError, UnknownNameError
from releasewatch.integrations.git_commands import READING, GitCommands
from releasewatch.integrations.git_history import open_history
from tests.support.git_reading import GitProcesses, net, subjects
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path


MISSING = "1" * 40


@pytest.fixture
def origin(tmp_path: Path) -> RepoBuilder:
    """Twelve commits on main, `commit 0` to `commit 11`, each changing a file of its own and one in common."""
    repo = RepoBuilder(tmp_path / "origin")
    for number in range(12):
        repo.commit(f"commit {number}", {f"f{number}.txt": "1", "common.txt": str(number)})
    return repo


# -- partial clones ------------------------------------------------------------------------------------------------


def test_a_partial_clone_asks_its_server_for_nothing(
    origin: RepoBuilder, tmp_path: Path, git_processes: GitProcesses
) -> None:
    base = origin.sha("HEAD~11")
    origin.tag("v1", base, annotated=True)
    origin.branch("topic", base)
    origin.commit("topic", {"t.txt": "topic only"})
    origin.switch("main")
    head = origin.merge("topic", files={"own.txt": "made by the merge"}, delete=["f3.txt"])
    clone = origin.clone(tmp_path / "clone", filter="blob:none")
    expected = open_history(origin.path).read_range(base, head)

    history = open_history(clone.path, fetch_missing=True)
    assert history.read_range(base, head) == expected
    assert expected.merge_paths.keys() == {"own.txt"}
    assert history.read_range(head, base).kind == "rollback"
    assert history.nearest_tag(head) == ("v1", base)
    assert set(history.blobs_at(base, ["common.txt", "f0.txt", "none"])) == {"common.txt", "f0.txt"}
    assert history.is_ancestor(base, head) is True
    assert history.is_ancestor(MISSING, head) is False
    assert not history.contains(MISSING)
    for name in (MISSING, MISSING[:12], "nope"):
        with pytest.raises(UnknownNameError):
            history.resolve(name)

    assert "fetch" not in git_processes.verbs()


def test_one_file_of_the_past_is_fetched_where_that_is_allowed(
    origin: RepoBuilder, tmp_path: Path, git_processes: GitProcesses
) -> None:
    clone = origin.clone(tmp_path / "clone", filter="blob:none")
    base = origin.sha("HEAD~5")
    with pytest.raises(GitFailedError, match="partial clone") as caught:
        open_history(clone.path, fetch_missing=False).file_at(base, "common.txt")
    assert "--filter=blob:none" in caught.value.hint
    assert "fetch" not in git_processes.verbs()
    assert open_history(clone.path, fetch_missing=True).file_at(base, "common.txt") == b"6"
    assert git_processes.verbs().count("fetch") == 1


def test_a_git_that_does_not_know_the_switch_cannot_fetch_either(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", filter="blob:none")
    blob = origin.git("rev-parse", "HEAD~5:common.txt")
    status, _, words = GitCommands(clone.path).ask("cat-file", "blob", blob, env=READING | {"GIT_NO_LAZY_FETCH": "0"})
    assert status != 0
    assert "not allowed" in words


# -- shallow clones ------------------------------------------------------------------------------------------------


def test_a_range_inside_a_shallow_clone_is_complete(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=5)
    history = open_history(clone.path, fetch_missing=False)
    assert history.is_shallow()
    assert not open_history(origin.path).is_shallow()
    found = history.read_range(origin.sha("HEAD~3"), origin.head)
    assert (found.kind, found.history_complete) == ("forward", True)
    assert subjects(found.added) == ["commit 11", "commit 10", "commit 9"]


def test_a_missing_baseline_is_named_with_what_mends_it(
    origin: RepoBuilder, tmp_path: Path, git_processes: GitProcesses
) -> None:
    clone = origin.clone(tmp_path / "clone", depth=1)
    base = origin.sha("HEAD~4")
    found = open_history(clone.path, fetch_missing=False).read_range(base, origin.head)
    assert (found.kind, found.history_complete, found.removed) == ("unknown", False, None)
    assert (found.added, found.net) == ((), ())
    assert found.why_incomplete is not None
    for words in (base, "shallow", "fetch-depth: 0", "--filter=blob:none"):
        assert words in found.why_incomplete
    assert "fetch" not in git_processes.verbs()


def test_a_missing_baseline_is_fetched(origin: RepoBuilder, tmp_path: Path) -> None:
    base, head = origin.sha("HEAD~4"), origin.head
    expected = open_history(origin.path).read_range(base, head)
    clone = origin.clone(tmp_path / "clone", depth=1)
    refs = clone.git("for-each-ref")
    found = open_history(clone.path, fetch_missing=True).read_range(base, head)
    assert found == expected
    assert clone.git("for-each-ref") == refs, "no ref moves"
    assert clone.head == head
    assert not (clone.path / ".git" / "FETCH_HEAD").exists()


def test_far_back_is_fetched_too(tmp_path: Path) -> None:
    origin = RepoBuilder(tmp_path / "origin")
    stream = [
        b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n"
        b"data 5\nc%04d\nM 100644 inline f\ndata 4\n%04d\n" % (1_700_000_000 + number, number, number)
        for number in range(2500)
    ]
    origin.git_bytes("fast-import", "--quiet", stdin=b"".join(stream))
    clone = origin.clone(tmp_path / "clone", depth=1)
    base, head = origin.sha("main~2450"), origin.sha("main")
    found = open_history(clone.path).read_range(base, head)
    assert (found.kind, found.history_complete, len(found.added)) == ("forward", True, 2450)


def test_a_remote_that_is_gone_leaves_an_honest_blank(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=1)
    base, head = origin.sha("HEAD~4"), origin.head
    shutil.move(origin.path, tmp_path / "moved")
    found = open_history(clone.path).read_range(base, head)
    assert (found.kind, found.history_complete) == ("unknown", False)
    assert found.why_incomplete is not None
    assert "could not be fetched (git fetch failed" in found.why_incomplete
    clone.git("remote", "remove", "origin")
    found = open_history(clone.path).read_range(base, head)
    assert "There is no remote to fetch from" in (found.why_incomplete or "")


def test_both_trees_without_the_history_between_give_the_difference(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=2)
    base, head = origin.sha("HEAD~4"), origin.head
    clone.git("fetch", "-q", "--depth=1", "origin", base)
    found = open_history(clone.path, fetch_missing=False).read_range(base, head)
    assert (found.kind, found.history_complete, found.removed) == ("unknown", False, None)
    assert set(net(found)) == {"common.txt", "f8.txt", "f9.txt", "f10.txt", "f11.txt"}
    assert subjects(found.added) == ["commit 11", "commit 10"], "newer than base, hence surely not part of it"
    assert found.added[0].paths == ("common.txt", "f11.txt")
    assert found.added[1].paths == (), "the paths of a boundary commit cannot be known"
    assert "is cut off at" in (found.why_incomplete or "")


def test_a_branch_that_forked_before_the_boundary_is_noticed(tmp_path: Path) -> None:
    origin = RepoBuilder(tmp_path / "origin")
    origin.commit("root", {"r.txt": "1"})
    origin.branch("topic")
    for number in range(6):
        origin.commit(f"topic {number}", {f"t{number}.txt": "1"})
    origin.switch("main")
    for number in range(6):
        origin.commit(f"main {number}", {f"m{number}.txt": "1"})
    base = origin.head
    head = origin.merge("topic")
    expected = open_history(origin.path).read_range(base, head)
    clone = origin.clone(tmp_path / "clone", depth=4)
    found = open_history(clone.path, fetch_missing=False).read_range(base, head)
    assert (found.kind, found.history_complete, found.removed) == ("unknown", False, None)
    assert found.net == expected.net
    assert open_history(clone.path).read_range(base, head) == expected


def test_an_ancestor_of_base_is_not_taken_for_new_when_its_way_to_base_is_cut(tmp_path: Path) -> None:
    """The root is near head by way of the topic, and far behind base: within the depth it seems to be new."""
    origin = RepoBuilder(tmp_path / "origin")
    origin.commit("root", {"r.txt": "1"})
    origin.branch("topic")
    origin.switch("main")
    for number in range(6):
        origin.commit(f"main {number}", {f"m{number}.txt": "1"})
    base = origin.head
    origin.switch("topic")
    origin.commit("topic", {"t.txt": "1"})
    origin.switch("main")
    head = origin.merge("topic")
    clone = origin.clone(tmp_path / "clone", depth=4)
    assert "root" in clone.git("log", "--format=%s", f"{base}..{head}"), "what git alone would say"
    found = open_history(clone.path, fetch_missing=False).read_range(base, head)
    assert (found.kind, found.history_complete) == ("unknown", False)
    assert subjects(found.added) == ["Merge topic", "topic"]


def test_a_head_that_was_never_pushed(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=2)
    base = origin.sha("HEAD~4")
    head = clone.commit("made in this job", {"local.txt": "1"})
    found = open_history(clone.path).read_range(base, head)
    assert (found.kind, found.history_complete) == ("forward", True)
    assert subjects(found.added)[0] == "made in this job"
    assert len(found.added) == 5


def test_a_full_clone_of_one_branch_gets_the_other_and_stays_full(origin: RepoBuilder, tmp_path: Path) -> None:
    origin.branch("release", "HEAD~3")
    base = origin.commit("hotfix", {"hot.txt": "1"})
    origin.switch("main")
    head = origin.head
    clone = origin.clone(tmp_path / "clone", branch="main")
    clone.git("update-ref", "-d", "refs/remotes/origin/release")
    single = RepoBuilder(tmp_path / "single")
    single.git("remote", "add", "origin", origin.url)
    single.git("fetch", "-q", "origin", "main")
    history = open_history(single.path)
    assert not history.contains(base)
    found = history.read_range(base, head)
    assert (found.kind, subjects(found.removed)) == ("diverged", ["hotfix"])
    assert not history.is_shallow()
    assert open_history(single.path).read_range(MISSING, head).kind == "unknown"
    assert not open_history(single.path).is_shallow()


def test_whether_an_ancestor_is_hidden(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=3)
    history = open_history(clone.path, fetch_missing=False)
    assert history.is_ancestor(origin.sha("HEAD~2"), origin.head) is True
    assert history.is_ancestor(origin.sha("HEAD~8"), origin.head) is None, "not in this clone: who knows"
    assert history.is_ancestor(origin.head, origin.sha("HEAD~1")) is False, "newer than all that is hidden"
    clone.git("fetch", "-q", "--depth=1", "origin", origin.sha("HEAD~8"))
    assert history.is_ancestor(origin.sha("HEAD~8"), origin.head) is None, "here, but its children are not"


def test_a_fetch_takes_no_longer_than_allowed(origin: RepoBuilder, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", depth=1)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    clone.git("config", "remote.origin.uploadpack", str(slow))
    found = open_history(clone.path, fetch_for=0.2).read_range(origin.sha("HEAD~4"), origin.head)
    assert "did not finish within 0.2 seconds" in (found.why_incomplete or "")


def test_a_fetch_asks_nobody(origin: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = origin.clone(tmp_path / "clone", depth=1)
    told = tmp_path / "told"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@ askpass=$SSH_ASKPASS prompt=$GIT_TERMINAL_PROMPT" >> {told}\nexit 255\n')
    ssh.chmod(0o755)
    clone.git("remote", "set-url", "origin", "ssh://git@example.invalid/acme/shop.git")
    clone.git("config", "core.sshCommand", f"{ssh} -i key")
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    found = open_history(clone.path).read_range(origin.sha("HEAD~4"), origin.head)
    assert not found.history_complete
    words = told.read_text()
    assert "-i key -o BatchMode=yes" in words
    assert "askpass= prompt=0" in words
