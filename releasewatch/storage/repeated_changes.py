"""Marks changes whose commit deployments of a repo bring to one environment more than once.

A change counts at its first deployment, which deployments recorded late, failed or undone may change. So it is not
marked which was the first: of a commit that came more than once each row is, and who counts puts those in order alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks, written_out


def mark_repeated(connection: Connection, deployment_id: int, added: Iterable[str]) -> set[str]:
    """Those of the commits that a deployment adds that it adds twice, or that others of its repo added to its
    environment: their rows are marked now, its own are written by the caller, who lets no other record in meanwhile.
    """
    c, other, own = t.change.c, t.deployment.alias("other"), t.deployment.alias("own")
    counted = Counter(sha for sha in added if sha)
    found = {sha for sha, many in counted.items() if many > 1}
    query = (
        select(c.deployment_id, c.sha, c.repeated)
        .join_from(t.change, other, other.c.deployment_id == c.deployment_id)
        .join(own, (own.c.repo_id == other.c.repo_id) & (own.c.environment_id == other.c.environment_id))
        .where(own.c.deployment_id == deployment_id, other.c.deployment_id != deployment_id, c.side == "added")
    )
    for part in chunks(list(counted)):
        rows = connection.execute(query.where(c.sha.in_(part))).all()
        found |= {row.sha for row in rows}
        unmarked = [row for row in rows if not row.repeated]
        if unmarked:
            connection.execute(
                update(t.change)
                .where(c.sha.in_({row.sha for row in unmarked}), c.side == "added", c.repeated.is_(False))
                .where(c.deployment_id.in_(written_out(sorted({row.deployment_id for row in unmarked}))))
                .values(repeated=True)
            )
    return found
