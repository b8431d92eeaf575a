"""The law of two clocks: whatever was imported, the ledger as known at an instant is what had been imported by then."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releasewatch.domain.customers import Mode
from releasewatch.storage.customers import When, get_customer, list_customers, resolve_customer
from releasewatch.storage.ledger import Ledger
from tests.support.directories import START, Desk
from tests.support.ledgers import new_ledger

KEYS = ("A", "B", "C")
_numbers = itertools.count()

Rows = dict[Any, tuple[str, ...]]
"""Identity to the other cells of a row."""

customers = st.dictionaries(st.sampled_from(KEYS), st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(["", "yes"])))
contacts = st.dictionaries(
    st.sampled_from([(key, f"{key}-{one}") for key in KEYS for one in "12"]),
    st.tuples(st.sampled_from(["Ann", "Bob"]), st.sampled_from(["", "030 1"])),
)
# Every interval holds at every import of the test, so that each row of a file is true when it is imported.
entitlements = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(["api", "web"]), st.sampled_from(["", "eu", "?"])),
    st.tuples(st.sampled_from(["", "2025-06-01", "2025-07-01"]), st.sampled_from(["", "2027-01-01"])),
)
imports = st.tuples(
    st.sampled_from(["snapshot", "changes"]),
    st.none() | customers,
    st.none() | contacts,
    st.none() | entitlements,
)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = new_ledger(ledger_url)
    yield ledger
    ledger.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(imports, min_size=1, max_size=5))
def test_as_known_at_an_instant_is_what_was_imported_by_then(
    ledger: Ledger, tmp_path: Path, steps: list[tuple[Mode, Rows | None, Rows | None, Rows | None]]
) -> None:
    number = next(_numbers)
    # All examples share a ledger, in which time goes on.
    desk = Desk(ledger, tmp_path, f"crm{number}", now=START + number * timedelta(hours=1))
    world: list[Rows] = [dict.fromkeys(KEYS, ("x", "")), {("A", "A-1"): ("Ann", "")}, {("A", "api", ""): ("", "")}]
    _take(desk, number, "snapshot", list(world))
    history = [(desk.reports[-1].at, [dict(rows) for rows in world])]
    for mode, *files in steps:
        if all(file is None for file in files):
            continue
        _take(desk, number, mode, files)
        assert desk.rejected == []
        for kind, file in enumerate(files):
            if file is not None:
                world[kind] = dict(file) if mode == "snapshot" else {**world[kind], **file}
        history.append((desk.reports[-1].at, [dict(rows) for rows in world]))
        written = desk.counts()
        _take(desk, number, mode, files)
        assert desk.counts() == written, "the same files again write nothing"
    for at, expected in history:
        then = [sorted(rows.items()) for rows in map(_shown, expected)]
        assert _read(ledger, number, When(at, known_at=at)) == then
        # Files correct the past of entitlements only.
        assert _read(ledger, number, When(at))[:2] == then[:2]
    assert _read(ledger, number, When(desk.now)) == _read(ledger, number, When(desk.now, known_at=desk.now))


def _take(desk: Desk, number: int, mode: Mode, files: list[Rows | None]) -> None:
    headers = ("key,name,do_not_call", "customer,key,name,phone", "customer,component,region,valid_from,valid_to")
    texts = [
        None
        if rows is None
        else "\n".join([header, *(",".join(_cells(number, identity, cells)) for identity, cells in rows.items()), ""])
        for header, rows in zip(headers, files, strict=True)
    ]
    desk.take(
        customers=texts[0],
        contacts=texts[1],
        entitlements=texts[2],
        mode=mode,
        accept_ending=99,
        later=timedelta(minutes=1),
    )


def _cells(number: int, identity: str | tuple[str, ...], cells: tuple[str, ...]) -> list[str]:
    whose, *rest = (identity,) if isinstance(identity, str) else identity
    return [f"{whose}{number}", *rest, *cells]


def _shown(rows: Rows) -> Rows:
    """What a reader sees of the rows: of an interval its end, for since when depends on earlier files."""
    return {identity: cells[1:] if len(identity) == 3 else cells for identity, cells in rows.items()}


def _read(ledger: Ledger, number: int, when: When) -> list[list[tuple[Any, tuple[str, ...]]]]:
    """Customers, contacts and entitlements of one directory; lists, so that what is there twice shows."""
    here: list[Any] = []
    people: list[Any] = []
    uses: list[Any] = []
    with ledger.read() as connection:
        present = {line.key for line in list_customers(connection, when) if line.directory == f"crm{number}"}
        for key in KEYS:
            found = get_customer(connection, resolve_customer(connection, f"crm{number}:{key}{number}"), when)
            assert (found.facts is not None) == (f"{key}{number}" in present)
            if found.facts:
                here.append((key, (found.facts.name, "yes" if found.facts.do_not_call else "")))
            people += [((key, one.key), (one.name, one.phone)) for one in found.contacts]
            uses += [
                ((key, one.subject, one.region), ("2027-01-01" if one.valid_to else "",)) for one in found.entitlements
            ]
    return [sorted(here), sorted(people), sorted(uses)]
