"""Who may stand highest on a long list of calls: at most what each one's score can be, added up in SQL.

A score is a sum of whole numbers, and most of its parts are facts that a statement can read. Where one cannot be read
exactly, as much as it can give is taken: nobody's score is above the bound. So whoever is ranked exactly, because their
bound is among the highest, holds everybody who can be among the first.

Of very many whom a deployment reaches nobody's facts are read but those of who is worth most (`call_worth.py`): whoever
is not among these has fewer points of their own, and cannot stand before so many of them as the list holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, Select, func, literal, select, union_all

from releasewatch.domain.call_purposes import IN_IT
from releasewatch.storage import tables as t
from releasewatch.storage.call_scored import NAMED_KIND, CareScores, Scored, member_question
from releasewatch.storage.exposure_rows import merged_customers, survivor
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import everybody_in
from releasewatch.storage.sql import chunks, one_by_one

VERY_MANY = 20
"""Where so many times as many are reached as a list holds, those who are worth most are looked for first."""

_MARGINS = (1.5, 4.0)
"""So many times as many as a list holds are asked whether they are reached; the next, where it was too few."""

_COLUMNS = ("customer_id", "kind", "points", "timezone", "country", "live_from", "carrying_until", "loose")


@dataclass(frozen=True, slots=True)
class Top:
    """The highest of a list. `counts`: how many there are of each kind; `rows`: those who may be among the first."""

    counts: Mapping[str, int]
    rows: Sequence[Any]


def find_top(connection: Connection, scored: Scored, width: int, always: str = "", *, by_key: bool) -> Top:
    """How many there are of each kind, and everybody who may be among the first `width` by bound.

    `always`: a kind that is given whole. `by_key`: of equals the first by key are enough.
    """
    if scored.care is not None and always == NAMED_KIND and width:
        first = _top_of_worthy(connection, scored.care, width, by_key=by_key)
        if first is not None:
            return first
    s = scored.rows.c
    last = select(s.points).where(s.kind != "cleared").order_by(s.points.desc()).limit(1).offset(max(width - 1, 0))
    least = func.coalesce(last.scalar_subquery(), 0) - scored.slack
    # One statement, so that who is on the list is found once.
    empty: dict[str, Any] = {name: literal(None, s[name].type if name in s else None).label(name) for name in _COLUMNS}
    counts: Any = select(
        func.count().label("many"),
        literal(None, t.customer.c.key.type).label("key"),
        *(empty | {"kind": s.kind}).values(),
    ).group_by(s.kind)
    parts = _highest(scored.rows, least, width, always, cut=by_key and not scored.slack)
    rows = connection.execute(union_all(counts, *parts)).all()
    return Top({row.kind: row.many for row in rows if row.customer_id is None}, _each_once(rows))


def _highest(scored: CTE, least: Any, width: int, always: str, *, cut: bool) -> list[Select[Any]]:
    """Who on a list has at least so many points, and everybody of a kind. `cut`: of equals no more than it holds."""
    s, k = scored.c, t.customer.c
    columns = [s[name] if name in s else literal(None).label(name) for name in _COLUMNS]
    found = select(literal(1).label("many"), k.key, *columns).join_from(
        scored, t.customer, k.customer_id == s.customer_id
    )
    top = found.where(s.kind != "cleared", s.points >= least)
    if cut:
        top = top.order_by(s.points.desc(), k.key, k.directory).limit(width)
    parts: list[Select[Any]] = [select(top.subquery("top"))] if width else []
    return [*parts, found.where(s.kind == always)] if always else parts


def _each_once(rows: Sequence[Any]) -> list[Any]:
    return list({row.customer_id: row for row in rows if row.customer_id is not None}.values())


def _top_of_worthy(connection: Connection, care: CareScores, width: int, *, by_key: bool) -> Top | None:
    """The same of very many, by asking of who is worth most whether they are reached; None: that does not tell.

    Whoever is not asked has fewer points than `least` of their own, and none that few have (`_more`).
    """
    if not care.may_be(connection, VERY_MANY * width):
        return None
    counts = care.count(connection)
    if sum(counts.values()) < VERY_MANY * width:
        return None
    most = {one: care.most_of(one) for one in counts if one != NAMED_KIND}
    if not most:
        return None
    guess = care.worth.guess(connection, sum(counts.values()))
    for margin in _MARGINS:
        least = guess.least({max(most.values()) - most[one]: counts[one] for one in most}, width * margin)
        if least is None or least <= 0:
            return None
        worthy = care.worth.worthy(connection, least, guess)
        if worthy is None:
            return None
        bound = least + max(most.values())
        with one_by_one(connection):
            parts = _highest(care.rows(worthy), bound, width, NAMED_KIND, cut=by_key)
            rows = connection.execute(union_all(*parts)).all()
        found = _each_once(rows)
        if sum(row.points >= bound for row in found) >= width:
            return Top(counts, found)
    return None


def cleared_in(connection: Connection, q: ImpactQuestion) -> list[UUID]:
    """Whom a word has cleared in an incident."""
    c = everybody_in(q).said.c
    return list(connection.scalars(select(c.customer_id).where(c.state == "cleared")))


def reporters_in(connection: Connection, q: ImpactQuestion, most: int) -> list[UUID]:
    """Who in an incident told us something since it began; of more than so many those who did so first."""
    r, merged = t.customer_report.c, merged_customers(member_question(q))
    who = survivor(r.customer_id, merged)
    asked = (
        select(who)
        .join_from(t.customer_report, merged, merged.c.customer_id == r.customer_id, isouter=True)
        .where(r.reported_at >= q.started_at, r.reported_at <= q.at)
        .where(r.recorded_from <= q.known_at, r.recorded_to > q.known_at)
        .group_by(who.element)
        .order_by(func.min(r.reported_at), who.element)
    )
    found: list[UUID] = []
    for part in chunks(connection.scalars(asked).all()):
        c = everybody_in(q, part).customers.c
        states = connection.execute(select(c.customer_id, c.state)).all()
        there = {row.customer_id for row in states if row.state in IN_IT}
        found += [one for one in part if one in there]
        if len(found) >= most:
            break
    return found[:most]
