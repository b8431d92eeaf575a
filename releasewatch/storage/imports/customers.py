"""Imports a customers file: facts, contract, attributes and aliases, each with both clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    String,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)

from releasewatch.domain.customers import FileOutcome
from releasewatch.storage import tables as t
from releasewatch.storage.aliases import FROM_DIRECTORY, REMOVED
from releasewatch.storage.erasing import WHY_FORGOTTEN
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.clocks import (
    CLOCKS,
    carry_over,
    close_current,
    fresh,
    instant,
    is_current,
)
from releasewatch.storage.imports.oddities import find_oddities
from releasewatch.storage.imports.repeats import any_repeated, contradictions, drop_repeats, settle_attributes
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, FromClause, Select

FACTS = (
    "name",
    "parent",
    "customer_tier",
    "segment",
    "account_manager",
    "country",
    "timezone",
    "language",
    "do_not_call",
    "escalated",
    "sla_minutes",
    "credit_after_minutes",
)
CONTRACT = ("contract_value", "currency", "renewal_on", "attributes")
_STATED = {name: name for name in (*FACTS, *CONTRACT, "aliases") if name != "attributes"}
"""What rows about one customer must agree in."""
_COMPARED = ((t.customer_fact, FACTS, "fact_state"), (t.customer_contract, CONTRACT, "contract_state"))


def plan_customers(imp: s.Import, read: int, columns: Collection[str]) -> FileOutcome:
    """Compare what was staged with the ledger; nothing is written there. `columns`: those that the file has."""
    unsettled: tuple[str, ...] = ()
    repeated = 0
    if any_repeated(imp, s.customer, "customer_id"):
        unsettled = settle_attributes(imp)
        repeated = drop_repeats(imp, s.customer, "customer_id", _STATED)
        again = contradictions(s.customer, "customer_id", _STATED, ("stands in line ", " already, with another "))
        s.reject_staged(imp, "customers", again, s.customer, (s.KEPT_CUSTOMER, "customer_id"))
    is_new = nobody_known(imp)
    if not is_new:
        _leave_out_what_a_person_removed(imp)
        if not imp.is_snapshot:
            _keep_what_is_not_stated(imp, columns)
    s.reject_staged(imp, "customers", _names_taken_in_file(), s.customer, (s.KEPT_CUSTOMER, "customer_id"))
    if is_new:
        return replace(_outcome(imp, read), repeated=repeated, unsettled=unsettled, odd=find_oddities(imp))
    # A row that is refused keeps its names, which may refuse another: until no more is found.
    while s.reject_staged(imp, "customers", _names_taken(imp), s.customer, (s.KEPT_CUSTOMER, "customer_id")):
        pass
    _compare(imp)
    if imp.is_snapshot:
        imp.connection.execute(insert(s.ended).from_select(["kind", "customer_id"], _not_there_any_more(imp)))
    return replace(_outcome(imp, read), repeated=repeated, unsettled=unsettled, odd=find_oddities(imp))


def nobody_known(imp: s.Import) -> bool:
    """Whether the ledger has no customer at all, of any directory: there is nothing to compare with then."""
    return imp.connection.execute(select(literal(1)).select_from(t.customer).limit(1)).first() is None


def _leave_out_what_a_person_removed(imp: s.Import) -> None:
    """An alias that one of our people took away from a customer stays away, whatever the directory states."""
    w = t.alias_statement.c
    for alias, customer in imp.connection.execute(
        select(w.alias, w.customer_id)
        .join_from(t.alias_statement, s.alias, and_(s.alias.c.alias == w.alias, s.alias.c.customer_id == w.customer_id))
        .where(w.recorded_to == OPEN_END, w.word == REMOVED, s.alias.c.is_key.is_(False))
        .distinct()
    ).all():
        imp.connection.execute(delete(s.alias).where(s.alias.c.alias == alias, s.alias.c.customer_id == customer))


def _names_taken_in_file() -> Select[Any]:
    """Aliases that are another row's key, or an alias of a row further up."""
    mine, a = s.alias, s.alias.c
    owner = (
        select(a.alias, func.min(case((a.is_key, a.line))).label("key_line"), func.min(a.line).label("first_line"))
        .group_by(a.alias)
        .subquery()
    )
    line = func.min(func.coalesce(owner.c.key_line, owner.c.first_line))
    reason = literal("holds a name that the row in line ").concat(cast(line, String)).concat(literal(" goes by"))
    return (
        select(mine.c.line, literal("aliases").label("column"), reason.label("reason"))
        .join_from(mine, owner, owner.c.alias == mine.c.alias)
        .where(
            mine.c.is_key.is_(False),
            or_(owner.c.key_line.is_not(None), owner.c.first_line < mine.c.line),
        )
        .group_by(mine.c.line)
    )


