"""Many short jobs that record at the same instant, each its own deployment: none is lost, and none is doubled."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.migrate import open_ledger
from releasewatch.usecases.recording import record
from tests.support.worlds import World

if TYPE_CHECKING:
    from releasewatch.usecases.record_facts import Recorded, RecordRequest


VARIABLE = "RELEASEWATCH_TEST_MANY"
"""Set, as many record at once as is promised (20 on one SQLite file, 50 on PostgreSQL); else fewer, for time's sake."""


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def test_each_is_there_once(world, ledger, ledger_url):
    """To one environment, where each is compared with the one before: the hardest case."""
    few, all_ = (8, 20) if ledger.is_sqlite else (12, 50)
    many = all_ if os.environ.get(VARIABLE) else few
    world.commit("a")
    world.record(1)
    heads = [world.commit("a") for _ in range(4)]
    ready = Barrier(many)
    requests = [replace(world.request(2, heads[n % 4]), started_at=None, key=f"job-{n}") for n in range(many)]

    def job(request: RecordRequest) -> Recorded:
        mine = open_ledger(Secret(ledger_url))
        try:
            ready.wait(60)
            return record(mine, world.surroundings(), request)
        finally:
            mine.close()

    with ThreadPoolExecutor(many) as pool:
        done = list(pool.map(job, requests))
    with ledger.read() as connection:
        rows = connection.execute(select(t.deployment).order_by(t.deployment.c.deployment_id)).all()
    assert sorted(one.deployment_id for one in done) == [row.deployment_id for row in rows[1:]]
    assert sorted(row.key for row in rows[1:]) == sorted(f"job-{n}" for n in range(many))
    assert not any(one.already_recorded for one in done)
    assert {row.key: row.head for row in rows[1:]} == {one.key: one.head for one in requests}
