"""The documents that people receive: well-formed, safe with hostile names, and looked through before they leave."""

from __future__ import annotations

import csv
import io
import operator
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import (
    NO_WORDING,
    CallCandidate,
    CallComponent,
    CallContact,
    rank_calls,
)
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.note_building import build_notes
from releasewatch.domain.notes import ComponentLabel, CustomerScope, NoteChange, NotesInput, ReachCounts
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import LeakError
from releasewatch.rendering import views
from releasewatch.rendering.call_sheets import CALL_COLUMNS
from releasewatch.rendering.documents import render_notes, write_calls, write_notes
from releasewatch.rendering.escape import clean
from releasewatch.rendering.templates import builtin_folder
from releasewatch.rendering.views import notes_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from releasewatch.domain.audiences import Audience

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
EVIL = '"><script src=https://evil.example></script> <img src=x onerror=y> [l](https://evil.example) | `c` **b** =1+1'
VOID = {"meta", "br", "img", "link", "hr", "input"}
AUDIENCES: tuple[Audience, ...] = ("engineering", "account", "customer")


def make_notes(text: str = EVIL, *, conventional: bool = True) -> NotesInput:
    """Notes in which everything that comes from outside is the same text."""
    kind = "feat" if conventional else ""
    changes = [
        NoteChange("1" * 40, text, type=kind, description=text, breaking=True, components=("r/a",), author_name=text,
                   trailers=(("BREAKING CHANGE", text), ("Release-note", text))),
        NoteChange("2" * 40, text, type=kind, description=text, components=("r/a", "r/b"), author_name=text),
        NoteChange("3" * 40, text, components=(), author_name=text, reverted_by="4" * 40),
        NoteChange("4" * 40, text, components=()),
        NoteChange("5" * 40, text, type=kind, components=("r/b",), trailers=(("Audience", text),)),
        NoteChange("6" * 40, text, type=kind, components=("r/b",), side="removed"),
        NoteChange("7" * 40, f"Merge pull request #7 from {text}", title=text, is_merge=True, pull_request=7),
        NoteChange("8" * 40, text, components=("r/b",), merged_by="7" * 40),
    ]  # fmt: skip
    return NotesInput(
        text, "f" * 40, NOW, base="e" * 40, environment=text, release=text, deployment=text, live_at=NOW, actor=text,
        reach=ReachCounts(3, 1, 1, 1, 1, 1, 9), changes=changes,
        components={"r/a": ComponentLabel(text), "r/b": ComponentLabel(f"{text} b")}, unmapped=2,
        unmapped_sample=(text,), merge_paths={text: "9" * 40}, history_complete=False, why_incomplete=text,
        subjects="customer",
    )  # fmt: skip


def make_calls(text: str = EVIL, **more: object) -> CallList:
    """A list with every verdict, in which everything that comes from outside is the same text."""
    contact = CallContact("k", text, text, "+49 30 901820", "+4930901820", "possible", "ada@example.org")
    unread = replace(contact, phone=text or "?", phone_e164="", phone_state="unparsable", email=text)
    components = (CallComponent(text, "direct"), CallComponent(text, "dependent", text, 1))
    made = {
        "named": CallCandidate(
            "k-named", text, "named", call="C-1", components=components, contacts=(contact,), timezone="Europe/Berlin",
            tier="gold", contract_value=Decimal(50_000), renewal_on=date(2026, 4, 1), account_manager=text, say=(text,),
        ),
        "breaking": CallCandidate(
            "k-breaking", text, "direct", breaking=True, components=components, contacts=(unread,), possible=True,
            possible_because=(text,),
        ),
        "stopped": CallCandidate(
            "k-stopped", text, "named", contacts=(contact,), do_not_call=True, do_not_call_because=text
        ),
        "direct": CallCandidate("k-direct", text, "direct", account_manager="Mia"),
        "leave": CallCandidate("k-leave", text, "dependent", distance=2, components=components[1:]),
    }  # fmt: skip
    rows = rank_calls(made.values(), RankingWeights(), CallingHours(), NOW)
    calls = CallList("D-7", text, text, NOW, 3, rows, len(rows), release=text, live_at=NOW - timedelta(hours=1))
    return replace(calls, **more)  # type: ignore[arg-type]


