"""Did we call first? Every figure was worked out by hand from a story of two incidents.

The first begins at hour 2 and is opened at 3. Ada is affected, told at 3:30, and reports at 4; cy is presumed, reports
at 3:12 and is told at 3:45; fay is presumed and nobody tells them; three are possibly in it. The second begins at hour
30 with mail, which ed uses: nobody is told.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.promises import Word
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage.customers import resolve_customer
from releasewatch.usecases import sameness
from releasewatch.usecases.call_report import CallReportRequest, report_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.inbound import Asked, Told, take_report
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import change_status
from releasewatch.usecases.promises import say_of_promise
from tests.support.statements import listening
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)

HOUR = 3600
SOON = date(2026, 3, 2)


class Story(Desks):
    """The two incidents, and who reached whom."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        self.first = self.open(3, deployment=self.record(2), severity="SEV2")
        say_by_hand(ledger, self.first, {"affected": ["ada"]}, self.telling(3.1, "asked"))
        self.plan(self.first, 3.15)
        self.numbers = {name: one["id"] for name, one in self.calls(self.first, 3.15).items()}
        self.rings("cy", 3.2)
        self.log(self.numbers["ada"], 3.5, promise="a credit note", due_on=SOON)
        self.log(self.numbers["cy"], 3.75)
        self.rings("ada", 4)
        self.second = self.open(30, title="mail down", components=[("mail", "")])

    def rings(self, customer: str, at: float) -> None:
        how = Asked(hour(at), timedelta(hours=4), "shop")
        take_report(self.ledger, customer, Told(note="it hangs", reported_at=hour(at)), "olga", how)

    def report(self, at: float = 50, *, since: float = 0, until: float = 48, **asked: Any) -> dict[str, Any]:
        return report_calls(self.ledger, CallReportRequest(hour(since), hour(until), **asked), Asking(hour(at)))

    def rows(self, **asked: Any) -> dict[str | None, dict[str, Any]]:
        return {row["group"]: row for row in self.report(**asked)["rows"]}


@pytest.fixture
def story(tmp_path: Path, ledger: Ledger) -> Story:
    return Story(tmp_path, ledger)


def share(row: dict[str, Any], state: str) -> tuple[float | None, int, int, int, int]:
    found = row["called_first"][state]
    return found["rate"], found["we"], found["they"], found["neither"], found["customers"]


def test_who_was_first_and_how_fast(story):
    total = story.report()["total"]
    assert total["incidents"] == 2
    assert share(total, "affected") == (1.0, 1, 0, 0, 1)
    assert share(total, "presumed") == (0.0, 0, 1, 2, 3)
    times = total["time_to_first_call"]
    assert times["from_impact"] == {
        "median_seconds": 1.625 * HOUR,
        "p90_seconds": 1.75 * HOUR,
        "customers": 2,
        "because": None,
    }
    assert (times["from_detection"]["median_seconds"], times["from_detection"]["customers"]) == (0.625 * HOUR, 2)
    assert total["never_told"] == {"affected": 0, "presumed": 2}


def test_a_figure_without_facts_is_not_known(story):
    mail = story.rows(by="incident")[story.second]
    assert share(mail, "affected") == (None, 0, 0, 0, 0)
    assert mail["called_first"]["affected"]["because"] == "no customer is known to have been affected"
    assert mail["time_to_first_call"]["from_impact"] == {
        "median_seconds": None,
        "p90_seconds": None,
        "customers": 0,
        "because": "nobody was told",
    }
    assert (mail["promises"]["rate"], mail["promises"]["because"]) == (None, "no promise has come due")
    empty = story.report(since=60, until=70, at=80)
    assert (empty["total"]["incidents"], empty["total"]["called_first"]["presumed"]["rate"]) == (0, None)


