"""Calls about incidents, told as account staff would: who is called for what, what joins, and what is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import call_facts
from releasewatch.storage import tables as t
from releasewatch.storage.call_lists import list_version
from releasewatch.storage.calls import ListOf
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.erasing import erase_customer, erase_person
from releasewatch.storage.incidents import resolve_incident
from releasewatch.storage.personal_rows import resolve_contact
from releasewatch.usecases.call_approval import approve_list
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning, RankedList
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import Stale, claim_call, find_stale, get_call, release_call, skip_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from releasewatch.usecases.marks import mark
from releasewatch.usecases.sameness import Word, merge_customers
from tests.support.directories import Desk
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONTACTS = "customer,name,phone,email,primary\n" + "".join(
    f"{key},{key.title()} Person,+49 30 23125 {number},{key}@example.org,yes\n"
    for number, key in enumerate(("ada", "bob", "cy", "di", "fay", "gil"), 101)
)


class Desks(Watch):
    """Account staff of the same shop: each customer has a contact with a number."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        self.clock = Desk(ledger, folder)
        self.clock.take(contacts=CONTACTS)

    def plan(self, key: str, at: float) -> RankedList:
        made = plan_incident_calls(self.ledger, key, Planning(hour(at)))
        self.approve(key, at)
        return made

    def approve(self, key: str, at: float) -> None:
        approve_list(self.ledger, key, "lou", hour(at), why="seen")

    def calls(self, key: str, at: float) -> dict[str, dict[str, Any]]:
        made = list_incident_calls(self.ledger, key, Planning(hour(at)))
        found = [call_document(row) for row in made.calls.rows]
        assert all(sum(one["parts"].values()) == one["score"] for one in found)
        return {one["customer"]: one for one in found}

    def purposes(self, key: str, at: float) -> dict[str, tuple[str | None, str, str]]:
        return {name: (one["purpose"], one["status"], one["verdict"]) for name, one in self.calls(key, at).items()}

    def log(self, call: str, at: float, disposition: str = "connected", **said: Any) -> Any:
        noted = Noted(said.pop("channel", "phone"), disposition, **said)
        return log_attempt(self.ledger, call, noted, "olga", Planning(hour(at)))

    def summary(self, key: str, at: float, text: str) -> None:
        fields = IncidentFields(summaries={"customer": text})
        update_incident(self.ledger, key, fields, self.telling(at))
        with self.ledger.read() as connection:
            planned = list_version(connection, ListOf(incident_id=resolve_incident(connection, key).incident_id))
        if planned is not None:
            self.approve(key, at)

    def open_calls(self) -> list[tuple[Any, ...]]:
        with self.ledger.read() as connection:
            c = t.call.c
            rows = connection.execute(t.call.select().where(c.status == "open").order_by(c.call_id)).all()
            return [(row.call_id, row.call_group) for row in rows]


@pytest.fixture
def desks(tmp_path, ledger) -> Desks:
    return Desks(tmp_path, ledger)


def test_everybody_who_may_be_hurt_is_called_for_a_first_notice(desks):
    bad = desks.record(2)
    key = desks.open(3, deployment=bad, severity="SEV2")
    desks.summary(key, 3, "Totals on new invoices are wrong.")
    say_by_hand(desks.ledger, key, {"affected": ["ada"], "cleared": ["cy"]}, desks.telling(3, "asked"))
    made = desks.plan(key, 3.5)
    assert desks.purposes(key, 3.5) == {
        "ada": ("first_notice", "open", "call"),
        "bob": ("first_notice", "open", "write"),
        "di": ("first_notice", "open", "write"),
        "fay": ("first_notice", "open", "call"),
        "gil": ("first_notice", "open", "write"),
    }
    assert (made.version, made.added, made.calls.incident.left_out) == (1, 5, {"cleared": 1})
    again = desks.plan(key, 3.6)
    assert (again.version, again.added, dict(again.withdrawn)) == (1, 0, {})
    calls = desks.calls(key, 3.6)
    assert calls["fay"]["say"] == [
        "Did you notice anything wrong with invoicing since 2026-03-01 02:00 UTC?",
        "Totals on new invoices are wrong.",
    ]
    assert calls["ada"]["say"] == ["Totals on new invoices are wrong."]
    assert next(iter(calls)) == "ada"
    assert calls["ada"]["because"][0] == "affected, said by a person"
    assert calls["di"]["verdict_because"].startswith("possible, SEV2")


