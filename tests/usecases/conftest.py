"""What the tests of use cases share: an open ledger, once on SQLite and once on PostgreSQL.

Migrations run once a session; each test gets a copy of the ledger that they made.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from tests.support.ledgers import new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger
    from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty ledger."""
    path = tmp_path_factory.mktemp("pattern") / "ledger.db"
    new_ledger(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_pattern(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database that is an empty ledger, to which nobody is connected."""
    with postgres_server.empty_database() as url:
        new_ledger(url).close()
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty ledger at the program's schema."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_pattern"), path)
        yield f"sqlite:///{path}"
    else:
        pattern: str = request.getfixturevalue("postgres_pattern")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.empty_database(like=pattern) as url:
            yield url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = new_ledger(ledger_url)
    yield made
    made.close()
