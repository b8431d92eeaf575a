"""How both databases find who is exposed: by the key of entitlements, never by reading all of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text

from releasewatch.domain.customers import customer_id
from releasewatch.domain.notes import Period
from releasewatch.domain.privacy import Reveal
from releasewatch.storage import coverages, exposure
from releasewatch.storage import tables as t
from releasewatch.storage.customers import When, list_customers
from releasewatch.storage.deployments import get_deployment
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.storage.sql import one_by_one
from releasewatch.usecases.deployment_lists import Seeing, what_runs
from releasewatch.usecases.exposure import Asking, ask, count_document, list_exposed, page_exposed
from releasewatch.usecases.notes import PeriodQuestion, Reading, notes_of_period
from releasewatch.usecases.suspects import Blaming, line_up
from tests.support.crowds import config_of, write_crowd
from tests.support.ledgers import new_ledger
from tests.support.statements import Statement, listening
from tests.support.worlds import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from releasewatch.storage.ledger import Ledger

COMPONENTS = 60
NOW = datetime(2026, 4, 1, tzinfo=UTC)

BY_KEY = re.compile(r"SEARCH (?:entitlement|before) USING (?:PRIMARY KEY|INDEX \w+) \((?:subject|customer_id)=\?")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = new_ledger(ledger_url)
    yield made
    made.close()


def reads_of_entitlements(ledger: Ledger, asked: Statement) -> list[bool]:
    """For each place where the database's plan reads entitlements: whether it does by subject or customer, or by an
    index of those that name a version, which none here does."""
    with ledger.read() as connection:
        if asked.dialect == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.text}", asked.parameters).all()
            steps = [row.detail for row in rows if re.search(r"\b(?:SCAN|SEARCH) (?:entitlement|before)\b", row.detail)]
            return [BY_KEY.match(step) is not None for step in steps]
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked.text}", asked.parameters).scalar_one()
    found = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "entitlement"]
    by_key = re.compile(r"\b(?:subject|customer_id)\b.* = ")
    conditions = [node.get("Index Cond") or node.get("Recheck Cond", "") for node in found]  # of a bitmap the index's
    return [by_key.search(one) is not None or is_of_versions(node) for one, node in zip(conditions, found, strict=True)]


def is_of_versions(node: dict[str, Any]) -> bool:
    return re.fullmatch("ix_entitlement_(subject|customer_id)_version", node.get("Index Name", "")) is not None


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def test_what_waits_is_found_without_reading_what_does_not(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(COMPONENTS))
    world.commit(*(f"c{n}" for n in range(COMPONENTS)))
    asking = Asking(world.record(1).number, NOW)
    write_crowd(ledger, customers=3000, each=5, components=COMPONENTS)
    with ledger.write() as connection:
        row = connection.execute(select(t.entitlement).limit(1)).one()._asdict()
        connection.execute(insert(t.entitlement), [{**row, "subject": f"{one}/nobody"} for one in ("a", "shop", "zz")])
    with listening() as listener, ledger.read() as connection:
        assert find_unsure(connection, ask(connection, asking)).waiting == 0  # they are reached by what is known
    asked = [one for one in listener.questions if "entitlement" in one.tables and "exposed" not in one.text]
    first, second, *_ = asked
    with ledger.read() as connection:
        plan = explained(connection, first)
    assert re.search(r"PRIMARY KEY \(subject>\? AND subject<\?\)|subject\b.* > ", plan), plan
    assert not re.search(r"SCAN entitlement|Seq Scan", plan), plan
    assert all(reads_of_entitlements(ledger, second))


def explained(connection: Connection, asked: Statement) -> str:
    """The database's plan of a statement, as text."""
    if asked.dialect == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.text}", asked.parameters).all()
        return "\n".join(row.detail for row in rows)
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked.text}", asked.parameters).scalar_one()
    return "\n".join(f"{node['Node Type']} {node.get('Index Cond', '')}" for node in _nodes(plan["Plan"]))


