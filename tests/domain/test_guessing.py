"""Guessing a column map: headings first, contents second, and doubt said instead of decided."""

from __future__ import annotations

import tomllib

import pytest

from releasewatch.domain.columns import Heading, take_apart
from releasewatch.domain.guess_contents import read_amounts, read_days
from releasewatch.domain.guess_subjects import Sold
from releasewatch.domain.guess_text import proposal_toml
from releasewatch.domain.guess_words import fold
from releasewatch.domain.guessing import KindGuess, Proposal, Seen, propose


def seen(heading: str, filled: int = 10, **fits: int) -> Seen:
    """A column of so many cells, of which so many read as something; the words of a test are joined by `_`."""
    return Seen(heading, 0, filled, fits={name.replace("__", " "): many for name, many in fits.items()})


KEY, NAME = seen("Kundennr"), seen("Firma")


def kind(proposal: Proposal, name: str) -> KindGuess:
    return next(one for one in proposal.kinds if one.kind == name)


def headings(proposal: Proposal, name: str) -> dict[str, str]:
    return {guess.column: guess.heading.name for guess in kind(proposal, name).guesses}


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("CustomerID", "customer id"),
        ("CRMId", "crm id"),
        ("Kunden-Nr.", "kunden nr"),
        ("Währung (Konto)", "wahrung"),
        ("E-Mail-Adresse", "e mail adresse"),
        ("Contract_Value__c", "contract value"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("  ", ""),
    ],
)
def test_a_heading_as_its_words(heading: str, words: str) -> None:
    assert fold(heading) == words


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("CustomerID", "CompanyName", "Country", "Account Manager"), ("CustomerID", "CompanyName")),
        (("Kundennummer", "Kunde", "Land", "Betreuer"), ("Kundennummer", "Kunde")),
        (("Code client", "Raison sociale", "Pays", "Chargé de compte"), ("Code client", "Raison sociale")),
        (("ID", "Customer Number", "Name", "Company Name"), ("Customer Number", "Company Name")),
    ],
)
def test_headings_of_several_languages(names: tuple[str, ...], found: tuple[str, str]) -> None:
    proposal = propose([seen(name, country=10) for name in names], Sold())
    assert (headings(proposal, "customers")["key"], headings(proposal, "customers")["name"]) == found
    assert not kind(proposal, "customers").missing


def test_two_columns_that_could_be_it_are_said_and_none_is_taken() -> None:
    columns = [KEY, NAME, seen("Betreuer"), seen("Account Owner")]
    proposal = propose(columns, Sold())
    assert "account_manager" not in headings(proposal, "customers")
    assert kind(proposal, "customers").doubts == (
        "account_manager: 2 columns could be it, choose one of 'Betreuer', 'Account Owner'",
    )


def test_cells_that_are_not_what_the_heading_says_are_not_believed() -> None:
    ansprechpartner = seen("Ansprechpartner")
    columns = [KEY, NAME, ansprechpartner, seen("Telefon", email=10), seen("E-Mail", 0), seen("Mobil", phone=9)]
    proposal = propose(columns, Sold())
    assert headings(proposal, "contacts")["phone"] == "Mobil"
    assert "email" not in headings(proposal, "contacts")
    assert kind(proposal, "contacts").doubts == (
        "phone: not 'Telefon', whose cells are mostly no phone numbers",
        "email: not 'E-Mail', which is empty throughout",
    )


def test_contents_decide_where_no_heading_does_and_say_so() -> None:
    columns = [KEY, NAME, seen("Ansprechpartner"), seen("Feld 7", email=10), seen("Feld 8", phone__as__written=10)]
    proposal = propose(columns, Sold())
    found = {guess.column: (guess.heading.name, guess.why) for guess in kind(proposal, "contacts").guesses}
    assert found["email"] == ("Feld 7", "10 of its 10 cells are e-mail addresses; its heading does not say")
    assert found["phone"][0] == "Feld 8"
    again = propose([*columns, seen("Feld 9", email=10)], Sold())
    assert "email" not in headings(again, "contacts")
    assert "email: several columns hold e-mail addresses, choose one of 'Feld 7', 'Feld 9'" in (
        kind(again, "contacts").doubts
    )


def test_a_fax_is_no_phone_whatever_it_holds() -> None:
    columns = [KEY, NAME, seen("Ansprechpartner"), seen("Telefax", phone=10, phone__as__written=10)]
    proposal = propose(columns, Sold())
    assert "phone" not in headings(proposal, "contacts")
    assert proposal.unmatched == (("Telefax", "fax numbers, which nobody calls"),)