def written(calls: CallList, fmt: Literal["md", "html", "csv"], **more: object) -> str:
    stream = io.StringIO(newline="")
    write_calls(stream, calls, fmt, **more)  # type: ignore[arg-type]
    return stream.getvalue()


@dataclass
class Page(HTMLParser):
    """What a parser makes of a page: its elements in order, the open ones checked for balance."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def parse(document: str) -> Page:
    page = Page()
    page.feed(document)
    page.close()
    assert page.open == []
    return page


DOCUMENTS: dict[str, Callable[[str], str]] = {
    **{
        f"{audience} notes, {style}": lambda text, audience=audience, style=style: render_notes(  # type: ignore[misc]
            build_notes(make_notes(text, conventional=style == "conventional"), audience), "html"
        )
        for audience in AUDIENCES
        for style in ("conventional", "plain")
    },
    "notes of one customer": lambda text: render_notes(
        build_notes(make_notes(text), "customer", CustomerScope(text, frozenset({"r/a"}))), "html"
    ),
    "calls": lambda text: written(make_calls(text), "html"),
    "calls of one": lambda text: written(make_calls(text, account_manager=text), "html"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_page_is_one_a_person_would_like_to_receive(name: str) -> None:
    document = DOCUMENTS[name]("Plain text")
    page = parse(document)
    assert document.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "main", "h1", "title"):
        assert len(page.all(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(a["href"])[1:] for a in page.all("a") if str(a["href"]).startswith("#")}
    assert targets <= set(ids)
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    for medium in ("@media print", "prefers-color-scheme: dark"):
        assert medium in document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_page_asks_no_other_host_for_anything_and_runs_nothing(name: str) -> None:
    document = DOCUMENTS[name]("Plain text")
    page = parse(document)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in str(policy)
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in page.elements}
    schemes = {str(a["href"]).partition(":")[0] for a in page.all("a") if not str(a["href"]).startswith("#")}
    assert schemes <= {"tel", "mailto"}
    assert re.search(r"(?i)https?:|url\(|@import|//[a-z]", document) is None


@pytest.mark.parametrize("name", DOCUMENTS)
def test_hostile_text_adds_no_element_to_a_page(name: str) -> None:
    plain, hostile = parse(DOCUMENTS[name]("Plain text")), parse(DOCUMENTS[name](EVIL))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert [list(attributes) for _, attributes in hostile.elements] == [list(a) for _, a in plain.elements]
    assert "<script src=https://evil.example></script>" in "".join(hostile.words)


@settings(max_examples=30)
@given(st.text(st.characters(codec=None), min_size=1, max_size=40).filter(lambda text: clean(text).strip()))
def test_any_text_is_read_back_from_a_page(text: str) -> None:
    page = parse(DOCUMENTS["engineering notes, conventional"](text))
    assert clean(text).strip() in "".join(page.words)


def elements(document: str) -> set[str]:
    """The kinds of elements in a Markdown document, links with where they lead."""
    found: set[str] = set()
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(document):
        found.add(token.type)
        found |= {f"{child.type} {child.attrGet('href') or ''}".strip() for child in token.children or ()}
    return found


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("conventional", [True, False])
def test_hostile_text_adds_no_element_to_markdown_notes(audience: Audience, conventional: bool) -> None:
    def document(text: str) -> str:
        given = make_notes(text, conventional=conventional)
        return render_notes(build_notes(given, audience, CustomerScope(text, frozenset({"r/a", "r/b"}))), "md")

    for evil in (EVIL, "# h", "- item", "1. x", "===", "```", "a\n\n# b", "<!-- x"):
        assert elements(document(evil)) == elements(document("Plain text")), evil
    assert "link_open" not in elements(document(EVIL))


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("fmt", ["md", "html"])
def test_a_sentence_keeps_its_full_stop_before_the_other_components(audience: Audience, fmt: Literal["md", "html"]):
    given = make_notes("Totals add up at once.", conventional=False)
    notes = build_notes(given, audience, CustomerScope("Acme", frozenset({"r/a", "r/b"})))
    text = re.sub("<[^>]*>", "", render_notes(notes, fmt))
    assert re.search(r"at once\. \((also )?in Totals", text)
    assert not re.search(r"\., (also )?in ", text)


def test_hostile_text_adds_no_element_to_a_markdown_list() -> None:
    wanted = elements(written(make_calls("Plain text"), "md"))
    assert "link_open tel:+4930901820" in wanted
    for evil in (EVIL, "# h", "- item", "| a |", "```", "a\n\n# b", "<!-- x"):
        assert elements(written(make_calls(evil), "md")) == wanted, evil


def test_the_documents_of_a_list_say_of_when_and_which_version_they_are() -> None:
    calls = make_calls("Plain text")
    for fmt in ("md", "html"):
        document = written(calls, fmt)  # type: ignore[arg-type]
        assert "As of 10 March 2026, 09:30 UTC, version 3" in document
        for said in (
            "2 to call (2 this week), 2 to write to, 1 to leave",
            "No account manager keeps these",
            NO_WORDING,
        ):
            assert said in document
    rows = list(csv.DictReader(io.StringIO(written(calls, "csv").removeprefix("\ufeff"), newline="")))
    assert {(row["as_of"], row["list_version"]) for row in rows} == {("2026-03-10T09:30:00Z", "3")}


def test_the_csv_of_a_list_dials_and_does_not_calculate() -> None:
    text = written(make_calls("=1+1"), "csv")
    assert text.startswith("\ufeff")
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(text[1:], newline=""))}
    assert tuple(rows["k-named"]) == CALL_COLUMNS
    assert rows["k-named"]["phone"] == "tel:+4930901820"
    assert rows["k-breaking"]["phone"] == "'=1+1 (as stored)"
    assert rows["k-stopped"]["phone"] == ""
    for row in rows.values():
        assert not any(cell[:1] in ("=", "+", "-", "@") for cell in row.values())
        parts = dict(part.split(" ") for part in row["parts"].split(", "))
        assert sum(map(int, parts.values())) == int(row["score"])
    assert rows["k-named"]["callable"] == "now"
    assert rows["k-named"]["next_window"] == "2026-03-10 08:00 to 16:00 UTC"
    assert [row["key"] for row in sorted(rows.values(), key=lambda row: int(row["rank"]))] == list(rows)


def test_a_link_to_dial_is_made_of_checked_numbers_only() -> None:
    page = parse(written(make_calls("0151 234"), "html"))
    assert {a["href"] for a in page.all("a") if str(a["href"]).startswith("tel")} == {"tel:+4930901820"}
    words = "".join(page.words)
    assert "as stored: it could not be read as a number" in words
    assert "the length fits, but no such range is known" in words


@pytest.mark.parametrize("fmt", ["md", "html", "csv"])
def test_a_channel_shows_no_more_than_it_may(fmt: Literal["md", "html", "csv"]) -> None:
    calls = make_calls("Plain")
    rows = [replace(row, candidate=replace(row.candidate, name="Northwind")) for row in calls.rows]
    calls = replace(calls, rows=rows)
    private = {Reveal.CONTACTS: (), Reveal.NAMES: ("901820", "ada@"), Reveal.KEYS: ("901820", "ada@", "Northwind")}
    private[Reveal.COUNTS] = (*private[Reveal.KEYS], "k-named")
    for reveal, hidden in private.items():
        document = written(calls, fmt, reveal=reveal)
        assert [word for word in hidden if word in document] == []
        assert ("k-named" in document) == (reveal > Reveal.COUNTS)
    in_ci = written(calls, fmt, reveal=Reveal.KEYS, in_ci=True)
    # gold 12, a contract above 10,000 6, a renewal within 90 days 10
    assert re.search(r"relationship(</\w+>)? \+28", in_ci)
    assert "tier" not in set(re.findall(r"(\w+)(?:</\w+>)? \+", in_ci))
    assert re.search(r"tier \+12, contract \+6, renewal \+10", written(calls, fmt))


def test_names_of_others_fail_the_render_and_are_not_repeated(tmp_path: Path) -> None:
    told = NoteChange("1" * 40, "x", components=("r/a",), trailers=(("Release-note", "Made for Acme_Corp, at last."),))
    given = NotesInput("r", "f" * 40, NOW, changes=[told], components={"r/a": ComponentLabel("A")})
    notes = build_notes(given, "customer", CustomerScope("Zeta", frozenset({"r/a"})))
    names = LeakScanner({"Acme Corp": "another customer's name", "zeta": "another customer's name"})
    for fmt in ("md", "html"):
        with pytest.raises(LeakError, match="another customer's name") as refusal:
            render_notes(notes, fmt, names=names, allow=["Zeta"])  # type: ignore[arg-type]
        assert "acme" not in (refusal.value.message + refusal.value.hint).lower()
        stream = io.StringIO()
        with pytest.raises(LeakError):
            write_notes(stream, notes, fmt, names=names, allow=["Zeta"])  # type: ignore[arg-type]
        assert stream.getvalue() == ""
        assert "Acme" in render_notes(notes, fmt, names=names, allow=["Zeta", "acme corp"])  # type: ignore[arg-type]
    inner = build_notes(given, "engineering")
    assert "Release note: Made for Acme" in render_notes(inner, "html", names=names)


@pytest.mark.parametrize(
    "template",
    ["Hello Acme Corp", '<p title="Acme Corp">x</p>', "<!-- Acme Corp -->", "<b>Acme</b> <i>Corp</i>", "&#65;cme Corp"],
)
def test_names_that_a_template_brings_in_are_found_as_well(tmp_path: Path, template: str) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "customer.html").write_text(f"<style>.zeta {{}}</style>\n{template}")
    notes = build_notes(NotesInput("r", None, NOW), "customer")
    names = LeakScanner({"Acme Corp": "another customer's name", "Zeta": "a name"})
    with pytest.raises(LeakError, match=r"another customer's name \(line 2\)"):
        render_notes(notes, "html", tmp_path, names=names)


def test_a_stream_gets_what_the_whole_document_is() -> None:
    for audience in AUDIENCES:
        notes = build_notes(make_notes("Plain text"), audience)
        stream = io.StringIO()
        write_notes(stream, notes, "md")
        assert stream.getvalue() == render_notes(notes, "md")


def test_documents_without_anything_to_tell_say_so() -> None:
    empty = NotesInput("shop", None, NOW)
    for audience, said in (("engineering", "no change to tell of"), ("customer", "nothing to report to you")):
        for fmt in ("md", "html"):
            assert said in render_notes(build_notes(empty, audience), fmt)  # type: ignore[arg-type]
    nobody = replace(make_calls(), rows=(), total=0)
    assert "0 to call, 0 to write to, 0 to leave." in written(nobody, "html")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_has_the_contrast_of_wcag_aa_on_every_ground() -> None:
    style = (builtin_folder() / "style.css").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", scheme))
        for ground in ("paper", "card", "note"):
            for ink in ("ink", "soft", "link", "call", "write", "ok"):
                pair = sorted((luminance(colours[ground]), luminance(colours[ink])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ground, ink)


def test_changes_are_made_one_by_one_while_a_template_walks_over_them() -> None:
    notes = build_notes(make_notes("Round totals"), "engineering")
    items = max((group.items for section in notes_view(notes).sections for group in section.groups), key=len)
    with pytest.MonkeyPatch.context() as patch:
        made: list[object] = []
        patch.setattr(views, "_item", lambda *given: made.append(given) or len(made))
        walked = iter(items)
        assert (next(walked), len(made)) == (1, 1)
        assert len(items) > 1
        assert len(made) == 1
    assert items[:1] == (items[0],)
    texts = [one.text for one in items]
    assert [one.text for one in operator.add(items, ())] == [one.text for one in operator.add((), items)] == texts
