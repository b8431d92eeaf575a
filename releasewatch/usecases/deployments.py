"""What the ledger says of one deployment in full, and what is asked of its customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.deployments import Cell, Place, expand_targets
from releasewatch.domain.past import source_of
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
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
from releasewatch.storage.types import LATEST
from releasewatch.storage.unknown_names import unknown_in
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.named_people import hiding_below_names, shown


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
