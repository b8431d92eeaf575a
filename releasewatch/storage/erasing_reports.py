"""Takes a person or a customer out of what customers told us: the words go, that they told us stays countable."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import and_, delete, or_, select, update

from releasewatch.storage import tables as t

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from releasewatch.storage.personal_rows import Person

_SHORTEST_NAME = 4
"""A shorter name is found in too many words."""


def names_person(text: str, person: Person) -> bool:
    """Whether a text holds a name, an address or a number of somebody."""
    folded = text.casefold()
    said = (*person.names, *person.emails, *person.phones)
    return any(one.casefold() in folded for one in said if len(one) >= _SHORTEST_NAME)


def erase_reports_of(connection: Connection, customer_id: UUID) -> dict[str, int]:
    """Empty what one customer told us; returns how many rows went or were emptied, by table."""
    r, x = t.customer_report, t.customer_report_text
    gone = connection.execute(delete(x).where(x.c.customer_id == customer_id)).rowcount
    held = and_(r.c.customer_id == customer_id, or_(r.c.reference != "", r.c.contact_id.is_not(None)))
    emptied = connection.execute(update(r).where(held).values(reference="", reference_key="", contact_id=None))
    return {"customer_report": emptied.rowcount, "customer_report_text": gone}


def erase_reports_of_person(connection: Connection, person: Person) -> dict[str, int]:
    """Empty what one person told us, or what names them; returns how many rows went or were emptied, by table."""
    r, x = t.customer_report, t.customer_report_text
    same = and_(*(x.c[column.name] == r.c[column.name] for column in x.primary_key.columns))
    rows = connection.execute(
        select(x, r.c.contact_id).join_from(x, r, same).where(x.c.customer_id.in_(person.customers))
    ).all()
    gone = 0
    for row in rows:
        if row.contact_id == person.contact_id or names_person(f"{row.note}\n{row.quote}", person):
            this = (x.c[column.name] == getattr(row, column.name) for column in x.primary_key.columns)
            gone += connection.execute(delete(x).where(*this)).rowcount
    emptied = connection.execute(update(r).where(r.c.contact_id == person.contact_id).values(contact_id=None))
    return {"customer_report": emptied.rowcount, "customer_report_text": gone}
