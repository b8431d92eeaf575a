"""Importing a directory: what begins, changes and ends; who is told apart; what is refused; when it must ask."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from releasewatch.domain.columns import Heading
from releasewatch.domain.customers import customer_id
from releasewatch.errors import InvalidCallError, LedgerUnavailableError, RefusedError
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.customers import CustomerDetails, When, get_customer, resolve_customer
from releasewatch.storage.imports import staging
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.storage.types import OPEN_END, OPEN_START
from releasewatch.usecases.customer_import import open_directory
from tests.support.directories import DAY, START, Desk
from tests.support.ledgers import new_ledger


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = new_ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    return Desk(ledger, tmp_path)


def _look(desk: Desk, ref: str, at: timedelta | None = None, known: timedelta | None = None) -> CustomerDetails:
    """A customer as of so long after START; as known now unless said."""
    when = When(START + at if at is not None else desk.now, START + known if known is not None else None)
    with desk.ledger.read() as connection:
        return get_customer(connection, resolve_customer(connection, ref), when)


def _uses(details: CustomerDetails) -> list[tuple[str, str]]:
    return [(one.subject, one.region) for one in details.entitlements]


CUSTOMERS = "key,name,aliases,customer_tier,country,do_not_call\nA,Acme,acme.example,gold,DE,\nB,Bee,,,US,yes\n"
CONTACTS = "customer,name,phone,email\nA,Ann,030 901820,ann@example.org\nB,Bob,(206) 555-9857,\n"
ENTITLEMENTS = "customer,component,region\nA,shop/api,eu;us\nB,shop/web,?\n"


def test_a_person_whom_two_directories_state_ends_in_one_of_them_and_changes_in_the_other(desk: Desk) -> None:
    """Without a key they are the same person to both: by their customer and their address."""
    desk.take(customers=CUSTOMERS, contacts="customer,name,email\nA,Ann,ann@example.org\n")
    help_desk = Desk(desk.ledger, desk.folder, directory="help", now=desk.now)
    help_desk.take(contacts="customer,name,email\nacme.example,Ann Lee,ann@example.org\nB,Bob,bob@example.org\n")
    desk.now = help_desk.now
    assert desk.take(contacts="customer,name,email\n", accept_ending=1)["contacts"].ended == 1
    assert [row.name for row in _look(desk, "A").contacts] == ["Ann Lee"]
    help_desk.now = desk.now
    changed = help_desk.take(contacts="customer,name,email\nA,Ann Li,ann@example.org\nB,Bob,bob@example.org\n")
    assert (changed["contacts"].changed, changed["contacts"].unchanged) == (1, 1)
    desk.now = help_desk.now
    assert [row.name for row in _look(desk, "A").contacts] == ["Ann Li"]


def test_a_first_import_counts_as_having_been_so_always(desk: Desk) -> None:
    outcome = desk.take(customers=CUSTOMERS, contacts=CONTACTS, entitlements=ENTITLEMENTS)
    assert [(o.read, o.added) for o in outcome.values()] == [(2, 2), (2, 2), (2, 3)]
    for table in (t.customer_fact, t.customer_contract, t.contact, t.entitlement):
        clocks = set(desk.rows(table, "valid_from", "valid_to", "recorded_from", "recorded_to"))
        assert clocks == {(OPEN_START, OPEN_END, START, OPEN_END)}
    before = _look(desk, "A", at=timedelta(days=-400))
    assert before.facts is not None
    assert before.facts.name == "Acme"
    assert _look(desk, "A", at=timedelta(days=-400), known=-DAY).facts is None


def test_the_same_files_again_write_their_import_and_nothing_else(desk: Desk) -> None:
    files = {"customers": CUSTOMERS, "contacts": CONTACTS, "entitlements": ENTITLEMENTS}
    desk.take(**files)
    before = desk.counts()
    outcome = desk.take(**files)
    assert [(o.unchanged, o.added, o.changed, o.ended) for o in outcome.values()] == [(2, 0, 0, 0)] * 2 + [(3, 0, 0, 0)]
    assert desk.counts() == before
    runs = desk.rows(t.import_run, "kind", "recorded_at", "digest")
    assert [row[:2] for row in runs[3:]] == [(kind, START + DAY) for kind in files]
    assert [row[2] for row in runs[:3]] == [row[2] for row in runs[3:]]


def test_a_change_closes_the_record_and_says_the_old_state_anew_until_now(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS)
    outcome = desk.take(customers=CUSTOMERS.replace("gold", "platinum"))
    assert (outcome["customers"].changed, outcome["customers"].unchanged) == (1, 1)

    def tier(at: timedelta, known: timedelta | None = None) -> str:
        facts = _look(desk, "A", at, known).facts
        assert facts is not None
        return facts.customer_tier

    assert tier(timedelta(0)) == "gold"
    assert tier(DAY) == "platinum"
    assert tier(timedelta(days=9)) == "platinum"
    assert tier(timedelta(days=9), known=timedelta(hours=1)) == "gold"
    rows = desk.rows(t.customer_fact, "name", "customer_tier", "valid_from", "valid_to", "recorded_from", "recorded_to")
    assert sorted(row[1:] for row in rows if row[0] == "Acme") == [
        ("gold", OPEN_START, START + DAY, START + DAY, OPEN_END),
        ("gold", OPEN_START, OPEN_END, START, START + DAY),
        ("platinum", START + DAY, OPEN_END, START + DAY, OPEN_END),
    ]
    assert len(desk.rows(t.customer_contract)) == 2


def test_contract_and_attributes_change_apart_from_the_facts(desk: Desk) -> None:
    header = "key,name,contract_value,currency,Health,Notes\n"
    desk.take(customers=header + "A,Acme,1200.50,EUR,7,x\nB,Bee,,,,\n")
    assert desk.take(customers=header + "A,Acme,1200.5,eur,7,x\nB,Bee,,,,\n")["customers"].unchanged == 2
    assert desk.take(customers=header + "A,Acme,1200.50,EUR,8,x\nB,Bee,,,,\n")["customers"].changed == 1
    assert len(desk.rows(t.customer_fact)) == 2
    contract = _look(desk, "A").contract
    assert contract is not None
    assert contract.attributes == {"Health": "8", "Notes": "x"}


def test_a_snapshot_ends_what_it_lacks_and_a_later_one_brings_it_back(desk: Desk) -> None:
    files = {"customers": CUSTOMERS, "contacts": CONTACTS, "entitlements": ENTITLEMENTS}
    desk.take(**files)
    without_a = {kind: "\n".join(line for line in text.split("\n") if line[:2] != "A,") for kind, text in files.items()}
    outcome = desk.take(**without_a)
    assert [(o.ended, o.unchanged) for o in outcome.values()] == [(1, 1), (1, 1), (2, 1)]
    gone = _look(desk, "A")
    assert (gone.facts, gone.contract, gone.aliases, gone.contacts, gone.entitlements) == (None, None, (), (), ())
    then = _look(desk, "A", at=timedelta(hours=1))
    assert then.facts is not None
    assert _uses(then) == [("shop/api", "eu"), ("shop/api", "us")]

    outcome = desk.take(**files)
    assert [(o.added, o.unchanged) for o in outcome.values()] == [(1, 1), (1, 1), (2, 1)]
    assert _look(desk, "acme.example").facts is not None
    assert _look(desk, "A", at=timedelta(days=1, hours=1)).facts is None
    assert [one.valid_from for one in _look(desk, "A").entitlements] == [START + 2 * DAY] * 2


def test_a_file_that_is_not_given_ends_nothing(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS, contacts=CONTACTS, entitlements=ENTITLEMENTS)
    before = desk.counts()
    assert list(desk.take(customers=CUSTOMERS)) == ["customers"]
    assert desk.counts() == before


def test_changes_end_nothing_and_leave_columns_alone_that_they_lack(desk: Desk) -> None:
    desk.take(
        customers="key,name,aliases,customer_tier,do_not_call,country,Health\nA,Acme,ac,gold,yes,DE,7\nB,Bee,,,,,\n",
        contacts="customer,key,name,phone,consent\nA,1,Ann,030 901820,yes\nA,2,Bob,,\n",
    )
    outcome = desk.take(
        customers="key,name,customer_tier\nA,Acme,silver\nC,See,\n",
        contacts="customer,key,name,consent\nA,1,Ann,no\n",
        mode="changes",
    )
    assert [(o.added, o.changed, o.ended) for o in outcome.values()] == [(1, 1, 0), (0, 1, 0)]
    acme = _look(desk, "ac")
    assert acme.facts is not None
    assert acme.contract is not None
    assert (acme.facts.customer_tier, acme.facts.do_not_call, acme.contract.attributes) == (
        "silver",
        True,
        {"Health": "7"},
    )
    assert [(c.name, c.phone, c.phone_state, c.consent) for c in acme.contacts] == [
        ("Ann", "030 901820", "valid", "no"),
        ("Bob", "", "", ""),
    ]
    assert _look(desk, "B").facts is not None
    assert _look(desk, "C", at=timedelta(hours=1)).facts is None, "a later import brings what begins with it"


def test_a_snapshot_empties_columns_that_it_lacks(desk: Desk) -> None:
    desk.take(customers="key,name,customer_tier,aliases\nA,Acme,gold,ac\n")
    assert desk.take(customers="key,name\nA,Acme\n")["customers"].changed == 1
    acme = _look(desk, "A")
    assert acme.facts is not None
    assert (acme.facts.customer_tier, acme.aliases) == ("", ())


def test_phones_are_read_with_the_country_of_the_customer(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS, contacts=CONTACTS + "B,Cid,030 901820,\nB,Dee,none,\n")
    phones = {c.name: (c.phone, c.phone_e164, c.phone_state) for ref in "AB" for c in _look(desk, ref).contacts}
    assert phones == {
        "Ann": ("030 901820", "+4930901820", "valid"),
        "Bob": ("(206) 555-9857", "+12065559857", "valid"),
        "Cid": ("030 901820", "", "possible"),
        "Dee": ("none", "", "unparsable"),
    }


def test_contacts_are_known_by_key_then_email_then_name(desk: Desk) -> None:
    desk.take(
        customers=CUSTOMERS,
        contacts="customer,key,name,email,role\nA,1,Ann,a@example.org,\nA,,Bob,b@example.org,\nA,,Cid,,\n",
    )
    outcome = desk.take(
        contacts="customer,key,name,email,role\nB,1,Ann,a@example.org,\nacme.example,,Robert,B@example.org,\nA,,Cid,,CTO\n"
    )["contacts"]
    # Ann moved to another customer: one ends, one begins. The others are the same people.
    assert (outcome.added, outcome.ended, outcome.changed) == (1, 1, 2)
    assert [c.name for c in _look(desk, "A").contacts] == ["Cid", "Robert"]
    assert [c.name for c in _look(desk, "B").contacts] == ["Ann"]


def test_rows_that_are_refused_keep_the_state_of_what_they_speak_of(desk: Desk) -> None:
    desk.take(
        customers="key,name,country\nA,Acme,DE\nB,Bee,DE\n",
        contacts="customer,key,name,email,best_from\nA,1,Ann,,\nA,,Bob,b@example.org,\nB,,Cid,,\n",
        entitlements="customer,component,region,valid_to\nA,api,eu,\nA,web,eu,\nB,api,eu,\n",
    )
    outcome = desk.take(
        customers="key,name,country\nA,Acme,Atlantis\nB,Bee,DE\n",
        contacts="customer,key,name,email,best_from\nnobody,1,Ann,,\nA,,Bob,b@example.org,soon\nB,,Cid,,99:99\n",
        entitlements="customer,component,region,valid_to\nA,api,eu,soon\nB,api,eu,\n",
    )
    assert [(o.rejected, o.ended) for o in outcome.values()] == [(1, 0), (3, 0), (1, 1)]
    assert _look(desk, "A").facts is not None
    assert [c.name for c in _look(desk, "A").contacts] == ["Bob", "Ann"]
    assert _uses(_look(desk, "A")) == [("api", "eu")], "the row that was refused spoke of api, none of web"
    assert desk.rows(t.import_rejection, "line", "column")[-1] == (2, "valid_to")


def test_a_refused_row_that_names_nothing_keeps_all_of_its_customer(desk: Desk) -> None:
    desk.take(
        customers=CUSTOMERS,
        contacts="customer,name\nA,Ann\n",
        entitlements="customer,component\nA,api\nA,web\nB,api\n",
    )
    outcome = desk.take(contacts="customer,name\nA,\n", entitlements="customer,component\nA,\n")
    assert [(o.rejected, o.ended) for o in outcome.values()] == [(1, 0), (1, 1)]
    assert len(_look(desk, "A").entitlements) == 2


def test_rejections_say_file_line_and_the_heading_there(desk: Desk, tmp_path: Path) -> None:
    desk.take(
        customers="id,name,Land\nA,Acme,Atlantis\n,Nobody,\n",
        columns={"customers": {"key": Heading("id"), "country": Heading("Land")}},
    )
    assert [(one.file, one.line, one.column) for one in desk.reports[-1].rejected] == [
        (str(tmp_path / "customers.csv"), 2, "Land"),
        (str(tmp_path / "customers.csv"), 3, "id"),
    ]
    assert desk.rows(t.import_rejection, "line", "column") == [(2, "country"), (3, "key")]


def test_the_second_of_two_rows_that_differ_is_refused(desk: Desk) -> None:
    desk.take(
        customers="key,name\nA,Acme\nB,Bee\nA,Again\n",
        contacts="customer,key,name,email\nA,1,Ann,\nB,1,Bob,\nA,,Cid,c@example.org\nA,,Dee,C@EXAMPLE.ORG\n",
    )
    assert desk.rejected == [
        (4, "key", "stands in line 2 already, with another name"),
        (3, "key", "is the contact of line 2 again, with another customer, name"),
        (5, "key", "is the contact of line 4 again, with another name, email"),
    ]


def test_names_belong_to_one_customer(desk: Desk) -> None:
    outcome = desk.take(customers="key,name,aliases\nA,Acme,x;B\nB,Bee,y\nC,See,y\nD,Dee,z\n")["customers"]
    assert (outcome.added, outcome.rejected) == (2, 2)
    assert desk.rejected == [
        (2, "aliases", "holds a name that the row in line 3 goes by"),
        (4, "aliases", "holds a name that the row in line 3 goes by"),
    ]
    assert _look(desk, "z").ref.key == "D"


def test_names_move_between_customers_in_one_import(desk: Desk) -> None:
    desk.take(customers="key,name,aliases\nA,Acme,x\nB,Bee,y\nC,See,z\n")
    outcome = desk.take(customers="key,name,aliases\nA,Acme,y\nB,Bee,x;z\n")["customers"]
    assert (outcome.rejected, outcome.changed, outcome.ended) == (0, 2, 1)
    assert [_look(desk, name).ref.key for name in "xyz"] == ["B", "A", "B"]
    desk.take(customers="key,name,aliases\nA,Acme,y\nB,Bee,x;z;C\n")
    assert _look(desk, "C").ref.key == "B", "a name that nobody goes by any more may be taken"


def test_a_name_that_somebody_keeps_is_not_given_away(desk: Desk) -> None:
    desk.take(customers="key,name,aliases,country\nA,Acme,x,\nB,Bee,y,\nC,See,z,\n")
    # A's row is refused, so A keeps x, so B's row is refused and keeps y, so C's is.
    outcome = desk.take(customers="key,name,aliases,country\nA,Acme,,Atlantis\nB,Bee,x,\nC,See,y,\n")["customers"]
    assert (outcome.rejected, outcome.unchanged, outcome.ended) == (3, 0, 0)
    assert desk.rejected[1:] == [
        (3, "aliases", "holds a name that the customer A goes by"),
        (4, "aliases", "holds a name that the customer B goes by"),
    ]
    assert [_look(desk, name).ref.key for name in "xyz"] == ["A", "B", "C"]


def test_two_directories_may_use_one_key_but_not_one_alias(desk: Desk, tmp_path: Path) -> None:
    desk.take(customers="key,name,aliases\nA,Acme,acme.example\n")
    other = Desk(desk.ledger, tmp_path, "erp", now=desk.now)
    outcome = other.take(customers="key,name,aliases\nA,Acme GmbH,\nB,Bee,acme.example\nacme.example,See,\n")[
        "customers"
    ]
    assert (outcome.added, outcome.rejected) == (1, 2)
    assert [row[1] for row in other.rejected] == ["aliases", "key"]
    # Each means their own by the bare key.
    desk.take(entitlements="customer,component\nA,api\n")
    other.take(entitlements="customer,component\nA,web\n", later=2 * DAY)
    assert _uses(_look(desk, "crm:A")) == [("api", "")]
    assert _uses(_look(other, "erp:A")) == [("web", "")]
    third = Desk(desk.ledger, tmp_path, "help", now=other.now)
    third.take(entitlements="customer,component\nA,api\nacme.example,help\n")
    assert [(line, column) for line, column, _ in third.rejected] == [(2, "customer")]
    assert _uses(_look(third, "crm:A")) == [("api", ""), ("help", "")]


def test_a_directory_ends_only_what_it_stated_itself(desk: Desk, tmp_path: Path) -> None:
    desk.take(customers=CUSTOMERS, contacts=CONTACTS, entitlements=ENTITLEMENTS)
    other = Desk(desk.ledger, tmp_path, "help", now=desk.now)
    other.take(contacts="customer,name\nacme.example,Hal\n", entitlements="customer,component\nA,shop/api\n")
    desk.now = other.now
    outcome = desk.take(contacts=CONTACTS, entitlements=ENTITLEMENTS)
    assert [o.ended for o in outcome.values()] == [0, 0]
    assert [c.name for c in _look(desk, "A").contacts] == ["Ann", "Hal"]
    other.now = desk.now
    outcome = other.take(contacts="customer,name\n", entitlements="customer,component\n", accept_ending=1)
    assert [o.ended for o in outcome.values()] == [1, 1]
    assert _uses(_look(other, "A")) == [("shop/api", "eu"), ("shop/api", "us")]


def test_rows_for_customers_nobody_knows_are_refused(desk: Desk) -> None:
    outcome = desk.take(
        customers="key,name\nA,Acme\n,Nameless\n",
        contacts="customer,name\nA,Ann\nX,Xen\n",
        entitlements="customer,component\nX,api\nA,api\n",
    )
    assert [o.rejected for o in outcome.values()] == [1, 1, 1]
    assert [row[:2] for row in desk.rejected] == [(3, "key"), (3, "customer"), (2, "customer")]


def test_a_customer_who_left_is_still_known_by_key(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS)
    desk.take(customers="key,name\nB,Bee\n")
    assert desk.take(contacts="customer,name\nA,Ann\n")["contacts"].added == 1


def test_marks_by_our_people_survive(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS)
    acme = customer_id("crm", "A")
    with desk.ledger.write() as connection:
        connection.execute(
            insert(t.mark).values(
                customer_id=acme,
                mark_id=acme,
                kind="do_not_call",
                why="asked on the phone",
                recorded_by="mara",
                recorded_from=START,
                recorded_to=OPEN_END,
            )
        )
        connection.execute(
            insert(t.customer_alias).values(
                alias="by-hand", customer_id=acme, recorded_from=START, recorded_to=OPEN_END, source="mara"
            )
        )
    desk.take(customers=CUSTOMERS.replace("Acme", "Acme Inc"))
    desk.take(customers="key,name\nB,Bee\n")
    found = _look(desk, "by-hand")
    assert [(m.kind, m.why) for m in found.marks] == [("do_not_call", "asked on the phone")]


def test_a_person_who_was_erased_does_not_stop_an_import(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS, contacts=CONTACTS)
    with desk.ledger.write() as connection:
        connection.execute(t.contact_detail.delete())
    assert desk.take(contacts="customer,name\n", accept_ending=2)["contacts"].ended == 2
    assert desk.rows(t.contact_detail) == []


def _many(count: int, end: str = "") -> str:
    return "key,name,do_not_call\n" + "".join(f"K{n:03},Name,{end}\n" for n in range(count))


def test_a_snapshot_that_ends_much_asks_first(desk: Desk) -> None:
    desk.take(customers=_many(40))
    before = desk.counts()
    with pytest.raises(RefusedError, match="would end 6 of 40 customers") as refused:
        desk.take(customers=_many(34))
    assert "--accept-ending 6" in refused.value.hint
    with pytest.raises(RefusedError):
        desk.take(customers=_many(34), accept_ending=5)
    assert desk.counts() == before
    assert len(desk.rows(t.import_run)) == 1, "nothing was kept of what was refused"
    assert desk.take(customers=_many(34), accept_ending=6)["customers"].ended == 6
    assert desk.take(customers=_many(29))["customers"].ended == 5, "five are free"


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ({"customers": "key,name\n"}, "2 of 2 customers"),
        ({"contacts": "customer,name\n"}, "2 of 2 contacts"),
        ({"entitlements": "customer,component\n"}, "3 of 3 entitlements"),
        ({"customers": "key,name\nNEW,New\n"}, "2 of 2 customers"),
    ],
)
def test_a_snapshot_that_ends_all_asks_however_few_there_are(desk: Desk, ending: dict[str, str], says: str) -> None:
    desk.take(customers=CUSTOMERS, contacts=CONTACTS, entitlements=ENTITLEMENTS)
    with pytest.raises(RefusedError, match=says):
        desk.take(**ending)
    with pytest.raises(RefusedError, match=says):
        desk.take(**ending, accept_ending=1)
    (outcome,) = desk.take(**ending, accept_ending=4).values()
    assert outcome.ended == outcome.present


def test_what_looks_wrong_of_customers_is_counted(desk: Desk) -> None:
    rows = "S,Self,S,\nU,Unknown,nobody,\nA,A,B,\nB,B,third,\nC,C,A,third\nACME,x,,\nacme,y,,\nF,Fine,A,\n"
    assert desk.take(customers="key,name,parent,aliases\n" + rows)["customers"].odd == {
        "own_parent": 1,
        "unknown_parent": 1,
        "parent_circle": 3,
        "alike_keys": 2,
    }
    changed = desk.take(customers="key,name,parent\nN,New,third\nO,Old,S\n", mode="changes")["customers"]
    assert (changed.added, changed.odd) == (2, {})


def test_an_empty_export_does_not_empty_the_directory(desk: Desk) -> None:
    desk.take(
        customers=_many(20),
        contacts="customer,name\n" + "".join(f"K{n:03},Ann\n" for n in range(20)),
        entitlements="customer,component\n" + "".join(f"K{n:03},api\n" for n in range(20)),
    )
    with pytest.raises(RefusedError) as refused:
        desk.take(customers="key,name\n", contacts="customer,name\n", entitlements="customer,component\n")
    assert "20 of 20 customers and 20 of 20 contacts and 20 of 20 entitlements" in refused.value.message
    assert desk.take(customers="key,name\n", mode="changes")["customers"].ended == 0


def test_do_not_call_is_switched_off_for_many_only_when_said(desk: Desk) -> None:
    desk.take(customers=_many(20, "yes"))
    with pytest.raises(RefusedError, match="switch off do-not-call for 20 customers") as refused:
        desk.take(customers="key,name\n" + "".join(f"K{n:03},Name\n" for n in range(20)))
    assert "--accept-callable 20" in refused.value.hint
    assert desk.take(customers=_many(20), accept_callable=20)["customers"].changed == 20


def test_do_not_call_of_contacts_is_guarded_too(desk: Desk) -> None:
    contacts = "customer,name,do_not_call\n" + "".join(f"K{n:03},Ann,{{}}\n" for n in range(6))
    desk.take(customers=_many(6), contacts=contacts.format(*["x"] * 6))
    with pytest.raises(RefusedError, match="for 6 customers"):
        desk.take(contacts=contacts.format(*[""] * 6))
    desk.take(contacts=contacts.format(*["", "", "", "", "", "x"]))


def test_strict_stops_at_any_refused_row(desk: Desk) -> None:
    outcome = desk.take(customers=CUSTOMERS + ",Nobody,,,,\n", strict=True)["customers"]
    assert (outcome.added, outcome.rejected) == (2, 1)
    assert not desk.reports[-1].written
    assert desk.rows(t.import_run) == []
    assert desk.counts()["customer"] == 0
    desk.take(customers=CUSTOMERS, strict=True)
    assert desk.reports[-1].written


def test_a_file_that_breaks_off_leaves_nothing_behind(desk: Desk) -> None:
    with pytest.raises(InvalidCallError, match="broke off"):
        desk.take(customers=CUSTOMERS, contacts='customer,name\nA,"Ann')
    assert desk.counts()["customer"] == 0


def test_a_rehearsal_does_everything_and_keeps_nothing(desk: Desk, ledger_url: str, tmp_path: Path) -> None:
    rehearsed = Desk(Rehearsal(Secret(ledger_url)), tmp_path)
    assert rehearsed.take(customers=CUSTOMERS, contacts=CONTACTS)["contacts"].added == 2
    rehearsed.ledger.close()
    assert desk.rows(t.import_run) == []
    assert desk.counts()["customer"] == 0


def test_imports_of_one_instant_are_told_apart_and_a_wrong_clock_is_refused(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS)
    desk.take(customers=CUSTOMERS.replace("gold", "silver"), later=timedelta(0))
    assert desk.reports[-1].at - desk.reports[-2].at == timedelta(microseconds=1)
    with pytest.raises(RefusedError, match="clock"):
        desk.take(customers=CUSTOMERS, later=timedelta(hours=-1))


def test_two_imports_at_once_leave_one_state(desk: Desk, ledger_url: str, tmp_path: Path) -> None:
    def take(number: int) -> tuple[int, int]:
        folder = tmp_path / str(number)
        folder.mkdir()
        ledger = Ledger(Secret(ledger_url))
        outcome = Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)["entitlements"]
        ledger.close()
        return outcome.added, outcome.unchanged

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(take, range(4)))
    assert results == [(0, 3)] * 3 + [(3, 0)]


def test_there_must_be_something_to_import() -> None:
    with pytest.raises(InvalidCallError, match="nothing to import"):
        open_directory({})


def test_a_contradiction_of_the_ledger_itself_is_no_surprise(desk: Desk) -> None:
    """A customer whose facts were removed by hand is brought again as new."""
    desk.take(customers=CUSTOMERS)
    with desk.ledger.write() as connection:
        connection.execute(update(t.customer_fact).values(recorded_to=START))
    assert desk.take(customers=CUSTOMERS)["customers"].added == 2


def test_changes_move_a_contact_who_is_known_by_key(desk: Desk) -> None:
    desk.take(customers=CUSTOMERS, contacts="customer,key,name\nA,1,Ann\nA,2,Bob\n")
    outcome = desk.take(contacts="customer,key,name\nB,1,Ann\n", mode="changes")["contacts"]
    assert (outcome.added, outcome.ended) == (1, 1)
    assert [[c.name for c in _look(desk, ref).contacts] for ref in "AB"] == [["Bob"], ["Ann"]]


def test_files_longer_than_a_batch_are_one_import(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "BATCH", 2)
    keys = "ABCDE"
    files = {
        "customers": "key,name\n" + "".join(f"{key},Name\n" for key in keys) + "A,Again\n",
        "contacts": "customer,name\n" + "".join(f"{key},Ann\n" for key in keys) + "X,Xen\n",
        "entitlements": "customer,component,region\n" + "".join(f"{key},api,eu;us\n" for key in keys) + "E,,\n",
    }
    outcome = desk.take(**files)
    assert [(o.read, o.rejected, o.added) for o in outcome.values()] == [(6, 1, 5), (6, 1, 5), (6, 1, 10)]
    assert [row[0] for row in desk.rejected] == [7, 7, 7]
    before = desk.counts()
    assert [o.unchanged for o in desk.take(**files).values()] == [5, 5, 10]
    assert desk.counts() == before


def test_new_products_wait_for_whoever_brings_components(postgres_url: str, tmp_path: Path) -> None:
    desk = Desk(new_ledger(postgres_url), tmp_path)
    hasty = Desk(Ledger(Secret(f"{postgres_url}?options=-c%20lock_timeout%3D50ms")), tmp_path)
    with desk.ledger.write() as recording:
        desk.ledger.lock(recording, "releasewatch:catalog")
        with pytest.raises(LedgerUnavailableError, match="somebody else holds it"):
            hasty.take(customers=CUSTOMERS, products={"suite": ["shop/*"]})
        assert hasty.take(customers=CUSTOMERS)["customers"].added == 2
    assert hasty.take(customers=CUSTOMERS, products={"suite": ["shop/*"]})["customers"].unchanged == 2
