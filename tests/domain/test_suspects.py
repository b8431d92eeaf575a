"""The score of suspects: each reason, how time decays, that points add up, and that the order is settled."""

from __future__ import annotations

import itertools
import random
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from releasewatch.domain.deployments import Place
from releasewatch.domain.suspect_signs import find_signs
from releasewatch.domain.suspects import (
    Candidate,
    Impact,
    Reached,
    Suspect,
    SuspectWeights,
    attainable,
    decay,
    rank_latest,
    rank_suspects,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
W = SuspectWeights()
IMPACT = Impact(START, components=("shop/a",))
SETTINGS = ("half_hours", "plausible")


def candidate(number: int = 1, hours: float = 1, **more: Any) -> Candidate:
    return Candidate(number, "shop", "production", "deploy", START - timedelta(hours=hours), **more)


def points(one: Candidate, impact: Impact = IMPACT, weights: SuspectWeights = W) -> dict[str, int]:
    (suspect,) = rank_suspects(impact, [one], weights)
    return {reason.kind: reason.points for reason in suspect.reasons}


def text(one: Candidate, kind: str, impact: Impact = IMPACT) -> str:
    (suspect,) = rank_suspects(impact, [one], W)
    (found,) = [reason.text for reason in suspect.reasons if reason.kind == kind]
    return found


def ids(suspects: list[Suspect]) -> list[int]:
    return [suspect.candidate.number for suspect in suspects]


DIRECT = {"shop/a": Reached(0)}


class TestReasons:
    def test_the_points_are_a_hundred_in_all(self):
        assert sum(most for name, most in asdict(W).items() if name not in SETTINGS) == 100

    @pytest.mark.parametrize("distance", [0, 1, 2, 3])
    def test_a_component_counts_half_for_each_hop(self, distance):
        reached = {"shop/a": Reached(distance, "shop/b" if distance else None)}
        assert points(candidate(reached=reached))["component"] == round(30 * 0.5**distance)

    def test_what_was_deployed_without_it_being_known_what_changed_counts_half(self):
        one = candidate(unknown=frozenset({"shop/a", "shop/b"}))
        assert points(one)["component"] == 15
        assert text(one, "component") == "deployed shop/a, and not all of what changed is known"
        assert points(replace(one, reached=DIRECT))["component"] == 30
        both = replace(IMPACT, components=("shop/a", "shop/b"))
        assert points(replace(one, reached=DIRECT), both)["component"] == round(30 * 0.75)

    def test_of_several_components_the_average(self):
        both = replace(IMPACT, components=("shop/a", "shop/b"))
        assert points(candidate(reached=DIRECT, touched=1), both)["component"] == 15
        assert "(1 of 2 components)" in text(candidate(reached=DIRECT, touched=1), "component", both)

    def test_the_sentence_names_the_way(self):
        one = candidate(reached={"shop/a": Reached(2, "shop/lib")})
        assert text(one, "component") == "reaches shop/a via shop/lib (2 hops)"
        assert text(candidate(reached=DIRECT), "component") == "changed shop/a"

    def test_what_changed_much_else_is_less_in_focus(self):
        assert points(candidate(reached=DIRECT, touched=1))["focus"] == 20
        assert points(candidate(reached=DIRECT, touched=4))["focus"] == 5
        assert text(candidate(reached=DIRECT, touched=4), "focus") == "changed 3 other components beside"

    def test_the_newest_that_changed_the_component(self):
        older, newer = candidate(1, 5, reached=DIRECT), candidate(2, 4, reached=DIRECT)
        other = candidate(3, 1)
        found = {
            s.candidate.number: {r.kind for r in s.reasons} for s in rank_suspects(IMPACT, [older, newer, other], W)
        }
        assert [number for number, kinds in found.items() if "newest" in kinds] == [2]

    def test_what_went_elsewhere_is_not_the_newest_here(self):
        here = [candidate(1, 5, reached=DIRECT, places=(Place("eu", ""),)), candidate(2, 4, reached=DIRECT)]
        there = candidate(3, 1, reached=DIRECT, places=(Place("us", "beta"),))

        def newest(regions, *candidates):
            ranked = rank_suspects(replace(IMPACT, regions=regions), candidates, W)
            return sorted(s.candidate.number for s in ranked if any(r.kind == "newest" for r in s.reasons))

        assert newest(("eu",), *here, there) == [2]
        assert newest(("eu",), here[0], there) == [1]
        assert newest(("eu", "us"), here[0], there) == [1, 3]
        assert newest((), *here, there) == [3]

    def test_regions_and_rings(self):
        asked = replace(IMPACT, regions=("eu", "us"), rings=("beta",))
        assert "place" not in points(candidate(places=(Place("asia", "stable"),)), asked)
        assert points(candidate(places=(Place("eu", "stable"),)), asked)["place"] == round(9 / 4)
        assert points(candidate(places=(Place("eu", "beta"), Place("us", "beta"))), asked)["place"] == 9
        assert points(candidate(places=(Place(),)), asked)["place"] == 9
        assert "place" not in points(candidate(places=(Place(),)))

    def test_still_carried(self):
        assert points(candidate(carried=True))["carried"] == 3
        for not_there in (False, None):
            assert "carried" not in points(candidate(carried=not_there))

    def test_taken_back_after_the_start(self):
        def taken(hours: float, impact: Impact = IMPACT) -> int:
            one = candidate(taken_back_at=START + timedelta(hours=hours), taken_back_by=7)
            return points(one, impact).get("taken_back", 0)

        assert (taken(1), taken(-0.5)) == (6, 0)
        ended = replace(IMPACT, ended_at=START + timedelta(hours=2))
        assert (taken(1, ended), taken(3, ended)) == (6, 3)

    def test_size(self):
        sizes = [points(candidate(paths=many)).get("size", 0) for many in (0, 1, 20, 300, 10_000)]
        assert sizes == sorted(sizes)
        assert (sizes[0], sizes[-2], sizes[-1]) == (0, 3, 3)

    def test_signs(self):
        shown = find_signs(["db/migrate/1.rb", "Cargo.lock", "config/x.toml"], [])
        found = points(candidate(shown=shown))
        assert (found["migration"], found["dependency"], found["config"]) == (3, 2, 1)
        assert text(candidate(shown=shown), "migration") == "migrates data: db/migrate/1.rb"

    def test_a_subject_is_a_sign_and_not_repeated(self):
        shown = find_signs([], ["Upgrade the driver for Acme GmbH"])
        assert text(candidate(shown=shown), "dependency") == "moves dependencies: the subject of a commit says so"

    def test_a_flag_without_git_counts(self):
        assert points(replace(candidate(), kind="change"))["config"] == 1

    @pytest.mark.parametrize(
        ("path", "subject", "signs"),
        [
            ("app/migrations/0001_x.py", "", {"migration"}),
            ("sub/package-lock.json", "", {"dependency"}),
            ("chart/Chart.yaml", "", {"dependency", "config"}),
            ("src/a.py", "Bump lodash from 1 to 2", {"dependency"}),
            ("src/a.py", "feat: add a feature flag", {"config"}),
            ("src/bumper.py", "tidy", set()),
        ],
    )
    def test_what_shows_a_sign(self, path, subject, signs):
        assert set(find_signs([path], [subject])) == signs


class TestTime:
    def test_it_falls_ever_slower_and_never_to_nothing(self):
        gaps = [decay(timedelta(minutes=10 * n), timedelta(hours=12)) for n in range(500)]
        steps = [before - after for before, after in itertools.pairwise(gaps)]
        assert gaps[0] == 1
        assert gaps[-1] > 0
        assert all(step > 0 for step in steps)
        assert steps == sorted(steps, reverse=True)  # no cliff: the steepest step is the first

    def test_half_is_left_after_the_half(self):
        assert decay(timedelta(hours=12), timedelta(hours=12)) == 0.5
        found = [points(candidate(hours=hours)).get("time", 0) for hours in (0, 12, 24, 1000)]
        assert found == [15, 8, 5, 0]

    def test_what_went_live_after_the_start_is_no_suspect(self):
        assert rank_suspects(IMPACT, [candidate(hours=-0.01, reached=DIRECT)], W) == []
        assert ids(rank_suspects(IMPACT, [candidate(hours=0)], W)) == [1]


def anyone(rng: random.Random, number: int) -> Candidate:
    reached = {key: Reached(rng.randrange(4)) for key in ("shop/a", "shop/b") if rng.random() < 0.6}
    return Candidate(
        number, "shop", "production", rng.choice(["deploy", "change", "rollback"]),
        START - timedelta(hours=rng.choice([0, 1, 1, 5, 100])),
        reached=reached,
        touched=rng.randrange(6),
        places=(Place(rng.choice(["", "eu", "us"]), ""),),
        carried=rng.choice([True, False, None]),
        taken_back_at=rng.choice([None, START + timedelta(hours=1), START - timedelta(minutes=5)]),
        paths=rng.choice([0, 1, 50, 5000]),
        shown=find_signs(rng.sample(["a.sql", "go.sum", "x.yaml", "a.py"], 2), []),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_scores_are_bounded_sums_in_an_order_that_no_shuffle_changes(seed):
    rng = random.Random(seed)
    some = [anyone(rng, number) for number in range(12)]
    asked = Impact(START, components=("shop/a", "shop/b"), regions=("eu",))
    found = rank_suspects(asked, some, W)
    assert len(found) == 12
    for suspect in found:
        assert suspect.score == sum(reason.points for reason in suspect.reasons)
        assert 0 <= suspect.score <= attainable(asked, W) <= 100
        assert all(reason.points > 0 and reason.text for reason in suspect.reasons)
        assert suspect.plausible == (100 * suspect.score >= 35 * attainable(asked, W))
    order = [(-s.score, START - s.candidate.live_at, -s.candidate.number) for s in found]
    assert order == sorted(order)
    shuffled = rng.sample(some, len(some))
    assert ids(rank_suspects(asked, shuffled, W)) == ids(found)


class TestPlausible:
    def test_what_only_happens_to_be_new_is_not(self):
        (found,) = rank_suspects(IMPACT, [candidate(hours=0, carried=True)], W)
        assert not found.plausible

    def test_a_direct_change_of_long_ago_is(self):
        (found,) = rank_suspects(IMPACT, [candidate(hours=2000, reached=DIRECT, touched=1)], W)
        assert found.plausible

    def test_without_components_the_clock_has_to_do(self):
        unknown = Impact(START)
        assert [rank_suspects(unknown, [candidate(hours=hours)], W)[0].plausible for hours in (0, 500)] == [True, False]


class TestLatest:
    def test_the_last_one_that_had_succeeded(self):
        some = [
            candidate(1, 9, finished_at=START - timedelta(hours=8)),
            candidate(2, 6, finished_at=START - timedelta(hours=5)),
            candidate(3, 7, finished_at=START - timedelta(hours=4)),
            candidate(4, 3, finished_at=START - timedelta(hours=2), succeeded=False),
            candidate(5, 1, finished_at=START + timedelta(hours=1)),
        ]
        found = rank_latest(IMPACT, some)
        assert ids(found) == [3, 2, 1]
        assert [(s.score, s.plausible) for s in found] == [(100, True), (0, False), (0, False)]
