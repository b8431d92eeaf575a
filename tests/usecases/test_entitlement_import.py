"""Importing entitlements: intervals, what they are to, and what waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END, OPEN_START
from tests.support.directories import DAY, START, Desk
from tests.support.ledgers import new_ledger

CUSTOMERS = "key,name\nA,Acme\nB,Bee\n"
HEADER = "customer,component,valid_from,valid_to\n"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = new_ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    desk = Desk(ledger, tmp_path)
    desk.take(customers=CUSTOMERS, entitlements=HEADER)
    return desk


def _know(ledger: Ledger, *full_keys: str) -> None:
    """Let the ledger know components."""
    with ledger.write() as connection:
        for number, full_key in enumerate(full_keys, start=1):
            repo, _, key = full_key.rpartition("/")
            repo_id = 10 + number
            connection.execute(insert(t.repo).values(repo_id=repo_id, key=f"{repo}#{number}"))
            connection.execute(
                insert(t.component).values(component_id=repo_id, repo_id=repo_id, key=key, full_key=full_key)
            )


def _recorded(desk: Desk) -> list[tuple[str, datetime, datetime]]:
    """What is recorded now: subject, since when, until when."""
    columns = ("subject", "valid_from", "valid_to", "recorded_to")
    return [row[:3] for row in desk.rows(t.entitlement, *columns) if row[3] == OPEN_END]


def _day(month: int, day: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def test_a_stated_interval_is_kept_and_its_last_day_included(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,2025-06-01,2026-06-30\nB,api,2026-03-01T10:00:00+02:00,\n")
    assert sorted(_recorded(desk)) == [
        ("api", _day(6, year=2025), _day(7)),
        ("api", datetime(2026, 3, 1, 8, tzinfo=UTC), OPEN_END),
    ]


def test_an_open_start_is_the_import_and_for_the_first_one_always(ledger: Ledger, tmp_path: Path) -> None:
    desk = Desk(ledger, tmp_path)
    desk.take(customers=CUSTOMERS, entitlements=HEADER + "A,api,,\n")
    desk.take(entitlements=HEADER + "A,api,,\nA,web,,\n")
    assert _recorded(desk) == [("api", OPEN_START, OPEN_END), ("web", START + DAY, OPEN_END)]


def test_what_was_over_before_it_was_told_did_not_begin_now(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,,2025-12-31\n")
    assert _recorded(desk) == [("api", OPEN_START, _day(1))]
    assert desk.take(entitlements=HEADER + "A,api,,2025-12-31\n")["entitlements"].unchanged == 1
    # It is over: a snapshot without it ends nothing.
    outcome = desk.take(entitlements=HEADER)["entitlements"]
    assert (outcome.ended, outcome.present) == (0, 0)
    assert _recorded(desk) == [("api", OPEN_START, _day(1))]


def test_an_end_before_all_time_is_refused(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,,1969-12-01\n")
    assert desk.rejected == [(2, "valid_to", "ends before anything is known to have begun; give valid_from as well")]


def test_a_new_end_replaces_the_one_before(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,2025-06-01,\n")
    assert desk.take(entitlements=HEADER + "A,api,2025-06-01,2026-12-31\n")["entitlements"].changed == 1
    assert _recorded(desk) == [("api", _day(6, year=2025), _day(1, year=2027))]
    # An open start means: since it is known.
    assert desk.take(entitlements=HEADER + "A,api,,2027-12-31\n")["entitlements"].changed == 1
    assert _recorded(desk) == [("api", _day(6, year=2025), _day(1, year=2028))]


def test_a_corrected_start_replaces_the_one_before(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,,\n")
    outcome = desk.take(entitlements=HEADER + "A,api,2025-06-01,\n")["entitlements"]
    assert (outcome.changed, outcome.added, outcome.ended) == (1, 0, 0)
    assert _recorded(desk) == [("api", _day(6, year=2025), OPEN_END)]


def test_what_ended_and_begins_again_leaves_the_gap(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,2025-06-01,\n")
    desk.take(entitlements=HEADER, accept_ending=1)
    desk.take(entitlements=HEADER + "A,api,,\n")
    assert _recorded(desk) == [
        ("api", _day(6, year=2025), START + 2 * DAY),
        ("api", START + 3 * DAY, OPEN_END),
    ]


def test_two_intervals_of_one_cell_stand_side_by_side(desk: Desk) -> None:
    both = HEADER + "A,api,2025-01-01,2025-06-30\nA,api,2026-02-01,\n"
    assert desk.take(entitlements=both)["entitlements"].added == 2
    assert desk.take(entitlements=both)["entitlements"].unchanged == 2
    outcome = desk.take(entitlements=HEADER + "A,api,2025-01-01,2025-06-30\n")["entitlements"]
    assert (outcome.unchanged, outcome.ended) == (1, 1)
    assert _recorded(desk) == [("api", _day(1, year=2025), _day(7, year=2025))], "what had not begun never was"


def test_a_cell_is_its_customer_subject_and_axes(desk: Desk) -> None:
    header = "customer,component,environment,region,ring,version\n"
    outcome = desk.take(entitlements=header + "A,api,,eu;us,?,\nA,api,staging,eu,,\nA,api,,eu,?,1.2\n")["entitlements"]
    assert (outcome.read, outcome.added) == (3, 4)
    cells = desk.rows(t.entitlement, "environment", "region", "ring", "version")
    assert sorted(cells) == [
        ("", "eu", "?", ""),
        ("", "eu", "?", "1.2"),
        ("", "us", "?", ""),
        ("staging", "eu", "", ""),
    ]
    outcome = desk.take(entitlements=header + "A,api,,eu,?,\nA,api,staging,eu,,\nA,api,,eu,?,1.2\n")["entitlements"]
    assert (outcome.unchanged, outcome.ended) == (3, 1)


def test_saying_a_thing_twice_is_no_fault_and_contradicting_oneself_is(desk: Desk) -> None:
    outcome = desk.take(entitlements=HEADER + "A,api,,\nA,api,,\nB,api,,2027-01-01\nB,api,,2028-01-01\nA,api,,\n")[
        "entitlements"
    ]
    assert (outcome.added, outcome.repeated, outcome.rejected) == (2, 2, 1)
    assert desk.rejected == [(5, "valid_to", "gives another end than line 4 for the same entitlement")]


def test_bare_keys_become_full_where_that_is_certain(desk: Desk) -> None:
    _know(desk.ledger, "shop/api", "shop/web", "site/web")
    outcome = desk.take(entitlements=HEADER + "A,api,,\nA,shop/web,,\nA,web,,\nA,later,,\nB,x/y,,\n")["entitlements"]
    assert (outcome.added, outcome.waiting, outcome.waiting_for) == (4, 2, ("later", "x/y"))
    assert desk.rejected == [(4, "component", "may be any of shop/web, site/web; write the full key")]
    assert [row[0] for row in _recorded(desk)] == ["later", "shop/api", "shop/web", "x/y"]


def test_a_component_that_was_waited_for_carries_the_entitlement_on(desk: Desk) -> None:
    many = HEADER + "".join(f"A,api{n},,\n" for n in range(20))
    desk.take(entitlements=many)
    _know(desk.ledger, *(f"shop/api{n}" for n in range(20)))
    more = many.replace("A,api0,,\n", "A,api0,,\nB,api0,,\n")
    outcome = desk.take(entitlements=more)["entitlements"]
    assert (outcome.unchanged, outcome.arrived, outcome.added) == (20, 20, 1), "only what is new is added"
    assert (outcome.changed, outcome.ended, outcome.waiting) == (0, 0, 0)
    kept = {(row[0].partition("/")[0], *row[1:]) for row in _recorded(desk)}
    assert ("shop", OPEN_START, OPEN_END) in kept
    again = desk.take(entitlements=more)["entitlements"]
    assert (again.unchanged, again.arrived, again.changed) == (21, 0, 0)


def test_a_bare_key_that_became_ambiguous_keeps_what_it_meant(desk: Desk) -> None:
    _know(desk.ledger, "shop/api")
    desk.take(entitlements=HEADER + "A,api,,\nB,api,,\n")
    with desk.ledger.write() as connection:
        connection.execute(insert(t.repo).values(repo_id=1, key="site"))
        connection.execute(insert(t.component).values(component_id=1, repo_id=1, key="api", full_key="site/api"))
    outcome = desk.take(entitlements=HEADER + "A,api,,\n")["entitlements"]
    assert (outcome.rejected, outcome.ended) == (1, 1)
    assert sorted(row[2] for row in _recorded(desk)) == [START + 2 * DAY, OPEN_END]


def test_products_wait_until_settings_or_ledger_know_them(desk: Desk) -> None:
    with desk.ledger.write() as connection:
        connection.execute(
            insert(t.product_component).values(
                product="old",
                pattern="shop/*",
                valid_from=START,
                recorded_from=START,
                valid_to=OPEN_END,
                recorded_to=OPEN_END,
            )
        )
    rows = "customer,product\nA,business\nA,old\nA,unheard-of\nB,unheard-of\n"
    outcome = desk.take(entitlements=rows, products={"business": ("site/api", "site/apo")})["entitlements"]
    assert (outcome.waiting, outcome.waiting_for, outcome.subjects) == (4, ("unheard-of", "business", "old"), 3)
    _know(desk.ledger, "shop/web", "site/api")
    outcome = desk.take(entitlements=rows, products={"business": ("site/api", "site/apo")})["entitlements"]
    assert (outcome.waiting, outcome.waiting_for) == (3, ("unheard-of", "business"))
    outcome = desk.take(entitlements=rows, products={"business": ("site/api",)})["entitlements"]
    assert (outcome.waiting, outcome.waiting_for) == (2, ("unheard-of",))
    assert {row[0] for row in _recorded(desk)} == {"product:business", "product:old", "product:unheard-of"}


def test_what_is_no_version_is_unknown_and_said(desk: Desk) -> None:
    rows = "customer,component,version\nA,api,>=1.0\nA,web,1.x\nB,api,latest\nB,web,v1.2\nB,app,ask Ada\nA,app,?\n"
    outcome = desk.take(entitlements=rows)["entitlements"]
    assert outcome.no_version == {">=1.0": 1, "1.x": 1, "latest": 1, "other words": 1}
    assert outcome.rejected == 0
    assert sorted(desk.rows(t.entitlement, "subject", "version")) == [
        *[("api", "?"), ("api", "?"), ("app", "?"), ("app", "?"), ("web", "?"), ("web", "v1.2")],
    ]


def test_the_end_of_time_in_a_file_is_no_end(desk: Desk) -> None:
    desk.take(entitlements=HEADER + "A,api,,9999-12-31\nB,api,,9999-12-31T23:00:00Z\n")
    assert {row[2] for row in _recorded(desk)} == {OPEN_END}
    assert desk.take(entitlements=HEADER + "A,api,,\nB,api,,\n", later=timedelta(days=3))["entitlements"].unchanged == 2


def test_products_of_the_settings_are_kept_and_mean_their_components(desk: Desk) -> None:
    _know(desk.ledger, "shop/api", "shop/web", "site/api")
    products: dict[str, tuple[str, ...]] = {"business": ("shop/*",), "small": ("web",)}
    desk.take(entitlements="customer,product\nA,business\n", products=products)
    assert sorted(desk.rows(t.product_component, "product", "pattern", "valid_from", "valid_to")) == [
        ("business", "shop/*", OPEN_START, OPEN_END),
        ("small", "web", OPEN_START, OPEN_END),
    ]
    assert _meant(desk) == {("business", 11), ("business", 12), ("small", 12)}
    desk.take(entitlements="customer,product\nA,business\n", products={"business": ("site/api",)})
    assert _meant(desk) == {("business", 13), ("small", 12)}, "what another repo's settings hold stays"
    was = [row for row in desk.rows(t.product_component, "pattern", "valid_to", "recorded_to") if row[0] == "shop/*"]
    assert sorted(was) == [("shop/*", START + 2 * DAY, OPEN_END), ("shop/*", OPEN_END, START + 2 * DAY)]


def _meant(desk: Desk) -> set[tuple[str, int]]:
    """`(product, component)` of what products mean now."""
    rows = desk.rows(t.component_subject, "subject", "component_id", "valid_to", "recorded_to")
    return {
        (subject.removeprefix("product:"), component)
        for subject, component, *ends in rows
        if subject.startswith("product:") and ends == [OPEN_END, OPEN_END]
    }
