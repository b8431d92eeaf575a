"""Customer reports in the ledger: corrected and kept, found however a ticket is typed, read through merges, erased."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from releasewatch.domain.privacy import Reveal
from releasewatch.storage import customer_reports, personal_rows
from releasewatch.storage import tables as t
from releasewatch.storage.customer_reports import Said
from releasewatch.storage.customers import resolve_customer
from releasewatch.usecases.erasure import export_contact, export_customer, forget_contact, forget_customer
from releasewatch.usecases.sameness import Word, merge_customers
from tests.support.directories import DAY, START, Desk
from tests.support.ledgers import new_ledger

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

HELD = "exports hang since 14:00"
CUSTOMERS = "key,name,aliases\nacme,Acme,acme.example\nbee,Bee,\n"
CONTACTS = "customer,key,name,phone,email\nacme,,Ann Ashgrove,+49 30 23125 101,ann@example.org\n"


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path) -> Desk:
    desk = Desk(new_ledger(ledger_url), tmp_path)
    desk.take(customers=CUSTOMERS, contacts=CONTACTS)
    return desk


def told(desk: Desk, key: str, at: int, **said: object) -> int:
    with desk.ledger.write() as connection:
        customer = resolve_customer(connection, key).customer_id
        values = {"channel": "phone", "source": "call", **said}
        return customer_reports.add_report(connection, customer, Said(START + at * DAY, **values), "kim", desk.now)


def whose(desk: Desk, key: str) -> UUID:
    with desk.ledger.read() as connection:
        return resolve_customer(connection, key).customer_id


def test_a_ticket_is_found_however_it_is_typed(desk: Desk) -> None:
    told(desk, "acme", 1, reference="SUP-7")
    told(desk, "bee", 2, reference=" #sup-7 ")
    told(desk, "bee", 3)
    with desk.ledger.read() as connection:
        found = customer_reports.reporters_of(connection, ["sup-7", "Sup-7", "", "nothing"])
        one = customer_reports.find_report(connection, [whose(desk, "bee")], "#SUP-7")
        assert customer_reports.find_report(connection, [whose(desk, "bee")], "SUP-8") is None
    assert {(who.customer_id, who.reference.strip()) for who in found} == {
        (whose(desk, "acme"), "SUP-7"),
        (whose(desk, "bee"), "#sup-7"),
    }
    assert one is not None
    assert one.said.reported_at == START + 2 * DAY


def test_what_is_corrected_is_kept_and_what_was_known_then_can_be_asked(desk: Desk) -> None:
    told(desk, "acme", 1, note="exports hnag", reference="7")
    acme, before = whose(desk, "acme"), desk.now
    with desk.ledger.write() as connection:
        (first,) = customer_reports.reports_of(connection, [acme])
        customer_reports.change_report(connection, first, replace(first.said, note=HELD), "olga", before + DAY)
    with desk.ledger.read() as connection:
        (now,) = customer_reports.reports_of(connection, [acme])
        (then,) = customer_reports.reports_of(connection, [acme], known_at=before)
        assert customer_reports.reports_of(connection, [acme], since=START + 2 * DAY) == []
    assert (now.id, now.said.note, now.recorded_by) == (first.id, HELD, "olga")
    assert (then.said.note, then.recorded_by) == ("exports hnag", "kim")
    with desk.ledger.write() as connection:
        customer_reports.end_report(connection, now, before + 2 * DAY)
    with desk.ledger.read() as connection:
        assert customer_reports.all_reports(connection, since=START, until=START + 9 * DAY) == []


def test_what_somebody_told_us_follows_them_into_a_merge(desk: Desk) -> None:
    told(desk, "acme", 1, reference="7")
    acme, bee = whose(desk, "acme"), whose(desk, "bee")
    merge_customers(desk.ledger, "acme", "bee", Word("kim", "taken over", desk.now + DAY))
    with desk.ledger.read() as connection:
        (one,) = customer_reports.reports_of(connection, [bee])
        (who,) = customer_reports.reporters_of(connection, ["7"])
    assert (one.customer_id, one.owner_id, who.customer_id) == (bee, acme, bee)


def counted(desk: Desk) -> tuple[int | None, list[tuple[str, str]], set[UUID | None]]:
    x, r = t.customer_report_text.c, t.customer_report
    with desk.ledger.read() as connection:
        texts = [tuple(row) for row in connection.execute(select(x.note, x.quote).order_by(x.report_id))]
        return (
            connection.scalar(select(func.count()).select_from(r)),
            texts,
            set(connection.scalars(select(r.c.contact_id))),
        )


def test_a_person_is_taken_out_of_what_was_told_and_a_customer_wholly(desk: Desk) -> None:
    with desk.ledger.read() as connection:
        (ann,) = personal_rows.people_of(connection, [whose(desk, "acme")])
    told(desk, "acme", 1, reference="7", note=HELD, contact_id=ann.contact_id)
    told(desk, "acme", 2, quote="Ann Ashgrove: it hangs")
    told(desk, "acme", 3, note="nobody in particular")
    of_ann = export_contact(desk.ledger, "acme", "Ann Ashgrove", Reveal.CONTACTS, desk.now)["rows"]
    assert [row["note"] for row in of_ann["customer_report_text"]] == [HELD]
    assert len(of_ann["customer_report"]) == 1
    of_acme = export_customer(desk.ledger, "acme", Reveal.CONTACTS, desk.now)["rows"]
    assert (len(of_acme["customer_report"]), len(of_acme["customer_report_text"])) == (3, 3)
    at = Word("dpo", "asked for it", desk.now + DAY)
    done = forget_contact(desk.ledger, "acme", "Ann Ashgrove", at, lambda: b"k" * 32, dry_run=False)
    assert (done.rows["customer_report"], done.rows["customer_report_text"]) == (1, 2)
    assert counted(desk) == (3, [("nobody in particular", "")], {None})
    at = Word("dpo", "asked for it", desk.now + 2 * DAY)
    done = forget_customer(desk.ledger, "acme", at, lambda: b"k" * 32, dry_run=False)
    assert (done.rows["customer_report"], done.rows["customer_report_text"]) == (1, 1)
    assert counted(desk) == (3, [], {None})
    with desk.ledger.read() as connection:
        assert customer_reports.reporters_of(connection, ["7"]) == []