def test_calls_are_overdue_when_nobody_has_begun_them_in_working_time(story):
    def calls(at: float) -> dict[str, int]:
        return story.rows(by="incident", at=at)[story.first]["calls"]

    assert calls(4) == {"open": 4, "overdue": 0}
    assert calls(6)["overdue"] == 4, "nobody knows their zone: two hours by the clock"
    story.log(story.numbers["fay"], 6, "no_answer")
    assert calls(7) == {"open": 4, "overdue": 3}, "it is to be tried again later"
    assert calls(9) == {"open": 4, "overdue": 4}


def test_promises_are_counted_by_what_became_of_them(story):
    def promises(at: float) -> tuple[float | None, int, int]:
        found = story.report(at=at)["total"]["promises"]
        return found["rate"], found["due"], found["not_due"]

    assert promises(10) == (None, 0, 1)
    assert promises(50) == (0.0, 1, 0)
    say_of_promise(story.ledger, story.numbers["ada"], Word("kept", hour(50), None, "", "olga"), hour(50))
    assert promises(51) == (1.0, 1, 0)


def test_who_was_cleared_is_owed_a_correction_and_a_cancelled_incident_hurt_nobody(story):
    assert story.report()["total"]["corrections_owed"] == 0
    say_by_hand(story.ledger, story.first, {"cleared": ["cy"]}, story.telling(31, "logs"))
    total = story.report()["total"]
    assert total["corrections_owed"] == 1
    assert share(total, "presumed") == (0.0, 0, 0, 2, 2)
    change_status(story.ledger, story.first, "cancelled", story.telling(40, "a slip"))
    row = story.rows(by="incident")[story.first]
    assert share(row, "affected")[0] is None
    assert row["corrections_owed"] == 2


def test_what_was_reported_before_an_incident_is_not_of_it(story):
    before = share(story.rows(by="incident")[story.second], "presumed")
    assert before[2] == 0
    story.rings("ed", 4)
    assert share(story.rows(by="incident")[story.second], "presumed") == before
    story.rings("ed", 31)
    assert share(story.rows(by="incident")[story.second], "presumed")[2] == 1


def test_everybody_in_an_incident_is_asked_for_once(story):
    with listening() as listener:
        assert story.report()["total"]["incidents"] == 2
    assert sum("newest_word" in one.text for one in listener.questions) == 2


def test_by_person_team_and_month(story):
    story.clock.take(customers="key,name,account_manager\nada,Ada,olga\ncy,Cy,piet\nfay,Fay,\ned,Ed,piet\n")
    rows = story.rows(by="person")
    assert list(rows) == ["olga", "piet", None]
    assert {who: row["never_told"]["presumed"] for who, row in rows.items()} == {"olga": 0, "piet": 1, None: 1}
    assert {who: row["incidents"] for who, row in rows.items()} == {"olga": 1, "piet": 2, None: 1}
    assert {who: row["promises"]["due"] for who, row in rows.items()} == {"olga": 1, "piet": 0, None: 0}
    assert list(story.rows(by="team")) == [None], "no staff file was ever read"
    months = story.rows(by="month", until=24 * 40, at=24 * 40)
    assert {name: row["incidents"] for name, row in months.items()} == {"2026-03": 2, "2026-04": 0}


def test_a_merged_customer_counts_once(story):
    word = sameness.Word("piet", "the same firm", hour(5))
    sameness.merge_customers(story.ledger, "ada", "cy", word)
    with story.ledger.read() as connection:
        assert resolve_customer(connection, "ada").key == "cy"
    row = story.rows(by="incident")[story.first]
    assert sum(row["called_first"][state]["customers"] for state in ("affected", "presumed")) == 2


def test_one_incident_whenever_it_was(story):
    found = story.report(since=90, until=91, incident=story.first)
    assert (found["since"], found["incident"], found["total"]["incidents"]) == (None, story.first, 1)
    with pytest.raises(UnknownNameError):
        story.report(incident="INC-99")
    with pytest.raises(InvalidCallError):
        story.report(since=5, until=5)
