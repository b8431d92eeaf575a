"""Names of commits, tags, trees and remotes; names come from people and must never become options."""

from __future__ import annotations

import pytest

from releasewatch.errors import UnknownNameError
from releasewatch.integrations.git_history import open_history
from tests.support.git_reading import GitProcesses, reader
from tests.support.repos import AUTHOR, RepoBuilder

MISSING = "1" * 40


def test_names_of_commits(repo: RepoBuilder) -> None:
    first = repo.commit("first")
    repo.tag("light")
    repo.tag("annotated", annotated=True)
    repo.git("tag", "-a", "-m", "nested", "nested", "annotated")
    second = repo.commit("second")
    repo.branch("feature/ü")
    history = reader(repo)
    for name in ("light", "annotated", "nested", "HEAD~1", first, first[:8], "refs/tags/light", "annotated^{commit}"):
        assert history.resolve(name) == first
    assert history.resolve(repo.git("rev-parse", "nested")) == first, "the sha of a tag object is peeled as well"
    assert history.resolve("feature/ü") == history.resolve("main") == second
    repo.switch(first)
    assert reader(repo).resolve("HEAD") == first, "HEAD is detached"


def test_git_is_asked_once_for_what_is_read(repo: RepoBuilder, git_processes: GitProcesses) -> None:
    base = repo.commit("base")
    repo.tag("v1")
    head = repo.commit("head", {"a.txt": "1"})
    history = reader(repo)
    assert history.resolve("HEAD") == history.resolve("HEAD") == head
    assert history.resolve("v1") == history.resolve("v1") == history.resolve(base) == base
    assert history.contains(head)
    assert len(history.read_range(base, head).added) == 1
    assert sorted(git_processes.verbs()) == ["diff-tree", "log", "rev-parse", "rev-parse"]


def test_a_branch_that_moves_while_it_is_read_is_one_commit(repo: RepoBuilder) -> None:
    first = repo.commit("first")
    repo.branch("other")
    history = reader(repo)
    assert history.resolve("other") == first
    second = repo.commit("second", {"a.txt": "1"})
    assert history.resolve("other") == history.resolve("HEAD") == first
    assert reader(repo).resolve("other") == reader(repo).resolve("HEAD") == second


def test_a_repo_without_a_commit_has_no_head(repo: RepoBuilder) -> None:
    history = reader(repo)
    with pytest.raises(UnknownNameError):
        history.resolve("HEAD")
    first = repo.commit("first")
    assert history.resolve("HEAD") == first


@pytest.mark.parametrize(
    "name",
    [
        "", "-", "-h", "--all", "--output=stolen", "-Ostolen", "--exec=touch stolen", "a\nb", "a\0b", "HEAD\n--all",
        "\x7f", "nope", "HEAD..main", "HEAD...main", "^HEAD", "main..", "HEAD^{tree}", "HEAD:a.txt", "@{upstream}",
        MISSING, MISSING[:10], "\ud800", "x" * 5000,
    ],
)  # fmt: skip
def test_names_that_are_no_commit(repo: RepoBuilder, name: str) -> None:
    repo.commit("one", {"a.txt": "1"})
    repo.tag("v1")
    history = reader(repo)
    with pytest.raises(UnknownNameError) as caught:
        history.resolve(name)
    assert caught.value.hint
    assert not list(repo.path.glob("*stolen*"))
    for call in (
        history.nearest_tag,
        lambda sha: history.read_range(None, sha),
        lambda sha: history.blobs_at(sha, ["a.txt"]),
    ):
        with pytest.raises(UnknownNameError):
            call(name)
    with pytest.raises(UnknownNameError):
        history.read_range(name, repo.head) if name != MISSING else history.read_range(repo.head, name)
    assert not history.contains(name)


def test_contains(repo: RepoBuilder) -> None:
    sha = repo.commit("one", {"a.txt": "1"})
    history = reader(repo)
    assert history.contains(sha)
    assert not history.contains(MISSING)
    assert not history.contains(repo.git("rev-parse", "HEAD:a.txt")), "a blob is no commit"


