"""Rows of who is exposed as the driver gives them: what SQLite packs comes out as the statement would have it."""

from __future__ import annotations

from random import Random

from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, select

from releasewatch.storage.exposure_stream import RawRows, keep_little

WAY = ("rank", "component_id", "region", "ring", "live_from")
TABLE = Table(
    "way",
    MetaData(),
    Column("customer_id", Integer),
    *(Column(name, Integer if name in ("rank", "component_id") else Text) for name in WAY),
    *(Column(name, Text) for name in ("key", "directory", "name", "account_manager")),
)


def test_ways_of_a_customer_come_in_the_order_of_the_statement_however_sqlite_hands_them_over() -> None:
    ways = [
        (rank, component, region, ring, live_from)
        for rank in (0, 9)
        for component in (None, 2, 10)
        for region in ("", "eu")
        for ring in ("a", "b")
        for live_from in ("2026-01-01 00:00:00", "2026-03-01 00:00:00")
    ]
    customers = [(1, "k10", "a"), (2, "k2", "a"), (3, "k2", "b"), (4, "é", "a")]
    rows = [
        {"customer_id": number, "key": key, "directory": directory, "name": key, "account_manager": ""}
        | dict(zip(WAY, way, strict=True))
        for number, key, directory in customers
        for way in ways
    ]
    Random(7).shuffle(rows)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.metadata.create_all(connection)
        connection.execute(TABLE.insert(), rows)
        c = TABLE.c
        found = RawRows(connection, select(TABLE).order_by(c.key, c.directory, *(c[name] for name in WAY)))
        keep_little(connection)
        listed = [(key, directory, found.read(mine)) for key, directory, _, _, mine in found]
        kept = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    assert [(key, directory) for key, directory, _ in listed] == [(key, directory) for _, key, directory in customers]
    for _, _, mine in listed:
        assert [tuple(getattr(way, name) for name in WAY) for way in mine] == ways
    assert kept == -500
    engine.dispose()
