"""Reading workbooks: what a cell is, which sheet is read, and workbooks that were made to do harm."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from releasewatch.domain.columns import Heading
from releasewatch.domain.customers import Contact, Customer, Rejected, Stated
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories import xlsx_sheet
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.records import CONTACTS, CUSTOMERS, ENTITLEMENTS, Shape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def _save(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def _with_sheet_xml(path: Path, xml: str, *, beside: str = "") -> Path:
    """A workbook whose first sheet is written by hand."""
    _save(path, ("Data", [["key"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = (
        f'<?xml version="1.0"?>{beside}<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData></worksheet>'
    ).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _with_shared_texts(path: Path) -> Path:
    """A workbook as Excel writes it: the texts of all cells stand in a part of their own."""
    cells = "".join(f'<c r="{at}" t="s"><v>{n}</v></c>' for at, n in (("A1", 0), ("B1", 1)))
    below = '<c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c>'
    _with_sheet_xml(path, f'<row r="1">{cells}</row><row r="2">{below}</row>')
    texts = "".join(f"<si><t>{text}</t></si>" for text in ("key", "name", "0042", "4.9151E+11"))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{texts}</sst>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _text(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{_text("A1", "key")}{_text("B1", "name")}{_text("C1", "segment")}</row>'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.xlsx"


def _rows(file: DirectoryFile[Any]) -> list[Any]:
    return [row.row if isinstance(row, Stated) else row for row in file.rows()]


def test_numbers_keep_their_digits_dates_are_dates_and_text_is_as_stored(path: Path) -> None:
    _save(
        path,
        (
            "Kunden",
            [
                ["key", "name", "contract_value", "renewal_on", "do_not_call", "sla_minutes", "Zip"],
                [10248, "Acme", 1200.5, date(2026, 12, 31), True, 60.0, "01067"],
                ["0042", "Bee", "1200.50", datetime.fromisoformat("2027-01-31"), False, None, 1067],
            ],
        ),
    )
    first, second = _rows(open_file(path, CUSTOMERS))
    assert (first.key, str(first.contract_value), str(first.renewal_on)) == ("10248", "1200.5", "2026-12-31")
    assert (first.do_not_call, first.sla_minutes, first.attributes) == (True, 60, {"Zip": "01067"})
    assert (second.key, str(second.contract_value), str(second.renewal_on)) == ("0042", "1200.50", "2027-01-31")
    assert (second.do_not_call, second.attributes) == (False, {"Zip": "1067"})


def test_a_phone_stored_as_a_number_keeps_its_digits_and_a_broken_one_is_refused(path: Path) -> None:
    rows = [["customer", "name", "phone", "best_from"], ["A", "Ann", 4930231251010, time(8, 30)]]
    rows += [["A", "Ben", "4.9151E+11", None], ["A", "Cid", 4.9151e20, None]]
    _save(path, ("Sheet", rows))
    first, second, third = _rows(open_file(path, CONTACTS))
    assert (first.phone, first.best_from) == ("4930231251010", "08:30")
    for row in (second, third):
        assert isinstance(row, Rejected)
        assert "as a spreadsheet shortens it" in row.problems[0].reason


def test_a_number_is_a_number_whatever_the_column_writes_elsewhere(path: Path) -> None:
    """1.125 and 12000.5 typed as numbers are no German text, and a real date has no format."""
    _save(path, ("S", [["key", "name", "Umsatz", "Ende"], ["A", "Acme", 12000.5, date(2026, 2, 1)]]))
    columns = {
        "contract_value": Heading("Umsatz", decimal=","),
        "renewal_on": Heading("Ende", format="MM/DD/YYYY"),
    }
    (row,) = _rows(open_file(path, CUSTOMERS, columns))
    assert (str(row.contract_value), str(row.renewal_on)) == ("12000.5", "2026-02-01")


def test_the_first_sheet_is_read_and_said_and_another_by_its_name(path: Path) -> None:
    _save(path, ("One", [["key", "name"], ["A", "Acme"]]), ("Two", [[], [None, None], ["key", "name"], ["B", "Bee"]]))
    first = open_file(path, CUSTOMERS)
    assert _rows(first) == [Customer("A", "Acme")]
    assert first.notes == ("read its first sheet, 'One', of 2; name another as FILE.xlsx#Sheet",)
    second = open_file(Path(f"{path}#two"), CUSTOMERS)
    assert [(row.line, row.row) for row in second.rows() if isinstance(row, Stated)] == [(4, Customer("B", "Bee"))]
    assert (second.sheet.label, second.notes) == (f"{path}#Two", ())
    assert first.sheet.digest != second.sheet.digest
    with pytest.raises(InvalidCallError, match="has no sheet 'Three'") as error:
        open_file(Path(f"{path}#Three"), CUSTOMERS)
    assert error.value.hint == "It has: One, Two."


def test_a_hidden_sheet_is_not_the_first_one(path: Path) -> None:
    _save(path, ("Lists", [["x"]]), ("Data", [["key", "name"], ["a", "A"]]))
    book = load_workbook(path)
    book["Lists"].sheet_state = "hidden"
    book.save(path)
    file = open_file(path, CUSTOMERS)
    assert [one.row.key for one in file.rows() if isinstance(one, Stated)] == ["a"]
    assert file.notes == ("read its first sheet, 'Data', of 2; name another as FILE.xlsx#Sheet",)


def test_a_workbook_in_the_strict_variant_says_how_to_save_it(path: Path) -> None:
    _save(path, ("Data", [["key", "name"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(MAIN.encode(), STRICT.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(InvalidCallError, match="is saved as Strict Open XML, which is not read"):
        open_file(path, CUSTOMERS)


def test_short_rows_are_whole_and_cells_beyond_the_headings_are_not(path: Path) -> None:
    _save(path, ("S", [["key", "name", "segment"], ["A", "Acme"], ["B", "Bee", None, "?"], [None, " "], ["C", "See"]]))
    rows = list(open_file(path, CUSTOMERS).rows())
    assert [type(row) for row in rows] == [Stated, Rejected, Stated]
    assert isinstance(rows[1], Rejected)
    assert rows[1].problems[0].reason == "has 4 cells where the header has 3"


def test_formulas_give_what_was_last_computed_and_say_when_nothing_was(path: Path) -> None:
    cells = '<c r="A2" t="str"><f>B2</f><v>K1</v></c><c r="B2" t="str"><f>1+1</f><v>Acme</v></c>'
    empty = f'{_text("A3", "K2")}<c r="B3"><f>C3</f></c>'
    _with_sheet_xml(path, f'{HEADER}<row r="2">{cells}</row><row r="3">{empty}</row>')
    first, second = open_file(path, CUSTOMERS).rows()
    assert first == Stated(2, Customer("K1", "Acme"))
    assert isinstance(second, Rejected)
    assert (second.problems[0].column, second.identity) == ("name", {"key": "K2"})
    assert "a formula without a value" in second.problems[0].reason
    assert len(second.problems) == 1


def test_a_spreadsheets_error_is_no_name(path: Path) -> None:
    error = '<c r="B2" t="e"><v>#N/A</v></c>'
    _with_sheet_xml(path, f'{HEADER}<row r="2">{_text("A2", "K1")}{error}</row>')
    (row,) = open_file(path, CUSTOMERS).rows()
    assert isinstance(row, Rejected)
    assert row.problems[0].reason == "holds a spreadsheet's error (#N/A)"


@pytest.mark.parametrize("content", [b"", b"key,name\n", b"PK\x03\x04" + b"\0" * 50, b"PK\x05\x06" + b"\0" * 18])
def test_a_file_that_is_no_workbook_gives_one_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidCallError, match="is no XLSX workbook that can be read, or is damaged"):
        open_file(path, CUSTOMERS)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_broke_off_gives_one_sentence(path: Path, cut: float) -> None:
    _save(path, ("S", [["key", "name"], *[[f"K{n}", f"Customer {n}"] for n in range(200)]]))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(InvalidCallError, match="is no XLSX workbook that can be read, or is damaged"):
        open_file(path, CUSTOMERS)


def test_a_sheet_that_is_damaged_half_way_gives_one_sentence(path: Path) -> None:
    rows = "".join(f'<row r="{n}">{_text(f"A{n}", "K")}{_text(f"B{n}", "N")}</row>' for n in range(2, 2000))
    _with_sheet_xml(path, f"{HEADER}{rows}<row></oops>")
    with pytest.raises(InvalidCallError, match="is damaged"):
        list(open_file(path, CUSTOMERS).rows())


def test_an_old_workbook_is_told_from_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 100)
    with pytest.raises(InvalidCallError, match="of a kind that is not read"):
        open_file(tmp_path / "old.xls", CUSTOMERS)


def test_a_sheet_without_a_cell_is_empty(path: Path) -> None:
    with pytest.raises(InvalidCallError, match=r"The sheet 'S' of .* is empty"):
        open_file(_save(path, ("S", [])), CUSTOMERS)
    file = open_file(_save(path, ("S", [["key", "name"]])), CUSTOMERS)
    assert list(file.rows()) == []


@pytest.mark.parametrize(
    "row",
    [
        f'<row r="99999999999">{_text("A99999999999", "x")}</row>',
        f'<row r="1048999">{_text("A1048999", "x")}</row>',
    ],
)
def test_a_row_beyond_all_sheets_does_not_run_for_ever(path: Path, row: str) -> None:
    _with_sheet_xml(path, HEADER + row)
    file = open_file(path, CUSTOMERS)
    with pytest.raises(InvalidCallError, match="has a row beyond 1048576"):
        list(file.rows())


def test_a_cell_beyond_all_columns_takes_no_room(path: Path) -> None:
    _with_sheet_xml(path, f'{HEADER}<row r="2">{_text("A2", "K")}{_text("B2", "N")}{_text("ZZZ2", "x")}</row>')
    assert _rows(open_file(path, CUSTOMERS)) == [Customer("K", "N")]
    _with_sheet_xml(path, f'{HEADER}<row r="2">{_text("ZZZZZZZ2", "x")}</row>')
    with pytest.raises(InvalidCallError, match="is damaged"):
        list(open_file(path, CUSTOMERS).rows())


def test_what_a_sheet_says_of_its_own_size_is_not_believed(path: Path) -> None:
    _save(path, ("S", [["key", "name"], ["A", "Acme"], ["B", "Bee"]]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b'<dimension ref="A1:B3"' in sheet
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"A1:B3", b"A1:A1")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert len(_rows(open_file(path, CUSTOMERS))) == 2


@pytest.mark.parametrize("limit", ["_SHEET_BYTES", "_TEXTS_BYTES", "_OTHER_BYTES"])
def test_a_bomb_is_measured_before_it_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    _with_shared_texts(path)
    assert _rows(open_file(path, CUSTOMERS)) == [Customer("0042", "4.9151E+11")]
    monkeypatch.setattr(xlsx_sheet, limit, 10)
    with pytest.raises(InvalidCallError, match="larger than a directory can be: its part"):
        open_file(path, CUSTOMERS)


def test_one_row_beyond_all_measure_is_refused(path: Path) -> None:
    _with_sheet_xml(path, f'{HEADER}<row r="2">{_text("A2", "x" * (17 << 20))}</row>')
    with pytest.raises(InvalidCallError, match="a row of it is larger than 16 MiB"):
        open_file(path, CUSTOMERS)


def test_texts_that_multiply_are_refused(path: Path) -> None:
    entities = '<!ENTITY a0 "laughs">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    _with_sheet_xml(path, f'<row r="1">{_text("A1", "&a9;")}</row>', beside=f"<!DOCTYPE worksheet [{entities}]>")
    with pytest.raises(InvalidCallError, match="is damaged"):
        open_file(path, CUSTOMERS)


def test_entitlements_and_contacts_are_read_from_workbooks_too(path: Path) -> None:
    _save(path, ("S", [["customer", "product", "name", "valid_to"], ["A", 11, "Ann", date(2026, 12, 31)]]))
    shapes: list[Shape[Any]] = [ENTITLEMENTS, CONTACTS]
    entitlement, contact = (_rows(open_file(path, shape))[0] for shape in shapes)
    assert (entitlement.product, str(entitlement.valid_to)) == ("11", "2027-01-01 00:00:00+00:00")
    assert contact == Contact("A", "Ann")


def test_a_file_may_have_a_number_sign_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "list#1.csv"
    path.write_text("key,name\nA,Acme\n")
    assert _rows(open_file(path, CUSTOMERS)) == [Customer("A", "Acme")]
