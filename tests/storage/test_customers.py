"""Reading the directory: who a name means, and lists that go on where they stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from releasewatch.domain.customers import customer_id
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import customers as reading
from releasewatch.storage import tables as t
from releasewatch.storage.customers import When, cursor_of, list_customers, resolve_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from tests.support.directories import DAY, START, Desk
from tests.support.ledgers import new_ledger


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = new_ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    desk = Desk(ledger, tmp_path)
    desk.take(
        customers="key,name,aliases,customer_tier,account_manager,country\n"
        "ACME,Acme,acme.example;t-17,gold,mara,DE\nACME-2,Acme Two,,,,\nbee,Bee,Ünion,,,\nzulu,Zulu,,,,\n"
    )
    return desk


def _resolve(ledger: Ledger, name: str) -> tuple[str, str]:
    with ledger.read() as connection:
        found = resolve_customer(connection, name)
    return found.directory, found.key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ACME", "ACME"),
        (" acme.example ", "ACME"),
        ("t-", "ACME"),
        ("acme", "ACME"),
        ("ACME-", "ACME-2"),
        ("b", "bee"),
        ("Ün", "bee"),
        ("crm:zulu", "zulu"),
    ],
)
def test_a_customer_answers_to_key_alias_and_what_only_they_begin_with(desk: Desk, name: str, key: str) -> None:
    assert _resolve(desk.ledger, name) == ("crm", key)


def test_a_beginning_of_several_is_refused_with_the_candidates(desk: Desk) -> None:
    with pytest.raises(AmbiguousNameError) as error:
        _resolve(desk.ledger, "ACM")
    assert error.value.hint == "Candidates: ACME, ACME-2"


def test_of_many_candidates_the_first_are_shown(desk: Desk) -> None:
    desk.take(customers="key,name\n" + "".join(f"K{n:02},Name\n" for n in range(20)), mode="changes")
    with pytest.raises(AmbiguousNameError) as error:
        _resolve(desk.ledger, "K")
    assert error.value.hint == f"Candidates: {', '.join(f'K{n:02}' for n in range(10))}, …"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ACNE", "Did you mean ACME?"),
        ("Zlu", "Did you mean zulu?"),
        ("acme.exampel", "Did you mean ACME?"),
        ("42", "See: releasewatch customer list"),
        ("", "See: releasewatch customer list"),
        ("erp:ACME", "See: releasewatch customer list"),
        ("a\0b", "See: releasewatch customer list"),
    ],
)
def test_an_unknown_name(desk: Desk, name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        _resolve(desk.ledger, name)
    assert error.value.hint == hint


def test_one_key_in_two_directories_is_asked_about(desk: Desk, tmp_path: Path) -> None:
    Desk(desk.ledger, tmp_path, "erp", now=desk.now).take(customers="key,name\nACME,Acme\n")
    with pytest.raises(AmbiguousNameError) as error:
        _resolve(desk.ledger, "ACME")
    assert error.value.hint == "Candidates: crm:ACME, erp:ACME"
    assert _resolve(desk.ledger, "erp:ACME") == ("erp", "ACME")
    assert _resolve(desk.ledger, "acme.example") == ("crm", "ACME")


def test_who_left_is_known_by_key_until_somebody_else_goes_by_it(desk: Desk) -> None:
    desk.take(customers="key,name,aliases\nACME,Acme,\n")
    assert _resolve(desk.ledger, "zulu") == ("crm", "zulu")
    desk.take(customers="key,name,aliases\nACME,Acme,zulu\n")
    assert _resolve(desk.ledger, "zulu") == ("crm", "ACME")


def test_merged_customers_are_read_through_to_the_survivor(desk: Desk) -> None:
    ids = {key: customer_id("crm", key) for key in ("ACME", "ACME-2", "bee", "zulu")}
    merges = [("ACME-2", "ACME"), ("ACME", "zulu"), ("zulu", "ACME")]
    with desk.ledger.write() as connection:
        for merged, survivor in merges[:2]:
            _merge(connection, ids[merged], ids[survivor])
    assert _resolve(desk.ledger, "ACME-2") == ("crm", "zulu")
    assert _resolve(desk.ledger, "t-17") == ("crm", "zulu")
    assert _resolve(desk.ledger, "ACM") == ("crm", "zulu"), "both candidates are one customer now"
    with desk.ledger.write() as connection:
        _merge(connection, ids["zulu"], ids["ACME"])
    assert _resolve(desk.ledger, "bee") == ("crm", "bee")
    assert _resolve(desk.ledger, "ACME-2")[1] in ("ACME", "zulu"), "a circle is no endless loop"


def _merge(connection, merged, survivor) -> None:  # type: ignore[no-untyped-def]
    connection.execute(
        insert(t.customer_merge).values(
            customer_id=merged,
            recorded_from=START,
            recorded_to=OPEN_END,
            survivor_id=survivor,
            why="the same firm",
            recorded_by="mara",
        )
    )


def test_a_list_is_ordered_by_bytes_and_goes_on_where_it_stopped(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take(
        customers="key,name\nÄrger,A\nZ,Z\na,A\nA,A\n_x,X\n",
        entitlements="customer,component,region\nA,api,eu;us\nZ,api,\n",
        accept_ending=9,
    )
    Desk(desk.ledger, tmp_path, "erp", now=desk.now).take(customers="key,name\nA,Other\n")
    when = When(desk.now + 2 * DAY)
    with desk.ledger.read() as connection:
        everybody = list(list_customers(connection, when))
        assert [(line.key, line.directory, line.entitlements) for line in everybody] == [
            ("A", "crm", 2),
            ("A", "erp", 0),
            ("Z", "crm", 1),
            ("_x", "crm", 0),
            ("a", "crm", 0),
            ("Ärger", "crm", 0),
        ]
        for size in (1, 2, 5):
            monkeypatch.setattr(reading, "_PAGE", size)
            assert list(list_customers(connection, when, limit=10)) == everybody
            assert list(list_customers(connection, when, limit=3)) == everybody[:3]
        for number, line in enumerate(everybody):
            assert list(list_customers(connection, when, after=cursor_of(line))) == everybody[number + 1 :]
        assert list(list_customers(connection, when, after="Z")) == everybody[3:]


def test_a_list_is_of_those_who_were_there_then(desk: Desk) -> None:
    desk.take(customers="key,name\nbee,Bee\nnew,New\n")
    with desk.ledger.read() as connection:
        now = [line.key for line in list_customers(connection, When(desk.now))]
        then = [line.key for line in list_customers(connection, When(START))]
        known = [line.key for line in list_customers(connection, When(desk.now, known_at=START))]
    assert (now, then) == (["bee", "new"], ["ACME", "ACME-2", "bee", "zulu"])
    assert known == then


def test_all_at_once_are_those_of_the_pages_with_what_merged_customers_use(desk: Desk) -> None:
    desk.take(
        customers="key,name\nACME,Acme\nACME-2,Acme Two\nbee,Bee\n",
        entitlements="customer,component\nACME,api\nACME-2,api\nbee,api\nbee,web\n",
    )
    with desk.ledger.write() as connection:
        _merge(connection, customer_id("crm", "bee"), customer_id("crm", "ACME"))
        _merge(connection, customer_id("crm", "ACME-2"), customer_id("crm", "zulu"))  # who has left
    with desk.ledger.read() as connection:
        everybody = list(list_customers(connection, When(desk.now)))
        assert [(line.key, line.entitlements) for line in everybody] == [("ACME", 3), ("ACME-2", 1)]
        assert list(list_customers(connection, When(desk.now), limit=10)) == everybody
