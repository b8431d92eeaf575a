"""Which deployment a word means, the list of the last ones, and what runs where."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest

from releasewatch.domain.deployments import Cell, Coverages, Place, expand_targets
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, coverages
from releasewatch.storage.deployments import resolve_deployment
from releasewatch.usecases.deployment_lists import Seeing, list_last, what_runs
from tests.support.statements import listening
from tests.support.worlds import Done, World, hour


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def meant(world: World, ref: str, **where: Any) -> str:
    with world.ledger.read() as connection:
        return resolve_deployment(connection, ref, **{"repo": None, "environment": None, **where}).id


class TestWords:
    def test_an_id_a_key_and_its_beginning(self, world):
        world.commit("a")
        done = world.record(1, key="release-2026-03")
        assert {meant(world, ref) for ref in ("D-1", "d-1", "1", "release-2026-03", "release-")} == {done.id}

    def test_a_key_of_digits_is_found_where_no_deployment_has_that_number(self, world):
        world.commit("a")
        world.record(1, key="4711")
        assert meant(world, "4711") == "D-1"
        with pytest.raises(UnknownNameError, match="no deployment D-4711"):
            meant(world, "D-4711")

    def test_a_beginning_of_several_keys_is_refused_with_the_candidates(self, world):
        world.commit("a")
        world.record(1, key="release-1")
        world.record(2, key="release-2")
        with pytest.raises(AmbiguousNameError) as caught:
            meant(world, "release")
        assert caught.value.hint == "Say which: D-1, D-2"

    def test_so_is_a_key_whose_later_attempt_became_a_deployment_of_its_own(self, world):
        old = world.commit("a")
        world.record(1, key="K")
        world.commit("a")
        world.record(2)
        world.record(3, head=old, key="K", attempt=2)
        with pytest.raises(AmbiguousNameError) as caught:
            meant(world, "K")
        assert caught.value.hint == "Say which: D-1, D-3"

    def test_nothing_fits(self, world):
        with pytest.raises(UnknownNameError, match="no deployment 'nothing'"):
            meant(world, "nothing")


class TestLast:
    def test_it_is_no_rollback_and_no_redeploy(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.record(3, head=first)
        world.record(4, head=first)
        assert meant(world, "last") == bad.id

    def test_however_it_ended(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        assert meant(world, "last") == "D-1"
        failed = world.record(2, status="failed")
        assert meant(world, "last") == failed.id

    def test_in_an_environment(self, world):
        world.commit("a")
        world.record(1)
        world.record(2, environment="staging")
        assert meant(world, "last", environment="production") == "D-1"
        with pytest.raises(UnknownNameError, match="no deployment in nowhere that is no rollback"):
            meant(world, "last", environment="nowhere")

    def test_with_several_repos_one_has_to_be_named(self, tmp_path, world):
        web = World(tmp_path, world.ledger, key="web")
        world.commit("a")
        web.commit("a")
        world.record(1)
        web.record(2)
        with pytest.raises(AmbiguousNameError) as caught:
            meant(world, "last")
        assert caught.value.hint == "Say which with --repo: shop, web"
        assert (meant(world, "last", repo="shop"), meant(world, "last", repo="web")) == ("D-1", "D-2")


SEEING = Seeing(hour(100), Reveal.KEYS)


class TestList:
    def pages(self, world: World, limit: int) -> list[list[str]]:
        found: list[list[str]] = []
        cursor: str | None = None
        while cursor is not None or not found:
            page = list_last(world.ledger, SEEING, repo=None, environment=None, limit=limit, cursor=cursor)
            found.append([item["id"] for item in page["deployments"]])
            cursor = page["next_cursor"]
        return found

    def test_newest_first_page_by_page(self, world):
        world.commit("a")
        for at in (1, 3, 2, 3, 3):
            world.record(at)
        assert self.pages(world, 2) == [["D-5", "D-4"], ["D-2", "D-3"], ["D-1"]]
        assert self.pages(world, 5) == [["D-5", "D-4", "D-2", "D-3", "D-1"]]

    def test_a_longer_list_takes_no_more_statements(self, world):
        for number in range(4):
            world.commit("a")
            world.record(number, targets=(Place("eu"), Place("us", "canary")))
        made = []
        for limit in (1, 4):
            with listening() as heard:
                page = list_last(world.ledger, SEEING, repo=None, environment=None, limit=limit, cursor="D-4")
            made.append(len(heard.questions))
        assert made[0] == made[1]
        assert [item["targets"] for item in page["deployments"]] == [
            [{"region": "eu", "ring": None}, {"region": "us", "ring": "canary"}]
        ] * 3

    def test_a_cursor_that_is_none(self, world):
        with pytest.raises(InvalidCallError, match="no cursor"):
            list_last(world.ledger, SEEING, repo=None, environment=None, limit=2, cursor="D-x")


class TestWhatRuns:
    def running(self, world: World) -> dict[tuple[str, str | None], str]:
        found = what_runs(world.ledger, SEEING, environment=None, limit=5)["running"]
        return {(item["component"], item["region"]): item["deployment"] for item in found}

    def test_component_by_component_and_region_by_region(self, world):
        world.commit("a", config="[components.a]\npaths = ['a/**']\n[components.b]\npaths = ['b/**']\n")
        everywhere = world.record(1)
        assert self.running(world) == {("shop/a", None): everywhere.id, ("shop/b", None): everywhere.id}
        eu = world.record(2, regions=("eu",), components=("a",))
        world.record(3, status="failed")
        assert self.running(world) == {("shop/a", "eu"): eu.id, ("shop/b", "eu"): everywhere.id}

    def test_an_attempt_that_failed_after_the_success_leaves_it_running(self, world):
        world.commit("a")
        done: Done = world.record(1, run="R")
        world.record(2, run="R", attempt=2, status="failed")
        assert set(self.running(world).values()) == {done.id}

    def test_the_newest_of_each_place_is_that_of_reading_all(self, world):
        chance = random.Random(7)
        world.commit("a", config="".join(f"[components.{key}]\npaths = ['{key}/**']\n" for key in "abc"))
        for at in range(14):
            world.record(
                at // 2,  # two at the same instant: the later number counts
                regions=chance.choice([("",), ("eu",), ("us",), ("eu", "us")]),
                rings=chance.choice([("",), ("",), ("canary",)]),
                components=chance.choice([("a",), ("b",), ("a", "c"), ("a", "b", "c")]),
                status=chance.choice(["succeeded", "succeeded", "failed"]),
                environment=chance.choice(["production", "production", "staging"]),
            )
        with world.ledger.read() as connection:
            for environment in catalogs.environments(connection):
                axes = catalogs.known_axes(connection, environment.environment_id)
                places = expand_targets([Place()], axes)
                for at in (hour(2), hour(4), hour(99)):
                    found = coverages.newest_in_places(connection, environment.environment_id, at, places)
                    at_once = Coverages(found.get(1, []))
                    one_by_one = Coverages(coverages.coverages(connection, 1, environment.environment_id, at, 99))
                    for component, place in product(("shop/a", "shop/b", "shop/c"), places):
                        cell = Cell(component, place.region, place.ring)
                        held, expected = at_once.newest(cell), one_by_one.newest(cell)
                        assert (held and held.deployment_id) == (expected and expected.deployment_id), (cell, at)
                    assert one_by_one.components