def test_what_lacks_a_key_is_not_proposed_and_says_what_is_missing() -> None:
    proposal = propose([NAME, seen("Telefon", phone=10)], Sold())
    assert kind(proposal, "customers").missing == (
        'key: no column reads as the customer\'s key; if names never change, key = "Firma" would do',
    )
    assert kind(proposal, "entitlements").missing == (
        "customer: no column reads as the customer's key",
        "product or component: no column reads as what a customer uses",
    )


def test_a_name_in_two_columns_is_joined() -> None:
    names = [seen("Nachname"), seen("Vorname")]
    proposal = propose([KEY, NAME, *names], Sold())
    assert kind(proposal, "contacts").columns["name"] == Heading("Vorname", more=("Nachname",))
    assert proposal.unmatched == ()
    text = proposal_toml(proposal, "crm", "x.csv", [], is_new=True)
    read = tomllib.loads(text)["directory"]["crm"]["columns"]["contacts"]
    assert read["name"] == {"from": "Vorname", "more": ["Nachname"]}
    whole = propose([KEY, NAME, seen("Ansprechpartner"), *names], Sold())
    assert headings(whole, "contacts")["name"] == "Ansprechpartner"
    assert [heading for heading, _ in whole.unmatched] == ["Nachname", "Vorname"]


def test_a_heading_that_is_there_twice_is_not_used() -> None:
    proposal = propose([KEY, NAME, seen("Land", country=10), seen("land", country=10)], Sold())
    assert "country" not in headings(proposal, "customers")
    assert kind(proposal, "customers").doubts == ("'land' is there twice: name each column once, or it is not used",)


def _days(filled: int, **fits: int) -> Seen:
    either = {"day or month first": fits.pop("either", 0)}
    forms = {"iso": "YYYY-MM-DD", "dot": "DD.MM.YYYY", "day": "DD/MM/YYYY", "month": "MM/DD/YYYY"}
    return Seen("Ende", 0, filled, fits={f"date {forms[name]}": many for name, many in fits.items()} | either)


@pytest.mark.parametrize(
    ("column", "form", "says"),
    [
        (_days(9, dot=9), "DD.MM.YYYY", ""),
        (_days(9, day=9, month=4, either=4), "DD/MM/YYYY", ""),
        (_days(9, day=4, month=9, either=4), "MM/DD/YYYY", ""),
        (_days(9, day=8, month=4, either=4), "DD/MM/YYYY", "rejected with their rows: 1 of 9"),
        (_days(9, day=9, month=9, either=9), None, "can be read as DD/MM/YYYY and as MM/DD/YYYY"),
        (_days(9, day=7, month=6, either=4), None, "some of its cells begin with the day and some with the month"),
        (_days(9, dot=7), "DD.MM.YYYY", "cells not so written, rejected with their rows: 2 of 9"),
        (_days(9, iso=9), "YYYY-MM-DD", ""),
        (Seen("Ende", 0, 9, fits={"date YYYY-MM-DD": 9, "day": 9}), "", ""),
    ],
)
def test_the_column_decides_how_days_are_written(column: Seen, form: str | None, says: str) -> None:
    found, said = read_days(column)
    assert found == form
    assert says in " ".join(said)
    assert bool(said) is bool(says)


def _amounts(filled: int, plain: int, point: int, comma: int, **more: int) -> Seen:
    return Seen("Umsatz", 0, filled, fits={"amount": plain, "amount .": point, "amount ,": comma, **more})


@pytest.mark.parametrize(
    ("column", "decimal", "says"),
    [
        (_amounts(9, 9, 9, 3), "", ""),
        (_amounts(9, 2, 2, 9), ",", ""),
        (_amounts(9, 0, 9, 2), ".", ""),
        (_amounts(9, 0, 9, 9), ".", "no cell shows"),
        (_amounts(9, 0, 5, 5), None, "some of its cells have a decimal point and some a comma"),
        (_amounts(9, 0, 2, 8), ",", "rejected with their rows: 1 of 9"),
        (_amounts(9, 0, 9, 2, sign=9), ".", "signs of several currencies"),
    ],
)
def test_the_column_decides_how_amounts_are_written(column: Seen, decimal: str | None, says: str) -> None:
    found, said = read_amounts(column)
    assert found == decimal
    assert says in " ".join(said)
    assert bool(said) is bool(says)


def test_a_heading_names_the_currency() -> None:
    for heading, code in (("Umsatz (EUR)", "EUR"), ("Umsatz in CHF", "CHF"), ("Umsatz [€]", "EUR"), ("Umsatz", "")):
        amount = Seen(heading, 0, 9, fits={"amount": 9})
        found = kind(propose([KEY, NAME, amount], Sold()), "customers").columns
        assert found["contract_value"].name == heading
        assert found.get("currency", Heading()).constant == code


SOLD = Sold({"business": "business", "basic": "basic"}, {"invoicing": "shop/invoicing"}, ("eu",))


