"""Who is told of call lists: that one may be worked on, that it is withdrawn, that nobody has begun a call."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.notifications import STATES, WHEN, Message, Rule
from releasewatch.domain.privacy import Reveal
from releasewatch.usecases.call_approval import approve_list
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_sendings import record_sending
from releasewatch.usecases.calls import plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import Telling, change_status
from releasewatch.usecases.list_telling import look_for_news
from releasewatch.usecases.notifying import Sending, Way, send_waiting
from releasewatch.usecases.outbox import list_outbox, subject_id
from tests.support.ledgers import new_ledger
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTS = Rule("desk", frozenset({"list_ready", "list_withdrawn", "call_overdue"}))


class Told(Desks):
    """Account staff who are told in a chat."""

    def planning(self, at: float, **more: Any) -> Planning:
        return Planning(hour(at), told=(LISTS,), **more)

    def telling(self, at: float, why: str = "", happened: float | None = None) -> Telling:
        return replace(super().telling(at, why, happened), rules=(LISTS,))

    def approve(self, key: str, at: float, *, given: bool = True) -> None:
        approve_list(self.ledger, key, "lou", hour(at), (), why="seen", given=given, rules=(LISTS,))

    def look(self, at: float) -> int:
        return look_for_news(self.ledger, (LISTS,), Asking(hour(at)), Planning(hour(at), approve_by_itself=()))

    def kept(self) -> list[tuple[str, str]]:
        found, _ = list_outbox(self.ledger, STATES, 100, None)
        return [(one.notification.kind, subject_id(one)) for one in reversed(found)]

    def send(self, at: float, **how: Any) -> list[Message]:
        got: list[Message] = []
        way = Way(LISTS, lambda message, _: got.append(message), **how)
        list(send_waiting(self.ledger, {LISTS.name: way}, Sending(lambda: hour(at))))
        return got


@pytest.fixture
def desks(sqlite_pattern: Path, tmp_path: Path) -> Iterator[Told]:
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    ledger = new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Told(tmp_path, ledger)
    ledger.close()


def test_a_list_is_ready_when_it_is_approved_and_withdrawn_when_that_is_taken_back(desks: Told) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    plan_incident_calls(desks.ledger, key, desks.planning(3.1, approve_by_itself=()))
    assert desks.kept() == [], "a draft is nobody's work"
    desks.approve(key, 3.2)
    desks.approve(key, 3.3)
    (ready,) = desks.send(3.4)
    assert ready.title == "The call list of INC-1 may be worked on: 6 calls"
    desks.approve(key, 3.5, given=False)
    (withdrawn,) = desks.send(3.6)
    assert withdrawn.title == "The call list of INC-1 is withdrawn"
    assert withdrawn.text == "Version 1: the approval of version 1 was taken back"


def test_a_list_that_needs_nobodys_word_is_ready_when_it_is_planned(desks: Told) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    for at in (3.1, 3.2):
        plan_incident_calls(desks.ledger, key, desks.planning(at, approve_by_itself=("SEV1",)))
    assert desks.kept() == [("list_ready", "INC-1")]


def test_a_version_that_is_ready_by_rule_and_approved_by_hand_too_is_told_once(desks: Told) -> None:
    by_rule = {"approve_by_itself": ("SEV1",)}

    def approve(at: float, *, given: bool = True) -> None:
        approve_list(desks.ledger, key, "lou", hour(at), ("SEV1",), why="seen", given=given, rules=(LISTS,))

    bad = desks.record(2)
    key = desks.open(3, deployment=bad, severity="SEV1")
    plan_incident_calls(desks.ledger, key, desks.planning(3.1, **by_rule))
    approve(3.2)
    approve(3.3)
    assert desks.kept() == [("list_ready", "INC-1")]
    approve(3.4, given=False)
    approve(3.5)
    assert desks.kept()[1:] == [("list_withdrawn", "INC-1"), ("list_ready", "INC-1")], "ready once more"
    say_by_hand(desks.ledger, key, {"affected": ["hal"]}, desks.telling(4, "rang us"))
    desks.summary(key, 4, "Totals are wrong.")
    plan_incident_calls(desks.ledger, key, desks.planning(4.1, **by_rule))
    approve(4.2)
    assert desks.kept()[3:] == [("list_ready", "INC-1")], "another version is another list"


def test_a_list_of_an_incident_that_was_none_is_withdrawn(desks: Told) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    other = desks.open(3, key="other")
    desks.plan(key, 3.1)
    for one in (key, other):
        change_status(desks.ledger, one, "cancelled", desks.telling(4))
    assert desks.kept()[1:] == [("list_withdrawn", "INC-1")], "of a list that never was nobody is told"
    assert desks.send(5)[-1].text == "Version 1: the incident was cancelled"
    assert desks.look(5) == 0


def test_a_list_is_withdrawn_when_the_blame_moves(desks: Told) -> None:
    bad = desks.record(2)
    key = desks.open(3, deployment=bad, severity="SEV2")
    desks.plan(key, 3.1)
    link_deployment(desks.ledger, key, bad.number, "cleared", desks.telling(4, "it was the network"))
    assert desks.kept()[1:] == [("list_withdrawn", "INC-1")]


def test_the_list_of_a_deployment_is_withdrawn_when_it_is_blamed(desks: Told) -> None:
    desks.world.commit("invoicing", subject="feat!: new totals", trailers={"Customer": "ada"})
    bad = desks.record(2)
    plan_calls(desks.ledger, bad.number, desks.planning(2.5))
    assert desks.kept() == [("list_ready", bad.id)]
    assert len(desks.open_calls()) == 4, "ada has two reasons, and one call"
    desks.open(3, deployment=bad)
    assert desks.kept()[1:] == [("list_withdrawn", bad.id)]
    assert desks.send(4)[-1].text.endswith(f"{bad.id} is blamed for INC-1")


def test_who_got_a_list_is_told_that_somebody_on_it_was_cleared(desks: Told) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    desks.plan(key, 3.1)
    record_sending(desks.ledger, list_incident_calls(desks.ledger, key, desks.planning(3.2)).calls, "kim", hour(3.2))
    assert desks.look(3.3) == 0
    say_by_hand(desks.ledger, key, {"cleared": ["ada"]}, desks.telling(4, "asked"))
    assert (desks.look(4.1), desks.look(4.2)) == (1, 0)
    assert desks.send(5)[-1].text == "Version 1: what it says of some customers is not so any more"


def test_a_call_that_nobody_begins_is_told_once_a_day_as_the_settings_say(desks: Told) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    plan_incident_calls(desks.ledger, key, desks.planning(3.1, approve_by_itself=()))
    assert desks.look(12) == 0, "a draft may not be called"
    desks.approve(key, 12.1)
    desks.send(12.2)
    assert (desks.look(13), desks.look(14)) == (6, 0)
    call = desks.calls(key, 13)["ada"]["id"]
    desks.log(call, 13.5)
    told = sorted(one.title for one in desks.send(14))
    assert len(told) == 5
    assert f"Call {call} of ada is overdue" not in told, "it was made meanwhile"
    assert "Call C-1 of cy is overdue" in told
    found, _ = list_outbox(desks.ledger, ("not_needed",), 100, None)
    assert [subject_id(one) for one in found] == [call]
    for day, how, title in (
        (1, {"reveal": Reveal.COUNTS}, "Call C-1 is overdue"),
        (2, {"reveal": Reveal.KEYS, "opaque": True}, "Call C-1 of customer-"),
    ):
        assert desks.look(13 + 24 * day) == 5
        told = sorted(one.title for one in desks.send(14 + 24 * day, **how))
        assert told[0].startswith(title)
        assert " cy " not in told[0]


def test_nothing_is_looked_for_that_no_rule_asks_for(desks: Told) -> None:
    desks.plan(desks.open(3, deployment=desks.record(2), severity="SEV2"), 3.1)
    quiet = Rule("r", frozenset(WHEN) - {"call_overdue", "list_withdrawn"})
    assert look_for_news(desks.ledger, (quiet,), Asking(hour(13)), Planning(hour(13))) == 0
