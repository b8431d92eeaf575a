"""What a recorded deployment says that it changed, and which components that reaches."""

from __future__ import annotations

import pytest

from releasewatch.domain.deployments import Axes
from releasewatch.errors import ConfigError, InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import tables as t
from tests.support.worlds import THREE, World, hour

LIBRARIES = """
[components.shop]
paths = ["shop/**"]
depends_on = ["money"]
[components.desk]
paths = ["desk/**"]
depends_on = ["report"]
[components.app]
paths = ["app/**"]
depends_on = ["shop"]
[components.money]
paths = ["money/**"]
type = "library"
[components.report]
paths = ["report/**"]
type = "library"
depends_on = ["money"]
"""
"""`app` calls `shop`; `money` is part of `shop`, and of `report`, which is part of `desk`."""

RING = """
[components.a]
paths = ["a/**"]
depends_on = ["c"]
[components.b]
paths = ["b/**"]
depends_on = ["a"]
[components.c]
paths = ["c/**"]
depends_on = ["b"]
"""
"""Each depends on the one before, in a circle: a change to a reaches b, and through it c."""


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


@pytest.fixture
def libraries(tmp_path, ledger) -> World:
    world = World(tmp_path, ledger, config=LIBRARIES)
    world.commit("shop", "desk", "app", "money", "report")
    world.record(1)
    return world


