"""How long a change was live and carried: until the next success, and until somebody took it back."""

from __future__ import annotations

import pytest

from tests.support.worlds import Done, World


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


@pytest.fixture
def brought(world) -> tuple[World, str, Done]:
    """A world in which the second deployment, at hour 2, brought one change to a; its sha and that deployment."""
    world.commit("a", "b", "c")
    world.record(1)
    sha = world.commit("a", subject="Try it")
    return world, sha, world.record(2)


def content(world: World, rev: str, path: str = "a/file") -> dict[str, str]:
    return {path: world.repo.git("show", f"{rev}:{path}") + "\n"}


class TestLive:
    def test_until_the_next_success_in_the_cell(self, brought):
        world, _, done = brought
        world.commit("b")
        world.record(3, components=("b",))
        assert world.window(done, "a").live == (2, None)
        world.record(4, components=("a",))
        assert world.window(done, "a").live == (2, 4)

    def test_a_failed_deployment_does_not_end_it(self, brought):
        world, _, done = brought
        world.commit("a")
        world.record(3, status="failed")
        assert world.window(done, "a").live == (2, None)

    def test_the_document_tells_it_by_target(self, world):
        world.commit("a")
        done = world.record(1, regions=("eu", "us"))
        world.record(2, regions=("eu",))
        live = {
            t["region"]: (t["live_from"][11:16], t["live_until"] and t["live_until"][11:16])
            for t in world.show(done).document["deployment"]["targets"]
        }
        assert live == {"eu": ("01:00", "02:00"), "us": ("01:00", None)}

    def test_a_target_ends_when_the_last_of_its_cells_does(self, world):
        world.commit("a")
        done = world.record(1)
        world.record(2, components=("a", "b"))
        assert world.show(done).document["deployment"]["targets"][0]["live_until"] is None
        world.record(3, components=("c",))
        assert world.show(done).document["deployment"]["targets"][0]["live_until"].endswith("T03:00:00Z")


