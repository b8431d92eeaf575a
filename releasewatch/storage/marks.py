"""Marks that our people set and clear by hand: not to be called, a wrong number; imports never touch them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid5

from sqlalchemy import and_, func, insert, or_, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END
from releasewatch.storage.when import When

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

DO_NOT_CALL, WRONG_NUMBER = "do_not_call", "wrong_number"

_FEW = 400
"""As many numbers as are looked for in one statement; of more all that are marked are read."""


def set_mark(
    connection: Connection, customer_id: UUID, contact_id: UUID | None, kind: str, why: str, by: str, at: datetime
) -> bool:
    """Mark a customer (`contact_id` None) or a contact; False when somebody did already.

    A wrong number is marked anew where the contact has another one since.
    """
    if connection.scalar(select(t.mark.c.mark_id).where(_current([customer_id], contact_id, kind)).limit(1)):
        if kind != WRONG_NUMBER or contact_id is None:
            return False
        has = {number_of(row) for row in _details(connection, [customer_id], contact_id, When(at))} - {""}
        mine = _wrong(at).where(t.mark.c.customer_id == customer_id, t.mark.c.contact_id == contact_id)
        if not has or {number_of(row) for row in connection.execute(mine)} & {"", *has}:
            return False
    about = contact_id or customer_id
    connection.execute(
        insert(t.mark).values(
            customer_id=customer_id,
            mark_id=uuid5(about, f"{kind} {at.isoformat()}"),
            contact_id=contact_id,
            kind=kind,
            why=why,
            recorded_by=by,
            recorded_from=at,
            recorded_to=OPEN_END,
        )
    )
    return True


def clear_marks(
    connection: Connection,
    members: Collection[UUID],
    contact_id: UUID | None,
    kind: str,
    why: str,
    by: str,
    at: datetime,
) -> int:
    """Clear every mark of a kind on a customer and whom they took over, or on a contact; returns how many."""
    marks = update(t.mark).where(_current(members, contact_id, kind))
    return connection.execute(marks.values(recorded_to=at, why_cleared=why, cleared_by=by)).rowcount


def _current(members: Collection[UUID], contact_id: UUID | None, kind: str) -> ColumnElement[bool]:
    m = t.mark.c
    about = m.contact_id.is_(None) if contact_id is None else m.contact_id == contact_id
    return and_(m.customer_id.in_(members), about, m.kind == kind, m.recorded_to == OPEN_END)


def who_has_their_number(
    connection: Connection, members: Collection[UUID], contact_id: UUID, when: When
) -> list[tuple[UUID, UUID]]:
    """Who has the number of a contact of some customers, as (customer, contact), in order; never themselves.

    One number on several customers is one dial: it is the number that is wrong, whoever tried it.
    """
    d, held = t.contact_detail.c, _held_details(when)
    found: set[tuple[UUID, UUID]] = set()
    for mine in _details(connection, members, contact_id, when):
        if mine.phone_e164 or mine.phone.strip():
            same = d.phone_e164 == mine.phone_e164 if mine.phone_e164 else d.phone == mine.phone
            found |= {(row.customer_id, row.contact_id) for row in connection.execute(held.where(same))}
    return sorted(one for one in found if one[1] != contact_id)


def clear_number(
    connection: Connection, members: Collection[UUID], contact_id: UUID, why: str, by: str, at: datetime
) -> int:
    """Clear every mark of the number that a contact has now, at whomever it was made; returns at how many others."""
    numbers = {number_of(row) for row in _details(connection, members, contact_id, When(at))} - {""}
    rows = connection.execute(_of_numbers(_wrong(at), numbers)).all() if numbers else []
    m = t.mark.c
    others: set[UUID] = set()
    for row in rows:
        if number_of(row) in numbers:
            one = update(t.mark).where(m.customer_id == row.customer_id, m.mark_id == row.mark_id)
            connection.execute(one.values(recorded_to=at, why_cleared=why, cleared_by=by))
            others.add(row.contact_id)
    return len(others - {contact_id})


def wrong_numbers(connection: Connection, numbers: Collection[str], at: datetime) -> tuple[set[str], set[UUID]]:
    """Which of some numbers (see `number_of`) are marked as wrong, whoever has them; and contacts marked of whom it is
    not known which number it was.

    A mark is of the number that the contact had when it was made: whoever comes with it later has a wrong number, and
    who has another one since has not.
    """
    rows = connection.execute(_of_numbers(_wrong(at), numbers)).all()
    return (
        {number_of(row) for row in rows} & set(numbers),
        {row.contact_id for row in rows if not number_of(row)},
    )


def number_of(row: Any) -> str:
    """A number as it is compared: as it is dialled, else as it is stored; empty for none."""
    return str(row.phone_e164 or (row.phone or "").strip())


def _wrong(at: datetime) -> Any:
    """The marks of wrong numbers that hold at an instant, with the number that each was made of."""
    m, c, d = t.mark.c, t.contact.c, t.contact_detail.c
    then = and_(
        c.customer_id == m.customer_id,
        c.contact_id == m.contact_id,
        c.valid_from <= m.recorded_from,
        c.valid_to > m.recorded_from,
        c.recorded_to == OPEN_END,
    )
    return (
        select(m.customer_id, m.mark_id, m.contact_id, d.phone, d.phone_e164)
        .join_from(t.mark, t.contact, then, isouter=True)
        .join(t.contact_detail, _same_row(), isouter=True)
        .where(m.kind == WRONG_NUMBER, m.contact_id.is_not(None), m.recorded_from <= at, m.recorded_to > at)
    )


def _of_numbers(wrong: Any, numbers: Collection[str]) -> Any:
    """Those of some numbers, and of none that is known."""
    d = t.contact_detail.c
    if len(numbers) > _FEW:
        return wrong
    unknown = and_(func.coalesce(d.phone_e164, "") == "", func.trim(func.coalesce(d.phone, "")) == "")
    return wrong.where(or_(d.phone_e164.in_(numbers), func.trim(d.phone).in_(numbers), unknown))


def _same_row() -> ColumnElement[bool]:
    c, d = t.contact.c, t.contact_detail.c
    return and_(*(d[name] == c[name] for name in ("customer_id", "contact_id", "valid_from", "recorded_from")))


def _held_details(when: When) -> Any:
    d = t.contact_detail.c
    held = select(d.customer_id, d.contact_id, d.phone, d.phone_e164)
    return held.join_from(t.contact_detail, t.contact, _same_row()).where(when.held(t.contact))


def _details(connection: Connection, members: Collection[UUID], contact_id: UUID, when: When) -> Sequence[Any]:
    """The numbers that a contact of some customers has."""
    d = t.contact_detail.c
    mine = _held_details(when).where(d.customer_id.in_(members), d.contact_id == contact_id)
    return connection.execute(mine).all()


def directory_says_no(connection: Connection, members: Collection[UUID], contact_id: UUID | None, when: When) -> bool:
    """Whether the directory itself says that a customer, or a contact of theirs, is not to be called."""
    table = t.customer_fact if contact_id is None else t.contact
    query = select(table.c.customer_id).where(
        table.c.customer_id.in_(members), table.c.do_not_call.is_(True), when.held(table)
    )
    if contact_id is not None:
        query = query.where(t.contact.c.contact_id == contact_id)
    return connection.scalar(query.limit(1)) is not None
