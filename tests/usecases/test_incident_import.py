"""Importing incidents, on both databases: upsert by key, one transaction, what is rejected, what people said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, func, select

from releasewatch.domain.incident_import import Importing
from releasewatch.domain.incident_records import IncidentRecord, RecordUpdate, RejectedIncident
from releasewatch.domain.privacy import Reveal
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Rehearsal
from releasewatch.usecases.incident_import import IncidentImport, import_document, import_incidents
from releasewatch.usecases.incident_showing import Showing, show_incident
from releasewatch.usecases.incident_timeline import read_timeline
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident, update_incident
from tests.support.worlds import World, hour

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.web]
paths = ["web/**"]
title = "Web Shop"
[components.db]
paths = ["db/**"]
"""


def record(key: str = "t-1", **said: Any) -> IncidentRecord:
    fields: dict[str, Any] = {
        "source": "gcp",
        "title": f"{key} down",
        "severity": "SEV2",
        "status": "resolved",
        "impact_started_at": hour(1),
        "impact_ended_at": hour(3),
        "opened_at": hour(2),
        "resolved_at": hour(3),
        "is_public": True,
    }
    return IncidentRecord(key=key, **{**fields, **said})


def take(ledger: Ledger, *given: IncidentRecord | RejectedIncident, now: float = 10, **more: Any) -> dict[str, Any]:
    asked = IncidentImport(Importing(hour(now), "kim"), "file.json", **more)
    return import_document(import_incidents(ledger, given, asked), dry_run=False)


def counts(document: dict[str, Any]) -> tuple[int, int, int, int]:
    return document["added"], document["updated"], document["unchanged"], len(document["rejected"])


def shown(ledger: Ledger, ref: str, **how: Any) -> dict[str, Any]:
    document: dict[str, Any] = show_incident(ledger, ref, Showing(Viewing(hour(50), **how)))["incident"]
    return document


def test_the_same_file_again_changes_nothing(ledger):
    many = [record(f"t-{number}", opened_at=hour(3 - number / 100)) for number in range(5)]
    assert counts(take(ledger, *many)) == (5, 0, 0, 0)
    assert counts(take(ledger, *many, now=11)) == (0, 0, 5, 0)
    assert shown(ledger, "t-4")["key"] == "INC-1", "the oldest has the first number"


def test_a_changed_file_adds_and_what_was_known_is_kept(ledger):
    take(ledger, record(severity="SEV3", updates=(RecordUpdate(hour(2), "looking"),)))
    changed = record(severity="SEV1", updates=(RecordUpdate(hour(2), "looking"), RecordUpdate(hour(2.5), "found")))
    assert counts(take(ledger, changed, now=20)) == (0, 1, 0, 0)
    assert shown(ledger, "t-1")["severity"] == "SEV1"
    assert shown(ledger, "t-1", known_at=hour(15))["severity"] == "SEV3"
    entries = [
        (one["value"], one["audience"], one["happened_at"], one["source"], one["by"])
        for one in read_timeline(ledger, "t-1", Viewing(hour(50)), Reveal.NAMES)
        if one["kind"] == "entry"
    ]
    assert entries == [
        ("looking", "customer", "2026-03-01T02:00:00Z", "gcp", "kim"),
        ("found", "customer", "2026-03-01T02:30:00Z", "gcp", "kim"),
    ]


def test_components_are_found_by_key_and_title_and_the_others_are_counted(tmp_path, ledger):
    world = World(tmp_path, ledger, config=CONFIG)
    world.commit("web", "db", at=hour(-1))
    world.record(0, regions=("eu",))
    found = take(
        ledger,
        record("a", components=("web shop", "shop/db", "moon"), regions=("eu", "mars")),
        record("b", components=("moon", "web"), regions=("mars", "venus")),
    )
    assert (found["unknown_components"], found["unknown_regions"]) == (1, 2)
    told = shown(ledger, "a")
    assert (told["components"], told["regions"]) == (["shop/db", "shop/web"], ["eu"])
    assert told["attributes"] == {"unknown_components": '["moon"]', "unknown_regions": '["mars"]'}
    assert (shown(ledger, "b")["components"], shown(ledger, "b")["regions"]) == (["shop/web"], [])


def test_what_the_catalog_learns_later_is_found_by_the_same_file(tmp_path, ledger):
    take(ledger, record(components=("web",)))
    assert shown(ledger, "t-1")["components"] == []
    world = World(tmp_path, ledger, config=CONFIG)
    world.commit("web", at=hour(-1))
    world.record(0)
    assert counts(take(ledger, record(components=("web",)), now=20)) == (0, 1, 0, 0)
    told = shown(ledger, "t-1")
    assert (told["components"], told["attributes"]) == (["shop/web"], {})


def test_what_people_said_by_hand_stays(ledger):
    opened = open_incident(
        ledger, IncidentFields(title="invoices", severity="SEV1"), Telling(hour(2), "olga"), key="t-1"
    )
    assert counts(take(ledger, record(resolved_at=hour(4)))) == (0, 1, 0, 0)
    update_incident(ledger, "t-1", IncidentFields(impact_started_at=hour(1.5)), Telling(hour(12), "olga"))
    found = take(ledger, record(resolved_at=hour(4)), now=13)
    assert counts(found) == (0, 0, 1, 0)
    assert {(one["key"], one["kind"]) for one in found["kept_by_hand"]} == {
        (opened.incident.id, "title"),
        (opened.incident.id, "severity"),
        (opened.incident.id, "impact_started_at"),
    }
    told = shown(ledger, "t-1")
    assert (told["title"], told["severity"], told["status"]) == ("invoices", "SEV1", "resolved")
    assert (told["impact_started_at"], told["impact_ended_at"]) == ("2026-03-01T01:30:00Z", "2026-03-01T03:00:00Z")


def test_what_cannot_be_is_rejected_and_the_others_are_taken(ledger):
    refused = RejectedIncident("file.json: incident 3", "begin", "is missing; wanted a time")
    document = take(ledger, record("a"), record("b", impact_started_at=hour(40), impact_ended_at=None), refused)
    assert (document["read"], counts(document)) == (3, (1, 0, 0, 2))
    assert document["rejected"][1] == {
        "place": "file.json: b",
        "field": "it",
        "reason": "cannot be so: the impact would begin in the future",
    }


@pytest.mark.parametrize("how", ["strict", "rehearsal"])
def test_nothing_is_written(ledger, ledger_url, how):
    if how == "strict":
        document = take(ledger, record(), RejectedIncident("file.json", "it", "is bad"), strict=True)
        assert document["written"] is False
    else:
        rehearsal = Rehearsal(Secret(ledger_url))
        assert counts(take(rehearsal, record(), record("b"))) == (2, 0, 0, 0)
        rehearsal.close()
    with ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.incident)) == 0
        assert connection.scalar(select(func.count()).select_from(t.incident_statement)) == 0


def test_the_number_of_statements_does_not_grow_with_the_incidents(ledger):
    def statements(many: int, now: float) -> int:
        heard: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            heard.append(statement)

        event.listen(ledger._engine, "before_cursor_execute", hear)
        updates = tuple(RecordUpdate(hour(2), f"word {number}") for number in range(5))
        take(ledger, *(record(f"{now}-{number}", updates=updates) for number in range(many)), now=now)
        event.remove(ledger._engine, "before_cursor_execute", hear)
        return len(heard)

    statements(1, 9)
    assert statements(2, 10) == statements(20, 11)
