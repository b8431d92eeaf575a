"""Reading the files of a directory: how they are written, where their columns stand, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from releasewatch.domain.columns import Heading
from releasewatch.domain.customers import Contact, Customer, Entitlement, Problem, Rejected, Stated
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.past_deployments import DEPLOYMENTS
from releasewatch.integrations.directories.records import CONTACTS, CUSTOMERS, ENTITLEMENTS, INCIDENTS, STAFF, Shape


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def _open(path: Path, content: str | bytes, shape: Shape[Any] = CUSTOMERS, **columns: Heading) -> DirectoryFile[Any]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_file(path, shape, columns)


def _stated(file: DirectoryFile[Any]) -> list[Any]:
    rows = list(file.rows())
    assert all(isinstance(row, Stated) for row in rows), rows
    return [row.row for row in rows if isinstance(row, Stated)]


def _rejected(file: DirectoryFile[Any]) -> list[Rejected]:
    return [row for row in file.rows() if isinstance(row, Rejected)]


def test_every_column_of_a_customer(path: Path) -> None:
    file = _open(
        path,
        "name,key,aliases,parent,customer_tier,segment,contract_value,currency,renewal_on,account_manager,country,"
        "timezone,language,do_not_call,escalated,sla_minutes,credit_after_minutes,Health Score\r\n"
        '"Acme, Inc.", A1 ,acme.example;A1;17,P,gold,mid,1200.50,eur,2027-01-31,mara,Germany,Europe/Berlin,de,x,no,60,'
        "90,7\r\n",
    )
    (customer,) = _stated(file)
    assert (customer.key, customer.name, customer.aliases) == ("A1", "Acme, Inc.", ("acme.example", "17"))
    assert (customer.contract_value, customer.currency) == (Decimal("1200.50"), "EUR")
    assert (customer.country, customer.do_not_call, customer.escalated) == ("DE", True, False)
    assert (customer.sla_minutes, customer.credit_after_minutes) == (60, 90)
    assert customer.attributes == {"Health Score": "7"}
    assert file.notes == ()


def test_an_unknown_time_zone_loses_no_customer_and_is_said_without_what_stands_there(path: Path) -> None:
    rows = "".join(f"C{number},Name,Mars/Phobos\n" for number in range(6))
    file = _open(path, f"key,name,Zone\nA,Acme,Europe/Berln\nB,Bolt,Europe/Berlin\n{rows}", timezone=Heading("Zone"))
    zones = [(row.key, row.timezone) for row in _stated(file)]
    assert zones == [("A", ""), ("B", "Europe/Berlin"), *((f"C{number}", "") for number in range(6))]
    assert file.notes[0] == (
        "line 2, Zone is no time zone of the IANA database; did you mean Europe/Berlin?; taken as not known"
    )
    assert len(file.notes) == 6
    assert file.notes[-1] == "and 2 more such values taken as not known"
    assert "Mars" not in str(file.notes)
    assert len(_stated(file)) == 8
    assert len(file.notes) == 6, "read again it is told once"
    (contact,) = _stated(_open(path, "customer,name,timezone\nA,Ann,Mars/Phobos\n", CONTACTS))
    assert contact == Contact("A", "Ann")
    refused = _open(path, "key,name,country,timezone\nA,Acme,Atlantis,Mars/Phobos\n")
    assert [one.problems[0].column for one in _rejected(refused)] == ["country"]
    assert refused.notes == ()


def test_only_the_required_columns(path: Path) -> None:
    assert _stated(_open(path, "key,name\nA,Acme")) == [Customer("A", "Acme")]
    assert _stated(_open(path, "customer,name\nA,Ann", CONTACTS)) == [Contact("A", "Ann")]
    assert _stated(_open(path, "customer,product\nA,P", ENTITLEMENTS)) == [Entitlement("A", product="P")]


def test_cells_of_an_entitlement(path: Path) -> None:
    file = _open(
        path,
        "customer,component,environment,region,ring,version,valid_from,valid_to\n"
        "A,shop/api,production,eu;us; eu,?,1.2,2026-01-01,2026-12-31\nB,api,,,,,,\n",
        ENTITLEMENTS,
    )
    first, second = _stated(file)
    assert (first.environments, first.regions, first.rings, first.version) == (
        ("production",),
        ("eu", "us"),
        ("?",),
        "1.2",
    )
    assert (str(first.valid_from), str(first.valid_to)) == ("2026-01-01 00:00:00+00:00", "2027-01-01 00:00:00+00:00")
    assert second == Entitlement("B", "api")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("A,,,,", "component"),
        ("A,api,business,,", "product"),
        ("A,?,,,", "component"),
        ("A,,?,,", "product"),
        ("A,product:x,,,", "component"),
        ("A,api,,2026-02-01,2026-01-31", "valid_to"),
        (",api,,,", "customer"),
    ],
)
def test_an_entitlement_names_one_thing_and_an_interval(path: Path, row: str, column: str) -> None:
    header = "customer,component,product,valid_from,valid_to\n"
    (rejected,) = _rejected(_open(path, header + row, ENTITLEMENTS))
    assert [problem.column for problem in rejected.problems] == [column]


def test_a_day_is_a_whole_interval(path: Path) -> None:
    content = "customer,component,valid_from,valid_to\nA,api,2026-02-01,2026-02-01\n"
    (row,) = _stated(_open(path, content, ENTITLEMENTS))
    assert row.valid_from < row.valid_to


def test_embedded_line_ends_and_quotes_and_the_line_where_a_row_begins(path: Path) -> None:
    file = _open(path, 'key,name\r\n\r\nA,"Acme\r\nand ""Sons"""\r\n,\r\nB,\r\nC,See\r\n')
    rows = list(file.rows())
    assert rows[0] == Stated(3, Customer("A", 'Acme\r\nand "Sons"'))
    assert rows[1] == Rejected(6, (Problem("name", "is empty"),), {"key": "B"})
    assert rows[2] == Stated(7, Customer("C", "See"))


