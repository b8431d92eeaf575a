"""Puts what a database driver says into our words, which never hold a statement, a value or a password."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from releasewatch.domain.words import counted
from releasewatch.errors import LedgerUnavailableError, NotALedgerError, ReleasewatchError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

_AGAIN = "Run the same command again."

_SQLITE: dict[int, tuple[str, str, type[ReleasewatchError]]] = {
    # SQLite's primary result code (https://www.sqlite.org/rescode.html): what we say, what to do; the call is wrong (2)
    # or the outside failed (3)
    sqlite3.SQLITE_NOTADB: (
        "{place} is not a ledger: it is no SQLite file.",
        "Name another file.",
        NotALedgerError,
    ),
    sqlite3.SQLITE_READONLY: (
        "The ledger {place} is read-only; {nothing} was written.",
        "Make the file and its folder writable for this user: SQLite writes beside the file, too.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_PERM: (
        "The ledger {place} may not be opened by this user.",
        "Make the file and its folder readable and writable for this user.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The ledger {place} cannot be opened.",
        "Does its folder exist, and may this user read and write there?",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_FULL: (
        "The disk that holds the ledger {place} is full; {nothing} was written.",
        "Make room, also where temporary files go (TMPDIR), and run the same command again.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_IOERR: (
        "The ledger {place} could not be read or written ({name}); {nothing} was written.",
        "Look at the disk: its room, a limit on the size of files, the mount. Then run the same command again.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_BUSY: (
        "The ledger {place} was busy for {wait}; {nothing} was written.",
        _AGAIN[:-1] + "; many pipelines at once want a PostgreSQL ledger.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The ledger {place} is damaged.",
        "Restore it from a backup; `sqlite3 FILE .recover` may save what is left.",
        LedgerUnavailableError,
    ),
    sqlite3.SQLITE_NOMEM: ("There was no memory left to use the ledger {place}.", _AGAIN, LedgerUnavailableError),
}
_SQLITE[sqlite3.SQLITE_LOCKED] = _SQLITE[sqlite3.SQLITE_PROTOCOL] = _SQLITE[sqlite3.SQLITE_BUSY]

_POSTGRES: dict[str, tuple[str, str]] = {
    # SQLSTATE or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html)
    "28": ("The ledger {place} refused user or password.", "Check RELEASEWATCH_DATABASE_URL, and the server's log."),
    "3D000": (
        "The server has no database for the ledger {place}.",
        "Create it (createdb), then run: releasewatch db upgrade",
    ),
    "42501": (
        "The database user may not do that in the ledger {place}; {nothing} was written.",
        "Use a role that may, or have the ledger's owner run: releasewatch db grant",
    ),
    "25006": ("The ledger {place} is read-only; {nothing} was written.", "Name the primary server, not a standby."),
    "53": ("The ledger {place} has no room left (SQLSTATE {state}); {nothing} was written.", _AGAIN[:-1] + " later."),
    "55P03": ("The ledger {place} was busy: somebody else holds it; {nothing} was written.", _AGAIN),
    "23505": (
        "Somebody else wrote the same into the ledger {place} at the same instant; {nothing} was written.",
        _AGAIN,
    ),
    "40": ("The ledger {place} was busy: two writers met; {nothing} was written.", _AGAIN),
    "57": ("The server of the ledger {place} broke off (SQLSTATE {state}); {nothing} was written.", _AGAIN),
    "08": ("The connection to the ledger {place} broke.", _AGAIN),
    "58": (
        "The server of the ledger {place} failed (SQLSTATE {state}); {nothing} was written.",
        "Read the server's log.",
    ),
}
_POSTGRES["XX"] = _POSTGRES["58"]

_WITHOUT_STATE = (
    # libpq gives no SQLSTATE for a connection that did not come about, only words, and those of the server's language.
    ("password authentication failed", "28"),
    ("no password supplied", "28"),
    ("FATAL:  no pg_hba.conf entry", "28"),
    ('FATAL:  role "', "28"),
    ('FATAL:  database "', "3D000"),
)


def translate(
    error: DBAPIError | sqlite3.Error, place: str, wait_for: float, *, wrote: bool = False
) -> ReleasewatchError | None:
    """Our error for the driver's; None for what no outside can cause, a wrong statement or value: a bug of ours.

    `wrote`: the command has written something before, which stays.
    """
    nothing = "nothing more" if wrote else "nothing"
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, place, wait_for, nothing)
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig, place, wait_for, nothing)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state:
        words = _POSTGRES.get(state) or _POSTGRES.get(state[:2])
        if words is None:
            return None
        return LedgerUnavailableError(words[0].format(place=place, state=state, nothing=nothing), words[1])
    return _without_state(error, place)


def _of_sqlite(error: sqlite3.Error, place: str, wait_for: float, nothing: str) -> ReleasewatchError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _SQLITE:
        return None
    message, hint, kind = _SQLITE[code & 0xFF]
    name = getattr(error, "sqlite_errorname", "")
    return kind(message.format(place=place, wait=counted(wait_for, "second"), name=name, nothing=nothing), hint)


def _without_state(error: DBAPIError, place: str) -> ReleasewatchError | None:
    """A connection that did not come about, or broke: the driver has words only, and they may name the user."""
    if not any(one.__name__ == "OperationalError" for one in type(error.orig).__mro__):
        return None  # by name: the driver itself is there only where PostgreSQL is used
    said = str(error.orig)
    for words, state in _WITHOUT_STATE:
        if words in said:
            message, hint = _POSTGRES[state]
            return LedgerUnavailableError(message.format(place=place), hint)
    if "FATAL:" in said:
        return LedgerUnavailableError(
            f"The server of the ledger {place} turned the connection down.",
            "Check user, password and database; the server's log says why.",
        )
    return LedgerUnavailableError(
        f"The ledger {place} cannot be reached.", "Is the server up, and is the host right? Then try again."
    )
