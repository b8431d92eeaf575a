"""Looking customers up where next to nothing may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from releasewatch.domain.privacy import Reveal
from releasewatch.errors import RefusedError
from releasewatch.storage.customers import When
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.customers import Looking, list_document, read_customers, show_document
from tests.support.directories import Desk
from tests.support.ledgers import new_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


def test_where_only_counts_may_be_shown_there_are_only_counts(ledger: Ledger, tmp_path: Path) -> None:
    desk = Desk(ledger, tmp_path)
    desk.take(customers="key,name\nA,Acme\nB,Bee\n")
    looking = Looking(When(desk.now), Reveal.COUNTS)
    assert list_document(ledger, looking, limit=10, after=None) == {
        "customers": [],
        "next_cursor": None,
        "count": 2,
        "withheld": ["customers"],
    }
    with pytest.raises(RefusedError, match="counts only"):
        list(read_customers(ledger, looking))
    with pytest.raises(RefusedError, match="counts only"):
        show_document(ledger, "A", looking)
