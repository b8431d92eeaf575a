"""Pinned customers: who runs a copy of their own is reached by the release they run, and by what an upgrade brings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.exposure import Asking, list_exposed
from tests.support.directories import Desk
from tests.support.worlds import Done, World, hour

HEAD = "customer,component,version,valid_from,valid_to\n"


class Story:
    """A first release v0, then v1 to v4 that change `a`, deployed at hours 0 to 4; the directory comes at hour 10."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger)
        self.desk = Desk(ledger, folder, now=hour(9))
        self.releases: list[Done] = []
        self.world.commit("a")
        self.world.record(0, release="v0")
        for number in (1, 2, 3, 4):
            self.world.commit("a")
            self.releases.append(self.world.record(number, release=f"v{number}"))

    def use(self, *rows: str) -> None:
        """The directory says who uses what, in which version, from when to when."""
        names = sorted({row.partition(",")[0] for row in rows})
        self.desk.take(
            customers="key,name\n" + "".join(f"{name},{name}\n" for name in names),
            entitlements=HEAD + "".join(f"{row}\n" for row in rows),
            later=timedelta(hours=1),
        )
        assert self.desk.rejected == []

    def reached(self, number: int, at: float = 200) -> dict[str, tuple[bool, str]]:
        """Whether it is possible only, and the state, of everybody whom a release reaches, by key."""
        asking = Asking(self.releases[number - 1].number, now=hour(200), at=hour(at))
        return {one["key"]: (one["possible"], one["state"]) for one in list_exposed(self.ledger, asking)}


@pytest.fixture
def story(ledger: Ledger, tmp_path: Path) -> Story:
    return Story(ledger, tmp_path)


def test_a_copy_is_reached_by_the_deployment_of_its_release_and_by_no_other(story: Story) -> None:
    story.use("pin,shop/a,v2,,", "any,shop/a,,,")
    assert story.reached(1).keys() == {"any"}
    assert story.reached(2).keys() == {"any", "pin"}
    assert story.reached(2)["pin"] == (False, "carrying")
    assert story.reached(3).keys() == {"any"}


def test_a_rollback_of_our_copies_does_not_change_theirs(story: Story) -> None:
    story.use("pin,shop/a,v4,,", "any,shop/a,,,")
    head = story.world.repo.git("rev-parse", "HEAD~1").strip()
    story.world.record(20, head=head)
    assert story.reached(4) == {"any": (False, "returned"), "pin": (False, "carrying")}


def test_an_upgrade_brings_what_lies_between_from_its_day_on(story: Story) -> None:
    story.use("up,shop/a,v1,,2026-03-03", "up,shop/a,v3,2026-03-04,")
    before, after = 60, 80
    assert {n: set(story.reached(n, before)) for n in (1, 2, 3, 4)} == {1: {"up"}, 2: set(), 3: set(), 4: set()}
    assert {n: set(story.reached(n, after)) for n in (1, 2, 3, 4)} == {1: {"up"}, 2: {"up"}, 3: {"up"}, 4: set()}
    assert story.reached(2, after)["up"] == (False, "carrying")


def test_going_back_a_version_brings_nothing_new(story: Story) -> None:
    story.use("down,shop/a,v4,,2026-03-03", "down,shop/a,v2,2026-03-04,")
    assert {n: set(story.reached(n, 80)) for n in (1, 2, 3, 4)} == {1: set(), 2: {"down"}, 3: set(), 4: {"down"}}
    assert story.reached(4, 80)["down"] == (False, "returned")


def test_an_unknown_version_is_possible_for_every_release(story: Story) -> None:
    story.use("who,shop/a,?,,")
    assert [story.reached(n) for n in (1, 2, 3, 4)] == [{"who": (True, "carrying")}] * 4


def test_a_release_that_was_never_recorded_reaches_nobody(story: Story) -> None:
    story.use("old,shop/a,v0.9,,")
    assert [story.reached(n) for n in (1, 2, 3, 4)] == [{}, {}, {}, {}]
