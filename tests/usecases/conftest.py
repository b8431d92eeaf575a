"""What the tests of use cases share: an open ledger, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from releasewatch.storage.ledger import Ledger
from tests.support.ledgers import new_ledger


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = new_ledger(ledger_url)
    yield made
    made.close()
