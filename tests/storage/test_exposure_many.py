"""Many deployments counted together: each as if it were alone, and what did not change between them asked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from releasewatch.domain.customers import customer_id
from releasewatch.secret import Secret
from releasewatch.storage import exposure, exposure_many
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_many import count_each, unsure_of_each, ways_of_each
from releasewatch.storage.exposure_unsure import unsure_of
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.usecases.exposure import Asking, ask
from tests.support.crowds import config_of, write_crowd
from tests.support.exposure_ledger import instant, write_world
from tests.support.exposure_worlds import questions, worlds
from tests.support.ledgers import new_ledger
from tests.support.statements import listening
from tests.support.worlds import World, hour

PLACES = ("region", "ring", "any_region", "any_ring", "entitled_region", "entitled_ring")
TIMES = ("live_from", "live_until", "carrying_until", "sure_until")


def _law(examples: int) -> Any:
    checks = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    made = new_ledger(ledger_url)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are many, and so many that they do not fit into one statement."""
    monkeypatch.setattr(exposure_many, "_FEW", 1)
    monkeypatch.setattr(exposure_many, "_TOGETHER", 2)


@_law(15)
@given(data=st.data())
def test_each_is_counted_as_if_it_were_alone_on_sqlite(data: st.DataObject, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    if not (tmp_path / "ledger.db").exists():
        new_ledger(url).close()
    _check(data, url)


@pytest.fixture
def postgres_ledger(postgres_url: str) -> str:
    """An empty ledger on PostgreSQL."""
    new_ledger(postgres_url).close()
    return postgres_url


@_law(8)
@given(data=st.data())
def test_each_is_counted_as_if_it_were_alone_on_postgresql(data: st.DataObject, postgres_ledger: str) -> None:
    _check(data, postgres_ledger)


def _check(data: st.DataObject, url: str) -> None:
    world = data.draw(worlds())
    ledger = Rehearsal(Secret(url))
    try:
        write_world(ledger, world)
        times = data.draw(questions(world))
        with ledger.read() as connection:
            asked = []
            for number in range(len(world.deployments)):
                _, at, known_at = times[number % len(times)]
                words = world.without_entitlement
                asking = Asking(number + 1, instant(at), instant(at), instant(known_at), without_entitlement=words)
                asked.append(ask(connection, asking))
            found = count_each(connection, asked)
            assert found.keys() == {q.deployment_id for q in asked}
            for q in asked:
                alone = exposure.count_reached(connection, q)
                assert found[q.deployment_id].unplaced == exposure.count_unplaced(connection, q)
                assert replace(found[q.deployment_id], unplaced=0) == alone
            for who in world.customers[:2]:
                number = customer_id(who.directory, who.key)
                ways = ways_of_each(connection, asked, number)
                assert ways.keys() == found.keys()
                for q in asked:
                    mine = connection.execute(exposure.detail_statement(q, None, number)).all()
                    assert _said(ways[q.deployment_id]) == _said(mine)
                unsure = {q.deployment_id for q in asked if unsure_of(connection, q, number)}
                assert unsure_of_each(connection, asked, number) == unsure
    finally:
        ledger.close()


def _said(ways: Sequence[Any]) -> Counter[Any]:
    names = "customer_id", "rank", "certain", "component_id", "via", *PLACES, *TIMES, "version", "key", "name"
    return Counter(tuple(getattr(way, name) for name in names) for way in ways)


def test_all_of_the_directory_is_asked_once_between_two_changes_of_it(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(2))
    world.commit("c0", "c1")
    recorded = {at: world.record(at).number for at in (1, 2, 3, 4, 5)}
    write_crowd(ledger, customers=40, each=1, components=2)
    with ledger.write() as connection:
        late = t.entitlement.c.customer_id == customer_id("crm", "k0000001")
        connection.execute(update(t.entitlement).where(late).values(recorded_from=hour(3.5)))
    with listening() as listener, ledger.read() as connection:
        times = [hour(at + 0.25) for at in recorded]
        whom = zip(recorded.values(), times, strict=True)
        asked = [ask(connection, Asking(number, at, at, at)) for number, at in whom]
        found = count_each(connection, asked)
    assert [found[number].unplaced for number in recorded.values()] == [1, 1, 1, 0, 0]
    of_directory = [
        one
        for one in listener.questions
        if "customer_fact" in one.tables and "reach" not in one.tables and "count(" in one.text
    ]
    assert len(of_directory) == 2
