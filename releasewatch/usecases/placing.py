"""Placing the tables of a ledger over machines, and the statements that do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.errors import InvalidCallError
from releasewatch.storage import placing
from releasewatch.storage.migrate import open_ledger

if TYPE_CHECKING:
    from releasewatch.config import LedgerAddress


def describe_placing() -> dict[str, Any]:
    """The document of `db place --dry-run --format json`: from the program's tables alone, no ledger is asked."""
    tables = [_document(place, None) for place in placing.places()]
    return {"dry_run": True, "tables": tables, "statements": placing.statements()}


def place_ledger(address: LedgerAddress) -> dict[str, Any]:
    """The document of `db place --format json`. Raises InvalidCallError for an SQLite file, which is never opened."""
    if address.file is not None:
        raise InvalidCallError(
            f"The ledger {address.printable} is an SQLite file, which stands on one machine.",
            "Name a PostgreSQL database with Citus; --dry-run prints the statements without one.",
        )
    ledger = open_ledger(address.url)
    try:
        outcomes, keys = placing.place_tables(ledger)
        return {
            "dry_run": False,
            "ledger": ledger.place,
            "tables": [_document(one.place, one.done) for one in outcomes],
            "foreign_keys_added": keys,
        }
    finally:
        ledger.close()


def _document(place: placing.Place, done: str | None) -> dict[str, Any]:
    return {
        "table": place.table,
        "placement": place.kind,
        "distributed_by": place.by,
        "colocated_with": place.beside,
        "words": place.words,
        "done": done and done.replace(" ", "_"),
    }
