"""Lead times of generated pasts, on both databases: what SQL counts is what a plain loop over all rows counts.

The pasts go back and forth, are recorded in another order than they happened, fail, and go to two environments of
production, commits come again and again, and some touch two components of one team.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from releasewatch.domain.dora import spans_of, spread_of
from releasewatch.storage import migrate
from releasewatch.storage import tables as t
from releasewatch.storage.dora import NO_TEAM
from releasewatch.usecases.dora import DoraRequest, report_dora
from tests.support.statements import listening
from tests.support.worlds import START, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

UNTIL = hour(24 * 60)
ENVIRONMENTS = ("eu-live", "us-live")
COMMITS, DEPLOYMENTS = 12, 14


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest, tmp_path: Path, ledger: Ledger) -> World:
    return made_up(World(tmp_path, ledger), random.Random(request.param))


def made_up(world: World, chance: random.Random) -> World:
    """A past from a seed: two lines of commits, and deployments of any of them at any time."""
    heads = [world.commit("a", "b", at=hour(-200))]
    for number in range(COMMITS):
        subject = f'Revert "Change {number}"' if chance.random() < 0.2 else ""
        heads.append(world.commit(*chance.choice(("a", "b", "ab")), subject=subject, at=hour(-190 + 8 * number)))
        if number == COMMITS // 2:
            world.repo.switch(heads[2])
    for number in range(DEPLOYMENTS):
        world.record(
            chance.randrange(24 * 55),
            # forth on the whole, and back again and again
            heads[min(len(heads) - 1, max(0, number + chance.randrange(-6, 4)))],
            environment=chance.choice(ENVIRONMENTS),
            status=chance.choice(("succeeded",) * 5 + ("failed",)),
        )
    return world


def rows_of(world: World) -> list[Any]:
    """Every change that a deployment which succeeded brought, for each component that it touched, in the order in
    which these opened."""
    c, d, e, cc = t.change.c, t.deployment.c, t.environment.c, t.change_component.c
    query = (
        select(d.deployment_id, d.opened_at, d.finished_at, e.key.label("environment"), c.sha, c.committed_at)
        .add_columns(t.component.c.full_key)
        .join_from(t.deployment, t.change, c.deployment_id == d.deployment_id)
        .join(t.environment, e.environment_id == d.environment_id)
        .join(t.change_component, (cc.deployment_id == c.deployment_id) & (cc.change_no == c.change_no))
        .join(t.component, t.component.c.component_id == cc.component_id)
        .where(d.succeeded, c.side == "added", c.is_merge.is_(False), c.reverted_by.is_(None))
        .order_by(d.opened_at, d.deployment_id)
    )
    with world.ledger.read() as connection:
        return list(connection.execute(query))


def counted(world: World, asked: DoraRequest) -> dict[str | None, tuple[Any, ...]]:
    """Of each group: changes with a lead time, those without, median and 90th percentile; by loops alone."""
    found: dict[str | None, dict[str, Any]] = defaultdict(dict)
    spans = spans_of(asked.since, asked.until, asked.by)
    for row in rows_of(world):
        if asked.environment in (None, row.environment):
            for span in spans:
                if span.since <= row.opened_at < span.until:
                    names = {"repo": world.key, "team": NO_TEAM, "component": row.full_key}
                    found[names.get(asked.by, span.label or None)].setdefault(row.sha, row)
    groups = {}
    for name, firsts in found.items():
        lasted = [one.finished_at - one.committed_at for one in firsts.values()]
        seconds = [one.total_seconds() for one in lasted if one >= timedelta(0)]
        spread = spread_of(seconds)
        groups[name] = spread.facts, len(lasted) - spread.facts, spread.median, spread.p90
    return groups


def reported(world: World, asked: DoraRequest) -> dict[str | None, tuple[Any, ...]]:
    """The same as the report says it, of groups that brought anything."""
    found = {row["group"]: row["change_lead_time"] for row in report_dora(world.ledger, asked)["rows"]}
    return {
        name: (lead["changes"], lead["left_out"], lead["median_seconds"], lead["p90_seconds"])
        for name, lead in found.items()
        if lead["changes"] or lead["left_out"]
    }


def test_lead_times_are_those_of_a_plain_count(world: World) -> None:
    many = 0
    for by in ("period", "month", "week", "repo", "component", "team"):
        for environment in (None, *ENVIRONMENTS):
            asked = DoraRequest(START, UNTIL, by, environment=environment)
            wanted = counted(world, asked)
            assert reported(world, asked) == wanted, (by, environment)
            many += sum(one[0] for one in wanted.values())
    assert many > 50


def test_a_change_is_marked_where_its_commit_came_more_than_once(world: World) -> None:
    d, c, e = t.deployment.c, t.change.c, t.environment.c
    query = (
        select(e.key, c.sha, c.repeated)
        .join_from(t.change, t.deployment, c.deployment_id == d.deployment_id)
        .join(t.environment, e.environment_id == d.environment_id)
        .where(c.side == "added")
        .order_by(e.key, c.sha)
    )
    with world.ledger.read() as connection:
        rows = connection.execute(query).all()
    again = 0
    for _, mine in groupby(rows, key=lambda row: (row.key, row.sha)):
        marks = [row.repeated for row in mine]
        assert marks == [len(marks) > 1] * len(marks)
        again += len(marks) > 1
    assert again


def test_an_upgrade_marks_what_is_there(world: World) -> None:
    before = world.rows(t.change)
    with world.ledger.write() as connection:
        for index in (
            *("change_deployment_id_committed_at", "change_deployment_id_repeated", "deployment_rollback"),
            *("deployment_environment_id_opened_at", "baseline_rollback", "reach_component_id_deployment_id"),
            *("deployment_opened_at_deployment_id_environment_id", "customer_fact_customer_tier"),
            *("customer_fact_escalated", "customer_contract_contract_value_renewal_on"),
            "deployment_scope_id_environment_id_opened_at_deployment_id",
        ):
            connection.execute(text(f"DROP INDEX ix_{index}"))
        for columns in (("opened_at",), ("scope_id", "environment_id", "opened_at")):
            name = f"ix_deployment_{'_'.join(columns)}"
            connection.execute(text(f"CREATE INDEX {name} ON deployment ({', '.join(columns)})"))
        connection.execute(text("ALTER TABLE change DROP COLUMN repeated"))
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0026'"))
    assert migrate.upgrade(world.ledger) == ("0026", migrate.HEAD)
    assert world.rows(t.change) == before


def test_changes_that_came_once_are_found_by_their_index(world: World) -> None:
    with listening() as listener:
        reported(world, DoraRequest(START, UNTIL, environment=ENVIRONMENTS[0]))
    asked = next(one for one in listener.heard if "change.committed_at" in one.text)
    with world.ledger.read() as connection:
        if world.ledger.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.text}", asked.parameters).all()
            assert any("INDEX ix_change_deployment_id_committed_at" in row.detail for row in rows)
        else:
            # Of a table as small as this one the whole is read sooner.
            connection.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
            plan = connection.exec_driver_sql(f"EXPLAIN {asked.text}", asked.parameters).scalars().all()
            assert any("using ix_change_deployment_id_committed_at" in line for line in plan)