def test_a_header_may_hold_line_ends_too(path: Path) -> None:
    file = _open(path, 'key,name,"Health\nscore"\nA,Acme,7\n')
    assert _stated(file)[0].attributes == {"Health score": "7"}
    assert [row.line for row in file.rows()] == [3]


def test_columns_are_found_whatever_their_case_and_order(path: Path) -> None:
    assert _stated(_open(path, " Name ,KEY\nAcme,A\n")) == [Customer("A", "Acme")]


def test_a_map_names_headings_and_translates_values(path: Path) -> None:
    file = _open(
        path,
        "Account Name,Ext ID,Segment\nAcme,A,Enterprise\nBee,B,Startup\n",
        key=Heading("Ext ID"),
        name=Heading("account name"),
        customer_tier=Heading("Segment", {"Enterprise": "platinum"}),
    )
    assert _stated(file) == [
        Customer("A", "Acme", customer_tier="platinum"),
        Customer("B", "Bee", customer_tier="Startup"),
    ]


def test_one_heading_may_feed_two_columns(path: Path) -> None:
    file = _open(path, "id,name\nA,Acme\n", key=Heading("id"), aliases=Heading("id"), segment=Heading("id"))
    assert _stated(file) == [Customer("A", "Acme", segment="A")]


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        ("key,title\n", "lacks the column name", "column"),
        ("key,naem\n", "Of its 2 columns these are known: 'key'.", "Did you mean 'naem'?"),
        ("key,name,Key\n", "twice", "once"),
        ("", "is empty", "key, name"),
        ("\n\n", "is empty", "key, name"),
        ('key,"name\n', "quote", "first line"),
    ],
)
def test_a_header_that_does_not_do(path: Path, content: str, says: str, hint: str) -> None:
    with pytest.raises(InvalidCallError) as error:
        _open(path, content)
    assert str(path) in error.value.message
    assert says in error.value.message
    assert hint in error.value.hint


@pytest.mark.parametrize("shape", [CUSTOMERS, CONTACTS, ENTITLEMENTS])
@pytest.mark.parametrize(
    "row",
    [
        "acme,Acme Secret GmbH,ada@secret.example,+49 30 1234567,gold",
        "acme,Acme Secret GmbH,email,Olga,Kay",
        "1,Nmae,nam e,phone,email,customer,1200.50,030 9018 2000",
    ],
)
def test_a_first_line_of_data_is_not_told(path: Path, row: str, shape: Shape[Any]) -> None:
    for columns in ({}, {"customer": Heading("Kunde Nr"), "name": Heading("Names")}):
        with pytest.raises(InvalidCallError) as error:
            _open(path, f"{row}\nbolt,Bolt,b@x.example,+44 1,\n", shape, **columns)
        assert "does not look like column names" in error.value.message
        said = (error.value.message + error.value.hint).replace(str(path), "")
        assert not [cell for cell in row.split(",") if cell in said and cell not in ("customer", "1")]


