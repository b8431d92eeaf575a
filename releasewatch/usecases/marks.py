"""Marking a customer or a contact by hand, and clearing that again, each with who and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.storage import marks, merges
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.marks import DO_NOT_CALL, WRONG_NUMBER
from releasewatch.storage.personal_rows import resolve_contact
from releasewatch.storage.when import When
from releasewatch.usecases.sameness import DIRECTORY_LOCK

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from uuid import UUID

    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.sameness import Word


@dataclass(frozen=True, slots=True)
class Marked:
    """What was said by hand: how many marks are new, and how many were cleared.

    `directory_says_no`: whatever was cleared, the directory says do-not-call, and that is obeyed. `elsewhere`: with how
    many others who have the same number it was marked as wrong, or cleared.
    """

    customer: str
    added: int
    cleared: int
    directory_says_no: bool
    elsewhere: int = 0


def mark(ledger: Ledger, customer: str, contact: str | None, wanted: Mapping[str, bool], word: Word) -> Marked:
    """Set (True) or clear (False) each kind of mark on a customer, or on a contact of theirs.

    A wrong number is one of the number: so is it marked, or cleared, wherever else it stands. Do-not-call is the OR of
    what the directory says and of every mark; a mark is cleared by a person alone. Raises UnknownNameError and
    AmbiguousNameError.
    """
    added = cleared = 0
    with ledger.write() as connection:
        ledger.lock(connection, DIRECTORY_LOCK)
        at = next_instant(connection, word.now)
        ref = resolve_customer(connection, customer)
        members = merges.members_of(connection, ref.customer_id)
        person = resolve_contact(connection, members, contact) if contact is not None else None
        contact_id = person.contact_id if person else None
        at_whom = sorted(person.customers & set(members)) if person else [ref.customer_id]
        for kind, on in wanted.items():
            if on:
                for one in at_whom:
                    added += marks.set_mark(connection, one, contact_id, kind, word.why, word.by, at)
            else:
                cleared += marks.clear_marks(connection, members, contact_id, kind, word.why, word.by, at)
        elsewhere = 0
        if WRONG_NUMBER in wanted and contact_id is not None:
            elsewhere = mark_number(connection, members, contact_id, word, at, wrong=wanted[WRONG_NUMBER])
        says_no = wanted.get(DO_NOT_CALL) is False and marks.directory_says_no(
            connection, members, contact_id, When(at)
        )
    return Marked(ref.key, added, cleared, says_no, elsewhere)


def mark_number(
    connection: Any, members: Collection[UUID], contact_id: UUID, word: Word, at: datetime, *, wrong: bool
) -> int:
    """Mark a contact's number as wrong, or right after all, at everybody else who has it, or had it when it was marked;
    returns at how many."""
    if not wrong:
        return marks.clear_number(connection, members, contact_id, word.why, word.by, at)
    return sum(
        marks.set_mark(connection, customer, other, WRONG_NUMBER, word.why, word.by, at)
        for customer, other in marks.who_has_their_number(connection, members, contact_id, When(at))
    )
