"""A customer is told of what a deployment brought to the cells that reach them, each against its own baseline."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.customers import customer_id
from releasewatch.domain.note_building import build_notes
from releasewatch.domain.notes import Notes, Period
from releasewatch.storage import deployments
from releasewatch.usecases.call_candidates import Planning, RankedList
from releasewatch.usecases.call_documents import as_document
from releasewatch.usecases.calls import list_calls
from releasewatch.usecases.deployments import question_of
from releasewatch.usecases.explaining import Explained, explain
from releasewatch.usecases.exposure import Asking
from releasewatch.usecases.notes import (
    PeriodQuestion,
    Reader,
    Reading,
    notes_of_deployment,
    notes_of_period,
    scope_of_customer,
)
from tests.support.directories import Desk
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.billing]
title = "Billing"
paths = ["billing/**"]
[components.shop]
title = "Shop"
paths = ["shop/**"]
depends_on = ["billing"]
"""

CUSTOMERS = """key,name
east,East Ltd
west,West Ltd
both,Both Ltd
lost,Lost Ltd
buyer,Buyer Ltd
"""

ENTITLEMENTS = """customer,component,region
east,billing,eu
west,billing,us
both,billing,
lost,billing,?
buyer,shop,eu
"""

BREAKING = "Invoices have a new number."
LATER = "Invoices are sent at night."


def notes_for(ledger: Ledger, customer: str, done: Done) -> Notes:
    """The notes of a deployment for one customer, as account staff read them."""
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, done.number)
    question = question_of(found, "production", hour(50), hour(50), {})
    scope = scope_of_customer(ledger, question, customer_id("crm", customer), customer)
    return build_notes(notes_of_deployment(ledger, done.number, None, Reading(hour(50))), "account", scope)


class Story:
    """Billing everywhere; a breaking change to eu alone; then a further one everywhere."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.world.commit("billing", "shop", subject="Start")
        self.world.record(1)
        Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        self.world.commit("billing", subject="feat(billing)!: number anew", trailers={"Release-note": BREAKING})
        self.eu = self.world.record(2, regions=("eu",))
        self.world.commit("billing", subject="fix(billing): send at night", trailers={"Release-note": LATER})
        self.last = self.world.record(3)

    def notes(self, customer: str, done: Done | None = None) -> Notes:
        return notes_for(self.ledger, customer, done or self.last)

    def calls(self, done: Done | None = None) -> RankedList:
        return list_calls(self.ledger, (done or self.last).number, Planning(hour(10)))

    def explained(self, customer: str, done: Done | None = None) -> Explained:
        return explain(self.ledger, Asking((done or self.last).number, hour(10)), customer, UTC)


@pytest.fixture
def story(tmp_path: Path, ledger: Ledger) -> Story:
    return Story(tmp_path, ledger)


def told(notes: Notes) -> list[str]:
    return sorted(item.text for section in notes.sections for group in section.groups for item in group.items)


def test_notes_hold_what_is_new_in_the_cells_of_the_customer(story):
    assert told(story.notes("east")) == told(story.notes("buyer")) == [LATER]
    for customer in ("west", "both", "lost"):
        assert told(story.notes(customer)) == sorted([BREAKING, LATER])
    assert told(story.notes("east", story.eu)) == [BREAKING]


def test_a_call_is_about_what_is_new_in_the_cells_of_the_customer(story):
    rows: dict[str, Any] = {row.candidate.key: row for row in story.calls().calls.rows}
    verdicts = {key: (row.verdict, row.candidate.breaking, set(row.candidate.say)) for key, row in rows.items()}
    assert verdicts == {
        "east": ("write", False, {LATER}),
        "west": ("write", True, {BREAKING, LATER}),
        "both": ("write", True, {BREAKING, LATER}),
        "lost": ("write", True, {BREAKING, LATER}),
        "buyer": ("leave", False, {LATER}),
    }
    assert "breaking" not in rows["east"].verdict_because.replace("nothing in it is breaking", "")
    assert rows["west"].verdict_because.startswith("a breaking change in what they use")
    assert rows["east"].score < rows["west"].score
    documents = {row["customer"]: row for row in as_document(story.calls())}
    assert documents["buyer"]["because"] == ["Shop depends on Billing"]


def test_an_explanation_counts_what_is_new_in_the_cells_of_the_customer(story):
    assert "more" not in story.explained("east").chains[0][0]["text"]
    assert "(and 1 more)" in story.explained("west").chains[0][0]["text"]
    assert "“feat(billing)!: number anew” was deployed" in story.explained("east", story.eu).chains[0][0]["text"]


def test_the_notes_of_a_period_tell_each_change_once(story):
    asked = PeriodQuestion("production", None, Period(hour(2.5), hour(10)))
    found = {}
    for key in ("east", "west"):
        reader = Reader(customer_id("crm", key), key, {})
        given, scope = notes_of_period(story.ledger, asked, reader, Reading(hour(10)))
        found[key] = told(build_notes(given, "account", scope))
    assert found == {"east": [LATER], "west": sorted([BREAKING, LATER])}


def test_who_came_later_is_told_of_what_was_there_by_then(tmp_path, ledger):
    config = """
[components.money]
type = "library"
paths = ["money/**"]
[components.paper]
type = "library"
paths = ["paper/**"]
[components.till]
paths = ["till/**"]
depends_on = ["money", "paper"]
"""
    world = World(tmp_path, ledger, config=config)
    world.commit("money", "paper", "till", subject="Start")
    world.record(1)
    days = "customer,component,valid_from\neast,till,\nwest,till,2026-03-02\n"
    Desk(ledger, tmp_path).take(customers=CUSTOMERS, entitlements=days)
    wrong = world.commit("money", subject="Count in other coins")
    world.commit("paper", subject="Print on thinner paper")
    both = world.record(2)
    world.repo.revert(wrong)
    world.record(20)
    assert told(notes_for(ledger, "east", both)) == ["Count in other coins", "Print on thinner paper"]
    assert told(notes_for(ledger, "west", both)) == ["Print on thinner paper"]
