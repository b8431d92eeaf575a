"""A call list as a workbook: text in every cell, words to choose from, and one page wide on paper."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from releasewatch.domain.call_attempts import DISPOSITIONS, OUTCOMES
from releasewatch.domain.call_lists import Beyond
from releasewatch.domain.call_purposes import Standing
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.call_sheets import FILLED, TOLD, column_name
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import CallCandidate, CallContact, rank_calls
from releasewatch.domain.privacy import Reveal
from releasewatch.rendering.call_mail import Envelope, list_mail
from releasewatch.rendering.call_sheets import CALL_COLUMNS, render_workbook
from tests.rendering.test_documents import EVIL, NOW, make_calls, written


def opened(text: str = "Plain", reveal: Reveal = Reveal.CONTACTS, **more: Any) -> Workbook:
    calls = make_calls(text, **more)
    return load_workbook(io.BytesIO(render_workbook(calls, reveal, in_ci=False, opaque=False)))


def rows_of(book: Workbook) -> list[dict[str, str]]:
    sheet = book["Calls"]
    rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    top = next(place for place, row in enumerate(rows) if "disposition" in row)
    return [dict(zip(map(column_name, rows[top]), row, strict=True)) for row in rows[top + 1 :]]


def test_the_columns_are_those_to_be_told_and_then_those_to_be_filled_in() -> None:
    (row, *_) = rows_of(opened())
    assert tuple(row)[: len(TOLD) + len(FILLED)] == (*TOLD, *FILLED)
    assert CALL_COLUMNS[: len(TOLD) + len(FILLED)] == (*TOLD, *FILLED)
    assert {row[name] for name in FILLED} == {""}


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-1", "@SUM(A1)", "0030", "2026-12-31", "TRUE", "1E5", EVIL])
def test_every_cell_is_text_and_no_text_is_changed(text: str) -> None:
    book = opened(text)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert not any(cell.hyperlink for cell in cells)
    row = next(row for row in rows_of(book) if row["key"] == "k-named")
    assert (row["customer"], row["contact"], row["say"]) == (text, text, text)
    assert row["phone"] == "+4930901820"


def test_cells_to_be_filled_in_are_text_too_so_that_nothing_typed_is_turned_into_something_else() -> None:
    sheet = opened()["Calls"]
    headings = {cell.value: cell.column for cell in sheet[4]}
    for name in ("note", "due", "next at"):
        assert sheet.cell(5, headings[name]).number_format == "@"
    rules = {rule.promptTitle: rule for rule in sheet.data_validations.dataValidation}
    assert rules["disposition"].formula1 == f'"{",".join(DISPOSITIONS)}"'
    assert rules["outcome"].formula1 == f'"{",".join(OUTCOMES)}"'
    assert "2026-12-31" in rules["due"].prompt
    first = sheet.cell(5, headings["disposition"]).coordinate
    assert first in rules["disposition"].sqref


def test_the_sheet_keeps_its_head_in_view_and_is_one_page_wide_on_paper() -> None:
    sheet = opened()["Calls"]
    assert sheet.freeze_panes == "E5"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage is True
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.print_area.endswith(f"{sheet.cell(1, len(TOLD) + len(FILLED)).column_letter}${sheet.max_row}")
    assert sheet.cell(5, 1).alignment.wrap_text is True
    assert sheet.row_dimensions[5].height > 15


def test_it_says_of_when_it_is_in_its_head_on_paper_and_in_each_row() -> None:
    book = opened()
    sheet = book["Calls"]
    assert sheet["A1"].value == "Customers to call: D-7"
    assert "As of 10 March 2026, 09:30 UTC, version 3." in sheet["A2"].value
    assert "version 3" in sheet.oddFooter.left.text
    assert {(row["list"], row["as_of"], row["list_version"]) for row in rows_of(book)} == {
        ("D-7", "2026-03-10T09:30:00Z", "3")
    }
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["Version"] == "3"
    assert "k" not in about


def test_a_row_says_to_the_microsecond_of_when_it_is_as_its_calls_may_be_planned_within_the_same_second() -> None:
    calls = replace(make_calls("Plain"), as_of=NOW.replace(microsecond=250001))
    book = load_workbook(io.BytesIO(render_workbook(calls, Reveal.CONTACTS, in_ci=False, opaque=False)))
    assert {row["as_of"] for row in rows_of(book)} == {"2026-03-10T09:30:00.250001Z"}


def test_how_many_are_beyond_the_list_stands_above_it_and_in_the_mail_that_carries_it() -> None:
    calls = replace(make_calls("Plain"), beyond=Beyond(5000, {"direct": 551_000}))
    book = load_workbook(io.BytesIO(render_workbook(calls, Reveal.CONTACTS, in_ci=False, opaque=False)))
    assert "551,000 more customers score lower (551,000 direct)" in book["Calls"]["A4"].value
    assert len(rows_of(book)) == len(rows_of(opened()))
    mail = list_mail(Envelope("a@example.org", "", "b@example.org", NOW), calls)
    assert "551,000 more customers score lower" in mail.get_body(("plain",)).get_content()


def test_a_list_that_was_not_planned_says_that_it_cannot_come_back() -> None:
    assert "cannot be read back" in opened(version=0)["Calls"]["A3"].value


def test_who_is_left_stands_apart_and_calls_come_before_letters() -> None:
    book = opened()
    assert [row["verdict"] for row in rows_of(book)] == ["call", "call", "write", "write"]
    assert [row[1].value for row in book["To leave"].iter_rows(min_row=3)] == ["Plain"]


@pytest.mark.parametrize(
    ("reveal", "hidden"),
    [
        (Reveal.NAMES, ("901820", "ada@")),
        (Reveal.KEYS, ("901820", "ada@", "Northwind")),
        (Reveal.COUNTS, ("901820", "ada@", "Northwind", "k-named")),
    ],
)
def test_a_channel_shows_no_more_than_it_may(reveal: Reveal, hidden: tuple[str, ...]) -> None:
    calls = make_calls("Plain")
    rows = [replace(row, candidate=replace(row.candidate, name="Northwind")) for row in calls.rows]
    book = load_workbook(io.BytesIO(render_workbook(replace(calls, rows=rows), reveal, in_ci=True, opaque=False)))
    text = "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert [word for word in hidden if word in text] == []
    assert ("k-named" in text) == (reveal > Reveal.COUNTS)


def test_the_same_list_is_the_same_bytes() -> None:
    calls = make_calls("Plain")
    assert render_workbook(calls, Reveal.CONTACTS, in_ci=False, opaque=False) == render_workbook(
        calls, Reveal.CONTACTS, in_ci=False, opaque=False
    )


def test_text_that_no_cell_can_hold_is_cut_and_says_so() -> None:
    row = next(row for row in rows_of(opened("x" * 40_000)) if row["key"] == "k-named")
    assert len(row["customer"]) == 32_767
    assert row["customer"].endswith("…")


def test_the_page_puts_who_can_be_called_now_before_who_is_asleep_and_folds_why() -> None:
    held = Standing(call="C-2", purpose="first_notice", status="claimed", holder="piet")
    contact = CallContact("k", "Ada", "", "+49 30 901820", "+4930901820", "possible", "ada@example.org")
    asleep = CallCandidate(
        "asleep", "Asleep", "named", contacts=(contact,), timezone="America/New_York", tier="gold", standing=held
    )
    awake = CallCandidate("awake", "Awake", "named", contacts=(contact,), timezone="Europe/Berlin")
    rows = rank_calls([asleep, awake], RankingWeights(), CallingHours(), NOW)
    calls = replace(make_calls("Plain"), rows=rows)
    page, text = written(calls, "html"), written(calls, "md")
    assert [row.candidate.key for row in rows] == ["asleep", "awake"]
    assert text.index("1. Asleep") < text.index("2. Awake")
    places = [
        page.index(word)
        for word in ("Callable now (1)</h3>", "2. <bdi>Awake", "Later (1)</h3>", "1. <bdi>Asleep", "claimed by")
    ]
    assert places == sorted(places)
    assert page.count("<details>") == 2, "folded: none is open"
    assert page.index("<details>") < page.index("a change names them</li>") < page.index("</details>")
    assert "details::details-content" in page[page.index("@media print") :]
    assert (page.count('href="tel:+4930901820"'), page.count('href="mailto:ada@example.org"')) == (2, 2)
