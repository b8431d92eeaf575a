"""Who could be called about a deployment, with what is known of them; and the calls that were planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, and_, func, insert, select

from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_once, merged_customers
from releasewatch.storage.exposure_ways import ExposureQuestion, in_view
from releasewatch.storage.sql import chunks, digest_of, next_number
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the directory says of a customer that a call depends on.

    `names`: what they, and those whom they took over, are called. Do-not-call and escalated are so when it says so of
    the customer or of anybody who was merged into them.
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


def _members(q: ExposureQuestion) -> CTE:
    """The exposed customers and who was merged into them: `member_id`, and the survivor as `customer_id`."""
    merged = merged_customers(q)
    exposed = exposed_once(q, in_view(q), merged)
    themselves = select(exposed.c.customer_id.label("member_id"), exposed.c.customer_id)
    others = select(merged.c.customer_id, merged.c.survivor_id).join_from(
        merged, exposed, exposed.c.customer_id == merged.c.survivor_id
    )
    return themselves.union_all(others).cte("member")


def read_facts(connection: Connection, q: ExposureQuestion) -> dict[UUID, CallFacts]:
    """What the directory says of each exposed customer; of one it has lost, what it says of whom they took over."""
    f, c = t.customer_fact.c, t.customer_contract.c
    member = _members(q)
    rows = connection.execute(
        select(
            member.c.customer_id.label("survivor_id"),
            t.customer_fact,
            c.contract_value,
            c.currency,
            c.renewal_on,
        )
        .join_from(t.customer_fact, member, member.c.member_id == f.customer_id)
        .outerjoin(
            t.customer_contract,
            and_(
                c.customer_id == f.customer_id,
                c.valid_from <= q.at,
                c.valid_to > q.at,
                c.recorded_from <= q.known_at,
                c.recorded_to > q.known_at,
            ),
        )
        .where(f.valid_from <= q.at, f.valid_to > q.at, f.recorded_from <= q.known_at, f.recorded_to > q.known_at)
        .order_by(f.customer_id)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    return {survivor: _call_facts(survivor, mine) for survivor, mine in found.items()}


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
    )


def read_contacts(connection: Connection, q: ExposureQuestion) -> dict[UUID, list[Any]]:
    """The contacts of each exposed customer with their details, the primary one first, then by key."""
    c, d = t.contact.c, t.contact_detail.c
    member = _members(q)
    rows = connection.execute(
        select(
            member.c.customer_id.label("survivor_id"), t.contact, d.name, d.phone, d.phone_e164, d.phone_state, d.email
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
        .where(c.valid_from <= q.at, c.valid_to > q.at, c.recorded_from <= q.known_at, c.recorded_to > q.known_at)
        .order_by(member.c.customer_id, c.is_primary.desc(), c.key, d.name, c.contact_id)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    return found


def read_marks(connection: Connection, q: ExposureQuestion) -> dict[UUID, list[Any]]:
    """The marks that our people made on exposed customers and their contacts."""
    m = t.mark.c
    member = _members(q)
    rows = connection.execute(
        select(member.c.customer_id.label("survivor_id"), m.contact_id, m.kind, m.why)
        .join_from(t.mark, member, member.c.member_id == m.customer_id)
        .where(m.recorded_from <= q.known_at, m.recorded_to > q.known_at)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(row)
    return found


def read_aliases(connection: Connection, q: ExposureQuestion) -> dict[UUID, set[str]]:
    """Every name that exposed customers answer to."""
    a = t.customer_alias.c
    member = _members(q)
    rows = connection.execute(
        select(member.c.customer_id, a.alias)
        .join_from(t.customer_alias, member, member.c.member_id == a.customer_id)
        .where(a.recorded_from <= q.known_at, a.recorded_to > q.known_at)
    )
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row.customer_id, set()).add(row.alias)
    return found


def breaking_touches(connection: Connection, deployment_id: int) -> set[tuple[int, int]]:
    """What a breaking change of a deployment touches, unless it was reverted in the same range.

    As `(component_id, baseline_no)`: against another baseline it may be old.
    """
    touch, change = t.change_component.c, t.change.c
    return {
        (row.component_id, row.baseline_no)
        for row in connection.execute(
            select(touch.component_id, touch.baseline_no)
            .join_from(
                t.change_component,
                t.change,
                and_(change.deployment_id == touch.deployment_id, change.change_no == touch.change_no),
            )
            .where(
                touch.deployment_id == deployment_id,
                change.breaking.is_(True),
                change.side == "added",
                change.reverted_by.is_(None),
            )
            .distinct()
        )
    }


def planned_calls(connection: Connection, deployment_id: int) -> dict[UUID, Any]:
    """The calls that a deployment has an item in: `customer_id -> (call_id, status, purpose)`.

    A call of somebody who was merged is the survivor's, who comes first where both have one.
    """
    i, c, m = t.call_item.c, t.call.c, t.customer_merge.c
    rows = connection.execute(
        select(
            func.coalesce(m.survivor_id, i.customer_id, type_=i.customer_id.type).label("customer_id"),
            i.call_id,
            i.purpose,
            c.status,
        )
        .join_from(t.call_item, t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .outerjoin(t.customer_merge, and_(m.customer_id == i.customer_id, m.recorded_to == OPEN_END))
        .where(i.deployment_id == deployment_id, i.withdrawn_at.is_(None))
        .order_by(m.customer_id.is_(None), i.call_id)
    )
    return {row.customer_id: row for row in rows}


def open_care_calls(connection: Connection, customers: Sequence[UUID]) -> dict[UUID, int]:
    """The open care call of each customer that has one: a customer has at most one, and new reasons join it."""
    c = t.call.c
    found: dict[UUID, int] = {}
    for part in chunks(customers):
        rows = connection.execute(
            select(c.customer_id, c.call_id).where(c.customer_id.in_(part), c.call_group == "care", c.status == "open")
        )
        found.update({row.customer_id: row.call_id for row in rows})
    return found


def add_calls(
    connection: Connection,
    deployment_id: int,
    wanted: Sequence[tuple[UUID, str, str]],
    now: datetime,
) -> int:
    """Make a call, or a further item in the customer's open one, for each `(customer_id, purpose, verdict)`.

    Returns how many items are new; what is there already stays as it is.
    """
    known = planned_calls(connection, deployment_id)
    missing = [entry for entry in wanted if entry[0] not in known]
    joined = open_care_calls(connection, [customer for customer, _, _ in missing])
    new = [entry for entry in missing if entry[0] not in joined]
    first = next_number(connection, "call", len(new)) if new else 0
    numbers = {entry[0]: first + place for place, entry in enumerate(new)}
    if new:
        connection.execute(
            insert(t.call),
            [
                {
                    "customer_id": customer,
                    "call_id": numbers[customer],
                    "call_group": "care",
                    "status": "open",
                    "created_at": now,
                }
                for customer, _, _ in new
            ],
        )
    if missing:
        connection.execute(
            insert(t.call_item),
            [
                {
                    "customer_id": customer,
                    "call_id": numbers.get(customer, joined.get(customer)),
                    "deployment_id": deployment_id,
                    "purpose": purpose,
                    "verdict": verdict,
                    "added_at": now,
                    "withdrawn_at": None,
                    "why_withdrawn": "",
                }
                for customer, purpose, verdict in missing
            ],
        )
    return len(missing)


def save_list(
    connection: Connection,
    deployment_id: int,
    content: Iterable[tuple[str, str]],
    now: datetime,
    settings_version: int | None = None,
) -> int:
    """Keep that a list was planned; returns its version, which rises when `(customer, verdict)` pairs changed, or the
    version of the settings that ranked it."""
    c = t.call_list.c
    digest = digest_of(sorted(content))
    last = connection.execute(
        select(c.version, c.digest, c.settings_version)
        .where(c.deployment_id == deployment_id)
        .order_by(c.version.desc())
        .limit(1)
    ).first()
    if last is not None and (last.digest, last.settings_version) == (digest, settings_version):
        return int(last.version)
    version = (last.version if last is not None else 0) + 1
    connection.execute(
        insert(t.call_list).values(
            deployment_id=deployment_id,
            version=version,
            planned_at=now,
            digest=digest,
            settings_version=settings_version,
        )
    )
    return int(version)


def list_version(connection: Connection, deployment_id: int) -> int | None:
    """The version of a deployment's list; None when none was planned."""
    c = t.call_list.c
    found = connection.scalar(select(func.max(c.version)).where(c.deployment_id == deployment_id))
    return None if found is None else int(found)
