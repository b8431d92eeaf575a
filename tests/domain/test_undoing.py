"""Whether anything is left of what a deployment brought: by contents, by commits, and what neither can decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasewatch.domain.undoing import Carried, CarriedPath, Since, is_partly_gone, judge

ONE = CarriedPath("a/one", "before 1", "after 1")
TWO = CarriedPath("a/two", "before 2", "after 2")
NEW = CarriedPath("a/new", None, "after")
GONE = CarriedPath("a/gone", "before", None)
MODE = CarriedPath("a/mode", "same", "same")

NOTHING = Since(added=(), removed=())


def carried(*paths: CarriedPath, added: str = "C", removed: str = "", complete: bool = True) -> Carried:
    changes = tuple([(sha, "added") for sha in added] + [(sha, "removed") for sha in removed])
    return Carried(7, 0, changes, paths, complete)  # type: ignore[arg-type]


def verdict(what: Carried, since: Since = NOTHING, **blobs: str) -> str:
    return judge(what, replace(since, blobs={name.replace("_", "/"): blob for name, blob in blobs.items()})).verdict


class TestContents:
    def test_as_before_is_undone_whoever_did_it(self):
        assert verdict(carried(ONE), a_one="before 1") == "undone"

    def test_as_put_is_carried_even_when_its_commit_has_left(self):
        assert verdict(carried(ONE), Since(added=(), removed="C"), a_one="after 1") == "carried"

    def test_something_else_is_carried(self):
        assert verdict(carried(ONE), a_one="other") == "carried"

    def test_all_paths_have_to_be_as_before(self):
        assert verdict(carried(ONE, TWO), a_one="before 1", a_two="after 2") == "carried"
        assert verdict(carried(ONE, TWO), a_one="before 1", a_two="other") == "carried"
        assert verdict(carried(ONE, TWO), a_one="before 1", a_two="before 2") == "undone"

    def test_a_path_that_was_added_is_as_before_when_it_is_gone(self):
        assert verdict(carried(NEW)) == "undone"
        assert verdict(carried(NEW), a_new="after") == "carried"

    def test_a_path_that_was_deleted_is_as_before_when_it_is_back(self):
        assert verdict(carried(GONE)) == "carried"
        assert verdict(carried(GONE), a_gone="before") == "undone"

    def test_a_mode_cannot_be_seen(self):
        assert verdict(carried(MODE), a_mode="same") == "carried"
        assert verdict(carried(ONE, MODE), a_one="before 1", a_mode="same") == "carried"

    def test_without_paths_or_changes_there_is_nothing_to_judge_by(self):
        assert verdict(carried(added="")) == "carried"


class TestRolledBack:
    LEFT = Since(added=(), removed="CD")

    def test_its_commits_have_left_the_history(self):
        assert judge(carried(ONE), replace(self.LEFT, blobs={"a/one": "other"})).reason == (
            "rolled back: its 1 change was taken out"
        )

    def test_all_of_them_have_to(self):
        assert verdict(carried(ONE, added="CX"), self.LEFT, a_one="other") == "carried"

    def test_a_mode_is_rolled_back_with_its_commit(self):
        assert verdict(carried(MODE), self.LEFT, a_mode="same") == "undone"

    def test_a_path_that_newcomers_touched_may_have_it_again(self):
        since = replace(self.LEFT, added=("N",), touched={"a/one"})
        assert verdict(carried(ONE), since, a_one="other") == "undecided"
        assert verdict(carried(ONE), since, a_one="before 1") == "undone"
        assert verdict(carried(ONE), since, a_one="after 1") == "carried"

    def test_a_path_that_they_left_alone_has_not(self):
        since = replace(self.LEFT, added=("N",), touched={"b/other"})
        assert verdict(carried(ONE), since, a_one="other") == "undone"

    def test_what_is_not_known_in_full_cannot_be_known_to_be_gone(self):
        assert verdict(carried(ONE, complete=False), self.LEFT, a_one="other") == "undecided"
        assert verdict(carried(ONE, complete=False), self.LEFT, a_one="before 1") == "undone"


class TestReverted:
    def since(self, **reverted: str) -> Since:
        return Since(added=("R",), removed=(), reverted={s: frozenset(p.split()) for s, p in reverted.items()})

    def test_by_commits_that_touched_all_its_paths(self):
        found = judge(carried(ONE, TWO), replace(self.since(C="a/one a/two"), blobs={"a/one": "x", "a/two": "y"}))
        assert (found.verdict, found.reason) == ("undone", "its 1 change was reverted")

    def test_a_path_that_the_revert_left_alone_is_carried(self):
        assert verdict(carried(ONE, TWO), self.since(C="a/one"), a_one="x", a_two="y") == "carried"
        assert verdict(carried(ONE, TWO), self.since(C="a/one"), a_one="x", a_two="before 2") == "undone"

    def test_several_reverts_together(self):
        both = self.since(C="a/one", D="a/two")
        assert verdict(carried(ONE, TWO, added="CD"), both, a_one="x", a_two="y") == "undone"
        assert verdict(carried(ONE, TWO, added="CDE"), both, a_one="x", a_two="y") == "carried"

    def test_one_reverted_and_one_rolled_back(self):
        since = replace(self.since(C="a/one"), removed="D")
        assert judge(carried(ONE, added="CD"), replace(since, blobs={"a/one": "x"})).reason == (
            "its 2 changes were rolled back or reverted"
        )
        assert verdict(carried(ONE, TWO, added="CD"), since, a_one="x", a_two="y") == "undecided"

    def test_some_gone_and_some_not_are_partly_gone(self):
        assert is_partly_gone(carried(ONE, added="CD"), self.since(C="a/one"))
        assert not is_partly_gone(carried(ONE, added="C"), self.since(C="a/one"))
        assert not is_partly_gone(carried(ONE, added="XY"), self.since(C="a/one"))


class TestRollbacksUndone:
    def test_what_a_rollback_took_out_comes_back(self):
        since = Since(added="CX", removed=(), touched={"a/one"})
        found = judge(carried(ONE, added="", removed="C"), replace(since, blobs={"a/one": "other"}))
        assert (found.verdict, found.reason) == ("undone", "rolled forward: what it took out was brought back")

    def test_but_not_when_the_path_is_as_the_rollback_left_it(self):
        assert verdict(carried(ONE, added="", removed="C"), Since(added="C", removed=()), a_one="after 1") == "carried"

    def test_nor_by_commits_that_stay_away(self):
        assert verdict(carried(ONE, added="", removed="C"), a_one="other") == "carried"


class TestHalfKnown:
    """The walk met a shallow boundary: what left the history is not known."""

    SINCE = Since(added=(), removed=None, differing={"a/one"})

    def test_contents_still_decide(self):
        assert verdict(carried(ONE), self.SINCE, a_one="before 1") == "undone"
        assert verdict(carried(ONE), self.SINCE, a_one="after 1") == "carried"

    def test_a_path_outside_of_the_difference_is_as_it_was(self):
        assert verdict(carried(TWO), self.SINCE, a_two="other") == "carried"

    def test_a_path_inside_of_it_is_undecided(self):
        assert verdict(carried(ONE), self.SINCE, a_one="other") == "undecided"

    def test_so_is_any_when_there_is_no_difference_to_be_had(self):
        assert verdict(carried(TWO), replace(self.SINCE, differing=None), a_two="other") == "undecided"

    @pytest.mark.parametrize(("touched", "expected"), [("a/one", "undone"), ("a/two", "undecided")])
    def test_a_revert_that_is_seen_counts(self, touched, expected):
        since = replace(self.SINCE, added=("R",), reverted={"C": frozenset({touched})})
        assert verdict(carried(ONE), since, a_one="other") == expected
