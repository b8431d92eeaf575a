"""The organisation's settings in the ledger: every version that was pushed, the newest in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.readable import column_or_empty, readable


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """A version that was pushed. `document` is what was written: plain data, without defaults."""

    version: int
    document: Mapping[str, Any]
    recorded_at: datetime
    recorded_by: str
    why: str = ""


def newest_settings(connection: Connection, known_at: datetime | None = None) -> SettingsVersion | None:
    """The newest version, or the newest of those recorded by an instant; None when there is none.

    Asks only for columns that every schema has had, so that a ledger that waits for its upgrade can be read.
    """
    s = t.settings.c
    recorded_by = column_or_empty(connection, s.recorded_by)
    query = select(s.version, s.document, s.recorded_at, recorded_by).order_by(s.version.desc()).limit(1)
    if known_at is not None:
        query = query.where(s.recorded_at <= known_at)
    row = connection.execute(query).first()
    return None if row is None else SettingsVersion(row.version, row.document, row.recorded_at, row.recorded_by)


def settings_versions(connection: Connection) -> list[SettingsVersion]:
    """Every version, the oldest first: as many as people pushed."""
    rows = connection.execute(select(*readable(connection, t.settings)).order_by(t.settings.c.version))
    return [SettingsVersion(row.version, row.document, row.recorded_at, row.recorded_by, row.why) for row in rows]


def add_settings(
    connection: Connection, document: Mapping[str, Any], recorded_at: datetime, recorded_by: str, why: str
) -> SettingsVersion:
    """Keep a new version. The caller holds the lock of settings.

    Its instant is never before that of the version before it: which one was known when goes by both.
    """
    s = t.settings.c
    last = connection.execute(select(func.max(s.version).label("version"), func.max(s.recorded_at).label("at"))).one()
    at = recorded_at if last.at is None else max(recorded_at, last.at)
    new = SettingsVersion((last.version or 0) + 1, dict(document), at, recorded_by, why)
    connection.execute(insert(t.settings).values({name: getattr(new, name) for name in SettingsVersion.__slots__}))
    return new


def state_tiers(connection: Connection, tiers: Mapping[str, str]) -> None:
    """Give environments that the ledger knows the tier that is stated for them; others come with a deployment."""
    e = t.environment.c
    for key, tier in sorted(tiers.items()):
        connection.execute(update(t.environment).where(e.key == key, e.tier != tier).values(tier=tier))
