"""A column of customers that another file holds, as orders hold who keeps whom."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

from releasewatch.config import parse_config
from releasewatch.config.columns import headings_of
from releasewatch.domain.columns import Heading
from releasewatch.errors import ConfigError, InvalidCallError
from releasewatch.usecases.customer_import import open_directory

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = "key,name,account_manager\na,A,old\nb,B,old\nc,C,old\n"
ORDERS = (
    "No,Kunde, Rep ,Day\n1,a,olga,2026-01-01\n2,a,piet,2026-03-01 10:00\n3,a,olga,2026-02-01\n"
    "4,b,zoe,\n5,b,kim,2026-01-01\n6,b,,2026-05-05\n7,,olga,2026-01-01\n8,x,olga,2026-01-01\n"
)
BY_DAY = Heading("Rep", match="Kunde", newest="Day")
BY_NUMBER = Heading("Rep", match="Kunde")


def managers(folder: Path, heading: Heading, orders: str = ORDERS) -> tuple[dict[str, str], tuple[str, ...]]:
    (folder / "customers.csv").write_text(CUSTOMERS)
    (folder / "orders.csv").write_text(orders)
    heading = dataclasses.replace(heading, file=str(folder / "orders.csv"))
    files = open_directory({"customers": folder / "customers.csv"}, {"customers": {"account_manager": heading}})
    assert files.customers is not None
    found = {one.row.key: one.row.account_manager for one in files.customers.rows()}
    return found, files.customers.notes


def test_the_newest_row_counts_or_what_most_rows_say(tmp_path: Path) -> None:
    found, notes = managers(tmp_path, BY_DAY)
    assert found == {"a": "piet", "b": "kim", "c": ""}
    label = tmp_path / "orders.csv"
    assert [note for note in notes if "account_manager" in note] == [
        f"account_manager is read from {label}, which has one for 3 keys",
        f"account_manager: {label} says more than one for 1 of them; the newest by 'Day' counts",
        f"account_manager: 1 row of {label} without a day count for nothing",
    ]
    found, notes = managers(tmp_path, BY_NUMBER)
    assert found == {"a": "olga", "b": "kim", "c": ""}, "of as many the first in order"
    assert any(note.endswith("for 2 of them; what most rows say counts") for note in notes)
    assert managers(tmp_path, dataclasses.replace(BY_NUMBER, values={"olga": "o"}))[0]["a"] == "o"


def test_days_as_others_write_them_and_of_one_day_the_last_row(tmp_path: Path) -> None:
    german = "Kunde;Rep;Day\na;olga;31.12.2025\na;piet;01.02.2026\na;kim;01.02.2026\n"
    assert managers(tmp_path, dataclasses.replace(BY_DAY, format="DD.MM.YYYY"), german)[0]["a"] == "kim"
    with pytest.raises(InvalidCallError, match=r"orders\.csv:2: Day does not begin with a day\.$"):
        managers(tmp_path, BY_DAY, german)
    with pytest.raises(InvalidCallError, match=r"orders\.csv:2: Day "):
        managers(tmp_path, dataclasses.replace(BY_DAY, format="DD.MM.YYYY"), german.replace("31.12", "31.13"))
    for missing in ("Kunde", "Rep", "Day"):
        with pytest.raises(InvalidCallError, match=f"has no column '{missing}', which the configuration names"):
            managers(tmp_path, BY_DAY, german.replace(missing, "Other").replace("31.12.2025", "2025-12-31"))


def test_a_workbook_does_as_well(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (("Kunde", "Rep"), ("a", "olga"), ("b", 7)):
        book.active.append(row)
    book.save(tmp_path / "orders.xlsx")
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    heading = dataclasses.replace(BY_NUMBER, file=str(tmp_path / "orders.xlsx"))
    files = open_directory({"customers": tmp_path / "customers.csv"}, {"customers": {"account_manager": heading}})
    assert files.customers is not None
    assert [one.row.account_manager for one in files.customers.rows()] == ["olga", "7", ""]
    assert "account_manager" in files.customers.columns


SETTINGS = """
[releasewatch]
repo = "shop"
[directory.crm]
kind = "{kind}"
customers = "{customers}"
[directory.crm.columns.{file}]
{line}
"""


def test_what_it_may_say(tmp_path: Path) -> None:
    def settings(line: str, file: str = "customers", kind: str = "csv", customers: str = "c.csv") -> bytes:
        return SETTINGS.format(line=line, file=file, kind=kind, customers=customers).encode()

    good = 'account_manager = { from = "Rep", file = "o.csv", match = "Kunde", newest = "Day", format = "DD.MM.YYYY" }'
    config = parse_config(settings(good), "releasewatch.toml")
    found = headings_of(config.tables.directory["crm"].columns.customers, lambda name: tmp_path / name)
    assert found["account_manager"] == dataclasses.replace(BY_DAY, file=str(tmp_path / "o.csv"), format="DD.MM.YYYY")
    for line, file, said in (
        ('account_manager = { from = "Rep", file = "o.csv" }', "customers", "needs from, its heading there, and match"),
        ('account_manager = { from = "Rep", match = "Kunde" }', "customers", "match and newest are for a column of"),
        ('key = { from = "Rep", file = "o.csv", match = "K" }', "customers", "only columns of customers but their key"),
        ('name = { from = "Rep", file = "o.csv", match = "K" }', "contacts", "only columns of customers but their key"),
        ('name = { from = "R", file = "o.csv", match = "K", list = "," }', "customers", "takes from, file, match"),
        ('name = { from = "R", file = "o.csv", match = "K", constant = "x" }', "customers", "wanted either from"),
    ):
        with pytest.raises(ConfigError, match=said):
            parse_config(settings(line, file), "releasewatch.toml")
    with pytest.raises(ConfigError, match="another file can be named where kind"):
        parse_config(settings(good, kind="http", customers="https://crm.example/c"), "releasewatch.toml")
