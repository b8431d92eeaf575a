"""A wide export says a customer again with every product: rows that agree are one, those that differ are refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from releasewatch.domain.columns import Heading
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging
from releasewatch.storage.ledger import Ledger
from tests.support.directories import Desk


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    return Desk(ledger, tmp_path)


def test_rows_that_agree_are_one_customer(desk: Desk) -> None:
    text = "key,name,aliases,contract_value\nA,Acme,x;y,5\nA,Acme,y;x,5.00\nB,Bee,,\nA,Acme,x;y,5\n"
    outcome = desk.take(customers=text)["customers"]
    assert (outcome.read, outcome.added, outcome.repeated, outcome.rejected) == (4, 2, 2, 0)
    assert desk.rows(t.customer_alias, "alias") == [("A",), ("B",), ("x",), ("y",)]
    again = desk.take(customers=text)["customers"]
    assert (again.unchanged, again.changed, again.repeated) == (2, 0, 2)


def test_the_first_of_rows_that_differ_counts_and_the_others_say_wherein(desk: Desk) -> None:
    desk.take(customers="key,name,account_manager,country\nA,Acme,olga,DE\nA,Acme,piet,AT\nA,Acme,olga,DE\n")
    assert desk.rejected == [(3, "key", "stands in line 2 already, with another account_manager, country")]
    assert desk.rows(t.customer_fact, "account_manager") == [("olga",)]
    assert desk.reports[-1].files[0][1].repeated == 1


def test_aliases_are_part_of_what_must_agree(desk: Desk) -> None:
    desk.take(customers="key,name,aliases\nA,Acme,x\nA,Acme,x;y\n")
    assert desk.rejected == [(3, "key", "stands in line 2 already, with another aliases")]


def test_other_columns_in_which_rows_differ_are_no_attributes(desk: Desk) -> None:
    outcome = desk.take(customers="key,name,City,Order,Note\nA,Acme,Bonn,1,\nA,Acme,Bonn,2,\nB,Bee,Rome,3,x\n")
    assert (outcome["customers"].unsettled, outcome["customers"].rejected) == (("Order",), 0)
    kept = [attributes for (attributes,) in desk.rows(t.customer_contract, "attributes")]
    assert sorted(kept, key=len) == [{"City": "Bonn"}, {"City": "Rome", "Note": "x", "Order": "3"}]


def test_contacts_that_agree_are_one_and_others_are_refused(desk: Desk) -> None:
    outcome = desk.take(
        customers="key,name\nA,Acme\n",
        contacts="customer,name,phone\nA,Ann,030 901820\nA,Ann,030 901820\nA,Ann,030 901821\n",
    )["contacts"]
    assert (outcome.read, outcome.added, outcome.repeated, outcome.rejected) == (3, 1, 1, 1)
    assert desk.rejected == [(4, "key", "is the contact of line 2 again, with another phone")]


def test_many_repeats_of_many_customers(desk: Desk) -> None:
    """More rows than are staged at once, so that the first row and its repeats come in different batches."""
    many = staging.BATCH + 200
    rows = "".join(f"K{n % 600},Customer {n % 600},{n}\n" for n in range(many))
    outcome = desk.take(customers=f"key,name,Order\n{rows}")["customers"]
    assert (outcome.read, outcome.added, outcome.repeated, outcome.rejected) == (many, 600, many - 600, 0)


def test_a_row_with_many_products_that_is_refused_is_refused_once(desk: Desk) -> None:
    """Its products fall into two batches of staging, and its line is noted once."""
    products = ";".join(f"p{n}" for n in range(staging.BATCH + 5))
    outcome = desk.take(
        customers="key,name\nA,Acme\n",
        entitlements=f"customer,Abo\nnobody,{products}\nA,p1;p2\n",
        columns={"entitlements": {"product": Heading("Abo", separator=";")}},
    )["entitlements"]
    assert (outcome.read, outcome.rejected, outcome.added) == (2, 1, 2)
    assert [line for line, _, _ in desk.rejected] == [2]


def test_a_refused_row_with_many_products_ends_none_of_them(desk: Desk) -> None:
    columns = {"entitlements": {"product": Heading("Abo", separator=";"), "valid_to": Heading("Ende")}}
    customers = "key,name\nA,Acme\n"
    desk.take(customers=customers, entitlements="customer,Abo,Ende\nA,p1;p2,\n", columns=columns)
    outcome = desk.take(customers=customers, entitlements="customer,Abo,Ende\nA,p1;p3,gestern\n", columns=columns)
    assert (outcome["entitlements"].rejected, outcome["entitlements"].ended) == (1, 0)


def test_constants_formats_and_signs_of_a_column_map(desk: Desk) -> None:
    desk.take(
        customers="key|name|Ende|Wert\nA|Acme|31.12.2026|1.200,50 €\nB|Bee|2026-12-31|5\nC|See||CHF 1'000,00\n",
        columns={
            "customers": {
                "renewal_on": Heading("Ende", format="DD.MM.YYYY"),
                "contract_value": Heading("Wert", decimal=","),
                "customer_tier": Heading(constant="gold"),
            }
        },
    )
    assert desk.rejected == [(3, "Ende", "is no date written as DD.MM.YYYY")]
    found = {(str(value), currency) for value, currency in desk.rows(t.customer_contract, "contract_value", "currency")}
    assert found == {("1200.50", "EUR"), ("1000.00", "CHF")}
    assert set(desk.rows(t.customer_fact, "customer_tier")) == {("gold",)}


def test_first_and_last_name_are_joined_and_are_nothing_about_the_customer(desk: Desk) -> None:
    desk.take(
        customers="key,name\nA,Acme\nB,Bee\n",
        contacts="customer,First,Last\nA,Ann,Example\nB,,Example\nB,#REF!,Else\n",
        columns={"contacts": {"name": Heading("First", more=("Last",))}},
    )
    assert sorted(desk.rows(t.contact_detail, "name")) == [("Ann Example",), ("Example",)]
    assert desk.rejected == [(4, "First", "holds a spreadsheet's error (#REF!)")]


def test_a_currency_that_its_column_contradicts_is_refused(desk: Desk) -> None:
    desk.take(
        customers="key;name;Wert;currency\nA;Acme;5,00 €;EUR\nB;Bee;5,00 €;USD\nC;See;5,00 €;\nD;Dee;5,00;USD\n",
        columns={"customers": {"contract_value": Heading("Wert", decimal=",")}},
    )
    assert desk.rejected == [(3, "currency", "is another one than stands beside the amount")]
    assert sorted(currency for (currency,) in desk.rows(t.customer_contract, "currency")) == ["EUR", "EUR", "USD"]


def test_a_day_by_a_format_includes_that_day(desk: Desk) -> None:
    desk.take(
        customers="key,name\nA,Acme\n",
        entitlements="customer,product,bis\nA,p,31.12.2026\n",
        columns={"entitlements": {"valid_to": Heading("bis", format="DD.MM.YYYY")}},
    )
    assert desk.rows(t.entitlement, "valid_to") == [(datetime.fromisoformat("2027-01-01T00:00:00+00:00"),)]
