"""How both databases find the customers of a list of calls, of an incident and of a deployment: never by reading all.

A hundredth of a large directory, and a deployment that reaches few of them: what is read of a customer table is looked
up by a key, or as many rows would be read for ten customers as for all.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from releasewatch.domain.privacy import Reveal
from releasewatch.storage import tables as t
from releasewatch.storage.sql import one_by_one
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.exposure import Asking, count_document, list_exposed, page_exposed
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incident_showing import Showing, show_incident, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident
from tests.support.crowds import config_of, write_crowd
from tests.support.ledgers import new_ledger
from tests.support.statements import Statement, listening
from tests.support.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.call_candidates import RankedList

COMPONENTS = 200
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DIRECTORY = ("customer", "customer_fact", "customer_contract", "contact", "contact_detail", "entitlement")
"""The tables that are as large as the directory; those of calls and words hold what people did. The customers here have
no aliases: a table without a row is read from end to end."""


TIERS = {"gold": 2, "platinum": 3}


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = new_ledger(ledger_url)
    yield made
    made.close()


def scanned(ledger: Ledger, asked: Statement) -> list[str]:
    """The tables of the directory that the database's plan reads from end to end; not an index of the entitlements that
    name a version, which none here does."""
    with ledger.read() as connection:
        if asked.dialect == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.text}", asked.parameters).all()
            steps = (re.match(r"SCAN (\w+)", row.detail) for row in rows)
            return [step[1] for step in steps if step is not None and step[1] in DIRECTORY]
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked.text}", asked.parameters).scalar_one()
    return [
        node["Relation Name"]
        for node in _nodes(plan["Plan"])
        if node.get("Relation Name") in DIRECTORY
        and (node["Node Type"] == "Seq Scan" or ("Index" in node["Node Type"] and not node.get("Index Cond")))
        and not re.fullmatch("ix_entitlement_(subject|customer_id)_version", node.get("Index Name", ""))
    ]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def test_no_command_about_few_customers_reads_the_whole_directory(ledger, tmp_path):
    world = World(tmp_path, ledger, config=config_of(COMPONENTS))
    world.commit(*(f"c{n}" for n in range(COMPONENTS)))
    world.record(1)
    world.commit("c7")
    care = world.record(2).number
    write_crowd(ledger, customers=10_000, each=3, components=COMPONENTS, known=True)
    world.commit("c7", "c8")
    how = Planning(NOW, most=20)
    with listening() as listener:
        bad = world.record(3).number  # what it prints also counts the unplaced, for which everybody is gone through
        asking = Asking(care, NOW)
        assert count_document(ledger, asking)["customers"] == len(list(list_exposed(ledger, asking)))
        page_exposed(ledger, asking, limit=10, after=None)
        listed = list_calls(ledger, care, how)
        plan_calls(ledger, care, how)
        telling = Telling(NOW, "kim@example.org", "asked", None, "shop")
        incident = open_incident(ledger, IncidentFields(title="broken"), telling, deployment_id=bad).incident.id
        list_incident_calls(ledger, incident, how)
        hurt = plan_incident_calls(ledger, incident, how)
    assert (len(listed.calls.rows), len(hurt.calls.rows)) == (20, 20)
    assert listed.calls.beyond.customers > 50, "and so many are beyond it"
    # Whether a title names somebody is the one question that goes through all names (`storage/named_people.py`).
    guard = re.compile(r"lower\(substr\(", re.IGNORECASE)
    asked = [one for one in listener.questions if set(one.tables) & set(DIRECTORY) and not guard.search(one.text)]
    assert len(asked) > 20
    found = {one.text: tables for one in asked if (tables := scanned(ledger, one))}
    assert not found, "\n\n".join(f"{tables}: {text}" for text, tables in found.items())


def of_many(ledger: Ledger, folder: Path) -> int:
    """A deployment that reaches three of five in a large directory, and far more than a list of calls holds."""
    world = World(folder, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    world.record(1)
    write_crowd(ledger, customers=1000, each=2, components=3, known=True)
    world.commit("c0")
    return world.record(2).number


def test_of_very_many_those_worth_most_are_looked_up(ledger, tmp_path):
    """No facts and no contracts are read of whoever else is reached."""
    world = World(tmp_path, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    world.record(1)
    write_crowd(ledger, customers=10_000, each=2, components=3, known=True)
    world.commit("c0")
    bad = world.record(2).number
    with listening() as listener:
        listed = list_calls(ledger, bad, Planning(NOW, most=20)).calls
    assert (len(listed.rows), listed.beyond.customers) == (20, 6000 - 20)
    about = [one for one in listener.questions if {"customer_fact", "customer_contract"} <= set(one.tables)]
    (asked,) = [one for one in about if "scored AS" in one.text]
    assert "worthy" in asked.text
    with ledger.read() as connection, one_by_one(connection):
        words = "EXPLAIN QUERY PLAN " if ledger.is_sqlite else "EXPLAIN "
        plan = [str(row[-1]) for row in connection.exec_driver_sql(words + asked.text, asked.parameters)]
    for index in (
        "customer_fact_customer_tier",
        "customer_fact_escalated",
        "customer_contract_contract_value_renewal_on",
    ):
        assert [line for line in plan if f"ix_{index}" in line], (index, plan)
    whole = re.compile(rf"(SCAN|Seq Scan on) ({'|'.join(DIRECTORY)})\b(?! USING)")
    assert not [line for line in plan if whole.search(line)]


def test_a_page_of_many_exposed_asks_about_the_next_customers_alone(ledger, tmp_path):
    asking = Asking(of_many(ledger, tmp_path), NOW)
    wanted = [one["key"] for one in list_exposed(ledger, asking)]
    found, cursor = page_exposed(ledger, asking, limit=10, after=None)
    while cursor is not None:
        with listening() as listener:
            more, cursor = page_exposed(ledger, asking, limit=10, after=cursor)
        found += more
        if cursor is not None:
            asked = [one for one in listener.questions if "exposed" in one.text]
            assert len(asked) == 2, "who they are, and all about them"
            assert all("among AS" in one.text for one in asked)
    assert [one["key"] for one in found] == wanted
    assert len(wanted) == 600


def test_planning_looks_once_for_whom_to_call(ledger, tmp_path):
    bad, how = of_many(ledger, tmp_path), Planning(NOW, most=20)

    def searches(plan: Callable[[], RankedList]) -> int:
        with listening() as listener:
            assert len(plan().calls.rows) == 20
        return sum(re.search(r"\bscored AS", one.text) is not None for one in listener.questions)

    assert searches(lambda: plan_calls(ledger, bad, how)) == 1
    listed = list_calls(ledger, bad, how).calls
    assert [row.candidate.key for row in plan_calls(ledger, bad, how).calls.rows] == [
        row.candidate.key for row in listed.rows
    ]
    telling = Telling(NOW, "kim@example.org", "asked", None, "shop")
    incident = open_incident(ledger, IncidentFields(title="broken"), telling, deployment_id=bad).incident.id
    assert searches(lambda: plan_incident_calls(ledger, incident, how)) == 1
    planned = plan_incident_calls(ledger, incident, how).calls
    listed = list_incident_calls(ledger, incident, how).calls
    assert planned.beyond == listed.beyond
    assert planned.rows == listed.rows


def test_an_incident_is_gone_through_once_to_show_it(ledger, tmp_path):
    telling = Telling(NOW, "kim@example.org", "asked", None, "shop")
    bad = of_many(ledger, tmp_path)
    incident = open_incident(ledger, IncidentFields(title="broken"), telling, deployment_id=bad).incident.id
    with listening() as listener:
        shown = show_incident(ledger, incident, Showing(Viewing(NOW), Reveal.NAMES, tiers=TIERS))
    assert sum(re.search(r"\bstanding AS", one.text) is not None for one in listener.questions) == 1
    assert shown["customers"]["exposed"] == 600
    told = sorted(stream_affected(ledger, incident, Showing(Viewing(NOW), Reveal.NAMES)), key=by_urgency(ledger))
    assert [one["key"] for one in shown["first_to_call"]] == [one["key"] for one in told[:10]]


def by_urgency(ledger: Ledger) -> Callable[[dict[str, Any]], Any]:
    """The order of whom to call first, of customers in the same state."""
    f = t.customer_fact.c
    with ledger.read() as connection:
        rows = connection.execute(
            select(t.customer.c.key, f.escalated, f.customer_tier).join_from(
                t.customer, t.customer_fact, f.customer_id == t.customer.c.customer_id
            )
        )
        urgent = {row.key: (not row.escalated, -TIERS.get(row.customer_tier, 0)) for row in rows}
    return lambda one: (not one["still_exposed"], urgent[one["key"]], one["key"])


def test_what_a_deployment_writes_does_not_depend_on_the_customers(ledger, tmp_path):
    world = World(tmp_path, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    world.record(1)

    def rows() -> Counter[str]:
        with ledger.read() as connection:
            return Counter(
                {
                    table.name: connection.scalar(select(func.count()).select_from(table))
                    for table in t.metadata.sorted_tables
                }
            )

    def written(at: int) -> Counter[str]:
        world.commit("c0")
        before = rows()
        world.record(at)
        return rows() - before

    written(2)
    before = written(3)
    write_crowd(ledger, customers=1000, each=2, components=3)
    assert written(4) == before
    assert count_document(ledger, Asking(4, NOW))["customers"] > 500
    assert sum(before.values()) < 100, "and none of it is for a customer"
