"""Who is exposed equals a brute-force reading of the rules, on random worlds and on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from releasewatch.domain.customers import customer_id
from releasewatch.domain.unsure import Unsure
from releasewatch.secret import Secret
from releasewatch.storage import exposure
from releasewatch.storage import tables as t
from releasewatch.storage.exposure import ExposureFilter
from releasewatch.storage.exposure_unsure import unsure_of
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.storage.migrate import open_ledger, upgrade
from releasewatch.usecases.exposure import Asking, ask, count_document, list_exposed, page_exposed
from tests.support.exposure_facts import World
from tests.support.exposure_ledger import instant, write_world
from tests.support.exposure_reading import END, Expected, Reading, expected
from tests.support.exposure_worlds import questions, worlds

EXAMPLES = {"sqlite": 150, "postgresql": 40}


def _law(examples: int) -> Any:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


@contextmanager
def _forgetting(url: Secret) -> Iterator[Ledger]:
    """A ledger for one example: what is written is taken back at the end."""
    ledger = Rehearsal(url)
    try:
        yield ledger
    finally:
        ledger.close()


@_law(EXAMPLES["sqlite"])
@given(data=st.data())
def test_exposure_is_what_the_rules_say_on_sqlite(data: st.DataObject, tmp_path: Path) -> None:
    url = Secret(f"sqlite:///{tmp_path}/ledger.db")
    open_ledger(url).close()
    _check_world(data, url)


@pytest.fixture
def postgres_ledger(postgres_url: str) -> Secret:
    """An empty ledger on PostgreSQL."""
    url = Secret(postgres_url)
    upgrade(Ledger(url))
    return url


@_law(EXAMPLES["postgresql"])
@given(data=st.data())
def test_exposure_is_what_the_rules_say_on_postgresql(data: st.DataObject, postgres_ledger: Secret) -> None:
    _check_world(data, postgres_ledger)


_FILTERS = st.builds(
    ExposureFilter,
    state=st.sampled_from((None, "carrying", "returned")),
    reach=st.sampled_from((None, None, "named", "direct", "dependent")),
    account_managers=st.sampled_from((None, None, frozenset({"kim"}))),
)


def _check_world(data: st.DataObject, url: Secret) -> None:
    world = data.draw(worlds())
    only, limit = data.draw(_FILTERS), data.draw(st.integers(1, 3))
    with _forgetting(url) as ledger:
        write_world(ledger, world)
        for number, at, known_at in data.draw(questions(world)):
            # Recorded out of order, an ending may replace one that was known before: only the present is asked for.
            reading = Reading(world, number, at, known_at if world.in_order else END)
            asking = Asking(
                deployment_id=number + 1,
                now=instant(at),
                at=instant(at),
                known_at=instant(reading.by),
                without_entitlement=world.without_entitlement,
            )
            items, wanted = _check_list(ledger, world, reading, asking)
        _check_filtered(ledger, replace(asking, only=only), items, wanted, limit)


_Wanted = dict[tuple[str, str], Expected]


def _check_list(ledger: Ledger, world: World, reading: Reading, asking: Asking) -> tuple[list[dict[str, Any]], _Wanted]:
    """The list says of each customer what the rules do, and the counts are its own."""
    wanted: _Wanted = {
        (who.key, who.directory): found
        for one, who in enumerate(world.customers)
        if (found := expected(reading, one)) is not None
    }
    items = list(list_exposed(ledger, asking))
    assert [(item["key"], item["directory"]) for item in items] == sorted(wanted)
    named = _named_places(ledger, asking.deployment_id)
    for item in items:
        _check_item(item, wanted[item["key"], item["directory"]], named)
    _check_counts(ledger, world, reading, asking, wanted)
    return items, wanted


def _check_item(item: Mapping[str, Any], wanted: Expected, named: tuple[set[str], set[str]]) -> None:
    assert item["reach"] == wanted.reach
    assert item["possible"] == wanted.possible
    assert bool(item["possible_because"]) == wanted.possible
    assert item["state"] == ("carrying" if wanted.carrying else "returned")
    assert item["distance"] == wanted.distance
    assert item["via"] in (wanted.vias or {None})
    assert set(item["components"]) == wanted.components
    for component in wanted.components:
        told = [tuple(window.values())[1:] for window in item["windows"] if window["component"] == component]
        # Where no window of the component depends on an axis, one row stands for all of it, or tells what they named.
        regions, rings = ({place[axis] for _, place in wanted.carried} for axis in (0, 1))
        assert told in [
            list(_windows(wanted, component, some_regions, some_rings))
            for some_regions in (named[0], set(), regions)
            for some_rings in (named[1], set(), rings)
        ]
    assert {window["component"] for window in item["windows"]} == wanted.components


def _named_places(ledger: Ledger, deployment_id: int) -> tuple[set[str], set[str]]:
    """The regions and rings that a deployment's windows name; the remainder is one place."""
    with ledger.read() as connection:
        rows = connection.execute(
            select(t.window.c.region, t.window.c.ring).where(t.window.c.deployment_id == deployment_id)
        ).all()
    return {row.region for row in rows}, {row.ring for row in rows}


