"""What the ledger says of deployments: one in full, the last ones, and what runs where."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.deployments import Axes, Cell, Coverages, Place, expand_targets
from releasewatch.domain.past import source_of
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import (
    catalogs,
    coverages,
    deployments,
    exposure,
    fixes,
    footprints,
    incidents,
    window_endings,
)
from releasewatch.storage.exposure import ExposureQuestion
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST, OPEN_END
from releasewatch.storage.unknown_names import unknown_in
from releasewatch.usecases.named_people import hiding_below_names, shown


def instant_or_none(value: datetime | None) -> str | None:
    """RFC 3339 in UTC; None for no instant and for an interval that has not ended."""
    return None if value is None or value == OPEN_END else format_utc(value)


def question_of(
    found: deployments.DeploymentRow,
    tier: str,
    at: datetime,
    known_at: datetime,
    without_entitlement: Mapping[str, str],
) -> ExposureQuestion:
    """What is asked when the customers of a deployment are asked for."""
    return ExposureQuestion(
        deployment_id=found.row.deployment_id,
        environment=found.environment,
        is_production=tier == "production",
        release=found.row.release,
        at=at,
        known_at=known_at,
        blank_reaches_all=found.row.counts_everyone,
        without_entitlement=tuple(sorted(without_entitlement.items())),
    )


def tier_of(connection: Any, environment: str) -> str:
    """The tier that the ledger has for an environment."""
    row = catalogs.environment_of(connection, environment)
    return str(row.tier) if row is not None else "other"


@dataclass(frozen=True, slots=True)
class Describing:
    """From when, with which settings and for which eyes a deployment is described."""

    now: datetime
    without_entitlement: Mapping[str, str]
    already_recorded: bool = False
    reveal: Reveal = Reveal.KEYS


def describe(ledger: Ledger, deployment_id: int, how: Describing) -> dict[str, Any]:
    """The document of `deployment record|show --format json`, without its schema number."""
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        row = found.row
        names = catalogs.component_keys(connection)
        blocks = footprints.read_blocks(connection, deployment_id)
        members = coverages.scope_members(connection, [row.scope_id])[row.scope_id]
        tier = tier_of(connection, found.environment)
        question = question_of(found, tier, max(how.now, row.opened_at), LATEST, how.without_entitlement)
        counts = exposure.count_exposed(connection, question, has_blank=row.has_blank)
        unknown = unknown_in(connection, deployment_id)
        hides = hiding_below_names(connection, (row.title, row.release), how.reveal, how.now)
        deployment = {
            "id": found.id,
            "key": row.key,
            "repo": found.repo,
            "environment": found.environment,
            "kind": row.kind,
            "status": row.status,
            "title": row.title or None,
            "release": row.release or None,
            "base": row.base,
            "head": row.head,
            "range": row.range,
            "history_complete": row.history_complete,
            "why_incomplete": row.why_incomplete,
            "already_recorded": how.already_recorded,
            "attempt": row.attempt,
            "url": row.url or None,
            "source": source_of(row.ci_provider, row.ci_run),
            "started_at": instant_or_none(row.started_at),
            "finished_at": instant_or_none(row.finished_at),
            "opened_at": format_utc(row.opened_at),
            "targets": _targets(connection, row, members),
            "undoes": [f"D-{number}" for number in window_endings.undone_by(connection, deployment_id)],
            "fixes": [fix.ref for fix in fixes.read_fixed_by(connection, deployment_id)],
            "fixed_by": [f"D-{fix.deployment_id}" for fix in fixes.read_fixes(connection, found.id)],
            "blame": [
                {"incident": incident, "state": state}
                for incident, state in incidents.links_of(connection, deployment_id)
            ],
        }
        return {
            "deployment": shown(deployment, ("title", "release"), hides),
            "baselines": [_block(block, members) for block in blocks],
            "changes": {
                "added": row.added,
                "removed": row.removed,
                "reverted_in_range": row.reverted_in_range,
            },
            "components": _components(connection, deployment_id, names),
            "not_deployed": sorted(names[number] for number in footprints.read_not_deployed(connection, deployment_id)),
            "unmapped": {"paths": row.unmapped_paths, "sample": row.unmapped_sample},
            "no_effect": {"paths": row.no_effect_paths},
            "exposure": {
                "customers": counts.customers,
                "named": counts.named,
                "direct": counts.direct,
                "dependent": counts.dependent,
                "possible": counts.possible,
                "unplaced": counts.unplaced,
                "not_ruled_out": counts.not_ruled_out,
                **counts.unsure.document,
            },
            "unknown_customers": {"names": len(unknown.names), "changes": list(unknown.shas)},
        }


def _targets(connection: Any, row: Any, members: frozenset[str]) -> list[dict[str, Any]]:
    """Where it went, and until when its head was the last one that succeeded in some cell of each target."""
    axes = catalogs.known_axes(connection, row.environment_id)
    targets = deployments.targets_of(connection, row.deployment_id)
    cells_of = {
        target: {Cell(c, p.region, p.ring) for p in expand_targets([target], axes) for c in members}
        for target in targets
    }
    ended: dict[Place, datetime] = {}
    for later in coverages.each_later(connection, row.repo_id, row.environment_id, row.opened_at, row.deployment_id):
        for target in targets:
            if target not in ended:
                cells_of[target] = {cell for cell in cells_of[target] if not later.covers(cell)}
                if not cells_of[target]:
                    ended[target] = later.opened_at
        if len(ended) == len(targets):
            break
    return [
        {
            "region": target.region or None,
            "ring": target.ring or None,
            "live_from": format_utc(row.opened_at),
            "live_until": instant_or_none(ended.get(target)),
        }
        for target in targets
    ]


def _block(block: Any, members: frozenset[str]) -> dict[str, Any]:
    components = sorted(members) if block.components is None else block.components
    return {
        "base": block.base,
        "from": block.source_text,
        "source": block.source,
        "range": block.range,
        "kind": block.kind,
        "history_complete": block.history_complete,
        "wider": block.wider,
        "components": components,
        "targets": [{"region": region or None, "ring": ring or None} for region, ring in block.targets],
    }


def _components(connection: Any, deployment_id: int, names: Mapping[int, str]) -> list[dict[str, Any]]:
    touches = footprints.count_touches(connection, deployment_id)
    return [
        {
            "key": row.full_key,
            "reach": "direct" if row.distance == 0 else "dependent",
            "distance": row.distance,
            "via": names[row.via_id] if row.via_id is not None else None,
            "changes": touches.get(row.component_id, (0, 0))[0] if row.distance == 0 else 0,
            "paths": touches.get(row.component_id, (0, 0))[1] if row.distance == 0 else 0,
        }
        for row in footprints.read_reached(connection, deployment_id)
    ]


@dataclass(frozen=True, slots=True)
class Seeing:
    """Who looks at a list of deployments: what may be shown there, by names that are known now."""

    now: datetime
    reveal: Reveal


def list_last(
    ledger: Ledger, seeing: Seeing, *, repo: str | None, environment: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The document of `deployment list --format json`: newest first; `next_cursor` continues it."""
    before = None
    if cursor is not None:
        if not cursor.removeprefix("D-").isdigit():
            raise InvalidCallError(
                f"{cursor!r} is no cursor of a list of deployments.", "Give next_cursor of the page before."
            )
        before = int(cursor.removeprefix("D-"))
    with ledger.read() as connection:
        found = deployments.list_deployments(
            connection, repo=repo, environment=environment, limit=limit + 1, before=before
        )
        page = found[:limit]
        items = _summaries(connection, page, seeing)
    return {"deployments": items, "next_cursor": page[-1].id if len(found) > limit else None}


