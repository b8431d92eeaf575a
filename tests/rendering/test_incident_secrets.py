"""Over random incidents: no outer document holds what its readers may not read, and none contradicts another."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from releasewatch.domain.incident_document_building import build_document
from releasewatch.domain.leaks import LeakScanner
from releasewatch.errors import LeakError
from releasewatch.rendering.incident_documents import render_incident
from releasewatch.rendering.views import instant_in_words
from tests.support.incident_facts import INSIDE, OUTER, STAFF, hour, incidents

if TYPE_CHECKING:
    from releasewatch.domain.incident_facts import IncidentFacts

NAMES = LeakScanner(dict.fromkeys((f"{INSIDE}-other0", f"{INSIDE}-other1 Ltd"), "another customer's name"))
DOCUMENTS: list[tuple[Any, Any]] = [
    ("report", "engineering"),
    ("brief", "account"),
    ("update", "customer"),
    ("final", "engineering"),
    ("final", "account"),
    ("final", "customer"),
]
MODEST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def documents(facts: IncidentFacts, fmt: Any = "md") -> dict[tuple[str, str], str]:
    """Every document that there can be of an incident."""
    found = {}
    for kind, audience in DOCUMENTS:
        given = replace(facts, customer=None) if audience == "engineering" else facts
        if kind == "final" and facts.state.status != "resolved":
            continue
        found[kind, audience] = render_incident(build_document(given, kind, audience), fmt, names=NAMES, allow=["own"])
    return found


def holds(text: str, mark: str) -> list[str]:
    return re.findall(rf".*{mark}.*", text.casefold())


@MODEST
@given(incidents(), st.sampled_from(["md", "html"]))
def test_nothing_of_an_inner_audience_is_in_an_outer_document(facts: IncidentFacts, fmt: str) -> None:
    for (_, audience), text in documents(facts, fmt).items():
        if audience == "engineering":
            assert holds(text, INSIDE)
            continue
        assert holds(text, INSIDE) == []
        if audience == "customer":
            assert holds(text, STAFF) == []
            for inner in ("D-1", "D-2", "D-8", "D-9", "SEV", "8,73", "873", "embargo", "1 April", *facts.blame):
                assert str(inner) not in text


@MODEST
@given(incidents())
def test_nothing_of_it_is_there_for_any_template_either(facts: IncidentFacts) -> None:
    for kind, audience in DOCUMENTS:
        if audience != "engineering":
            document = build_document(facts, kind, audience)
            told = repr(replace(document, held=(), people=frozenset()))
            assert holds(told, INSIDE) == []
            assert audience == "account" or holds(told, STAFF) == []


@MODEST
@given(incidents())
def test_account_staff_read_that_there_is_an_embargo_and_until_when(facts: IncidentFacts) -> None:
    text = build_document(facts, "brief", "account")
    for cause, blame in zip(text.causes, facts.blame, strict=True):
        assert blame.notes is not None
        (held,) = [one for one in blame.notes.readings if one.words.until is not None]
        concerns = not facts.state.components or bool({*held.change.components} & {*facts.state.components})
        assert bool(cause.embargoes) == (concerns and blame.state != "cleared")


@MODEST
@given(incidents())
def test_documents_agree_on_status_times_and_components(facts: IncidentFacts) -> None:
    window = facts.window
    for (_, audience), text in documents(facts).items():
        assert f"**Status:** {facts.state.status.capitalize()}, since {instant_in_words(facts.state.status_at)}" in text
        for at, because in ((window.started_at, window.started_because), (window.until, window.ended_because)):
            label = "Began" if at is window.started_at else "Ended"
            (told,) = re.findall(rf"\*\*{label}:\*\* (.*)", text) or [""]
            if at is None or (because != "said" and audience == "customer"):
                assert told == ""
            else:
                presumably = "" if because == "said" else "presumably "
                assert told.startswith(presumably + instant_in_words(at))
        for key, title in OUTER.items():
            section = text.partition("## What it concerns")[2].partition("## ")[0]
            assert (f"**{title}" in section or f"- {title}" in section) == (key in facts.state.components)


@MODEST
@given(incidents())
def test_a_presumption_is_told_as_a_question(facts: IncidentFacts) -> None:
    assume(facts.customer is not None)
    one = facts.customer
    assert one is not None
    for (kind, audience), text in documents(facts).items():
        if audience == "engineering":
            continue
        about = text.partition("What this means for you")[2] or text.partition("What they may be told")[2]
        about = about.partition("## ")[0]
        told = re.findall(r"[Yy]ou (?:are|were|may be|may have been)(?: not)? affected", about)
        if facts.state.status == "cancelled" and one.state in ("presumed", "possible"):
            assert told == [], kind
        elif one.state == "presumed":
            assert told in (["You may be affected"], ["You may have been affected"])
            assert "Have you noticed anything?" in about
        elif one.state == "possible":
            assert "It cannot be ruled out that you" in about
            assert "Have you noticed anything?" in about
        elif one.state == "cleared":
            assert told == ["you were not affected"]


PLANTS = {
    "another customer": (f"{INSIDE}-other1 Ltd", "another customer's name"),
    "who deployed": (f"{INSIDE} Deployer", "the name of one of our people"),
    "an author": (f"{INSIDE} Author", "the name of one of our people"),
    "the commander": (f"{INSIDE} Commander", "the name of one of our people"),
    "why it was said": (f"{INSIDE} why it was said 1", "a text about the incident"),
}


@pytest.mark.parametrize("plant", PLANTS)
@settings(MODEST, max_examples=6)
@given(incidents(), st.sampled_from(["brief", "update"]), st.sampled_from(["entry", "summary"]))
def test_what_somebody_writes_for_outer_readers_is_looked_through(
    plant: str, facts: IncidentFacts, kind: Any, told: str
) -> None:
    words, category = PLANTS[plant]
    audience: Any = "account" if kind == "brief" else "customer"
    text = f"We heard of ({words}), at last."
    last = replace(
        facts.statements[0],
        kind=told,
        value=text,
        subject=audience if told == "summary" else "",
        audience=audience,
        happened_at=hour(99),
        recorded_at=hour(99),
        number=999,
    )
    state = facts.state
    if told == "summary":
        state = replace(state, summaries={**state.summaries, audience: text})
    document = build_document(replace(facts, statements=(*facts.statements, last), state=state), kind, audience)
    with pytest.raises(LeakError) as refusal:
        render_incident(document, "md", names=NAMES, allow=["own"])
    assert category in refusal.value.message
    assert INSIDE not in refusal.value.message + refusal.value.hint
    assert words in render_incident(document, "md", names=NAMES, allow=["own", words])
