"""Who a customer or contact is, and when an import must ask."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from releasewatch.domain.customers import (
    Contact,
    callable_needs_word,
    contact_id,
    customer_id,
    ending_needs_word,
)

ACME = customer_id("crm", "ACME")


def test_the_id_of_a_customer_is_written_in_stone() -> None:
    assert UUID("b233c4da-c685-573b-a8a8-02f8e90e3996") == ACME


def test_the_id_of_a_customer_depends_on_directory_and_key() -> None:
    assert len({ACME, customer_id("crm", "acme"), customer_id("erp", "ACME")}) == 3


def test_a_contact_with_a_key_stays_the_same_whatever_else_changes() -> None:
    other = customer_id("crm", "OTHER")
    before = contact_id("crm", ACME, Contact("ACME", "Ann", key="7", email="ann@example.org"))
    assert before == contact_id("crm", other, Contact("OTHER", "Ann Marie", key="7"))
    assert before != contact_id("erp", ACME, Contact("ACME", "Ann", key="7"))


def test_a_contact_without_a_key_is_known_by_email_and_then_by_name() -> None:
    by_email = contact_id("crm", ACME, Contact("ACME", "Ann", email="Ann@Example.org"))
    assert by_email == contact_id("crm", ACME, Contact("ACME", "Ann Marie", email="ann@example.org"))
    by_name = contact_id("crm", ACME, Contact("ACME", "Ann"))
    assert by_name != by_email
    assert by_name == contact_id("crm", ACME, Contact("ac", "Ann", phone="1"))
    assert by_name != contact_id("crm", customer_id("crm", "OTHER"), Contact("OTHER", "Ann"))


def test_ids_are_uuids_of_version_5() -> None:
    directory = uuid5(NAMESPACE_URL, "releasewatch:directory:crm")
    assert customer_id("crm", "Söhne") == uuid5(directory, "Söhne")
    assert contact_id("crm", ACME, Contact("ACME", "Ann", key="7")) == uuid5(directory, "contact:key:7")
    assert contact_id("crm", ACME, Contact("ACME", "Ann", email="A@b.c")) == uuid5(ACME, "contact:email:a@b.c")
    assert contact_id("crm", ACME, Contact("ACME", "Ann")) == uuid5(ACME, "contact:name:Ann")


@pytest.mark.parametrize(
    ("ending", "present", "asks"),
    [
        (5, 6, False),
        (6, 7, True),
        (6, 60, False),
        (6, 59, True),
        (100, 1000, False),
        (101, 1000, True),
        (0, 0, False),
        (5, 5, True),
        (1, 1, True),
        (1, 2, False),
        (0, 1, False),
    ],
)
def test_a_snapshot_asks_when_it_ends_more_than_a_tenth_and_more_than_five_or_all(
    ending: int, present: int, asks: bool
) -> None:
    assert ending_needs_word(ending, present) is asks


def test_what_the_file_holds_of_it_is_not_all() -> None:
    assert not ending_needs_word(1, 1, staying=1)


def test_do_not_call_may_be_switched_off_for_five() -> None:
    assert not callable_needs_word(5)
    assert callable_needs_word(6)
