"""Which versions of lists somebody received; rows are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from releasewatch.domain.call_sendings import Sending
from releasewatch.storage import tables as t
from releasewatch.storage.sql import next_number

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from releasewatch.storage.calls import ListOf


def add_sending(connection: Connection, whose: ListOf, sent: Sending) -> None:
    """Keep that somebody received a list."""
    connection.execute(
        insert(t.call_sending).values(
            sending_id=next_number(connection, "call_sending"),
            **whose.key,
            version=sent.version,
            audience=sent.audience,
            receiver=sent.receiver,
            channel=sent.channel,
            blamed=sorted(sent.blamed),
            recorded_by=sent.by,
            recorded_at=sent.at,
        )
    )


def read_sendings(connection: Connection, whose: ListOf) -> list[Sending]:
    """Everybody who received a list, and which version, oldest first."""
    s = t.call_sending.c
    ((name, number),) = whose.key.items()
    rows = connection.execute(
        select(t.call_sending).where(t.call_sending.c[name] == number).order_by(s.recorded_at, s.sending_id)
    )
    return [
        Sending(
            row.version,
            row.audience,
            row.receiver,
            row.channel,
            row.recorded_by,
            row.recorded_at,
            frozenset(row.blamed),
        )
        for row in rows
    ]
