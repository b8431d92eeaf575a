"""What was promised is listed until somebody says what became of it, overdue first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.privacy import Reveal
from releasewatch.domain.promises import Word
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.erasing import erase_customer
from releasewatch.usecases.promises import Listing, list_promises, promise_document, say_of_promise
from releasewatch.usecases.sameness import Word as Reason
from releasewatch.usecases.sameness import merge_customers
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.promises import Promise
    from releasewatch.storage.ledger import Ledger

SOON, LATER = date(2026, 3, 2), date(2026, 3, 9)


class Promising(Desks):
    """Ada and Fay were called about an incident, and something was promised to each."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        key = self.open(3, deployment=self.record(2))
        self.plan(key, 3.1)
        self.numbers = {name: one["id"] for name, one in self.calls(key, 3.2).items()}
        self.log(self.numbers["fay"], 3.3, promise="a credit note", due_on=LATER)
        self.log(self.numbers["ada"], 3.4, promise="a call back", due_on=SOON, ask_engineering="why so slow?")

    def listed(self, at: float, **how: Any) -> list[tuple[str, str, bool]]:
        found = list_promises(self.ledger, Listing(hour(at), **how))
        return [(one.promise.id, one.promise.customer, one.overdue) for one in found]

    def says(self, ref: str, state: str, at: float, due: date | None = None, why: str = "") -> Promise:
        return say_of_promise(self.ledger, ref, Word(state, hour(at), due, why, "olga"), hour(at))


@pytest.fixture
def desks(tmp_path: Path, ledger: Ledger) -> Promising:
    return Promising(tmp_path, ledger)


def test_what_is_overdue_stands_first_and_what_is_kept_no_more(desks):
    assert desks.listed(10) == [("P-2", "ada", False), ("P-1", "fay", False)]
    assert desks.listed(50) == [("P-2", "ada", True), ("P-1", "fay", False)]
    assert desks.listed(50, overdue=True) == [("P-2", "ada", True)]
    assert desks.listed(50, customer="fay") == [("P-1", "fay", False)]
    assert desks.listed(50, account_manager="olga") == desks.listed(50)
    assert desks.says(desks.numbers["ada"], "kept", 50).state == "kept"
    assert desks.listed(51) == [("P-1", "fay", False)]
    assert desks.listed(51, settled=True) == [("P-1", "fay", False), ("P-2", "ada", False)]


def test_a_promise_that_is_moved_is_due_by_another_day_and_the_newest_word_counts(desks):
    moved = desks.says("P-2", "moved", 20, LATER, "they asked")
    assert (moved.due_on, moved.state, len(moved.words)) == (LATER, "open", 1)
    assert desks.says("p-2", "moved", 21, LATER, "they asked") == moved, "twice is once"
    assert desks.listed(50) == [("P-1", "fay", False), ("P-2", "ada", False)]
    assert desks.says("2", "broken", 60).state == "broken"
    assert desks.says("P-2", "kept", 61).state == "kept", "it was kept all the same"
    back = desks.says("P-2", "moved", 62, date(2026, 3, 4), "a mistake")
    assert (back.state, back.due_on, [one.state for one in back.words]) == (
        "open",
        date(2026, 3, 4),
        ["moved", "broken", "kept", "moved"],
    )


@pytest.mark.parametrize(
    ("ref", "state", "due", "why", "error"),
    [
        ("P-9", "kept", None, "", UnknownNameError),
        ("nothing", "kept", None, "", UnknownNameError),
        ("P-2", "moved", None, "x", InvalidCallError),
        ("P-2", "kept", LATER, "", InvalidCallError),
        ("P-2", "moved", date(2026, 2, 1), "x", InvalidCallError),
        ("P-2", "withdrawn", None, "", InvalidCallError),
    ],
)
def test_what_cannot_be_said_of_a_promise_is_refused(desks, ref, state, due, why, error):
    with pytest.raises(error):
        desks.says(ref, state, 20, due, why)
    assert len(desks.listed(20)) == 2


def test_of_several_promises_of_a_call_one_has_to_be_named(desks):
    desks.log(desks.numbers["ada"], 4, promise="a report", due_on=LATER)
    with pytest.raises(AmbiguousNameError) as error:
        desks.says(desks.numbers["ada"], "kept", 20)
    assert error.value.hint == "Say which: P-2, P-3"


def test_a_promise_follows_them_into_a_merge_and_loses_its_words_when_they_are_forgotten(desks):
    merge_customers(desks.ledger, "fay", "ada", Reason("kim", "taken over", hour(3000)))
    assert {customer for _, customer, _ in desks.listed(3001, customer="ada")} == {"ada"}
    assert len(desks.listed(3001, customer="ada")) == 2
    with desks.ledger.write() as connection:
        erase_customer(connection, resolve_customer(connection, "ada").customer_id, [], "kim", hour(3002))
    (ada,) = [one for one in list_promises(desks.ledger, Listing(hour(3003))) if one.promise.id == "P-2"]
    document = promise_document(ada.promise, date(2026, 9, 1), "", Reveal.CONTACTS)
    assert (document["promise"], document["overdue"]) == (None, True)
