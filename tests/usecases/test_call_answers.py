"""Who was told of an incident hears how it ends, and every page says the same of it."""

from __future__ import annotations

import shutil
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_hands import claim_next
from releasewatch.usecases.call_report import CallReportRequest, report_calls
from releasewatch.usecases.call_work import Stale, claim_call, find_stale
from releasewatch.usecases.customer_brief import brief_customer
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


OLD_WORDS = "These words were agreed on 2026-03-01 03:00 UTC, before it was over."


@pytest.fixture
def ledger_url(tmp_path: Path, sqlite_pattern: Path) -> str:
    """SQLite alone: nothing here is told differently by another database."""
    return f"sqlite:///{shutil.copy(sqlite_pattern, tmp_path / 'ledger.db')}"


@pytest.fixture
def desks(tmp_path: Path, ledger: Ledger) -> Desks:
    return Desks(tmp_path, ledger)


def owed(desks: Desks, customer: str, at: float) -> str | None:
    found = brief_customer(desks.ledger, customer, Planning(hour(at)), Reveal.CONTACTS)
    return found.document["incidents"][0]["owed"]


def open_calls(desks: Desks, key: str, at: float) -> int:
    asked = CallReportRequest(hour(0), hour(at), incident=key)
    return report_calls(desks.ledger, asked, Asking(hour(at)))["total"]["calls"]["open"]


def test_who_was_asked_whether_they_noticed_hears_that_it_is_over(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    desks.summary(key, 3, "Totals are wrong.")
    desks.plan(key, 3.1)
    calls = desks.calls(key, 3.2)
    assert calls["bob"]["state"] == calls["di"]["state"] == "possible"
    desks.log(calls["bob"]["id"], 3.3, "sent", channel="email")
    change_status(desks.ledger, key, "resolved", desks.telling(4), hour(3.9))
    told, untold = desks.calls(key, 4.1)["bob"], desks.calls(key, 4.1)["di"]
    assert (told["purpose"], told["verdict"]) == ("resolution", "write")
    assert told["verdict_because"].startswith("possible, SEV2; it is over, and they were told of it before, so write")
    assert untold["verdict"] == "write", "as a first notice would have been"
    assert untold["verdict_because"].startswith("possible, SEV2; it is over, and they were not told")
    assert (owed(desks, "bob", 4.1), owed(desks, "di", 4.1)) == ("resolution", "after_the_fact"), "as the list says"
    assert (told["know"], told["say_outdated"]) == ([OLD_WORDS], True)
    desks.summary(key, 4.15, "Totals were wrong, and are right again.")
    assert (desks.calls(key, 4.2)["bob"]["know"], desks.calls(key, 4.2)["bob"]["say_outdated"]) == ([], False)
    made = desks.plan(key, 4.2)
    assert made.added == open_calls(desks, key, 4.3) == 6, "whoever was not told hears it after the fact"
    assert desks.purposes(key, 4.3)["bob"] == ("resolution", "open", "write")
    desks.log(desks.calls(key, 4.3)["bob"]["id"], 4.4, "sent", channel="email")
    assert owed(desks, "bob", 4.5) is None


def test_what_is_withdrawn_is_not_said_to_be_another_call_where_none_is_made(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["di"]["id"]
    claim_call(desks.ledger, call, "olga", hour(3.3), 600)
    update_incident(desks.ledger, key, IncidentFields(severity="SEV3"), desks.telling(3.9))
    change_status(desks.ledger, key, "resolved", desks.telling(4), hour(3.9))
    none = "it is over, and they were not told; it is not worth a call by now"
    assert find_stale(desks.ledger, call, Planning(hour(4.1))) == [Stale(key, "first_notice", none)]
    made = desks.plan(key, 4.2)
    assert dict(made.withdrawn) == {"it is an after-the-fact call now": 3, none: 3}
    assert made.added == 3
    assert open_calls(desks, key, 4.5) == 3


def test_a_brief_says_what_is_under_embargo_as_the_list_does(desks):
    trailers = {"Customer": "ada", "Embargo": "until 2026-04-01", "Release-note": "Forged signatures are refused."}
    desks.world.commit("invoicing", subject="fix: close the signing hole", trailers=trailers)
    desks.record(2)
    found = brief_customer(desks.ledger, "ada", Planning(hour(2.5)), Reveal.CONTACTS).document
    assert found["do_not_say"] == ["A fix is under embargo until 2026-04-01, 00:00 UTC."]
    assert found["say"] == []


def test_what_cannot_have_been_is_no_attempt(desks):
    key = desks.open(3, deployment=desks.record(2))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]["id"]
    early = Noted("phone", "connected", at=hour(3) - timedelta(days=7))
    said = Noted("phone", "connected", promise="a note", due_on=hour(-24).date())
    with pytest.raises(InvalidCallError, match=rf"more than 7 days before {call} was planned, at 2026-03-01T03:06:00Z"):
        log_attempt(desks.ledger, call, early, "olga", Planning(hour(3.5)))
    with pytest.raises(InvalidCallError, match="The day of the promise is before the call itself"):
        log_attempt(desks.ledger, call, said, "olga", Planning(hour(3.5)))
    west = timezone(timedelta(hours=-12))
    assert log_attempt(desks.ledger, call, said, "olga", Planning(hour(3.5)), west).status == "done", "today there"


def test_the_next_call_says_when_nobody_knows_what_time_it_is_there(desks):
    key = desks.open(3, deployment=desks.record(2), severity="SEV1")
    desks.plan(key, 3.1)
    made = list_incident_calls(desks.ledger, key, Planning(hour(3.2)))
    known = {row.candidate.key: bool(row.local_zone) for row in made.calls.rows}
    found = claim_next(desks.ledger, made, "olga", Planning(hour(3.2)), 60)
    assert found is not None
    assert found[0].zone_known is known[found[0].customer] is False
