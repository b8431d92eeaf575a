"""Times of an incident that was written down afterwards: a status is backdated, and corrected by a later word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.incident_corrections import corrections
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.storage.incidents import read_statements, resolve_incident
from releasewatch.usecases.incident_timeline import read_timeline
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    return Watch(tmp_path, ledger)


def statuses(watch: Watch, key: str) -> list[tuple[str, str, bool]]:
    found = read_timeline(watch.ledger, key, Viewing(hour(100)), Reveal.NAMES)
    assert "replaced" not in {one["kind"] for one in found}
    return [(one["value"], one["happened_at"][11:16], one["replaced"]) for one in found if one["kind"] == "status"]


def test_an_incident_written_down_afterwards_is_resolved_at_its_time(watch):
    key = watch.open(20, impact_started_at=hour(16), severity="SEV2")
    update_incident(watch.ledger, key, IncidentFields(status="identified"), watch.telling(21, happened=17))
    change_status(watch.ledger, key, "resolved", watch.telling(21, "last night", happened=18))
    assert statuses(watch, key) == [
        ("investigating", "16:00", False),
        ("identified", "17:00", False),
        ("resolved", "18:00", False),
        ("investigating", "20:00", True),
    ]
    shown = watch.show(key, 22)["incident"]
    assert (shown["status"], shown["opened_at"]) == ("resolved", "2026-03-01T16:00:00Z")
    assert (watch.show(key, 17.5)["incident"]["status"], watch.show(key, 17.5)["incident"]["severity"]) == (
        "identified", "SEV2",
    )  # fmt: skip
    assert watch.show(key, 22, known=20.5)["incident"]["status"] == "investigating", "as it was known then"


def test_without_a_beginning_nothing_comes_before_the_opening(watch):
    key = watch.open(20)
    with pytest.raises(InvalidCallError, match="before it was opened, at 2026-03-01 20:00 UTC") as refused:
        change_status(watch.ledger, key, "resolved", watch.telling(21, happened=18))
    assert "--opened-at T" in refused.value.hint
    update_incident(watch.ledger, key, IncidentFields(opened_at=hour(17)), watch.telling(21, "the log"))
    change_status(watch.ledger, key, "resolved", watch.telling(21, happened=18))
    assert statuses(watch, key) == [
        ("investigating", "17:00", False), ("resolved", "18:00", False), ("investigating", "20:00", True),
    ]  # fmt: skip
    with pytest.raises(InvalidCallError, match="resolved at 2026-03-01 18:00 UTC, so it was opened by then"):
        update_incident(watch.ledger, key, IncidentFields(opened_at=hour(19)), watch.telling(21))
    with pytest.raises(InvalidCallError, match="in the future"):
        update_incident(watch.ledger, key, IncidentFields(opened_at=hour(30)), watch.telling(21))


def test_the_same_status_said_of_an_earlier_time_corrects_the_later_one(watch):
    key = watch.open(20)
    update_incident(watch.ledger, key, IncidentFields(status="investigating"), watch.telling(21, happened=16.5))
    assert statuses(watch, key) == [("investigating", "16:30", False), ("investigating", "20:00", True)]
    with pytest.raises(InvalidCallError, match=r"had not been opened then, but at 2026-03-01 16:30"):
        change_status(watch.ledger, key, "resolved", watch.telling(21, happened=16))


def test_when_it_was_resolved_is_corrected_both_ways(watch):
    key = watch.open(16)
    change_status(watch.ledger, key, "resolved", watch.telling(21, happened=17), hour(18))
    change_status(watch.ledger, key, "resolved", watch.telling(22, "corr", happened=18.5), hour(18.1))
    assert statuses(watch, key)[1:] == [("resolved", "17:00", True), ("resolved", "18:30", False)]
    assert watch.show(key, 18)["incident"]["status"] == "investigating"
    assert change_status(watch.ledger, key, "resolved", watch.telling(23, happened=18.5))[1] is True
    change_status(watch.ledger, key, "resolved", watch.telling(23, "no", happened=17.5))
    assert [one for one in statuses(watch, key) if not one[2]] == [
        ("investigating", "16:00", False), ("resolved", "17:30", False),
    ]  # fmt: skip
    with watch.ledger.read() as connection:
        number = resolve_incident(connection, key).incident_id
        said = read_statements(connection, [number])[number]
    times = [(one.subject, one.before[11:16], one.after[11:16], one.why)
             for one in corrections(said) if one.kind == "status_at"]  # fmt: skip
    assert times == [("resolved", "17:00", "18:30", "corr"), ("resolved", "18:30", "17:30", "no")]


def test_what_was_said_to_come_later_is_not_overtaken(watch):
    key = watch.open(16)
    update_incident(watch.ledger, key, IncidentFields(status="monitoring"), watch.telling(18))
    with pytest.raises(InvalidCallError, match="last changed later than that, at 2026-03-01 18:00 UTC"):
        change_status(watch.ledger, key, "resolved", watch.telling(21, happened=17))
    update_incident(watch.ledger, key, IncidentFields(status="monitoring"), watch.telling(21, happened=16.8))
    change_status(watch.ledger, key, "resolved", watch.telling(21, happened=17))
    change_status(watch.ledger, key, "investigating", watch.telling(21, happened=19))
    with pytest.raises(InvalidCallError, match="would have to be re-opened first"):
        update_incident(watch.ledger, key, IncidentFields(status="identified"), watch.telling(22, happened=18))
    assert [one[0] for one in statuses(watch, key) if not one[2]] == [
        "investigating", "monitoring", "resolved", "investigating",
    ]  # fmt: skip
