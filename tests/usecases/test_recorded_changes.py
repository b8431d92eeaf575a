"""Which commits a recorded deployment holds, and what each of them touches: reverts and merges included."""

from __future__ import annotations

import pytest

from releasewatch.storage import tables as t
from tests.support.worlds import Done, World


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def touches(world: World, done: Done) -> dict[str, set[str]]:
    """For each change by subject the components that it touches."""
    with world.ledger.read() as connection:
        subjects = {
            row.change_no: row.subject
            for row in connection.execute(t.change.select().where(t.change.c.deployment_id == done.number))
        }
        keys = {row.component_id: row.key for row in connection.execute(t.component.select())}
        rows = connection.execute(
            t.change_component.select().where(t.change_component.c.deployment_id == done.number)
        ).all()
    found: dict[str, set[str]] = {subject: set() for subject in subjects.values()}
    for row in rows:
        found[subjects[row.change_no]].add(keys[row.component_id])
    return found


def named(world: World, done: Done) -> set[str]:
    return {row["ref"] for row in world.rows(t.change_customer, done)}


class TestReverts:
    def test_a_change_reverted_inside_the_range_touches_nothing(self, world):
        world.commit("a", "b")
        world.record(1)
        undone = world.commit("a", subject="Try it", trailers={"Customer": "acme"})
        world.commit("b", subject="Stay")
        world.repo.revert(undone)
        done = world.record(2)
        assert done.reached() == {"shop/b": ("direct", 0, None)}
        assert touches(world, done) == {"Try it": set(), "Stay": {"b"}, 'Revert "Try it"': set()}
        assert done.document["changes"] == {"added": 3, "removed": 0, "reverted_in_range": 1}
        assert named(world, done) == set()

    def test_neither_does_the_reverting_commit_where_others_explain_the_path(self, world):
        world.commit("a", files={"a/other": "1"})
        world.record(1)
        undone = world.commit("a", subject="Try it")
        world.repo.revert(undone)
        world.commit("a", subject="Do it well")
        assert touches(world, world.record(2)) == {"Try it": set(), 'Revert "Try it"': set(), "Do it well": {"a"}}

    def test_a_path_that_nobody_else_explains_stays_with_the_reverting_commit(self, world):
        world.commit("a")
        world.record(1)
        undone = world.commit("a", subject="Try it")
        world.commit("a", subject='Revert "Try it"', body=f"This reverts commit {undone}, and does something else.")
        done = world.record(2)
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert touches(world, done) == {"Try it": set(), 'Revert "Try it"': {"a"}}

    def test_a_revert_of_a_revert_restores(self, world):
        world.commit("a")
        world.record(1)
        work = world.commit("a", subject="Try it", trailers={"Customer": "acme"})
        back = world.repo.revert(work)
        world.repo.revert(back, subject='Reapply "Try it"')
        done = world.record(2)
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert touches(world, done)["Try it"] == {"a"}
        assert named(world, done) == {"acme"}

    def test_a_partial_revert_leaves_the_rest_touched(self, world):
        world.commit("a", "b")
        world.record(1)
        work = world.commit("a", "b", subject="Try both")
        before = {"b/file": world.repo.git("show", f"{work}~:b/file") + "\n"}
        world.commit(subject='Revert "Try both"', body=f"This reverts commit {work}.", files=before)
        done = world.record(2)
        assert done.reached() == {"shop/a": ("direct", 0, None)}
        assert touches(world, done)["Try both"] == {"a"}
        assert done.document["changes"]["reverted_in_range"] == 0

    def test_a_commit_may_be_reverted_against_one_baseline_and_unknown_to_the_other(self, world):
        world.commit("a")
        world.record(1, regions=("eu", "us"))
        work = world.commit("a", subject="Try it")
        world.record(2, regions=("us",))
        world.repo.revert(work)
        done = world.record(3, regions=("eu", "us"))
        assert [(w.carrier, w.region) for w in world.windows(done)] == [("a", "us")]
        assert touches(world, done) == {"Try it": set(), 'Revert "Try it"': {"a"}}


