"""Real incidents of three kinds of source come into the ledger whole, with their times, and once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.incident_import import Importing
from releasewatch.domain.incidents import fold
from releasewatch.integrations.incidents import read_incidents
from releasewatch.storage.incidents import list_incidents, read_statements
from releasewatch.storage.types import LATEST
from releasewatch.usecases.incident_import import IncidentImport, import_document, import_incidents
from tests.support.data import real_data
from tests.support.ledgers import new_ledger
from tests.support.worlds import hour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.storage.ledger import Ledger

NOW = hour(24 * 365)

RECORDED = {
    "gcp": (("incidents", "gcp", "incidents-2021-07_2022-07.json"), 157),
    "cstate": (("incidents", "cstate"), 11),
    "pagerduty": (("incidents", "devlake", "raw_pagerduty_incidents.csv"), 3),
}


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = new_ledger(ledger_url)
    yield made
    made.close()


def take(ledger: Any, source: str) -> dict[str, Any]:
    path = real_data(*RECORDED[source][0])
    asked = IncidentImport(Importing(NOW, "kim"), str(path))
    return import_document(import_incidents(ledger, read_incidents(path, source), asked), dry_run=False)


@pytest.mark.parametrize("source", RECORDED)
def test_all_come_in_with_their_times_and_once(ledger, source):
    where, many = RECORDED[source]
    first = take(ledger, source)
    assert (first["read"], first["added"], first["rejected"]) == (many, many, [])
    again = take(ledger, source)
    assert (again["added"], again["updated"], again["unchanged"], again["kept_by_hand"]) == (0, 0, many, [])
    with ledger.read() as connection:
        found = list_incidents(connection, limit=1000)
        said = read_statements(connection, [one.incident_id for one in found])
    states = {one.key: fold(said[one.incident_id], LATEST, LATEST) for one in found}
    records = {one.key: one for one in read_incidents(real_data(*where), source)}
    assert states.keys() == records.keys()
    for key, record in records.items():
        state = states[key]
        assert (state.title, state.severity, state.status) == (record.title, record.severity, record.status)
        assert (state.impact_started_at, state.impact_ended_at) == (record.impact_started_at, record.impact_ended_at)
        assert state.opened_at == record.opened_at
        assert all(name in state.attributes for name, value in record.attributes.items() if value != "")


def test_google_clouds_updates_are_a_timeline_for_customers(ledger):
    raw = json.loads(real_data("incidents", "gcp", "incidents-2021-07_2022-07.json").read_text("utf-8"))
    assert take(ledger, "gcp")["entries"] == sum(len(one["updates"]) for one in raw) == 770
    with ledger.read() as connection:
        found = list_incidents(connection, limit=1000)
        said = read_statements(connection, [one.incident_id for one in found])
    entries = [one for statements in said.values() for one in statements if one.kind == "entry"]
    assert {one.audience for one in entries} == {"customer"}
    assert {one.happened_at.isoformat() for one in entries} == {u["when"] for one in raw for u in one["updates"]}
