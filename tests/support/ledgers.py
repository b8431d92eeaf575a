"""A ledger with little in it: repos, by which a test sees what was kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.migrate import open_ledger, upgrade

if TYPE_CHECKING:
    from pathlib import Path


def url_of(path: Path) -> Secret:
    """The URL of an SQLite ledger's file."""
    return Secret(f"sqlite:///{path}")


def new_ledger(url: str) -> Ledger:
    """A ledger at the program's schema, made on either database."""
    upgrade(Ledger(Secret(url)))
    return open_ledger(Secret(url))


def repos(ledger: Ledger) -> list[str]:
    """The repos in a ledger."""
    with ledger.read() as connection:
        return list(connection.scalars(select(t.repo.c.key).order_by(t.repo.c.key)))


def add_repo(ledger: Ledger, key: str) -> None:
    """Write one row, in a transaction of its own."""
    with ledger.write() as connection:
        connection.execute(insert(t.repo).values(key=key))


def add_repo_and_break_off(ledger: Ledger, key: str) -> None:
    """Write one row, then raise ZeroDivisionError before it is kept."""
    with ledger.write() as connection:
        connection.execute(insert(t.repo).values(key=key))
        raise ZeroDivisionError


def digest(path: Path) -> str:
    """What a file holds, in short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