def test_is_ancestor(repo: RepoBuilder) -> None:
    first = repo.commit("first")
    second = repo.commit("second")
    history = reader(repo)
    assert history.is_ancestor(first, second) is True
    assert history.is_ancestor(second, second) is True
    assert history.is_ancestor(second, first) is False
    assert history.is_ancestor(MISSING, second) is False, "a full clone holds every ancestor"
    with pytest.raises(UnknownNameError):
        history.is_ancestor(first, MISSING)


def test_the_nearest_tag(repo: RepoBuilder) -> None:
    first = repo.commit("first")
    history = reader(repo)
    assert history.nearest_tag(first) is None
    repo.tag("v1", annotated=True)
    assert history.nearest_tag(first) is None, "a tag on head itself is not before it"
    second = repo.commit("second")
    assert history.nearest_tag(second) == ("v1", first)
    repo.tag("v2")
    repo.tag("v2-again", annotated=True)
    assert history.nearest_tag(second) == ("v1", first)
    third = repo.commit("third")
    repo.tag("release/2026.01-ü%(x)")
    fourth = repo.commit("fourth")
    assert history.nearest_tag(fourth) == ("release/2026.01-ü%(x)", third)


def test_the_nearest_tag_is_in_the_history_of_head(repo: RepoBuilder, git_processes: GitProcesses) -> None:
    first = repo.commit("first")
    repo.branch("other")
    repo.commit("other")
    repo.tag("elsewhere")
    repo.switch("main")
    head = repo.commit("head")
    repo.git("tag", "of-a-tree", "HEAD^{tree}")
    assert reader(repo).nearest_tag(head) is None
    repo.tag("old", first)
    history = reader(repo)
    git_processes.verbs()
    assert history.nearest_tag(head) == ("old", first)
    assert len(git_processes.verbs()) <= 2


def test_a_tag_whose_object_was_renamed(repo: RepoBuilder) -> None:
    first = repo.commit("first")
    repo.tag("inner", annotated=True)
    repo.git("update-ref", "refs/tags/outer", "refs/tags/inner")
    repo.git("tag", "-d", "inner")
    head = repo.commit("second")
    assert reader(repo).nearest_tag(head) == ("outer", first)


def test_blobs_and_files(repo: RepoBuilder) -> None:
    first = repo.commit("one", {"a.txt": "1", "d/b.txt": "2", "d/x1": "3"})
    repo.commit("two", {"a.txt": "new"})
    history = reader(repo)
    found = history.blobs_at(first, ["a.txt", "d/b.txt", "d", "d/", "d/*", "./a.txt", "none", "", "a\0b"])
    assert found == {path: repo.git("rev-parse", f"{first}:{path}") for path in ("a.txt", "d/b.txt")}
    assert history.blobs_at(first, []) == {}
    assert history.file_at(first, "a.txt") == b"1"
    assert history.file_at("main", "a.txt") == b"new"
    assert history.file_at(first, "none") is None
    assert open_history(repo.path / "d").file_at(first, "a.txt") == b"1", "paths count from the root"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://example.org/acme/shop.git", "acme/shop"),
        ("https://user:secret@example.org/acme/shop", "acme/shop"),
        ("https://example.org/group/sub/shop.git/", "group/sub/shop"),
        ("ssh://git@example.org:2222/acme/shop.git", "acme/shop"),
        ("git@example.org:acme/shop.git", "acme/shop"),
        ("example.org:acme/shop", "acme/shop"),
        ("file:///srv/git/shop.git", "shop"),
        ("/srv/git/shop.git", "shop"),
        ("../shop/.git", "shop"),
        ("/srv/bundles/shop.bundle", "shop"),
    ],
)
def test_the_path_of_the_remote(repo: RepoBuilder, url: str, path: str) -> None:
    assert reader(repo).remote_path() is None
    repo.git("remote", "add", "origin", url)
    assert reader(repo).remote_path() == path


def test_the_mail_of_the_actor(repo: RepoBuilder) -> None:
    assert reader(repo).actor_email() is None
    repo.git("config", "user.email", AUTHOR[1])
    assert reader(repo).actor_email() == AUTHOR[1]
