"""Evidence of an impact: one customer's rows are united, and rows that cannot be are refused with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.impacts import ImpactSaid, unite
from releasewatch.storage.customer_refs import resolve_customer
from releasewatch.usecases.impacts import take_evidence
from releasewatch.usecases.incident_showing import Showing, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    made = Watch(tmp_path, ledger)
    made.record(2)
    return made


def test_rows_of_one_customer_are_united(watch):
    key = watch.open(3)
    rows = [
        ImpactSaid("ada", "affected", hour(2.5), hour(2.6), 10, "web", "partial", 2),
        ImpactSaid("bob", "affected", hour(2.5), None, 7, line=3),
        ImpactSaid("ada", "affected", hour(2.2), hour(2.3), 5, "api", "degraded", 4),
        ImpactSaid("ada", "affected", None, hour(3), None, "web", "", 5),
    ]
    told = take_evidence(watch.ledger, key, rows, watch.telling(4))
    assert told.document == {"new": 2, "said_before": 0, "refused": 0, "refused_rows": []}
    assert take_evidence(watch.ledger, key, rows, watch.telling(5)).added.same == 2
    found = {one["key"]: one for one in stream_affected(watch.ledger, key, Showing(Viewing(hour(100))))}
    ada = found["ada"]
    assert (ada["first_at"], ada["last_at"], ada["count"], ada["level"]) == (
        "2026-03-01T02:12:00Z", "2026-03-01T03:00:00Z", 15, "partial",
    )  # fmt: skip
    assert found["bob"]["count"] == 7


def test_a_customer_may_be_named_with_their_directory(watch):
    key = watch.open(3)
    with watch.ledger.read() as connection:
        directory = resolve_customer(connection, "ada").directory
    names = ("ada", f"{directory}:ada", f"{directory}:bob", f"{directory}:nobody", "elsewhere:ada")
    rows = [ImpactSaid(name, "affected", many=1, line=line) for line, name in enumerate(names, 2)]
    told = take_evidence(watch.ledger, key, rows, watch.telling(4))
    assert (told.added.new, [line for line, _ in told.added.refused]) == (2, [5, 6])


def test_rows_that_contradict_each_other_or_the_clock_are_refused(watch):
    key = watch.open(3)
    rows = [
        ImpactSaid("ada", "affected", line=2),
        ImpactSaid("ada", "cleared", line=3),
        ImpactSaid("cy", "affected", hour(4.1), line=4),
        ImpactSaid("bob", "affected", hour(3), hour(4.2), line=5),
        (6, "it is not readable as CSV"),
    ]
    refused = [
        (2, "affected and cleared are said of the same customer in lines 2, 3"),
        (3, "affected and cleared are said of the same customer in lines 2, 3"),
        (5, "last_at: it has not come yet"),
        (6, "it is not readable as CSV"),
    ]
    strict = take_evidence(watch.ledger, key, rows, watch.telling(4), strict=True)
    assert (strict.added.new, list(strict.added.refused)) == (0, refused)
    assert watch.customers(key, 5) == {}
    told = take_evidence(watch.ledger, key, rows, watch.telling(4))
    assert (told.added.new, list(told.added.refused)) == (1, refused)
    assert set(watch.customers(key, 5)) == {"cy"}, "six minutes ahead is a clock, and no future"


def test_more_than_can_be_counted_is_refused() -> None:
    lines = [ImpactSaid("ada", "affected", many=999_999_999, line=line) for line in range(2, 5)]
    assert unite(lines[:2]) == ImpactSaid("ada", "affected", many=1_999_999_998, line=3)
    assert unite(lines) == "count: what is counted of the same customer is too much together"