def _windows(wanted: Expected, component: str, regions: set[str], rings: set[str]) -> Iterator[tuple[Any, ...]]:
    """The windows of a component as a list shows them: by place, as far as it is named, each run of ticks in one."""
    carried: dict[tuple[str, str], set[int]] = {}
    live: dict[tuple[str, str], set[int]] = {}
    for (one, (region, ring)), ticks in wanted.carried.items():
        if one == component:
            label = region if region in regions else "", ring if ring in rings else ""
            carried.setdefault(label, set()).update(ticks)
            live.setdefault(label, set()).update(wanted.live[component, (region, ring)])
    for (region, ring), ticks in sorted(carried.items()):
        for first, last in _runs(ticks):
            lived = [tick for tick in live[region, ring] if first <= tick <= last]
            yield (
                region or None,
                ring or None,
                _text(first),
                _text(max(lived) + 1 if lived else first),
                _text(last + 1),
            )


def _runs(ticks: Iterable[int]) -> Iterator[tuple[int, int]]:
    ordered = sorted(ticks)
    start = 0
    for position, tick in enumerate(ordered):
        if position + 1 == len(ordered) or ordered[position + 1] > tick + 1:
            yield ordered[start], tick
            start = position + 1


def _text(tick: int) -> str | None:
    return None if tick > END else instant(tick).isoformat().replace("+00:00", "Z")


def _check_counts(ledger: Ledger, world: World, reading: Reading, asking: Asking, wanted: _Wanted) -> None:
    with ledger.read() as connection:
        question = ask(connection, asking)
        counts = exposure.count_exposed(connection, question, has_blank=reading.deployed.blank != "none")
    found = list(wanted.values())
    assert (counts.named, counts.direct, counts.dependent) == tuple(
        sum(1 for one in found if one.reach == reach) for reach in ("named", "direct", "dependent")
    )
    assert counts.customers == len(found)
    assert counts.possible == sum(1 for one in found if one.possible)
    assert counts.still_exposed == sum(1 for one in found if one.carrying)
    numbers = [n for n in range(len(world.customers)) if reading.survivor(n) == n]
    assert counts.unplaced == sum(1 for n in numbers if reading.is_unplaced(n))
    others = [
        n
        for n in numbers
        if reading.is_of_environment(n) and (world.customers[n].key, world.customers[n].directory) not in wanted
    ]
    assert counts.not_ruled_out == (len(others) if reading.deployed.blank == "warn" else 0)
    unreached = [n for n in numbers if (world.customers[n].key, world.customers[n].directory) not in wanted]
    _check_unsure(counts.unsure, [reading.waits_for(n) for n in unreached], [reading.own_copies(n) for n in unreached])
    with ledger.read() as connection:
        for one in unreached:
            who = customer_id(world.customers[one].directory, world.customers[one].key)
            told = unsure_of(connection, question, who)
            assert set(told.waiting_for) == reading.waits_for(one)
            assert set(told.pinned) == reading.own_copies(one)


def _check_unsure(unsure: Unsure, waiting: Sequence[set[str]], pinned: Sequence[set[str]]) -> None:
    """Who waits and who runs a copy of their own are counted, and what most wait for is named first."""
    assert unsure.waiting == sum(1 for one in waiting if one)
    assert unsure.pinned == sum(1 for one in pinned if one)
    many = Counter(subject for one in waiting for subject in one)
    named = sorted(many, key=lambda subject: (-many[subject], subject))
    assert unsure.waiting_for == tuple(subject.removeprefix("product:") for subject in named)
    assert unsure.subjects == len(many)


def _check_filtered(ledger: Ledger, asking: Asking, items: list[dict[str, Any]], wanted: _Wanted, limit: int) -> None:
    """A filter leaves out whom it says; pages and counts give the same as the stream."""
    only = asking.only
    streamed = list(list_exposed(ledger, asking))
    assert [(item["key"], item["directory"]) for item in streamed] == [
        (item["key"], item["directory"])
        for item in items
        if only.state in (None, item["state"])
        and only.reach in (None, item["reach"])
        and (only.account_managers is None or item["account_manager"] in only.account_managers)
    ]
    for item in streamed:
        mine = wanted[item["key"], item["directory"]]
        assert item["possible"] == (mine.possibly_carrying if only.state == "carrying" else mine.possible)
        assert bool(item["possible_because"]) == item["possible"]
    paged, cursor = page_exposed(ledger, asking, limit=limit, after=None)
    while cursor is not None:
        more, cursor = page_exposed(ledger, asking, limit=limit, after=cursor)
        paged += more
    assert paged == streamed
    counted = count_document(ledger, asking)
    assert counted["customers"] == len(streamed)
    assert counted["possible"] == sum(1 for item in streamed if item["possible"])
