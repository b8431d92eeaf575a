"""Why a customer stands here and not higher, and what would change it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasewatch.domain.call_explaining import explain_place
from releasewatch.domain.call_purposes import Due, Standing
from releasewatch.domain.calls import CallCandidate
from tests.domain.test_call_rules import contact, customer, rank


def changes(who: CallCandidate, *, outside: bool = False, **rules: object) -> tuple[str, ...]:
    found = explain_place(rank(who, **rules), who.key, outside=outside)  # type: ignore[arg-type]
    assert found is not None
    return found.changes


def test_the_parts_that_differ_from_the_neighbour_make_the_gap() -> None:
    rows = rank(customer(1, tier="gold"), customer(2, tier="silver", escalated=True), customer(3))
    found = explain_place(rows, "k01")
    assert found is not None
    assert found.above is not None
    assert (found.row.rank, found.above.candidate.key, found.total) == (2, "k02", 3)
    assert dict(found.difference) == {"tier": 6, "escalated": -15}
    assert sum(found.difference.values()) == found.row.score - found.above.score == -9
    assert found.points_to_pass == 9, "with the same score the key decides, and theirs comes first"
    last = explain_place(rows, "k03")
    assert last is not None
    assert last.points_to_pass == 13, "with the same score they would still stand behind"


def test_the_first_has_nobody_above_and_who_is_not_there_no_place() -> None:
    rows = rank(customer(1))
    found = explain_place(rows, "k01")
    assert found is not None
    assert (found.above, dict(found.difference), found.points_to_pass) == (None, {}, 0)
    assert explain_place(rows, "k09") is None
    assert explain_place([], "k09") is None


def test_in_ci_the_difference_tells_nothing_of_the_relationship() -> None:
    rows = rank(customer(1, tier="gold"), customer(2, tier="platinum"))
    found = explain_place(rows, "k01", in_ci=True)
    assert found is not None
    assert dict(found.difference) == {"relationship": -8}


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            customer(1, "SEV3", "presumed"),
            (
                "affected instead of presumed: call",
                "SEV2 instead of SEV3: call",
                "60 minutes inside their working hours: call",
            ),
        ),
        (customer(1, "SEV5", "possible"), ("affected instead of possible: write",)),
        (customer(1, "", "possible"), ("affected instead of possible: call", "SEV1 instead of no severity said: call")),
        (
            customer(1, due=Due("", "they were told, and nothing is new")),
            ("something that they are owed: now they were told",),
        ),
        (customer(1, contacts=()), ("a contact with a number whom we may call: call",)),
        (customer(1, do_not_call=True), ("do-not-call being cleared, by a person and with why: call",)),
        (customer(1, due=Due("correction", "cleared")), ("that they were told by voice: call",)),
        (
            CallCandidate("a", "A", "dependent"),
            ("a change that names them: call", "a change in what they use itself: write"),
        ),
        (replace(CallCandidate("a", "A", "direct"), forgotten=True), ("nothing: they were forgotten",)),
        (
            customer(1, standing=Standing(waits_for="C-3")),
            ("C-3 comes first: once it is made, this one is to be made",),
        ),
    ],
)
def test_what_would_change_it(who: CallCandidate, said: tuple[str, ...]) -> None:
    found = changes(who)
    assert all(any(one.startswith(text) for one in found) for text in said), found


def test_a_full_week_is_named_and_a_name_is_not_where_none_may_be() -> None:
    rows = rank(*(customer(number) for number in range(6)), capacity=1)
    found = explain_place(rows, "k05")
    assert found is not None
    assert "room in their account manager's week, or a higher [calling] capacity: call" in found.changes
    for who in (customer(1, do_not_call=True), customer(1, contacts=(contact(1, consent="no"),))):
        assert "a contact whom we may call: call" in changes(who, outside=True)
        assert not any("do-not-call" in one for one in changes(who, outside=True))