def test_cells_with_labels_name_products_and_components() -> None:
    abo = Seen("Abo", 0, 4, fits={"labelled": 4}, label_separators={";"})
    abo.labels = {"Plan": {"Business": 1, "Pro": 1}, "Add-ons": {"Invoicing, Reports": 1}, "Region": {"eu": 1}}
    found = kind(propose([KEY, NAME, abo], SOLD), "entitlements")
    assert found.columns["product"] == Heading("Abo", {"Business": "business"}, separator=";", prefix="Plan:")
    assert found.columns["component"] == Heading(
        "Abo", {"Invoicing": "shop/invoicing"}, separator=";", prefix="Add-ons:", list=","
    )
    doubts = [doubt for guess in found.guesses for doubt in guess.doubts]
    assert doubts == [
        "no product is known for these, which wait until one is, or is given in values: 'Pro'",
        "no component is known for these, which wait until one is, or is given in values: 'Reports'",
    ]


def test_a_list_is_told_from_a_name_with_a_comma() -> None:
    listed = Seen("Produkte", 0, 3, values={"Business, Basic": 1, "Basic": 1, "Basic, Business": 1})
    assert kind(propose([KEY, listed], SOLD), "entitlements").columns["product"].separator == ","
    names = Seen("Produkte", 0, 2, values={"Chai, black": 1, "Chang, white": 1})
    (guess,) = (one for one in kind(propose([KEY, names], SOLD), "entitlements").guesses if one.column == "product")
    assert guess.heading.separator == ""
    assert 'if they are lists, add separator = ","' in guess.doubts[0]


def test_products_that_are_components_are_read_as_such() -> None:
    module = Seen("Produkt", 0, 2, values={"Invoicing": 2})
    sold = Sold({}, SOLD.components)
    assert headings(propose([KEY, module], sold), "entitlements")["component"] == "Produkt"


def test_a_region_is_one_where_the_software_runs() -> None:
    plan = Seen("Plan", 0, 2, values={"basic": 2})
    bavaria, eu = Seen("Region", 0, 2, values={"Bavaria": 2}), Seen("Region", 0, 2, values={"EU": 2})
    there, away = (propose([KEY, plan, region], SOLD) for region in (eu, bavaria))
    assert headings(there, "entitlements")["region"] == "Region"
    assert "region" not in headings(away, "entitlements")
    assert kind(away, "entitlements").doubts == ("region: not 'Region', none of its values is a region we know",)


def test_yes_and_no_and_languages_are_translated() -> None:
    calls = Seen("Anrufsperre", 0, 4, values={"ja": 1, "Nein": 2, "x": 1}, fits={"yes or no": 4})
    language = Seen("Sprache", 0, 2, values={"Deutsch": 1, "fr": 1}, fits={"language": 2})
    found = kind(propose([KEY, NAME, calls, language], Sold()), "customers").columns
    assert found["do_not_call"].values == {"ja": "yes", "Nein": "no"}
    assert found["language"].values == {"Deutsch": "de"}


@pytest.mark.parametrize(
    ("heading", "text", "parts"),
    [
        (Heading("a", separator=";"), " A ;B;; A", ("A", "B")),
        (Heading("a", separator=";", prefix="Add-ons:", list=","), "Plan: X; add-ons: A, B", ("A", "B")),
        (Heading("a", separator=";", prefix="Plan:"), "Add-ons: A", ()),
        (Heading("a", {"A": "a", "none": ""}, separator=","), "A,none", ("a",)),
        (Heading("a", separator=";"), "", ()),
    ],
)
def test_a_cell_is_taken_apart(heading: Heading, text: str, parts: tuple[str, ...]) -> None:
    assert take_apart(text, heading) == parts


def test_the_proposal_is_toml_whatever_headings_hold() -> None:
    """Quotes, backslashes, comment signs and controls of a heading neither end a string nor a comment."""
    nasty = 'Firma "A" \\ # ] = \x7f'
    columns = [KEY, Seen(nasty, 0, 5), Seen("x\u2028[releasewatch]", 0, 1), Seen("Abo", 0, 1, values={'"p"\\': 1})]
    proposal = propose([*columns[:1], Seen("Kunde", 0, 5), *columns[1:]], Sold({"p": 'k"'}, {}))
    text = proposal_toml(proposal, "crm", 'a"b\\.csv', ["5 rows"], is_new=True)
    read = tomllib.loads(text)["directory"]["crm"]
    assert read["customers"] == 'a"b\\.csv'
    assert read["columns"]["customers"] == {"key": "Kundennr", "name": "Kunde"}
    assert read["columns"]["entitlements"]["product"] == {"from": "Abo", "values": {'"p"\\': 'k"'}}
    odd = proposal_toml(proposal, "a.b", "x.csv", [], is_new=False)
    assert tomllib.loads(odd)["directory"]["a.b"]["columns"]["customers"]["key"] == "Kundennr"
