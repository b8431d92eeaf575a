"""Forgetting: values are gone from every table and from the file, counts stay, and no import brings anybody back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from releasewatch.domain.customers import customer_id
from releasewatch.domain.erasure import forgotten_key
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import AmbiguousNameError, RefusedError, UnknownNameError
from releasewatch.secret import Secret
from releasewatch.storage import erasing, merges, personal_rows
from releasewatch.storage import tables as t
from releasewatch.storage.customers import When, get_customer, list_customers, resolve_customer
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.erasure import Erasure, export_contact, export_customer, forget_contact, forget_customer
from releasewatch.usecases.exposure import Asking, list_exposed
from releasewatch.usecases.sameness import Word, change_aliases, merge_customers
from tests.support.directories import DAY, START, Desk
from tests.support.worlds import World, hour

CUSTOMERS = (
    "key,name,aliases,parent,contract_value,currency,Health\n"
    "ACME-17,Acme Grommets,acme.example;tenant-4711,,120000,EUR,shaky-health\n"
    "SUB-1,Subsidiary,,ACME-17,,,\nBEE-2,Bee,,,,,\n"
)
CONTACTS = (
    "customer,key,name,role,phone,email\n"
    "ACME-17,,Ann Ashgrove,Rocket Buyer,+49 30 23125 101,ann.ashgrove@example.org\n"
    "tenant-4711,c-9,Bob Birchwood,,+49 30 23125 102,bob@example.org\n"
    "BEE-2,,Cy Cole,,+49 30 23125 102,cy@example.org\n"
)
ENTITLEMENTS = "customer,component,region\nacme.example,api,eu\nBEE-2,api,\n"
EVERYTHING = {"customers": CUSTOMERS, "contacts": CONTACTS, "entitlements": ENTITLEMENTS}

ANN = ("Ann Ashgrove", "ann.ashgrove@example.org", "23125 101", "+493023125101", "Rocket Buyer", "loves trains")
OF_ACME = (
    "ACME-17",
    "Acme Grommets",
    "acme.example",
    "tenant-4711",
    "desk-77",
    "120000",
    "shaky-health",
    "a secret why",
)
ACME = customer_id("crm", "ACME-17")


def secret() -> bytes:
    return b"k" * 32


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    """Two imports (Ann's number and Acme's name changed), an alias and a mark by hand, and changes that name Acme."""
    desk = Desk(ledger, tmp_path)
    desk.take(**{**EVERYTHING, "contacts": CONTACTS.replace("23125 101", "23125 109")})
    desk.take(**{**EVERYTHING, "customers": CUSTOMERS.replace("Acme Grommets", "Acme Grommets Ltd")})
    desk.take(customers="key,name,aliases\nNEW-3,New,tenant-4711\n", mode="changes")
    assert desk.rejected == [(2, "aliases", "holds a name that the customer ACME-17 goes by")]
    desk.now += DAY
    change_aliases(ledger, "ACME-17", ["desk-77"], [], Word("mara", "a secret why", desk.now))
    with ledger.write() as connection:
        (ann,) = [one for one in personal_rows.people_of(connection, [ACME]) if "Ann Ashgrove" in one.names]
        connection.execute(
            insert(t.mark).values(
                customer_id=ACME,
                mark_id=ann.contact_id,
                contact_id=ann.contact_id,
                kind="wrong_number",
                why="loves trains",
                recorded_by="mara",
                recorded_from=START,
                recorded_to=OPEN_END,
            )
        )
    return desk


def word(desk: Desk) -> Word:
    desk.now += DAY
    return Word("dpo@example.org", "asked for it", desk.now)


def places_holding(ledger: Ledger, *values: str) -> dict[str, list[str]]:
    """The tables that hold a text, in any column; by value, without those that no table holds."""
    with ledger.read() as connection:
        texts = {table.name: repr(connection.execute(select(table)).all()) for table in t.metadata.tables.values()}
    found = {value: [name for name, text in texts.items() if value.lower() in text.lower()] for value in values}
    return {value: names for value, names in found.items() if names}


def assert_gone(desk: Desk, values: tuple[str, ...]) -> None:
    assert places_holding(desk.ledger, *values) == {}
    path = desk.ledger.path
    if path is not None:
        held = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
        assert [value for value in values if value.encode() in held] == []


def test_every_customer_table_says_what_becomes_of_its_rows() -> None:
    assert set(erasing.CUSTOMER_TABLES) == {table.name for table in personal_rows.customer_tables()}


def test_a_person_is_gone_everywhere_and_stays_out(desk: Desk) -> None:
    assert set(places_holding(desk.ledger, *ANN)) == set(ANN), "the test looks for what is there"
    done = forget_contact(desk.ledger, "tenant-4711", "ann.ashgrove@EXAMPLE.org", word(desk), secret, dry_run=False)
    assert (done.contacts, done.rows["contact_detail"], done.rows["mark"]) == (1, 3, 1)
    assert_gone(desk, ANN)
    assert places_holding(desk.ledger, "Bob Birchwood"), "nobody else is forgotten with them"
    outcome = desk.take(**{**EVERYTHING, "accept_ending": 5})
    assert (outcome["contacts"].suppressed, outcome["contacts"].rejected) == (1, 0)
    assert_gone(desk, ANN)
    moved = (
        "customer,key,name,phone,email\nBEE-2,c-50,Ann A.,0301,ANN.ashgrove@example.org\nBEE-2,c-51,A.,030 23125 101,\n"
    )
    outcome = desk.take(
        customers=CUSTOMERS.replace("parent,", "parent,country,").replace(",,,,\n", ",DE,,,\n"), mode="changes"
    )
    outcome = desk.take(contacts=moved.replace("030 ", "+49 30 "), mode="changes")
    assert outcome["contacts"].suppressed == 2, "by their address, and by their own number"


def test_a_number_of_several_keeps_nobody_else_out(desk: Desk) -> None:
    forget_contact(desk.ledger, "ACME-17", "c-9", word(desk), secret, dry_run=False)
    outcome = desk.take(contacts=CONTACTS)
    assert (outcome["contacts"].suppressed, outcome["contacts"].unchanged) == (1, 2)


def test_who_is_let_in_again_comes_back_with_the_next_import(desk: Desk) -> None:
    forget_contact(desk.ledger, "ACME-17", "Bob Birchwood", word(desk), secret, dry_run=False)
    forget_customer(desk.ledger, "ACME-17", word(desk), secret, dry_run=False)
    with pytest.raises(UnknownNameError, match="known by what --readmit says"):
        desk.take(**EVERYTHING, readmit=["nobody"], why="back", by="mara", accept_ending=9)
    outcome = desk.take(**EVERYTHING, readmit=["acme.example"], why="they came back", by="mara", accept_ending=9)
    assert (outcome["customers"].suppressed, outcome["customers"].added) == (0, 1)
    assert outcome["contacts"].suppressed == 1, "Bob was forgotten for himself"
    with desk.ledger.read() as connection:
        back = get_customer(connection, resolve_customer(connection, "tenant-4711"), When(desk.now))
    assert (back.ref.key, back.ref.customer_id, back.facts is not None) == ("ACME-17", ACME, True)
    assert [one.name for one in back.contacts] == ["Ann Ashgrove"]
    assert [one.kind for one in back.marks if one.contact_id is None] == []
    outcome = desk.take(contacts=CONTACTS, readmit=["c-9"], why="he too", by="mara")
    assert outcome["contacts"].suppressed == 0
    assert desk.rows(t.suppression, "why_readmitted", "readmitted_by").count(("he too", "mara")) > 0


def test_a_customer_is_gone_everywhere_and_stays_out(desk: Desk, ledger_url: str) -> None:
    with desk.ledger.write() as connection:
        connection.execute(
            insert(t.customer_merge).values(
                customer_id=customer_id("crm", "BEE-2"),
                recorded_from=START,
                recorded_to=START + DAY,
                survivor_id=ACME,
                why="a secret why",
                recorded_by="mara",
            )
        )
    values = (*ANN, *OF_ACME, "Bob Birchwood")
    assert set(places_holding(desk.ledger, *values)) == set(values), "the test looks for what is there"
    before = desk.counts()
    rehearsed = _rehearse(desk, "ACME-17", ledger_url)
    assert places_holding(desk.ledger, "Acme Grommets"), "a rehearsal changes nothing"
    done = forget_customer(desk.ledger, "acme.example", word(desk), secret, dry_run=False)
    assert (done.customers, done.contacts) == ((forgotten_key(ACME),), 2)
    assert done.rows == rehearsed.rows
    assert_gone(desk, values)
    after = desk.counts()
    assert {name: before[name] - after[name] for name in ("customer", "customer_fact", "contact", "entitlement")} == {
        "customer": 0,
        "customer_fact": 0,
        "contact": 0,
        "entitlement": 0,
    }
    outcome = desk.take(**EVERYTHING, accept_ending=9)
    assert {kind: one.suppressed for kind, one in outcome.items()} == {"customers": 1, "contacts": 2, "entitlements": 1}
    assert desk.rejected == []
    assert_gone(desk, values)
    with desk.ledger.read() as connection:
        assert [one.key for one in list_customers(connection, When(desk.now))] == ["BEE-2", "SUB-1"]
        past = [one.key for one in list_customers(connection, When(START))]
        gone = get_customer(connection, resolve_customer(connection, forgotten_key(ACME)), When(START))
    assert forgotten_key(ACME) in past
    assert gone.facts is not None
    assert (gone.facts.name, gone.facts.do_not_call, len(gone.entitlements)) == ("", True, 1)
    where = {one.where for one in done.unreached}
    assert where >= {"git", "directory", "documents", "spools", "backups"}
    assert ("database" in where) is not desk.ledger.is_sqlite


def _rehearse(desk: Desk, ref: str, url: str) -> Erasure:
    ledger = Rehearsal(Secret(url))
    try:
        return forget_customer(ledger, ref, Word("mara", "looking", desk.now + DAY), secret, dry_run=True)
    finally:
        ledger.close()


def test_what_changes_say_of_a_customer_is_said_of_a_key_that_says_nothing(ledger: Ledger, tmp_path: Path) -> None:
    world = World(tmp_path, ledger)
    world.commit("a")
    world.record(0)
    world.commit("a", subject="Mend what Acme Grommets saw", trailers={"Customer": "tenant-4711", "Refs": "T-1"})
    world.commit("a", trailers={"Customer": "other, tenant-4711,tenant-4711 , tenant-471"})
    done = world.record(1)
    desk = Desk(ledger, tmp_path, now=hour(2))
    desk.take(**EVERYTHING)
    asking = Asking(done.number, now=hour(100))
    before = [(one["reach"], one["possible"]) for one in list_exposed(ledger, asking)]
    erasure = forget_customer(ledger, "ACME-17", word(desk), secret, dry_run=False)
    (git,) = [one for one in erasure.unreached if one.where == "git"]
    assert (erasure.rows["change_customer"], git.count) == (2, 1)
    assert [row["value"] for row in world.rows(t.change_trailer, done) if "other" in row["value"]] == [
        f"other, {forgotten_key(ACME)}, tenant-471"
    ]
    left = places_holding(ledger, "tenant-4711")
    assert left == {}, "the reference, the trailer, and its line in the message"
    assert places_holding(ledger, "Acme Grommets") == {"Acme Grommets": ["change"]}, "the subject is git's"
    after = list(list_exposed(ledger, asking))
    assert [(one["reach"], one["possible"]) for one in after] == before == [("named", True)]
    assert after[0]["key"] == forgotten_key(ACME)


def test_who_was_taken_over_is_forgotten_with_the_survivor(desk: Desk) -> None:
    merge_customers(desk.ledger, "ACME-17", "BEE-2", word(desk))
    done = forget_customer(desk.ledger, "BEE-2", word(desk), secret, dry_run=False)
    assert len(done.customers) == 2
    assert_gone(desk, (*ANN, *OF_ACME, "Cy Cole", "BEE-2"))
    with desk.ledger.read() as connection:
        assert len(merges.members_of(connection, customer_id("crm", "BEE-2"))) == 2


def test_an_export_holds_all_that_there_is(desk: Desk) -> None:
    document = json.dumps(export_customer(desk.ledger, "tenant-4711", Reveal.CONTACTS, desk.now), ensure_ascii=False)
    assert [value for value in (*ANN, *OF_ACME, "Bob Birchwood") if value not in document] == []
    assert "Cy Cole" not in document
    of_ann = export_contact(desk.ledger, "ACME-17", "Ann Ash", Reveal.CONTACTS, desk.now)
    assert [value for value in ANN if value not in json.dumps(of_ann)] == []
    assert "Bob Birchwood" not in json.dumps(of_ann)
    assert {name: len(rows) for name, rows in of_ann["rows"].items()} == {"contact": 3, "contact_detail": 3, "mark": 1}
    with pytest.raises(RefusedError):
        export_customer(desk.ledger, "ACME-17", Reveal.NAMES, desk.now)


def test_a_contact_whom_several_may_be_is_asked_about_without_a_name(desk: Desk) -> None:
    desk.take(contacts="customer,name,email\nACME-17,Ann Aspen,ann2@example.org\n", mode="changes")
    with pytest.raises(AmbiguousNameError) as error:
        export_contact(desk.ledger, "ACME-17", "Ann", Reveal.CONTACTS, desk.now)
    assert "Ann" not in error.value.message + error.value.hint
    with pytest.raises(UnknownNameError) as unknown:
        export_contact(desk.ledger, "ACME-17", "Zoe Zander", Reveal.CONTACTS, desk.now)
    assert "Zoe" not in unknown.value.message + unknown.value.hint
