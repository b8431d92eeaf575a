"""CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.rendering import tabular
from releasewatch.rendering.escape import clean
from releasewatch.rendering.tabular import guard, write_csv

TRIGGERS = "=+-@＝＋－＠"


@pytest.mark.parametrize("trigger", list(TRIGGERS))
@pytest.mark.parametrize(
    "before", ["", " ", "   ", "\t", "\r\n", "\ufeff", "\u200b", "\xa0", "'", '"', "\x00", "\u202e"]
)
def test_nothing_that_could_run_begins_a_cell(before: str, trigger: str) -> None:
    assert guard(f"{before}{trigger}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["a=b", "tel:+4930901820", "2-3", "ada@example.org", "Müller & Söhne", ""])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert guard(text) == text


def test_a_formula_behind_a_separator_inside_a_cell_is_guarded_too() -> None:
    assert guard("Acme;=1+1; @x") == "Acme;'=1+1; '@x"


texts = st.text(st.characters(codec=None), max_size=30)


@given(st.lists(st.lists(texts | st.integers() | st.none(), min_size=2, max_size=2), max_size=5))
def test_a_table_is_read_back_cell_by_cell(rows: list[list[str | int | None]]) -> None:
    stream = io.StringIO(newline="")
    write_csv(stream, ["a", "b"], rows, bom=True)
    text = stream.getvalue()
    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[0] == ["a", "b"]
    assert len(read) == len(rows) + 1
    for cells, row in zip(read[1:], rows, strict=True):
        for cell, value in zip(cells, row, strict=True):
            if isinstance(value, str):
                assert clean(cell.replace("'", "")) == clean(clean(value).replace("'", ""))
                assert not cell.lstrip()[:1] or cell.lstrip()[0] not in TRIGGERS
            else:
                assert cell == ("" if value is None else str(value))


cells = texts | st.sampled_from(["a", "a\0b", "=1", "0", "7 a", "\xe9", "\xe9  b", "a  b"]) | st.integers() | st.none()


@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=4)),
    st.integers(1, 3),
)
def test_rows_are_guarded_together_as_cell_by_cell(rows: list[list[str | int | None]], together: int) -> None:
    at_once, one_by_one = io.StringIO(newline=""), io.StringIO(newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "TOGETHER", together)
        write_csv(at_once, ["a"], rows)
    guarded = [[guard(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    csv.writer(one_by_one).writerows([["a"], *guarded])
    assert at_once.getvalue() == one_by_one.getvalue()