class TestMerges:
    def test_a_path_that_only_the_merge_made_is_attributed_to_it(self, world):
        world.commit("a", "b")
        world.record(1)
        world.repo.branch("topic")
        world.commit("a", subject="On the branch")
        world.repo.switch("main")
        world.commit("c", subject="On the line")
        world.repo.merge("topic", subject="Merge topic", files={"b/file": "by the merge"})
        done = world.record(2)
        assert set(done.reached()) == {"shop/a", "shop/b", "shop/c"}
        assert touches(world, done) == {"On the branch": {"a"}, "On the line": {"c"}, "Merge topic": {"b"}}

    def test_a_merge_that_did_nothing_itself_touches_nothing(self, world):
        world.commit("a")
        world.record(1)
        world.repo.branch("topic")
        world.commit("a", subject="On the branch")
        world.repo.switch("main")
        world.repo.merge("topic", subject="Merge topic")
        assert touches(world, world.record(2)) == {"On the branch": {"a"}, "Merge topic": set()}

    def test_reverting_a_merge_reverts_what_it_brought(self, world):
        world.commit("a", "b")
        world.record(1)
        world.repo.branch("topic")
        world.commit("a", subject="On the branch")
        world.repo.switch("main")
        merge = world.repo.merge("topic", subject="Merge topic")
        world.repo.revert(merge)
        world.commit("b", subject="Stay")
        done = world.record(2)
        assert done.reached() == {"shop/b": ("direct", 0, None)}
        assert touches(world, done)["On the branch"] == set()


class TestNamedCustomers:
    def test_a_change_that_touches_only_what_was_not_deployed_names_nobody(self, world):
        world.commit("a", "b")
        world.record(1)
        world.commit("a", trailers={"Customer": "acme"})
        world.commit("b", trailers={"Customer": "other"})
        assert named(world, world.record(2, components=("a",))) == {"acme"}

    def test_one_that_touches_nothing_known_does(self, world):
        world.commit("a")
        world.record(1)
        world.commit(files={"tools/x": "1"}, trailers={"Customer": "acme"})
        world.commit(trailers={"customer": " beta "})
        assert named(world, world.record(2)) == {"acme", "beta"}

    def test_one_trailer_names_several_between_commas(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a", trailers={"Customer": "acme, beta,, nobody ,"})
        assert named(world, world.record(2)) == {"acme", "beta", "nobody"}

    def test_what_a_merge_says_counts_when_something_that_it_brought_does(self, world):
        world.commit("a", "b")
        world.record(1)
        for component, customer in (("a", "acme"), ("b", "other")):
            world.repo.branch(f"topic-{component}")
            world.commit(component)
            world.repo.switch("main")
            world.repo.merge(f"topic-{component}", trailers={"Customer": customer})
        assert named(world, world.record(2, components=("a",))) == {"acme"}

    def test_a_rollback_names_whom_the_removed_changes_named(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a", trailers={"Customer": "acme"})
        world.record(2)
        assert named(world, world.record(3, head=first)) == {"acme"}


class TestSides:
    def test_a_rollback_holds_the_changes_it_removes(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a", subject="Gone")
        world.record(2)
        done = world.record(3, head=first)
        assert done.document["changes"] == {"added": 0, "removed": 1, "reverted_in_range": 0}
        assert [(row["side"], row["subject"]) for row in world.rows(t.change, done)] == [("removed", "Gone")]
        assert touches(world, done) == {"Gone": {"a"}}

    def test_diverged_heads_have_both(self, world):
        fork = world.commit("a", "b")
        world.commit("a", subject="On main")
        world.record(1)
        world.repo.branch("hotfix", fork)
        world.commit("b", subject="On hotfix")
        done = world.record(2)
        assert done.document["deployment"]["range"] == "diverged"
        assert done.document["changes"] == {"added": 1, "removed": 1, "reverted_in_range": 0}
        assert set(done.reached()) == {"shop/a", "shop/b"}

    def test_a_path_that_is_no_utf8_is_kept_readable(self, world):
        world.commit("a")
        world.record(1)
        world.commit(files={b"a/caf\xe9": b"1"})
        done = world.record(2)
        assert [row["path"] for row in world.rows(t.changed_path, done)] == [r"a/caf\xe9"]
