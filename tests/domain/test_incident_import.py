"""What an incident of another tool says in our words, and that only news is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.incident_import import (
    Importing,
    ImpossibleRecordError,
    KnownNames,
    ledger_key,
    news_of,
)
from releasewatch.domain.incident_records import IncidentRecord, RecordUpdate
from releasewatch.domain.incidents import ALWAYS, IncidentState, Statement, fold

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
NAMES = KnownNames({"shop/web": "shop/web", "web": "shop/web"}, {"web pages": "shop/web"}, frozenset({"eu"}))


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def record(**said: Any) -> IncidentRecord:
    fields: dict[str, Any] = {
        "source": "csv",
        "key": "t-1",
        "title": "down",
        "severity": "SEV2",
        "status": "resolved",
        "impact_started_at": at(1),
        "impact_ended_at": at(3),
        "opened_at": at(2),
        "resolved_at": at(4),
    }
    return IncidentRecord(**{**fields, **said})


class Kept:
    """An incident as the ledger would keep it: statements in the order in which they are said."""

    def __init__(self) -> None:
        self.said: list[Statement] = []
        self.kept: tuple[tuple[str, str], ...] = ()

    def take(self, one: IncidentRecord, now: float = 100) -> int:
        """Import at an hour; returns how much of it is news."""
        news = news_of(one, self.said, NAMES, Importing(at(now), "kim"))
        self.kept = news.kept
        for said in news.said:
            self._add(said)
        return len(news.said)

    def say(self, kind: str, value: str, now: float, since: float | None = None, subject: str = "") -> None:
        """What a person says."""
        self._add(Statement(kind, value, ALWAYS if since is None else at(since), at(now), subject))

    def _add(self, said: Statement) -> None:
        self.said.append(replace(said, number=len(self.said) + 1))

    @property
    def state(self) -> IncidentState:
        return fold(self.said, END, END)


def test_everything_has_its_place_and_its_instant():
    kept = Kept()
    kept.take(
        record(
            components=("web", "Web Pages", "db"),
            regions=("eu", "mars"),
            url="https://status.example/1",
            attributes={"team": "blue", "tags": ["a", 1], "url": "else", "none": ""},
            updates=(
                RecordUpdate(at(2.5), "found it", "Identified", {"x": 1}),
                RecordUpdate(at(3.5), "watching", "Monitoring"),
            ),
        )
    )
    assert (kept.state.title, kept.state.severity, kept.state.status) == ("down", "SEV2", "resolved")
    assert (kept.state.impact_started_at, kept.state.impact_ended_at) == (at(1), at(3))
    assert (kept.state.opened_at, kept.state.status_at) == (at(2), at(4))
    assert (kept.state.components, kept.state.regions) == ({"shop/web": ""}, ("eu",))
    assert kept.state.attributes == {
        "team": "blue",
        "tags": '["a", 1]',
        "url": "https://status.example/1",
        "csv.url": "else",
        "unknown_components": '["db"]',
        "unknown_regions": '["mars"]',
        "updates": f'[{{"at": "{at(2.5).isoformat()}", "status": "Identified", "x": 1}}, '
        f'{{"at": "{at(3.5).isoformat()}", "status": "Monitoring"}}]',
    }
    steps = [(one.value, one.happened_at) for one in kept.said if one.kind == "status"]
    assert steps == [
        ("investigating", at(2)),
        ("identified", at(2.5)),
        ("monitoring", at(3.5)),
        ("resolved", at(4)),
    ]
    assert fold(kept.said, at(3), END).status == "identified"
    assert {(one.source, one.recorded_by, one.why) for one in kept.said} == {("csv", "kim", "imported from csv")}


@pytest.mark.parametrize(("is_public", "audience"), [(True, "customer"), (False, "engineering")])
def test_public_updates_are_for_customers_and_notes_for_engineering(is_public, audience):
    kept = Kept()
    kept.take(record(is_public=is_public, updates=(RecordUpdate(at(3), "sorry"), RecordUpdate(at(3), ""))))
    (entry,) = (one for one in kept.said if one.kind == "entry")
    assert (entry.value, entry.happened_at, entry.audience) == ("sorry", at(3), audience)


_times = st.integers(0, 5).map(at)
_records = st.builds(
    lambda start, lasts, opened, waits, is_over, status, updates, **more: record(
        impact_started_at=start,
        impact_ended_at=start + timedelta(hours=lasts) if is_over else None,
        opened_at=opened,
        resolved_at=max(start, opened or start) + timedelta(hours=waits) if is_over else None,
        status="resolved" if is_over else status,
        updates=tuple(sorted(updates, key=lambda one: one.at)),
        **more,
    ),
    start=_times,
    lasts=st.integers(0, 3),
    opened=st.none() | _times,
    waits=st.integers(0, 3),
    is_over=st.booleans(),
    status=st.sampled_from(["investigating", "identified", "monitoring", "cancelled"]),
    updates=st.lists(
        st.builds(RecordUpdate, _times, st.sampled_from(["", "a", "b"]), st.sampled_from(["", "Identified", "x"])),
        max_size=3,
    ),
    title=st.sampled_from(["down", "slow"]),
    severity=st.sampled_from(["SEV1", "SEV2"]),
    components=st.sampled_from([(), ("web",), ("db",)]),
    regions=st.sampled_from([(), ("eu",), ("mars", "eu")]),
    attributes=st.sampled_from([{}, {"team": "blue"}, {"team": None}]),
)


@given(st.lists(_records, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_after_any_changes_of_the_file_it_is_as_the_file_says_and_the_same_again_is_no_news(versions):
    kept = Kept()
    for number, one in enumerate(versions):
        kept.take(one, 100 + number)
        assert kept.take(one, 100.5 + number) == 0
        state = kept.state
        assert (state.title, state.severity, state.status) == (one.title, one.severity, one.status)
        assert (state.impact_started_at, state.impact_ended_at) == (one.impact_started_at, one.impact_ended_at)
        assert set(state.components) == {"shop/web" for name in one.components if name == "web"}
        assert state.regions == tuple(name for name in one.regions if name == "eu")
        assert (
            state.attributes.get("team")
            == ({"blue": "blue", None: "null"} | {"": None})[one.attributes.get("team", "")]
        )
        told = {(entry.happened_at, entry.value) for entry in kept.said if entry.kind == "entry"}
        assert {(update.at, update.text or update.status) for update in one.updates if update.text} <= told
        assert kept.kept == ()


def test_what_a_person_corrected_stays_whatever_the_file_says_later():
    kept = Kept()
    kept.take(record(components=("web",)), 100)
    kept.say("title", "checkout down", 101)
    kept.say("impact_started_at", at(0.5).isoformat(), 101)
    kept.say("component", "no", 101, subject="shop/web")
    assert kept.take(record(components=("web",)), 102) == 0
    assert kept.kept == (("title", ""), ("impact_started_at", ""), ("component", "shop/web"))
    assert kept.take(record(components=("web",), title="all down", impact_ended_at=at(3.5)), 103) == 2
    assert (kept.state.title, kept.state.impact_started_at, kept.state.components) == ("checkout down", at(0.5), {})
    assert kept.state.impact_ended_at == at(3.5), "of this nobody said anything by hand"
    assert "all down" in {one.value for one in kept.said}, "kept, though it does not count"


def test_a_later_status_of_the_file_counts_over_an_earlier_one_by_hand():
    kept = Kept()
    kept.take(record(status="investigating", impact_ended_at=None, resolved_at=None), 100)
    kept.say("status", "identified", 101, since=3)
    assert kept.take(record(status="investigating", impact_ended_at=None, resolved_at=None), 102) == 0
    assert (kept.state.status, kept.kept) == ("identified", (("status", ""),))
    kept.take(record(), 103)
    assert (kept.state.status, kept.kept) == ("resolved", ())


@pytest.mark.parametrize("closed", ["cancelled", "resolved"])
def test_what_a_person_closed_no_file_opens_again(closed):
    kept = Kept()
    still_open = record(status="investigating", impact_ended_at=None, resolved_at=None)
    kept.take(still_open, 100)
    kept.say("status", closed, 101, since=5)
    kept.take(replace(still_open, updates=(RecordUpdate(at(6), "again", "Identified"),)), 102)
    assert (kept.state.status, kept.kept) == (closed, (("status", ""),))


def test_what_a_person_reopened_the_same_file_does_not_close():
    kept = Kept()
    kept.take(record(), 100)
    kept.say("status", "investigating", 101, since=6)
    assert kept.take(record(), 102) == 0
    assert kept.state.is_open
    kept.take(record(resolved_at=at(8)), 103)
    assert (kept.state.status, kept.state.status_at) == ("resolved", at(8))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"impact_started_at": at(200), "impact_ended_at": None}, "the impact would begin in the future"),
        ({"impact_ended_at": at(200)}, "the impact would end in the future"),
        ({"resolved_at": at(0.5)}, "resolved before its impact started"),
        ({"opened_at": at(200)}, "has not come yet: severity"),
        ({"updates": (RecordUpdate(at(200), "soon"),)}, "has not come yet: entry"),
    ],
)
def test_what_cannot_be_is_refused(said, why):
    with pytest.raises(ImpossibleRecordError, match=why):
        Kept().take(record(**said))


def test_a_key_of_another_source_is_not_the_same_incident():
    kept = Kept()
    kept.take(record())
    with pytest.raises(ImpossibleRecordError, match="is the key of an incident from csv"):
        kept.take(record(source="pagerduty"))


def test_a_key_that_looks_like_ours_is_told_apart():
    assert [ledger_key(record(key=key)) for key in ("INC-7", "inc-7", "7", "INC-7a")] == [
        "csv:INC-7",
        "csv:inc-7",
        "7",
        "INC-7a",
    ]
