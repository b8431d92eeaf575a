"""Call lists that come back: saved by other programs, moved about, added to."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.filled_list import open_filled
from releasewatch.rendering.call_sheets import render_workbook
from releasewatch.rendering.workbook import Column, Page, write_workbook
from tests.rendering.test_documents import make_calls

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("call", "customer", "disposition", "note", "due", "list version")


def workbook(path: Path, *rows: tuple[Any, ...], above: int = 0, sheet: str = "Calls") -> Path:
    book = Workbook()
    book.active.title = "About"
    book.active.append(["what", "says"])
    page = book.create_sheet(sheet)
    for number in range(above):
        page.append([f"line {number}"])
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path


def cells(path: Path) -> list[dict[str, str]]:
    return [dict(row.cells) for row in open_filled(path).rows()]


def test_the_sheet_and_its_headings_are_found_wherever_they_stand(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", HEAD, ("C-1", "Acme", "connected", "x", "", 3), above=3)
    filled = open_filled(path)
    (row,) = filled.rows()
    assert (filled.place, row.number) == ("row", 5)
    assert row.cells == {
        "call": "C-1", "customer": "Acme", "disposition": "connected", "note": "x", "due": "", "list_version": "3",
    }  # fmt: skip
    assert cells(tmp_path / "a.xlsx#calls")[0]["call"] == "C-1"


def test_columns_may_be_moved_added_and_left_out(tmp_path: Path) -> None:
    rows = [("mine", "Disposition", "", "CALL"), ("x", "no_answer", "", "C-2")]
    assert cells(workbook(tmp_path / "a.xlsx", *rows)) == [{"mine": "x", "disposition": "no_answer", "call": "C-2"}]


def test_cells_may_be_numbers_dates_and_texts_written_in_place(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", HEAD, (17, "007", "connected", 4.5, date(2026, 12, 31), 3.0))
    assert cells(path) == [
        {
            "call": "17", "customer": "007", "disposition": "connected", "note": "4.5", "due": "2026-12-31",
            "list_version": "3",
        }
    ]  # fmt: skip
    at = workbook(tmp_path / "b.xlsx", ("call", "disposition", "next at"), ("C-1", "busy", datetime(2026, 3, 11, 9)))  # noqa: DTZ001 - as it is in a cell
    assert cells(at)[0]["next_at"] == "2026-03-11T09:00:00"


def test_texts_may_be_written_in_place_or_shared(tmp_path: Path) -> None:
    in_place = workbook(tmp_path / "a.xlsx", HEAD, ("C-1", "Acme", "connected", "x", "", "3"))
    shared = tmp_path / "b.xlsx"
    columns = [Column(name, 10) for name in HEAD]
    page = Page("Calls", columns, [("C-1", "Acme", "connected", "x", "", "3")])
    shared.write_bytes(write_workbook([page], title="x", made_at=datetime(2026, 3, 11, tzinfo=UTC)))
    for path, how in ((in_place, b't="inlineStr"'), (shared, b't="s"')):
        with zipfile.ZipFile(path) as archive:
            assert any(how in archive.read(part) for part in archive.namelist() if "worksheets/sheet" in part)
    assert cells(in_place) == cells(shared)


def test_a_formula_that_has_no_value_is_named_where_it_is_read(tmp_path: Path) -> None:
    head = ("call", "disposition", "note", "mine", "why")
    path = workbook(
        tmp_path / "a.xlsx", head, ("C-1", "connected", "=1+1", "=2+2", "=3"), ("C-2", "", "#VALUE!", "", "")
    )
    rows = list(open_filled(path).rows())
    assert [row.broken for row in rows] == [("note",), ("note",)]
    assert rows[0].cells == {"call": "C-1", "disposition": "connected", "note": "", "mine": "", "why": ""}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_other_programs_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "a.csv"
    lines = [
        ["Customers to call: INC-1", "", "", ""],
        ["call", "customer", "disposition", "note"],
        ["C-1", "Müller", "connected", '"zwei\nZeilen für Jörg, schön"'],
        ["C-2", "Weiß", "", "'=1+1"],
    ]
    path.write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    filled = open_filled(path)
    assert [row.number for row in filled.rows()] == [3, 5]
    assert [row.cells["note"] for row in filled.rows()] == ["zwei\nZeilen für Jörg, schön", "=1+1"]
    assert [row.cells["customer"] for row in filled.rows()] == ["Müller", "Weiß"]
    assert filled.place == "line"


def test_a_row_with_cells_beyond_the_headings_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("call,disposition\nC-1,connected,,\nC-2,connected,x\n", "utf-8")
    assert [row.damage for row in open_filled(path).rows()] == ["", "has 3 cells, and the list 2 headings"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "no call list"),
        ("a.csv", b"key,name\nacme,Acme\n", "no call list"),
        ("a.csv", b"call,note\nC-1,x\n", "no call list"),
        ("a.csv", b"call,disposition,note,Note\nC-1,connected,x,y\n", "the column 'note' twice"),
        ("a.xlsx", b"no zip", "no XLSX workbook"),
        ("a.xlsx", b"", "no XLSX workbook"),
    ],
)
def test_what_is_no_list_is_one_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidCallError, match=said):
        open_filled(tmp_path / name)


def test_a_workbook_without_such_a_sheet_a_folder_and_nothing_are_each_a_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ("key", "name"), ("acme", "Acme"))
    for wrong in (path, tmp_path / "a.xlsx#About", tmp_path / "a.xlsx#Nope", tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InvalidCallError):
            open_filled(wrong)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_a_list_that_libreoffice_saved_again_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(render_workbook(make_calls("+0 =1 ü"), Reveal.CONTACTS, in_ci=False, opaque=False))
    words = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*words, "--outdir", tmp_path / "again", path], check=True, capture_output=True, timeout=100)
    assert cells(tmp_path / "again" / "a.xlsx") == cells(path)
