"""Exports as they come: every encoding with every separator and way of writing, guessed and then read by the guess."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from releasewatch.domain.customers import Customer, Rejected, Stated
from releasewatch.domain.guess_subjects import Sold
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.usecases.guessing import Guessed, guess_document, guess_file, guess_toml, sold_by

SOLD = sold_by({"business": ["shop/invoicing"], "basic": []}, {"invoicing": "Rechnungen", "reports": "Berichte"})

ROWS = [
    ("K-1", "Müller & Söhne GmbH", "Deutschland", date(2026, 12, 31), Decimal("1234567.89"), True, "030 901820"),
    ("K-2", "Österreichische Güter AG", "Österreich", date(2027, 2, 1), Decimal("12000"), False, "+43 1 71100 0"),
    ("K-3", "Café Noël", "Frankreich", date(2026, 3, 13), Decimal("0.5"), False, "+33 1 40 20 50 50"),
]
HEADINGS = ["Kunden-Nr.", "Firma", "Land", "Vertragsende", "Vertragswert", "Nicht anrufen", "Telefon", "Abo", "Notiz"]
PLANS = ["Plan: Business; Add-ons: Rechnungen, Berichte", "Plan: Basic", ""]
DAYS = {"%d.%m.%Y": "DD.MM.YYYY", "%m/%d/%Y": "MM/DD/YYYY", "%d/%m/%Y": "DD/MM/YYYY", "%Y-%m-%d": ""}


def _german(amount: Decimal) -> str:
    return f"{amount:,.2f} €".replace(",", "x").replace(".", ",").replace("x", ".")


def _english(amount: Decimal) -> str:
    return f"€ {amount:,.2f}"


def _plain(amount: Decimal) -> str:
    return str(amount)


AMOUNTS = {_german: ",", _english: ".", _plain: ""}


def _table(day: str, amount: Any, yes: tuple[str, str] = ("ja", "nein")) -> list[list[str]]:
    rows = [[*HEADINGS[:5], HEADINGS[5], "Ansprechpartner", *HEADINGS[6:]]]
    for (key, name, country, ends, value, silent, phone), plan in zip(ROWS, PLANS, strict=True):
        cells = [key, name, country, ends.strftime(day), amount(value), yes[0] if silent else yes[1], "Ada Beispiel"]
        rows.append([*cells, phone, plan, 'sagt: "gut", und\nmehr'])
    return rows


def _csv(rows: list[list[str]], encoding: str, separator: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def _customers(guessed: Guessed) -> list[Any]:
    rows = guessed.samples["customers"].sample
    assert all(isinstance(row, Stated) for row in rows), rows
    return [row.row for row in rows if isinstance(row, Stated)]


def _assert_as_meant(guessed: Guessed) -> None:
    found = _customers(guessed)
    assert [(one.key, one.name, one.renewal_on, one.contract_value, one.do_not_call) for one in found] == [
        (key, name, ends, value, silent) for key, name, _, ends, value, silent, _ in ROWS
    ]
    assert [one.country for one in found] == ["DE", "AT", "FR"]
    contacts = [row.row for row in guessed.samples["contacts"].sample if isinstance(row, Stated)]
    assert [(one.name, one.phone) for one in contacts] == [("Ada Beispiel", row[-1]) for row in ROWS]
    bought = [row.row for row in guessed.samples["entitlements"].sample if isinstance(row, Stated)]
    assert [(one.customer, one.product, one.component) for one in bought] == [
        ("K-1", "business", ""),
        ("K-1", "", "invoicing"),
        ("K-1", "", "reports"),
        ("K-2", "basic", ""),
    ]
    assert [(one.read, one.silent, one.rejected) for one in guessed.samples.values()] == [
        (3, 0, 0),
        (3, 0, 0),
        (3, 1, 0),
    ]
    # What the contacts and entitlements of the file are made of is nothing about the customer.
    assert {name for one in found for name in one.attributes} == {"Notiz"}


@pytest.mark.parametrize(
    ("encoding", "separator"), list(product(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"], ",;\t|"))
)
def test_every_encoding_with_every_separator(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(_csv(_table("%d.%m.%Y", _german), encoding, separator))
    guessed = guess_file(path, SOLD)
    assert (guessed.sheet.encoding, guessed.sheet.separator) == (encoding, separator)
    _assert_as_meant(guessed)


@pytest.mark.parametrize(("day", "amount"), list(product(DAYS, AMOUNTS)))
def test_every_way_to_write_days_and_amounts(tmp_path: Path, day: str, amount: Any) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(_csv(_table(day, amount, ("TRUE", "FALSE")), "utf-8", ";"))
    guessed = guess_file(path, SOLD)
    _assert_as_meant(guessed)
    columns = guessed.proposal.kinds[0].columns
    assert (columns["renewal_on"].format, columns["contract_value"].decimal) == (DAYS[day], AMOUNTS[amount])
    currencies = {one.currency for one in _customers(guessed)}
    assert currencies == ({""} if amount is _plain else {"EUR"})


def test_a_workbook_with_real_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    book = Workbook()
    sheet: Any = book.active
    table = _table("%d.%m.%Y", _german)
    sheet.append(table[0])
    for cells, (_, _, _, ends, value, silent, _) in zip(table[1:], ROWS, strict=True):
        sheet.append([*cells[:3], ends, float(value), silent, *cells[6:]])
    book.save(path)
    guessed = guess_file(path, SOLD)
    _assert_as_meant(guessed)
    assert (guessed.sheet.encoding, guessed.proposal.kinds[0].columns["renewal_on"].format) == ("xlsx", "")


@pytest.mark.parametrize(
    ("text", "form", "rejected"),
    [("31.02.2027", "", 1), ("offen", "", 1), ("03/04/2026", "DD/MM/YYYY", 0), ("13/04/2026", "DD/MM/YYYY", 0)],
)
def test_one_text_among_real_dates(tmp_path: Path, text: str, form: str, rejected: int) -> None:
    path = tmp_path / "export.xlsx"
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["Kundennr", "Firma", "Vertragsende"])
    for number in range(6):
        sheet.append([f"K{number}", f"Firma {number}", date(2026, number + 1, 20)])
    sheet.append(["K9", "Neun", text])
    book.save(path)
    guessed = guess_file(path, Sold())
    if text == "03/04/2026":  # nothing tells what that is
        assert "renewal_on" not in guessed.proposal.kinds[0].columns
        return
    (guess,) = [one for one in guessed.proposal.kinds[0].guesses if one.column == "renewal_on"]
    assert guess.heading.format == form
    assert guess.doubts == (("cells not so written, rejected with their rows: 1 of 7",) if rejected else ())
    assert guessed.samples["customers"].rejected == rejected


def test_days_that_could_be_months_are_left_to_the_person(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Kundennr,Firma,Vertragsende\nA,Acme,01/02/2026\nB,Bee,03/04/2026\n")
    guessed = guess_file(path, Sold())
    assert "renewal_on" not in guessed.proposal.kinds[0].columns
    toml = guess_toml(guessed, "crm", "export.csv", is_new=True)
    assert "# renewal_on: 'Vertragsende' would be it, but its cells can be read as DD/MM/YYYY and as MM/DD/YYYY" in toml


def test_what_a_spreadsheet_broke_is_rejected_by_name(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "Kundennr;Firma;Ansprechpartner;Telefon\nA;Acme;Ann;030 901820\n4,9151E+11;Bee;Bob;1\nC;#REF!;Cid;4.9151E+11\n"
    )
    guessed = guess_file(path, Sold())
    refused = {
        kind: [(row.line, row.problems[0].column) for row in one.sample if isinstance(row, Rejected)]
        for kind, one in guessed.samples.items()
    }
    assert refused == {"customers": [(3, "key"), (4, "name")], "contacts": [(3, "customer"), (4, "phone")]}
    toml = guess_toml(guessed, "crm", "export.csv", is_new=True)
    assert (
        "#   phone: cells with a number as a spreadsheet shortens it (4.9151E+11), rejected with their rows: 1" in toml
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b'key,"name\n', "a quote is out of place"),
        (b'key,name\nA,Acme\nB,"Bee\n', "ends inside a quoted cell"),
        (b"PK\x03\x04" + b"\0" * 200, "is no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 200, "of a kind that is not read"),
    ],
)
def test_files_that_cannot_be_read_give_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidCallError, match=says):
        guess_file(path, Sold())


def test_a_heading_alone_is_guessed_from(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Kundennr;Firma;Land;Plan\n")
    guessed = guess_file(path, Sold())
    assert guessed.rows == 0
    assert [one.kind for one in guessed.proposal.kinds if not one.missing] == ["customers", "entitlements"]
    assert [(one.read, one.sample) for one in guessed.samples.values()] == [(0, ()), (0, ())]


def test_a_table_of_ten_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    headings = ["Kundennr", "Firma", *(f"Feld {n}" for n in range(10_000))]
    path.write_text(";".join(headings) + "\n" + ";".join(["A", "Acme", *["x"] * 10_000]) + "\n")
    guessed = guess_file(path, Sold())
    assert [one.key for one in _customers(guessed)] == ["A"]
    assert "the first 500 of 10002 columns were looked at" in guessed.notes
    assert guess_toml(guessed, "crm", "export.csv", is_new=True).count("\n") < 150


def test_cells_with_nul_bytes_are_rejected_and_steer_nothing(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"Kundennr;Firma;\x1b[2J\nA;Ac\0me;x\nB;Bee;y\n")
    guessed = guess_file(path, Sold())
    assert [type(row) for row in guessed.samples["customers"].sample] == [Rejected, Stated]
    toml = guess_toml(guessed, "crm", "export.csv", is_new=True)
    assert "\x1b" not in toml
    assert "\0" not in toml


def _sample(level: Reveal, tmp_path: Path, *, opaque: bool = False) -> dict[str, Any]:
    path = tmp_path / "export.csv"
    path.write_bytes(_csv(_table("%d.%m.%Y", _german), "utf-8", ";"))
    document = guess_document(guess_file(path, SOLD), "", level, opaque=opaque)["guess"]
    return {one["kind"]: one["rows"] for one in document["kinds"]}


def test_rows_show_what_the_channel_may_see(tmp_path: Path) -> None:
    assert all(rows == [] for rows in _sample(Reveal.COUNTS, tmp_path).values())
    keys = _sample(Reveal.KEYS, tmp_path)
    first = keys["customers"][0]
    assert first["values"]["key"] == "K-1"
    assert {name for name, value in first["values"].items() if value is not None} == {"key"}
    assert set(first["withheld"]) == set(first["values"]) - {"key"}
    assert keys["contacts"][0]["values"] == {"customer": "K-1", **dict.fromkeys(("name", "phone", "do_not_call"))}
    assert keys["entitlements"][0]["values"] == {"customer": "K-1", "product": None}
    names = _sample(Reveal.NAMES, tmp_path)["customers"][0]
    assert names["values"]["name"] == "Müller & Söhne GmbH"
    assert set(names["withheld"]) == {"contract_value", "currency", "renewal_on", "attributes"}
    everything = _sample(Reveal.CONTACTS, tmp_path)
    assert everything["contacts"][0]["values"]["phone"] == "030 901820"
    assert everything["customers"][0]["withheld"] == []
    assert _sample(Reveal.KEYS, tmp_path, opaque=True)["contacts"][0]["values"]["customer"].startswith("customer-")


def test_a_customer_named_by_one_column_only_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("key,name\nA,Acme\n")
    assert _customers(guess_file(path, Sold())) == [Customer("A", "Acme")]
