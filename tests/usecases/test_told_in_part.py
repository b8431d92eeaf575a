"""What was told of a call that goes on about something else is told: it is due to nobody a second time."""

from __future__ import annotations

from typing import Any

import pytest

from releasewatch.domain.call_purposes import TOLD
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_letters import draft_letters
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import get_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_calls import list_incident_calls
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour


class Two(Desks):
    """Ada is to be written to about two incidents, and words are agreed for the first alone."""

    def begin(self, severity: str = "SEV4") -> tuple[str, str]:
        one = self.open(3, deployment=self.record(2), severity="SEV4")
        self.summary(one, 3, "Totals are wrong.")
        two = self.open(4, title="mail", components=[("mail", "partial")], severity=severity)
        for key in (one, two):
            say_by_hand(self.ledger, key, {"affected": ["ada"]}, self.telling(4, "a ticket"))
            self.plan(key, 4.1)
        return one, two

    def letter(self, key: str, at: float) -> Any:
        made = list_incident_calls(self.ledger, key, Planning(hour(at))).calls
        letters = {one.key: one for one in draft_letters(self.ledger, made, hour(at))}
        return letters.get("ada")

    def shown(self, call: str, at: float) -> dict[str, Any]:
        with self.ledger.read() as connection:
            row = get_call(connection, call)
        return call_as_document(self.ledger, row, Planning(hour(at)))


@pytest.fixture
def desks(tmp_path, ledger) -> Two:
    return Two(tmp_path, ledger)


def test_a_mail_about_one_of_two_is_not_sent_again_with_the_other(desks):
    one, two = desks.begin()
    call = desks.calls(two, 4.2)["ada"]["id"]
    done = desks.log(call, 5, "sent", channel="email")
    assert (done.status, done.no_words, done.next_at) == ("open", (f"a first notice of {two}",), None)
    for at in (5.1, 5.3):
        told, rest = desks.calls(one, at)["ada"], desks.calls(two, at)["ada"]
        assert (told["verdict"], told["status"], told["say"]) == ("leave", "done", [])
        assert told["verdict_because"] == "they were told, and nothing is new"
        assert (rest["id"], rest["verdict"], rest["status"]) == (call, "write", "open")
        assert [item["incident"] for item in rest["items"]] == [two]
        assert rest["say"] == []
        assert rest["know"] == [
            f"{one}: already told on 2026-03-01 05:00 UTC, in writing: “Totals are wrong.”. It need not be said again."
        ]
        assert desks.letter(one, at) is None
        assert "Totals" not in desks.letter(two, at).body
        assert [desks.plan(key, at + 0.1).added for key in (one, two)] == [0, 0], "nothing is due again"
    desks.summary(two, 5.5, "Mail is slow.")
    letter = desks.letter(two, 5.6)
    assert (letter.is_sendable, letter.lines) == (True, ("Mail is slow.",))
    shown = desks.shown(call, 5.6)
    assert {item["incident"]: item["why_withdrawn"] for item in shown["items"]} == {one: TOLD, two: None}
    assert desks.log(call, 6, "sent", channel="email").status == "done"
    assert [desks.calls(key, 6.1)["ada"]["verdict"] for key in (one, two)] == ["leave", "leave"]


def test_what_is_new_of_it_joins_the_call_that_goes_on(desks):
    one, two = desks.begin()
    call = desks.calls(two, 4.2)["ada"]["id"]
    desks.log(call, 5, "sent", channel="email")
    desks.summary(one, 6, "Totals were wrong, and are right again.")
    assert desks.plan(one, 6.1).added == 1
    again = desks.calls(one, 6.2)["ada"]
    assert (again["id"], again["status"], again["purpose"]) == (call, "open", "first_notice")
    assert {(item["incident"], item["purpose"]) for item in again["items"]} == {(one, "update"), (two, "first_notice")}
    assert not any("already told" in text for text in again["know"])
    desks.log(call, 7)
    assert [desks.calls(key, 7.1)["ada"]["verdict"] for key in (one, two)] == ["leave", "leave"]


def test_a_mail_ahead_of_a_call_settles_what_was_to_be_written_alone(desks):
    one, two = desks.begin("SEV2")
    desks.summary(two, 4.2, "Mail is slow.")
    call = desks.calls(two, 4.3)["ada"]["id"]
    assert desks.log(call, 5, "sent", channel="email").status == "open"
    rest = desks.calls(two, 5.1)["ada"]
    assert (rest["verdict"], [item["incident"] for item in rest["items"]]) == ("call", [two])
    assert "nobody has spoken with them" in rest["verdict_because"]
    assert desks.calls(one, 5.1)["ada"]["verdict"] == "leave", "no second mail, and no second notice"


def test_what_was_said_from_a_list_is_not_due_with_what_joined_since(desks):
    desks.world.commit("invoicing", subject="feat!: new totals", trailers={"Customer": "ada"})
    first = desks.record(2).number
    plan_calls(desks.ledger, first, Planning(hour(2.5)))
    desks.world.commit("invoicing", subject="feat!: newer totals", trailers={"Customer": "ada"})
    second = desks.record(3).number
    plan_calls(desks.ledger, second, Planning(hour(3.5)))

    def row(number: int, at: float) -> Any:
        rows = list_calls(desks.ledger, number, Planning(hour(at))).calls.rows
        return next(one for one in rows if one.candidate.key == "ada")

    call = row(second, 3.6).candidate.call
    noted = Noted("phone", "connected", at=hour(4), listed_at=hour(3))
    assert log_attempt(desks.ledger, call, noted, "olga", Planning(hour(5))).status == "open"
    for at in (5.1, 5.5):
        told, rest = row(first, at), row(second, at)
        assert (told.verdict, told.candidate.standing.status) == ("leave", "done")
        assert {one.deployment for one in rest.candidate.standing.reasons} == {f"D-{second}"}
        assert [plan_calls(desks.ledger, number, Planning(hour(at))).added for number in (first, second)] == [0, 0]
