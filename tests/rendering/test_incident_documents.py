"""The documents of an incident: pages that anybody can read, and words for each state of things."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.incident_document_building import HIDDEN, Shown, build_document
from releasewatch.domain.incident_facts import HurtFacts, HurtWindow
from releasewatch.domain.incidents import ALWAYS, fold
from releasewatch.domain.privacy import WITHHELD
from releasewatch.errors import LeakError, TemplateError
from releasewatch.rendering.incident_documents import render_incident
from tests.rendering.test_documents import EVIL, elements, parse
from tests.support.incident_facts import full_incident, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.incidents import Statement

ALL = [
    ("report", "engineering", False),
    ("brief", "account", False),
    ("brief", "account", True),
    ("update", "customer", False),
    ("update", "customer", True),
    ("final", "engineering", False),
    ("final", "account", False),
    ("final", "customer", True),
]


def rendered(text: str, kind: Any, audience: Any, fmt: Any, *, for_one: bool = False, **more: Any) -> str:
    facts = full_incident(text)
    facts = replace(facts, customer=facts.customers[0] if for_one else None, **more)
    facts = replace(facts, blame=tuple(replace(one, words=(replace(one.words[0], by=""),)) for one in facts.blame))
    facts = replace(facts, fixes=tuple(replace(one, by="") for one in facts.fixes))
    return render_incident(build_document(facts, kind, audience), fmt, allow=[text])


@pytest.mark.parametrize(("kind", "audience", "for_one"), ALL)
def test_a_page_is_one_that_anybody_can_read(kind: str, audience: str, for_one: bool) -> None:
    document = rendered("Plain text", kind, audience, "html", for_one=for_one)
    page = parse(document)
    assert document.startswith("<!doctype html>")
    for landmark in ("header", "main", "h1", "title"):
        assert len(page.all(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == (2 if audience == "engineering" else 0)
    assert not {"script", "img", "link", "iframe", "object", "form", "base", "a"} & {tag for tag, _ in page.elements}
    assert re.search(r"(?i)https?:|url\(|@import|//[a-z]", document) is None


@pytest.mark.parametrize(("kind", "audience", "for_one"), ALL)
def test_hostile_text_changes_neither_a_page_nor_markdown(kind: str, audience: str, for_one: bool) -> None:
    plain, hostile = (parse(rendered(text, kind, audience, "html", for_one=for_one)) for text in ("Plain text", EVIL))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    wanted = elements(rendered("Plain text", kind, audience, "md", for_one=for_one))
    for evil in (EVIL, "# h", "- item", "| a |", "```", "<!-- x"):
        assert elements(rendered(evil, kind, audience, "md", for_one=for_one)) == wanted, evil


def test_nobody_is_named_where_names_are_withheld() -> None:
    facts = full_incident("Plain text")
    facts = replace(facts, customers=())
    shown = Shown(names=False, hides=lambda text: "Plain" in text)
    made = build_document(facts, "report", "engineering", shown)
    text = render_incident(made, "md")
    assert made.title == WITHHELD
    assert made.commander == made.liaison == HIDDEN
    assert "of ours" not in text
    assert "not shown where this went" in text
    assert "author1 of ours" in render_incident(build_document(facts, "report", "engineering"), "md")


def test_a_correction_says_what_was_said_before() -> None:
    text = rendered("Mail", "report", "engineering", "md")
    assert re.search(r"Title: Mail again; said before: Mail \(said .*, by author3 of ours, because: Mail\)", text)


@pytest.mark.parametrize(
    ("status", "headline", "sentence"),
    [
        ("investigating", "We are looking into a problem with Mail", "The cause is not known yet."),
        ("identified", "We know the cause of the problem with Mail", "are working on a correction."),
        ("monitoring", "We are watching a correction of the problem with Mail", "We are watching whether it holds."),
        ("resolved", "The problem with Mail is resolved", "The problem with Mail is resolved."),
        ("cancelled", "We withdraw our notice of a problem with Mail", "it was a false alarm"),
    ],
)
def test_without_agreed_words_an_update_says_what_its_status_says(status: str, headline: str, sentence: str) -> None:
    facts = full_incident("Mail")
    state = replace(facts.state, status=status, summaries={"engineering": "Cron died.", "account": "Mail is down."})
    told = rendered("Mail", "update", "customer", "md", state=state)
    assert told.startswith(f"# {headline}\n")
    assert sentence in told
    assert "Cron" not in told
    brief = rendered("Mail", "brief", "account", "md", state=state)
    assert "No agreed wording yet." in brief
    assert sentence in brief
    without = rendered("Mail", "update", "customer", "md", state=replace(state, components={}))
    assert "our service" in without


def test_words_from_before_the_status_are_told_to_be_so() -> None:
    assert "from before the status became resolved" in rendered("Mail", "brief", "account", "md")
    assert build_document(full_incident("Mail"), "update", "customer").is_outdated


def _one(state: str, **more: Any) -> HurtFacts:
    window = HurtWindow("r/a", "eu", "", hour(1), hour(3), "D-1")
    return HurtFacts("acme", "Acme", "olga", state, "", None, None, None, (window,), **{"still_exposed": False, **more})


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (_one("presumed"), ["You may have been affected, because you use Mail.", "Have you noticed anything?"]),
        (_one("possible"), ["It cannot be ruled out that you were affected, because you use Mail."]),
        (_one("affected"), ["You were affected, through Mail."]),
        (
            replace(_one("affected"), first_at=hour(1), last_at=hour(2), level="partial"),
            ["As far as we know: from 1 March 2026, 01:00 to 02:00 UTC.", "For you it was partly unavailable."],
        ),
        (_one("cleared"), ["We have looked into it: you were not affected."]),
    ],
)
def test_one_customer_reads_of_themselves_what_is_known(one: HurtFacts, said: list[str]) -> None:
    facts = replace(full_incident("Mail"), customer=one)
    update = render_incident(build_document(facts, "update", "customer"), "md", allow=["Mail"])
    assert "For Acme\n" in update
    brief = render_incident(build_document(facts, "brief", "account"), "md", allow=["Mail"])
    for sentence in said:
        assert sentence in update
        assert f"> {sentence}" in brief
    assert "olga" not in update
    assert "account manager: olga" in brief
    assert ("time in question" in update) == (one.state in ("presumed", "possible"))


def test_a_withdrawn_notice_asks_nobody() -> None:
    facts = replace(full_incident("Mail"), customer=_one("presumed"))
    facts = replace(facts, state=replace(facts.state, status="cancelled"))
    assert "What this means" not in render_incident(build_document(facts, "update", "customer"), "md", allow=["Mail"])


def test_what_was_said_inside_leaves_only_when_somebody_said_it_to_those_outside() -> None:
    facts = full_incident("Mail")
    base = replace(facts.statements[-1], why="", happened_at=hour(2))
    inner = replace(base, value="Cron died in the second cell", audience="engineering", number=90)
    around = replace(base, value="Sadly cron died in the second cell.", number=91)
    alone = replace(inner, audience="customer", number=92)

    def update(*more: Statement) -> str:
        given = replace(facts, statements=(*facts.statements, inner, *more))
        return render_incident(build_document(given, "update", "customer"), "md", allow=["Mail"])

    assert "second cell" not in update()
    with pytest.raises(LeakError, match=r"a text about the incident that this audience may not read \(line \d+\)"):
        update(around)
    assert "Cron died in the second cell" in update(alone)


def test_a_template_of_the_users_sees_no_more_than_its_audience(tmp_path: Path) -> None:
    (tmp_path / "incidents").mkdir()
    template = tmp_path / "incidents" / "update.md"
    template.write_text("{{ incident.title }}|{{ (incident.causes + incident.states + incident.customers) | length }}")
    document = build_document(full_incident("Mail"), "update", "customer")
    assert render_incident(document, "md", tmp_path, allow=["Mail"]) == "The problem with Mail is resolved|0"
    template.write_text("{{ incident.held }}")
    with pytest.raises(TemplateError, match=r"incidents/update.md, line 1"):
        render_incident(document, "md", tmp_path)
    document = replace(document, held=("Acme Corp it was",))
    template.write_text("{{ incident.reference }} Acme Corp it was")
    with pytest.raises(LeakError):
        render_incident(document, "md", tmp_path)


def test_a_document_tells_of_the_instant_it_is_about() -> None:
    facts = replace(full_incident("Mail"), as_of=hour(1.5), known_at=hour(1.5))
    facts = replace(facts, state=fold(facts.statements, hour(1.5), hour(1.5)))
    assert {one.kind for one in facts.told if one.happened_at != ALWAYS} == {"status"}
    update = build_document(facts, "update", "customer")
    assert [(one.kind, one.value) for one in update.timeline] == [("status", "investigating")]
