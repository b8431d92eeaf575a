"""Who received which version of a list, and who must be told that theirs is withdrawn."""

from __future__ import annotations

import pytest

from releasewatch.domain.staff import Staff
from releasewatch.rendering.call_views import call_list_view
from releasewatch.storage.staff import save_staff
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_sendings import record_sending
from releasewatch.usecases.calls import list_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incidents import change_status
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import CUSTOMERS, hour


class Sent(Desks):
    """Olga and Piet get their parts as files."""

    def give(self, key, at, account_manager=None):
        made = list_incident_calls(self.ledger, key, Planning(hour(at)), account_manager)
        record_sending(self.ledger, made.calls, "kim", hour(at))

    def withdrawn(self, key, at):
        return [one.sentence(names=True) for one in self.withdrawn_rows(key, at)]

    def withdrawn_rows(self, key, at):
        return list_incident_calls(self.ledger, key, Planning(hour(at))).calls.withdrawn


@pytest.fixture
def desks(tmp_path, ledger) -> Sent:
    made = Sent(tmp_path, ledger)
    made.clock.take(customers=CUSTOMERS.replace("cy,Cy Ltd,olga", "cy,Cy Ltd,piet"))
    return made


def test_a_cleared_customer_withdraws_what_their_account_manager_and_everyone_have(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3001)
    for who in (None, "olga", "piet"):
        desks.give(key, 3001.1, who)
    assert desks.withdrawn(key, 3001.2) == []
    say_by_hand(desks.ledger, key, {"cleared": ["cy"]}, desks.telling(3002, "logs"))
    said = "is withdrawn: 1 customer on it was cleared since."
    assert desks.withdrawn(key, 3002.1) == [
        f"Version 1, made for everyone on 2026-07-04 01:06 UTC, {said}",
        f"Version 1, made for piet on 2026-07-04 01:06 UTC, {said}",
    ]
    assert "piet" not in desks.withdrawn_rows(key, 3002.1)[1].sentence(names=False)
    desks.plan(key, 3002.2)
    desks.give(key, 3002.3, "piet")
    assert [one.sending.receiver for one in desks.withdrawn_rows(key, 3002.4)] == [""], "piet has the newer one"
    say_by_hand(desks.ledger, key, {"cleared": ["ed"]}, desks.telling(3003, "logs"))
    desks.give(key, 3003.1)
    assert desks.withdrawn(key, 3003.2) == [], "who was never on a list withdraws none"


def test_who_stands_in_is_told_that_theirs_is_withdrawn(desks):
    away = {"away_from": hour(3000).date(), "manager": "kim"}
    people = [Staff("kim", "Kim"), Staff("olga", "Olga"), Staff("piet", "Piet", **away)]
    with desks.ledger.write() as connection:
        save_staff(connection, people, hour(0))
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3001)
    for who in ("olga", "kim"):
        desks.give(key, 3001.1, who)
    say_by_hand(desks.ledger, key, {"cleared": ["cy"]}, desks.telling(3002, "logs"))
    assert [one.sending.receiver for one in desks.withdrawn_rows(key, 3002.1)] == ["kim"]


def test_blame_that_moved_and_a_cancelled_incident_withdraw_every_version(desks):
    bad = desks.record(2)
    key = desks.open(3, deployment=bad)
    desks.plan(key, 3.1)
    desks.give(key, 3.2, "olga")
    link_deployment(desks.ledger, key, bad.number, "cleared", desks.telling(3.5, "the network"))
    (one,) = desks.withdrawn_rows(key, 3.6)
    assert (one.sending.version, one.because) == (1, f"D-{bad.number} is not blamed any more")
    desks.give(key, 3.7, "olga")
    assert desks.withdrawn(key, 3.8) == []
    change_status(desks.ledger, key, "cancelled", desks.telling(4, "a false alarm"))
    assert [one.because for one in desks.withdrawn_rows(key, 4.1)] == ["the incident was cancelled"]
    desks.give(key, 4.2, "olga")
    assert desks.withdrawn(key, 4.3) == [], "a list of corrections holds"


def test_a_care_list_is_withdrawn_when_its_deployment_is_blamed(desks):
    bad = desks.record(2)

    def made(at):
        return list_calls(desks.ledger, bad.number, Planning(hour(at))).calls

    record_sending(desks.ledger, made(2.1), "kim", hour(2.1))
    assert (made(2.2).withdrawn, made(2.2).blame) == ((), "")
    desks.open(3, deployment=bad)
    says = f"{bad.id} is blamed for INC-1, so there are no care calls about it: the list of INC-1 says whom to call."
    assert made(3.1).blame == says
    assert says in call_list_view(made(3.1)).withdrawn, "whether the list was given away or not"
    (one,) = made(3.1).withdrawn
    assert one.because == f"D-{bad.number} is blamed for INC-1, so there are no care calls about it"
    assert one.sentence(names=True).startswith("A list that was not planned, made for everyone on ")
