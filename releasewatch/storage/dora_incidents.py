"""What the ledger has of incidents for DORA's measures: which deployments they are blamed on, and what fixed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from releasewatch.domain.dora_incidents import Blame, BlamedDeployment, BlamedIncident, BlamedPart, blamed_parts
from releasewatch.domain.incidents import REPLACED, fold
from releasewatch.storage import catalogs, incidents
from releasewatch.storage import tables as t
from releasewatch.storage.fixes import standing_fixes
from releasewatch.storage.incidents import BLAMED
from releasewatch.storage.sql import given_numbers
from releasewatch.storage.types import LATEST

_KINDS = ("status", "impact_started_at", "impact_ended_at", "environment", "component", REPLACED)
"""What of an incident decides how long it was, and whether it was one."""


@dataclass(frozen=True, slots=True)
class BlameOfPeriod:
    """Deployments that incidents are blamed on, and the incidents (`INC-7`) that were none: they were cancelled."""

    parts: Sequence[BlamedPart] = ()
    cancelled: Sequence[str] = ()


def read_blame(connection: Connection, environments: Sequence[int], since: datetime, until: datetime) -> BlameOfPeriod:
    """What incidents say of the deployments that opened in a period."""
    blame: dict[int, dict[int, Blame]] = defaultdict(dict)
    opened: dict[int, datetime] = {}
    recorded: dict[int, datetime] = {}
    for row in connection.execute(_newest_links(environments, since, until)).all():
        blame[row.incident_id][row.deployment_id] = row.state
        opened[row.deployment_id] = row.opened_at
        recorded[row.incident_id] = row.recorded_at
    fixed = _last_fixes(connection, environments, since)
    wanted = sorted({*blame, *fixed})
    states = {
        number: fold(said, LATEST, LATEST)
        for number, said in incidents.read_statements(connection, wanted, _KINDS).items()
    }
    ids = catalogs.component_ids(connection, sorted({key for state in states.values() for key in state.components}))
    carriers = _carriers(connection, opened)
    deployments = {number: BlamedDeployment(at, frozenset(carriers[number])) for number, at in opened.items()}
    facts = [
        BlamedIncident(
            states[number],
            recorded[number],
            frozenset(ids[key] for key in states[number].components if key in ids),
            links,
            fixed.get(number),
        )
        for number, links in blame.items()
    ]
    cancelled = [f"INC-{number}" for number in wanted if states[number].status == "cancelled"]
    return BlameOfPeriod(list(blamed_parts(facts, deployments)), cancelled)


def _newest_links(environments: Sequence[int], since: datetime, until: datetime) -> Select[Any]:
    k, d = t.incident_link.c, t.deployment.c
    place = func.row_number().over(
        partition_by=(k.incident_id, k.deployment_id), order_by=(k.recorded_at.desc(), k.link_id.desc())
    )
    ranked = (
        select(k.incident_id, k.deployment_id, k.state, d.opened_at, place.label("place"))
        .join_from(t.incident_link, t.deployment, d.deployment_id == k.deployment_id)
        .where(d.environment_id.in_(environments), d.succeeded, d.opened_at >= since, d.opened_at < until)
        .subquery()
    )
    r, i = ranked.c, t.incident.c
    return (
        select(r.incident_id, r.deployment_id, r.state, r.opened_at, i.recorded_at)
        .join(t.incident, i.incident_id == r.incident_id)
        .where(r.place == 1, r.state.in_(BLAMED))
        .order_by(r.incident_id, r.deployment_id)
    )


def _last_fixes(connection: Connection, environments: Sequence[int], since: datetime) -> dict[int, datetime]:
    """When the last fix of each incident was done. What fixes a deployment of the period opened after it, so the
    period's end does not matter here."""
    f, d = standing_fixes().c, t.deployment.c
    said = connection.execute(select(f.deployment_id, f.ref).where(f.ref.startswith("INC-"))).all()
    query = (
        select(d.deployment_id, func.coalesce(d.finished_at, d.opened_at).label("done_at"))
        .where(d.deployment_id.in_(given_numbers({row.deployment_id for row in said})))
        .where(d.environment_id.in_(environments), d.succeeded, d.opened_at >= since)
    )
    done = {row.deployment_id: row.done_at for row in connection.execute(query).all()}
    last: dict[int, datetime] = {}
    for row in said:
        if row.deployment_id in done and row.ref[4:].isdecimal():
            number, at = int(row.ref[4:]), done[row.deployment_id]
            last[number] = max(at, last.get(number, at))
    return last


def _carriers(connection: Connection, deployments: Collection[int]) -> dict[int, set[int]]:
    o = t.origin.c
    found: dict[int, set[int]] = defaultdict(set)
    query = select(o.deployment_id, o.carrier_id).distinct().where(o.deployment_id.in_(given_numbers(deployments)))
    for row in connection.execute(query).all():
        found[row.deployment_id].add(row.carrier_id)
    return found
