"""Tags with their commits and instants: annotated, lightweight, of a tag, of no commit, without a date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from releasewatch.domain.past import Tag
from releasewatch.integrations.git_history import open_history
from tests.support.repos import FIRST_INSTANT, RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

COMMITTED = FIRST_INSTANT + timedelta(days=1)
TAGGED = FIRST_INSTANT + timedelta(days=3)


def test_an_annotated_tag_has_its_own_date_and_a_lightweight_one_its_commits(tmp_path: Path) -> None:
    repo = RepoBuilder(tmp_path / "repo")
    head = repo.commit(at=COMMITTED)
    repo.tag("light")
    repo.now = TAGGED
    repo.tag("noted", annotated=True)
    repo.git("tag", "-a", "-m", "again", "nested", "noted")
    undated = f"object {head}\ntype commit\ntag old\n\nbefore taggers had names\n"
    sha = repo.git("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=undated.encode())
    repo.git("update-ref", "refs/tags/undated", sha)
    repo.git("tag", "tree", "HEAD^{tree}")
    repo.git("tag", "blob", repo.git("hash-object", "-w", "--stdin", stdin=b"text"))
    assert open_history(repo.path).tags() == [
        Tag("blob", None, None),
        Tag("light", head, COMMITTED),
        Tag("nested", head, TAGGED),
        Tag("noted", head, TAGGED),
        Tag("tree", None, None),
        Tag("undated", head, COMMITTED),
    ]


def test_a_repo_may_have_none(tmp_path: Path) -> None:
    repo = RepoBuilder(tmp_path / "repo")
    repo.commit()
    assert open_history(repo.path).tags() == []
