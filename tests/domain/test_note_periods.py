"""Deployments of a period told as one: each change once, and what was taken back told to engineering alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.audiences import Edit
from releasewatch.domain.deployments import Place
from releasewatch.domain.note_building import build_notes
from releasewatch.domain.note_periods import Part, merge_parts, only_for
from releasewatch.domain.notes import ComponentLabel, CustomerScope, NoteChange, Notes, NotesInput, Period

if TYPE_CHECKING:
    from releasewatch.domain.audiences import Audience

NOW = datetime(2026, 3, 10, tzinfo=UTC)
PERIOD = Period(datetime(2026, 3, 1, tzinfo=UTC), NOW)
EVERYWHERE, EU, US = Place(), Place("eu"), Place("us")
LABELS = {key: ComponentLabel(key.title()) for key in ("a", "b")}


def change(sha: str, *components: str, **more: object) -> NoteChange:
    return replace(NoteChange(sha, f"Change {sha}", components=components or ("a",)), **more)  # type: ignore[arg-type]


def part(number: int, *changes: NoteChange, targets: tuple[Place, ...] = (EVERYWHERE,), **more: object) -> Part:
    """A deployment; its changes stand newest first."""
    given = NotesInput("shop", "f" * 40, NOW, deployment=f"D-{number}", changes=changes, components=LABELS)
    return Part(replace(given, **more), targets)  # type: ignore[arg-type]


def removed(one: NoteChange) -> NoteChange:
    return replace(one, side="removed")


def notes(audience: Audience, *parts: Part, **more: bool) -> Notes:
    return build_notes(merge_parts(parts, PERIOD, NOW, "customer", **more), audience)


def told(audience: Audience, *parts: Part, **more: bool) -> tuple[list[str], list[str]]:
    """The lines of what is new and of what was taken away, those that were undone left out."""
    made = notes(audience, *parts, **more)
    new, gone = (
        [item.text for section in sections if section.kind != "undone" for g in section.groups for item in g.items]
        for sections in (made.sections, made.removed)
    )
    return new, gone


X, Y, Z = change("x"), change("y"), change("z")


def test_a_change_that_several_deployments_brought_stands_there_once_the_newest_first():
    parts = (part(1, X, targets=(EU,)), part(2, Y, X, targets=(US,)), part(3, Z))
    assert told("account", *parts) == (["Change z", "Change y", "Change x"], [])


def test_what_it_touched_is_what_all_of_them_say():
    merged = merge_parts([part(1, change("x", "a")), part(2, change("x", "b"))], PERIOD, NOW, "customer")
    assert [one.components for one in merged.changes] == [("a", "b")]


@pytest.mark.parametrize("audience", ["account", "customer"])
class TestTakenBack:
    def test_what_was_rolled_back_is_not_new(self, audience):
        assert told(audience, part(1, Y, X), part(2, removed(Y))) == (["Change x"], [])

    def test_what_went_live_again_is(self, audience):
        assert told(audience, part(1, X), part(2, removed(X)), part(3, X)) == (["Change x"], [])

    def test_what_was_there_before_the_period_is_told_to_be_gone(self, audience):
        assert told(audience, part(1, removed(X))) == ([], ["Change x"])

    def test_unless_it_came_back(self, audience):
        assert told(audience, part(1, removed(X)), part(2, X)) == ([], [])

    def test_what_is_still_somewhere_is_new(self, audience):
        parts = (part(1, X, targets=(EU, US)), part(2, removed(X), targets=(EU,)))
        assert told(audience, *parts) == (["Change x"], [])
        assert told(audience, *parts, part(3, removed(X), targets=(US,))) == ([], [])

    def test_a_part_of_what_one_target_covers_leaves_the_rest(self, audience):
        assert told(audience, part(1, X), part(2, removed(X), targets=(EU,))) == (["Change x"], [])

    def test_for_one_customer_a_rollback_counts_wherever_it_was(self, audience):
        parts = (part(1, X), part(2, removed(X), targets=(EU,)))
        assert told(audience, *parts, for_one=True) == ([], [])

    def test_so_do_components(self, audience):
        both = change("x", "a", "b")
        parts = (part(1, both), part(2, removed(change("x", "a"))))
        assert told(audience, *parts) == (["Change x"], [])
        assert merge_parts(parts, PERIOD, NOW, "customer").changes[0].components == ("b",)
        assert told(audience, *parts, part(3, removed(change("x", "b")))) == ([], [])

    def test_what_a_later_deployment_reverted_is_not_new_and_neither_is_the_revert(self, audience):
        for words in ({"reverts": ("x",)}, {"reverts_subjects": ("Change x",)}):
            assert told(audience, part(1, Y, X), part(2, change("r", **words))) == (["Change y"], [])

    def test_a_revert_of_something_older_is_told(self, audience):
        assert told(audience, part(1, change("r", reverts=("before",)))) == (["Change r"], [])

    def test_a_revert_that_was_reverted_leaves_it_standing(self, audience):
        parts = (part(1, X), part(2, change("r", reverts=("x",))), part(3, change("s", reverts=("r",))))
        assert told(audience, *parts) == (["Change x"], [])

    def test_also_when_the_first_two_went_together(self, audience):
        """The deployment that held both found nothing of it left; what came back came with the second revert."""
        first = part(1, change("r", reverts=("x",)), change("x", reverted_by="r", components=()))
        assert told(audience, first) == ([], [])
        restored = (first, part(2, change("s", reverts=("r",))))
        assert told(audience, *restored) == (["Change x"], [])

    def test_a_revert_of_one_component_leaves_the_other(self, audience):
        parts = (part(1, change("x", "a", "b")), part(2, change("r", "a", reverts=("x",))))
        assert "Change x" in told(audience, *parts)[0]

    def test_what_was_decided_within_one_deployment_holds(self, audience):
        """There the paths were known: a revert of a part had left the change standing."""
        assert "Change x" in told(audience, part(1, change("r", reverts=("x",)), X))[0]


def test_engineering_reads_what_was_undone_and_by_which_deployment():
    made = notes("engineering", part(1, X), part(2, removed(X)))
    (item,) = (item for s in made.sections if s.kind == "undone" for g in s.groups for item in g.items)
    assert (item.text, item.reverted_by) == ("Change x", "D-2")


def test_what_was_not_deployed_is_told_with_the_deployment_that_brings_it():
    waits = part(1, change("x", "b"), change("y", "a"), not_deployed=frozenset({"b"}))
    assert told("account", waits) == (["Change y"], [])
    assert sorted(told("account", waits, part(2, change("x", "b")))[0]) == ["Change x", "Change y"]
    assert notes("engineering", waits).not_deployed == ("B",)
    assert notes("engineering", waits, part(2, change("x", "b"))).not_deployed == ()


def test_changes_without_git_are_told_apart():
    flags = [replace(change("", "a"), subject=f"Flag {n}") for n in (1, 2)]
    assert told("account", part(1, flags[0]), part(2, flags[1])) == (["Flag 2", "Flag 1"], [])
    for inner, outer in ((0, 1), (1, 0)):
        edits = [{"": Edit(audience="engineering" if n == inner else "customer")} for n in range(2)]
        parts = [part(n + 1, flags[n], edits=edits[n]) for n in range(2)]
        assert told("account", *parts) == ([flags[outer].subject], [])


def test_the_head_names_period_and_deployments_and_no_single_range():
    parts = [part(n, change(f"c{n}")) for n in range(1, 8)]
    few, many = notes("engineering", *parts[:3]), notes("engineering", *parts)
    assert (few.deployment, many.deployment) == ("D-1, D-2, D-3", "7, from D-1 to D-7")
    assert (few.period, few.base, few.head, few.live_at) == (PERIOD, None, None, None)
    assert notes("customer", *parts).deployment is None


def test_blanks_of_all_are_told_once():
    unmapped = {"unmapped": 1, "unmapped_sample": ("tools/x",)}
    blank = {"history_complete": False, "why_incomplete": "shallow"}
    made = notes("engineering", part(1, X, **unmapped), part(2, X, **unmapped, **blank))
    assert (made.unmapped, made.unmapped_sample) == (1, ("tools/x",))
    assert (made.history_complete, made.why_incomplete) == (False, "shallow")
    assert notes("engineering", part(1, X, **{**unmapped, "unmapped": 9}), part(2, X, **unmapped)).unmapped == 10


def test_several_repos_are_told_together():
    merged = merge_parts([part(1, X), part(2, Y, repo="auth")], PERIOD, NOW, "customer")
    assert merged.repo == "auth, shop"


def test_without_deployments_there_is_nothing_to_tell():
    assert notes("account").is_empty


class TestOneCustomer:
    SCOPE = CustomerScope("Acme", frozenset({"b"}), frozenset({"acme"}))

    def kept(self, *changes: NoteChange, **more: object) -> list[str]:
        return [one.sha for one in only_for(part(1, *changes, **more).given, self.SCOPE).changes]

    def test_what_reaches_them_is_kept_with_the_merges(self):
        merge = change("m", components=(), is_merge=True)
        assert self.kept(merge, change("x", "a"), change("y", "b")) == ["m", "y"]
        assert self.kept(merge, change("x", "a")) == []

    def test_also_through_what_theirs_depends_on(self):
        assert self.kept(change("x", "a"), sources={"b": frozenset({"a"})}) == ["x"]

    def test_and_what_names_them(self):
        assert self.kept(change("x", "a", trailers=(("Customer", " acme "),)), Y) == ["x"]
