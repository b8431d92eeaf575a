"""Northwind's customers as they really come: guessed, corrected as a person would, imported, and counted."""

from __future__ import annotations

import csv
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.support.command import Finished, run_here
from tests.support.data import real_data

SETTINGS = '[releasewatch]\nrepo = "northwind"\n'


def _read(name: str) -> list[dict[str, str]]:
    with real_data("crm", name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _run(folder: Path, *arguments: str) -> Finished:
    done = run_here("customer", *arguments, cwd=folder)
    assert done.status == 0, done.err
    return done


def _guess(folder: Path, file: Path) -> dict[str, Any]:
    found: dict[str, Any] = _run(folder, "import", "--guess", str(file), "--format", "json").document["guess"]
    return found


def _import(folder: Path) -> dict[str, dict[str, Any]]:
    report = _run(folder, "import", "--format", "json").document["import"]
    return {one["kind"]: one for one in report["files"]}


def _listed(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = _run(
        folder, "list", "--limit", "1000", "--reveal", "contacts", "--format", "json"
    ).document["customers"]
    return listed


def _phones(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / ".releasewatch" / "ledger.db")) as ledger:
        return dict(ledger.execute("SELECT phone_state, count(*) FROM contact_detail GROUP BY phone_state"))


def test_the_files_as_they_are(tmp_path: Path) -> None:
    """Customers and contacts stand in one file, what they bought in another, and reps with the orders alone.

    The two maps are pasted as they are. A person adds one line under [directory.crm], for the second file, and takes
    the # from the line that was proposed for the reps.
    """
    customers, lines = (real_data("crm", f"northwind_{name}.csv") for name in ("customers", "order_lines"))
    (tmp_path / "releasewatch.toml").write_text(SETTINGS)
    guessed = _guess(tmp_path, customers)
    assert [one["kind"] for one in guessed["kinds"] if one["proposed"]] == ["customers", "contacts"]
    assert (guessed["rows"], [one["rejected"] for one in guessed["kinds"]]) == (93, [0, 0, 0])
    (tmp_path / "releasewatch.toml").write_text(SETTINGS + guessed["toml"])

    bought = _guess(tmp_path, lines)
    assert [one["kind"] for one in bought["kinds"] if one["proposed"]] == ["entitlements"]
    assert bought["rows"] == 2155
    first = guessed["toml"].replace('kind = "csv"', f'kind = "csv"\nentitlements = "{lines}"')
    (rep,) = [line for line in bought["toml"].splitlines() if line.startswith("# account_manager = {")]
    first = first.replace("[directory.crm.columns.customers]", f"[directory.crm.columns.customers]\n{rep[2:]}")
    (tmp_path / "releasewatch.toml").write_text(SETTINGS + first + bought["toml"])

    files = _import(tmp_path)
    assert {kind: (one["read"], one["rejected"]) for kind, one in files.items()} == {
        "customers": (93, 0),
        "contacts": (93, 0),
        "entitlements": (2155, 0),
    }
    pairs = {(row["CustomerID"], row["ProductID"]) for row in _read("northwind_order_lines.csv")}
    assert files["entitlements"]["added"] == len(pairs) == 1685
    listed = _listed(tmp_path)
    assert len(listed) == 93
    assert sum(bool(one["country"]) for one in listed) == 91, "two rows have no country"
    newest: dict[str, tuple[str, str]] = {}
    for row in _read("northwind_order_lines.csv"):
        if row["OrderDate"] >= newest.get(row["CustomerID"], ("", ""))[0]:
            newest[row["CustomerID"]] = (row["OrderDate"], row["EmployeeID"])
    assert {one["key"]: one["account_manager"] for one in listed} == {
        one["CustomerID"].strip(): newest[one["CustomerID"]][1] if one["CustomerID"] in newest else None
        for one in _read("northwind_customers.csv")
    }
    assert (len(newest), len({rep for _, rep in newest.values()})) == (89, 9)
    # The two numbers that cannot be parsed are no numbers at all: their cells are empty.
    assert _phones(tmp_path) == {"valid": 48, "possible": 43, "": 2}


@pytest.fixture
def wide() -> list[list[str]]:
    """Northwind as a CRM would export it, one row for each product that a customer bought, or for the customer alone.

    The rep of a customer is the one of their newest order: Northwind keeps reps with orders alone, up to nine of them.
    """
    names = {row["EmployeeID"]: f"{row['FirstName']} {row['LastName']}" for row in _read("northwind_employees.csv")}
    products = {row["ProductID"]: row["CategoryName"] for row in _read("northwind_products.csv")}
    orders: dict[str, list[dict[str, str]]] = {}
    for line in _read("northwind_order_lines.csv"):
        orders.setdefault(line["CustomerID"], []).append(line)
    headings = ["Kundennummer", "Firma", "Land", "Betreuer", "Ansprechpartner", "Funktion", "Telefon", "Fax"]
    rows = [[*headings, "Abo", "Bestellt am", "Menge"]]
    for one in _read("northwind_customers.csv"):
        lines = orders.get(one["CustomerID"], [])
        rep = names[max(lines, key=lambda line: line["OrderDate"])["EmployeeID"]] if lines else ""
        start = [one[name] for name in ("CustomerID", "CompanyName", "Country")]
        end = [one[name] for name in ("ContactName", "ContactTitle", "Phone", "Fax")]
        for line in lines or [{"ProductID": "", "OrderDate": "", "Quantity": ""}]:
            year, month, day = line["OrderDate"][:10].split("-") if line["OrderDate"] else ("", "", "")
            plan = f"Plan: {products[line['ProductID']]}; Add-ons: A{line['ProductID']}" if lines else ""
            rows.append([*start, rep, *end, plan, f"{day}.{month}.{year}".strip("."), line["Quantity"]])
    return rows


@pytest.mark.parametrize("form", ["xlsx", "semicolon in cp1252", "tab in utf-16"])
def test_one_wide_export_feeds_all_three(tmp_path: Path, wide: list[list[str]], form: str) -> None:
    """Reps become account managers and what was bought entitlements; the map is pasted as it was proposed.

    Typed by hand: the products and components that the export names, which nobody can guess.
    """
    file = tmp_path / ("crm.xlsx" if form == "xlsx" else "crm.csv")
    if form == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Kunden")
        for row in wide:
            sheet.append(row)
        book.save(file)
    else:
        encoding, separator = ("cp1252", ";") if "cp1252" in form else ("utf-16", "\t")
        with file.open("w", encoding=encoding, newline="", errors="replace") as out:
            csv.writer(out, delimiter=separator).writerows(wide)
    categories = sorted({row["CategoryName"] for row in _read("northwind_products.csv")})
    components = "".join(f'[components.a{n}]\npaths = ["a{n}/**"]\n' for n in range(1, 78))
    products = "".join(
        f'[products.{name.lower().replace("/", "-").replace(" ", "-")}]\ncomponents = ["a1"]\n' for name in categories
    )
    settings = SETTINGS + components + products
    (tmp_path / "releasewatch.toml").write_text(settings)

    guessed = _guess(tmp_path, file)
    assert [one["kind"] for one in guessed["kinds"] if one["proposed"]] == ["customers", "contacts", "entitlements"]
    assert [one["rejected"] for one in guessed["kinds"]] == [0, 0, 0]
    (tmp_path / "releasewatch.toml").write_text(settings + guessed["toml"])
    assert tomllib.loads(guessed["toml"])["directory"]["crm"]["columns"]["customers"]["account_manager"] == "Betreuer"

    files = _import(tmp_path)
    rows = len(wide) - 1
    ordered = {row["CustomerID"] for row in _read("northwind_order_lines.csv")}
    silent = 93 - len(ordered & {row[0].strip() for row in wide})
    assert {kind: (one["read"], one["silent"], one["rejected"]) for kind, one in files.items()} == {
        "customers": (rows, 0, 0),
        "contacts": (rows, 0, 0),
        "entitlements": (rows, silent, 0),
    }
    assert (files["customers"]["added"], files["customers"]["repeated"]) == (93, rows - 93)
    assert (files["contacts"]["added"], files["contacts"]["repeated"]) == (93, rows - 93)
    assert files["customers"]["unsettled"] == ["Bestellt am", "Menge"]
    lines = _read("northwind_order_lines.csv")
    of = {row["ProductID"]: row["CategoryName"] for row in _read("northwind_products.csv")}
    bought = {(row["CustomerID"], row["ProductID"]) for row in lines}
    assert files["entitlements"]["added"] == len(bought) + len({(who, of[what]) for who, what in bought})
    listed = {one["key"]: one for one in _listed(tmp_path)}
    assert len(listed) == 93
    assert all(bool(one["account_manager"]) == (key in ordered) for key, one in listed.items())
    newest = max((row for row in lines if row["CustomerID"] == "ALFKI"), key=lambda row: row["OrderDate"])
    names = {row["EmployeeID"]: f"{row['FirstName']} {row['LastName']}" for row in _read("northwind_employees.csv")}
    assert listed["ALFKI"]["account_manager"] == names[newest["EmployeeID"]]
