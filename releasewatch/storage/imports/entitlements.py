"""Imports an entitlements file: who uses what, where, from when to when.

An entitlement is a cell: customer, subject, environment, region, ring and version. A file states its interval, or
leaves the start open; then it has held since it was first told, or for as long as anybody knows when the first file of
a directory tells it. What a file no longer states ends now; an interval that it states anew replaces the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, case, cast, delete, func, insert, literal, or_, select, union, update

from releasewatch.domain.customers import PRODUCT, FileOutcome
from releasewatch.domain.unsure import NAMED
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.clocks import instant
from releasewatch.storage.types import OPEN_END, OPEN_START

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause, Select

CELL = ("subject", "customer_id", "environment", "region", "ring", "version")
AXES = ("customer_id", "environment", "region", "ring", "version")


REPLACES = "replaces"
ARRIVED = "arrived"
"""Says what was known, of a component that was told by its bare key until the ledger knew it."""
"""The state of a staged cell whose interval takes the place of one that the file no longer states."""


def plan_entitlements(imp: s.Import, read: int, starts_at: datetime) -> FileOutcome:
    """Compare what was staged with the ledger; nothing is written there. `starts_at`: as it was staged with."""
    connection, e = imp.connection, s.entitlement.c
    known, is_new = _known(imp), nothing_known(imp)
    if not is_new:
        _find_starts(imp, known, starts_at)
    keeps = (s.KEPT_ENTITLEMENT, "customer_id")
    s.reject_staged(imp, "entitlements", _empty_intervals(), s.entitlement, keeps)
    repeated = 0
    interval = [e[name] for name in (*CELL, "valid_from")]
    again = select(literal(1)).select_from(s.entitlement).group_by(*interval).having(func.count() > 1)
    if connection.execute(again.limit(1)).first():
        s.reject_staged(imp, "entitlements", _contradictions(), s.entitlement, keeps)
        place = func.row_number().over(partition_by=interval, order_by=e.seq)
        ranked = select(e.seq, place.label("place")).subquery("ranked")
        later = select(ranked.c.seq).where(ranked.c.place > 1).scalar_subquery()
        repeated = connection.execute(delete(s.entitlement).where(e.seq.in_(later))).rowcount
    if is_new:
        return _outcome(imp, read, repeated, known)
    connection.execute(
        update(s.entitlement)
        .where(*_same_interval(known))
        .values(state=case((known.c.valid_to == e.valid_to, s.SAME), else_=s.CHANGED))
    )
    _find_replaced(imp, known)
    if imp.is_snapshot:
        _find_ended(imp, known)
    return _outcome(imp, read, repeated, known)


def nothing_known(imp: s.Import) -> bool:
    """Whether this directory has stated no entitlement yet that is still recorded."""
    return imp.connection.execute(select(_known(imp).c.subject).limit(1)).first() is None


def _known(imp: s.Import) -> FromClause:
    """What this directory has stated of entitlements, as recorded now."""
    e = t.entitlement
    columns = [e.c[name] for name in (*CELL, "valid_from", "valid_to", "recorded_from")]
    return (
        select(*columns)
        .where(e.c.recorded_to == OPEN_END, e.c.import_id.in_(s.runs_of(imp, "entitlements")))
        .subquery("known")
    )


def _same_interval(known: FromClause) -> list[ColumnElement[bool]]:
    return [known.c[name] == s.entitlement.c[name] for name in (*CELL, "valid_from")]


def _linked(known: FromClause, asked: ColumnElement[bool]) -> FromClause:
    """Staged cells with what is known of the same cell: under its subject, or the bare key it was told by before.

    `asked`: of which of them. Most are the same as ever, and a database would sort and copy these, too.
    """
    e = s.entitlement.c
    pairs = []
    for link in ("subject", "written"):
        same = [known.c.subject == e[link], *(known.c[name] == e[name] for name in AXES)]
        columns = [
            known.c[name].label(f"known_{name}") for name in ("subject", "valid_from", "valid_to", "recorded_from")
        ]
        pair = select(s.entitlement, *columns).join_from(s.entitlement, known, and_(*same)).where(asked)
        pairs.append(pair if link == "subject" else pair.where(e.written != e.subject))
    return union(*pairs).subquery("linked")


def _find_starts(imp: s.Import, known: FromClause, starts_at: datetime) -> None:
    """Where a row leaves the start open: since it is known, as long as that still holds or ends when the row says."""
    e = s.entitlement.c
    k = _linked(known, e.valid_from.is_(None)).c
    holds = and_(
        k.known_valid_from <= imp.at,
        k.known_valid_from < k.valid_to,
        or_(k.known_valid_to > imp.at, k.known_valid_to == k.valid_to),
    )
    since = select(k.seq, func.max(k.known_valid_from).label("start")).where(holds).group_by(k.seq).subquery()
    imp.connection.execute(update(s.entitlement).where(e.seq == since.c.seq).values(valid_from=since.c.start))
    # What is over already cannot have begun with this import: nobody knows when it did.
    start = case((e.valid_to <= imp.at, instant(OPEN_START)), else_=instant(starts_at))
    imp.connection.execute(update(s.entitlement).where(e.valid_from.is_(None)).values(valid_from=start))


def _empty_intervals() -> Select[Any]:
    e = s.entitlement.c
    reason = literal("ends before anything is known to have begun; give valid_from as well")
    return (
        select(e.line, literal("valid_to").label("column"), reason.label("reason"))
        .where(e.valid_from >= e.valid_to)
        .group_by(e.line)
    )


def _contradictions() -> Select[Any]:
    """Rows that give a cell with the same start another end than the first row that gives it."""
    mine, first, e = s.entitlement, s.entitlement.alias("first"), s.entitlement.c
    interval = (*CELL, "valid_from")
    firsts = select(*(e[name] for name in interval), func.min(e.seq).label("seq")).group_by(*(e[n] for n in interval))
    group = firsts.subquery()
    reason = literal("gives another end than line ").concat(cast(func.min(first.c.line), String))
    return (
        select(
            mine.c.line,
            literal("valid_to").label("column"),
            reason.concat(literal(" for the same entitlement")).label("reason"),
        )
        .join_from(mine, group, and_(*(group.c[name] == mine.c[name] for name in interval)))
        .join(first, first.c.seq == group.c.seq)
        .where(first.c.valid_to != mine.c.valid_to)
        .group_by(mine.c.line)
    )


def _find_replaced(imp: s.Import, known: FromClause) -> None:
    """Close the record of what is stated anew: another end, or another interval that overlaps and takes its place."""
    e, closing = s.entitlement, s.closing
    identity = [*CELL, "valid_from", "recorded_from"]
    imp.connection.execute(
        insert(closing).from_select(
            [*identity, "ends"],
            select(*(known.c[name] for name in identity), literal(False))
            .join_from(known, e, and_(*_same_interval(known)))
            .where(e.c.state == s.CHANGED),
        )
    )
    linked = _linked(known, e.c.state == s.NEW)
    k, stated = linked.c, s.entitlement.alias("stated")
    still_stated = [stated.c[name] == k[name] for name in AXES]
    still_stated += [stated.c.subject == k.known_subject, stated.c.valid_from == k.known_valid_from]
    replaced = (
        select(k.seq, *(k[name] for name in AXES), k.known_subject, k.known_valid_from, k.known_recorded_from)
        .join_from(linked, stated, and_(*still_stated), isouter=True)
        .where(
            stated.c.seq.is_(None),
            k.known_valid_from < k.valid_to,
            k.valid_from < k.known_valid_to,
        )
        .subquery("replaced")
    )
    r = replaced.c
    gone = [r.known_subject, *(r[name] for name in AXES), r.known_valid_from, r.known_recorded_from]
    imp.connection.execute(insert(closing).from_select([*identity, "ends"], select(*gone, literal(False)).distinct()))
    imp.connection.execute(update(e).where(e.c.seq == r.seq).values(state=REPLACES))
    k = _linked(known, e.c.state == REPLACES).c
    same_times = k.known_valid_from == k.valid_from, k.known_valid_to == k.valid_to
    renamed = select(k.seq).where(k.known_subject == k.written, *same_times)
    imp.connection.execute(update(e).where(e.c.seq.in_(renamed)).values(state=ARRIVED))


def _find_ended(imp: s.Import, known: FromClause) -> None:
    """Close the record of what a snapshot does not state any more and what still held."""
    e, closing = s.entitlement, s.closing
    identity = [*CELL, "valid_from", "recorded_from"]
    one, all_of = s.kept.alias("kept_one"), s.kept.alias("kept_all")

    def keeps(kept: Any, subject: Any) -> ColumnElement[bool]:
        return and_(kept.c.kind == s.KEPT_ENTITLEMENT, kept.c.id == known.c.customer_id, kept.c.subject == subject)

    already = [closing.c[name] == known.c[name] for name in identity]
    imp.connection.execute(
        insert(closing).from_select(
            [*identity, "ends"],
            select(*(known.c[name] for name in identity), literal(True))
            .select_from(known)
            .outerjoin(e, and_(*_same_interval(known)))
            .outerjoin(closing, and_(*already))
            .outerjoin(one, keeps(one, known.c.subject))
            .outerjoin(all_of, keeps(all_of, literal("")))
            .where(
                known.c.valid_to > imp.at,
                e.c.seq.is_(None),
                closing.c.subject.is_(None),
                one.c.id.is_(None),
                all_of.c.id.is_(None),
            ),
        )
    )


def _outcome(imp: s.Import, read: int, repeated: int, known: FromClause) -> FileOutcome:
    e = s.entitlement.c
    states = s.count_by(imp, e.state)
    many = func.count().desc()
    waiting = select(e.subject, func.count().over().label("subjects")).where(e.waits).group_by(e.subject)
    shown = imp.connection.execute(waiting.order_by(many, e.subject).limit(NAMED)).all()
    return FileOutcome(
        kind="entitlements",
        read=read,
        rejected=s.rejected_rows(imp, "entitlements"),
        added=states.get(s.NEW, 0),
        changed=states.get(s.CHANGED, 0) + states.get(REPLACES, 0),
        ended=s.count(imp, select(func.count()).select_from(s.closing).where(s.closing.c.ends)),
        unchanged=states.get(s.SAME, 0) + states.get(ARRIVED, 0),
        arrived=states.get(ARRIVED, 0),
        present=s.count(imp, select(func.count()).select_from(known).where(known.c.valid_to > imp.at)),
        waiting=s.count(imp, select(func.count()).select_from(s.entitlement).where(e.waits)),
        waiting_for=tuple(dict.fromkeys(row.subject.removeprefix(PRODUCT) for row in shown)),
        subjects=shown[0].subjects if shown else 0,
        no_version=dict(imp.no_version.most_common()),
        repeated=repeated,
        suppressed=imp.suppressed["entitlements"],
    )


def write_entitlements(imp: s.Import, import_id: int) -> None:
    """Write what was planned."""
    connection, e, closing = imp.connection, t.entitlement, s.closing
    is_new = nothing_known(imp)
    identity = [*CELL, "valid_from", "recorded_from"]
    chosen = and_(*(e.c[name] == closing.c[name] for name in identity))
    connection.execute(update(e).where(chosen).values(recorded_to=imp.at))
    columns = [*CELL, "valid_from", "recorded_from", "valid_to", "recorded_to", "import_id"]
    written = (instant(imp.at), instant(OPEN_END), literal(import_id))
    ended = (
        select(*(e.c[name] for name in CELL), e.c.valid_from, written[0], instant(imp.at), *written[1:])
        .join_from(e, closing, chosen)
        .where(closing.c.ends, closing.c.valid_from < imp.at)
    )
    connection.execute(insert(e).from_select(columns, ended))
    staged = s.entitlement.c
    fresh = select(*(staged[name] for name in (*CELL, "valid_from")), written[0], staged.valid_to, *written[1:])
    if not is_new:
        fresh = fresh.where(staged.state != s.SAME)
    in_order = fresh.order_by(*(staged[name] for name in (*CELL, "valid_from")))
    with s.without_indexes(imp, e):
        connection.execute(insert(e).from_select(columns, in_order))
