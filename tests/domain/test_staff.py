"""Who keeps a customer: by name, by hand-over, or nobody."""

from __future__ import annotations

from datetime import date

import pytest

from releasewatch.domain.staff import Leave, Owner, Staff, StaffBook

DAY = date(2026, 3, 10)


def book(*staff: Staff, leaves: tuple[Leave, ...] = ()) -> StaffBook:
    return StaffBook(staff, leaves)


def test_without_a_staff_file_every_name_is_taken_as_given():
    assert StaffBook().owner("olga", DAY) == Owner("olga")
    assert StaffBook().owner("", DAY).key == ""


def test_who_is_not_among_the_staff_keeps_nobody():
    assert book(Staff("piet", "Piet")).owner("olga", DAY) == Owner("", "olga is not among our staff")


@pytest.mark.parametrize(("left_on", "kept"), [(date(2026, 3, 11), True), (DAY, False), (date(2026, 3, 1), False)])
def test_the_day_of_leaving_is_the_first_without_them(left_on, kept):
    owner = book(Staff("olga", "Olga", left_on=left_on)).owner("olga", DAY)
    assert bool(owner.key) is kept
    assert owner.note == ("" if kept else f"olga left on {left_on}")


def test_a_hand_over_is_followed_from_one_to_the_next():
    people = book(
        Staff("olga", "Olga"),
        Staff("piet", "Piet"),
        Staff("kim", "Kim"),
        leaves=(Leave("olga", date(2026, 3, 1), "piet"), Leave("piet", date(2026, 3, 9), "kim")),
    )
    assert people.owner("olga", date(2026, 2, 28)) == Owner("olga")
    assert people.owner("olga", date(2026, 3, 8)) == Owner("piet", "taken over from olga")
    assert people.owner("olga", DAY) == Owner("kim", "taken over from olga")
    assert people.kept_by("kim", ["olga", "piet", "kim", "zoe"], DAY) == {"olga", "piet", "kim"}


def test_two_who_name_each_other_keep_nobody():
    people = book(
        Staff("olga", "Olga"), Staff("piet", "Piet"), leaves=(Leave("olga", DAY, "piet"), Leave("piet", DAY, "olga"))
    )
    assert people.owner("olga", DAY).key == ""


def test_what_one_of_us_said_counts_before_the_file():
    people = book(Staff("olga", "Olga", left_on=date(2026, 1, 1)), leaves=(Leave("olga", date(2026, 4, 1)),))
    assert people.owner("olga", DAY) == Owner("olga")


@pytest.mark.parametrize(
    ("away", "note"),
    [
        ((DAY, DAY), "away until 2026-03-10; their manager is kim"),
        ((date(2026, 3, 1), None), "away since 2026-03-01; their manager is kim"),
        ((None, date(2026, 3, 12)), "away until 2026-03-12; their manager is kim"),
        ((date(2026, 3, 11), None), ""),
        ((date(2026, 3, 1), date(2026, 3, 9)), ""),
    ],
)
def test_who_is_away_keeps_their_customers_and_it_is_said(away, note):
    people = book(Staff("olga", "Olga", manager="kim", away_from=away[0], away_to=away[1]), Staff("kim", "Kim"))
    assert people.owner("olga", DAY) == Owner("olga", note)


def test_a_manager_who_is_not_here_is_not_named():
    people = book(Staff("olga", "Olga", manager="kim", away_to=DAY), Staff("kim", "Kim", left_on=DAY))
    assert people.owner("olga", DAY) == Owner("olga", "away until 2026-03-10")


def test_while_a_manager_is_away_too_the_next_one_is_asked():
    away = {"away_to": DAY}
    people = book(
        Staff("olga", "O", manager="kim", **away), Staff("kim", "K", manager="mara", **away), Staff("mara", "M")
    )
    assert people.owner("olga", DAY).note == "away until 2026-03-10, and so is their manager; ask mara"
    circle = book(Staff("olga", "O", manager="kim", **away), Staff("kim", "K", manager="olga", **away))
    assert circle.owner("olga", DAY).note == "away until 2026-03-10"
