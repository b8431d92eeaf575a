"""Notes straight from git: what is begun while git still reads says the same as what is done when it has read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.usecases.notes import Reading, notes_of_range
from releasewatch.usecases.surroundings import Surroundings
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.releases import Range
    from releasewatch.integrations.git_history import GitHistory

CATALOG = Catalog("shop", (Component("cart", "Cart", ("cart/**",)), Component("pay", "Pay", ("pay/**", "both.txt"))))


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    """Two sides of a fork: a revert, one across components, a merge with an edit of its own, a path that is deleted."""
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("fork", {"cart/a": "1", "pay/a": "1", "both.txt": "1", "free": "1"})
    repo.tag("fork")
    repo.branch("other")
    repo.commit("feat: carry more (#1)", {"cart/a": "2", "pay/b": "1"})
    repo.commit("feat: pay later", {"pay/a": "2", "both.txt": "2"})
    repo.revert("HEAD")
    repo.commit("fix: nothing is free", delete=["free"])
    repo.branch("branch")
    repo.commit("on the main line", {"cart/c": "1"})
    repo.switch("branch")
    repo.commit("on a branch", {"pay/c": "1"})
    repo.switch("main")
    repo.merge("branch", subject="Merge branch", files={"cart/made-by-merge": "1"})
    repo.switch("other")
    repo.commit("fix: what is only here", {"pay/a": "3"})
    repo.switch("main")
    return repo


class Silent:
    """A history that tells nobody of a range before it has read the whole of it."""

    def __init__(self, history: GitHistory) -> None:
        self._history = history

    def __getattr__(self, name: str) -> Any:
        return getattr(self._history, name)

    def read_range(self, base: str | None, head: str, watch: object) -> Range:
        assert watch is not None
        return self._history.read_range(base, head)


@pytest.mark.parametrize(("base", "head"), [("fork", "main"), ("main", "fork"), ("other", "main"), ("main", "main")])
def test_notes_are_the_same_when_they_begin_before_the_end(repo: RepoBuilder, base: str, head: str) -> None:
    history = open_history(repo.path, fetch_missing=False)
    around = Surroundings("shop", history, lambda _: CATALOG, GitignoreMapper)
    reading = Reading(datetime(2026, 2, 1, tzinfo=UTC))
    found = notes_of_range(around, base, head, reading)
    expected = notes_of_range(replace(around, history=Silent(history)), base, head, reading)
    assert found == expected
    assert bool(found.changes) is (base != head)
