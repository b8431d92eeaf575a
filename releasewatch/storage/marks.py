"""Marks that our people set and clear by hand: not to be called, a wrong number; imports never touch them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid5

from sqlalchemy import and_, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

    from releasewatch.storage.when import When

DO_NOT_CALL, WRONG_NUMBER = "do_not_call", "wrong_number"


def set_mark(
    connection: Connection, customer_id: UUID, contact_id: UUID | None, kind: str, why: str, by: str, at: datetime
) -> bool:
    """Mark a customer (`contact_id` None) or a contact; False when somebody did already."""
    if connection.scalar(select(t.mark.c.mark_id).where(_current([customer_id], contact_id, kind)).limit(1)):
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
    c, d = t.contact.c, t.contact_detail.c
    same_row = and_(*(d[name] == c[name] for name in ("customer_id", "contact_id", "valid_from", "recorded_from")))
    held = select(d.customer_id, d.contact_id, d.phone, d.phone_e164).join_from(t.contact_detail, t.contact, same_row)
    held = held.where(when.held(t.contact))
    found: set[tuple[UUID, UUID]] = set()
    for mine in connection.execute(held.where(d.customer_id.in_(members), d.contact_id == contact_id)).all():
        if mine.phone_e164 or mine.phone.strip():
            same = d.phone_e164 == mine.phone_e164 if mine.phone_e164 else d.phone == mine.phone
            found |= {(row.customer_id, row.contact_id) for row in connection.execute(held.where(same))}
    return sorted(one for one in found if one[1] != contact_id)


def directory_says_no(connection: Connection, members: Collection[UUID], contact_id: UUID | None, when: When) -> bool:
    """Whether the directory itself says that a customer, or a contact of theirs, is not to be called."""
    table = t.customer_fact if contact_id is None else t.contact
    query = select(table.c.customer_id).where(
        table.c.customer_id.in_(members), table.c.do_not_call.is_(True), when.held(table)
    )
    if contact_id is not None:
        query = query.where(t.contact.c.contact_id == contact_id)
    return connection.scalar(query.limit(1)) is not None
