"""When a list is another version, told and mailed anew: what is to be done changed, not that some of it was done."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from releasewatch.domain.notifications import Rule
from releasewatch.domain.staff import Staff
from releasewatch.storage import tables as t
from releasewatch.storage.staff import save_staff
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_mailing import Sender, send_list
from releasewatch.usecases.call_work import skip_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.check_ins import plan_check_ins
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.call_candidates import RankedList

READY = (Rule("desk", frozenset({"list_ready"})),)


class Mailed(Desks):
    """Account staff who get their lists by mail from kim, who keeps everybody, and are told when one is ready."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        self.ids = count(1)
        with ledger.write() as connection:
            save_staff(connection, [Staff("kim", "Kim", email="kim@example.org")], hour(0))

    def how(self, at: float) -> Planning:
        return Planning(hour(at), told=READY, approve_by_itself=("SEV1",), unowned="kim")

    def plan_care(self, number: int, at: float) -> RankedList:
        return plan_calls(self.ledger, number, self.how(at))

    def plan_incident(self, key: str, at: float) -> RankedList:
        return plan_incident_calls(self.ledger, key, self.how(at))

    def rows(self, made: RankedList) -> dict[str, Any]:
        return {row.candidate.key: row for row in made.calls.rows}

    def send(self, made: RankedList, at: float) -> str:
        ids = (f"{number}@example.org" for number in self.ids)
        sender = Sender(lambda _: None, ids.__next__, "calls@example.org", "lou", hour(at), unowned="kim")
        (mail,) = send_list(self.ledger, made, sender).mails
        return mail.outcome

    def told(self) -> int:
        with self.ledger.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(t.outbox)) or 0)

    def done(self, call: str, at: float) -> None:
        log_attempt(self.ledger, call, Noted("phone", "connected"), "olga", self.how(at))


@pytest.fixture
def desks(tmp_path: Path, ledger: Ledger) -> Mailed:
    return Mailed(tmp_path, ledger)


def test_a_care_call_that_was_made_or_skipped_mails_nobody_again(desks: Mailed) -> None:
    desks.world.commit("invoicing", subject="feat!: new totals")
    number = desks.record(2).number
    made = desks.plan_care(number, 2.5)
    assert (desks.send(made, 2.6), desks.told()) == ("sent", 1)
    rows = desks.rows(made)
    assert (rows["ada"].verdict, rows["cy"].verdict) == ("call", "call")
    desks.done(rows["ada"].candidate.call, 3)
    skip_call(desks.ledger, rows["cy"].candidate.call, "they know", "olga", hour(3.1))
    again = desks.plan_care(number, 3.5)
    rows = desks.rows(again)
    assert (rows["ada"].verdict, rows["cy"].verdict, again.version) == ("leave", "leave", 1)
    assert (desks.send(list_calls(desks.ledger, number, desks.how(3.6)), 3.6), desks.told()) == ("already_sent", 1)


def test_an_incident_s_call_that_was_made_mails_nobody_again_and_what_is_due_next_does(desks: Mailed) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.summary(key, 3, "Totals are wrong.")
    made = desks.plan_incident(key, 3.1)
    assert (desks.send(made, 3.2), desks.told()) == ("sent", 1)
    desks.done(desks.rows(made)["ada"].candidate.call, 3.5)
    for at in (4.0, 4.5):
        again = desks.plan_incident(key, at)
        assert (desks.rows(again)["ada"].verdict, again.version) == ("leave", 1)
        assert (desks.send(list_incident_calls(desks.ledger, key, desks.how(at)), at), desks.told()) == (
            "already_sent",
            1,
        )
    for version, (text, at) in enumerate((("We are mending it.", 5.0), ("Nearly there.", 6.0)), 2):
        desks.summary(key, at, text)
        update = desks.plan_incident(key, at + 0.1)
        assert (desks.rows(update)["ada"].candidate.hurt_purpose, update.version) == ("update", version), text
        assert desks.send(update, at + 0.2) == "sent"
        desks.done(desks.rows(update)["ada"].candidate.call, at + 0.5)
        assert desks.plan_incident(key, at + 0.6).version == version
    say_by_hand(desks.ledger, key, {"cleared": ["fay"]}, desks.telling(7, "asked"))
    assert desks.plan_incident(key, 7.1).version == 4, "somebody left the list whom nobody had called"


def test_a_later_version_of_a_care_list_is_told_too(desks: Mailed) -> None:
    desks.world.commit("invoicing", subject="feat!: new totals")
    number = desks.record(2).number
    assert (desks.plan_care(number, 2.5).version, desks.told()) == (1, 1)
    assert (desks.plan_care(number, 2.6).version, desks.told()) == (1, 1)
    desks.clock.take(
        entitlements="customer,component\nnew,shop/invoicing\n",
        customers="key,name\nnew,New AG\n",
        contacts="customer,name,phone,primary\nnew,Nina New,+49 30 23125 111,yes\n",
        mode="changes",
    )
    later = desks.plan_care(number, 3)
    assert (later.version, later.added, desks.told()) == (2, 1, 2)


def test_a_check_in_that_was_made_makes_no_other_list(desks: Mailed) -> None:
    made = plan_check_ins(desks.ledger, desks.how(3))
    first = next(row for row in made.calls.rows if row.verdict == "call")
    desks.done(first.candidate.call, 4)
    again = plan_check_ins(desks.ledger, desks.how(5))
    assert (desks.rows(again)[first.candidate.key].verdict, again.version) == ("leave", made.version)