@pytest.mark.parametrize("shape", [CUSTOMERS, CONTACTS, ENTITLEMENTS, STAFF, INCIDENTS, DEPLOYMENTS])
def test_a_lacking_column_has_a_hint_that_works(path: Path, shape: Shape[Any]) -> None:
    with pytest.raises(InvalidCallError) as error:
        _open(path, "Wer,Was\n", shape)
    if shape in (STAFF, INCIDENTS, DEPLOYMENTS):
        columns = ", ".join(shape.columns)
        hint = f"Rename the column that means it. A file of {shape.kind} may have: {columns}."
        assert error.value.hint == hint
        assert _open(path, f"{','.join(shape.columns)}\n", shape).columns == set(shape.columns)
    else:
        assert f"[directory.*.columns.{shape.kind}] {shape.required[0]} = " in error.value.hint


def test_a_mapped_heading_that_is_not_there(path: Path) -> None:
    with pytest.raises(
        InvalidCallError, match="no column 'Acount Name', which the configuration names for name"
    ) as error:
        _open(path, "key,Account Name\n", name=Heading("Acount Name"))
    assert error.value.hint == "Did you mean 'Account Name'?"


def test_entitlements_need_a_component_or_a_product(path: Path) -> None:
    with pytest.raises(InvalidCallError, match=r"lacks the column component \(or product\)"):
        _open(path, "customer,region\n", ENTITLEMENTS)


def test_a_column_that_looks_misspelt_is_said(path: Path) -> None:
    assert _open(path, "key,name,Acount-manager\n").notes == (
        "column 'Acount-manager' is not known; did you mean account_manager?",
    )
    assert _open(path, "customer,name,shoe size\n", CONTACTS).notes == ("columns not used: 'shoe size'",)


GERMAN = "key,name,country\nA1,Müller & Söhne GmbH,Germany\nA2,Köln Straße 5,Germany\nA3,Übermut Äpfel,Austria\n"
POLISH = "key,name\nA1,Wolski Zajazd Łódź\nA2,Święty Krzyż Gdańsk Żółw\nA3,Kraków Częstochowa\n"


@pytest.mark.parametrize(
    ("content", "encoding", "found"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8-sig"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "mac_roman", "mac_roman"),
        ("key,name\nA,O’Brien’s – 5 €\n", "cp1252", "cp1252"),
        ("key,name\nA,Société Générale\nB,Café à la Crème\nC,Hôtel Noël\n", "cp1252", "cp1252"),
        (POLISH, "cp1250", "cp1250"),
        ("key,name\nA1,Газпром Москва\nA2,Яндекс Россия\n", "cp1251", "cp1251"),
        ("key,name\nA1,東京電力株式会社\nA2,日本テレビ放送網\n", "shift_jis", "shift_jis"),
    ],
)
def test_encodings_are_recognised_and_said(path: Path, content: str, encoding: str, found: str) -> None:
    file = _open(path, content.encode(encoding))
    assert file.encoding == found
    assert [row.name for row in _stated(file)] == [line.split(",")[1] for line in content.splitlines()[1:]]
    assert bool(file.notes) is not found.startswith("utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman", "cp1250"])
def test_one_piece_that_is_not_utf8_garbles_no_file(path: Path, encoding: str) -> None:
    other = "D,Bär\n".encode(encoding)
    for content in (GERMAN.encode() + other, GERMAN.encode() * 20 + other * 9, b"key,name\n" + other + GERMAN.encode()):
        with pytest.raises(InvalidCallError) as error:
            _open(path, content)
        line = content[: content.index(other)].count(b"\n") + 1
        assert f"not in {content.count(other)}, first in line {line}:" in error.value.message
        assert "Bär" not in error.value.message + error.value.hint


def test_a_file_that_breaks_off_within_a_character_is_not_read(path: Path) -> None:
    with pytest.raises(InvalidCallError, match="is not in 1, first in line 4:"):
        _open(path, GERMAN.encode()[: GERMAN.encode().rindex(b"\x84")])


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("Müller", "mac_roman"), ("Café", "mac_roman"), ("Größe", "cp850"), ("日本", "gb18030"), ("Ελλάδα", "cp1253")],
)
def test_an_encoding_that_little_speaks_for_is_not_guessed(path: Path, name: str, encoding: str) -> None:
    with pytest.raises(InvalidCallError, match="too little in it shows which encoding it is in") as error:
        _open(path, f"key,name\nA,{name}\n".encode(encoding))
    assert "Save it as UTF-8" in error.value.hint


def test_a_guessed_encoding_is_shown_by_a_word(path: Path) -> None:
    assert _open(path, GERMAN.encode("cp1252")).sheet.word == "A1,Müller"
    assert _open(path, GERMAN).sheet.word == ""