class TestReach:
    def test_direct_is_what_changed_and_was_deployed(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a", "b")
        done = world.record(2, components=("a",))
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert done.document["not_deployed"] == ["shop/b"]

    def test_a_library_reaches_the_services_that_it_is_part_of_through_libraries_too(self, libraries):
        libraries.commit("money")
        assert libraries.record(2).reached() == {
            "shop/money": ("direct", 0, None),
            "shop/report": ("dependent", 1, "shop/money"),
            "shop/shop": ("dependent", 1, "shop/money"),
            "shop/app": ("dependent", 2, "shop/shop"),
            "shop/desk": ("dependent", 2, "shop/report"),
        }

    def test_a_library_reaches_only_services_that_were_deployed_and_who_depends_on_these(self, libraries):
        libraries.commit("money")
        done = libraries.record(2, components=("shop",))
        assert done.reached() == {
            "shop/shop": ("dependent", 1, "shop/money"),
            "shop/app": ("dependent", 2, "shop/shop"),
        }
        assert done.document["not_deployed"] == []

    def test_a_library_deployed_without_a_service_reaches_no_service(self, libraries):
        libraries.commit("money")
        assert libraries.record(2, components=("money",)).reached() == {"shop/money": ("direct", 0, None)}

    def test_a_service_that_was_skipped_gets_the_library_when_it_is_deployed_next(self, libraries):
        libraries.commit("money")
        libraries.record(2, components=("money", "desk"))
        libraries.commit("app")
        done = libraries.record(3)
        assert done.reached()["shop/shop"] == ("dependent", 1, "shop/money")
        assert "shop/desk" not in done.reached()
        assert "shop/money" not in done.reached(), "the library itself is where it was"

    def test_runtime_dependents_are_reached_whether_deployed_or_not(self, libraries):
        libraries.commit("shop")
        done = libraries.record(2, components=("shop",))
        assert done.reached()["shop/app"] == ("dependent", 1, "shop/shop")
        libraries.commit("shop")
        assert libraries.record(3).reached()["shop/app"] == ("dependent", 1, "shop/shop")

    def test_circles_are_walked_once(self, tmp_path, ledger):
        world = World(tmp_path, ledger, config=RING)
        world.commit("a", "b", "c")
        world.record(1)
        world.commit("a")
        assert world.record(2).reached() == {
            "shop/a": ("direct", 0, None),
            "shop/b": ("dependent", 1, "shop/a"),
            "shop/c": ("dependent", 2, "shop/b"),
        }

    def test_of_two_ways_of_one_length_the_first_by_key_is_told(self, tmp_path, ledger):
        config = RING.replace('["c"]', "[]").replace('["b"]', '["a", "b"]') + (
            '[components.z]\npaths = ["z/**"]\ndepends_on = ["c", "b"]\n'
        )
        world = World(tmp_path, ledger, config=config)
        world.commit("a", "z")
        world.record(1)
        world.commit("a")
        assert world.record(2).reached()["shop/z"] == ("dependent", 2, "shop/b")

    def test_dependents_in_other_repos_are_reached(self, tmp_path, ledger):
        shop = World(tmp_path, ledger, config=THREE)
        web = World(
            tmp_path,
            ledger,
            key="web",
            config='[components.site]\npaths = ["**"]\ndepends_on = ["shop/a", "later/x"]\n',
        )
        shop.commit("a")
        shop.record(1)
        web.commit("site")
        web.record(2)
        shop.commit("a")
        assert shop.record(3).reached() == {
            "shop/a": ("direct", 0, None),
            "web/site": ("dependent", 1, "shop/a"),
        }

    def test_a_repo_that_was_first_heard_of_later_is_not_overlooked(self, tmp_path, ledger):
        shop = World(tmp_path, ledger)
        web = World(tmp_path, ledger, key="web", config='[components.site]\npaths = ["**"]\ndepends_on = ["shop/a"]\n')
        shop.commit("a")
        shop.record(1)
        web.commit("site")
        web.record(5)
        shop.commit("a")
        assert "web/site" in shop.record(3).reached()

    def test_taking_a_component_away_reaches_who_depends_on_it_elsewhere(self, tmp_path, ledger):
        shop = World(tmp_path, ledger)
        web = World(tmp_path, ledger, key="web", config='[components.site]\npaths = ["**"]\ndepends_on = ["shop/c"]\n')
        shop.commit("a", "b", "c")
        shop.record(1)
        web.commit("site")
        web.record(2)
        shop.commit(config=THREE.partition("[components.c]")[0], delete=["c/file"])
        assert shop.record(3).reached() == {"shop/c": ("direct", 0, None), "web/site": ("dependent", 1, "shop/c")}


class TestPaths:
    def test_a_deleted_path_belongs_to_what_it_belonged_to_before(self, world):
        world.commit("a", files={"old/x": "1"}, config=THREE.replace('["a/**"]', '["a/**", "old/**"]'))
        world.record(1)
        world.commit(config=THREE.replace('["b/**"]', '["b/**", "old/**"]'), delete=["old/x"])
        assert world.record(2).reached() == {"shop/a": ("direct", 0, None)}

    def test_one_that_the_catalog_before_did_not_know_belongs_to_what_it_would_today(self, world):
        world.commit("a", files={"old/x": "1"})
        world.record(1)
        world.commit(config=THREE.replace('["b/**"]', '["b/**", "old/**"]'), delete=["old/x"])
        assert world.record(2).reached() == {"shop/b": ("direct", 0, None)}

    def test_the_catalog_at_a_given_base_is_read_from_git(self, world):
        start = world.commit("a", files={"old/x": "1"}, config=THREE.replace('["a/**"]', '["a/**", "old/**"]'))
        world.commit(config=THREE, delete=["old/x"])
        assert world.record(1, base=start).reached() == {"shop/a": ("direct", 0, None)}

    def test_a_catalog_that_is_no_longer_understood_does_not_lose_the_record(self, world):
        start = world.commit("a", files={"old/x": "1"}, config="[components.a]\nfolder = 'a'\n")
        with pytest.raises(ConfigError):
            world.catalog_at(start)
        world.commit(config=THREE, delete=["old/x"])
        done = world.record(1, base=start)
        assert done.document["unmapped"] == {"paths": 2, "sample": ["old/x", "releasewatch.toml"]}
        assert any("The catalog of the baseline could not be read" in remark for remark in done.remarks)

    def test_unmapped_paths_are_counted_and_named(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a", files={"tools/x.py": "1", "tools/y.py": "1"})
        done = world.record(2)
        assert done.document["unmapped"] == {"paths": 2, "sample": ["tools/x.py", "tools/y.py"]}
        (row,) = world.rows(t.deployment, done)
        assert (row["has_blank"], row["counts_everyone"]) == (True, False)

    def test_unmapped_paths_may_count_for_everyone(self, world):
        world.commit("a", config='[catalog]\nunmapped = "all"\n' + THREE)
        world.record(1)
        world.commit(files={"tools/x.py": "1"})
        (row,) = world.rows(t.deployment, world.record(2))
        assert (row["has_blank"], row["counts_everyone"]) == (True, True)

    def test_unmapped_paths_may_stop_a_record_until_they_are_accepted(self, world):
        world.commit("a", config='[catalog]\nunmapped = "fail"\n' + THREE)
        world.record(1)
        world.commit(files={"tools/x.py": "1"})
        with pytest.raises(RefusedError, match=r"1 changed path belongs to no component.*the first is tools/x\.py"):
            world.record(2, run="R")
        assert len(world.rows(t.deployment)) == 1
        with pytest.raises(InvalidCallError, match="with a reason"):
            world.record(2, run="R", accept=("unmapped",))
        done = world.record(2, run="R", accept=("unmapped",), why="a script of ours")
        assert [(row["rule"], row["why"]) for row in world.rows(t.acceptance, done)] == [
            ("unmapped", "a script of ours")
        ]

    def test_paths_without_effect_are_counted_apart(self, world):
        config = '[catalog]\nno_effect = ["*.md"]\n' + THREE.replace('["a/**"]', '["a/**", "a/terms.md"]')
        world.commit("a", config=config)
        world.record(1)
        world.commit(files={"README.md": "1", "a/README.md": "1"})
        without = world.record(2)
        assert (without.document["no_effect"]["paths"], without.reached()) == (2, {})
        world.commit(files={"a/terms.md": "1"})
        assert world.record(3).reached() == {"shop/a": ("direct", 0, None)}, "an explicit path beats no_effect"

    def test_a_path_may_belong_to_several_components(self, world):
        world.commit("a", config=THREE.replace('["b/**"]', '["b/**", "a/shared/**"]'))
        world.record(1)
        world.commit(files={"a/shared/x": "1"})
        assert set(world.record(2).reached()) == {"shop/a", "shop/b"}

    def test_a_catalog_without_components_is_no_answer(self, world):
        world.commit("a", config="")
        with pytest.raises(InvalidCallError, match="has no component"):
            world.record(1)

    def test_an_unknown_component_is_refused_with_the_nearest_name(self, world):
        world.commit("a", config=THREE.replace("components.a", "components.invoicing"))
        with pytest.raises(UnknownNameError) as caught:
            world.record(1, components=("invoiceing",))
        assert "Did you mean invoicing?" in caught.value.hint
        assert world.record(1, components=("shop/b",)).baselines[0]["components"] == ["shop/b"]


class TestChangeWithoutGit:
    def test_it_reaches_its_components_and_who_depends_on_them(self, libraries):
        done = libraries.record(2, stated_kind="change", components=("shop",), title="Switch to the new tax table")
        assert (done.kind, done.base, done.document["deployment"]["head"]) == ("change", None, None)
        assert done.document["deployment"]["title"] == "Switch to the new tax table"
        assert done.reached() == {"shop/shop": ("direct", 0, None), "shop/app": ("dependent", 1, "shop/shop")}
        assert done.document["changes"] == {"added": 1, "removed": 0, "reverted_in_range": 0}

    def test_it_ends_nothing_and_is_carried_past_the_next_deployment(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        before = world.record(2)
        flag = world.record(3, stated_kind="change", components=("a",), title="Flag on")
        assert world.window(before, "a").live == (2, None)
        world.commit("a")
        world.record(4)
        assert world.window(before, "a").live == (2, 4)
        assert (world.window(flag, "a").live, world.window(flag, "a").carried_until) == ((3, 4), None)

    def test_another_change_may_be_named_as_its_fix(self, world):
        world.commit("a")
        world.record(1)
        flag = world.record(2, stated_kind="change", components=("a",), title="Flag on")
        done = world.record(3, stated_kind="change", components=("a",), title="Flag off", fixes=(flag.id,))
        assert done.undoes == [flag.id]
        assert world.window(flag, "a").carried_until == 3

    @pytest.mark.parametrize(
        ("missing", "words"), [({"title": ""}, "what it is"), ({"components": ()}, "what it touches")]
    )
    def test_it_has_to_say_what_it_is_and_what_it_touches(self, world, missing, words):
        world.commit("a")
        with pytest.raises(InvalidCallError, match=words):
            world.record(1, **{"stated_kind": "change", "title": "Flag", "components": ("a",), **missing})


class TestCatalogInForce:
    def in_force(self, world) -> list[tuple[float, str]]:
        rows = [row for row in world.rows(t.catalog_in_force) if row["recorded_to"].year == 9999]
        titles = {row["catalog_id"]: row["title"] for row in world.rows(t.catalog_component)}
        return [
            ((row["valid_from"] - hour(0)).total_seconds() / 3600, titles[row["catalog_id"]])
            for row in sorted(rows, key=lambda row: row["valid_from"])
        ]

    def titled(self, world, title: str) -> str:
        return world.commit("a", config=f'[components.a]\npaths = ["**"]\ntitle = "{title}"\n')

    def test_it_is_that_of_the_newest_forward_deployment(self, world):
        first = self.titled(world, "one")
        world.record(1)
        self.titled(world, "two")
        world.record(2)
        world.record(3, head=first)
        assert self.in_force(world) == [(1, "one"), (2, "two")], "a rollback leaves it"

    def test_what_is_recorded_late_has_its_own_time_only(self, world):
        first = self.titled(world, "one")
        second = self.titled(world, "two")
        world.record(1, head=first)
        world.record(3, head=self.titled(world, "one"))
        world.record(2, head=second)
        assert self.in_force(world) == [(1, "one"), (2, "two"), (3, "one")]

    def test_a_failed_deployment_does_not_change_it(self, world):
        self.titled(world, "one")
        world.record(1)
        self.titled(world, "two")
        world.record(2, status="failed")
        assert self.in_force(world) == [(1, "one")]


class TestSharedEnvironments:
    def test_a_guessed_tier_does_not_replace_a_stated_one(self, tmp_path, ledger):
        shop, web = World(tmp_path, ledger), World(tmp_path, ledger, key="web")
        shop.commit("a")
        web.commit("a")
        shop.record(1, environment="blue", tier="production")
        web.record(2, environment="blue", tier="other", tier_is_guess=True)
        assert [row["tier"] for row in shop.rows(t.environment)] == ["production"]
        web.record(3, environment="blue", tier="staging")
        assert [row["tier"] for row in shop.rows(t.environment)] == ["staging"]

    def test_products_of_one_repo_survive_the_deployments_of_another(self, tmp_path, ledger):
        shop, web = World(tmp_path, ledger), World(tmp_path, ledger, key="web")
        shop.commit("a")
        web.commit("a")
        shop.record(1, products={"basic": ("shop/a",)})
        web.record(2, products={"plus": ("web/*",)})
        web.record(3)
        current = [row for row in shop.rows(t.product_component) if row["valid_to"].year == 9999]
        assert {(row["product"], row["pattern"]) for row in current} == {("basic", "shop/a"), ("plus", "web/*")}
        shop.record(4, products={"basic": ("shop/b",)})
        current = [
            row
            for row in shop.rows(t.product_component)
            if row["valid_to"].year == 9999 and row["recorded_to"].year == 9999
        ]
        assert {(row["product"], row["pattern"]) for row in current} == {("basic", "shop/b"), ("plus", "web/*")}

    def test_a_region_of_one_repo_is_known_to_all(self, tmp_path, ledger):
        shop, web = World(tmp_path, ledger), World(tmp_path, ledger, key="web")
        shop.commit("a")
        web.commit("a")
        shop.record(1, known=Axes(frozenset({"eu"})))
        done = web.record(2)
        assert [target["region"] for target in done.baselines[0]["targets"]] == [None, "eu"]
