"""A filled list is read back: once, whole, and never over what others did meanwhile."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from releasewatch.domain.filled_calls import FilledCall, Refused, read_filled
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import tables as t
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.erasing import erase_customer
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_import import FilledReport, import_filled
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import claim_call, get_call, skip_call
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.sameness import Word, merge_customers
from tests.usecases.test_incident_calls import CONTACTS, Desks
from tests.usecases.test_incidents import hour

ON_SQLITE = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
"""What no lock and no statement of its own decides is told once."""


class Paper(Desks):
    """A list that went out at three and comes back."""

    def begin(self, severity: str = "SEV1") -> str:
        key = self.open(3, deployment=self.record(2), severity=severity)
        self.summary(key, 3, "Totals are wrong.")
        self.plan(key, 3.1)
        self.ids = {name: one["id"] for name, one in self.calls(key, 3.2).items()}
        self.listed = hour(3.2)
        return key

    def row(self, customer: str, disposition: str = "connected", **cells: str) -> FilledCall | Refused:
        told = {
            "call": self.ids[customer],
            "key": customer,
            "contact": f"{customer.title()} Person",
            "list": "INC-1",
            "list_version": "1",
            "as_of": format_utc(self.listed),
        }
        return read_filled(9, told | {"disposition": disposition} | cells, UTC, hour(200))

    def back(self, at: float, *rows: FilledCall | Refused, by: str = "olga", strict: bool = False) -> FilledReport:
        return import_filled(self.ledger, rows, by, Planning(hour(at)), strict=strict)

    def shown(self, customer: str, at: float = 100) -> dict[str, Any]:
        with self.ledger.read() as connection:
            row = get_call(connection, self.ids[customer])
        return call_as_document(self.ledger, row, Planning(hour(at)))

    def attempts(self) -> int:
        with self.ledger.read() as connection:
            return len(connection.execute(t.attempt.select()).all())


@pytest.fixture
def paper(tmp_path, ledger) -> Paper:
    return Paper(tmp_path, ledger)


def reasons(report: FilledReport) -> list[tuple[str, str]]:
    return [(one.column, one.reason) for one in report.refused]


def test_each_filled_row_becomes_an_attempt_and_the_same_again_none(paper):
    paper.begin()
    rows = (
        paper.row("ada", outcome="affected", note="cross", promise="a note", due="2026-03-20", at="2026-03-01 04:00"),
        paper.row("bob", "no_answer", at="2026-03-01 04:10"),
        paper.row("bob", "busy", at="2026-03-01 04:20", next_at="2026-03-01 08:00"),
        paper.row("cy", "sent"),
    )
    first = paper.back(5, *rows)
    assert [(one.call, one.status) for one in first.added] == [
        (paper.ids["ada"], "done"), (paper.ids["bob"], "open"), (paper.ids["bob"], "open"), (paper.ids["cy"], "open"),
    ]  # fmt: skip
    assert (first.filled, first.unchanged, first.refused, first.noticed) == (4, 0, [], [])
    (attempt,) = paper.shown("ada")["attempts"]
    said = {name: attempt[name] for name in ("outcome", "note", "promise", "due_on", "at", "by")}
    assert tuple(said.values()) == ("affected", "cross", "a note", "2026-03-20", "2026-03-01T04:00:00Z", "olga")
    assert [one["disposition"] for one in paper.shown("bob")["attempts"]] == ["no_answer", "busy"]
    assert paper.shown("bob")["next_at"] == "2026-03-01T08:00:00Z"
    for at, by in ((5.5, "olga"), (6, "piet")):
        again = paper.back(at, *rows, by=by)
        assert (again.added, again.unchanged, again.refused) == ([], 4, [])
    assert paper.attempts() == 4
    more = paper.back(7, *rows, paper.row("bob", at="2026-03-01 06:30"))
    assert ([one.status for one in more.added], more.unchanged) == (["done"], 4)


@ON_SQLITE
def test_what_they_were_told_is_what_the_list_said_and_not_what_is_agreed_since(paper):
    key = paper.begin()
    paper.summary(key, 3.5, "Totals and taxes are wrong.")
    assert paper.back(5, paper.row("ada", at="2026-03-01 04:00"), paper.row("bob", list="INC-" + "9" * 30)).older == []
    (attempt,) = paper.shown("ada")["attempts"]
    assert [(one["revision"], one["told"]) for one in attempt["told"]] == [(1, "Totals are wrong.")]
    paper.plan(key, 5.1)
    assert paper.purposes(key, 5.2)["ada"][0] == "update"
    say_by_hand(paper.ledger, key, {"cleared": ["fay"]}, paper.telling(6, "logs"))
    assert paper.plan(key, 6.1).version == 3
    assert paper.back(7, paper.row("cy"), paper.row("di", list="INC-7"), paper.row("gil", list="x")).older == [
        ("INC-1", 1, 3)
    ]


@ON_SQLITE
def test_what_joined_the_call_since_was_not_told_and_keeps_it_open(paper):
    paper.begin()
    two = paper.open(4, title="mail", components=[("mail", "partial")], severity="SEV1")
    say_by_hand(paper.ledger, two, {"affected": ["ada"]}, paper.telling(4, "a ticket"))
    paper.plan(two, 4.1)
    report = paper.back(5, paper.row("ada"))
    assert [one.status for one in report.added] == ["open"]
    assert [one.text for one in report.noticed] == [
        "stays open: a first notice of INC-2 joined it after the list was made, and they were not told of that"
    ]
    (attempt,) = paper.shown("ada")["attempts"]
    assert [one["incident"] for one in attempt["told"]] == ["INC-1"]
    assert paper.purposes(two, 5.1)["ada"][:2] == ("first_notice", "open")


def test_what_others_did_meanwhile_stays_and_each_has_its_sentence(paper):
    key = paper.begin()
    log_attempt(paper.ledger, paper.ids["ada"], Noted("phone", "connected"), "piet", Planning(hour(4)))
    log_attempt(paper.ledger, paper.ids["bob"], Noted("phone", "connected"), "olga", Planning(hour(4)))
    skip_call(paper.ledger, paper.ids["cy"], "piet", "closed", hour(4))
    claim_call(paper.ledger, paper.ids["di"], "piet", hour(4.5), 60)
    say_by_hand(paper.ledger, key, {"cleared": ["fay"]}, paper.telling(4, "logs"))
    paper.plan(key, 4.6)
    report = paper.back(5, *(paper.row(name) for name in ("ada", "bob", "cy", "di", "fay", "gil")))
    assert [text.partition(";")[0].partition(":")[0] for _, text in reasons(report)] == [
        "was made meanwhile by somebody else, at 2026-03-01T04", "is made already",
        "was skipped meanwhile, at 2026-03-01T04", "is held by somebody else until 2026-03-01T05",
    ]  # fmt: skip
    assert "piet" not in str(reasons(report))
    assert {one.call for one in report.added} == {paper.ids["fay"], paper.ids["gil"]}
    assert [(one.call, one.text[:28]) for one in report.noticed] == [(paper.ids["fay"], "had been withdrawn meanwhile")]
    paper.plan(key, 5.1)
    assert paper.purposes(key, 5.2)["fay"][0] == "correction", "they were told what is no longer so"
    mine = paper.back(5.3, paper.row("di"), by="piet")
    assert [one.status for one in mine.added] == ["done"]


@ON_SQLITE
def test_a_row_that_is_refused_leaves_nothing_of_itself_and_a_strict_import_nothing_of_any(paper):
    paper.begin()
    rows = (
        paper.row("ada"),
        paper.row("bob", "wrong_number", contact="Somebody"),
        paper.row("cy", "wrong_number"),
        paper.row("di", "fine"),
        # A list of another ledger has calls of the same numbers.
        paper.row("fay", key="gil"),
        paper.row("fay", key="nobody-here"),
        paper.row("fay", call="C-99"),
        paper.row("gil", list_version="99"),
        paper.row("gil", list_version="1e9"),
        paper.row("gil", as_of="2020-01-01T00:00:00Z"),
    )
    strict = paper.back(5, *rows, strict=True)
    assert (strict.written, strict.added, len(strict.refused), paper.attempts()) == (False, [], 8, 0)
    assert paper.shown("ada")["status"] == "open"
    report = paper.back(5, *rows)
    assert [(column, text.partition(":")[0]) for column, text in reasons(report)] == [
        ("disposition", "is no word that is known"),
        ("contact", "is none of this customer's, by name, e-mail or key"),
        ("call", "is of another customer in this ledger"),
        ("call", "is of another customer in this ledger"),
        ("call", "is not in this ledger"),
        ("list_version", "is 99, and the newest of that list is 1"),
        ("list_version", "is no version's number"),
        ("as_of", "is of before the call was planned"),
    ]
    assert [(one.status, one.marked) for one in report.added] == [("done", False), ("open", True)]
    assert [one.text for one in report.noticed] == ["the number is marked as wrong"]
    assert paper.attempts() == 2
    assert paper.back(5, paper.row("fay", key="")).added, "without the column nothing is compared"
    with pytest.raises(InvalidCallError, match="whose list"):
        paper.back(5, paper.row("gil"), by="")


@ON_SQLITE
def test_a_merged_customers_call_is_theirs_and_a_forgotten_ones_is_nobodys(paper):
    paper.begin()
    merge_customers(paper.ledger, "bob", "ada", Word("olga", "bought", hour(4)))
    report = paper.back(5, paper.row("ada"), paper.row("bob"))
    assert [one.call for one in report.added] == [paper.ids["ada"]]
    assert "merged into: write that one's id" in reasons(report)[0][1]
    with paper.ledger.write() as connection:
        erase_customer(connection, resolve_customer(connection, "cy").customer_id, (), "olga", hour(6))
    for row in (paper.row("cy", note="secret"), paper.row("cy", key="", note="secret")):
        (refused,) = reasons(paper.back(7, row))
        assert refused == ("call", "is of a customer who was forgotten: nothing is kept of them")


@ON_SQLITE
def test_a_mail_needs_an_address_and_tells_nothing_of_which_no_words_are_agreed(paper):
    paper.begin("SEV2")
    other = paper.open(4, title="mail", components=[("mail", "partial")], severity="SEV4")
    say_by_hand(paper.ledger, other, {"affected": ["bob"]}, paper.telling(4, "a ticket"))
    paper.plan(other, 4.1)
    paper.listed = hour(4.2)
    done = paper.back(5, paper.row("bob", "sent"))
    assert [(one.call, one.status, one.no_words) for one in done.added] == [
        (paper.ids["bob"], "open", (f"a first notice of {other}",))
    ]
    assert done.noticed[0].text.startswith("stays open: no words are agreed for a first notice of INC-2")
    (attempt,) = paper.shown("bob")["attempts"]
    assert [one["incident"] for one in attempt["told"]] == ["INC-1"]
    paper.clock.take(contacts=CONTACTS.replace("di@example.org", ""))
    at = 24 * 300
    refused = import_filled(paper.ledger, [paper.row("di", "sent", contact="")], "olga", Planning(hour(at)))
    assert [one.reason for one in refused.refused] == [
        f"No mail can have been sent for {paper.ids['di']}: no address of the customer is known"
    ]
    by_chat = import_filled(
        paper.ledger, [paper.row("di", "sent", channel="chat", contact="")], "olga", Planning(hour(at))
    )
    assert len(by_chat.added) == 1
