"""A list is a draft until somebody approves it, and again when what was approved is not what would be said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasewatch.domain.call_approval import Approval, how_to_approve, judge
from releasewatch.domain.staff import Staff, is_same_person

AT = datetime(2026, 3, 1, tzinfo=UTC)
GIVEN = Approval(2, given=True, revision=7, blamed=frozenset({3}), why="", by="lou", at=AT)
TAKEN_BACK = Approval(3, given=False, revision=7, blamed=frozenset({3}), why="wrong region", by="lou", at=AT)


@pytest.mark.parametrize(
    ("words", "severity", "revision", "blamed", "because"),
    [
        ([], "SEV2", 7, {3}, "nobody has approved it yet"),
        ([], "", 7, {3}, "nobody has approved it yet"),
        ([], "SEV1", 7, {3}, ""),
        ([GIVEN], "SEV2", 7, {3}, ""),
        ([GIVEN], "SEV2", 8, {3}, "the wording for customers changed since version 2 was approved"),
        ([GIVEN], "SEV2", 0, {3}, "the wording for customers changed since version 2 was approved"),
        ([GIVEN], "SEV2", 8, {3, 4}, "the blame changed since version 2 was approved"),
        ([GIVEN], "SEV2", 7, set(), "the blame changed since version 2 was approved"),
        ([GIVEN], "SEV1", 8, set(), ""),
        ([GIVEN, TAKEN_BACK], "SEV1", 7, {3}, "the approval of version 3 was taken back"),
        ([GIVEN, TAKEN_BACK, GIVEN], "SEV2", 7, {3}, ""),
    ],
)
def test_an_approval_holds_for_what_was_approved(words, severity, revision, blamed, because):
    found = judge(words, severity, revision, frozenset(blamed))
    assert (found.because, found.approved) == (because, not because)


def test_who_may_approve_is_said_without_a_name():
    assert "Its customer liaison approves it" in how_to_approve(judge([], "", 0, frozenset(), role="liaison"), "INC-1")
    assert "Its commander approves it" in how_to_approve(judge([], "", 0, frozenset(), role="commander"), "INC-1")
    assert "--why TEXT" in how_to_approve(judge([], "", 0, frozenset()), "INC-1")


def test_a_person_is_known_by_key_name_or_address():
    staff = [Staff("lou", "Lou Example", "lou@example.org"), Staff("kim", "Kim Example")]
    assert is_same_person(staff, "Lou Example", "LOU@example.org")
    assert is_same_person(staff, "stranger", "Stranger ")
    assert not is_same_person(staff, "lou", "kim")
    assert not is_same_person(staff, "", "kim")


@pytest.mark.parametrize("words", [[], [GIVEN], [GIVEN, TAKEN_BACK]])
def test_the_list_of_a_cancelled_incident_is_no_draft(words: list[Approval]) -> None:
    assert judge(words, "SEV3", 8, frozenset({4}), cancelled=True).approved
