"""Imports a contacts file: the person at one place, role, hours and permissions at another, both with both clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, insert, literal, or_, select, update

from releasewatch.domain.customers import FileOutcome
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.clocks import CLOCKS, close_current, fresh, instant, is_current
from releasewatch.storage.imports.repeats import any_repeated, contradictions, drop_repeats
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import FromClause, Select

ROLE = ("key", "role", "language", "timezone", "best_from", "best_to", "is_primary", "do_not_call", "consent")
PERSON = ("name", "phone", "phone_e164", "phone_state", "email")
IDS = ("customer_id", "contact_id")
_STATED = {
    "customer_id": "customer",
    **{name: name.removeprefix("is_") for name in ROLE},
    **{name: name for name in ("name", "phone", "email")},
}
"""What rows about one contact must agree in, with the names of the columns."""

_KEEPS = (s.KEPT_CONTACT, "contact_id")


def plan_contacts(imp: s.Import, read: int, columns: Collection[str]) -> FileOutcome:
    """Compare what was staged with the ledger; nothing is written there. `columns`: those that the file has."""
    connection, c = imp.connection, s.contact.c
    repeated = 0
    if any_repeated(imp, s.contact, "contact_id"):
        repeated = drop_repeats(imp, s.contact, "contact_id", _STATED)
        again = contradictions(s.contact, "contact_id", _STATED, ("is the contact of line ", " again, with another "))
        s.reject_staged(imp, "contacts", again, s.contact, _KEEPS)
    recorded = _recorded(imp)
    same = and_(c.contact_id == recorded.c.contact_id, c.customer_id == recorded.c.customer_id)
    absent = [] if imp.is_snapshot else _not_stated(columns)
    if absent:
        connection.execute(update(s.contact).where(same).values({name: recorded.c[name] for name in absent}))
    differing = or_(*(c[name].is_distinct_from(recorded.c[name]) for name in (*ROLE, *PERSON)))
    connection.execute(update(s.contact).where(same).values(state=case((differing, s.CHANGED), else_=s.SAME)))
    gone = _not_there_any_more(recorded) if imp.is_snapshot else _moved(recorded)
    connection.execute(insert(s.ended).from_select(["kind", "customer_id", "contact_id"], gone))
    return replace(_outcome(imp, read, recorded), repeated=repeated)


def _not_stated(columns: Collection[str]) -> list[str]:
    called = {"is_primary": "primary", "phone_e164": "phone", "phone_state": "phone"}
    return [name for name in (*ROLE, *PERSON) if called.get(name, name) not in columns]


def _recorded(imp: s.Import) -> FromClause:
    """The current contacts that this directory stated, each with the person (who may have been erased)."""
    c, d = t.contact, t.contact_detail
    same = [d.c[name] == c.c[name] for name in (*IDS, "valid_from", "recorded_from")]
    return (
        select(*(c.c[name] for name in (*IDS, *ROLE)), *(d.c[name] for name in PERSON))
        .join_from(c, d, and_(*same), isouter=True)
        .where(is_current(c), c.c.import_id.in_(s.runs_of(imp, "contacts")))
        .subquery()
    )


def _moved(recorded: FromClause) -> Select[Any]:
    """Contacts known by a key that the file states of another customer."""
    c, r = s.contact.c, recorded.c
    return select(literal("contacts"), r.customer_id, r.contact_id).join_from(
        recorded, s.contact, and_(c.contact_id == r.contact_id, c.customer_id != r.customer_id)
    )


def _not_there_any_more(recorded: FromClause) -> Select[Any]:
    c, one, all_of = s.contact.c, s.kept.alias("kept_one"), s.kept.alias("kept_all")
    r = recorded.c
    return (
        select(literal("contacts"), r.customer_id, r.contact_id)
        .select_from(recorded)
        .outerjoin(s.contact, and_(c.contact_id == r.contact_id, c.customer_id == r.customer_id))
        .outerjoin(one, and_(one.c.kind == s.KEPT_CONTACT, one.c.id == r.contact_id))
        .outerjoin(all_of, and_(all_of.c.kind == s.KEPT_CONTACTS_OF, all_of.c.id == r.customer_id))
        .where(c.line.is_(None), one.c.id.is_(None), all_of.c.id.is_(None))
    )


def _outcome(imp: s.Import, read: int, recorded: FromClause) -> FileOutcome:
    c = s.contact.c
    states = s.count_by(imp, c.state)
    silenced = (
        select(func.count(c.customer_id.distinct()))
        .join_from(
            s.contact, recorded, and_(c.contact_id == recorded.c.contact_id, c.customer_id == recorded.c.customer_id)
        )
        .where(recorded.c.do_not_call, c.do_not_call.is_(False))
    )
    return FileOutcome(
        kind="contacts",
        read=read,
        rejected=s.rejected_rows(imp, "contacts"),
        added=states.get(s.NEW, 0),
        changed=states.get(s.CHANGED, 0),
        ended=s.count(imp, select(func.count()).select_from(s.ended).where(s.ended.c.kind == "contacts")),
        unchanged=states.get(s.SAME, 0),
        present=s.count(imp, select(func.count()).select_from(recorded)),
        made_callable=s.count(imp, silenced),
        suppressed=imp.suppressed["contacts"],
    )


def write_contacts(imp: s.Import, import_id: int, starts_at: datetime) -> None:
    """Write what was planned. `starts_at`: since when a contact who was not known before has been one."""
    connection, c = imp.connection, s.contact.c
    changed = select(c.customer_id, c.contact_id).where(c.state == s.CHANGED).subquery()
    # Another directory may state the same person.
    ours = t.contact.c.import_id.in_(s.runs_of(imp, "contacts"))
    close_current(connection, t.contact, imp.at, changed, IDS, ours)
    close_current(connection, t.contact, imp.at, s.ended_of("contacts"), IDS, ours)
    _carry_over(imp, import_id)
    starts = case((c.state == s.CHANGED, instant(imp.at)), else_=instant(starts_at))
    for table, names in ((t.contact, ROLE), (t.contact_detail, PERSON)):
        clocks = dict(zip(CLOCKS, fresh(starts, imp.at), strict=True))
        columns = [*IDS, *names]
        values = [c[name] for name in columns]
        if table is t.contact:
            columns += [*CLOCKS, "import_id"]
            values += [*clocks.values(), literal(import_id)]
        else:
            columns += ["valid_from", "recorded_from"]
            values += [clocks["valid_from"], clocks["recorded_from"]]
        rows = select(*values).where(c.state != s.SAME).order_by(c.customer_id, c.contact_id)
        with s.without_indexes(imp, table):
            connection.execute(insert(table).from_select(columns, rows))


def _carry_over(imp: s.Import, import_id: int) -> None:
    """Say anew of contacts whose record was just closed that they were so until now, and with them the person."""
    c, d = t.contact, t.contact_detail
    closed = and_(c.c.recorded_to == imp.at, c.c.valid_from < imp.at)
    role = [c.c[name] for name in (*IDS, *ROLE)]
    clocks = [c.c.valid_from, instant(imp.at), instant(imp.at), instant(OPEN_END), literal(import_id)]
    imp.connection.execute(
        insert(c).from_select(
            [*IDS, *ROLE, "valid_from", "recorded_from", "valid_to", "recorded_to", "import_id"],
            select(*role, *clocks).where(closed),
        )
    )
    same = [d.c[name] == c.c[name] for name in (*IDS, "valid_from", "recorded_from")]
    person = [d.c[name] for name in (*IDS, *PERSON)]
    imp.connection.execute(
        insert(d).from_select(
            [*IDS, *PERSON, "valid_from", "recorded_from"],
            select(*person, c.c.valid_from, instant(imp.at)).join_from(c, d, and_(*same)).where(closed),
        )
    )
