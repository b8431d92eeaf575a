"""Who and what is found in the words for outer readers, by what the ledger holds of contacts, staff and deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.privacy import Reveal
from releasewatch.usecases.incident_documents import find_held
from releasewatch.usecases.incident_lists import list_document
from releasewatch.usecases.incident_showing import Showing, show_incident
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, update_incident
from tests.support.directories import Desk
from tests.support.worlds import hour
from tests.usecases.test_incidents import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONTACTS = """customer,name,role,phone,email,primary
ada,Zoë Sample,Owner,+49 30 23125 101,zoe@desk.example,yes
bob,Ben Sample,Owner,030 23125 102,,yes
bob,Иван Петров,Owner,,,
"""
A_CONTACT = "the name, address or number of somebody at a customer"
OURS = "the name of one of our people"
A_NUMBER = "a deployment or a commit"
TEXTS = {
    "zoë sample called": A_CONTACT,
    "Zoe\u0308 Sample called": A_CONTACT,
    "Иван Петров звонил": A_CONTACT,
    "call 030 23125 101": A_CONTACT,
    "call 0302 3125-101 at nine": A_CONTACT,
    "call +49 (0)30/23 125 101.": A_CONTACT,
    "call 03023125102": A_CONTACT,
    "write to <ZOE@desk.example>.": A_CONTACT,
    "olga told me": OURS,
    "Rolled out by kim@example.org": OURS,
    "D-2 was bad": A_NUMBER,
    "commit 50d898c74d broke it": A_NUMBER,
    "D-99 and D-day are none of ours, and 12345678 is an order": "",
    "Ring 030 23125 103, or write to support@example.org": "",
    "It was the 2026-03-01 02:00 run of request 9b2f6c1e-1111-4222-8333-123456789abc": "",
    "A sample of a decade: the facade is defaced": "",
}


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    made = Watch(tmp_path, ledger)
    Desk(ledger, tmp_path).take(contacts=CONTACTS)
    return made


def test_what_names_somebody_is_found_in_outer_words_however_it_is_written(watch):
    key = watch.open(3, deployment=watch.record(2))
    for audience, without in (("customer", ()), ("account", (A_NUMBER,))):
        for text in TEXTS:
            update_incident(watch.ledger, key, IncidentFields(entry=text, audience=audience), watch.telling(4))
        how = Showing(Viewing(hour(5)), reveal=Reveal.COUNTS)
        found, _ = find_held(watch.ledger, key, how, audience, list(TEXTS), subjects="account")
        told = dict(zip(TEXTS, found, strict=True))
        wanted = dict(TEXTS)
        if without:
            wanted["D-2 was bad"] = ""
        assert told == wanted


def test_texts_that_name_somebody_are_shown_where_names_are(watch):
    key = watch.open(3, deployment=watch.record(2), title="invoices 500 for Ada  LTD")
    fields = IncidentFields(summaries={"engineering": "Zoë Sample called", "account": "the disk is full"})
    update_incident(watch.ledger, key, fields, watch.telling(4))
    for reveal, title, said in (
        (Reveal.KEYS, None, None),
        (Reveal.NAMES, "invoices 500 for Ada  LTD", "Zoë Sample called"),
    ):
        shown = show_incident(watch.ledger, key, Showing(Viewing(hour(5)), reveal=reveal))["incident"]
        assert (shown["title"], shown["summaries"]) == (title, {"engineering": said, "account": "the disk is full"})
        assert ("title" in shown.get("withheld", ())) == (title is None)
        page = list_document(watch.ledger, Viewing(hour(5)), limit=5, cursor=None, status=None, reveal=reveal)
        assert [one["title"] for one in page["incidents"]] == [title]
