"""An account manager's page, from the story of two incidents that the reports are counted from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.cli.call_output import withhold
from releasewatch.domain.call_sendings import Sending
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.rendering.documents import render_digest
from releasewatch.storage.call_sendings import add_sending
from releasewatch.storage.calls import ListOf
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.check_ins import plan_check_ins
from releasewatch.usecases.digest import DigestRequest, make_digest
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import change_status
from tests.usecases.test_call_report import Story
from tests.usecases.test_customer_review import CUSTOMERS
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


@pytest.fixture
def story(tmp_path: Path, ledger: Ledger) -> Story:
    made = Story(tmp_path, ledger)
    made.clock.take(customers=CUSTOMERS)
    return made


def digest(
    story: Story, who: str = "olga", *, at: float = 50, since: float = 0, reveal: Reveal = Reveal.CONTACTS
) -> dict[str, Any]:
    asked = DigestRequest(who, hour(since))
    made = make_digest(story.ledger, asked, Planning(hour(at)), Asking(hour(at)), reveal)
    calls = [withhold(one, reveal, in_ci=False, opaque=False) for one in made["calls"]]
    return {**made, "calls": calls}


PAGE = """# Today, for olga

As of 3 March 2026, 02:00 UTC. 1 promise overdue; 1 open call, 0 callable now; 3 customers reached by something since.

## Promises overdue

- P-1 to ada, by 2026-03-02: a credit note (C-1)

## Whom to call

2 open calls are nobody's, and first in turn: releasewatch call list --incident INC-1

| when | callable | customer | contact | reach at | why | list | call |
| --- | --- | --- | --- | --- | --- | --- | --- |
| today | from 3 March 2026, 09:00 UTC (Tue 09:00 their time) | \\<Fay\\> & Co | Fay Person | +49 30 23125 105 | presumed, SEV2; they were not told yet | INC-1 | C-3 |

None can be taken now: 1 later, C-3 first, from 3 March 2026, 09:00 UTC (Tue 09:00 their time).

## What reached your customers since 1 March 2026, 00:00 UTC

- **Ada Ltd** (ada)
  - INC-1 invoices 500: affected for 2d, 8h of it in their working hours; credit: passed; we told them first
  - D-2 shop to production, 1 March 2026, 02:00 UTC
- **Cy Ltd** (cy)
  - INC-1 invoices 500: presumed for 2d, within working hours: not known; credit: passed; they told us first
  - D-2 shop to production, 1 March 2026, 02:00 UTC
- **\\<Fay\\> & Co** (fay)
  - INC-1 invoices 500: presumed for 2d, 8h of it in their working hours; neither told the other
  - D-2 shop to production, 1 March 2026, 02:00 UTC
"""  # noqa: E501 - as people read it


def test_the_page_is_what_they_have_to_know(story):
    made = digest(story)
    assert render_digest(made, "md") == PAGE
    html = render_digest(made, "html")
    assert "<Fay>" not in html
    assert html.count("&lt;Fay&gt; &amp; Co") == 2
    assert html.index("P-1 to ada") < html.index("releasewatch call claim C-3") < html.index("D-2 shop to production")


def test_each_has_their_own_and_words_of_a_promise_need_contacts(story):
    desk = digest(story, at=57)
    assert (desk["next"], desk["calls"][0]["callable"]) == ("releasewatch call claim C-3", "now")
    piet = digest(story, "piet")
    assert (piet["promises"], [one["customer"] for one in piet["calls"]]) == ([], ["bob"])
    assert [one["key"] for one in piet["customers"]] == ["bob"]
    page = render_digest(digest(story, reveal=Reveal.NAMES), "md")
    assert "credit note" not in page
    assert "Fay Person" not in page
    assert "P-1 to ada, by 2026-03-02: withheld (C-1)" in page


def test_what_was_before_is_not_told_again_and_what_is_to_come_cannot_be(story):
    assert digest(story, since=40)["customers"] == []
    with pytest.raises(InvalidCallError):
        digest(story, since=50)


def test_a_call_on_two_lists_stands_there_once_and_check_ins_are_there_too(story):
    again = story.open(31, title="again", components=[("invoicing", "")], severity="SEV2")
    story.plan(again, 31.5)
    found = [(one["id"], one["list"]) for one in digest(story)["calls"]]
    assert found.count(("C-3", again)) == 1
    assert ("C-3", story.first) not in found
    for number, key in enumerate((story.first, story.second, again)):
        change_status(story.ledger, key, "cancelled", story.telling(40 + number, "a slip"))
        story.plan(key, 45 + number)
    plan_check_ins(story.ledger, Planning(hour(49)))
    (one,) = [one for one in digest(story)["calls"] if one["customer"] == "fay"]
    assert (one["list"], one["purpose"]) == ("check-ins", "check_in")


def test_a_version_that_does_not_hold_is_named_to_who_has_it(story):
    with story.ledger.write() as connection:
        for who in ("olga", "piet"):
            sent = Sending(1, "account_manager", who, "file", "lou", hour(5))
            add_sending(connection, ListOf(incident_id=1), sent)
    assert digest(story)["versions_withdrawn"] == []
    change_status(story.ledger, story.first, "cancelled", story.telling(40, "a slip"))
    (one,) = digest(story)["versions_withdrawn"]
    assert (one["list"], one["version"], one["because"]) == ("INC-1", 1, "the incident was cancelled")
    assert "for olga" in one["sentence"]
    assert digest(story, at=24 * 40)["versions_withdrawn"] == []
