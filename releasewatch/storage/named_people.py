"""Finds the people whom texts name: only what the texts' own words can mean is read, never everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from releasewatch.domain.text_marks import FEWEST_DIGITS
from releasewatch.storage import tables as t
from releasewatch.storage.readable import may_read
from releasewatch.storage.sql import words_written_out

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from releasewatch.domain.text_marks import Marks

_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789"
_PAIRS = frozenset(first + second for first in _PLAIN for second in _PLAIN)
_AT_ONCE = 5000
_SPACING = " -/().+\u00a0_"


_NAMES = (t.contact_detail, t.staff_person, t.change_author, t.release_author, t.deployment_person)


def may_look(connection: Connection) -> bool:
    """Whether the role that is connected may read the names of people."""
    return all(may_read(connection, table) for table in _NAMES)


def begins_as(column: Any, beginnings: Collection[str]) -> ColumnElement[bool]:
    """Whether a name can begin as one of the words does: of what begins with no ASCII letter only a scan can tell."""
    return func.lower(func.substr(column, 1, 2)).not_in(words_written_out(sorted(_PAIRS.difference(beginnings))))


def customers_like(connection: Connection, marks: Marks, at: datetime) -> set[str]:
    """Names and aliases of current customers that can stand in texts with these marks."""
    f, a = t.customer_fact.c, t.customer_alias.c
    held = (f.valid_from <= at, f.valid_to > at, f.recorded_from <= at, f.recorded_to > at, f.name != "")
    names = select(f.name).where(*held, begins_as(f.name, marks.beginnings))
    aliases = select(a.alias).where(a.recorded_from <= at, a.recorded_to > at, begins_as(a.alias, marks.beginnings))
    return _held(connection, names, marks) | _held(connection, aliases, marks)


def contacts_like(connection: Connection, marks: Marks) -> set[str]:
    """Names of people at customers that can stand in texts with these marks."""
    name = t.contact_detail.c.name
    return _held(connection, select(name).where(name != "", begins_as(name, marks.beginnings)).distinct(), marks)


def _held(connection: Connection, names: Any, marks: Marks) -> set[str]:
    """Those of the names, read one by one however many there are, that can stand in the texts."""
    with connection.execute(names, execution_options={"yield_per": _AT_ONCE}) as rows:
        return {name for name in rows.scalars() if marks.may_hold(name)}


def contacts_at(connection: Connection, addresses: Collection[str]) -> set[str]:
    """Which of these addresses, in lower case, are those of people at customers."""
    return _among(connection, t.contact_detail.c.email, addresses)


def contacts_called(connection: Connection, numbers: Mapping[str, str]) -> Iterator[str]:
    """Which numbers, as they are written, reach people at customers; with their digits without leading zeros."""
    if not numbers:
        return
    d = t.contact_detail.c
    bare: ColumnElement[str] = d.phone
    for character in _SPACING:
        bare = func.replace(bare, character, "")
    kept = []
    ends = sorted({digits[-FEWEST_DIGITS:] for digits in numbers.values()})
    for place in range(0, len(ends), _AT_ONCE):
        tails = ends[place : place + _AT_ONCE]
        wanted = or_(
            and_(d.phone_e164 != "", _tail(d.phone_e164).in_(tails)),
            and_(d.phone_e164 == "", d.phone != "", _tail(bare).in_(tails)),
        )
        rows = connection.execute(select(d.phone_e164, d.phone).where(wanted).distinct())
        kept += ["".join(filter(str.isdigit, row.phone_e164 or row.phone)) for row in rows]
    for written, digits in numbers.items():
        if any(one.endswith(digits) for one in kept):
            yield written


def account_managers_like(connection: Connection, beginnings: Collection[str]) -> set[str]:
    """Account managers by the directory, and our people by the staff file, that such words can name."""
    found = set()
    for column in (t.customer_fact.c.account_manager, t.staff.c.staff, t.staff_person.c.name):
        query = select(column).where(column != "", begins_as(column, beginnings)).distinct()
        found |= set(connection.scalars(query))
    return found


def authors_like(connection: Connection, beginnings: Collection[str]) -> set[str]:
    """Who wrote changes and who deployed, that such words can name."""
    found = set()
    people = (t.change_author.c.name, t.release_author.c.name, t.deployment_person.c.actor, t.forge_person.c.author)
    for column in people:
        found |= set(connection.scalars(select(column).where(column != "", begins_as(column, beginnings)).distinct()))
    return found


def ours_at(connection: Connection, addresses: Collection[str]) -> set[str]:
    """Which of these addresses, in lower case, are those of our people."""
    columns = (
        t.staff_person.c.email,
        t.change_author.c.email,
        t.release_author.c.email,
        t.deployment_person.c.actor,
        t.customer_fact.c.account_manager,
    )
    return {one for column in columns for one in _among(connection, column, addresses)}


def deployments_among(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Which of these deployments there are."""
    if not numbers:
        return set()
    number = t.deployment.c.deployment_id
    return set(connection.scalars(select(number).where(number.in_(sorted(numbers)))))


def _tail(column: ColumnElement[str]) -> ColumnElement[str]:
    return func.substr(column, func.length(column) - FEWEST_DIGITS + 1)


def _among(connection: Connection, column: Any, addresses: Iterable[str]) -> set[str]:
    wanted = sorted(set(addresses))
    if not wanted:
        return set()
    low = func.lower(column)
    return set(connection.scalars(select(low).where(low.in_(wanted)).distinct()))