def test_a_deployment_that_reaches_few_reads_few_entitlements(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(COMPONENTS))
    world.commit(*(f"c{n}" for n in range(COMPONENTS)))
    world.record(1, release="v1")
    world.commit("c7")
    narrow = world.record(2, release="v2")
    world.commit("c8")
    world.record(3, release="v3")
    write_crowd(ledger, customers=3000, each=5, components=COMPONENTS)
    asking = Asking(narrow.number, NOW)
    with listening() as listener:
        counts = count_document(ledger, asking)
        everybody = list(list_exposed(ledger, asking))
        page, cursor = page_exposed(ledger, asking, limit=10, after=None)
        rest, _ = page_exposed(ledger, asking, limit=1000, after=cursor)
    assert 100 < counts["customers"] < 500
    assert [one["key"] for one in everybody] == [one["key"] for one in page + rest]
    asked = [one for one in listener.questions if "entitlement" in one.tables and "exposed" in one.text]
    assert len(asked) >= 6
    for one in asked:
        by_key = reads_of_entitlements(ledger, one)
        assert len(by_key) >= 3, "an entitlement, one of an upgrade, and the one before that"
        assert all(by_key), one.text
    if ledger.is_sqlite:  # PostgreSQL may well read all entitlements when all customers are asked about
        with listening() as beside, ledger.read() as connection:
            assert exposure.count_unplaced(connection, ask(connection, asking)) == 0
        (unplaced,) = [one for one in beside.questions if "entitlement" in one.tables]
        assert all(reads_of_entitlements(ledger, unplaced))


def test_a_page_of_the_directory_reads_the_customers_of_that_page(ledger: Ledger) -> None:
    write_crowd(ledger, customers=3000, each=2, components=4)
    when = When(NOW)
    with listening() as listener, ledger.read() as connection:
        assert len(list(list_customers(connection, when, limit=10, after="k0001000@crm"))) == 10
    (page,) = [one for one in listener.questions if "next_ones" in one.text]
    with ledger.read() as connection:
        plan = explained(connection, page)
    assert re.search(r"SEARCH customer USING INDEX ix_customer_key \(key>\?\)|\(key\)::text >= ", plan), plan
    if ledger.is_sqlite:  # PostgreSQL may well read all facts where there are few
        assert "SCAN customer_fact" not in plan


