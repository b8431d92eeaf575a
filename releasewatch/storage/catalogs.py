"""Repos, components, catalogs, environments and products in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from releasewatch.domain.catalog import Catalog, Component, ComponentType, Node, Unmapped, Visibility
from releasewatch.domain.deployments import Axes
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks, digest_of, insert_row
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class KnownComponent:
    """A component of the ledger."""

    component_id: int
    full_key: str


def repos(connection: Connection) -> list[str]:
    """The names of all repos, in order."""
    return list(connection.scalars(select(t.repo.c.key).order_by(t.repo.c.key)))


def repo_ids(connection: Connection) -> dict[str, int]:
    """The numbers of all repos by name."""
    return {row.key: row.repo_id for row in connection.execute(select(t.repo.c.key, t.repo.c.repo_id))}


def repo_id_of(connection: Connection, key: str) -> int | None:
    """The number of a repo, or None when the ledger has not seen it."""
    return connection.scalar(select(t.repo.c.repo_id).where(t.repo.c.key == key))


def ensure_repo(connection: Connection, key: str) -> int:
    """The number of a repo, made if need be."""
    found = repo_id_of(connection, key)
    return found if found is not None else insert_row(connection, t.repo, key=key)


def ensure_components(connection: Connection, full_keys: Iterable[str]) -> dict[str, int]:
    """The numbers of components by full key; those not yet known are made, with their repo."""
    wanted = sorted(set(full_keys))
    known = component_ids(connection, wanted)
    repos: dict[str, int] = {}
    for full_key in wanted:
        if full_key in known:
            continue
        repo, _, key = full_key.rpartition("/")
        if repo not in repos:
            repos[repo] = ensure_repo(connection, repo)
        known[full_key] = insert_row(connection, t.component, repo_id=repos[repo], key=key, full_key=full_key)
    return known


def component_ids(connection: Connection, full_keys: Sequence[str]) -> dict[str, int]:
    """The numbers of those components that the ledger knows."""
    found: dict[str, int] = {}
    for part in chunks(full_keys):
        rows = connection.execute(
            select(t.component.c.full_key, t.component.c.component_id).where(t.component.c.full_key.in_(part))
        )
        found.update({row.full_key: row.component_id for row in rows})
    return found


def component_keys(connection: Connection) -> dict[int, str]:
    """Every component's full key, by number."""
    rows = connection.execute(select(t.component.c.component_id, t.component.c.full_key))
    return {row.component_id: row.full_key for row in rows}


def resolve_component(connection: Connection, ref: str, repo: str | None = None) -> KnownComponent:
    """A component by full key, or by a bare key that is this repo's or unique in the ledger.

    Raises UnknownNameError or AmbiguousNameError with the candidates.
    """
    columns = select(t.component.c.component_id, t.component.c.full_key)
    rows = connection.execute(columns.where(t.component.c.full_key == ref)).all()
    if not rows and repo is not None:
        rows = connection.execute(columns.where(t.component.c.full_key == f"{repo}/{ref}")).all()
    if not rows:
        rows = connection.execute(columns.where(t.component.c.key == ref).order_by(t.component.c.full_key)).all()
    if len(rows) == 1:
        return KnownComponent(rows[0].component_id, rows[0].full_key)
    if rows:
        names = ", ".join(row.full_key for row in rows)
        raise AmbiguousNameError(f"Several components are called {ref!r}.", f"Say which: {names}")
    raise UnknownNameError(
        f"The ledger knows no component {ref!r}.", "See what it knows with: releasewatch catalog show"
    )


def register_catalog(connection: Connection, catalog: Catalog, now: datetime) -> tuple[int, bool]:
    """The number of this state of a repo's catalog, and whether it is new; the same content is stored once."""
    repo_id = ensure_repo(connection, catalog.repo)
    digest = digest_of(asdict(catalog))
    found = connection.scalar(
        select(t.catalog.c.catalog_id).where(t.catalog.c.repo_id == repo_id, t.catalog.c.digest == digest)
    )
    if found is not None:
        return int(found), False
    catalog_id = insert_row(
        connection,
        t.catalog,
        repo_id=repo_id,
        digest=digest,
        no_effect=list(catalog.no_effect),
        unmapped=catalog.unmapped,
        recorded_at=now,
    )
    ids = ensure_components(connection, catalog.full_keys)
    rows = [
        {
            "catalog_id": catalog_id,
            "component_id": ids[catalog.full_key(c.key)],
            "title": c.title,
            "type": c.type,
            "owner": c.owner,
            "visibility": c.visibility,
            "paths": list(c.paths),
        }
        for c in catalog.components
    ]
    edges = {(ids[catalog.full_key(c.key)], catalog.full_key(d)) for c in catalog.components for d in c.depends_on}
    if rows:
        connection.execute(insert(t.catalog_component), rows)
    if edges:
        connection.execute(
            insert(t.dependency),
            [{"catalog_id": catalog_id, "component_id": c, "depends_on": d} for c, d in sorted(edges)],
        )
    return catalog_id, True


