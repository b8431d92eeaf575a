"""Reading from a replica of a PostgreSQL ledger: opened as it stands, never written, and how far it is behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import text

from releasewatch.errors import LedgerUnavailableError, LedgerVersionError, RefusedError
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.migrate import HEAD, current


class Replica(Ledger):
    """A ledger that is only read, whatever its server would allow."""

    def write(self) -> NoReturn:
        """Refused."""
        raise RefusedError(f"The replica {self.place} is only read.", "Leave out --read-url and RELEASEWATCH_READ_URL.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a replica stands: whether it is a standby, and of when (UTC) the newest transaction is that it has."""

    is_standby: bool
    newest_at: datetime | None
    now: datetime


def open_replica(url: Secret) -> Replica:
    """Open a replica; raises LedgerVersionError where its schema is not the program's, and LedgerUnavailableError."""
    replica = Replica(url)
    try:
        found = current(replica)
    except LedgerUnavailableError as error:
        # Our words name the ledger before its place; who reads them would look at the wrong server.
        told = error.message.replace("ledger", "replica", 1)
        hint = "Look at the replica; without --read-url and RELEASEWATCH_READ_URL the ledger itself is asked."
        raise LedgerUnavailableError(told, hint) from error
    if found == HEAD:
        return replica
    was = "has no ledger in it yet" if found is None else f"is at schema {found}, this program needs {HEAD}"
    newer = found is not None and found > HEAD
    raise LedgerVersionError(
        f"The replica {replica.place} {was}.",
        "Upgrade releasewatch here to the version that wrote it."
        if newer
        else "Run releasewatch db upgrade on the ledger itself; its replica follows.",
    )


def read_standing(replica: Ledger) -> Standing:
    """Ask the server, by its own clock. A server that is no standby (a primary, a logical copy) cannot tell."""
    words = "SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp(), clock_timestamp()"
    with replica.read() as connection:
        is_standby, newest_at, now = connection.execute(text(words)).one()
    return Standing(is_standby, newest_at, now)
