"""The versions of call lists: one rises when what is on its list changed, or the settings that ranked it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from releasewatch.storage.calls import ListOf
from releasewatch.storage.sql import digest_of


def save_list(
    connection: Connection,
    whose: ListOf,
    content: Iterable[tuple[str, ...]],
    now: datetime,
    settings_version: int | None = None,
) -> int:
    """Keep that a list was planned; returns its version, which rises when what is on it changed (customer, verdict,
    purpose), or the version of the settings that ranked it; not when some of it was done."""
    c = whose.table.c
    digest = digest_of(sorted(content))
    last = connection.execute(
        select(c.version, c.digest, c.settings_version).where(whose.is_mine()).order_by(c.version.desc()).limit(1)
    ).first()
    if last is not None and (last.digest, last.settings_version) == (digest, settings_version):
        return int(last.version)
    version = (last.version if last is not None else 0) + 1
    connection.execute(
        insert(whose.table).values(
            **whose.key, version=version, planned_at=now, digest=digest, settings_version=settings_version
        )
    )
    return int(version)


def list_version(connection: Connection, whose: ListOf) -> int | None:
    """The version of a list; None when none was planned."""
    found = connection.scalar(select(func.max(whose.table.c.version)).where(whose.is_mine()))
    return None if found is None else int(found)
