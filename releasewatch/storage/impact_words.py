"""Adding what people and measurements say of customers in an incident: staged, and written with a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from releasewatch.domain.impacts import ImpactSaid, unite
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import merged_customers
from releasewatch.storage.exposure_ways import ExposureQuestion
from releasewatch.storage.impacts import newest_said
from releasewatch.storage.sql import next_number
from releasewatch.storage.types import LATEST, OPEN_END, Instant, Uuid16, key_type

BATCH = 1000
UNKNOWN_CUSTOMER = "there is no customer of that name, key or alias"
AMBIGUOUS_CUSTOMER = "several customers answer to that name"

_staging = MetaData()

_word = Table(
    "staged_word",
    _staging,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("name", key_type(), nullable=False, index=True),
    Column("directory", key_type()),
    Column("key", key_type()),
    Column("state", key_type(), nullable=False),
    Column("level", key_type(), nullable=False),
    Column("first_at", Instant),
    Column("last_at", Instant),
    Column("many", Integer),
    Column("note", String, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

"""`directory` and `key`: what a name of the form `directory:key` may mean."""

_meant = Table(
    "staged_meant",
    _staging,
    Column("name", key_type(), primary_key=True),
    Column("customer_id", Uuid16, primary_key=True),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""Whom each name means; two rows for one that may mean two."""


@dataclass(frozen=True, slots=True)
class Saying:
    """In which incident, by whom, when and why. `source`: person or measurement."""

    incident_id: int
    source: str
    why: str
    recorded_by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """How many words are new, how many were said before in the same way, and which lines were refused, with why."""

    new: int
    same: int
    refused: tuple[tuple[int, str], ...]


Row = ImpactSaid | tuple[int, str]
"""What a line says, or the line and why it is refused."""


def add_words(
    connection: Connection,
    saying: Saying,
    words: Iterable[Row],
    ids: Mapping[str, UUID] | None = None,
    *,
    strict: bool = False,
) -> Added:
    """Add words about customers; one customer's lines are united, and what is known already is not added.

    Each word needs a line of its own. A customer is named by key, alias or `directory:key`, and who was merged means
    the survivor; or by the names that `ids` gives them. `strict`: with any line refused, nothing is added.
    """
    _staging.create_all(connection, checkfirst=False)
    added = _add_staged(connection, saying, words, ids, strict=strict)
    # Where that failed nothing more can be asked of the transaction, and the tables are gone with it.
    _staging.drop_all(connection, checkfirst=False)
    return added


def _add_staged(
    connection: Connection, saying: Saying, words: Iterable[Row], ids: Mapping[str, UUID] | None, *, strict: bool
) -> Added:
    unreadable: list[tuple[int, str]] = []
    many = _stage(connection, _readable(words, unreadable))
    if ids is None:
        connection.execute(insert(_meant).from_select(["name", "customer_id"], _meanings()))
    elif ids:
        connection.execute(insert(_meant), [{"name": name, "customer_id": one} for name, one in ids.items()])
    refused = tuple(sorted([*unreadable, *_refused(connection), *_unite(connection)]))
    if strict and refused:
        return Added(0, 0, refused)
    chosen = _chosen(saying)
    known = _known(saying, chosen)
    new = connection.scalar(select(func.count()).select_from(known)) or 0
    different = connection.scalar(select(func.count()).select_from(chosen)) or 0
    if new:
        _insert(connection, saying, known, next_number(connection, "impact", many))
    return Added(new, different - new, refused)


def _readable(words: Iterable[Row], unreadable: list[tuple[int, str]]) -> Iterator[ImpactSaid]:
    for one in words:
        if isinstance(one, ImpactSaid):
            yield one
        else:
            unreadable.append(one)


def _unite(connection: Connection) -> list[tuple[int, str]]:
    """Make one line, the last, of those of one customer; returns the lines that cannot be one, which are left out."""
    w = _word.c
    # Two short statements without a join, and the rest here: the temporary tables have no statistics to plan by.
    names: dict[str, UUID | None] = {}
    for row in connection.execute(select(_meant.c.name, _meant.c.customer_id)):
        names[row.name] = None if row.name in names else row.customer_id
    lines_of: dict[UUID, list[int]] = {}
    for row in connection.execute(select(w.line, w.name)):
        who = names.get(row.name)
        if who is not None:
            lines_of.setdefault(who, []).append(row.line)
    often = {line: who for who, lines in lines_of.items() if len(lines) > 1 for line in lines}
    if not often:
        return []
    groups: dict[UUID, list[ImpactSaid]] = {}
    for r in connection.execute(select(_word).order_by(w.line)):
        if r.line in often:
            said = ImpactSaid(r.name, r.state, r.first_at, r.last_at, r.many, r.note, r.level, r.line)
            groups.setdefault(often[r.line], []).append(said)
    refused: list[tuple[int, str]] = []
    united: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for lines in groups.values():
        one = unite(lines)
        if isinstance(one, str):
            refused += [(line.line, one) for line in lines]
        else:
            united.append(
                {"of": one.line, "first": one.first_at, "last": one.last_at, "count": one.many, "worst": one.level,
                 "notes": one.note}
            )  # fmt: skip
        gone += [{"of": line.line} for line in (lines if isinstance(one, str) else lines[:-1])]
    if gone:
        connection.execute(delete(_word).where(w.line == bindparam("of")), gone)
    if united:
        values: dict[str, Any] = {
            "first_at": bindparam("first"),
            "last_at": bindparam("last"),
            "many": bindparam("count"),
            "level": bindparam("worst"),
            "note": bindparam("notes"),
        }
        connection.execute(update(_word).where(w.line == bindparam("of")).values(values), united)
    return refused


