"""Who is in an incident is the union of who is exposed to what it is blamed on, and of words; the counts sum."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from releasewatch.domain.call_report import HURT
from releasewatch.domain.impacts import ImpactSaid, standing
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.impact_many import Counting, count_hurt
from releasewatch.storage.impact_words import Saying, add_words
from releasewatch.storage.incidents import resolve_incident
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.storage.migrate import open_ledger, upgrade
from releasewatch.storage.types import OPEN_START
from releasewatch.usecases.exposure import Asking, list_exposed
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_showing import Showing, show_incident, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident
from tests.support.exposure_facts import ENVIRONMENTS, World
from tests.support.exposure_ledger import instant, write_world
from tests.support.exposure_worlds import questions, worlds

EXAMPLES = {"sqlite": 25, "postgresql": 8}
TEN_MINUTES = timedelta(minutes=10)
NOW = 100
"""An hour after everything that a world records."""

MANY = 8
"""More than are asked about one by one."""

_STATES = st.sampled_from(["affected", "cleared", "added", "removed"])


def _law(examples: int) -> Any:
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


@_law(EXAMPLES["sqlite"])
@given(data=st.data())
def test_an_incident_is_a_union_on_sqlite(data: st.DataObject, tmp_path: Path) -> None:
    url = Secret(f"sqlite:///{tmp_path}/ledger.db")
    open_ledger(url).close()
    _check(data, url)


@pytest.fixture
def postgres_ledger(postgres_url: str) -> Secret:
    url = Secret(postgres_url)
    upgrade(Ledger(url))
    return url


@_law(EXAMPLES["postgresql"])
@given(data=st.data())
def test_an_incident_is_a_union_on_postgresql(data: st.DataObject, postgres_ledger: Secret) -> None:
    _check(data, postgres_ledger)


def _check(data: st.DataObject, url: Secret) -> None:
    world = data.draw(worlds())
    asked = data.draw(questions(world))
    at = instant(asked[0][1])
    numbers = _of_one_tier(world, sorted({number for number, _, _ in asked}))
    telling = Telling(instant(NOW), "kim", "said so")
    ledger = Rehearsal(url)
    try:
        write_world(ledger, world)
        fields = IncidentFields(title="down", impact_started_at=OPEN_START)
        key = open_incident(ledger, fields, telling).incident.id
        for number in numbers:
            link_deployment(ledger, key, number, "confirmed", telling)
        said = {}
        for who in data.draw(st.lists(st.sampled_from(world.customers), max_size=3)):
            state = data.draw(_STATES)
            name = f"{who.directory}:{who.key}"
            say_by_hand(ledger, key, {state: [name]}, telling)
            with ledger.read() as connection:
                found = resolve_customer(connection, name)
            said[found.key, found.directory] = state
        seen = _measured(data, world, ledger, key, telling)
        said |= dict.fromkeys(seen, "affected")
        _compare(ledger, key, at, numbers, said, seen, world.without_entitlement)
    finally:
        ledger.close()


def _measured(data: st.DataObject, world: World, ledger: Ledger, key: str, telling: Telling) -> dict[Any, datetime]:
    """Customers of whom a measurement says when they were hurt last."""
    seen = {}
    number = int(key.removeprefix("INC-"))
    for who in data.draw(st.lists(st.sampled_from(world.customers), max_size=2)):
        last_at = instant(data.draw(st.integers(0, NOW - 1)))
        last_at += timedelta(minutes=data.draw(st.sampled_from((0, 10, 11))))
        saying = Saying(number, "measurement", telling.why, telling.by, telling.now)
        with ledger.write() as connection:
            found = resolve_customer(connection, f"{who.directory}:{who.key}")
            said = ImpactSaid("them", "affected", last_at=last_at, line=2)
            add_words(connection, saying, [said], {"them": found.customer_id})
        seen[found.key, found.directory] = last_at
    return seen


def _of_one_tier(world: World, asked: list[int]) -> list[int]:
    """The deployments asked about, by their number in the ledger, that one incident can be blamed on together."""
    tiers = [ENVIRONMENTS[world.deployments[number].environment] for number in asked]
    return [number + 1 for number, tier in zip(asked, tiers, strict=True) if tier == tiers[0]]


def _compare(
    ledger: Ledger,
    key: str,
    at: Any,
    numbers: list[int],
    said: dict[Any, str],
    seen: dict[Any, datetime],
    without: Any,
) -> None:
    nearest: dict[Any, Any] = {}
    ends: dict[Any, list[str]] = {}
    for number in numbers:
        asking = Asking(number, instant(NOW), at, without_entitlement=without)
        for item in list_exposed(ledger, asking):
            rank = ("named", "direct", "dependent").index(item["reach"])
            who = item["key"], item["directory"]
            held = nearest.get(who, (9, False, False))
            nearest[who] = (
                min(held[0], rank),
                held[1] or not item["possible"],
                held[2] or item["state"] == "carrying",
            )
            # Who is reached otherwise than through a component has no window to read an end from.
            ends.setdefault(who, []).extend(one["carrying_until"] for one in item["windows"])
    wanted = {}
    for who in {*nearest, *said}:
        rank, certain, carried = nearest.get(who, (9, False, True))
        state = standing(said.get(who), is_candidate=who in nearest, is_presumed=rank < 2 and certain)
        unexplained = None
        if state == "affected" and numbers and who not in nearest:
            unexplained = "not_reached"
        elif state == "affected" and who in seen and who in nearest and not carried:
            last = max((datetime.fromisoformat(end) for end in ends[who]), default=None)
            unexplained = "?" if last is None else "after_return" if seen[who] > last + TEN_MINUTES else None
        if state is not None:
            wanted[who] = state, (carried or unexplained == "after_return") and state != "cleared", unexplained
    unknown = {who for who, (_, _, unexplained) in wanted.items() if unexplained == "?"}
    how = Showing(Viewing(instant(NOW), at, instant(NOW), without))
    found = {
        (one["key"], one["directory"]): (one["state"], one["still_exposed"], one["unexplained"])
        for one in stream_affected(ledger, key, how)
    }
    wanted |= {who: found[who] for who in unknown}
    assert found == wanted
    assert _hurt_among_many(ledger, key, how) == {
        who: state for who, (state, *_) in wanted.items() if state in ("affected", "presumed")
    }
    shown = show_incident(ledger, key, how)
    assert shown["customers"] == {
        "exposed": len(wanted),
        **{
            state: sum(1 for one, _, _ in wanted.values() if one == state)
            for state in ("presumed", "possible", "affected", "cleared")
        },
        "still_exposed": sum(1 for _, still, _ in wanted.values() if still),
        "returned": sum(1 for state, still, _ in wanted.values() if state != "cleared" and not still),
    }
    assert shown["unexplained"] == {
        name: sum(1 for *_, unexplained in wanted.values() if unexplained == name)
        for name in ("not_reached", "after_return")
    }


def _hurt_among_many(ledger: Ledger, key: str, how: Showing) -> dict[Any, str]:
    """The same, with the statement that is put together for many."""
    with ledger.read() as connection:
        everybody = {row.customer_id: (row.key, row.directory) for row in connection.execute(select(t.customer))}
        question = look_at(connection, resolve_incident(connection, key), how.viewing).question
        rows = dict(count_hurt(connection, [Counting(question, list(everybody))] * MANY))[question.incident_id]
        hurt = {everybody[row.customer_id]: row.state for row in rows if row.state in HURT}
        counted = dict(count_hurt(connection, [Counting(question)] * MANY))[question.incident_id]
    assert {row.state: row.many for row in counted} == Counter(hurt.values())
    return hurt
