"""Rows of who is exposed as the driver gives them: what was left out or packed comes out as the statement has it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from releasewatch.storage import exposure
from releasewatch.storage.exposure_stream import RawRows, keep_little
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.exposure import Asking, ask
from tests.support.exposure_facts import COMPONENTS, Clocks, Deployed, Entitled, Naming, Who, World
from tests.support.exposure_ledger import instant, write_world
from tests.support.ledgers import new_ledger

TOUCHED = frozenset({"shop/a", "shop/lib"})
ORDER = ("rank", "component_id", "region", "ring", "live_from")
COPIES = ("", "?", "v1")
TIMES = (Clocks(), Clocks(valid_from=6), Clocks(valid_to=5), Clocks(valid_from=3, valid_to=6))
"""Begun before the deployment and after, ended before its windows and never."""


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    ledger = new_ledger(ledger_url)
    yield ledger
    ledger.close()


def _deployed(opened: int, release: str, undoes: frozenset[int] = frozenset()) -> Deployed:
    targets = (("eu", ""), ("us", "early"))
    return Deployed(
        "shop", "production", TOUCHED, targets, opened, opened, opened, opened, "succeeded", release, "eu",
        TOUCHED, frozenset({"shop/lib"}), undoes, (Naming("k2", frozenset()),),
    )  # fmt: skip


def _world() -> World:
    """Customers with many ways each, one of whom was merged into another."""
    said = [
        (subject, region, ring)
        for subject in ("shop/a", "a", "shop/b", "lib")
        for region in ("", "eu", "?")
        for ring in ("", "x")
    ]
    ways = [(*one, COPIES[n % 3], TIMES[n % 4]) for n, one in enumerate(said)]
    return World(
        types=dict.fromkeys(COMPONENTS, "service"),
        needs=frozenset({("shop/b", "shop/a")}),
        regions=frozenset({"eu", "us"}),
        rings=frozenset({"early", "x"}),
        deployments=(_deployed(2, "v1"), _deployed(8, "v2", frozenset({0}))),
        doubts=(),
        products=(),
        not_in_full=(),
        customers=tuple(
            Who("crm", key, ((key, Clocks()),), ((key, Clocks()),), 0 if key == "é" else None)
            for key in ("k10", "k2", "k3", "é")
        ),
        entitlements=tuple(
            Entitled(who, subject, "", region, ring, version, times)
            for who in range(4)
            for subject, region, ring, version, times in ways[who:]
        ),
        without_entitlement={"crm": "none", "desk": "none"},
    )


def test_rows_as_the_driver_gives_them_say_what_the_statement_does(ledger: Ledger) -> None:
    write_world(ledger, _world())
    with ledger.read() as connection:
        q = ask(connection, Asking(1, instant(12), at=instant(12)))
        rows = connection.execute(exposure.detail_statement(q)).all()
        keep_little(connection)
        listed = _read(RawRows(connection, q))
        some = _read(RawRows(connection, q, [row.customer_id for row in rows]))
        if ledger.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar_one() == -500
    columns = rows[0]._fields[1:-4]
    wanted = [(tuple(who), list(mine)) for who, mine in groupby(rows, key=lambda row: row[-4:])]
    assert [who for who, _ in listed] == [who for who, _ in some] == [who for who, _ in wanted]
    assert [key for (key, *_), _ in listed] == ["k10", "k2", "k3"]
    for (who, ways), (_, again), (_, theirs) in zip(listed, some, wanted, strict=True):
        said = [_said(way, columns) for way in theirs]
        assert len(said) > len(set(COPIES)) * len(TIMES), who
        for found in (ways, again):
            assert sorted(map(repr, said)) == sorted(repr(_said(way, columns)) for way in found)
            assert [_said(way, ORDER) for way in theirs] == [_said(way, ORDER) for way in found]
    starts, ends = ({getattr(row, name) for row in rows} for name in ("live_from", "carrying_until"))
    assert starts >= {instant(2), instant(3), instant(6)}
    assert ends >= {instant(5), instant(6), instant(8), OPEN_END}


def _read(found: RawRows) -> list[tuple[Any, ...]]:
    return [(tuple(who), found.read(ways)) for *who, ways in found]


def _said(way: Any, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(way, name) for name in columns)
