"""What a deployment touched, written and read: baselines, changes, paths, origins and the closure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, func, insert, select

from releasewatch.domain.deployments import Block
from releasewatch.domain.footprint import ChangeFact, Footprint
from releasewatch.domain.merges import brought_by
from releasewatch.domain.messages import named_customers
from releasewatch.domain.releases import printable_path
from releasewatch.storage import tables as t
from releasewatch.storage.loading import Loader
from releasewatch.storage.repeated_changes import mark_repeated
from releasewatch.storage.sql import path_digest

AT_ONCE = 1000
"""How many rows are made and inserted together: memory stays flat on any range."""

LONGEST_NAME = 500
"""Longer words after `Customer:` name nobody: keys and aliases are shorter."""


def write_footprint(
    connection: Connection,
    deployment_id: int,
    footprint: Footprint,
    scope: Collection[str],
    ids: Mapping[str, int],
    by_hand: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Write everything that belongs to a deployment; `scope` is all that it covers, `ids` numbers components by key.

    `by_hand`: customers whom people named by hand, by the sha of the change.
    """
    _write_blocks(connection, deployment_id, footprint.blocks, frozenset(scope))
    _write_changes(connection, deployment_id, footprint, by_hand)
    _many(
        connection,
        t.change_component,
        ("deployment_id", "change_no", "baseline_no", "component_id", "paths", "sample_path"),
        (
            (deployment_id, one.change, one.block, ids[one.component], one.paths, printable_path(one.sample_path))
            for one in footprint.touches
        ),
    )
    _many(
        connection,
        t.changed_path,
        ("deployment_id", "baseline_no", "component_id", "path_digest", "path", "status", "old_blob", "new_blob"),
        (
            (deployment_id, block, ids[key], path_digest(path), path, change.status, change.old_blob, change.new_blob)
            for block, key, change in footprint.changed_paths
            for path in (printable_path(change.path),)
        ),
    )
    _many(
        connection,
        t.origin,
        ("deployment_id", "origin_no", "baseline_no", "carrier_id", "touched_id", "paths"),
        (
            (deployment_id, one.number, one.block, ids[one.origin.carrier], ids[one.origin.touched], one.paths)
            for one in footprint.origins
        ),
    )
    _many(
        connection,
        t.reach,
        ("deployment_id", "component_id", "origin_no", "distance", "via_id"),
        (
            (deployment_id, ids[component], fact.number, step.distance, None if step.via is None else ids[step.via])
            for fact in footprint.origins
            for component, step in fact.reached.items()
        ),
    )
    _many(
        connection,
        t.not_deployed,
        ("deployment_id", "component_id"),
        ((deployment_id, ids[key]) for key in sorted(footprint.not_deployed)),
    )


def components_of(footprint: Footprint) -> set[str]:
    """Every component that a footprint speaks of, by full key."""
    found = {*footprint.not_deployed, *(component for block in footprint.blocks for component in block.components)}
    for fact in footprint.origins:
        found |= {fact.origin.carrier, fact.origin.touched, *fact.reached}
        # a library on the way to what it is part of may be reached by nobody itself
        found |= {step.via for step in fact.reached.values() if step.via is not None}
    found |= {touch.component for touch in footprint.touches}
    return found | {component for _, component, _ in footprint.changed_paths}


def _write_blocks(connection: Connection, deployment_id: int, blocks: Sequence[Block], scope: frozenset[str]) -> None:
    values = [
        {
            "deployment_id": deployment_id,
            "baseline_no": number,
            "base": block.baseline.base,
            "base_deployment_id": block.baseline.deployment_id,
            "source": block.baseline.source,
            "source_text": block.baseline.text,
            "range": block.range,
            "kind": block.kind,
            "history_complete": block.history_complete,
            "wider": False,
            # Most often it is the whole scope, which is stored once, however often it is deployed.
            "components": None if scope == frozenset(block.components) else list(block.components),
            "targets": [[p.region, p.ring] for p in block.places],
        }
        for number, block in enumerate(blocks)
    ]
    if values:
        connection.execute(insert(t.baseline), values)


_CHANGE = (
    "deployment_id", "change_no", "side", "merged_by", "sha", "subject", "body", "type", "scope", "description",
    "breaking", "pull_request", "pull_request_title", "is_merge", "authored_at", "committed_at", "reverts",
    "reverts_subjects", "reverted_by", "repeated",
)  # fmt: skip


def _write_changes(
    connection: Connection, deployment_id: int, footprint: Footprint, by_hand: Mapping[str, Sequence[str]]
) -> None:
    facts = footprint.changes
    merges = merges_of(facts)
    naming = footprint.naming_changes()
    key = ("deployment_id", "change_no")
    repeated = mark_repeated(connection, deployment_id, (fact.commit.sha for fact in facts if fact.side == "added"))
    _many(
        connection,
        t.change,
        _CHANGE,
        (
            (
                *_change_values(deployment_id, fact, merges[fact.side]),
                fact.side == "added" and fact.commit.sha in repeated,
            )
            for fact in facts
        ),
    )
    _many(
        connection,
        t.change_author,
        (*key, "name", "email"),
        (
            (deployment_id, fact.number, fact.commit.author_name, fact.commit.author_email)
            for fact in facts
            if fact.commit.author_name or fact.commit.author_email
        ),
    )
    _many(
        connection,
        t.change_trailer,
        (*key, "trailer_no", "key", "value"),
        (
            (deployment_id, fact.number, number, word, value)
            for fact in facts
            for number, (word, value) in enumerate(fact.commit.trailers)
        ),
    )
    _many(
        connection,
        t.change_customer,
        (*key, "ref"),
        (
            (deployment_id, fact.number, ref)
            for fact in facts
            if fact.number in naming
            for ref in dict.fromkeys([*named_customers(fact.commit.trailers), *by_hand.get(fact.commit.sha, ())])
            if 0 < len(ref) <= LONGEST_NAME
        ),
    )


