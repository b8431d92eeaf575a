"""Events in and out, on both databases: once however often and by however many, and told alike."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from releasewatch.domain.events import GivenEvent
from releasewatch.domain.times import format_utc
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.storage import tables as t
from releasewatch.usecases.event_deployments import Importing
from releasewatch.usecases.event_export import TOLD_BEFORE, ExportRequest
from releasewatch.usecases.event_import import import_document, import_events
from releasewatch.usecases.incident_showing import Showing, show_incident
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import Telling, change_status
from tests.support.events import Told, exported, incident_event, service_event
from tests.support.ledgers import new_ledger
from tests.support.worlds import World, hour

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger


def importing(world: World | None = None, now: float = 50) -> Importing:
    clone = None if world is None else world.surroundings()
    return Importing(hour(now), "kim", lambda _: {"tier": "production"}, GitignoreMapper, (), clone)


def take(ledger: Ledger, *events: dict[str, Any], how: Importing | None = None) -> dict[str, Any]:
    given = [GivenEvent(f"event {number}", one) for number, one in enumerate(events, 1)]
    return import_document(import_events(ledger, given, how or importing()), dry_run=False)


def outcomes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["outcome"], one["became"]) for one in document["events"]]


def types_of(told: Told) -> Counter[str]:
    return Counter(one["type"] for one in told.events)


def at(number: float) -> str:
    return format_utc(hour(number))


def test_deployments_and_incidents_and_what_is_told_of_them(tmp_path, ledger):
    world = World(tmp_path, ledger)
    first, second = world.commit("a", "b", "c", at=hour(-2)), world.commit("a", at=hour(-1))
    world.record(0, first)
    events = [
        service_event("upgraded", id="1", service="a", at=at(2), artifact=f"pkg:oci/a@{second}"),
        service_event("rolledback", id="2", service="shop/a", at=at(4), artifact=f"pkg:generic/a@v0?commit={first}"),
        service_event("upgraded", id="3", service="b", at=at(5), artifact="pkg:oci/b@sha256%3Aab?tag=7"),
        service_event("rolledback", id="4", service="b", at=at(6), artifact="pkg:oci/b@sha256%3Acd"),
        service_event("rolledback", id="5", service="c", at=at(7), artifact="pkg:oci/c@sha256%3Aef"),
        incident_event(id="6", service="a", at=at(3)),
        incident_event("resolved", id="7", service="a", at=at(4)),
    ]
    done = take(ledger, *events, how=importing(world))
    assert outcomes(done) == [
        ("recorded", "D-2"),
        ("opened", "INC-1"),
        ("rolled_back", "D-3"),
        ("resolved", "INC-1"),
        ("change", "D-4"),
        ("rolled_back", "D-4"),
    ]
    (rejected,) = done["rejected_events"]
    assert "D-1 before it is of other components too" in rejected["reason"]
    again = take(ledger, *events, how=importing(world))
    assert (again["taken"], again["already_taken"]) == (0, 6)
    assert [w.carried_until for w in world.windows(world_show(world, 2))] == [4]
    assert [w.carried_until for w in world.windows(world_show(world, 4))] == [6]

    told = exported(ledger)
    assert sorted(types_of(told).items()) == [
        ("dev.cdevents.service.deployed.0.3.0", 3),
        ("dev.cdeventsx.releasewatch-exposure.counted.0.1.0", 4),
    ]
    assert told.left_out == {TOLD_BEFORE: ["D-2", "D-3", "D-4", "INC-1"]}, "what an event told is not told again"
    assert exported(ledger) == told
    change_status(ledger, "INC-1", "investigating", Telling(hour(20), "kim"))
    change_status(ledger, "INC-1", "resolved", Telling(hour(21), "kim"))
    told = exported(ledger)
    assert types_of(told)["dev.cdevents.incident.resolved.0.3.0"] == 1, "what a person said of it is"
    spans = [ExportRequest(until=hour(4)), ExportRequest(since=hour(4))]
    assert [one for span in spans for one in exported(ledger, span).events] == told.events


def world_show(world: World, number: int) -> Any:
    """A deployment by its number, for `World.windows`."""

    class Numbered:
        def __init__(self) -> None:
            self.number = number
            self.id = f"D-{number}"

    return Numbered()


def test_many_at_once_take_each_event_once(tmp_path, ledger_url):
    ledger = new_ledger(ledger_url)
    world = World(tmp_path / "world", ledger)
    world.commit("a", "b", "c", at=hour(-2))
    world.record(0)
    events = [service_event("upgraded", id=f"s{n}", service="abc"[n], at=at(n + 1)) for n in range(3)]
    events += [incident_event(id=f"i{n}", key=f"alert {n % 2}", service="a", at=at(n + 1)) for n in range(4)]

    def run(_: int) -> dict[str, Any]:
        mine = new_ledger(ledger_url)
        try:
            return take(mine, *events)
        finally:
            mine.close()

    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(run, range(4)))
    assert [one["rejected_events"] for one in documents] == [[]] * 4
    assert sum(one["taken"] for one in documents) == 7
    with ledger.read() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in (t.deployment, t.incident, t.taken_event)
        }
        entries = connection.scalar(
            select(func.count()).select_from(t.incident_statement).where(t.incident_statement.c.kind == "entry")
        )
    ledger.close()
    assert counts == {"deployment": 4, "incident": 2, "taken_event": 7}
    assert entries == 4


def test_a_run_that_broke_off_goes_on(tmp_path, ledger):
    """The deployment is written, and that its event was taken is not: the same event finds it."""
    world = World(tmp_path, ledger)
    world.commit("a", "b", "c", at=hour(-2))
    world.record(0)
    event = service_event("upgraded", service="a", at=at(2))
    assert outcomes(take(ledger, event)) == [("change", "D-2")]
    with ledger.write() as connection:
        connection.execute(t.taken_event.delete())
    assert outcomes(take(ledger, event)) == [("change", "D-2")]
    assert outcomes(take(ledger, event)) == [("already_taken", "D-2")]


def test_events_that_come_late_and_words_of_people(tmp_path, ledger):
    world = World(tmp_path, ledger)
    world.commit("a", "b", "c", at=hour(-2))
    world.record(0)
    take(ledger, incident_event(id="1", key="7", at=at(3), service="moon", environment="mars"))
    take(ledger, incident_event("resolved", id="2", key="7", at=at(6), description=""))
    late = take(
        ledger, incident_event("reported", id="3", key="7", at=at(4)), incident_event(id="4", key="7", at=at(2))
    )
    assert [outcome for outcome, _ in outcomes(late)] == ["updated", "updated"]
    shown = show_incident(ledger, "7", Showing(Viewing(hour(50))))["incident"]
    assert (shown["opened_at"], shown["status"]) == (at(2), "resolved")
    assert shown["attributes"] == {
        "environment": "mars",
        "unknown_components": '["moon"]',
        "url": "https://tickets.example.org/7",
    }
    assert outcomes(take(ledger, incident_event(id="5", key="8", at=at(9)))) == [("opened", "INC-2")]
    wrong = take(ledger, incident_event("resolved", id="6", key="8", at=at(8)))
    assert wrong["taken"] == 0, wrong
    assert wrong["rejected_events"][0]["reason"].startswith("dev.cdevents.incident.resolved.0.3.0: ")


def test_without_any_catalog_nothing_is_known(ledger):
    done = take(ledger, service_event(at=at(1)), incident_event(at=at(1)))
    assert outcomes(done) == [("opened", "INC-1")]
    assert "The ledger knows no component 'invoicing'" in done["rejected_events"][0]["reason"]
    assert not exported(ledger).events