def test_an_encoding_that_does_not_hold_to_the_end_stops(path: Path) -> None:
    sample = "key,name\n" + "".join(f"A{n},Müller {n}\n" for n in range(40_000))
    file = _open(path, sample.encode("cp1252") + b"B,\x81\x8d\n")
    assert file.encoding == "cp1252"
    with pytest.raises(InvalidCallError, match="taken for cp1252, and is not"):
        list(file.rows())


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_separators_are_recognised_and_said(path: Path, separator: str, name: str) -> None:
    content = 'key|name|aliases\nA|"Acme, Inc"|"a;b"\n'.replace("|", separator)
    for start in ("", f"sep={separator}\n"):
        file = _open(path, start + content)
        assert _stated(file) == [Customer("A", "Acme, Inc", ("a", "b"))]
        assert file.notes == (f"cells are separated by {name}",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("B,Bee", "has 2 cells where the header has 3"),
        ("B", "has 1 cell where the header has 3"),
        ("B,Bee,,x", "has 4 cells where the header has 3"),
        ('B,"Bee"s,', "goes on after its closing quote"),
        ('B,"Bee\nHive"s,', "goes on after its closing quote"),
    ],
)
def test_a_row_that_is_out_of_shape_is_refused_alone_and_its_key_is_read(path: Path, row: str, reason: str) -> None:
    rows = list(_open(path, f"key,name,segment\nA,Acme,\n{row}\nC,See,\n").rows())
    assert [type(one) for one in rows] == [Stated, Rejected, Stated]
    assert isinstance(rows[1], Rejected)
    assert reason in rows[1].problems[0].reason
    assert (rows[1].line, rows[1].identity) == (3, {"key": "B"})
    assert rows[2].line == 4 + row.count("\n")


def test_lines_are_counted_alike_before_and_after_a_damaged_row(path: Path) -> None:
    text = 'sep=,\n\nkey,name\nA,"two\nlines"\n\nB,Bee\nC,"See"s\nD,"Dee\n"\n,\nE,"Eve"s\nF,Fay\n'
    found = [(one.line, isinstance(one, Stated)) for one in _open(path, text).rows()]
    assert found == [(4, True), (7, True), (8, False), (9, True), (12, False), (13, True)]


def test_empty_cells_beyond_the_header_do_no_harm(path: Path) -> None:
    assert _stated(_open(path, "key,name\nA,Acme,,\n")) == [Customer("A", "Acme")]


def test_every_bad_cell_of_a_row_is_named_and_none_is_repeated(path: Path) -> None:
    (row,) = _rejected(_open(path, "key,name,country,do_not_call,Notes\nA,Acme,Atlantis,perhaps,\x1b[31mhello\n"))
    assert [problem.column for problem in row.problems] == ["country", "do_not_call", "Notes"]
    assert not any(word in str(row.problems) for word in ("Atlantis", "perhaps", "hello"))


def test_a_key_that_no_database_takes_cannot_be_read(path: Path) -> None:
    (row,) = _rejected(_open(path, "key,name\nA\0B,Acme\n"))
    assert row.identity == {"key": ""}


def test_an_export_that_broke_off_inside_a_cell_stops(path: Path) -> None:
    file = _open(path, 'key,name\nA,Acme\nB,"Bee')
    with pytest.raises(InvalidCallError, match="begins in the row of line 3: it broke off"):
        list(file.rows())


def test_a_cell_beyond_all_measure_stops(path: Path) -> None:
    file = _open(path, f'key,name\nA,Acme\nB,"{"x" * 200_000}"\n')
    with pytest.raises(InvalidCallError, match="more than 131072 characters in the row of line 3"):
        list(file.rows())


def test_a_workbook_is_told_from_text(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidCallError, match="is no XLSX workbook"):
        _open(tmp_path / "customers.xlsx", "key,name\n")
    with pytest.raises(InvalidCallError, match="is no XLSX workbook"):
        _open(path, b"PK\x03\x04rest")
    with pytest.raises(InvalidCallError, match="workbook of a kind that is not read"):
        _open(path, b"\xd0\xcf\x11\xe0rest")


def test_a_file_that_is_not_there(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidCallError, match="No such file"):
        open_file(path, CUSTOMERS)
    with pytest.raises(InvalidCallError, match="Is a directory"):
        open_file(tmp_path, CUSTOMERS)


def test_rows_are_streamed(path: Path) -> None:
    file = _open(path, "key,name\nA,Acme\n" + 'B,"broken')
    rows = file.rows()
    assert next(rows) == Stated(2, Customer("A", "Acme"))