def merges_of(changes: Sequence[ChangeFact]) -> dict[str, dict[str, str]]:
    """By side: for each commit that a merge brought, the merge. The newest commit of a side is taken as its head."""
    found: dict[str, dict[str, str]] = {}
    for side in ("added", "removed"):
        commits = [(fact.commit.sha, fact.commit.parents) for fact in changes if fact.side == side]
        found[side] = brought_by(commits, commits[0][0]) if commits else {}
    return found


def _change_values(deployment_id: int, fact: ChangeFact, merges: Mapping[str, str]) -> tuple[Any, ...]:
    """What `_CHANGE` names, but the last."""
    commit, parts = fact.commit, fact.commit.conventional
    return (
        deployment_id,
        fact.number,
        fact.side,
        merges.get(commit.sha),
        commit.sha,
        commit.subject,
        commit.body,
        parts.type if parts else "",
        (parts.scope or "") if parts else "",
        parts.description if parts else "",
        commit.breaking,
        commit.pull_request,
        commit.pull_request_title,
        commit.is_merge,
        commit.authored_at,
        commit.committed_at,
        commit.reverts_shas,
        commit.reverts_subjects,
        commit.reverted_by,
    )


def _many(connection: Connection, table: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows as they are made, part by part: a deployment may hold ten thousand commits."""
    loader = Loader(connection, table, columns)
    waiting = iter(rows)
    while part := list(islice(waiting, AT_ONCE)):
        loader.add(part)


def read_blocks(connection: Connection, deployment_id: int) -> list[Any]:
    """The baselines of a deployment, in order."""
    return list(
        connection.execute(
            select(t.baseline).where(t.baseline.c.deployment_id == deployment_id).order_by(t.baseline.c.baseline_no)
        )
    )


def read_reached(connection: Connection, deployment_id: int) -> list[Any]:
    """Each reached component at its nearest: `component_id, distance, via_id`, nearest first, then by key.

    Of several ways of the same length the one via the first neighbour by key.
    """
    r, via = t.reach.c, t.component.alias("via")
    ranked = (
        select(
            r.component_id,
            r.distance,
            r.via_id,
            t.component.c.full_key,
            func.row_number()
            .over(partition_by=r.component_id, order_by=(r.distance, func.coalesce(via.c.full_key, "")))
            .label("rank"),
        )
        .join_from(t.reach, t.component, t.component.c.component_id == r.component_id)
        .join(via, via.c.component_id == r.via_id, isouter=True)
        .where(r.deployment_id == deployment_id)
        .subquery()
    )
    return list(
        connection.execute(select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.distance, ranked.c.full_key))
    )


def count_touches(connection: Connection, deployment_id: int) -> dict[int, tuple[int, int]]:
    """For each changed and deployed component its distinct changes and net paths: `component_id -> (changes, paths)`.

    Counted against the baselines that it is compared with itself; another component's may be older.
    """
    o = t.origin.c
    statement = select(o.touched_id, o.baseline_no).distinct()
    own: dict[int, list[int]] = {}
    for component, baseline in connection.execute(
        statement.where(o.deployment_id == deployment_id, o.carrier_id == o.touched_id)
    ):
        own.setdefault(component, []).append(baseline)
    changes = _count_own(connection, t.change_component, t.change_component.c.change_no, deployment_id, own)
    paths = _count_own(connection, t.changed_path, t.changed_path.c.path_digest, deployment_id, own)
    return {component: (changes.get(component, 0), paths.get(component, 0)) for component in changes.keys() | paths}


def _count_own(
    connection: Connection, table: Any, what: Any, deployment_id: int, own: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """How many distinct changes (or paths) there are of each component against its own baselines.

    Against one baseline each stands once, so that rows are counted, in one pass; the few components that are compared
    with several are asked for again.
    """
    here, c = table.c.deployment_id == deployment_id, table.c
    counted = select(c.component_id, c.baseline_no, func.count()).where(here).group_by(c.component_id, c.baseline_no)
    found = {
        component: many for component, baseline, many in connection.execute(counted) if own.get(component) == [baseline]
    }
    for component, baselines in own.items():
        if len(baselines) > 1:
            distinct = select(func.count(what.distinct())).where(
                here, c.component_id == component, c.baseline_no.in_(baselines)
            )
            many = connection.execute(distinct).scalar_one()
            if many:
                found[component] = many
    return found


def read_not_deployed(connection: Connection, deployment_id: int) -> list[int]:
    """The components that changed and were not deployed."""
    n = t.not_deployed.c
    return list(connection.scalars(select(n.component_id).where(n.deployment_id == deployment_id)))


def read_sources(connection: Connection, deployment_id: int) -> dict[int, set[int]]:
    """For each reached component the changed components that reach it, by number."""
    r, o = t.reach.c, t.origin.c
    rows = connection.execute(
        select(r.component_id, o.touched_id)
        .join_from(t.reach, t.origin, (o.deployment_id == r.deployment_id) & (o.origin_no == r.origin_no))
        .where(r.deployment_id == deployment_id)
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row.component_id, set()).add(row.touched_id)
    return found
