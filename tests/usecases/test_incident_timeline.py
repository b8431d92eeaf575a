"""The timeline of an incident: each word with its two instants, what was replaced, and whom it may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.impacts import ImpactSaid
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_fixes import fix_incident
from releasewatch.usecases.incident_timeline import read_timeline
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    made = Watch(tmp_path, ledger)
    made.record(2)
    return made


def told(watch: Watch, key: str, reveal: Reveal = Reveal.NAMES, **viewing: Any) -> list[dict[str, Any]]:
    return read_timeline(watch.ledger, key, Viewing(hour(100), **viewing), reveal)


def lines(found: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None, bool]]:
    return [(one["kind"], one["subject"], one["value"], one["replaced"]) for one in found]


def test_blame_fixes_and_customers_stand_in_it(watch):
    key = watch.open(3)
    link_deployment(watch.ledger, key, 2, "suspect", watch.telling(4, "went live then"))
    link_deployment(watch.ledger, key, 2, "cleared", watch.telling(5, "was off"))
    watch.world.commit("mail")
    fix = watch.record(6)
    fix_incident(watch.ledger, key, fix.number, watch.telling(6, "switched on"))
    say_by_hand(watch.ledger, key, {"affected": ["ada", "cy"]}, watch.telling(7, "Ada Ltd called"))
    rows = [ImpactSaid(name, "cleared", line=line) for line, name in enumerate(("bob", "cy"), 1)]
    take_evidence(watch.ledger, key, rows, watch.telling(8, "no errors"))
    found = told(watch, key)
    assert lines(found)[2:] == [
        ("blame", "D-2", "suspect", True),
        ("blame", "D-2", "cleared", False),
        ("fix", "D-3", "fixed by", False),
        ("customers", "affected", "2 by a person", False),
        ("customers", "cleared", "2 by a measurement", False),
    ]
    assert [one["why"] for one in found[2:]] == [
        "went live then", "was off", "switched on", "Ada Ltd called", "no errors",
    ]  # fmt: skip
    piped = told(watch, key, Reveal.KEYS)
    assert "Ada" not in str(piped)
    assert {one["by"] for one in piped} == {None}
    assert lines(told(watch, key, known_at=hour(4)))[2:] == [("blame", "D-2", "suspect", False)]


def test_a_correction_is_shown_beside_what_it_corrects(watch):
    key = watch.open(3, impact_started_at=hour(2), components=[("invoicing", "degraded")])
    update_incident(watch.ledger, key, IncidentFields(impact_started_at=hour(1)), watch.telling(4, "the log"))
    update_incident(watch.ledger, key, IncidentFields(summaries={"customer": "we look"}), watch.telling(4))
    update_incident(watch.ledger, key, IncidentFields(summaries={"customer": "it is over"}), watch.telling(5))
    words = IncidentFields(components=[("invoicing", "partial")], entry="restarted", audience="account")
    update_incident(watch.ledger, key, words, watch.telling(6, happened=3.5))
    found = told(watch, key)
    began, component = hour(2).isoformat(), "shop/invoicing"
    assert ("impact_started_at", None, began, True) in lines(found)
    assert ("impact_started_at", None, hour(1).isoformat(), False) in lines(found)
    assert ("summary", "customer", "we look", True) in lines(found)
    assert ("summary", "customer", "it is over", False) in lines(found)
    assert [one for one in lines(found) if one[0] == "component"] == [("component", component, "yes", False)]
    statuses = [(one["value"], one["happened_at"]) for one in found if one["kind"] == "component_status"]
    assert statuses == [("degraded", "2026-03-01T03:00:00Z"), ("partial", "2026-03-01T03:30:00Z")]
    (entry,) = [one for one in found if one["kind"] == "entry"]
    assert (entry["audience"], entry["happened_at"], entry["recorded_at"]) == (
        "account", "2026-03-01T03:30:00Z", "2026-03-01T06:00:00Z",
    )  # fmt: skip


def test_who_leads_is_named_where_names_are(watch):
    key = watch.open(3, commander="Kim", liaison="Olga")
    assert ("commander", None, "Kim", False) in lines(told(watch, key))
    assert "Kim" not in str(told(watch, key, Reveal.KEYS))


def test_an_end_before_the_presumed_start_is_refused(watch):
    key = watch.open(3)
    with pytest.raises(InvalidCallError, match=r"before it started, at 2026-03-01 03:00 UTC .not said; when the inc"):
        update_incident(watch.ledger, key, IncidentFields(impact_ended_at=hour(2.5)), watch.telling(4))
    with pytest.raises(InvalidCallError, match="before it started"):
        change_status(watch.ledger, key, "resolved", watch.telling(4), hour(2.5))
    words = IncidentFields(impact_started_at=hour(2.2), impact_ended_at=hour(2.5))
    update_incident(watch.ledger, key, words, watch.telling(4))
    assert watch.show(key, 5)["incident"]["impact_ended_at"] == "2026-03-01T02:30:00Z"


def test_what_is_presumed_of_the_start_gives_way_to_an_end_that_was_said(watch):
    key = watch.open(1.5)
    update_incident(watch.ledger, key, IncidentFields(impact_ended_at=hour(1.8)), watch.telling(4))
    link_deployment(watch.ledger, key, 2, "suspect", watch.telling(5, "surely"))
    found = watch.show(key, 5)["incident"]
    assert (found["impact_started_at"], found["impact_started_because"]) == (
        "2026-03-01T01:48:00Z", "not said; not later than its end",
    )  # fmt: skip


def test_a_title_cannot_be_taken_away(watch):
    key = watch.open(3)
    with pytest.raises(InvalidCallError, match="needs a title"):
        update_incident(watch.ledger, key, IncidentFields(title=" "), watch.telling(4))


def test_a_title_is_no_story(watch):
    key = watch.open(3, title="t" * 200)
    with pytest.raises(InvalidCallError, match="at most 200 characters"):
        update_incident(watch.ledger, key, IncidentFields(title="t" * 201), watch.telling(4))


def test_that_it_is_about_a_component_is_said_once_unless_there_is_a_reason(watch):
    key = watch.open(3, components=[("invoicing", "")], regions=["eu"])
    again = IncidentFields(components=[("invoicing", "")], regions=["eu"])
    before = len(told(watch, key))
    update_incident(watch.ledger, key, again, watch.telling(4))
    assert len(told(watch, key)) == before
    update_incident(watch.ledger, key, again, watch.telling(4, "seen again"))
    assert len(told(watch, key)) == before + 2
    update_incident(watch.ledger, key, IncidentFields(without_regions=["eu"]), watch.telling(5))
    assert watch.show(key, 6)["incident"]["regions"] == []