def test_without_agreed_words_nothing_is_to_be_said(desks):
    key = desks.open(3, deployment=desks.record(2))
    assert {tuple(one["say"]) for one in desks.calls(key, 3.5).values()} == {()}


@pytest.mark.parametrize(
    "words", ["Forged signatures are refused now.", "Sorry, the ZEBRA pool ran dry.", "Kim broke it."]
)
def test_what_no_document_for_customers_may_hold_is_not_said_to_them_either(desks, words):
    trailers = {"Embargo": "until 2026-04-01", "Release-note": "Forged signatures are refused now."}
    desks.world.commit("invoicing", subject="Close the signing hole", trailers=trailers)
    key = desks.open(3, deployment=desks.record(2), commander="Kim")
    update_incident(desks.ledger, key, IncidentFields(entry="the ZEBRA pool ran dry"), desks.telling(3))
    desks.summary(key, 3, words)
    update_incident(
        desks.ledger, key, IncidentFields(summaries={"account": trailers["Release-note"]}), desks.telling(3)
    )
    calls = desks.calls(key, 3.5)
    assert {one["know"] == [] for one in calls.values()} == {True}
    assert {(one["say_withheld"], *one["say"]) for one in calls.values()} == {(1,)}
    desks.summary(key, 3.6, "Totals are wrong.")
    assert "Totals are wrong." in desks.calls(key, 3.7)["ada"]["say"]


def test_each_incident_in_a_call_has_its_own_words(desks):
    one = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.summary(one, 3, "Totals are wrong.")
    desks.plan(one, 3.1)
    desks.log(desks.calls(one, 3.2)["ada"]["id"], 3.3)
    say_by_hand(desks.ledger, one, {"cleared": ["ada"]}, desks.telling(3.4, "logs"))
    desks.plan(one, 3.5)
    two = desks.open(4, title="mail", components=[("mail", "partial")], severity="SEV1")
    say_by_hand(desks.ledger, two, {"affected": ["ada"]}, desks.telling(4, "a ticket"))
    desks.plan(two, 4.1)
    said = [
        "INC-1: We told you on 2026-03-01 03:18 UTC: “Totals are wrong.”",
        "INC-1: That does not concern you after all. We are sorry for the alarm.",
        "INC-2 (mail): No agreed wording, do not improvise.",
    ]
    assert desks.calls(two, 4.2)["ada"]["say"] == said
    assert [text.replace(" (invoicing)", "") for text in desks.calls(one, 4.2)["ada"]["say"]] == said
    with desks.ledger.read() as connection:
        row = get_call(connection, desks.calls(two, 4.2)["ada"]["id"])
    assert call_as_document(desks.ledger, row, Planning(hour(4.2)))["say"] == said
    desks.summary(two, 4.3, "Mail is slow.")
    assert desks.calls(one, 4.4)["ada"]["say"][-1] == "INC-2 (mail): Mail is slow."


