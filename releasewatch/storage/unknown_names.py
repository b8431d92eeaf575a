"""Names in `Customer:` trailers that nobody goes by: whoever is meant is reached by no list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, union

from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks

_SHAS = 3


@dataclass(frozen=True, slots=True)
class UnknownNames:
    """The names, sorted, and the first of the commits that give them."""

    names: tuple[str, ...] = ()
    shas: tuple[str, ...] = ()

    @classmethod
    def among(cls, connection: Connection, named: Iterable[tuple[str, str]]) -> UnknownNames:
        """Those of some names, each with the sha that gives it, by which the ledger knows no customer."""
        given = list(named)
        unknown = {name for name, _ in given} - _known(connection, {name for name, _ in given})
        shas = dict.fromkeys(sha for name, sha in given if name in unknown and sha)
        return cls(tuple(sorted(unknown)), tuple(shas)[:_SHAS])


def unknown_in(connection: Connection, deployment_id: int) -> UnknownNames:
    """Those that the changes of a deployment give."""
    n, c = t.change_customer.c, t.change.c
    query = (
        select(n.ref, c.sha)
        .join_from(t.change_customer, t.change, (c.deployment_id == n.deployment_id) & (c.change_no == n.change_no))
        .where(n.deployment_id == deployment_id)
        .order_by(n.change_no)
    )
    return UnknownNames.among(connection, [(row.ref, row.sha) for row in connection.execute(query)])


def unknown_in_repo(connection: Connection, repo: str, since: datetime) -> UnknownNames:
    """Those that the changes of a repo give in what was deployed since an instant."""
    n, d = t.change_customer.c, t.deployment.c
    query = (
        select(n.ref)
        .join_from(t.change_customer, t.deployment, d.deployment_id == n.deployment_id)
        .join(t.repo, t.repo.c.repo_id == d.repo_id)
        .where(t.repo.c.key == repo, d.opened_at >= since)
        .distinct()
    )
    return UnknownNames.among(connection, [(name, "") for name in connection.scalars(query)])


def _known(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those by which somebody goes or went: an alias, or the key of one who has left the directory."""
    a, c = t.customer_alias.c, t.customer.c
    found: set[str] = set()
    for part in chunks(sorted(names)):
        found |= set(
            connection.scalars(union(select(a.alias).where(a.alias.in_(part)), select(c.key).where(c.key.in_(part))))
        )
    return found
