"""The same files again: compared with nothing when nothing changed that they stand on, else compared as ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from releasewatch.domain.customers import FileOutcome
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from tests.support.directories import Desk
from tests.support.ledgers import new_ledger

CUSTOMERS = "key,name,aliases,parent\nA,Acme,acme.example,\nB,Bee,,nobody\n"
CONTACTS = "customer,name,phone\nA,Ann,030 23125 101\nacme.example,Ada,\n"
ENTITLEMENTS = "customer,component,version\nA,api,latest\nB,web,\n"
FILES = {"customers": CUSTOMERS, "contacts": CONTACTS, "entitlements": ENTITLEMENTS}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    return Desk(ledger, tmp_path)


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each import that compared its rows with the ledger."""
    compared: list[str] = []
    create = staging.create_staging

    def noted(connection: object) -> None:
        compared.append("compared")
        create(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(staging, "create_staging", noted)
    return compared


def _said(outcome: FileOutcome) -> tuple[object, ...]:
    return outcome.read, outcome.waiting, outcome.waiting_for, outcome.no_version, outcome.odd, outcome.repeated


def test_the_same_files_are_told_of_as_before_and_compared_with_nothing(desk: Desk, staged: list[str]) -> None:
    first, again = desk.take(**FILES), desk.take(**FILES)
    assert staged == ["compared"]
    assert [_said(one) for one in again.values()] == [_said(one) for one in first.values()]
    assert again["customers"].odd == {"unknown_parent": 1}
    assert [(one.added, one.unchanged) for one in again.values()] == [(0, 2)] * 3
    assert len(desk.rows(t.import_run)) == 6


def test_a_file_of_which_a_row_was_refused_is_compared_again(desk: Desk, staged: list[str]) -> None:
    for _ in range(2):
        desk.take(customers=CUSTOMERS + ",Nameless,,\n")
        assert desk.rejected == [(4, "key", "is empty")]
    assert len(staged) == 2


@pytest.mark.parametrize("between", ["customers", "contacts"])
def test_a_file_that_another_one_came_after_is_compared_again(desk: Desk, staged: list[str], between: str) -> None:
    desk.take(**FILES)
    row = "C,Cee,,\n" if between == "customers" else "B,Bob,\n"
    desk.take(**{between: FILES[between] + row})
    outcome = desk.take(contacts=CONTACTS)
    assert len(staged) == 3
    assert (outcome["contacts"].unchanged, outcome["contacts"].ended) == (2, int(between == "contacts"))


def test_another_mode_or_other_products_are_another_import(desk: Desk, staged: list[str]) -> None:
    desk.take(**FILES)
    desk.take(**FILES, mode="changes")
    desk.take(**FILES, mode="changes", products={"plan": ["shop/api"]})
    assert len(staged) == 3


def test_what_somebody_says_by_hand_of_an_alias_is_seen(desk: Desk, staged: list[str]) -> None:
    desk.take(customers=CUSTOMERS)
    known = {name: customer_id for customer_id, name in desk.rows(t.customer_fact, "customer_id", "name")}
    word = {"word": "removed", "why": "a slip", "recorded_by": "kim", "recorded_to": OPEN_END}
    with desk.ledger.write() as connection:
        stated = {"customer_id": known["Acme"], "alias": "acme.example", "recorded_from": desk.now}
        connection.execute(insert(t.alias_statement).values(**word, **stated))
    outcome = desk.take(customers=CUSTOMERS)
    assert len(staged) == 2
    assert outcome["customers"].changed == 1


def test_an_entitlement_that_has_begun_since_is_compared_again(desk: Desk, staged: list[str]) -> None:
    begins = (desk.now + timedelta(days=3)).date().isoformat()
    files = {"customers": CUSTOMERS, "entitlements": f"customer,component,valid_from\nA,api,{begins}\n"}
    desk.take(**files)
    desk.take(**files)
    desk.take(**files, later=timedelta(days=9))
    assert len(staged) == 2
