"""One customer is one customer: aliases said by hand, merges, and what is read through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from releasewatch.domain.customers import customer_id
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage import calls
from releasewatch.storage import tables as t
from releasewatch.storage.calls import ListOf, Wanted
from releasewatch.storage.customers import When, get_customer, list_customers, resolve_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.sameness import Word, change_aliases, merge_customers, undo_merge
from tests.support.directories import DAY, START, Desk

FOUR = "key,name,aliases,parent,do_not_call\nA,Acme,acme.example;t-1,,\nB,Bee,b.example,A,yes\nC,Cask,,,\nD,Dent,,,\n"


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    desk = Desk(ledger, tmp_path)
    desk.take(
        customers=FOUR,
        contacts="customer,name\nA,Ann Ashgrove\nB,Bob Birch\n",
        entitlements="customer,component,region\nA,api,eu\nB,api,us\nb.example,web,\n",
    )
    return desk


def word(desk: Desk, why: str = "they said so") -> Word:
    """A person's word, a little later than whatever was said before."""
    desk.now += DAY / 24
    return Word("mara@example.org", why, desk.now)


def key_of(desk: Desk, name: str) -> str:
    with desk.ledger.read() as connection:
        return resolve_customer(connection, name).key


def details(desk: Desk, name: str, when: When | None = None) -> Any:
    with desk.ledger.read() as connection:
        return get_customer(connection, resolve_customer(connection, name), when or When(desk.now))


def test_an_alias_by_hand_is_taken_everywhere_and_no_import_ends_it(desk: Desk) -> None:
    done = change_aliases(desk.ledger, "A", ["desk-77", "t-1"], [], word(desk))
    assert (done.added, done.unchanged) == (2, 0), "the directory's own becomes the person's too"
    assert change_aliases(desk.ledger, "A", ["desk-77"], [], word(desk)).unchanged == 1
    desk.take(
        customers="key,name,aliases\nA,Acme,\nB,Bee,b.example\nC,Cask,\nD,Dent,\n",
        contacts="customer,name\ndesk-77,Ann Ashgrove\nt-1,Tim Thorn\n",
        entitlements="customer,component\ndesk-77,api\nB,web\n",
    )
    assert desk.rejected == []
    assert {key_of(desk, name) for name in ("desk-77", "t-1")} == {"A"}
    assert details(desk, "A").aliases == ("desk-77", "t-1"), "acme.example was the directory's alone"
    assert [one.name for one in details(desk, "A").contacts] == ["Ann Ashgrove", "Tim Thorn"]


def test_a_directory_alias_that_a_person_removed_stays_removed(desk: Desk) -> None:
    change_aliases(desk.ledger, "A", [], ["acme.example"], word(desk))
    change_aliases(desk.ledger, "C", ["acme.example"], [], word(desk))
    desk.take(customers=FOUR, contacts="customer,name\nacme.example,Cy Cole\n", accept_ending=2)
    assert desk.rejected == []
    assert key_of(desk, "acme.example") == "C"
    assert [one.name for one in details(desk, "C").contacts] == ["Cy Cole"]
    desk.take(customers="key,name\nA,Acme\n", mode="changes")
    assert details(desk, "A").aliases == ("t-1",)
    change_aliases(desk.ledger, "C", [], ["acme.example"], word(desk))
    change_aliases(desk.ledger, "A", ["acme.example"], [], word(desk, "theirs after all"))
    assert key_of(desk, "acme.example") == "A"


@pytest.mark.parametrize("name", ["b.example", "B"])
def test_a_name_of_somebody_else_is_refused_with_who_it_is(desk: Desk, name: str) -> None:
    with pytest.raises(RefusedError, match=r"customer B answers to"):
        change_aliases(desk.ledger, "A", ["new-name", name], [], word(desk))
    assert "new-name" not in details(desk, "A").aliases, "all or nothing"


def test_what_cannot_be_removed(desk: Desk) -> None:
    with pytest.raises(InvalidCallError, match="does not answer to"):
        change_aliases(desk.ledger, "A", [], ["b.example"], word(desk))
    with pytest.raises(InvalidCallError, match="key of the customer"):
        change_aliases(desk.ledger, "A", [], ["A"], word(desk))


def test_a_chain_of_merges_is_read_through_whatever_its_length_and_order(desk: Desk) -> None:
    merge_customers(desk.ledger, "A", "B", word(desk, "acquired"))
    between = desk.now
    merge_customers(desk.ledger, "B", "C", word(desk, "acquired too"))
    merge_customers(desk.ledger, "C", "D", word(desk, "and on"))
    assert {key_of(desk, name) for name in ("A", "acme.example", "crm:A", "b.example", "C")} == {"D"}
    now = details(desk, "A")
    assert (now.ref.key, [one.key for one in now.merged]) == ("D", ["A", "B", "C"])
    assert sorted((one.subject, one.of) for one in now.entitlements) == [("api", "A"), ("api", "B"), ("web", "B")]
    assert [(one.name, one.of) for one in now.contacts] == [("Ann Ashgrove", "A"), ("Bob Birch", "B")]
    assert set(now.aliases) == {"A", "B", "C", "acme.example", "b.example", "t-1"}
    with desk.ledger.read() as connection:
        assert [(line.key, line.entitlements) for line in list_customers(connection, When(desk.now))] == [("D", 3)]
        then = list(list_customers(connection, When(desk.now, known_at=between)))
    assert [(line.key, line.entitlements) for line in then] == [("B", 3), ("C", 0), ("D", 0)]
    with pytest.raises(RefusedError, match="B was merged on since"):
        undo_merge(desk.ledger, "A", word(desk))
    undo_merge(desk.ledger, "C", word(desk, "sold again"))
    assert [key_of(desk, name) for name in "ABCD"] == ["C", "C", "C", "D"]
    undo_merge(desk.ledger, "B", word(desk, "sold again"))
    assert [key_of(desk, name) for name in "ABCD"] == ["B", "B", "C", "D"]
    undo_merge(desk.ledger, "A", word(desk))
    assert key_of(desk, "A") == "A"


