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


def directory_says_no(connection: Connection, members: Collection[UUID], contact_id: UUID | None, when: When) -> bool:
    """Whether the directory itself says that a customer, or a contact of theirs, is not to be called."""
    table = t.customer_fact if contact_id is None else t.contact
    query = select(table.c.customer_id).where(
        table.c.customer_id.in_(members), table.c.do_not_call.is_(True), when.held(table)
    )
    if contact_id is not None:
        query = query.where(t.contact.c.contact_id == contact_id)
    return connection.scalar(query.limit(1)) is not None
