"""Suspects from a ledger: what recording left behind is what the score sees, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from releasewatch.domain.deployments import Axes
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.usecases.suspects import Blaming, Lineup, line_up
from tests.support.statements import listening
from tests.support.worlds import World, hour

CHAIN = """
[components.a]
paths = ["a/**"]
[components.b]
paths = ["b/**"]
depends_on = ["a"]
[components.c]
paths = ["c/**"]
depends_on = ["b"]
[components.d]
paths = ["d/**"]
"""


@pytest.fixture
def world(tmp_path, ledger) -> World:
    made = World(tmp_path, ledger, config=CHAIN)
    made.commit("a", "b", "c", "d")
    made.record(0)
    return made


def asked(world: World, at: float, **more: Any) -> Lineup:
    return line_up(world.ledger, Blaming(hour(1000), hour(at), **more))


def kinds(found: Lineup, number: int) -> dict[str, int]:
    (suspect,) = [s for s in found.suspects if s.candidate.number == number]
    return {reason.kind: reason.points for reason in suspect.reasons}


def order(found: Lineup) -> list[int]:
    return [suspect.candidate.number for suspect in found.suspects]


def test_the_one_that_changed_the_component_is_first_not_the_last_one(world):
    world.commit("a")
    to_blame = world.record(10)
    world.commit("d")
    last = world.record(20)
    found = asked(world, 21, components=("a",))
    assert order(found)[0] == to_blame.number
    assert not found.none_plausible
    assert "component" not in kinds(found, last.number)
    assert {"component", "focus", "newest", "time", "carried"} <= kinds(found, to_blame.number).keys()
    assert asked(world, 21, components=("a",), strategy="latest").suspects[0].candidate.number == last.number


def test_distance_and_its_way(world):
    world.commit("a")
    done = world.record(10)
    found = {key: kinds(asked(world, 11, components=(key,)), done.number).get("component") for key in "abc"}
    assert found == {"a": 30, "b": 15, "c": 8}
    assert kinds(asked(world, 11, components=("d",)), done.number).get("component") is None
    (reason,) = [
        r.text
        for s in asked(world, 11, components=("c",)).suspects
        if s.candidate.number == done.number
        for r in s.reasons
        if r.kind == "component"
    ]
    assert reason == "reaches shop/c via shop/b (2 hops)"


def test_taken_back_before_the_start_it_is_not_carried_and_after_it_is_more_suspect(world):
    first = world.repo.head
    world.commit("a")
    bad = world.record(10)
    world.record(20, head=first)
    assert {"carried", "taken_back"} <= kinds(asked(world, 15, components=("a",)), bad.number).keys()
    assert not {"carried", "taken_back"} & kinds(asked(world, 25, components=("a",)), bad.number).keys()
    (reason,) = [
        r.text
        for s in asked(world, 15, components=("a",)).suspects
        if s.candidate.number == bad.number
        for r in s.reasons
        if r.kind == "taken_back"
    ]
    assert reason == "was taken back by D-3, 5 hours after it began"


def test_regions_are_looked_at_one_by_one(tmp_path, ledger):
    world = World(tmp_path, ledger)
    known = Axes(frozenset({"eu", "us"}))
    first = world.commit("a")
    world.record(0, known=known)
    world.commit("a")
    bad = world.record(10, regions=("eu", "us"), known=known)
    world.record(12, head=first, regions=("eu",), known=known)
    eu, us = (kinds(asked(world, 14, components=("a",), regions=(place,)), bad.number) for place in ("eu", "us"))
    assert "carried" not in eu
    assert "carried" in us
    assert (eu["place"], us["place"]) == (9, 9)
    with pytest.raises(UnknownNameError) as caught:
        asked(world, 14, regions=("eus",))
    assert caught.value.hint.startswith("Did you mean")


def test_signs_of_paths_and_subjects(world):
    world.commit("a", subject="Bump the library", files={"a/migrations/1_x.py": "1", "a/values.yaml": "1"})
    done = world.record(10)
    found = kinds(asked(world, 11, components=("a",)), done.number)
    assert {"migration", "dependency", "config", "size"} <= found.keys()
    world.commit("a", subject="Upgrade the driver for Acme GmbH")
    subject_alone = world.record(11.5)
    (suspect,) = [
        s for s in asked(world, 11.6, components=("a",)).suspects if s.candidate.number == subject_alone.number
    ]
    assert "moves dependencies: the subject of a commit says so" in [r.text for r in suspect.reasons]
    assert not any("Acme" in r.text for r in suspect.reasons)
    world.commit("a")
    plain = world.record(12)
    assert not {"migration", "dependency"} & kinds(asked(world, 13, components=("a",)), plain.number).keys()


def test_a_flag_without_git(world):
    flag = world.record(30, head=None, stated_kind="change", components=("d",), title="switch the new checkout on")
    found = asked(world, 31, components=("d",))
    assert order(found)[0] == flag.number
    assert {"component", "config"} <= kinds(found, flag.number).keys()


def test_all_repos_and_both_ends_of_the_look_back(tmp_path, world):
    web = World(tmp_path, world.ledger, key="web")
    web.commit("a")
    done = web.record(10)
    world.commit("a")
    world.record(5)
    assert set(order(asked(world, 11))) == {1, 2, 3}
    assert order(asked(world, 11, look_back=timedelta(hours=2))) == [done.number]
    assert order(asked(world, 11, components=("web/a",)))[0] == done.number
    with pytest.raises(AmbiguousNameError):
        asked(world, 11, components=("a",))
    assert order(asked(world, 11, components=("a",), repo="shop"))[0] == 3


def test_only_production_unless_said(world):
    world.commit("a")
    staged = world.record(10, environment="staging", tier="staging")
    assert staged.number not in order(asked(world, 11))
    assert order(asked(world, 11, environment="staging")) == [staged.number]


def test_without_any_production_one_has_to_be_named(tmp_path, ledger):
    world = World(tmp_path, ledger)
    assert asked(world, 1).none_plausible  # nothing at all is recorded
    world.commit("a")
    world.record(0, environment="staging", tier="staging")
    with pytest.raises(InvalidCallError) as caught:
        asked(world, 1)
    assert caught.value.hint == "Name one with --environment: staging."


def test_none_of_these(world):
    world.commit("a")
    world.record(499)
    empty = asked(world, 500, components=("d",), look_back=timedelta(hours=5))
    assert empty.none_plausible
    assert empty.suspects
    assert empty.document(5)["none_plausible"] is True


def test_what_is_not_known_to_have_changed_is_a_doubt(world):
    """The first deployment had nothing to be compared with: it may have changed anything that it deployed."""
    found = kinds(asked(world, 1, components=("d",)), 1)
    assert found["component"] == 15
    (reason,) = [r.text for r in asked(world, 1, components=("d",)).suspects[0].reasons if r.kind == "component"]
    assert reason == "deployed shop/d, and not all of what changed is known"


def test_the_number_of_statements_does_not_grow(world):
    def many() -> int:
        with listening() as heard:
            asked(world, 100, components=("a", "b"))
        return len(heard.questions)

    before = many()
    for number in range(6):
        world.commit("a")
        world.record(10 + number)
    assert many() == before


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"components": ("aa",)}, UnknownNameError, "Did you mean a?"),
        ({"environment": "productoin"}, UnknownNameError, "Did you mean production?"),
        ({"ended_at": hour(2000)}, InvalidCallError, "Leave --until out"),
        ({"ended_at": hour(1)}, InvalidCallError, "after --since"),
        ({"began_at": hour(2000)}, InvalidCallError, "when the impact began"),
    ],
)
def test_what_is_refused(world, more, error, words):
    with pytest.raises(error) as caught:
        line_up(world.ledger, Blaming(**{"now": hour(1000), "began_at": hour(10), **more}))
    assert words in caught.value.hint