def load_catalog(connection: Connection, catalog_id: int) -> Catalog:
    """A catalog as it was registered."""
    head = connection.execute(
        select(t.repo.c.key, t.catalog.c.no_effect, t.catalog.c.unmapped)
        .join_from(t.catalog, t.repo)
        .where(t.catalog.c.catalog_id == catalog_id)
    ).one()
    needs: dict[int, list[str]] = {}
    for row in connection.execute(
        select(t.dependency).where(t.dependency.c.catalog_id == catalog_id).order_by(t.dependency.c.depends_on)
    ):
        needs.setdefault(row.component_id, []).append(row.depends_on)
    rows = connection.execute(
        select(t.catalog_component, t.component.c.key)
        .join_from(t.catalog_component, t.component)
        .where(t.catalog_component.c.catalog_id == catalog_id)
        .order_by(t.component.c.key)
    )
    components = tuple(
        Component(
            key=row.key,
            title=row.title,
            paths=tuple(row.paths),
            depends_on=tuple(needs.get(row.component_id, ())),
            type=cast("ComponentType", row.type),
            owner=row.owner,
            visibility=cast("Visibility", row.visibility),
        )
        for row in rows
    )
    return Catalog(head.key, components, tuple(head.no_effect), cast("Unmapped", head.unmapped))


def components_in(connection: Connection, catalog_ids: Iterable[int]) -> dict[int, list[str]]:
    """The full keys of the components of some catalogs, in order."""
    found: dict[int, list[str]] = {}
    for part in chunks(sorted(set(catalog_ids))):
        rows = connection.execute(
            select(t.catalog_component.c.catalog_id, t.component.c.full_key)
            .join_from(t.catalog_component, t.component)
            .where(t.catalog_component.c.catalog_id.in_(part))
            .order_by(t.component.c.key)
        )
        for catalog_id, key in rows:
            found.setdefault(catalog_id, []).append(key)
    return found


def put_in_force(
    connection: Connection, repo_id: int, catalog_id: int, at: datetime, until: datetime, now: datetime
) -> None:
    """From one instant until another (that of the next forward deployment, or never) the repo has this catalog."""
    f = t.catalog_in_force.c
    rows = connection.execute(
        select(t.catalog_in_force)
        .where(f.repo_id == repo_id, f.recorded_to == OPEN_END, f.valid_from < until, f.valid_to > at)
        .order_by(f.valid_from)
    ).all()
    if len(rows) == 1 and rows[0].catalog_id == catalog_id and rows[0].valid_from <= at and rows[0].valid_to >= until:
        return
    spans = [(at, until, catalog_id)]
    for row in rows:
        _forget_span(connection, row, now)
        if row.valid_from < at:
            spans.append((row.valid_from, at, row.catalog_id))
        if row.valid_to > until:
            spans.append((until, row.valid_to, row.catalog_id))
    connection.execute(
        insert(t.catalog_in_force),
        [
            {
                "repo_id": repo_id,
                "valid_from": start,
                "recorded_from": now,
                "valid_to": end,
                "recorded_to": OPEN_END,
                "catalog_id": number,
            }
            for start, end, number in spans
        ],
    )


def _forget_span(connection: Connection, row: Any, now: datetime) -> None:
    """It was believed until now. What was written at this very instant was believed for no time, and goes."""
    f = t.catalog_in_force.c
    same = and_(f.repo_id == row.repo_id, f.valid_from == row.valid_from, f.recorded_from == row.recorded_from)
    if row.recorded_from >= now:
        connection.execute(delete(t.catalog_in_force).where(same))
    else:
        connection.execute(update(t.catalog_in_force).where(same).values(recorded_to=now))


def catalogs_in_force(connection: Connection, at: datetime, known_at: datetime) -> dict[str, int]:
    """Which catalog each repo has at `at`, as known at `known_at`: repo key to catalog number."""
    f = t.catalog_in_force.c
    rows = connection.execute(
        select(t.repo.c.key, f.catalog_id)
        .join_from(t.catalog_in_force, t.repo)
        .where(f.valid_from <= at, f.valid_to > at, f.recorded_from <= known_at, f.recorded_to > known_at)
    )
    return {row.key: row.catalog_id for row in rows}


def titles_for_customers(connection: Connection, at: datetime, known_at: datetime) -> dict[int, str]:
    """By number, the titles of the components that customers may hear of, as the catalogs in force name them."""
    c = t.catalog_component.c
    found: dict[int, str] = {}
    for part in chunks(sorted(catalogs_in_force(connection, at, known_at).values())):
        rows = connection.execute(
            select(c.component_id, c.title).where(c.catalog_id.in_(part), c.visibility == "customer")
        )
        found.update({row.component_id: row.title for row in rows})
    return found