def _names_taken(imp: s.Import) -> Select[Any]:
    """Keys and aliases by which the ledger knows somebody else, who goes on being known by them after this import."""
    mine, theirs, kept = s.alias, t.customer_alias, s.kept
    my_merge, their_merge = t.customer_merge.alias("my_merge"), t.customer_merge.alias("their_merge")
    stays: ColumnElement[bool] = s.customer.c.line.is_(None)
    if imp.is_snapshot:
        stays = and_(stays, or_(t.customer.c.directory != imp.directory, kept.c.id.is_not(None)))
    reason = literal("holds a name that the customer ").concat(func.min(t.customer.c.key))
    return (
        select(
            mine.c.line,
            func.max(case((mine.c.is_key, "key"), else_="aliases")).label("column"),
            reason.concat(literal(" goes by")).label("reason"),
        )
        .join_from(mine, theirs, and_(theirs.c.alias == mine.c.alias, theirs.c.customer_id != mine.c.customer_id))
        .join(t.customer, t.customer.c.customer_id == theirs.c.customer_id)
        .outerjoin(my_merge, and_(my_merge.c.customer_id == mine.c.customer_id, my_merge.c.recorded_to == OPEN_END))
        .outerjoin(
            their_merge, and_(their_merge.c.customer_id == theirs.c.customer_id, their_merge.c.recorded_to == OPEN_END)
        )
        .outerjoin(s.customer, s.customer.c.customer_id == theirs.c.customer_id)
        .outerjoin(kept, and_(kept.c.kind == s.KEPT_CUSTOMER, kept.c.id == theirs.c.customer_id))
        .where(
            theirs.c.recorded_to == OPEN_END,
            or_(theirs.c.source != FROM_DIRECTORY, stays),
            # The same key may be used in two directories; whoever writes it is asked which of the two is meant.
            or_(mine.c.is_key.is_(False), theirs.c.alias != t.customer.c.key),
            # Who was merged with the row's customer is the same one by another name.
            func.coalesce(my_merge.c.survivor_id, mine.c.customer_id)
            != func.coalesce(their_merge.c.survivor_id, theirs.c.customer_id),
        )
        .group_by(mine.c.line)
    )


def _keep_what_is_not_stated(imp: s.Import, columns: Collection[str]) -> None:
    """A file of changes says nothing about columns that it does not have: they stay as they are."""
    for table, names, _ in _COMPARED:
        absent = [name for name in names if name not in columns]
        if absent:
            imp.connection.execute(
                update(s.customer)
                .where(s.customer.c.customer_id == table.c.customer_id, is_current(table))
                .values({name: table.c[name] for name in absent})
            )
    if "aliases" not in columns:
        a = t.customer_alias.c
        imp.connection.execute(
            insert(s.alias).from_select(
                ["alias", "line", "customer_id", "is_key"],
                select(a.alias, s.customer.c.line, a.customer_id, literal(False))
                .join_from(t.customer_alias, s.customer, s.customer.c.customer_id == a.customer_id)
                .where(a.recorded_to == OPEN_END, a.source == FROM_DIRECTORY, a.alias != s.customer.c.key),
            )
        )


def _compare(imp: s.Import) -> None:
    for table, names, state in _COMPARED:
        imp.connection.execute(
            update(s.customer)
            .where(s.customer.c.customer_id == table.c.customer_id, is_current(table))
            .values({state: case((differs(s.customer, table, names), s.CHANGED), else_=s.SAME)})
        )
    changed = union(select(_new_aliases().c.customer_id), select(_old_aliases().c.customer_id)).subquery()
    imp.connection.execute(
        update(s.customer).where(s.customer.c.customer_id == changed.c.customer_id).values(aliases_changed=True)
    )


def differs(staged: FromClause, recorded: FromClause, names: Iterable[str]) -> ColumnElement[bool]:
    """Whether any of the columns differ; nothing equals nothing. JSON is compared as it is written: keys in order."""
    pairs = ((staged.c[name], recorded.c[name]) for name in names)
    return or_(
        *(
            cast(one, String).is_distinct_from(cast(other, String))
            if one.key == "attributes"
            else one.is_distinct_from(other)
            for one, other in pairs
        )
    )


def _new_aliases() -> Any:
    """Aliases that were staged and are not recorded."""
    a = t.customer_alias.c
    held = and_(a.alias == s.alias.c.alias, a.customer_id == s.alias.c.customer_id, a.recorded_to == OPEN_END)
    return (
        select(s.alias.c.alias, s.alias.c.customer_id)
        .join_from(s.alias, t.customer_alias, held, isouter=True)
        .where(a.alias.is_(None))
        .subquery()
    )


def _old_aliases() -> Any:
    """Aliases that the directory stated, of customers who were staged without them."""
    a = t.customer_alias.c
    staged = and_(s.alias.c.alias == a.alias, s.alias.c.customer_id == a.customer_id)
    return (
        select(a.alias, a.customer_id)
        .join_from(t.customer_alias, s.customer, s.customer.c.customer_id == a.customer_id)
        .outerjoin(s.alias, staged)
        .where(a.recorded_to == OPEN_END, a.source == FROM_DIRECTORY, s.alias.c.alias.is_(None))
        .subquery()
    )


