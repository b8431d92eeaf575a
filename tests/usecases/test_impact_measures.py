"""How much customers suffered in an incident, on both databases: totals that are the sum of what each is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.impacts import ImpactSaid
from releasewatch.domain.privacy import Reveal
from releasewatch.usecases.impact_measures import measure_incident
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_showing import Showing, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident, update_incident
from tests.support.directories import Desk
from tests.support.worlds import World, hour

CUSTOMERS = """key,name,timezone,sla_minutes,credit_after_minutes,contract_value,currency
ada,Ada Ltd,UTC,60,600,1000.50,EUR
bob,Bob Ltd,Asia/Kathmandu,,120,2000,EUR
cy,Cy Ltd,,30,,10,USD
di,Di Ltd,UTC,,,,
"""

ENTITLEMENTS = "customer,component\nada,a\nbob,a\ncy,a\ndi,b\n"

# The worlds begin on a Sunday: hour 33 is Monday 09:00 UTC.
START = 33


class Watch:
    """Four customers, and a bad deployment on Monday at eight."""

    def __init__(self, folder: Any, ledger: Any) -> None:
        self.ledger = ledger
        world = World(folder, ledger)
        world.commit("a", "b", "c", at=hour(-1))
        world.record(0)
        Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        world.commit("a", at=hour(START - 2))
        bad = world.record(START - 1)
        fields = IncidentFields(title="a is slow", impact_started_at=hour(START))
        self.ref = open_incident(ledger, fields, self.telling(), deployment_id=bad.number).incident.id

    def telling(self) -> Telling:
        return Telling(hour(START + 20), "kim", "because", repo="shop")

    def totals(self, at: float, reveal: Reveal = Reveal.CONTACTS) -> dict[str, Any]:
        viewing = Viewing(hour(100), hour(at))
        return measure_incident(self.ledger, self.ref, viewing, CallingHours(), reveal)

    def customers(self, at: float, reveal: Reveal = Reveal.CONTACTS) -> dict[str, dict[str, Any]]:
        showing = Showing(Viewing(hour(100), hour(at)), reveal)
        return {one["key"]: one for one in stream_affected(self.ledger, self.ref, showing)}


@pytest.fixture
def watch(tmp_path, ledger) -> Watch:
    return Watch(tmp_path, ledger)


def test_while_it_goes_on(watch):
    found = watch.totals(START + 3)
    assert found["customer_minutes"] == {"affected": 0, "presumed": 3 * 180, "possible": 0}
    # In Kathmandu it is 14:45 when it begins: two hours and a quarter are left of the working day.
    assert found["working_minutes"] == {"affected": 0, "presumed": 180 + 135, "possible": 0}
    assert found["without_timezone"] == 1
    assert found["promise"]["passed"] == {"affected": 0, "presumed": 2, "possible": 0}
    assert found["credit"]["passed"]["presumed"] == 1
    assert found["credit"]["running"]["presumed"] == 1
    assert found["credit"]["next_at"] == "2026-03-02T19:00:00Z"
    assert found["contract_value"] == [
        {"currency": "EUR", "affected": "0.00", "presumed": "3000.50", "possible": "0.00"},
        {"currency": "USD", "affected": "0.00", "presumed": "10.00", "possible": "0.00"},
    ]


def test_each_customer(watch):
    found = watch.customers(START + 3)
    assert set(found) == {"ada", "bob", "cy"}
    assert [(one["minutes"], one["working_minutes"]) for one in found.values()] == [(180, 180), (180, 135), (180, None)]
    assert found["ada"]["promise"] == {"minutes": 60, "at": "2026-03-02T10:00:00Z", "stands": "passed"}
    assert found["ada"]["credit"] == {"minutes": 600, "at": "2026-03-02T19:00:00Z", "stands": "running"}
    assert (found["bob"]["promise"], found["cy"]["credit"]) == (None, None)


def test_it_ends_for_each_when_it_did(watch):
    update_incident(watch.ledger, watch.ref, IncidentFields(impact_ended_at=hour(START + 4)), watch.telling())
    said = [
        ImpactSaid("ada", "affected", hour(START + 1), hour(START + 1.5), line=2),
        ImpactSaid("bob", "affected", hour(START - 0.5), line=3),
    ]
    take_evidence(watch.ledger, watch.ref, said, watch.telling())
    say_by_hand(watch.ledger, watch.ref, {"cleared": ["cy"], "added": ["di"]}, watch.telling())
    found = watch.totals(START + 30)
    assert found["customer_minutes"] == {"affected": 30 + 270, "presumed": 240, "possible": 0}
    assert found["promise"]["kept"]["affected"] == 1
    assert found["credit"]["passed"]["affected"] == 1
    each = watch.customers(START + 30)
    assert {key: one["minutes"] for key, one in each.items()} == {"ada": 30, "bob": 270, "cy": None, "di": 240}
    told = sum(one["minutes"] for one in each.values() if one["state"] == "affected")
    assert told == found["customer_minutes"]["affected"]


def test_before_it_began_nobody_had_suffered(watch):
    assert set(watch.totals(START - 0.5)["customer_minutes"].values()) == {0}


def test_what_tells_a_time_zone_or_a_contract_is_withheld(watch):
    found = watch.totals(START + 3, Reveal.NAMES)
    assert (found["contract_value"], found["withheld"]) == (None, ["contract_value"])
    ada = watch.customers(START + 3, Reveal.KEYS)["ada"]
    assert (ada["minutes"], ada["working_minutes"], ada["promise"], ada["credit"]) == (180, None, None, None)
    assert {"working_minutes", "promise", "credit"} <= set(ada["withheld"])
    assert "working_minutes" not in watch.customers(START + 3, Reveal.KEYS)["cy"]["withheld"]


def test_the_totals_are_one_answer_however_many_customers(watch, tmp_path):
    def statements() -> int:
        heard: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            heard.append(statement)

        event.listen(watch.ledger._engine, "before_cursor_execute", hear)
        watch.totals(START + 3)
        event.remove(watch.ledger._engine, "before_cursor_execute", hear)
        return len(heard)

    before = statements()
    more = "".join(f"n{number},N {number},UTC,60,600,1,EUR\n" for number in range(30))
    bought = "".join(f"n{number},a\n" for number in range(30))
    Desk(watch.ledger, tmp_path).take(customers=CUSTOMERS + more, entitlements=ENTITLEMENTS + bought)
    assert statements() == before
