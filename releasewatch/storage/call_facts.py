"""What is known of customers who may be called: the directory's word, contacts, marks, aliases, keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, Select, and_, func, select

from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_once, merged_customers
from releasewatch.storage.exposure_ways import ExposureQuestion, in_view
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import everybody_in
from releasewatch.storage.sql import chunks, given_ids
from releasewatch.storage.types import LATEST

_FEW = 400
"""As many ids as fit into one statement on either database, and are soon found by it."""


@dataclass(frozen=True, slots=True)
class Members:
    """Customers and who was merged into them, as rows `member_id`, `customer_id`; and the instants of both clocks."""

    rows: CTE
    at: datetime
    known_at: datetime


def exposed_members(q: ExposureQuestion) -> Members:
    """The customers whom a deployment reaches."""
    merged = merged_customers(q)
    return _with_merged(exposed_once(q, in_view(q), merged, asked=()), merged, q.at, q.known_at)


def incident_members(q: ImpactQuestion) -> Members:
    """Everybody in an incident, and whoever was told of it or has a call about it."""
    merged = merged_at(q.known_at)
    standing = everybody_in(q).customers
    everybody = select(standing.c.customer_id).union(those_spoken_of(q, merged)).cte("everybody")
    return _with_merged(everybody, merged, q.at, q.known_at)


def spoken_of(connection: Connection, q: ImpactQuestion) -> list[UUID]:
    """Whoever was told of an incident or has a call about it."""
    return list(connection.scalars(those_spoken_of(q, merged_at(q.known_at)).distinct()))


def those_spoken_of(q: ImpactQuestion, merged: CTE) -> Select[UUID]:
    """The same as a statement, with `customer_id`; `merged`: what `merged_at` gives."""
    i, o = t.call_item.c, t.attempt_told.c
    spoken_of = (
        select(i.customer_id)
        .where(i.incident_id == q.incident_id)
        .union(select(o.customer_id).where(o.incident_id == q.incident_id))
        .subquery("spoken_of")
    )
    who = func.coalesce(merged.c.survivor_id, spoken_of.c.customer_id, type_=i.customer_id.type)
    return select(who.label("customer_id")).join_from(
        spoken_of, merged, merged.c.customer_id == spoken_of.c.customer_id, isouter=True
    )


def only_member(customer_id: UUID, now: datetime) -> Members:
    """One customer alone."""
    merged = merged_at(LATEST)
    one = select(t.customer.c.customer_id).where(t.customer.c.customer_id == customer_id).cte("only_one")
    return _with_merged(one, merged, now, LATEST)


def some_members(customers: Sequence[UUID], now: datetime) -> Members:
    """Some customers, a page of them or so."""
    merged = merged_at(LATEST)
    some = given_ids(customers).cte("some_customers")
    return _with_merged(some, merged, now, LATEST)


def chosen_members(customers: Sequence[UUID], at: datetime, known_at: datetime) -> Members:
    """Some of the customers of a list, as of the instants of it."""
    return _with_merged(given_ids(customers).cte("chosen_customers"), merged_at(known_at), at, known_at)


def members_of(customers: CTE, at: datetime, known_at: datetime) -> Members:
    """The customers of a CTE with `customer_id`, as survivors, and who was merged into them."""
    merged = merged_at(known_at)
    who = func.coalesce(merged.c.survivor_id, customers.c.customer_id, type_=t.customer.c.customer_id.type)
    survivors = select(who.label("customer_id")).join_from(
        customers, merged, merged.c.customer_id == customers.c.customer_id, isouter=True
    )
    return _with_merged(survivors.distinct().cte("survivor"), merged, at, known_at)


def merged_at(known_at: datetime) -> CTE:
    """Who is merged into whom, as known at an instant."""
    asked = ExposureQuestion(0, "", is_production=True, release="", at=known_at, known_at=known_at, label="member")
    return merged_customers(asked)


def _with_merged(customers: CTE, merged: CTE, at: datetime, known_at: datetime) -> Members:
    themselves = select(customers.c.customer_id.label("member_id"), customers.c.customer_id)
    others = select(merged.c.customer_id, merged.c.survivor_id).join_from(
        merged, customers, customers.c.customer_id == merged.c.survivor_id
    )
    return Members(themselves.union_all(others).cte("member"), at, known_at)


def gathered(connection: Connection, members: Members) -> Members:
    """The same, by id where they are few: what is asked of them next does not have to find them again."""
    member = members.rows
    rows = connection.execute(select(member.c.customer_id).distinct().limit(_FEW + 1)).all()
    if len(rows) > _FEW:
        return members
    few = given_ids([row.customer_id for row in rows]).cte("few_customers")
    return _with_merged(few, merged_at(members.known_at), members.at, members.known_at)


def keys_of(connection: Connection, customers: Sequence[UUID]) -> dict[UUID, str]:
    """The keys of some customers."""
    c = t.customer.c
    found: dict[UUID, str] = {}
    for part in chunks(customers):
        rows = connection.execute(select(c.customer_id, c.key).where(c.customer_id.in_(part)))
        found.update({row.customer_id: row.key for row in rows})
    return found


def read_keys(connection: Connection, members: Members) -> dict[UUID, str]:
    """The key of each of the customers themselves."""
    member, c = members.rows, t.customer.c
    rows = connection.execute(
        select(c.customer_id, c.key)
        .join_from(t.customer, member, member.c.member_id == c.customer_id)
        .where(member.c.member_id == member.c.customer_id)
    )
    return {row.customer_id: row.key for row in rows}


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the directory says of a customer that a call depends on.

    `name`: what they are called; `names`: they, and those whom they took over. Do-not-call and escalated are so when it
    says so of the customer or of anybody who was merged into them.
    """

    customer_tier: str
    account_manager: str
    country: str
    timezone: str
    language: str
    contract_value: Decimal | None
    currency: str
    renewal_on: date | None
    do_not_call: bool
    escalated: bool
    names: frozenset[str] = frozenset()
    name: str = ""


