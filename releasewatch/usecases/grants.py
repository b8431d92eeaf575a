"""Giving a role of the database server the rights of somebody: a pipeline, on-call, account staff, a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.domain.grants import ROLES
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import grants, migrate

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger


def grant(ledger: Ledger, role: str, name: str, *, dry_run: bool) -> dict[str, Any]:
    """The document of `db grant --format json`. All is granted in one transaction, or nothing.

    Raises InvalidCallError for an SQLite file, UnknownNameError for a role that the server does not have, RefusedError
    for one that keeps more than it is given.
    """
    if ledger.is_sqlite:
        raise InvalidCallError(
            f"{ledger.place} is a file: SQLite has no roles, and who may read it reads all of it.",
            "Keep the ledger in PostgreSQL where not everyone may see everything.",
        )
    given = ROLES[role]
    with ledger.write() as connection:
        if not grants.knows(connection, name):
            raise UnknownNameError(
                f"The server of {ledger.place} has no role {name}.", "Create it first: CREATE ROLE … LOGIN PASSWORD …"
            )
        if grants.is_unbound(connection, name):
            raise RefusedError(
                f"{name} owns the ledger's tables, may act as their owner, or is a superuser: no grant binds it.",
                "Name a role that is none of these.",
            )
        ledger.lock(connection, "releasewatch:migrate")
        made = grants.statements(connection, given, name)
        if not dry_run:
            for one in made:
                connection.exec_driver_sql(one)
            left = grants.left_over(connection, given, name)
            if left:
                raise RefusedError(
                    f"{name} would still read {left[0]}{_and_more(left)} through PUBLIC or a role it is a member of; "
                    "nothing was granted.",
                    "Revoke that first, or name another role.",
                )
    return {
        "ledger": ledger.place,
        "role": role,
        "to": name,
        "schema_revision": migrate.HEAD,
        "statements": made,
        "dry_run": dry_run,
    }


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
