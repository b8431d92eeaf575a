"""What the ledger can tell of its own state: how fresh directories are, what waits, which environments have no tier."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from releasewatch.storage import tables as t
from releasewatch.storage.exposure_unsure import unknown_subjects
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from sqlalchemy import Connection


def last_imports(connection: Connection) -> dict[str, dict[str, datetime]]:
    """When each kind of file of each directory was last imported, also when it brought nothing new.

    For one that a server gives: also when the server said that nothing changed.
    """
    run = t.import_run.c
    rows = connection.execute(
        select(run.directory, run.kind, func.max(run.recorded_at).label("at"))
        .group_by(run.directory, run.kind)
        .order_by(run.directory, run.kind)
    )
    found: dict[str, dict[str, datetime]] = {}
    for row in rows:
        found.setdefault(row.directory, {})[row.kind] = row.at
    p = t.import_page.c
    confirmed = connection.execute(
        select(p.directory, p.kind, func.max(p.confirmed_at).label("at")).group_by(p.directory, p.kind)
    )
    for row in confirmed:
        kinds = found.setdefault(row.directory, {})
        kinds[row.kind] = max(row.at, kinds.get(row.kind, row.at))
    return found


def waiting_subjects(connection: Connection, now: datetime) -> dict[str, int]:
    """Components and products that entitlements in force name and the ledger does not know: how many rows wait.

    A product of which not every component is known is among them.
    """
    e = t.entitlement.c
    rows = connection.execute(
        select(e.subject, func.count().label("many"))
        .where(e.subject.in_(unknown_subjects(connection, now, now)), e.valid_to > now, e.recorded_to == OPEN_END)
        .group_by(e.subject)
        .order_by(e.subject)
    )
    return {row.subject: row.many for row in rows}


def deployments_by_tier(connection: Connection, tier: str) -> dict[str, int]:
    """The environments of a tier that were deployed to, with how many deployments."""
    rows = connection.execute(
        select(t.environment.c.key, func.count().label("many"))
        .join_from(t.environment, t.deployment)
        .where(t.environment.c.tier == tier)
        .group_by(t.environment.c.key)
        .order_by(t.environment.c.key)
    )
    return {row.key: row.many for row in rows}