def read_facts(connection: Connection, members: Members) -> dict[UUID, CallFacts]:
    """What the directory says of each exposed customer; of one it has lost, what it says of whom they took over."""
    f, c = t.customer_fact.c, t.customer_contract.c
    member = members.rows
    rows = connection.execute(
        select(
            member.c.customer_id.label("survivor_id"),
            f.customer_id,
            f.name,
            f.customer_tier,
            f.account_manager,
            f.country,
            f.timezone,
            f.language,
            f.do_not_call,
            f.escalated,
            c.contract_value,
            c.currency,
            c.renewal_on,
        )
        .join_from(t.customer_fact, member, member.c.member_id == f.customer_id)
        .outerjoin(
            t.customer_contract,
            and_(
                c.customer_id == f.customer_id,
                c.valid_from <= members.at,
                c.valid_to > members.at,
                c.recorded_from <= members.known_at,
                c.recorded_to > members.known_at,
            ),
        )
        .where(
            f.valid_from <= members.at,
            f.valid_to > members.at,
            f.recorded_from <= members.known_at,
            f.recorded_to > members.known_at,
        )
    )
    # Sorted here: to have an order a database would rather read everybody than look up each one.
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    return {
        survivor: _call_facts(survivor, sorted(mine, key=attrgetter("customer_id"))) for survivor, mine in found.items()
    }


def _call_facts(survivor: UUID, rows: Sequence[Any]) -> CallFacts:
    own = next((row for row in rows if row.customer_id == survivor), rows[0])
    return CallFacts(
        own.customer_tier,
        own.account_manager,
        own.country,
        own.timezone,
        own.language,
        own.contract_value,
        own.currency or "",
        own.renewal_on,
        do_not_call=any(row.do_not_call for row in rows),
        escalated=any(row.escalated for row in rows),
        names=frozenset(row.name for row in rows if row.name),
        name=own.name if own.customer_id == survivor else "",
    )


def read_contacts(connection: Connection, members: Members) -> dict[UUID, list[Any]]:
    """The contacts of each exposed customer with their details, the primary one first, then by key."""
    c, d = t.contact.c, t.contact_detail.c
    member = members.rows
    rows = connection.execute(
        select(
            member.c.customer_id.label("survivor_id"),
            c.contact_id,
            c.key,
            c.role,
            c.language,
            c.timezone,
            c.best_from,
            c.best_to,
            c.is_primary,
            c.do_not_call,
            c.consent,
            d.name,
            d.phone,
            d.phone_e164,
            d.phone_state,
            d.email,
        )
        .join_from(t.contact, member, member.c.member_id == c.customer_id)
        .join(
            t.contact_detail,
            and_(
                d.customer_id == c.customer_id,
                d.contact_id == c.contact_id,
                d.valid_from == c.valid_from,
                d.recorded_from == c.recorded_from,
            ),
        )
        .where(
            # Said a second time, so that SQLite looks up the contacts of each instead of reading everybody's.
            c.customer_id.in_(select(member.c.member_id)),
            c.valid_from <= members.at,
            c.valid_to > members.at,
            c.recorded_from <= members.known_at,
            c.recorded_to > members.known_at,
        )
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    for mine in found.values():
        mine.sort(key=lambda row: (not row.is_primary, row.key, row.name, row.contact_id))
    return found


def read_marks(connection: Connection, members: Members) -> dict[UUID, list[Any]]:
    """The marks that our people made on exposed customers and their contacts."""
    m = t.mark.c
    member = members.rows
    rows = connection.execute(
        select(member.c.customer_id.label("survivor_id"), m.contact_id, m.kind, m.why)
        .join_from(t.mark, member, member.c.member_id == m.customer_id)
        .where(m.recorded_from <= members.known_at, m.recorded_to > members.known_at)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    return found


def customers_called(connection: Connection, names: Sequence[str]) -> set[UUID]:
    """Whoever answers to one of some names, and whoever took them over."""
    a, m = t.customer_alias.c, merged_at(LATEST)
    found: set[UUID] = set()
    for part in chunks(names):
        rows = connection.execute(
            select(a.customer_id, m.c.survivor_id)
            .join_from(t.customer_alias, m, m.c.customer_id == a.customer_id, isouter=True)
            .where(a.alias.in_(part))
        )
        found.update(one for row in rows for one in row if one is not None)
    return found


def read_aliases(connection: Connection, members: Members) -> dict[UUID, set[str]]:
    """Every name that exposed customers answer to."""
    a = t.customer_alias.c
    member = members.rows
    rows = connection.execute(
        select(member.c.customer_id, a.alias)
        .join_from(t.customer_alias, member, member.c.member_id == a.customer_id)
        .where(a.recorded_from <= members.known_at, a.recorded_to > members.known_at)
    )
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row.customer_id, set()).add(row.alias)
    return found
