"""A call about several things says what the gravest asks for, in whichever list it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from releasewatch.cli.call_order import in_order
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.storage import tables as t
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_report import CallReportRequest, report_calls
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import get_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.customer_brief import brief_customer
from releasewatch.usecases.digest import DigestRequest, make_digest
from releasewatch.usecases.inbound import Asked, Told, take_report
from releasewatch.usecases.inbound_documents import answer_document
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.incidents import change_status
from tests.usecases.test_incident_calls import CONTACTS, Desks
from tests.usecases.test_incidents import CUSTOMERS, hour

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


@pytest.fixture
def desks(tmp_path, ledger) -> Desks:
    """The severe incident is the older one: a newer list must not hide it."""
    made = Desks(tmp_path, ledger)
    made.first = made.record(2)
    made.one = made.open(3, title="severe", deployment=made.first, severity="SEV2")
    made.world.commit("invoicing", "mail", subject="feat: round up")
    made.two = made.open(4, title="Ada Ltd sees old mail", deployment=made.record(3.5), severity="SEV3")
    made.plan(made.one, 4.1)
    made.plan(made.two, 4.2)
    return made


def told(desks, level, at=5.0):
    how = Asked(hour(at), timedelta(hours=4), "shop")
    answer = take_report(desks.ledger, "fay", Told(note="it hangs", reported_at=hour(at)), "olga", how)
    document = answer_document(answer, level, str)
    return {one["incident"]: (one["title"], one["withheld"]) for one in document["incidents"]}


def test_who_is_called_about_one_incident_hears_of_the_other_then(desks):
    fay = desks.calls(desks.two, 4.3)["fay"]
    assert (fay["verdict"], fay["band"]) == ("call", desks.calls(desks.one, 4.3)["fay"]["band"])
    assert fay["verdict_because"].endswith(f"the same call is about {desks.one}, so call")
    with desks.ledger.read() as connection:
        i = t.call_item.c
        kept = set(connection.scalars(select(i.verdict).where(i.incident_id == 2, i.withdrawn_at.is_(None))))
    assert kept == {"write"}, "of each incident its own verdict is kept"
    # The digest and the call itself say why it is urgent, and not what the newest list says.
    found = make_digest(
        desks.ledger, DigestRequest("olga", hour(0)), Planning(hour(5)), Asking(hour(5)), Reveal.CONTACTS
    )
    assert {one["list"] for one in found["calls"] if one["severity"] == "SEV2"} == {desks.one}
    assert len({one["id"] for one in found["calls"]}) == len(found["calls"])
    mine = next(one for one in found["calls"] if one["customer"] == "fay")
    assert (mine["list"], mine["verdict"]) == (desks.one, "call")
    with desks.ledger.read() as connection:
        row = get_call(connection, mine["id"])
    assert call_as_document(desks.ledger, row, Planning(hour(5)))["severity"] == "SEV2"
    # Both planned again and again do not hold each other up once the severe one is over.
    change_status(desks.ledger, desks.one, "cancelled", desks.telling(5, "no incident"))
    desks.plan(desks.one, 5.1)
    desks.plan(desks.two, 5.2)
    assert desks.calls(desks.two, 5.3)["fay"]["verdict"] == "write"


def test_one_call_knows_who_shares_its_number_and_that_a_mail_went_ahead(desks):
    desks.clock.take(contacts=CONTACTS.replace("23125 103", "23125 105"))
    made = {one["customer"]: one for one in desks.calls(desks.one, 4.3).values()}
    with desks.ledger.read() as connection:
        row = get_call(connection, made["fay"]["id"])
    shown = call_as_document(desks.ledger, row, Planning(hour(4.3)))
    assert [one["customer"] for one in shown["same_number_as"]] == ["cy"]
    assert shown["same_number_as"] == made["fay"]["same_number_as"]
    sent = desks.calls(desks.one, 4.3)["fay"]["id"]
    assert desks.log(sent, 4.4, "sent", channel="email").status == "open"
    because = desks.calls(desks.one, 4.5)["fay"]["verdict_because"]
    assert "a mail or message went out on 2026-03-01 04:24 UTC, and nobody has spoken with them" in because
    change_status(desks.ledger, desks.one, "resolved", desks.telling(5, "over"))
    desks.plan(desks.one, 5.1)
    assert "it is over, and a mail or message went out" in desks.calls(desks.one, 5.2)["fay"]["verdict_because"]


def test_reports_lift_nobody_in_care_and_titles_name_nobody_where_no_name_may_be_shown(desks):
    assert told(desks, Reveal.NAMES)[desks.two] == ("Ada Ltd sees old mail", [])
    shown = told(desks, Reveal.KEYS)
    assert (shown[desks.one], shown[desks.two]) == (("severe", []), (None, ["title"]))
    for level, title in ((Reveal.KEYS, None), (Reveal.NAMES, "Ada Ltd sees old mail")):
        brief = brief_customer(desks.ledger, "fay", Planning(hour(6)), level).document
        assert {one["incident"]: one["title"] for one in brief["incidents"]} == {desks.one: "severe", desks.two: title}
        asked = CallReportRequest(hour(0), hour(6), "incident")
        report = report_calls(desks.ledger, asked, Asking(hour(6)), names=level >= Reveal.NAMES)
        assert {row["group"]: row["title"] for row in report["rows"]} == {desks.one: "severe", desks.two: title}
    # A list of a deployment says who reported something since it went live.
    desks.world.commit("invoicing", subject="feat!: another export")
    third = desks.record(6.5)
    plan_calls(desks.ledger, third.number, Planning(hour(6.6)))
    told(desks, Reveal.NAMES, at=6.7)
    rows = {one.candidate.key: one for one in list_calls(desks.ledger, third.number, Planning(hour(7))).calls.rows}
    assert rows["fay"].because[0] == "they reported something to us at 2026-03-01 06:42 UTC, after it went live"
    assert {key for key, one in rows.items() if one.candidate.reported_at is not None} == {"fay"}
    earlier = list_calls(desks.ledger, third.number, Planning(hour(6.65))).calls.rows
    assert all(one.candidate.reported_at is None for one in earlier)


def test_calls_that_are_nobodys_are_read_first_and_pages_hold_everybody_once(desks):
    unowned = CUSTOMERS.replace("fay,Fay Ltd,olga", "fay,Fay Ltd,").replace("ada,Ada Ltd,olga", "ada,Ada Ltd,")
    desks.clock.take(customers=unowned)
    rows = list_incident_calls(desks.ledger, desks.one, Planning(hour(5))).calls.rows
    first, _ = in_order(rows, "table", None, None)
    assert {row.candidate.key for row in first[:2]} == {"ada", "fay"}
    assert [row.rank for row in first[2:]] == sorted(row.rank for row in first[2:])
    assert in_order(rows, "json", None, None)[0] == list(rows), "programs read the rank's order"
    for limit in (1, 2, 3):
        pages, after = [], None
        while page := in_order(rows, "table", None, after)[0][:limit]:
            pages += page
            after = page[-1].rank
        assert pages == first
    assert in_order(rows, "table", None, 999)[0] == []
    with pytest.raises(InvalidCallError, match="--order callable"):
        in_order(rows, "table", "callable", 1)