def test_merges_that_make_no_sense(desk: Desk) -> None:
    merge_customers(desk.ledger, "A", "B", word(desk))
    assert merge_customers(desk.ledger, "A", "B", word(desk)).already
    with pytest.raises(RefusedError, match="was merged into B already"):
        merge_customers(desk.ledger, "A", "C", word(desk))
    with pytest.raises(InvalidCallError, match="into itself"):
        merge_customers(desk.ledger, "C", "C", word(desk))
    with pytest.raises(InvalidCallError, match="make a circle"):
        merge_customers(desk.ledger, "B", "A", word(desk))
    merge_customers(desk.ledger, "B", "C", word(desk))
    with pytest.raises(InvalidCallError, match="make a circle"):
        merge_customers(desk.ledger, "C", "A", word(desk))
    with pytest.raises(InvalidCallError, match="merged into nobody"):
        undo_merge(desk.ledger, "D", word(desk))


def test_a_new_crm_may_give_the_old_key_as_an_alias_once_both_are_one(desk: Desk, tmp_path: Path) -> None:
    new = Desk(desk.ledger, tmp_path, "new", now=desk.now)
    new.take(customers="key,name,aliases\n0017,Acme,A\n")
    assert new.rejected == [(2, "aliases", "holds a name that the customer A goes by")]
    new.take(customers="key,name\n0017,Acme\n")
    desk.now = new.now
    merge_customers(desk.ledger, "crm:A", "new:0017", word(desk, "the new CRM"))
    new.now = desk.now
    new.take(customers="key,name,aliases\n0017,Acme,A\n", contacts="customer,name\nA,Ann Ashgrove\n")
    assert new.rejected == []
    assert (key_of(desk, "A"), key_of(desk, "acme.example")) == ("0017", "0017")
    third = Desk(desk.ledger, tmp_path, "third", now=new.now)
    third.take(contacts="customer,name\nA,Tim Thorn\n")
    assert third.rejected == [], "two who are one customer are nothing to ask about"


def test_parents_and_children_by_any_name(desk: Desk) -> None:
    assert (details(desk, "B").parent, details(desk, "A").children) == ("A", ("B",))
    merge_customers(desk.ledger, "A", "C", word(desk))
    assert (details(desk, "B").parent, details(desk, "C").children) == ("C", ("B",))
    desk.take(customers="key,name,parent\nB,Bee,nobody known\n", mode="changes")
    assert details(desk, "B").parent == "nobody known"


def _open_calls(desk: Desk) -> dict[str, list[tuple[int, str]]]:
    """Deployment and purpose of what is in the open calls, by the key of their customer."""
    c, i, call = t.customer.c, t.call_item.c, t.call.c
    query = (
        select(c.key, i.deployment_id, i.purpose)
        .join_from(t.call_item, t.call, (call.customer_id == i.customer_id) & (call.call_id == i.call_id))
        .join(t.customer, c.customer_id == i.customer_id)
        .where(call.status == "open", i.withdrawn_at.is_(None))
        .order_by(c.key, i.deployment_id)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    with desk.ledger.read() as connection:
        for key, deployment, purpose in connection.execute(query):
            found.setdefault(key, []).append((deployment, purpose))
    return found


def test_open_calls_join_the_survivors_and_part_again(desk: Desk) -> None:
    ids = {key: customer_id("crm", key) for key in "ABCD"}
    with desk.ledger.write() as connection:
        first = [Wanted(ids["A"], "heads_up", "write"), Wanted(ids["B"], "heads_up", "write")]
        calls.put_items(connection, "care", ListOf(deployment_id=1), first, START)
        second = [Wanted(ids["A"], "good_news", "call")]
        calls.put_items(connection, "care", ListOf(deployment_id=2), second, START)
    before = _open_calls(desk)
    assert merge_customers(desk.ledger, "A", "B", word(desk)).calls == 1
    assert _open_calls(desk) == {"B": [(1, "heads_up"), (2, "good_news")]}
    with desk.ledger.read() as connection:
        assert calls.planned_customers(connection, ListOf(deployment_id=2)) == {ids["B"]}
    assert undo_merge(desk.ledger, "A", word(desk)).calls == 1
    assert _open_calls(desk) == before == {"A": [(1, "heads_up"), (2, "good_news")], "B": [(1, "heads_up")]}
    assert merge_customers(desk.ledger, "A", "C", word(desk)).calls == 1
    assert _open_calls(desk) == {"B": [(1, "heads_up")], "C": [(1, "heads_up"), (2, "good_news")]}
