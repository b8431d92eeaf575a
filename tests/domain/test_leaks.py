"""Names and inner texts are found however they are typed, and nothing that merely looks like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.leaks import Leak, LeakScanner, find_leaks

NAME = "another customer's name"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Acme", "We did it for ACME."),
        ("Acme Corp", "for acme-corp, first"),
        ("Acme Corp", "for Acme\nCorp, first"),
        ("Zażółć", "dla zaz\u0307o\u0301łc\u0301"),
        ("Café Müller", "CAFÉ MÜLLER"),
        ("acme.example", "mail to x@acme.example"),
        ("tenant_eu_7", "in tenant\\_eu\\_7 only"),
        ("Acme", "Ac\u00adme"),
        ("Ｆｕｌｌ", "full"),
        ("東芝", "本日東芝様へ"),
        ("Straße", "STRASSE"),
        ("10042", "tenant 10042"),
    ],
)
def test_a_name_is_found(name: str, text: str) -> None:
    assert [leak.name for leak in find_leaks(text, {name: NAME})] == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Acme", "Acmeville grew"),
        ("Acme Corp", "Acme and Corp"),
        ("Corp Acme", "Acme Corp Acmes"),
        ("GO", "go on"),
        ("3M", "3m wide"),
        ("2026", "in 2026"),
        ("", "nothing"),
        ("...", "..."),
        ("芝", "東芝"),
    ],
)
def test_what_is_no_name_is_not_found(name: str, text: str) -> None:
    assert find_leaks(text, {name: NAME}) == ()


def test_hits_say_category_and_line_and_can_be_passed_by_hand() -> None:
    scanner = LeakScanner({"Acme": NAME, "Zeta": NAME}, {"close the hole in it": "an inner item"})
    text = "one\nAcme and Acme and zeta\nCLOSE the hole, in it"
    assert scanner.scan(text) == (
        Leak(NAME, 2, "Acme"),
        Leak(NAME, 2, "Zeta"),
        Leak("an inner item", 3, "close the hole in it"),
    )
    assert scanner.scan(text, allow=["ACME", "Close the hole in it!"]) == (Leak(NAME, 2, "Zeta"),)


@pytest.mark.parametrize("sentence", ["fix typo", "wip", "a b c d"])
def test_inner_texts_too_short_to_say_anything_are_not_looked_for(sentence: str) -> None:
    assert LeakScanner({}, {sentence: "x"}).scan(f"we {sentence} now") == ()


words = st.text(alphabet="abcde", min_size=1, max_size=3)
phrases = st.lists(words, min_size=1, max_size=4).map(" ".join)


@given(st.sets(phrases, max_size=20), st.lists(words, max_size=40))
def test_the_scanner_finds_what_a_search_for_whole_words_finds(names: set[str], text: list[str]) -> None:
    said = f" {' '.join(text)} "
    looked_for = {name for name in names if len(name.replace(" ", "")) >= 3}
    wanted = {name for name in looked_for if f" {name} " in said}
    assert {leak.name for leak in find_leaks(" ".join(text), dict.fromkeys(names, NAME))} == wanted


def test_what_lies_inside_an_allowed_name_is_allowed_with_it():
    scanner = LeakScanner({"bolt": "a key", "Bolt and Sons": "a name"})
    assert scanner.scan("As Bolt and Sons asked", ["Bolt and Sons"]) == ()
    assert [leak.name for leak in scanner.scan("Bolt and Sons, and bolt again", ["Bolt and Sons"])] == ["bolt"]
