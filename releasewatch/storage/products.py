"""What products are made of, and what an entitlement may say to mean a component."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from releasewatch.domain.customers import PRODUCT
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END, OPEN_START


def store_products(
    connection: Connection, products: Mapping[str, Sequence[str]], now: datetime, *, whole: bool = False
) -> bool:
    """Make the products given (product to component keys or patterns) the ledger's; True when that changed any.

    Products that are not given stay, since another repo's configuration may hold them; unless these are the `whole`.
    """
    p = t.product_component.c
    in_question = select(t.product_component).where(p.valid_to == OPEN_END, p.recorded_to == OPEN_END)
    if not whole:
        in_question = in_question.where(p.product.in_(sorted(products)))
    current = {(row.product, row.pattern): row for row in connection.execute(in_question)}
    wanted = {(product, pattern) for product, patterns in products.items() for pattern in patterns}
    known_products = set(connection.scalars(select(p.product).distinct()))
    for product, pattern in sorted(current.keys() - wanted):
        _end(connection, t.product_component, current[product, pattern], now)
    new = [
        {
            "product": product,
            "pattern": pattern,
            # What a product was made of when it was first told is taken as what it has always been.
            "valid_from": now if product in known_products else OPEN_START,
            "recorded_from": now,
            "valid_to": OPEN_END,
            "recorded_to": OPEN_END,
        }
        for product, pattern in sorted(wanted - current.keys())
    ]
    if new:
        connection.execute(insert(t.product_component), new)
    return wanted != current.keys()


def entitlements_of(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, int]:
    """How many entitlements that are in force, or will be, name each of some products; those that any names."""
    e = t.entitlement.c
    subjects = {PRODUCT + name: name for name in names}
    rows = connection.execute(
        select(e.subject, func.count())
        .where(e.subject.in_(sorted(subjects)), e.valid_to > now, e.recorded_to == OPEN_END)
        .group_by(e.subject)
        .order_by(e.subject)
    )
    return {subjects[subject]: many for subject, many in rows}


def known_products(connection: Connection) -> dict[str, list[str]]:
    """What each product is made of now: its patterns, in order."""
    p = t.product_component.c
    rows = connection.execute(
        select(p.product, p.pattern)
        .where(p.valid_to == OPEN_END, p.recorded_to == OPEN_END)
        .order_by(p.product, p.pattern)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.product, []).append(row.pattern)
    return found


def refresh_subjects(connection: Connection, now: datetime) -> None:
    """Bring `component_subject` in line with components and products: what an entitlement may say to mean each."""
    components = connection.execute(select(t.component.c.component_id, t.component.c.key, t.component.c.full_key)).all()
    by_bare: dict[str, int] = {}
    for row in components:
        by_bare[row.key] = by_bare.get(row.key, 0) + 1
    wanted: dict[tuple[str, int], bool] = {}
    for row in components:
        wanted[row.full_key, row.component_id] = True
        wanted[row.key, row.component_id] = by_bare[row.key] == 1
    p = t.product_component.c
    for product in connection.execute(
        select(p.product, p.pattern).where(p.valid_to == OPEN_END, p.recorded_to == OPEN_END)
    ):
        for row in components:
            if fnmatch.fnmatchcase(row.full_key, product.pattern) or row.key == product.pattern:
                certain = row.key != product.pattern or by_bare[row.key] == 1
                subject = f"product:{product.product}", row.component_id
                wanted[subject] = wanted.get(subject, False) or certain
    s = t.component_subject.c
    current = {
        (row.subject, row.component_id): row
        for row in connection.execute(
            select(t.component_subject).where(s.valid_to == OPEN_END, s.recorded_to == OPEN_END)
        )
    }
    seen = set(connection.execute(select(s.subject, s.component_id).distinct()))
    for pair, row in current.items():
        if wanted.get(pair) != row.certain:
            _end(connection, t.component_subject, row, now, keep=pair not in wanted)
    new = [
        {
            "subject": subject,
            "component_id": component_id,
            "valid_from": now if (subject, component_id) in seen - current.keys() else OPEN_START,
            "recorded_from": now,
            "valid_to": OPEN_END,
            "recorded_to": OPEN_END,
            "certain": certain,
        }
        for (subject, component_id), certain in sorted(wanted.items())
        if (subject, component_id) not in current or current[subject, component_id].certain != certain
    ]
    if new:
        connection.execute(insert(t.component_subject), new)


def _end(connection: Connection, table: Any, row: Any, now: datetime, *, keep: bool = True) -> None:
    """It was so until now (`keep`), or was wrong from the start. What was written at this very instant never was."""
    same = and_(*(column == getattr(row, column.name) for column in table.primary_key.columns))
    if row.recorded_from >= now:
        connection.execute(delete(table).where(same))
    else:
        connection.execute(update(table).where(same).values(recorded_to=now))
    if keep and row.valid_from < now:
        values = {column.name: getattr(row, column.name) for column in table.columns}
        connection.execute(insert(table).values({**values, "recorded_from": now, "valid_to": now}))
