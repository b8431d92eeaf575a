"""How many were hurt by many incidents, asked with one statement put together once: the same as of each alone."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.call_report import HURT
from releasewatch.storage import impacts, incidents
from releasewatch.storage.impact_many import Counting, count_hurt
from releasewatch.usecases.call_report import CallReportRequest, report_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incident_scene import Scene, look_at_all
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import change_status
from tests.support.statements import listening
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import Connection

    from releasewatch.storage.ledger import Ledger

MANY = 8
"""More than are asked about one by one."""

HOW = Viewing(hour(60))


@pytest.fixture
def desks(tmp_path: Path, ledger: Ledger) -> Desks:
    return Desks(tmp_path, ledger)


def scenes_of(connection: Connection, keys: list[str]) -> list[Scene]:
    return list(look_at_all(connection, [incidents.resolve_incident(connection, key) for key in keys], HOW))


def apart(connection: Connection, scene: Scene) -> dict[UUID, Any]:
    rows = impacts.stream_customers(connection, scene.question, 1000)
    return {who: next(mine).state for who, mine in groupby(rows, key=attrgetter("customer_id"))}


def agree(ledger: Ledger, keys: list[str]) -> int:
    """Compare each incident with what is found of it alone, with everybody apart and counted; how many were hurt."""
    hurt = 0
    with ledger.read() as connection:
        scenes = scenes_of(connection, keys)
        alone = {scene.incident.incident_id: apart(connection, scene) for scene in scenes}
        every_other = {number: sorted(states)[::2] for number, states in alone.items()}
        for named in (alone, every_other, {}):
            asked = [Counting(one.question, list(named.get(one.incident.incident_id, ()))) for one in scenes]
            for number, rows in count_hurt(connection, asked):
                wanted = {who: state for who, state in alone[number].items() if state in HURT}
                mine = {row.customer_id: row.state for row in rows if row.customer_id is not None}
                assert {who: alone[number][who] for who in named.get(number, ())}.items() <= mine.items()
                assert mine.items() <= alone[number].items()
                counts = Counter({row.state: row.many for row in rows if row.customer_id is None})
                assert counts == Counter(state for who, state in wanted.items() if who not in mine)
                hurt += len(wanted)
    return hurt // 3


def test_incidents_of_many_shapes_are_as_each_alone(desks: Desks) -> None:
    bad = [
        desks.record(at, release=release, regions=regions, key=f"k{at}")
        for at, release, regions in (
            (2, "", ("asia", "eu", "us")),
            (3, "v1.2", ("eu",)),
            (4, "it's 100% \\ odd", ("us",)),
            (5, "2026-03", ("eu", "us")),
        )
        if desks.world.commit("invoicing", subject=f"feat: {at}")
    ]
    keys = [
        desks.open(10 + number, deployment=bad[number % 4], components=[("invoicing", "")] if number % 3 else [])
        for number in range(4 * MANY)
    ]
    keys += [desks.open(50 + number, components=[("mail", "")]) for number in range(2)]
    keys.append(desks.open(53, deployment=bad[0], regions=("eu",), environment="production"))
    link_deployment(desks.ledger, keys[-1], bad[1].number, "confirmed", desks.telling(54))
    change_status(desks.ledger, keys[1], "resolved", desks.telling(55))
    say_by_hand(desks.ledger, keys[0], {"affected": ["hal"], "cleared": ["ada"]}, desks.telling(56, "asked"))
    desks.plan(keys[2], 57)
    assert agree(desks.ledger, keys) > 3 * MANY


def test_who_is_only_possibly_hurt_is_left_out_unless_there_is_a_call(desks: Desks) -> None:
    bad = desks.record(2)
    keys = [desks.open(3, deployment=bad) for _ in range(MANY)]
    desks.plan(keys[0], 4)
    with desks.ledger.read() as connection:
        scenes = scenes_of(connection, keys)
        found = dict(count_hurt(connection, [Counting(one.question) for one in scenes]))
        alone = apart(connection, scenes[0])
    assert "possible" in alone.values()
    assert {row.customer_id: row.state for row in found[scenes[0].incident.incident_id]} == alone
    (counted,) = found[scenes[1].incident.incident_id]
    presumed = sum(state == "presumed" for state in alone.values())
    assert (counted.customer_id, counted.state, counted.many) == (None, "presumed", presumed)


def test_another_incident_is_one_more_question_on_sqlite_and_none_on_postgresql(desks: Desks) -> None:
    bad = desks.record(2)

    def asked(many: int) -> list[str]:
        for _ in range(many):
            desks.open(3, deployment=bad)
        with listening() as listener:
            report_calls(desks.ledger, CallReportRequest(hour(0), hour(48)), Asking(hour(50)))
        return [one.text for one in listener.heard]

    few, more = asked(MANY), asked(MANY)
    assert len(more) == len(few) + (MANY if desks.ledger.is_sqlite else 0)
    assert sum("newest_word" in one for one in more) == (2 * MANY if desks.ledger.is_sqlite else 1)
