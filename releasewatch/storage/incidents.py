"""Incidents in the ledger: finding them, and adding what is said of them, of their blame and of their fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, String, Subquery, and_, case, cast, func, insert, select

from releasewatch.domain.incidents import REPLACED, Statement, fold
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.readable import readable
from releasewatch.storage.sql import chunks, given_numbers, next_number
from releasewatch.storage.types import LATEST

BLAMED = ("suspect", "confirmed")


@dataclass(frozen=True, slots=True)
class IncidentRef:
    """An incident that a name was resolved to."""

    incident_id: int
    key: str
    recorded_at: datetime

    @property
    def id(self) -> str:
        """`INC-7`."""
        return f"INC-{self.incident_id}"


@dataclass(frozen=True, slots=True)
class Link:
    """Whether a deployment is to blame, as somebody said."""

    deployment_id: int
    state: str
    score: int | None
    why: str
    recorded_by: str
    recorded_at: datetime


def number_of(ref: str) -> int | None:
    """The number in `INC-7` or `7`; None for anything else."""
    digits = ref[4:] if ref[:4].upper() == "INC-" else ref
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def find_incident(connection: Connection, ref: str) -> IncidentRef | None:
    """The incident that an id or a whole key means, or None."""
    i = t.incident.c
    row = connection.execute(select(t.incident).where(i.key == ref)).first()
    number = number_of(ref)
    if row is None and number is not None:
        row = connection.execute(select(t.incident).where(i.incident_id == number)).first()
    return IncidentRef(row.incident_id, row.key, row.recorded_at) if row is not None else None


def is_known_id(connection: Connection, ref: str) -> bool:
    """Whether a word is the id of an incident (`INC-7`) that the ledger has."""
    return ref[:4].upper() == "INC-" and find_incident(connection, ref) is not None


def find_fixed(connection: Connection, ref: str) -> IncidentRef | None:
    """The incident that `--fixes` names by id or whole key; None for what is no incident's.

    Raises UnknownNameError for an id of ours that the ledger does not have.
    """
    if ref[:4].upper() == "INC-":
        return resolve_incident(connection, ref)
    return None if number_of(ref) is not None else find_incident(connection, ref)


def resolve_incident(connection: Connection, ref: str) -> IncidentRef:
    """An incident by id (`INC-7`, `7`), key or the unique beginning of a key.

    Raises AmbiguousNameError with the candidates, or UnknownNameError.
    """
    ref = ref.strip()
    if "\0" not in ref and ref:
        found = find_incident(connection, ref)
        if found is not None:
            return found
        begins = t.incident.c.key.startswith(ref, autoescape=True)
        rows = connection.execute(select(t.incident).where(begins).order_by(t.incident.c.incident_id).limit(6)).all()
        if len(rows) == 1:
            return IncidentRef(rows[0].incident_id, rows[0].key, rows[0].recorded_at)
        if rows and number_of(ref) is None and ref.upper() != "INC-":
            raise AmbiguousNameError(
                f"Several incidents have a key that begins with {ref!r}.",
                "Say which: " + ", ".join(f"INC-{row.incident_id}" for row in rows),
            )
    raise UnknownNameError(f"The ledger has no incident {ref!r}.", "See them with: releasewatch incident list")


def insert_incident(connection: Connection, key: str, now: datetime) -> IncidentRef:
    """Write a new incident; without a key its own id is its key."""
    number = next_number(connection, "incident")
    made = IncidentRef(number, key or f"INC-{number}", now)
    connection.execute(insert(t.incident).values(incident_id=number, key=made.key, recorded_at=now))
    return made


def add_statements(connection: Connection, incident_id: int, said: Sequence[Statement]) -> None:
    """Add what was said of an incident."""
    add_statements_to_many(connection, [(incident_id, one) for one in said])


def add_statements_to_many(connection: Connection, said: Sequence[tuple[int, Statement]]) -> None:
    """Add what was said of several incidents, by their numbers, in one statement."""
    if not said:
        return
    first = next_number(connection, "incident_statement", len(said))
    connection.execute(
        insert(t.incident_statement),
        [
            {
                "statement_id": first + number,
                "incident_id": incident_id,
                "kind": one.kind,
                "subject": one.subject,
                "value": one.value,
                "happened_at": one.happened_at,
                "recorded_at": one.recorded_at,
                "audience": one.audience,
                "recorded_by": one.recorded_by,
                "why": one.why,
                "source": one.source,
            }
            for number, (incident_id, one) in enumerate(said)
        ],
    )


def read_statements(
    connection: Connection, incident_ids: Iterable[int], kinds: Sequence[str] | None = None
) -> dict[int, list[Statement]]:
    """Everything that was said of some incidents (or only of some kinds), in the order in which it was recorded."""
    s = t.incident_statement.c
    wanted = sorted(set(incident_ids))
    found: dict[int, list[Statement]] = {number: [] for number in wanted}
    query = (
        select(*readable(connection, t.incident_statement))
        .where(s.incident_id.in_(given_numbers(wanted)))
        .order_by(s.recorded_at, s.statement_id)
    )
    for row in connection.execute(query if kinds is None else query.where(s.kind.in_(kinds))).all():
        found[row.incident_id].append(
            Statement(
                row.kind,
                row.value,
                row.happened_at,
                row.recorded_at,
                row.subject,
                row.audience,
                row.recorded_by,
                row.why,
                row.statement_id,
                row.source,
            )
        )
    return found


def said_of_all(connection: Connection, kinds: Sequence[str]) -> Iterator[tuple[IncidentRef, list[Any]]]:
    """Every incident with what was said of it of some kinds, in no order: `kind, value, happened_at`."""
    i, s = t.incident.c, t.incident_statement.c
    rows = connection.execute(
        select(i.incident_id, i.key, i.recorded_at, s.kind, s.value, s.happened_at)
        .join(t.incident_statement, and_(s.incident_id == i.incident_id, s.kind.in_(kinds)), isouter=True)
        .order_by(i.incident_id)
    )
    for number, group in groupby(rows, key=attrgetter("incident_id")):
        mine = list(group)
        yield IncidentRef(number, mine[0].key, mine[0].recorded_at), [row for row in mine if row.kind is not None]


def list_incidents(
    connection: Connection,
    *,
    limit: int,
    before: int | None = None,
    statuses: Sequence[str] | None = None,
    at: datetime = LATEST,
    known_at: datetime = LATEST,
) -> list[IncidentRef]:
    """The newest incidents first, of those known at an instant; `before` is the number of the last one already shown.

    `statuses`: only those that had one of these at an instant, as known at one.
    """
    query = select(t.incident).order_by(t.incident.c.incident_id.desc()).limit(limit)
    query = query.where(t.incident.c.recorded_at <= known_at)
    if statuses is not None:
        standing = _newest_statuses(at, known_at)
        mine = standing.c.incident_id == t.incident.c.incident_id
        query = query.join(standing, mine).where(standing.c.place == 1, standing.c.value.in_(statuses))
    if before is not None:
        query = query.where(t.incident.c.incident_id < before)
    return [IncidentRef(row.incident_id, row.key, row.recorded_at) for row in connection.execute(query)]


def _newest_statuses(at: datetime, known_at: datetime) -> Subquery:
    """The statuses of every incident, the one that counts in the first place: as `domain.incidents.fold` decides."""
    s, gone = t.incident_statement.c, t.incident_statement.alias("replacing").c
    # Not `exists()`, which selects every column: not every role may read who said it.
    replaced = (
        select(gone.statement_id)
        .where(
            gone.incident_id == s.incident_id,
            gone.kind == REPLACED,
            gone.recorded_at <= known_at,
            gone.value == cast(s.statement_id, String),
        )
        .exists()
    )
    order = (s.happened_at.desc(), case((s.source == "", 0), else_=1), s.recorded_at.desc(), s.statement_id.desc())
    place = func.row_number().over(partition_by=s.incident_id, order_by=order)
    return (
        select(s.incident_id, s.value, place.label("place"))
        .where(s.kind == "status", s.happened_at <= at, s.recorded_at <= known_at, ~replaced)
        .subquery("standing_status")
    )


def add_link(connection: Connection, incident_id: int, link: Link) -> None:
    """Add whether a deployment is to blame; what was said before stays."""
    connection.execute(
        insert(t.incident_link).values(
            link_id=next_number(connection, "incident_link"),
            incident_id=incident_id,
            deployment_id=link.deployment_id,
            state=link.state,
            score=link.score,
            why=link.why,
            recorded_by=link.recorded_by,
            recorded_at=link.recorded_at,
        )
    )


def read_links(connection: Connection, incident_id: int, known_at: datetime = LATEST) -> list[Link]:
    """Everything that was said of blame by an instant, oldest first."""
    return read_links_of_many(connection, [incident_id], known_at)[incident_id]


def read_links_of_many(
    connection: Connection, incident_ids: Iterable[int], known_at: datetime = LATEST
) -> dict[int, list[Link]]:
    """The same of several incidents, by their numbers."""
    k = t.incident_link.c
    found: dict[int, list[Link]] = {number: [] for number in sorted(set(incident_ids))}
    for part in chunks(list(found)):
        query = select(*readable(connection, t.incident_link)).where(k.incident_id.in_(part), k.recorded_at <= known_at)
        for row in connection.execute(query.order_by(k.recorded_at, k.link_id)):
            said = Link(row.deployment_id, row.state, row.score, row.why, row.recorded_by, row.recorded_at)
            found[row.incident_id].append(said)
    return found


def newest_links(connection: Connection, incident_id: int, known_at: datetime = LATEST) -> dict[int, Link]:
    """Of each deployment the newest word on its blame, by an instant."""
    return newest_links_of_many(connection, [incident_id], known_at)[incident_id]


def newest_links_of_many(
    connection: Connection, incident_ids: Iterable[int], known_at: datetime = LATEST
) -> dict[int, dict[int, Link]]:
    """The same of several incidents, by their numbers."""
    said = read_links_of_many(connection, incident_ids, known_at)
    return {number: {link.deployment_id: link for link in links} for number, links in said.items()}


def blamed_deployments(connection: Connection, incident_id: int, known_at: datetime = LATEST) -> list[int]:
    """The suspect and confirmed deployments, in order."""
    newest = newest_links(connection, incident_id, known_at)
    return sorted(number for number, link in newest.items() if link.state in BLAMED)


def blamed_for(connection: Connection, deployment_id: int, *, also_cancelled: bool = False) -> list[int]:
    """The incidents, but for cancelled ones, that a deployment is blamed for, in order."""
    mine = select(t.incident_link.c.incident_id).where(t.incident_link.c.deployment_id == deployment_id).distinct()
    found = [
        number
        for number in connection.scalars(mine.order_by(t.incident_link.c.incident_id))
        if deployment_id in blamed_deployments(connection, number)
    ]
    if also_cancelled:
        return found
    said = read_statements(connection, found)
    return [number for number in found if fold(said[number], LATEST, LATEST).status != "cancelled"]


def links_of(connection: Connection, deployment_id: int) -> list[tuple[str, str]]:
    """The incidents in which something was said of a deployment's blame, and what counts: `(INC-7, confirmed)`."""
    k = t.incident_link.c
    rows = connection.execute(
        select(k.incident_id, k.state).where(k.deployment_id == deployment_id).order_by(k.link_id)
    )
    newest = {row.incident_id: row.state for row in rows}
    return [(f"INC-{number}", state) for number, state in sorted(newest.items())]