def test_what_runs_is_found_in_the_own_deployments_of_each_scope(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    for at in range(1, 4):
        world.record(at, regions=("eu",), components=("c0",))
    with listening() as listener:
        what_runs(ledger, Seeing(NOW, Reveal.NAMES), environment=None, limit=1)
    (newest,) = [one for one in listener.questions if "FROM scope" in one.text and "target" in one.tables]
    with ledger.read() as connection:
        if not ledger.is_sqlite:  # with three rows any way is a good one
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = explained(connection, newest)
    wanted = r"_deployment_id \(scope_id=\? AND env|Index Scan \(\(scope_id = scope\.scope_id\) AND \(environment_id"
    assert re.search(wanted, plan), plan
    assert "SCAN deployment" not in plan


def test_releases_are_looked_for_among_deployments_that_have_one(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(3))
    for at in range(1, 30):
        world.commit("c0")
        last = world.record(at, **({"release": f"v{at}"} if at < 3 else {}))
    with listening() as listener:
        count_document(ledger, Asking(last.number, NOW))
    asked = [one for one in listener.questions if "release_order" in one.text]
    assert asked
    with ledger.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    for one in asked:
        with ledger.read() as connection:
            if not ledger.is_sqlite:  # so few rows are on one page
                connection.execute(text("SET LOCAL enable_seqscan = off"))
                connection.execute(text("SET LOCAL enable_bitmapscan = off"))
            words = "EXPLAIN QUERY PLAN" if ledger.is_sqlite else "EXPLAIN"
            plan = connection.exec_driver_sql(f"{words} {one.text}", one.parameters).all()
        assert "ix_deployment_repo_id_environment_id_release" in str(plan), plan


def test_suspects_are_found_by_what_reaches_a_component_and_by_their_instants(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(3))
    for at in range(1, 12):
        world.commit(f"c{at % 3}")
        world.record(at)
    with listening() as listener:
        line_up(ledger, Blaming(now=NOW, began_at=NOW, components=("c1",), repo=world.key))
    reaching = [one for one in listener.questions if {"deployment", "reach"} <= set(one.tables)]
    counting = [one for one in listener.questions if "count(*)" in one.text and set(one.tables) == {"deployment"}]
    with ledger.read() as connection:
        if not ledger.is_sqlite:  # so few rows are on one page
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        words = "EXPLAIN QUERY PLAN" if ledger.is_sqlite else "EXPLAIN"
        instants = "ix_deployment_(opened_at_deployment_id_environment_id|environment_id_opened_at)"
        for asked, index in ((reaching, "ix_reach_component_id_deployment_id"), (counting, instants)):
            assert asked
            for one in asked:
                plan = connection.exec_driver_sql(f"{words} {one.text}", one.parameters).all()
                assert re.search(index, str(plan)), plan


def test_own_copies_are_looked_for_among_entitlements_that_name_a_version(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(COMPONENTS))
    world.commit(*(f"c{n}" for n in range(COMPONENTS)))
    last = world.record(1)
    write_crowd(ledger, customers=1000, each=3, components=COMPONENTS)
    asking = Asking(last.number, NOW)
    with listening() as listener, ledger.read() as connection:
        count_document(ledger, asking)
        find_unsure(connection, ask(connection, asking))
        list(exposure.stream_details(connection, ask(connection, asking), [customer_id("crm", "k0000001")]))
    asked = [one for one in listener.questions if "later_subject" in one.text or "pinned_subject" in one.text]
    assert len(asked) >= 3
    for one in asked:
        with ledger.read() as connection:
            if not ledger.is_sqlite:  # who has no statistics may take any way there is
                connection.execute(text("SET LOCAL enable_seqscan = off"))
            words = "EXPLAIN QUERY PLAN" if ledger.is_sqlite else "EXPLAIN"
            plan = str(connection.exec_driver_sql(f"{words} {one.text}", one.parameters).all())
        by = "customer_id" if ledger.is_sqlite and "among" in one.text else "(?:subject|customer_id)"
        assert re.search(rf"ix_entitlement_{by}_version\b", plan), plan


def test_how_rows_are_looked_up_is_said_of_one_question_alone(ledger: Ledger) -> None:
    names = ("enable_hashjoin", "enable_mergejoin", "enable_nestloop")

    def said(connection: Connection) -> list[str]:
        return [connection.scalar(text(f"SHOW {name}")) for name in names]

    with ledger.read() as connection:
        if ledger.is_sqlite:
            with one_by_one(connection):
                assert connection.scalar(text("SELECT 1")) == 1
            return
        connection.execute(text("SET LOCAL enable_mergejoin = off"))
        with one_by_one(connection):
            assert said(connection) == ["off", "off", "on"]
        assert said(connection) == ["on", "off", "on"]


def test_who_has_no_entitlement_is_looked_up_one_by_one(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    asking = Asking(world.record(1).number, NOW)
    write_crowd(ledger, customers=3000, each=3, components=3)
    with listening() as listener, ledger.read() as connection:
        question = ask(connection, asking)
        assert exposure.count_unplaced(connection, question) == 0
        (unplaced,) = [one for one in listener.questions if "NOT (EXISTS" in one.text]
        with one_by_one(connection):
            plan = explained(connection, unplaced)
    assert re.search(r"SEARCH entitlement USING INDEX \w+ \(customer_id=|Index.* Scan .*customer_id", plan), plan
    assert "Hash" not in plan.replace("Hashed", ""), plan


def test_what_came_later_is_read_as_far_as_it_is_needed(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverages, "_AT_FIRST", 2)
    world = World(tmp_path, ledger, config=config_of(3))
    world.commit("c0", "c1", "c2")
    first = world.record(1, components=("c0",))
    for at in range(2, 12):
        world.record(at, components=(f"c{at % 2}",), status="failed" if at == 5 else "succeeded")
    with ledger.read() as connection:
        row = get_deployment(connection, first.number).row
        after = connection, row.repo_id, row.environment_id, row.opened_at, row.deployment_id
        for succeeded, many in ((True, 9), (False, 10)):
            whole = coverages.later_deployments(*after, succeeded=succeeded)
            assert list(coverages.each_later(*after, succeeded=succeeded)) == whole
            assert len(whole) == many
        first_later = coverages.later_deployments(*after)[0]
        with listening() as listener:
            assert next(coverages.each_later(*after)) == first_later
        (asked, *_) = listener.questions
        assert sum("target" in one.tables for one in listener.questions) == 1
        if not ledger.is_sqlite:  # so few rows are on one page
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = explained(connection, asked)
    assert re.search(r"environment_id=\? AND opened_at>\?|environment_id = .* AND \(opened_at >= ", plan), plan


def test_what_deployments_of_a_period_share_is_read_once(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger, config=config_of(3))
    period = Period(datetime(2026, 1, 1, tzinfo=UTC), NOW)

    def asked(many: int) -> list[Statement]:
        for _ in range(many):
            world.commit("c0")
            world.record(next(hours))
        with listening() as listener:
            given, _ = notes_of_period(ledger, PeriodQuestion("production", None, period), None, Reading(NOW))
        assert len(given.changes) >= many - 1
        return [one for one in listener.heard if one.reads and {"catalog_component", "dependency"} & one.tables]

    hours = iter(range(1, 20))
    assert len(asked(2)) == len(asked(4)) > 0