def _not_there_any_more(imp: s.Import) -> Select[str, UUID]:
    f, kept = t.customer_fact, s.kept
    return (
        select(literal("customers"), f.c.customer_id)
        .join_from(f, t.customer, t.customer.c.customer_id == f.c.customer_id)
        .outerjoin(s.customer, s.customer.c.customer_id == f.c.customer_id)
        .outerjoin(kept, and_(kept.c.kind == s.KEPT_CUSTOMER, kept.c.id == f.c.customer_id))
        .where(
            t.customer.c.directory == imp.directory,
            is_current(f),
            s.customer.c.line.is_(None),
            kept.c.id.is_(None),
        )
    )


def _outcome(imp: s.Import, read: int) -> FileOutcome:
    c, f = s.customer.c, t.customer_fact
    changed = and_(c.fact_state != s.NEW, or_(c.fact_state == s.CHANGED, c.contract_state != s.SAME, c.aliases_changed))
    total = s.count(imp, select(func.count()).select_from(s.customer))
    added = s.count(imp, select(func.count()).select_from(s.customer).where(c.fact_state == s.NEW))
    changes = s.count(imp, select(func.count()).select_from(s.customer).where(changed))
    silenced = (
        select(func.count())
        .select_from(f.join(s.customer, c.customer_id == f.c.customer_id))
        .where(is_current(f), f.c.do_not_call, c.do_not_call.is_(False))
    )
    present = (
        select(func.count())
        .select_from(f.join(t.customer, t.customer.c.customer_id == f.c.customer_id))
        .where(is_current(f), t.customer.c.directory == imp.directory)
    )
    return FileOutcome(
        kind="customers",
        read=read,
        rejected=s.rejected_rows(imp, "customers"),
        added=added,
        changed=changes,
        ended=s.count(imp, select(func.count()).select_from(s.ended).where(s.ended.c.kind == "customers")),
        unchanged=total - added - changes,
        present=s.count(imp, present),
        made_callable=s.count(imp, silenced),
        suppressed=imp.suppressed["customers"],
    )


def write_customers(imp: s.Import, starts_at: datetime) -> None:
    """Write what was planned. `starts_at`: since when a customer who was not known before has been one."""
    connection, c, gone = imp.connection, s.customer.c, s.ended_of("customers")
    known, is_new = t.customer, nobody_known(imp)
    unknown = select(c.customer_id, literal(imp.directory), c.key, instant(imp.at)).order_by(c.customer_id)
    if not is_new:
        same = known.c.customer_id == c.customer_id
        unknown = unknown.join_from(s.customer, known, same, isouter=True).where(known.c.customer_id.is_(None))
    with s.without_indexes(imp, known):
        connection.execute(insert(known).from_select(["customer_id", "directory", "key", "recorded_at"], unknown))
    if not is_new:
        _let_in_again(imp)
    for table, names, state in _COMPARED:
        if not is_new:
            changed = select(c.customer_id).where(c[state] == s.CHANGED).subquery()
            close_current(connection, table, imp.at, changed, ["customer_id"])
            close_current(connection, table, imp.at, gone, ["customer_id"])
            carry_over(connection, table, imp.at)
        starts = case((c[state] == s.CHANGED, instant(imp.at)), else_=instant(starts_at))
        rows = select(c.customer_id, *(c[name] for name in names), *fresh(starts, imp.at)).where(c[state] != s.SAME)
        with s.without_indexes(imp, table):
            columns = ["customer_id", *names, *CLOCKS]
            connection.execute(insert(table).from_select(columns, rows.order_by(c.customer_id)))
    _write_aliases(imp, is_new=is_new)


def _let_in_again(imp: s.Import) -> None:
    """Who was forgotten and may be brought back has their key again, and may be called."""
    c, m, known = s.customer.c, t.mark, t.customer
    again = and_(known.c.customer_id == c.customer_id, known.c.key != c.key)
    who = select(known.c.customer_id).join_from(known, s.customer, again)
    forgotten = and_(m.c.customer_id.in_(who), m.c.why == WHY_FORGOTTEN, m.c.recorded_to == OPEN_END)
    imp.connection.execute(update(m).where(forgotten).values(recorded_to=imp.at))
    imp.connection.execute(update(known).where(again).values(key=c.key))


def _write_aliases(imp: s.Import, *, is_new: bool) -> None:
    a, old = t.customer_alias, _old_aliases()
    new = s.alias if is_new else _new_aliases()
    gone = s.ended_of("customers")
    still = and_(a.c.recorded_to == OPEN_END, a.c.source == FROM_DIRECTORY)
    added = select(new.c.alias, new.c.customer_id, instant(imp.at), instant(OPEN_END), literal(FROM_DIRECTORY))
    columns = ["alias", "customer_id", "recorded_from", "recorded_to", "source"]
    with s.without_indexes(imp, a):
        imp.connection.execute(insert(a).from_select(columns, added.order_by(new.c.alias, new.c.customer_id)))
    if is_new:
        return
    for whose in (
        and_(a.c.customer_id == old.c.customer_id, a.c.alias == old.c.alias),
        a.c.customer_id == gone.c.customer_id,
    ):
        imp.connection.execute(update(a).where(still, whose).values(recorded_to=imp.at))