class TestCarrying:
    def test_it_outlives_deployments_that_have_nothing_to_do_with_it(self, brought):
        world, _, done = brought
        world.commit("b")
        world.record(3)
        world.commit("a")
        later = world.record(4)
        assert world.window(done, "a").live == (2, 3)
        assert world.window(done, "a").carried_until is None
        assert later.undoes == []

    def test_a_rollback_ends_it_and_names_what_it_undoes(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        one = world.record(2)
        world.commit("a", "b")
        two = world.record(3)
        back = world.record(4, head=first)
        assert (back.kind, back.undoes) == ("rollback", [one.id, two.id])
        assert world.window(one, "a").carried_until == world.window(two, "a").carried_until == 4
        assert world.window(two, "b").carried_until == 4

    def test_a_rollback_half_the_way_leaves_the_first_half(self, world):
        world.commit("a")
        world.record(1)
        middle = world.commit("a")
        one = world.record(2)
        world.commit("a")
        two = world.record(3)
        back = world.record(4, head=middle)
        assert back.undoes == [two.id]
        assert world.window(one, "a").carried_until is None

    def test_its_reason_is_kept(self, world):
        world.commit("a", "b")
        middle = world.commit("b")
        world.record(1, head=middle)
        world.commit("a")
        done = world.record(2)
        world.repo.branch("other", middle)
        world.commit("a")
        world.record(3, head="main")
        world.record(4, head=middle)
        assert world.window(done, "a").reason == "its 1 changed path is as before"

    def test_rolling_forward_again_is_a_deployment_that_undoes_the_rollback(self, world):
        first = world.commit("a")
        world.record(1)
        last = world.commit("a")
        one = world.record(2)
        back = world.record(3, head=first)
        again = world.record(4, head=last)
        assert (again.kind, again.undoes) == ("deploy", [back.id])
        assert world.window(one, "a").carried_until == 3
        assert world.window(back, "a").carried_until == 4
        assert world.window(again, "a").carried_until is None

    def test_rolling_forward_past_it_undoes_the_rollback_too(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2)
        back = world.record(3, head=first)
        world.commit("a")
        assert world.record(4).undoes == [back.id]
        assert world.window(back, "a").reason.startswith("rolled forward")

    def test_one_region_only(self, world):
        first = world.commit("a")
        world.record(1, regions=("eu", "us"))
        world.commit("a")
        done = world.record(2, regions=("eu", "us"))
        back = world.record(3, head=first, regions=("us",))
        assert back.undoes == [done.id]
        assert world.carried(done) == {("eu", ""): None, ("us", ""): 3}

    def test_a_rollback_in_one_region_of_what_went_everywhere(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        done = world.record(2)
        world.record(3, head=first, regions=("us",))
        assert world.carried(done) == {("", ""): None, ("us", ""): 3}

    def test_one_component_only(self, world):
        first = world.commit("a", "b")
        world.record(1)
        world.commit("a", "b")
        done = world.record(2)
        world.record(3, head=first, components=("b",))
        assert world.window(done, "a").carried_until is None
        assert world.window(done, "b").carried_until == 3

    def test_a_library_is_carried_by_each_service_it_is_part_of(self, tmp_path, ledger):
        services = "".join(f'[components.{s}]\npaths = ["{s}/**"]\ndepends_on = ["lib"]\n' for s in ("x", "y"))
        world = World(tmp_path, ledger, config=services + '[components.lib]\npaths = ["lib/**"]\ntype = "library"\n')
        first = world.commit("lib", "x", "y")
        world.record(1)
        world.commit("lib")
        done = world.record(2)
        world.record(3, head=first, components=("x",))
        assert {(w.carrier, w.touched): w.carried_until for w in world.windows(done)} == {
            ("lib", "lib"): None,
            ("x", "lib"): 3,
            ("y", "lib"): None,
        }


class TestReverts:
    def test_by_the_full_sha(self, brought):
        world, sha, done = brought
        world.commit("b")
        world.repo.revert(sha)
        back = world.record(3)
        assert (back.kind, back.undoes) == ("deploy", [done.id])
        assert world.window(done, "a").carried_until == 3

    @pytest.mark.parametrize("how", ["full sha", "abbreviated sha", "quoted subject", "subject with a pull request"])
    def test_even_when_the_contents_are_not_as_before(self, brought, how):
        world, sha, done = brought
        world.commit("a", files={"a/other": "1"}, subject="Unrelated")
        world.record(3)
        body = {"full sha": f"This reverts commit {sha}.", "abbreviated sha": f"This reverts commit {sha[:10]}."}
        pull = " (#12)" if how == "subject with a pull request" else ""
        world.commit("a", subject=f'Revert "Try it"{pull}', body=body.get(how, ""))
        back = world.record(4)
        assert back.undoes == [done.id]
        window = world.window(done, "a")
        assert (window.carried_until, window.reason) == (4, "its 1 change was reverted")

    def test_by_the_title_of_the_pull_request_whose_merge_brought_it(self, world):
        world.commit("a", "b")
        world.record(1)
        world.repo.branch("topic")
        world.commit("a", subject="wip")
        world.repo.switch("main")
        world.repo.merge("topic", subject="Merge pull request #7 from shop/topic", body="Try it")
        done = world.record(2)
        world.commit("a", subject='Revert "Try it"')
        assert world.record(3).undoes == [done.id]
        assert world.window(done, "a").carried_until == 3

    def test_of_the_merge_that_brought_it(self, world):
        world.commit("a", "b")
        world.record(1)
        world.repo.branch("topic")
        world.commit("a", subject="wip")
        world.repo.switch("main")
        merge = world.repo.merge("topic")
        done = world.record(2)
        world.commit("a", subject='Revert "Merge topic"', body=f"This reverts commit {merge}.")
        assert world.record(3).undoes == [done.id]

    def test_a_partial_revert_leaves_it_carried(self, world):
        world.commit("a", files={"a/one": "1", "a/two": "1"})
        world.record(1)
        sha = world.commit(subject="Try it", files={"a/one": "2", "a/two": "2"})
        done = world.record(2)
        world.commit(subject='Revert "Try it"', body=f"This reverts commit {sha}.", files={"a/one": "1"})
        assert world.record(3).undoes == []
        assert world.window(done, "a").carried_until is None

    def test_and_so_it_does_when_the_rest_was_changed_further(self, world):
        world.commit("a", files={"a/one": "1", "a/two": "1"})
        world.record(1)
        sha = world.commit(subject="Try it", files={"a/one": "2", "a/two": "2"})
        done = world.record(2)
        world.commit(files={"a/two": "3"})
        world.commit(subject='Revert "Try it"', body=f"This reverts commit {sha}.", files={"a/one": "1"})
        assert world.record(3).undoes == []
        assert world.window(done, "a").carried_until is None
        assert world.window(done, "a").doubt_from is None

    def test_one_change_of_two_leaves_it_carried_until_the_other_is_reverted_later(self, world):
        world.commit("a", files={"a/one": "1", "a/two": "1"})
        world.record(1)
        first = world.commit(subject="One", files={"a/one": "2"})
        second = world.commit(subject="Two", files={"a/two": "2"})
        done = world.record(2)
        world.commit(subject='Revert "One"', body=f"This reverts commit {first}.", files={"a/one": "x"})
        assert world.record(3).undoes == []
        world.commit(subject='Revert "Two"', body=f"This reverts commit {second}.", files={"a/two": "x"})
        assert world.record(4).undoes == [done.id]
        assert world.window(done, "a").reason == "its 2 changes were reverted"

    def test_a_revert_of_the_revert_brings_it_back_under_its_own_name(self, brought):
        world, sha, done = brought
        back = world.repo.revert(sha)
        removal = world.record(3)
        world.repo.revert(back, subject='Reapply "Try it"')
        again = world.record(4)
        assert again.undoes == [removal.id]
        assert world.window(done, "a").carried_until == 3
        assert world.window(again, "a").carried_until is None

    def test_a_subject_that_also_names_an_older_change_means_the_nearest(self, world):
        world.commit("a", "b")
        world.record(1)
        world.commit("a", subject="Bump")
        older = world.record(2)
        world.commit("a", subject="Bump")
        newer = world.record(3)
        world.commit("a", subject='Revert "Bump"')
        assert world.record(4).undoes == [newer.id]
        assert world.window(older, "a").carried_until is None

    def test_a_sha_that_resolves_outside_of_the_ledger_is_not_replaced_by_the_subject(self, world):
        ancient = world.commit("a", subject="Bump")
        world.commit("b")
        world.record(1)
        world.commit("a", subject="Bump")
        done = world.record(2)
        world.commit("a", subject='Revert "Bump"', body=f"This reverts commit {ancient}.")
        assert world.record(3).undoes == []
        assert world.window(done, "a").carried_until is None

    def test_in_one_region_of_what_another_already_has_without_it(self, world):
        """The revert is inside the range of eu, which never had the change, and ends it in us, which had."""
        world.commit("a", "b")
        world.record(1, regions=("eu", "us"))
        sha = world.commit("a", subject="Try it")
        done = world.record(2, regions=("us",))
        world.commit("a", subject='Revert "Try it"', body=f"This reverts commit {sha}.")
        world.commit("b")
        back = world.record(3, regions=("eu", "us"))
        assert back.undoes == [done.id]
        assert world.carried(done) == {("us", ""): 3}


class TestContents:
    def test_putting_a_path_as_it_was_ends_it_whatever_the_message_says(self, brought):
        world, sha, done = brought
        world.commit(subject="Tidy up", files=content(world, f"{sha}~"))
        assert world.record(3).undoes == [done.id]
        assert world.window(done, "a").reason == "its 1 changed path is as before"

    def test_all_paths_have_to_be(self, world):
        world.commit("a", files={"a/one": "1"})
        world.record(1)
        world.commit(files={"a/one": "2", "a/new": "2"})
        done = world.record(2)
        world.commit(files={"a/one": "1"})
        assert world.record(3).undoes == []
        world.commit(delete=["a/new"])
        assert world.record(4).undoes == [done.id]
        assert world.window(done, "a").reason == "its 2 changed paths are as before"

    def test_a_path_that_came_back_after_it_was_deleted(self, world):
        world.commit("a", files={"a/one": "1"})
        world.record(1)
        world.commit(delete=["a/one"])
        done = world.record(2)
        world.commit(files={"a/one": "1"})
        assert world.record(3).undoes == [done.id]

    def test_a_cherry_pick_keeps_it_carried_though_its_commit_has_left(self, world):
        """The release branch had the fix first, and main has it under another sha: nothing was taken back."""
        fork = world.commit("a", "b")
        world.record(1)
        world.repo.branch("release")
        world.commit(subject="Fix", files={"a/file": "fixed\n"})
        done = world.record(2)
        world.repo.branch("trunk", fork)
        world.commit(subject="Other", files={"b/file": "other\n"})
        world.commit(subject="Fix", files={"a/file": "fixed\n"})
        moved = world.record(3)
        assert (moved.document["deployment"]["range"], moved.undoes) == ("diverged", [])
        assert (world.window(done, "a").carried_until, world.window(done, "a").doubt_from) == (None, None)

    def test_a_cherry_pick_changed_further_cannot_be_decided(self, world):
        fork = world.commit("a", "b")
        world.record(1)
        world.repo.branch("release")
        world.commit(subject="Fix", files={"a/file": "fixed\n"})
        done = world.record(2)
        world.repo.branch("trunk", fork)
        world.commit(subject="Fix", files={"a/file": "fixed\n"})
        world.commit(subject="More", files={"a/file": "fixed and more\n"})
        assert world.record(3).undoes == []
        window = world.window(done, "a")
        assert (window.carried_until, window.doubt_from) == (None, 3)
        assert window.reason == "not decided: its 1 change was taken out, but a/file was changed anew"

    def test_diverging_to_a_head_without_it_takes_it_out(self, world):
        fork = world.commit("a", "b")
        world.record(1)
        world.repo.branch("release")
        world.commit("a")
        done = world.record(2)
        world.repo.branch("trunk", fork)
        world.commit("b")
        assert world.record(3).undoes == [done.id]
        assert world.window(done, "a").carried_until == 3

    def test_a_mode_alone_cannot_be_seen_in_contents(self, world):
        world.commit("a", files={"a/run": "1", "a/one": "1"})
        world.record(1)
        (world.repo.path / "a" / "run").chmod(0o755)
        world.commit(files={"a/run": "1", "a/one": "2"})
        done = world.record(2)
        world.commit(files={"a/one": "1"})
        assert world.record(3).undoes == []
        assert world.window(done, "a").carried_until is None

    def test_a_path_that_is_no_utf8_is_found_again(self, world):
        world.commit("a")
        world.record(1)
        before = {"a/one": "1", "a/two": "1"}
        world.commit(files=before)
        world.record(1.5)
        world.commit(files={"a/one": "2", b"a/caf\xe9": b"1"})
        done = world.record(2)
        world.commit(files={"a/one": "1"})
        assert world.record(3).undoes == [], "the other path is still there"
        world.commit(delete=[b"a/caf\xe9"])
        assert world.record(4).undoes == [done.id]