def load_dependencies(
    connection: Connection, own: Catalog | None, at: datetime
) -> tuple[list[Node], list[tuple[str, str]]]:
    """Every component and every `(component, depends_on)` over all repos, as known now: what a graph is built of.

    The catalogs are those in force at `at`, with `own` in the place of its repo's. Of a repo that was first heard of
    later, its first one: it will not have begun to exist on that day.
    """
    f = t.catalog_in_force.c
    rows = connection.execute(
        select(t.repo.c.key, f.catalog_id, f.valid_from)
        .join_from(t.catalog_in_force, t.repo)
        .where(f.recorded_to == OPEN_END)
        .order_by(t.repo.c.key, f.valid_from)
    )
    chosen: dict[str, int] = {}
    for row in rows:
        if row.key not in chosen or row.valid_from <= at:
            chosen[row.key] = row.catalog_id
    others = sorted(number for repo, number in chosen.items() if own is None or repo != own.repo)
    nodes = [Node(own.full_key(c.key), c.type) for c in own.components] if own is not None else []
    edges = [(own.full_key(c.key), own.full_key(d)) for c in own.components for d in c.depends_on] if own else []
    for part in chunks(others):
        nodes += [
            Node(row.full_key, cast("ComponentType", row.type))
            for row in connection.execute(
                select(t.component.c.full_key, t.catalog_component.c.type)
                .join_from(t.catalog_component, t.component)
                .where(t.catalog_component.c.catalog_id.in_(part))
            )
        ]
        edges += [
            (row.full_key, row.depends_on)
            for row in connection.execute(
                select(t.component.c.full_key, t.dependency.c.depends_on)
                .join_from(t.dependency, t.component)
                .where(t.dependency.c.catalog_id.in_(part))
            )
        ]
    return nodes, edges


def ensure_scope(connection: Connection, repo_id: int, ids: Iterable[int]) -> int:
    """The number of a set of components; the same set is stored once."""
    members = sorted(set(ids))
    digest = digest_of(members)
    found = connection.scalar(
        select(t.scope.c.scope_id).where(t.scope.c.repo_id == repo_id, t.scope.c.digest == digest)
    )
    if found is not None:
        return int(found)
    scope_id = insert_row(connection, t.scope, repo_id=repo_id, digest=digest)
    if members:
        connection.execute(insert(t.scope_component), [{"scope_id": scope_id, "component_id": c} for c in members])
    return scope_id


def ensure_environment(
    connection: Connection, key: str, tier: str, axes: Axes, now: datetime, *, tier_is_guess: bool = False
) -> tuple[int, Axes]:
    """The number of an environment and the regions and rings it has *newly* got; makes and updates what is needed.

    A tier that is guessed from the name does not replace one that another repo may have stated.
    """
    row = connection.execute(select(t.environment).where(t.environment.c.key == key)).first()
    if row is None:
        environment_id = insert_row(connection, t.environment, key=key, tier=tier)
    else:
        environment_id = row.environment_id
        if row.tier != tier and not tier_is_guess:
            connection.execute(
                update(t.environment).where(t.environment.c.environment_id == environment_id).values(tier=tier)
            )
    known = known_axes(connection, environment_id)
    new = Axes(axes.regions - known.regions, axes.rings - known.rings)
    rows = [
        {"environment_id": environment_id, "axis": axis, "value": value, "recorded_at": now}
        for axis, values in (("region", new.regions), ("ring", new.rings))
        for value in sorted(values)
    ]
    if rows:
        connection.execute(insert(t.axis_value), rows)
    return environment_id, new


def environment_of(connection: Connection, key: str) -> Any:
    """The row of an environment (environment_id, key, tier), or None."""
    return connection.execute(select(t.environment).where(t.environment.c.key == key)).first()


def known_axes(connection: Connection, environment_id: int) -> Axes:
    """The regions and rings that the ledger knows of an environment."""
    rows = connection.execute(
        select(t.axis_value.c.axis, t.axis_value.c.value).where(t.axis_value.c.environment_id == environment_id)
    ).all()
    return Axes(
        frozenset(row.value for row in rows if row.axis == "region"),
        frozenset(row.value for row in rows if row.axis == "ring"),
    )


def candidates(connection: Connection, words: str) -> list[str]:
    """Full keys of components whose key looks like `words`, for "did you mean"."""
    rows = connection.scalars(
        select(t.component.c.full_key)
        .where(or_(t.component.c.key == words, t.component.c.full_key.contains(words, autoescape=True)))
        .order_by(t.component.c.full_key)
        .limit(5)
    )
    return list(rows)


def environments(connection: Connection) -> list[Any]:
    """All environments, by key."""
    return list(connection.execute(select(t.environment).order_by(t.environment.c.key)))
