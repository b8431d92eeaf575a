"""Many incidents at once, for imports: found by key, written in a few statements; and the names that a file may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from releasewatch.domain.incident_import import KnownNames
from releasewatch.storage import catalogs
from releasewatch.storage import tables as t
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import LATEST


def find_by_keys(connection: Connection, keys: Iterable[str]) -> dict[str, IncidentRef]:
    """The incidents that have one of these keys, by key."""
    i = t.incident.c
    found = {}
    for part in chunks(sorted(set(keys))):
        for row in connection.execute(select(t.incident).where(i.key.in_(part))):
            found[row.key] = IncidentRef(row.incident_id, row.key, row.recorded_at)
    return found


def insert_incidents(connection: Connection, keys: Sequence[str], now: datetime) -> dict[str, IncidentRef]:
    """Write new incidents, numbered in the order of their keys here; by key."""
    if not keys:
        return {}
    first = next_number(connection, "incident", len(keys))
    made = {key: IncidentRef(first + place, key, now) for place, key in enumerate(keys)}
    connection.execute(
        insert(t.incident),
        [{"incident_id": one.incident_id, "key": one.key, "recorded_at": now} for one in made.values()],
    )
    return made


def known_names(connection: Connection, repo: str | None, now: datetime) -> KnownNames:
    """What components may be called (`repo`: whose bare keys go first), by the catalogs in force, and the regions."""
    full = sorted(catalogs.component_keys(connection).values())
    bare = [(key.rpartition("/")[2], key) for key in full]
    exact = {**_of_one(bare), **dict(zip(full, full, strict=True))}
    if repo is not None:
        exact |= {name: key for name, key in bare if key == f"{repo}/{name}" and name not in full}
    titled = [(name.casefold(), key) for name, key in [*bare, *_titles(connection, now)]]
    a = t.axis_value.c
    regions = connection.scalars(select(a.value).where(a.axis == "region").distinct())
    return KnownNames(exact, _of_one(titled), frozenset(regions))


def _titles(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    c = t.catalog_component.c
    found = []
    for part in chunks(sorted(catalogs.catalogs_in_force(connection, now, LATEST).values())):
        rows = connection.execute(
            select(c.title, t.component.c.full_key)
            .join_from(t.catalog_component, t.component)
            .where(c.catalog_id.in_(part), c.title != "")
        )
        found += [(row.title, row.full_key) for row in rows]
    return found


def _of_one(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that mean one component; what may mean several means none."""
    told = sorted(set(pairs))
    many = Counter(name for name, _ in told)
    return {name: key for name, key in told if many[name] == 1}