def _stage(connection: Connection, words: Iterable[ImpactSaid]) -> int:
    """Put words into the temporary table; returns the highest line."""
    rest, highest = iter(words), 0
    while part := list(islice(rest, BATCH)):
        highest = max(highest, *(one.line for one in part))
        connection.execute(
            insert(_word),
            [
                {
                    "line": one.line,
                    "name": one.customer,
                    "directory": directory or None,
                    "key": key or None,
                    "state": one.state,
                    "level": one.level,
                    "first_at": one.first_at,
                    "last_at": one.last_at,
                    "many": one.many,
                    "note": one.note,
                }
                for one in part
                for directory, _, key in [one.customer.partition(":")]
            ],
        )
    return highest


def _meanings() -> Any:
    a, c = t.customer_alias.c, t.customer.c
    asked = ExposureQuestion(0, "", is_production=True, release="", at=OPEN_END, known_at=LATEST, label="meant")
    merged = merged_customers(asked)
    by_alias = (
        select(_word.c.name, a.customer_id)
        .join_from(_word, t.customer_alias, a.alias == _word.c.name)
        .where(a.recorded_to == OPEN_END)
    )
    # Who has left the directory is still known by their key.
    by_key = select(_word.c.name, c.customer_id).join_from(_word, t.customer, c.key == _word.c.name)
    both = and_(c.directory == _word.c.directory, c.key == _word.c.key)
    by_both = select(_word.c.name, c.customer_id).join_from(_word, t.customer, both)
    found = by_alias.union(by_key, by_both).subquery("meaning")
    who = func.coalesce(merged.c.survivor_id, found.c.customer_id, type_=c.customer_id.type)
    return (
        select(found.c.name, who)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .distinct()
    )


def _refused(connection: Connection) -> tuple[tuple[int, str], ...]:
    means = select(_meant.c.name, func.count().label("many")).group_by(_meant.c.name).subquery("means")
    rows = connection.execute(
        select(_word.c.line, means.c.many)
        .join_from(_word, means, means.c.name == _word.c.name, isouter=True)
        .where(or_(means.c.many.is_(None), means.c.many > 1))
        .order_by(_word.c.line)
    )
    return tuple((row.line, AMBIGUOUS_CUSTOMER if row.many else UNKNOWN_CUSTOMER) for row in rows)


def _chosen(saying: Saying) -> Any:
    """The last line of each customer whose name means them alone."""
    alone = select(_meant.c.name).group_by(_meant.c.name).having(func.count() == 1)
    place = func.row_number().over(partition_by=_meant.c.customer_id, order_by=_word.c.line.desc())
    ranked = (
        select(_word, _meant.c.customer_id, place.label("place"))
        .join_from(_word, _meant, _meant.c.name == _word.c.name)
        .where(_word.c.name.in_(alone))
        .subquery("ranked_line")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("chosen_line")


def _known(saying: Saying, chosen: Any) -> Any:
    """Of these the lines that say something else than the newest word on the customer."""
    said, n, c = newest_said(saying.incident_id, LATEST, with_why=True), t.impact_note.c, chosen.c
    s = said.c
    differs = [s[name].is_distinct_from(c[name]) for name in ("state", "level", "first_at", "last_at", "many")]
    differs.append(func.coalesce(n.note, "") != c.note)
    differs.append(s.why.is_distinct_from(saying.why))
    return (
        select(chosen)
        .join_from(chosen, said, s.customer_id == c.customer_id, isouter=True)
        .join(t.impact_note, and_(n.customer_id == s.said_of, n.impact_id == s.impact_id), isouter=True)
        .where(or_(*differs))
        .subquery("new_line")
    )


def _insert(connection: Connection, saying: Saying, new: Any, first: int) -> None:
    """Write the new words: each gets the number of its line, counted from `first`."""
    lines = Table(
        "staged_new",
        MetaData(),
        Column("line", Integer, primary_key=True, autoincrement=False),
        Column("customer_id", Uuid16, nullable=False),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    lines.create(connection)
    connection.execute(insert(lines).from_select(["line", "customer_id"], select(new.c.line, new.c.customer_id)))
    w, k = _word.c, lines.c
    number = k.line + (first - 1)
    said = {
        "customer_id": k.customer_id,
        "impact_id": number,
        "incident_id": _value(saying.incident_id),
        "state": w.state,
        "source": _value(saying.source),
        "level": w.level,
        "first_at": w.first_at,
        "last_at": w.last_at,
        "many": w.many,
        "why": _value(saying.why),
        "recorded_by": _value(saying.recorded_by),
        "recorded_at": _value(saying.now),
    }
    joined = select(*said.values()).join_from(lines, _word, w.line == k.line)
    connection.execute(insert(t.impact).from_select(list(said), joined))
    notes = select(k.customer_id, number, w.note).join_from(lines, _word, w.line == k.line).where(w.note != "")
    connection.execute(insert(t.impact_note).from_select(["customer_id", "impact_id", "note"], notes))
    lines.drop(connection)


def _value(value: Any) -> Any:
    return literal(value, Instant) if isinstance(value, datetime) else literal(value)