def _summaries(connection: Any, found: Sequence[deployments.DeploymentRow], seeing: Seeing) -> list[dict[str, Any]]:
    texts = [text for one in found for text in (one.row.title, one.row.release)]
    hides = hiding_below_names(connection, texts, seeing.reveal, seeing.now)
    return [shown(_summary(connection, one), ("title", "release"), hides) for one in found]


def _summary(connection: Any, found: deployments.DeploymentRow) -> dict[str, Any]:
    row = found.row
    return {
        "id": found.id,
        "repo": found.repo,
        "environment": found.environment,
        "kind": row.kind,
        "status": row.status,
        "release": row.release or None,
        "head": row.head,
        "title": row.title or None,
        "source": source_of(row.ci_provider, row.ci_run),
        "opened_at": format_utc(row.opened_at),
        "finished_at": instant_or_none(row.finished_at),
        "targets": [
            {"region": p.region or None, "ring": p.ring or None}
            for p in deployments.targets_of(connection, row.deployment_id)
        ],
        "changes": {"added": row.added, "removed": row.removed},
    }


def check_environment(ledger: Ledger, environment: str | None, configured: Collection[str]) -> None:
    """Refuse an environment that neither settings nor ledger know: "nothing" would look like an answer.

    Raises UnknownNameError.
    """
    if environment is None or environment in configured:
        return
    with ledger.read() as connection:
        known = {row.key for row in catalogs.environments(connection)} | set(configured)
    if environment not in known:
        near = difflib.get_close_matches(environment, known, n=1)
        there_are = f"There are: {', '.join(sorted(known))}." if known else "Nothing is recorded yet."
        raise UnknownNameError(
            f"Neither the settings nor the ledger know an environment {environment!r}.",
            f"Did you mean {near[0]}?" if near else there_are,
        )


