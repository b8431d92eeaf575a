"""Git is read outside of write transactions, and read again when the baselines moved meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.deployments import Axes
from releasewatch.errors import InvalidCallError, LedgerUnavailableError
from releasewatch.integrations.git_history import open_history
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases import recording
from tests.support.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

GIT_METHODS = {"resolve", "contains", "read_range", "nearest_tag", "is_ancestor", "blobs_at", "file_at", "is_shallow"}


class WatchedLedger(Ledger):
    """Knows whether a write transaction is open."""

    is_writing = False
    writes = 0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            self.is_writing = True
            self.writes += 1
            try:
                yield connection
            finally:
                self.is_writing = False


class WatchedHistory:
    """Calls a hook before each method that reads git, which is opened anew for each, as by every command."""

    def __init__(self, world: World, hook: Callable[[str], None]) -> None:
        self._path = world.repo.path
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        if name in GIT_METHODS:
            self._hook(name)
        return getattr(open_history(self._path, fetch_missing=False), name)


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


@pytest.fixture
def watched(world, ledger_url) -> Iterator[tuple[World, WatchedLedger, list[str]]]:
    """The world with a ledger and a history that watch each other."""
    watching = WatchedLedger(Secret(ledger_url))
    called: list[str] = []

    def hook(name: str) -> None:
        called.append(name)
        assert not watching.is_writing, f"{name} reads git inside of a write transaction"

    world.ledger = watching
    world.history = WatchedHistory(world, hook)  # type: ignore[assignment]
    yield world, watching, called
    watching.close()


def test_git_is_never_read_inside_a_write_transaction(watched):
    world, watching, called = watched
    first = world.commit("a", "b")
    world.repo.tag("v1")
    sha = world.commit("a", subject="Try it")
    world.record(1, head=first)
    second = world.commit("a", delete=["b/file"], subject='Revert "Try it"', body=f"This reverts commit {sha[:9]}.")
    world.record(3, regions=("eu",))
    world.record(2, head=sha, regions=("eu", "us"), fixes=("D-1",))
    world.record(4, head=first)
    world.record(5, head=second, run="R", status="failed")
    world.record(6, head=second, run="R", attempt=2)
    world.record(7, head=second, run="R", attempt=3)
    assert watching.writes == 7
    assert set(called) >= {"resolve", "contains", "read_range", "nearest_tag", "blobs_at", "file_at"}


def test_git_is_read_once_for_each_distinct_base(watched):
    world, _, called = watched
    first = world.commit("a", "b")
    world.record(1, regions=("eu", "us", "ap"))
    world.record(2, head=first, regions=("us",))
    world.commit("a")
    world.record(3, regions=("ap",))
    world.commit("b")
    called.clear()
    done = world.record(4, regions=("eu", "us", "ap"))
    assert len(done.baselines) == 3
    assert called.count("read_range") == 2


def interfere(world: World, what: Callable[[], object]) -> None:
    """Do something once, when git is read for the next deployment's difference."""
    done: list[bool] = []

    def hook(name: str) -> None:
        if name == "read_range" and not done:
            done.append(True)
            what()

    world.history = WatchedHistory(world, hook)  # type: ignore[assignment]


def other(tmp_path, ledger, key: str = "shop") -> World:
    """Another pipeline, in the same repo unless another one is named."""
    return World(tmp_path, ledger, key=key)


def test_a_baseline_that_moves_meanwhile_is_read_again(tmp_path, world, ledger):
    world.commit("a", "b")
    world.record(1)
    second = world.commit("a")
    third = world.commit("b")
    interfere(world, lambda: other(tmp_path, ledger).record(2, head=second))
    done = world.record(3, head=third)
    assert done.base == second
    assert done.reached() == {"shop/b": ("direct", 0, None)}
    assert len(world.rows(t.deployment)) == 3


def test_the_same_key_recorded_meanwhile_is_found(tmp_path, world, ledger):
    world.commit("a")
    world.record(1)
    world.commit("a")
    interfere(world, lambda: other(tmp_path, ledger).record(2, run="R"))
    done = world.record(2, run="R")
    assert (done.already, done.number) == (True, 2)
    assert len(world.rows(t.deployment)) == 2


def test_a_given_key_that_is_used_elsewhere_meanwhile_is_refused(tmp_path, world, ledger):
    world.commit("a")
    world.record(1)
    world.commit("a")
    interfere(world, lambda: other(tmp_path, ledger).record(2, key="K", environment="staging"))
    with pytest.raises(InvalidCallError, match="which has another environment"):
        world.record(2, key="K")
    assert len(world.rows(t.deployment)) == 2


def test_a_region_that_another_repo_makes_known_meanwhile_is_covered(tmp_path, world, ledger):
    world.commit("a")
    world.record(1)
    world.commit("a")
    web = other(tmp_path, ledger, "web")
    web.commit("a")
    interfere(world, lambda: web.record(2, known=Axes(frozenset({"ap"}))))
    done = world.record(3)
    assert {w.region for w in world.windows(done)} == {"", "ap"}


def test_a_record_that_never_comes_to_rest_gives_up_and_leaves_nothing(tmp_path, world, ledger, monkeypatch):
    monkeypatch.setattr(recording, "TRIES", 3)
    world.commit("a")
    world.record(1)
    world.commit("a")
    rival = other(tmp_path, ledger)

    def hook(name: str) -> None:
        if name == "read_range":
            rival.record(2)

    world.history = WatchedHistory(world, hook)  # type: ignore[assignment]
    with pytest.raises(LedgerUnavailableError, match="recorded 3 times in between"):
        world.record(3)
    assert len(world.rows(t.deployment)) == 4
    assert {row["opened_at"].hour for row in world.rows(t.deployment)} == {1, 2}


def test_what_fails_while_it_is_written_leaves_nothing(world, monkeypatch):
    from releasewatch.storage import windows

    world.commit("a")
    world.record(1)
    world.commit("a", config=world.config + '[components.d]\npaths = ["d/**"]\n')
    before = {table.name: len(world.rows(table)) for table in t.metadata.sorted_tables}

    def break_off(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(windows, "end_live", break_off)
    with pytest.raises(ZeroDivisionError):
        world.record(2, regions=("eu",))
    assert {table.name: len(world.rows(table)) for table in t.metadata.sorted_tables} == before
