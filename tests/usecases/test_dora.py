"""DORA's measures of a small past, on both databases: every expected figure was worked out by hand.

| deployment | hour | brings | ends |
| --- | --: | --- | --- |
| D-1 | 0 | the start of history | |
| D-2 | 5 | one (a, hour 1), two (b, hour 2) | |
| D-3 | 8 | back to the start: a rollback | D-2 |
| D-4 | 10 | one and two again, three (a, hour 9) | the rollback, which is no failure |
| D-5 | 30 | four (b, hour 20) | |
| D-6 | 35 | five (c, hour 34): failed | |
| D-7 | 40 | five | D-5, which it was said to fix |

Each ended six minutes after it began.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from releasewatch.errors import UnknownNameError
from releasewatch.usecases.dora import DoraRequest, report_dora
from tests.support.worlds import START, THREE, World, hour

HOUR = 3600

OWNED = THREE.replace("[components.b]", 'owner = "team-a"\n[components.b]')


@pytest.fixture
def world(tmp_path, ledger) -> World:
    world = World(tmp_path, ledger, config=OWNED)
    start = world.commit("a", "b", "c", at=hour(-10))
    world.record(0)
    world.commit("a", at=hour(1))
    world.commit("b", at=hour(2))
    world.record(5)
    head = world.repo.head
    world.repo.switch(start)
    assert world.record(8).kind == "rollback"
    world.repo.switch(head)
    world.commit("a", at=hour(9))
    world.record(10)
    world.commit("b", at=hour(20))
    broken = world.record(30)
    world.commit("c", at=hour(34))
    world.record(35, status="failed")
    assert world.record(40, fixes=(broken.id,)).undoes == ["D-5"]
    return world


def rows(world: World, **asked: Any) -> dict[str | None, dict[str, Any]]:
    request = DoraRequest(**{"since": START, "until": hour(48), **asked})
    return {row["group"]: row for row in report_dora(world.ledger, request)["rows"]}


def facts(row: dict[str, Any]) -> tuple[int, int, int, int]:
    """Deployments, those that failed, rework, changes with a lead time."""
    return (
        row["deployments"],
        row["change_fail_rate"]["failed"],
        row["deployment_rework_rate"]["rework"],
        row["change_lead_time"]["changes"],
    )


def hours(figure: dict[str, Any]) -> tuple[float, float]:
    """Median and 90th percentile, in hours."""
    return round(figure["median_seconds"] / HOUR, 3), round(figure["p90_seconds"] / HOUR, 3)


def test_all_of_it(world):
    (row,) = rows(world).values()
    assert facts(row) == (6, 2, 2, 5)
    assert row["failed_attempts"] == 1
    assert row["deployment_frequency"] == {"per_day": 3.0, "deployments": 6, "days": 2.0, "because": None}
    # 4.1 (one), 3.1 (two), 1.1 (three), 10.1 (four), 6.1 (five); one and two count at their first deployment
    assert hours(row["change_lead_time"]) == (4.1, 10.1)
    assert row["change_fail_rate"]["rate"] == row["deployment_rework_rate"]["rate"] == 0.3333
    # D-2 from hour 5 to 8.1, D-5 from 30 to 40.1
    assert row["failed_deployment_recovery_time"]["recovered"] == 2
    assert hours(row["failed_deployment_recovery_time"]) == (6.6, 10.1)


def test_by_component(world):
    found = rows(world, by="component")
    assert {group: facts(row) for group, row in found.items()} == {
        "shop/a": (3, 1, 1, 2),
        "shop/b": (4, 2, 1, 2),
        "shop/c": (1, 0, 1, 1),
    }
    assert hours(found["shop/a"]["change_lead_time"]) == (2.6, 4.1)
    assert hours(found["shop/b"]["failed_deployment_recovery_time"]) == (6.6, 10.1)
    assert {group: row["failed_attempts"] for group, row in found.items()} == {"shop/a": 0, "shop/b": 0, "shop/c": 1}
    nothing = found["shop/c"]["failed_deployment_recovery_time"]
    assert (nothing["median_seconds"], nothing["recovered"]) == (None, 0)
    assert nothing["because"] == "no deployment is known to have failed"


def test_one_component_is_as_its_row_by_component(world):
    by_component = rows(world, by="component")
    for key in ("shop/a", "shop/b", "shop/c"):
        (row,) = rows(world, component=key).values()
        assert row | {"group": key} == by_component[key]
    assert set(rows(world, component="a", by="team")) == {"team-a"}


def test_by_team(world):
    found = rows(world, by="team")
    assert {group: facts(row) for group, row in found.items()} == {
        "team-a": (3, 1, 1, 2),
        "(no owner)": (5, 2, 2, 3),
    }


def test_deployments_without_changes_are_counted_apart(world):
    world.record(41, run="again", attempt=2)
    world.repo.commit("Read me", {"README.md": "x"}, at=hour(42))
    world.record(43)

    def left_out(**asked: Any) -> dict[str, int] | None:
        return report_dora(world.ledger, DoraRequest(START, hour(48), **asked))["without_changes"]

    assert left_out() is None, "as a whole every deployment counts"
    for by in ("team", "component"):
        assert left_out(by=by) == {"deployments": 3, "start_of_history": 1, "same_commit_again": 1, "other": 1}
    # Of a: D-5 and D-7 too, which changed others.
    assert left_out(component="a") == {"deployments": 5, "start_of_history": 1, "same_commit_again": 1, "other": 3}
    assert sum(row["deployments"] for row in rows(world, component="a").values()) + 5 == 8
    assert left_out(by="team", repo="shop") == left_out(by="team")


def test_by_week_and_month(world):
    found = rows(world, by="week", since=hour(-24 * 10), until=hour(24 * 9))
    assert {group: facts(row)[:3] for group, row in found.items()} == {
        "2026-W08": (0, 0, 0),
        "2026-W09": (4, 1, 1),
        "2026-W10": (2, 1, 1),
        "2026-W11": (0, 0, 0),
    }
    assert found["2026-W08"]["deployment_frequency"]["per_day"] is None
    assert "before its end" in found["2026-W08"]["deployment_frequency"]["because"]
    assert found["2026-W11"]["deployment_frequency"]["per_day"] == 0
    assert found["2026-W11"]["change_fail_rate"] == {
        "rate": None, "failed": 0, "deployments": 0, "because": "no deployment succeeded here", "by_incident": 0,
        "possible": 0,
    }  # fmt: skip
    months = rows(world, by="month", since=hour(-24 * 10))
    assert {group: row["deployments"] for group, row in months.items()} == {"2026-02": 0, "2026-03": 6}


def test_each_week_is_as_it_is_by_itself(world):
    monday = next(hours for hours in range(41, 400) if hour(hours).weekday() == 0 and hour(hours).hour == 0)
    for at in (monday - 1, monday, monday + 24 * 7):
        world.commit("a", at=hour(at - 1))
        world.record(at)
    weeks = rows(world, by="week", since=hour(-24 * 10), until=hour(24 * 30))
    assert sum(row["deployments"] > 0 for row in weeks.values()) == 4
    for name, row in weeks.items():
        since, until = (datetime.fromisoformat(row[end]) for end in ("since", "until"))
        assert rows(world, since=since, until=until)[None] | {"group": name} == row


def test_a_failure_counts_where_the_failed_one_was_deployed(world):
    (early,) = rows(world, until=hour(6)).values()
    assert facts(early) == (2, 1, 0, 2), "though the rollback came after the period"
    (later,) = rows(world, since=hour(6)).values()
    assert facts(later) == (4, 1, 2, 5), "one and two are counted at their first deployment within the period"


def test_by_repo_and_environment(world, tmp_path):
    bank = World(tmp_path, world.ledger, key="bank")
    bank.commit("a", at=hour(1))
    bank.record(2)
    bank.commit("b", at=hour(3))
    bank.record(4, environment="staging", tier="staging")
    assert {group: facts(row) for group, row in rows(world, by="repo").items()} == {
        "bank": (1, 0, 0, 0),
        "shop": (6, 2, 2, 5),
    }
    assert [facts(row) for row in rows(world, repo="bank").values()] == [(1, 0, 0, 0)]
    assert [row["deployments"] for row in rows(world, environment="staging").values()] == [1]


def test_a_revert_is_a_failure_of_what_it_reverts(tmp_path, ledger):
    world = World(tmp_path, ledger)
    world.commit("a", at=hour(-1))
    world.record(0)
    bad = world.commit("a", at=hour(1))
    world.record(2)
    world.repo.revert(bad, at=hour(3))
    world.record(4)
    (row,) = rows(world).values()
    assert facts(row) == (3, 1, 1, 2)
    assert hours(row["failed_deployment_recovery_time"]) == (2.1, 2.1)


def test_a_change_in_two_rings_counts_once(tmp_path, ledger):
    world = World(tmp_path, ledger)
    world.commit("a", at=hour(-1))
    world.record(0, rings=("early", "stable"))
    world.commit("a", at=hour(1))
    world.record(2, rings=("early",))
    world.record(6, rings=("stable",))
    (row,) = rows(world).values()
    assert facts(row) == (3, 0, 0, 1)
    assert hours(row["change_lead_time"]) == (1.1, 1.1)


def test_a_commit_from_the_future_is_left_out(tmp_path, ledger):
    world = World(tmp_path, ledger)
    world.commit("a", at=hour(-1))
    world.record(0)
    world.commit("a", at=hour(100))
    world.record(2)
    (row,) = rows(world).values()
    lead = row["change_lead_time"]
    assert (lead["median_seconds"], lead["changes"], lead["left_out"]) == (None, 0, 1)
    assert "time of its commit" in lead["because"]


def test_an_empty_ledger_says_nothing(ledger):
    document = report_dora(ledger, DoraRequest(START, hour(48)))
    (row,) = document["rows"]
    assert (document["environments"], document["first_deployment_at"]) == ([], None)
    figures = [value for value in row.values() if isinstance(value, dict)]
    assert len(figures) == 5
    assert all(figure["because"] for figure in figures)
    assert report_dora(ledger, DoraRequest(START, hour(48), by="component"))["rows"] == []


def test_names_that_nobody_knows(world):
    with pytest.raises(UnknownNameError, match="no repo 'shpo'"):
        rows(world, repo="shpo")
    with pytest.raises(UnknownNameError):
        rows(world, component="shop/z")


def test_instants_are_utc(world):
    document = report_dora(world.ledger, DoraRequest(START, hour(48)))
    assert datetime.fromisoformat(document["since"]) == START
    assert document["first_deployment_at"] == "2026-03-01T00:00:00Z"