def check_repo(ledger: Ledger, repo: str | None) -> None:
    """Refuse a repo that the ledger does not know: "nothing" would look like an answer. Raises UnknownNameError."""
    if repo is None:
        return
    with ledger.read() as connection:
        known = catalogs.repos(connection)
    if repo not in known:
        near = difflib.get_close_matches(repo, known, n=1)
        there_are = f"There are: {', '.join(known)}." if known else "Nothing is recorded yet."
        raise UnknownNameError(f"The ledger knows no repo {repo!r}.", f"Did you mean {near[0]}?" if near else there_are)


def what_runs(ledger: Ledger, seeing: Seeing, *, environment: str | None, limit: int) -> dict[str, Any]:
    """The document of `status --format json`: what is live since when, by component and place; the last deployments."""
    now = seeing.now
    with ledger.read() as connection:
        in_force = catalogs.catalogs_in_force(connection, now, now)
        keys = catalogs.components_in(connection, in_force.values())
        repos = [
            (catalogs.repo_id_of(connection, repo) or 0, keys.get(number, []))
            for repo, number in sorted(in_force.items())
        ]
        running: list[dict[str, Any]] = []
        for row in catalogs.environments(connection):
            if environment is None or row.key == environment:
                running += _running(connection, repos, row, now)
        last = deployments.list_deployments(connection, repo=None, environment=environment, limit=limit)
        hides = hiding_below_names(connection, [one["release"] for one in running], seeing.reveal, now)
        return {
            "running": [shown(one, ("release",), hides) for one in running],
            "deployments": _summaries(connection, last, seeing),
        }


def _running(
    connection: Any, repos: Sequence[tuple[int, Sequence[str]]], environment: Any, now: datetime
) -> list[dict[str, Any]]:
    """What is live in an environment; `repos`: the number of each with the full keys of its components."""
    axes = catalogs.known_axes(connection, environment.environment_id)
    places = [place for place in expand_targets([Place()], axes) if not _is_rest(place, axes)]
    found = coverages.newest_in_places(connection, environment.environment_id, now, places)
    held_in: list[tuple[str, Place, int]] = []
    for repo_id, components in repos:
        covering = Coverages(found.get(repo_id, ()))
        for component in components:
            for place in places:
                held = covering.newest(Cell(component, place.region, place.ring))
                if held is not None:
                    held_in.append((component, place, held.deployment_id))
    live = deployments.get_deployments(connection, {number for _, _, number in held_in})
    return [
        {
            "environment": environment.key,
            "component": component,
            "region": place.region or None,
            "ring": place.ring or None,
            "deployment": live[number].id,
            "release": live[number].row.release or None,
            "head": live[number].row.head,
            "since": format_utc(live[number].row.opened_at),
        }
        for component, place, number in held_in
    ]


def _is_rest(place: Place, axes: Axes) -> bool:
    """Whether a place is only what remains beside those with names."""
    return bool((place.region == "" and axes.regions) or (place.ring == "" and axes.rings))
