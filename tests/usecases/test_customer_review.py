"""A quarter's review: what each customer had, worked out by hand from the story of two incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.errors import InvalidCallError
from releasewatch.rendering.customer_review import incident_in_words, render_review_workbook, review_cells
from releasewatch.rendering.documents import render_reviews
from releasewatch.usecases.customer_review import ReviewRequest, review_customers
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import change_status
from tests.usecases.test_call_report import Story
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)

CUSTOMERS = """key,name,account_manager,timezone,credit_after_minutes
ada,Ada Ltd,olga,UTC,30
cy,Cy Ltd,olga,,60
fay,<Fay> & Co,olga,UTC,
bob,Bob Ltd,piet,UTC,
"""


@pytest.fixture
def story(tmp_path: Path, ledger: Ledger) -> Story:
    made = Story(tmp_path, ledger)
    made.clock.take(customers=CUSTOMERS)
    change_status(ledger, made.first, "resolved", made.telling(34, "fixed"))
    return made


def review(story: Story, who: str = "olga", since: float = 0, until: float = 72) -> dict[str, dict[str, Any]]:
    document = review_customers(story.ledger, ReviewRequest(who, hour(since), hour(until)), Asking(hour(80)))
    return {one["key"]: one for one in document["customers"]}


def test_each_customer_has_what_happened_to_them_and_nobody_elses(story):
    found = review(story)
    assert list(found) == ["ada", "cy", "fay"]
    ada = found["ada"]
    assert [one["deployment"] for one in ada["releases"]["deployments"]] == ["D-2"]
    # The impact lasts from Sunday 02:00 to Monday 10:00 UTC: an hour of it is in working hours.
    assert ada["minutes"]["affected"] == {"incidents": 1, "minutes": 32 * 60, "working_minutes": 60}
    assert ada["credit_due"]["affected"] == {"due": 1, "running": 0, "known": 1}
    assert review_cells(ada)[3:6] == ("affected 1920", "affected 60", "affected 1")
    assert ada["called_first"] == {"we": 1, "they": 0, "neither": 0, "incidents": 1}
    assert (ada["promises"]["rate"], ada["promises"]["overdue"]) == (0.0, 1)
    cy = found["cy"]
    assert cy["minutes"]["presumed"] == {"incidents": 1, "minutes": 32 * 60, "working_minutes": None}
    assert cy["called_first"]["they"] == 1
    assert review_cells(cy)[4] == "presumed not known"
    assert review_cells(found["fay"])[5] == "presumed not known", "nobody knows what is due to them"
    assert found["fay"]["promises"]["rate"] is None
    assert list(review(story, "piet")) == ["bob"]
    assert review(story, "nobody") == {}


def test_who_was_only_possibly_hurt_was_told_all_the_same(story):
    (before,) = review(story, "piet")["bob"]["incidents"]
    assert (before["state"], before["told_at"], before["first"]) == ("possible", None, None)
    story.log(story.numbers["bob"], 50, "sent", channel="email")
    bob = review(story, "piet")["bob"]
    (after,) = bob["incidents"]
    assert (after["told_at"], after["first"]) == ("2026-03-03T02:00:00Z", "we")
    assert bob["called_first"]["incidents"] == 0, "a share is of those hurt alone"
    assert incident_in_words(after).endswith("; we told them first")


def test_another_period_holds_nothing_of_it(story):
    ada = review(story, since=60, until=72)["ada"]
    assert (ada["releases"]["deployments"], ada["incidents"], ada["promises"]["rate"]) == ([], [], None)
    assert review_cells(ada) == ("0", "0", "0", "0", "0", "0", "not known", "not known")
    with pytest.raises(InvalidCallError):
        review(story, since=5, until=4)


def test_documents_hold_the_same(story):
    request = ReviewRequest("olga", hour(0), hour(72))
    document = review_customers(story.ledger, request, Asking(hour(80)))
    page = render_reviews(document)
    assert "&lt;Fay&gt; &amp; Co" in page
    assert "<Fay>" not in page
    assert page.count('<section class="together">') == page.count('<dl class="facts">') == len(document["customers"])
    assert "affected for 1d 8h, 1h of it in their working hours; credit: passed; we told them first" in page
    assert render_review_workbook(document) == render_review_workbook(document)