def test_a_second_incident_joins_the_open_call_and_care_waits(desks):
    first = desks.record(2)
    with_care = plan_calls(desks.ledger, first.number, Planning(hour(2.5)))
    assert with_care.added == 4, "who uses checkout alone is left"
    one = desks.open(3, title="first", deployment=first)
    desks.world.commit("invoicing", "mail", subject="feat: round up")
    second = desks.record(3.5)
    two = desks.open(4, title="second", deployment=second)
    desks.plan(one, 4.1)
    desks.plan(two, 4.2)
    fay = desks.calls(two, 4.3)["fay"]
    assert fay["items"] == [
        {"purpose": "first_notice", "incident": one, "deployment": None, "coming": None},
        {"purpose": "first_notice", "incident": two, "deployment": None, "coming": None},
    ]
    assert fay["parts"]["further"] == 5
    assert fay["id"] == desks.calls(one, 4.3)["fay"]["id"]
    with desks.ledger.read() as connection:
        withdrawn = connection.execute(t.call_item.select().where(t.call_item.c.withdrawn_at.is_not(None))).all()
    assert {row.why_withdrawn for row in withdrawn} == {f"D-{first.number} is blamed for {one}"}
    with pytest.raises(RefusedError, match=r"is blamed for INC-2"):
        plan_calls(desks.ledger, second.number, Planning(hour(4.4)))
    # A later deployment that nobody blames makes care calls, which wait for the incident's.
    desks.world.commit("invoicing", subject="feat!: another export")
    third = desks.record(5)
    plan_calls(desks.ledger, third.number, Planning(hour(5.1)))
    row = next(
        row
        for row in list_calls(desks.ledger, third.number, Planning(hour(5.2))).calls.rows
        if row.candidate.key == "fay"
    )
    care = call_document(row)
    assert (care["group"], care["status"], care["waits_for"]) == ("care", "waiting", fay["id"])
    with pytest.raises(RefusedError, match="comes first"):
        claim_call(desks.ledger, care["id"], "olga", hour(5.3), 60)
    desks.log(fay["id"], 5.4)
    assert claim_call(desks.ledger, care["id"], "olga", hour(5.5), 60).status == "claimed"


