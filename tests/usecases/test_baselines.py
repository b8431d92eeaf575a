"""What each cell is compared with: its own last success, region by region and ring by ring."""

from __future__ import annotations

import pytest

from releasewatch.domain.deployments import Axes
from releasewatch.errors import UnknownNameError
from releasewatch.storage.windows import grids
from tests.support.worlds import THREE, World


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def places(block) -> list[tuple[str | None, str | None]]:
    return [(target["region"], target["ring"]) for target in block["targets"]]


class TestRegionsAndRings:
    def test_each_region_is_compared_with_what_it_has_itself(self, world):
        first = world.commit("a", "b", "c")
        world.record(1, regions=("eu", "us"))
        second = world.commit("a")
        world.record(2, regions=("eu",))
        world.commit("b")
        done = world.record(3, regions=("eu", "us"))
        assert done.base_of("shop/a", "eu") == second
        assert done.base_of("shop/a", "us") == first
        assert done.base is None
        assert done.document["deployment"]["range"] == "mixed"
        assert [block["range"] for block in done.baselines] == ["forward", "forward"]
        assert [(block["components"], places(block)) for block in done.baselines] == [
            (["shop/a", "shop/b", "shop/c"], [("eu", None)]),
            (["shop/a", "shop/b", "shop/c"], [("us", None)]),
        ]
        assert {(w.carrier, w.region) for w in world.windows(done)} == {("b", "eu"), ("b", "us"), ("a", "us")}

    def test_promoting_to_the_next_ring_is_a_deployment_whose_range_is_that_rings_own(self, world):
        first = world.commit("a")
        world.record(1, rings=("early", "stable"))
        middle = world.commit("a")
        world.record(2, rings=("early",))
        last = world.commit("b")
        world.record(3, rings=("early",))
        promoted = world.record(4, head=middle, rings=("stable",))
        assert (promoted.kind, promoted.base, promoted.document["deployment"]["range"]) == ("deploy", first, "forward")
        assert promoted.reached() == {"shop/a": ("direct", 0, None)}
        again = world.record(5, head=last, rings=("stable",))
        assert (again.kind, again.base) == ("deploy", middle)

    def test_without_a_region_all_known_ones_and_the_remainder_are_covered(self, world):
        world.commit("a")
        world.record(1, regions=("eu",))
        world.commit("a")
        done = world.record(2, known=Axes(frozenset({"us"}), frozenset({"early"})))
        covered = {place for block in done.baselines for place in places(block)}
        assert covered == {(region, ring) for region in (None, "eu", "us") for ring in (None, "early")}

    def test_a_region_that_becomes_known_later_takes_over_the_history_of_the_remainder(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        everywhere = world.record(2)
        world.commit("a")
        here = world.record(3, regions=("ap",))
        assert here.base_of("shop/a", "ap") == second
        assert world.window(everywhere, "a", "ap").live == (2, 3)
        assert world.window(everywhere, "a").live == (2, None)

    def test_a_ring_that_becomes_known_later_splits_every_region(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        everywhere = world.record(2, known=Axes(frozenset({"eu"})))
        world.commit("a")
        world.record(3, regions=("eu",), rings=("early",))
        assert {(w.region, w.ring): w.live[1] for w in world.windows(everywhere)} == {
            ("", ""): None,
            ("", "early"): None,
            ("eu", ""): None,
            ("eu", "early"): 3,
        }

    def test_what_has_ended_is_not_split_and_stands_for_all_of_the_remainder(self, world):
        world.commit("a")
        world.record(1)
        changed = world.commit("a")
        ended = world.record(2)
        world.repo.revert(changed)
        world.record(3)
        world.commit("b")
        world.record(4, regions=("ap",))
        assert {(w.region, w.live, w.carried_until) for w in world.windows(ended)} == {("", (2, 3), 3)}

    def test_the_remainder_does_not_stand_for_a_region_that_had_the_change_already(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2, regions=("eu",), rings=("early",))
        done = world.record(3)
        assert {(w.region, w.ring) for w in world.windows(done)} == {("", ""), ("", "early"), ("eu", "")}
        world.commit("b")
        world.record(4, regions=("eu",))
        other = world.record(5)
        assert [(w.region, w.ring) for w in world.windows(other)] == [("", ""), ("", "early")]
        with world.ledger.read() as connection:
            assert "eu" in {place.region for place in grids(connection, [other.number])[other.number]}

    def test_the_other_regions_of_a_repo_do_not_split_another_environment(self, world):
        world.commit("a")
        world.record(1, environment="staging")
        world.commit("a")
        staging = world.record(2, environment="staging")
        world.record(3, regions=("eu",))
        assert [w.region for w in world.windows(staging)] == [""]

    def test_environments_have_baselines_of_their_own(self, world):
        world.commit("a")
        world.record(1, environment="staging")
        second = world.commit("a")
        world.record(2, environment="staging")
        done = world.record(3)
        assert (done.kind, done.base) == ("initial", None)
        world.commit("a")
        assert world.record(4).base == second

    def test_components_deployed_on_their_own_keep_their_own_baselines(self, world):
        first = world.commit("a", "b", "c")
        world.record(1)
        second = world.commit("a", "b")
        world.record(2, components=("a",))
        world.commit("a")
        done = world.record(3)
        assert done.base_of("shop/a") == second
        assert done.base_of("shop/b") == done.base_of("shop/c") == first
        assert done.document["deployment"]["kind"] == "deploy"
        assert done.reached() == {"shop/a": ("direct", 0, None), "shop/b": ("direct", 0, None)}
        changes = {c["key"]: c["changes"] for c in done.document["components"]}
        assert changes == {"shop/a": 1, "shop/b": 1}, "a's count is against its own baseline, not b's older one"
        assert done.document["not_deployed"] == []

    def test_kinds_and_ranges_of_several_baselines_are_mixed(self, world):
        first = world.commit("a")
        world.record(1, regions=("eu", "us"))
        second = world.commit("a")
        world.record(2, regions=("eu",))
        done = world.record(3, head=first, regions=("eu", "us"))
        assert (done.kind_of("shop/a", "eu"), done.kind_of("shop/a", "us")) == ("rollback", "redeploy")
        deployment = done.document["deployment"]
        assert (deployment["kind"], deployment["range"], deployment["base"]) == ("mixed", "mixed", None)
        assert done.base_of("shop/a", "eu") == second

    def test_two_blocks_of_one_base_still_name_it_as_the_base(self, world):
        first = world.commit("a")
        world.record(1, regions=("eu",))
        world.record(2, head=first, regions=("us",))
        world.commit("a")
        done = world.record(3, regions=("eu", "us"))
        assert len(done.baselines) == 2
        assert (done.base, done.document["deployment"]["range"]) == (first, "forward")


class TestWhatIsNoBaseline:
    @pytest.mark.parametrize("status", ["failed", "cancelled", "running"])
    def test_only_a_success_is_a_baseline(self, world, status):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2, status=status)
        world.commit("b")
        done = world.record(3)
        assert done.base == first
        assert set(done.reached()) == {"shop/a", "shop/b"}

    def test_the_newest_is_by_its_start_and_not_by_when_it_was_recorded(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        world.record(5)
        third = world.commit("a")
        world.record(3, head=second)
        assert world.record(6, head=third).base == second

    def test_a_change_without_git_is_no_baseline(self, world):
        first = world.commit("a")
        world.record(1)
        world.record(2, stated_kind="change", components=("a",), title="Switch a flag")
        world.commit("a")
        assert world.record(3).base == first


class TestFirstDeployments:
    def test_it_records_the_start_of_history_and_blames_nothing(self, world):
        world.commit("a")
        world.commit("b")
        done = world.record(1)
        assert (done.kind, done.base, done.document["deployment"]["range"]) == ("initial", None, "none")
        assert done.document["changes"] == {"added": 0, "removed": 0, "reverted_in_range": 0}
        assert done.reached() == {}
        assert done.remarks == (
            "First deployment of 3 cells: compared with nothing: it is the start of history here, with no changes.",
        )
        assert done.baselines[0]["source"] == "none"

    def test_it_takes_the_nearest_earlier_tag(self, world):
        world.commit("a")
        world.repo.tag("v1")
        tagged = world.commit("b")
        world.repo.tag("v2", annotated=True)
        world.commit("a")
        world.repo.tag("v3")
        done = world.record(1)
        assert (done.kind, done.base) == ("initial", tagged)
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert "v2, the nearest earlier tag" in done.remarks[0]

    def test_what_is_given_comes_before_a_tag(self, world):
        start = world.commit("a")
        world.commit("b")
        world.repo.tag("v1")
        world.commit("c")
        done = world.record(1, base=start[:12])
        assert (done.kind, done.base) == ("initial", start)
        assert set(done.reached()) == {"shop/b", "shop/c"}
        assert done.baselines[0]["from"] == f"{start[:12]} (--from)"

    def test_what_is_given_is_not_needed_once_every_cell_has_a_baseline(self, world):
        start = world.commit("a")
        first = world.commit("b")
        world.record(1)
        world.commit("c")
        done = world.record(2, base=start)
        assert done.base == first
        assert done.remarks == ("--from was not needed: every cell has a baseline in the ledger.",)
        with pytest.raises(UnknownNameError, match="No commit is called 'not even a name'"):
            world.record(3, base="not even a name")

    def test_what_is_given_is_for_the_cells_that_have_none(self, world):
        start = world.commit("a", "b", "c")
        first = world.commit("b")
        world.record(1, regions=("eu",))
        world.commit("c")
        done = world.record(2, regions=("eu", "us"), base=start)
        assert done.base_of("shop/a", "eu") == first
        assert done.base_of("shop/a", "us") == start
        assert (done.kind_of("shop/a", "eu"), done.kind_of("shop/a", "us")) == ("deploy", "initial")

    def test_a_component_that_is_new_to_the_catalog_takes_the_last_deployment_of_the_repo_there(self, world):
        world.commit("a", "b", "c")
        world.repo.tag("v1")
        world.record(1)
        second = world.commit("a")
        world.record(2)
        world.commit("d", config=THREE + '[components.d]\npaths = ["d/**"]\n')
        done = world.record(3)
        assert (done.kind, done.base, done.document["deployment"]["range"]) == ("deploy", second, "forward")
        assert done.reached() == {"shop/d": ("direct", 0, None)}
        assert {b["source"] for b in done.baselines} == {"deployment", "neighbour"}

    def test_one_that_the_last_deployment_knew_and_left_out_is_not_new(self, world):
        world.commit("a", "b", "c")
        tagged = world.commit("b")
        world.repo.tag("v1")
        world.commit("a")
        world.record(1, components=("a",))
        world.commit("b")
        done = world.record(2, components=("b",))
        assert (done.kind, done.base) == ("initial", tagged)

    def test_a_new_component_in_a_region_without_deployments_has_no_neighbour(self, world):
        world.commit("a")
        world.record(1, regions=("eu",))
        world.commit("d", config=THREE + '[components.d]\npaths = ["d/**"]\n')
        done = world.record(2, components=("d",), regions=("us",))
        assert (done.kind, done.base) == ("initial", None)

    def test_a_first_deployment_can_be_stated_to_be_a_rollback(self, world):
        world.commit("a")
        assert world.record(1, stated_kind="rollback").kind == "rollback"


class TestRemovedComponents:
    def test_deploying_everything_takes_a_component_away(self, world):
        first = world.commit("a", "b", "c")
        world.record(1)
        two = THREE.partition("[components.c]")[0]
        world.commit("a", config=two, delete=["c/file"])
        done = world.record(2)
        assert done.reached() == {"shop/a": ("direct", 0, None), "shop/c": ("direct", 0, None)}
        assert done.base_of("shop/c") == first
        assert done.document["unmapped"]["paths"] == 1, "the configuration itself"
        assert world.window(done, "c").live == (2, None)

    def test_it_is_taken_away_once(self, world):
        world.commit("a", "b", "c")
        world.record(1)
        two = THREE.partition("[components.c]")[0]
        world.commit(config=two, delete=["c/file"])
        world.record(2)
        world.commit("a")
        done = world.record(3)
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert all("shop/c" not in block["components"] for block in done.baselines)

    def test_a_rollback_brings_it_back(self, world):
        first = world.commit("a", "b", "c")
        world.record(1)
        gone = world.commit(config=THREE.partition("[components.c]")[0], delete=["c/file"])
        removal = world.record(2)
        done = world.record(3, head=first)
        assert (done.kind, done.base_of("shop/c")) == ("rollback", gone)
        assert done.reached() == {"shop/c": ("direct", 0, None)}
        assert done.undoes == [removal.id]

    def test_all_components_may_be_replaced_at_once(self, world):
        world.commit("a", "b", "c")
        world.record(1)
        world.commit("d", config='[components.d]\npaths = ["d/**"]\n', delete=["a/file", "b/file", "c/file"])
        done = world.record(2)
        assert set(done.reached()) == {"shop/a", "shop/b", "shop/c", "shop/d"}

    def test_a_component_named_alone_takes_nothing_away(self, world):
        world.commit("a", "b", "c")
        world.record(1)
        world.commit("a", config=THREE.partition("[components.c]")[0], delete=["c/file"])
        done = world.record(2, components=("a",))
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert done.document["not_deployed"] == ["shop/c"]
        assert set(world.record(3).reached()) == {"shop/c"}
