"""Incident lists as drafts: what may be done with one, who ends that, and what begins it again."""

from __future__ import annotations

import pytest

from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.usecases.call_approval import approve_list
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_work import claim_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incidents import IncidentFields, update_incident
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour


class Drafting(Desks):
    """Account staff whose lists are not approved by themselves."""

    def plan(self, key, at):
        return plan_incident_calls(self.ledger, key, Planning(hour(at)))

    def summary(self, key, at, text):
        update_incident(self.ledger, key, IncidentFields(summaries={"customer": text}), self.telling(at))

    def standing(self, key, at):
        return list_incident_calls(self.ledger, key, Planning(hour(at))).calls.incident.approval

    def claim(self, call, who, at):
        return claim_call(self.ledger, call, who, hour(at), 60)


@pytest.fixture
def desks(tmp_path, ledger) -> Drafting:
    return Drafting(tmp_path, ledger)


@pytest.fixture
def key(desks) -> str:
    """A planned list of an incident with a liaison, and agreed words."""
    found = desks.open(3, deployment=desks.record(2), severity="SEV2", liaison="lou", commander="kim")
    desks.summary(found, 3, "Totals are wrong.")
    desks.plan(found, 3.1)
    return found


def test_nobody_makes_a_call_of_a_draft_and_its_liaison_ends_that(desks, key):
    call = desks.calls(key, 3.2)["ada"]
    assert (call["approved"], call["drafts"], call["status"]) == (False, [key], "open")
    with pytest.raises(RefusedError, match=r"the list of INC-1 is a draft \(nobody has approved it yet\)") as refused:
        desks.claim(call["id"], "olga", 3.2)
    assert refused.value.hint.startswith("Its customer liaison approves it")
    for disposition in ("connected", "no_answer"):
        with pytest.raises(RefusedError, match="is a draft"):
            desks.log(call["id"], 3.2, disposition)
    assert desks.calls(key, 3.2)["ada"]["attempts"] == 0
    for who in ("kim", "olga"):
        with pytest.raises(RefusedError, match="not yours to approve"):
            approve_list(desks.ledger, key, who, hour(3.3))
    _, standing, is_new = approve_list(desks.ledger, key, "Lou", hour(3.3), version=1)
    assert (standing.approved, is_new, standing.last.version, standing.last.by) == (True, True, 1, "Lou")
    assert approve_list(desks.ledger, key, "lou", hour(3.4))[2] is False, "approving twice is approving once"
    assert desks.calls(key, 3.4)["ada"]["approved"] is True
    assert desks.claim(call["id"], "olga", 3.5).status == "claimed"
    assert desks.log(call["id"], 3.6).status == "done"


def test_new_rows_stay_approved_and_new_words_or_blame_do_not(desks, key):
    approve_list(desks.ledger, key, "lou", hour(3.2))
    say_by_hand(desks.ledger, key, {"affected": ["ed"]}, desks.telling(3.3, "a ticket"))
    assert desks.plan(key, 3.4).version == 2
    calls = desks.calls(key, 3.4)
    assert calls["ed"]["approved"]
    desks.claim(calls["ed"]["id"], "olga", 3.5)
    desks.summary(key, 3.6, "Totals of some are wrong.")
    assert desks.standing(key, 3.7).because == "the wording for customers changed since version 1 was approved"
    held = desks.calls(key, 3.7)["ed"]
    assert (held["status"], held["approved"]) == ("claimed", False), "it stays claimed, and shows that"
    assert desks.claim(held["id"], "olga", 3.7).status == "claimed", "who holds it may go on"
    with pytest.raises(RefusedError, match="the wording for customers changed since version 1 was approved"):
        desks.claim(calls["ada"]["id"], "piet", 3.7)
    assert desks.log(held["id"], 3.8).status == "done"
    # What was done while it was approved may still be written down.
    noted = Noted("phone", "connected", at=hour(3.55))
    assert log_attempt(desks.ledger, calls["ada"]["id"], noted, "piet", Planning(hour(3.8))).status == "done"
    approve_list(desks.ledger, key, "lou", hour(3.9))
    desks.world.commit("invoicing", subject="feat: round up")
    link_deployment(desks.ledger, key, desks.record(3.95).number, "suspect", desks.telling(4, "also that"))
    assert desks.standing(key, 4.1).because == "the blame changed since version 2 was approved"


def test_an_approval_can_be_taken_back_even_of_what_approves_itself(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    with pytest.raises(InvalidCallError, match="has no list yet"):
        approve_list(desks.ledger, key, "lou", hour(3), why="x")
    desks.plan(key, 3.1)
    standing = desks.standing(key, 3.2)
    assert (standing.approved, standing.rule, standing.role) == (True, "SEV1", "")
    with pytest.raises(InvalidCallError, match="for a reason"):
        approve_list(desks.ledger, key, "lou", hour(3.2), given=False)
    approve_list(desks.ledger, key, "lou", hour(3.2), given=False, why="the region is wrong")
    assert desks.standing(key, 3.3).because == "the approval of version 1 was taken back"
    with pytest.raises(InvalidCallError, match="is a draft"):
        approve_list(desks.ledger, key, "lou", hour(3.3), given=False, why="again")
    with pytest.raises(RefusedError, match="not yours") as refused:
        approve_list(desks.ledger, key, "lou", hour(3.3))
    assert "no liaison and no commander" in refused.value.hint
    with pytest.raises(RefusedError, match="is at version 1, not 2"):
        approve_list(desks.ledger, key, "lou", hour(3.3), version=2, why="checked")
    approve_list(desks.ledger, key, "lou", hour(3.4), why="checked")
    with desks.ledger.read() as connection:
        rows = connection.execute(t.call_approval.select().order_by(t.call_approval.c.approval_id)).all()
    assert [(row.given, row.why) for row in rows] == [(False, "the region is wrong"), (True, "checked")]
    with pytest.raises(UnknownNameError):
        approve_list(desks.ledger, "INC-9", "lou", hour(3.4), why="x")
    with pytest.raises(InvalidCallError, match="not known who"):
        approve_list(desks.ledger, key, "", hour(3.4), why="x")


def test_a_call_about_an_approved_incident_does_not_wait_for_a_draft_that_joined_it(desks, key):
    approve_list(desks.ledger, key, "lou", hour(3.2))
    other = desks.open(4, title="mail", components=[("mail", "partial")], severity="SEV3")
    say_by_hand(desks.ledger, other, {"affected": ["ada"]}, desks.telling(4, "a ticket"))
    desks.plan(other, 4.1)
    ada = desks.calls(key, 4.2)["ada"]
    assert (ada["approved"], ada["drafts"], len(ada["items"])) == (True, [other], 2)
    assert ada["say"][-1] == "INC-2: its list is a draft: say nothing of it yet."
    desks.claim(ada["id"], "olga", 4.3)
    assert desks.log(ada["id"], 4.4).status == "done"
    with desks.ledger.read() as connection:
        told = connection.execute(t.attempt_told.select()).all()
    assert {row.incident_id for row in told} == {1}, "nothing was told of the draft"
    assert desks.calls(other, 4.5)["ada"]["purpose"] == "first_notice"
    assert desks.plan(other, 4.6).added == 1, "it is due still"


def test_care_needs_no_approval(desks):
    found = desks.record(2)
    plan_calls(desks.ledger, found.number, Planning(hour(2.5)))
    rows = list_calls(desks.ledger, found.number, Planning(hour(2.6))).calls.rows
    call = next(row.candidate for row in rows if row.candidate.call)
    assert call.standing.approved
    assert desks.claim(call.call, "olga", 2.7).status == "claimed"