def test_when_it_is_over_those_told_hear_so_and_the_others_hear_it_once(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    desks.log(calls["ada"]["id"], 3.3)
    skip_call(desks.ledger, calls["bob"]["id"], "olga", "they are closed today", hour(3.3))
    change_status(desks.ledger, key, "resolved", desks.telling(4), hour(3.9))
    made = desks.plan(key, 4.1)
    assert dict(made.withdrawn) == {"it is an after-the-fact call now": 4}
    assert {name: one[:2] for name, one in desks.purposes(key, 4.2).items()} == {
        "ada": ("resolution", "open"),
        "bob": ("first_notice", "skipped"),
        "cy": ("after_the_fact", "open"),
        "di": ("after_the_fact", "open"),
        "fay": ("after_the_fact", "open"),
        "gil": ("after_the_fact", "open"),
    }
    # It goes on after all: what was not told is a first notice again, and who was told hears nothing new.
    change_status(desks.ledger, key, "investigating", desks.telling(5))
    desks.plan(key, 5.1)
    assert desks.purposes(key, 5.2)["cy"][:2] == ("first_notice", "open")
    assert desks.calls(key, 5.2)["ada"]["verdict_because"] == "they were told, and nothing is new"
    desks.summary(key, 5.3, "We are still at it.")
    desks.plan(key, 5.4)
    assert desks.purposes(key, 5.5)["ada"][:2] == ("update", "open")


def test_a_cancelled_incident_withdraws_what_was_not_made_and_corrects_what_was(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.summary(key, 3, "Totals are wrong.")
    desks.plan(key, 3.1)
    desks.log(desks.calls(key, 3.2)["ada"]["id"], 3.3)
    change_status(desks.ledger, key, "cancelled", desks.telling(4, "a false alarm"))
    made = desks.plan(key, 4.1)
    assert dict(made.withdrawn) == {"the incident was cancelled": 5}
    assert desks.purposes(key, 4.2) == {"ada": ("correction", "open", "call")}
    assert desks.calls(key, 4.2)["ada"]["say"] == [
        "We told you on 2026-03-01 03:18 UTC: “Totals are wrong.”",
        "That does not concern you after all. We are sorry for the alarm.",
    ]
    assert desks.open_calls() == [(int(desks.calls(key, 4.2)["ada"]["id"][2:]), "incident")]


def test_who_was_told_and_then_cleared_is_owed_a_correction_until_it_is_made(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.summary(key, 3, "Totals are wrong.")
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    desks.log(calls["ada"]["id"], 3.3)
    desks.log(calls["di"]["id"], 3.3, "sent", channel="email")
    say_by_hand(desks.ledger, key, {"cleared": ["ada", "di", "fay"]}, desks.telling(3.5, "logs"))
    desks.summary(key, 3.6, "Totals of some are wrong.")
    shown = desks.show(key, 3.7)
    assert shown["corrections_owed"] == 2
    assert [
        (one["customer"], one["channel"], one["revision"], one["told"], one["because"]) for one in shown["corrections"]
    ] == [
        ("ada", "phone", 1, "Totals are wrong.", "they were cleared after they were told"),
        ("di", "email", 1, "Totals are wrong.", "they were cleared after they were told"),
    ]
    assert desks.show(key, 3.2)["corrections_owed"] == 0, "nobody had been told then"
    made = desks.plan(key, 3.8)
    assert dict(made.withdrawn) == {"they were cleared": 1}
    purposes = desks.purposes(key, 3.9)
    assert purposes["ada"] == ("correction", "open", "call")
    assert purposes["di"] == ("correction", "open", "write"), "who was written to is written to"
    assert "fay" not in purposes
    for name in ("ada", "di"):
        desks.log(desks.calls(key, 3.9)[name]["id"], 4)
    assert desks.show(key, 4.1)["corrections_owed"] == 0
    assert desks.plan(key, 4.2).added == 0


def test_when_the_blame_moves_calls_that_rested_on_it_go_and_who_was_told_is_corrected(desks):
    early = desks.record(1.5, rings=["early"])
    late = desks.record(2, rings=["late"])
    key = desks.open(3, deployment=late)
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    assert set(calls) == {"bob", "cy", "di", "fay", "gil"}
    desks.log(calls["cy"]["id"], 3.3)
    desks.log(calls["gil"]["id"], 3.3)
    link_deployment(desks.ledger, key, late.number, "cleared", desks.telling(3.5, "it was there before"))
    link_deployment(desks.ledger, key, early.number, "confirmed", desks.telling(3.5, "errors since then"))
    owed = {one["customer"]: one["because"] for one in desks.show(key, 3.6)["corrections"]}
    assert owed == {
        "cy": "nothing reaches them any more that they were told of",
        "gil": "the blame moved after they were told",
    }
    made = desks.plan(key, 3.7)
    assert dict(made.withdrawn) == {"nothing reaches them any more": 3}
    assert {name: one[0] for name, one in desks.purposes(key, 3.8).items()} == {
        "ada": "first_notice",
        "cy": "correction",
        "gil": "correction",
    }


def test_one_holds_a_call_until_it_expires_and_it_is_made_once(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]["id"]
    ledger = desks.ledger
    assert claim_call(ledger, call, "olga", hour(3.2), 60).until == hour(4.2)
    with pytest.raises(RefusedError, match="Somebody else holds"):
        claim_call(ledger, call, "piet", hour(3.5), 60)
    with pytest.raises(RefusedError, match="Somebody else holds"):
        log_attempt(ledger, call, Noted("phone", "connected"), "piet", Planning(hour(3.5)))
    with pytest.raises(RefusedError, match="Somebody else holds"):
        release_call(ledger, call, "piet", hour(3.5))
    desks.summary(key, 3.6, "Totals are wrong.")
    assert desks.calls(key, 3.6)["ada"]["status"] == "claimed"
    assert claim_call(ledger, call, "piet", hour(4.3), 60).status == "claimed", "it had expired"
    release_call(ledger, call, "piet", hour(4.4))
    tried = desks.log(call, 4.5, "no_answer")
    assert (tried.status, tried.next_at) == ("open", hour(6.5))
    assert desks.log(call, 6.6, "no_answer").next_at == hour(10.6)
    done = desks.log(call, 11, quote="exports hang", promise="a credit note", due_on=hour(240).date())
    assert (done.status, done.next_at) == ("done", None)
    with pytest.raises(RefusedError, match="is done"):
        claim_call(ledger, call, "olga", hour(12), 60)
    with ledger.read() as connection:
        row = get_call(connection, call)
    shown = call_as_document(ledger, row, Planning(hour(12)))
    assert [one["disposition"] for one in shown["attempts"]] == ["no_answer", "no_answer", "connected"]
    told = shown["attempts"][-1]["told"]
    assert [(one["incident"], one["purpose"], one["revision"], one["state"]) for one in told] == [
        (key, "first_notice", 1, "presumed")
    ]
    assert shown["attempts"][-1]["promise"] == "a credit note"


def test_a_wrong_number_is_marked_and_the_next_contact_is_named(desks):
    more = CONTACTS + "ada,Second Person,+49 30 23125 199,second@example.org,\n"
    desks.clock.take(contacts=more)
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]
    assert call["contact"]["name"] == "Ada Person"
    assert desks.log(call["id"], 3.3, "wrong_number").marked is True
    after = desks.calls(key, 3.4)["ada"]
    assert (after["contact"]["name"], after["attempts"], after["status"]) == ("Second Person", 1, "open")


def test_a_wrong_number_is_wrong_with_everybody_who_has_it(desks):
    desks.clock.take(contacts=CONTACTS.replace("+49 30 23125 102", "+49 (0)30 / 23125-101"))
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    done = desks.log(calls["ada"]["id"], 3.3, "wrong_number")
    assert (done.marked, done.marked_elsewhere) == (True, 1)
    after = desks.calls(key, 3.4)
    assert {name for name, one in after.items() if "the number is marked as wrong" in one["verdict_because"]} == {
        "ada",
        "bob",
    }
    again = desks.log(calls["bob"]["id"], 3.5, "wrong_number", contact="Bob Person")
    assert (again.marked, again.marked_elsewhere) == (False, 0)
    right = mark(desks.ledger, "bob", "Bob Person", {"wrong_number": False}, Word("kim", "they moved in", hour(3.6)))
    assert (right.cleared, right.elsewhere) == (1, 1)
    assert {one["verdict"] for one in desks.calls(key, 3.7).values()} == {"call"}


def test_a_number_that_is_wrong_stays_wrong_for_whoever_comes_with_it_until_somebody_clears_it(desks):
    def wrong(at: float) -> set[str]:
        rows = desks.calls(key, at).items()
        return {name for name, one in rows if "the number is marked as wrong" in one["verdict_because"]}

    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.plan(key, 3.1)
    desks.log(desks.calls(key, 3.2)["ada"]["id"], 3.3, "wrong_number")
    assert wrong(3.4) == {"ada"}
    later = CONTACTS.replace("+49 30 23125 102", "+49 (0)30 / 23125-101")
    desks.clock.take(contacts=later, later=timedelta(days=100))  # bob comes with it after that
    assert wrong(24 * 300) == {"ada", "bob"}
    desks.clock.take(contacts=later.replace("+49 30 23125 101", "+49 30 23125 111"))  # and ada has another one
    assert wrong(24 * 300) == {"bob"}
    again = desks.log(desks.calls(key, 24 * 300)["ada"]["id"], 24 * 300, "wrong_number", contact="Ada Person")
    assert (again.marked, wrong(24 * 300 + 1)) == (True, {"ada", "bob"}), "hers is wrong, too"
    right = mark(
        desks.ledger, "bob", "Bob Person", {"wrong_number": False}, Word("kim", "moved in", hour(24 * 300 + 2))
    )
    assert (right.cleared, right.elsewhere) == (0, 1)
    assert wrong(24 * 300 + 3) == {"ada"}


def test_what_somebody_was_told_follows_them_into_a_merge_and_a_correction_reaches_the_survivor(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    desks.log(desks.calls(key, 3.2)["fay"]["id"], 3.3)
    merge_customers(desks.ledger, "fay", "ada", Word("kim", "taken over", hour(3000)))
    assert desks.calls(key, 3001)["ada"]["verdict_because"] == "they were told, and nothing is new"
    assert "fay" not in desks.calls(key, 3001)
    say_by_hand(desks.ledger, key, {"cleared": ["fay"]}, desks.telling(3001, "logs"))
    assert [one["customer"] for one in desks.show(key, 3002, now=3003)["corrections"]] == ["ada"]


def test_who_asked_to_be_tried_later_is_later_though_nobody_knows_their_clock(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    desks.plan(key, 3.1)
    before = desks.calls(key, 3.2)["ada"]
    assert (before["callable"], before["band"], before["next_window"]) == ("unknown", "now", None)
    desks.log(before["id"], 3.3, "callback", next_at=hour(27))
    after = desks.calls(key, 3.4)["ada"]
    assert (after["callable"], after["band"]) == ("later", "today")
    assert after["next_window"]["from"] == "2026-03-02T03:00:00Z"
    assert desks.calls(key, 27)["ada"]["callable"] == "unknown"


def test_when_somebody_is_to_be_called_again_outlives_an_incident_that_was_cancelled_by_mistake(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    desks.plan(key, 3.1)
    before = {who: call["id"] for who, call in desks.calls(key, 3.2).items()}
    desks.log(before["ada"], 3.3, "callback", next_at=hour(27))
    change_status(desks.ledger, key, "cancelled", desks.telling(4, "a false alarm"))
    desks.plan(key, 4.1)
    change_status(desks.ledger, key, "investigating", desks.telling(5, "it was none"))
    desks.plan(key, 5.1)
    after = desks.calls(key, 5.2)
    assert after["ada"]["id"] != before["ada"]
    assert after["ada"]["next_window"]["from"] == "2026-03-02T03:00:00Z"
    assert after["bob"]["callable"] == "unknown", "nobody agreed on a time with them"


def test_who_holds_the_call_of_a_merged_customer_holds_the_survivors(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    calls = {customer: one["id"] for customer, one in desks.calls(key, 3.2).items()}
    soon, later = Word("kim", "taken over", hour(3.4)), hour(3000)
    claim_call(desks.ledger, calls["fay"], "olga", hour(3.3), 60)
    merge_customers(desks.ledger, "fay", "ada", soon)
    ada = desks.calls(key, 3.5)["ada"]
    assert (ada["id"], ada["status"], ada["holder"], ada["held_until"]) == (
        calls["ada"],
        "claimed",
        "olga",
        "2026-03-01T04:18:00Z",
    )
    with pytest.raises(RefusedError, match=f"{calls['fay']} joined {calls['ada']}: its customer was merged") as refused:
        claim_call(desks.ledger, calls["fay"], "piet", hour(3.5), 60)
    assert f"call show {calls['ada']}" in (refused.value.hint or "")
    with pytest.raises(RefusedError, match=r"Somebody else holds C-\d+ until 2026-03-01 04:18 UTC"):
        claim_call(desks.ledger, calls["ada"], "piet", hour(3.6), 60)
    claim_call(desks.ledger, calls["di"], "olga", later, 60)
    claim_call(desks.ledger, calls["cy"], "piet", later, 60)
    merge_customers(desks.ledger, "cy", "di", Word("kim", "taken over", hour(3000.1)))
    assert desks.calls(key, 3000.2)["di"]["holder"] == "olga", "one who holds the survivor's keeps it"


def test_a_list_is_the_same_whether_its_customers_are_few_or_many(desks, monkeypatch):
    bad = desks.record(2)
    key = desks.open(3, deployment=bad)
    desks.plan(key, 3.1)
    desks.log(desks.calls(key, 3.2)["ada"]["id"], 3.3, "no_answer")
    merge_customers(desks.ledger, "fay", "ada", Word("kim", "taken over", hour(3000)))

    def lists() -> list[Any]:
        how = Planning(hour(3001))
        found = (list_incident_calls(desks.ledger, key, how), list_calls(desks.ledger, bad.number, how))
        return [call_document(row) for made in found for row in made.calls.rows]

    few = lists()
    monkeypatch.setattr(call_facts, "_FEW", 1)
    assert lists() == few
    assert any(one["attempts"] for one in few)


def test_who_is_forgotten_leaves_attempts_that_can_be_counted_and_no_words(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    desks.log(calls["ada"]["id"], 3.3, quote="exports hang", note="Ada is cross")
    desks.log(calls["fay"]["id"], 3.3, note="spoke with Fay Person", contact="Fay Person")
    desks.log(calls["di"]["id"], 3.3, "no_answer", note="nobody there")
    with desks.ledger.write() as connection:
        members = [resolve_customer(connection, "fay").customer_id]
        person = resolve_contact(connection, members, "Fay Person")
        done = erase_person(connection, person, hour(4))
        assert (done["attempt"], done["attempt_text"]) == (1, 1)
        erase_customer(connection, resolve_customer(connection, "ada").customer_id, [], "kim", hour(4))
        notes = connection.scalars(select(t.attempt_text.c.note)).all()
        assert connection.scalar(select(func.count()).select_from(t.attempt)) == 3
    assert notes == ["nobody there"]


def test_a_call_that_was_withdrawn_in_somebodys_hand_can_be_logged_and_is_corrected(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]["id"]
    claim_call(desks.ledger, call, "olga", hour(3.2), 60)
    say_by_hand(desks.ledger, key, {"cleared": ["ada"]}, desks.telling(3.3, "logs"))
    desks.plan(key, 3.4)
    assert desks.log(call, 3.5).status == "done"
    desks.plan(key, 3.6)
    (owed,) = desks.show(key, 3.7)["corrections"]
    assert owed["because"] == "they had been cleared before they were told"
    assert desks.purposes(key, 3.7)["ada"] == ("correction", "open", "call")


def test_what_is_not_due_any_more_is_seen_by_who_takes_the_call(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]["id"]
    assert find_stale(desks.ledger, call, Planning(hour(3.2))) == []
    say_by_hand(desks.ledger, key, {"cleared": ["ada"]}, desks.telling(3.3, "logs"))
    assert find_stale(desks.ledger, call, Planning(hour(3.4))) == [Stale(key, "first_notice", "they were cleared")]
    log_attempt(desks.ledger, call, Noted("phone", "connected", at=hour(3.25)), "olga", Planning(hour(3.5)))
    (owed,) = desks.show(key, 3.7)["corrections"]
    assert owed["because"] == "they were cleared after they were told", "as it was when they were told"


def test_who_was_told_and_corrected_and_is_in_it_again_hears_of_both(desks):
    deployment = desks.record(2)
    key = desks.open(3, deployment=deployment, severity="SEV1")
    desks.summary(key, 3, "Totals are wrong.")
    desks.plan(key, 3.1)
    desks.log(desks.calls(key, 3.2)["ada"]["id"], 3.3)
    link_deployment(desks.ledger, key, deployment.number, "cleared", desks.telling(3.5, "the network"))
    desks.plan(key, 3.6)
    desks.log(desks.calls(key, 3.7)["ada"]["id"], 3.7)
    link_deployment(desks.ledger, key, deployment.number, "confirmed", desks.telling(4, "it was this after all"))
    desks.plan(key, 4.1)
    ada = desks.calls(key, 4.2)["ada"]
    assert (ada["purpose"], ada["verdict"]) == ("first_notice", "call")
    again = "they were told on 2026-03-01 03:18 UTC, corrected on 2026-03-01 03:42 UTC, and it concerns them again"
    assert ada["verdict_because"].endswith(again)
    assert ada["say"][0] == (
        "We told you on 2026-03-01 03:18 UTC: “Totals are wrong.” On 2026-03-01 03:42 UTC we told you that it does not "
        "concern you. We have learnt since that it may concern you after all. We are sorry for the confusion."
    )
    assert ada["say"][-1] == "Totals are wrong."
    desks.log(ada["id"], 4.3)
    assert desks.calls(key, 4.4)["ada"]["verdict_because"] == "they were told, and nothing is new"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Noted("phone", "sent"), "Nothing is sent by phone"),
        (Noted("email", "busy"), "Only a phone can be busy"),
        (Noted("phone", "connected", promise="a note"), "A promise needs a day"),
        (Noted("phone", "no_answer", next_at=hour(1)), "would be in the past"),
        (Noted("phone", "no_answer", at=hour(9)), "would be in the future"),
        (Noted("phone", "connected", next_at=hour(9)), "is made with this"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(desks, said, message):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    with pytest.raises(InvalidCallError, match=message):
        log_attempt(desks.ledger, "C-1", said, "olga", Planning(hour(3.5)))
    with desks.ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.attempt)) == 0
    with pytest.raises(UnknownNameError, match="no call 'C-99'"):
        claim_call(desks.ledger, "C-99", "olga", hour(3.5), 60)
    with pytest.raises(InvalidCallError, match="not known who"):
        claim_call(desks.ledger, "C-1", "", hour(3.5), 60)
