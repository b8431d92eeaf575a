"""A customer reaches us: what fits is named with why, and two who share a deployment are not met by silence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.notifications import STATES, Message, Rule
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.inbound import Answer, Asked, Told, take_report
from releasewatch.usecases.inbound_documents import next_lines
from releasewatch.usecases.incidents import change_status
from releasewatch.usecases.notifying import Sending, Way, send_waiting
from releasewatch.usecases.outbox import list_outbox, subject_id
from releasewatch.usecases.sameness import Word, merge_customers
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

WITHIN = timedelta(hours=4)
OPEN = 'releasewatch incident open --title "…"'


class Line(Watch):
    """The same shop, with somebody who answers the phone."""

    def rings(self, customer: str, at: float, note: str = "exports hang", now: float | None = None, **told) -> Answer:
        how = Asked(hour(now or at), WITHIN, "shop")
        return take_report(self.ledger, customer, Told(note=note, reported_at=hour(at), **told), "olga", how)


@pytest.fixture
def line(tmp_path: Path, ledger: Ledger) -> Line:
    return Line(tmp_path, ledger)


def test_the_deployment_that_came_last_fits_best_and_says_why(line):
    bad = line.record(2)
    answer = line.rings("ada", 4, component="invoicing")
    assert [one.reaching.id for one in answer.deployments] == [bad.id]
    (fit,) = answer.deployments
    assert {one.text: one.points for one in fit.why} == {
        "it came to them within 6 hours before": 30,
        "the component they speak of changed in it": 30,
        "it changed what they use": 15,
    }
    assert answer.incidents == ()
    assert next_lines(answer, "ada & co") == [
        f"{OPEN} --detected-by customer --component shop/invoicing --deployment {bad.id}",
        "releasewatch customer brief 'ada & co'",
    ]
    assert answer.alarm is None


def test_what_came_afterwards_or_does_not_reach_them_does_not_fit(line):
    assert line.rings("ada", 1.5).deployments == (), "the first one of all changes nothing"
    line.record(2)
    assert line.rings("ada", 1.8, now=9, note="before it").deployments == ()
    assert line.rings("ed", 4).deployments == (), "they use mail alone"
    assert line.rings("hal", 4).deployments == (), "they use nothing"
    (fit,) = line.rings("di", 4).deployments
    assert fit.reaching.possible
    assert {one.text: one.points for one in fit.why}["it is uncertain that it reached them"] == -10


def test_an_open_incident_that_holds_them_comes_first_and_is_to_be_confirmed(line):
    bad = line.record(2)
    key = line.open(3, deployment=bad)
    other = line.open(3, key="mail-1", title="mail down", components=[("mail", "")])
    answer = line.rings("ada", 4, component="invoicing")
    (fit,) = answer.incidents
    assert (fit.id, fit.holds, fit.first) == (key, "presumed", "they")
    assert other not in {one.id for one in answer.incidents}
    assert f'releasewatch incident impact {key} --confirm ada --why "they told us: R-1"' in next_lines(answer, "ada")
    assert not any("incident open" in one for one in next_lines(answer, "ada"))
    say_by_hand(line.ledger, key, {"cleared": ["ada"]}, line.telling(5, "logs"))
    (again,) = line.rings("ada", 6, note="still").incidents
    assert (again.holds, again.why[0].text) == ("cleared", "they were cleared, and reach us all the same")
    found = {one.id: one.holds for one in line.rings("ed", 6, component="invoicing", note="we too").incidents}
    assert found == {key: "could", other: "presumed"}


def test_who_speaks_of_something_else_did_not_call_first_about_an_incident_that_holds_them(line):
    key = line.open(3, deployment=line.record(2), components=[("invoicing", "")])
    (other,) = line.rings("ada", 4, component="mail").incidents
    assert (other.id, other.holds, other.first) == (key, "presumed", None)
    (any_of_it,) = line.rings("ada", 4.1, note="nothing works").incidents
    assert any_of_it.first == "they"
    (dependent,) = line.rings("gil", 4.2, component="checkout").incidents
    assert (dependent.holds, dependent.first) == ("possible", "they")


def test_two_who_share_a_fresh_deployment_within_hours_are_told_of(line):
    bad = line.record(2)
    assert line.rings("ada", 4).alarm is None
    assert line.rings("ada", 4.5, note="again").alarm is None, "one customer twice is one customer"
    assert line.rings("ed", 5).alarm is None, "it does not reach them"
    alarm = line.rings("fay", 7).alarm
    assert alarm is not None
    assert (alarm.deployments, alarm.customers) == ((bad.number,), ("ada", "fay"))
    assert alarm.reports == ("R-1", "R-2", "R-4")
    assert (alarm.first_at, alarm.last_at) == (hour(4), hour(7))
    assert line.rings("cy", 20).alarm is None, "not within hours"
    assert line.rings("cy", 6, now=60, note="written down late").alarm is None
    assert line.rings("bob", 90, component="mail").alarm is None


def test_on_call_is_told_of_them_once_a_day(line):
    bad = line.record(2)
    told = (Rule("oncall", frozenset({"reports_together"})), Rule("desk", frozenset({"list_ready"})))
    for customer, at in (("ada", 4), ("fay", 7), ("fay", 7.5), ("cy", 8)):
        how = Asked(hour(at), WITHIN, "shop", told=told)
        take_report(line.ledger, customer, Told(note=f"exports hang at {at}"), "olga", how)
    (kept,), _ = list_outbox(line.ledger, STATES, 100, None)
    assert (kept.notification.rule, subject_id(kept)) == ("oncall", bad.id)
    got: list[Message] = []
    way = Way(told[0], lambda message, _: got.append(message))
    assert [one.state for one in send_waiting(line.ledger, {"oncall": way}, Sending(lambda: hour(9)))] == ["sent"]
    (message,) = got
    assert message.title == f"2 customers reached us within hours, and share {bad.id}"
    assert f"the first of them at {format_utc(hour(4))}" in message.text
    assert "ada" not in message.text + str(message.facts)


def test_an_old_deployment_and_another_component_are_nothing_in_common(line):
    line.record(2)
    line.rings("ada", 100)
    assert line.rings("fay", 101).alarm is None, "it came four days before"
    line.world.commit("invoicing")
    line.record(102)
    line.rings("ada", 103, component="invoicing", note="new")
    assert line.rings("fay", 104, component="mail", note="mails").alarm is None
    assert line.rings("fay", 104, component="invoicing", note="new").alarm is not None


def test_the_same_ticket_is_the_same_report_and_can_be_corrected(line):
    line.record(2)
    first = line.rings("ada", 4, reference="SUP-1")
    same = line.rings("ada", 4, reference="sup-1", now=5)
    assert (same.report.id, same.already, same.changed) == (first.report.id, True, False)
    how = Asked(hour(6), WITHIN, "shop")
    better = take_report(
        line.ledger, "ada", Told(reference="#SUP-1", component="invoicing", quote="it hangs"), "kim", how
    )
    assert (better.report.id, better.already, better.changed) == (first.report.id, True, True)
    said = better.report.said
    assert (said.note, said.quote, said.reported_at, better.component) == (
        "exports hang",
        "it hangs",
        hour(4),
        "shop/invoicing",
    )
    assert line.rings("ada", 4, note="exports hang", now=7).already is False, "without its ticket it is another one"
    assert line.rings("ada", 4, note="exports hang", now=8).already is True
    assert line.rings("fay", 4, reference="SUP-1", now=8).report.id != first.report.id


def test_who_was_taken_over_reports_as_the_survivor(line):
    line.record(2)
    first = line.rings("fay", 4, reference="SUP-1")
    merge_customers(line.ledger, "fay", "ada", Word("kim", "taken over", hour(3000)))
    again = line.rings("fay", 4, reference="SUP-1", now=3001)
    assert (again.customer, again.report.id, again.already) == ("ada", first.report.id, True)
    assert [one.reaching.id for one in line.rings("ada", 4, note="x", now=3001).deployments] != []


@pytest.mark.parametrize(
    ("told", "who", "message"),
    [
        (Told(), "olga", "not said what they told"),
        (Told(note="x", reported_at=hour(9)), "olga", "in the future"),
        (Told(note="x"), "", "not known who took it"),
    ],
)
def test_what_says_nothing_is_refused(line, told, who, message):
    with pytest.raises(InvalidCallError, match=message):
        take_report(line.ledger, "ada", told, who, Asked(hour(4), WITHIN))


@pytest.mark.parametrize("told", [{"component": "nothing"}, {"incident": "INC-9"}, {"contact": "nobody"}])
def test_a_name_that_nobody_knows_is_refused_and_nothing_is_kept(line, told):
    with pytest.raises(UnknownNameError):
        line.rings("ada", 4, **told)
    assert line.rings("ada", 4).report.id == "R-1"


def test_who_reported_it_ranks_higher_and_called_first_unless_we_had_told_them(tmp_path, ledger):
    desks = Desks(tmp_path, ledger)
    how = Asked(hour(3), WITHIN, "shop")
    key = desks.open(3, deployment=desks.record(2), severity="SEV2")
    before = {name: one["score"] for name, one in desks.calls(key, 3.1).items()}
    take_report(ledger, "fay", Told(note="hangs", component="invoicing"), "kim", how)
    take_report(ledger, "cy", Told(note="mails are late", component="mail"), "kim", how)
    take_report(ledger, "hal", Told(note="not in it"), "kim", how)
    desks.plan(key, 3.1)
    fay, cy, ada = (desks.calls(key, 3.2)[name] for name in ("fay", "cy", "ada"))
    assert (fay["parts"]["complained"], fay["score"] - before["fay"]) == (15, 15)
    assert (fay["reported_at"], fay["called_first"]) == ("2026-03-01T03:00:00Z", "they")
    assert fay["because"][0] == "they reported it to us at 2026-03-01 03:00 UTC, before we told them"
    assert (cy["reported_at"], "complained" in cy["parts"]) == (None, False)
    desks.log(ada["id"], 3.3)
    take_report(ledger, "ada", Told(note="it is true", reported_at=hour(3.4)), "kim", Asked(hour(3.5), WITHIN))
    ada = desks.calls(key, 3.6)["ada"]
    assert (ada["called_first"], ada["parts"]["complained"]) == ("we", 15)
    change_status(ledger, key, "resolved", desks.telling(5), ended_at=hour(4.5))
    take_report(ledger, "gil", Told(note="late", reported_at=hour(40)), "kim", Asked(hour(41), WITHIN))
    take_report(
        ledger, "bob", Told(note="it was that", reported_at=hour(40), incident=key), "kim", Asked(hour(41), WITHIN)
    )
    calls = desks.calls(key, 42)
    assert (calls["gil"]["reported_at"], calls["bob"]["called_first"]) == (None, "they")
