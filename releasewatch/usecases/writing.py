"""Writing a deployment and all that belongs to it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.deployments import Axes, Block, Later, expand_targets, summarise
from releasewatch.domain.footprint import SAMPLE
from releasewatch.domain.notifications import Fact, concerned
from releasewatch.domain.releases import printable_path
from releasewatch.storage import (
    catalogs,
    change_edits,
    coverages,
    deployments,
    footprints,
    forges,
    incidents,
    outbox,
    products,
    windows,
)
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from releasewatch.storage.windows import CellSet, Openings
from releasewatch.usecases.record_facts import Prepared, Recorded, Seen, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXING_TRAILER = "fixes"
"""The trailer by which a commit names the incident that it ends."""


@contextmanager
def _alone(ledger: Ledger, task: Task, seen: Seen) -> Iterator[Any]:
    """A write transaction that no other record of this repo and environment shares; None when what was seen moved.

    The second lock keeps other repos out as well: components, catalogs and regions are everybody's.
    """
    with ledger.write() as connection:
        ledger.lock(connection, f"releasewatch:record:{task.around.repo}:{task.request.environment}")
        ledger.lock(connection, "releasewatch:catalog")
        repo_id = catalogs.repo_id_of(connection, task.around.repo)
        environment = catalogs.environment_of(connection, task.request.environment)
        if environment is None:
            yield connection
            return
        number = int(environment.environment_id)
        moved = coverages.position(connection, repo_id, number) != seen.position
        yield None if moved or catalogs.known_axes(connection, number) != seen.stored_axes else connection


def write(ledger: Ledger, task: Task, seen: Seen, prepared: Prepared) -> Recorded | None:
    """Write it all in one transaction; None when what was seen of the ledger has moved since."""
    request, now, footprint = task.request, task.request.now, prepared.footprint
    with _alone(ledger, task, seen) as connection:
        if connection is None or (seen.number is None and _is_taken(connection, task, seen)):
            return None
        repo_id = catalogs.ensure_repo(connection, task.around.repo)
        catalog_id, is_new = catalogs.register_catalog(connection, task.catalog, now)
        environment_id, new_axes = catalogs.ensure_environment(
            connection,
            request.environment,
            request.tier,
            request.axes | Axes.of(request.targets),
            now,
            tier_is_guess=request.tier_is_guess,
        )
        to_split = new_axes | Axes.of(prepared.places) if seen.later else new_axes
        windows.split_rest(connection, environment_id, to_split, seen.standing.first_opened_at)
        products_changed = products.store_products(connection, request.products, now)
        spoken_of = {*prepared.scope, *footprints.components_of(footprint)}
        is_new |= len(catalogs.component_ids(connection, sorted(spoken_of))) < len(spoken_of)
        ids = catalogs.ensure_components(connection, spoken_of)
        if is_new or products_changed:
            products.refresh_subjects(connection, now)
        scope_id = catalogs.ensure_scope(connection, repo_id, (ids[c] for c in prepared.scope))
        numbers = {
            "repo_id": repo_id,
            "environment_id": environment_id,
            "catalog_id": catalog_id,
            "scope_id": scope_id,
        }
        values = {**numbers, **_values(task, seen, prepared), **_standing_values(seen), "recorded_at": now}
        if seen.number is None:
            number = deployments.insert_deployment(connection, values, request.targets, request.actor)
        else:
            number = seen.number
            deployments.update_deployment(connection, number, values)
            deployments.forget_derived(connection, number)
        deployments.add_statement(connection, number, seen.statement, now)
        deployments.add_acceptances(connection, number, request.accept, (request.why, request.actor), now)
        by_hand = change_edits.named_by_hand(connection, repo_id)
        for sha, refs in forges.named_by_labels(connection, repo_id).items():
            by_hand.setdefault(sha, []).extend(refs)
        footprints.write_footprint(connection, number, footprint, prepared.scope, ids, by_hand)
        remarks = _write_windows(connection, _Written(task, seen, prepared, number, repo_id, environment_id, ids))
        if seen.standing.succeeded and _moves_forward(footprint.blocks):
            opened_at = seen.standing.opened_at
            until = coverages.next_forward_at(connection, repo_id, opened_at, number) or OPEN_END
            catalogs.put_in_force(connection, repo_id, catalog_id, opened_at, until, now)
        _tell(connection, task, seen, number)
        return Recorded(number, False, (*prepared.remarks, *remarks))


def _tell(connection: Any, task: Task, seen: Seen, number: int) -> None:
    """Have others told how it ended; that it was begun is news to nobody."""
    standing = seen.standing
    if standing.status != "running":
        occasion = f"{standing.attempt} {standing.status}"
        at = standing.finished_at or standing.opened_at
        fact = Fact("deployment_recorded", "deployment", number, occasion, at, task.request.environment)
        outbox.put(connection, concerned(task.request.rules, fact), task.request.now)


def _is_taken(connection: Any, task: Task, seen: Seen) -> bool:
    """Whether somebody has used the key meanwhile: for another environment or repo, whose position we did not watch."""
    return any(one.row.attempt == seen.standing.attempt for one in deployments.find_attempts(connection, task.key))


def add_words(ledger: Ledger, task: Task, seen: Seen) -> Recorded | None:
    """Keep a further attempt of what has succeeded already: the same head is where it was, only words are new.

    None when what was seen of the ledger has moved since.
    """
    row, standing = seen.existing, seen.standing
    with _alone(ledger, task, seen) as connection:
        if connection is None:
            return None
        values = {**_standing_values(seen), "opened_at": row.opened_at}
        deployments.update_deployment(connection, row.deployment_id, values)
        deployments.add_statement(connection, row.deployment_id, seen.statement, task.request.now)
        said = task.request.why, task.request.actor
        deployments.add_acceptances(connection, row.deployment_id, task.request.accept, said, task.request.now)
        if standing.first_opened_at < row.opened_at:
            opens = Openings(standing.first_opened_at, row.opened_at, task.request.now)
            windows.open_earlier(connection, row.deployment_id, opens)
            ids = catalogs.component_ids(connection, sorted(seen.before.components | set(task.components)))
            later = _later_cells(connection, seen, row.repo_id, row.environment_id, row.deployment_id, ids)
            windows.end_own_by_later(connection, row.deployment_id, later, task.request.now)
        return Recorded(row.deployment_id, False)


def _moves_forward(blocks: Sequence[Block]) -> bool:
    return any(block.kind in ("deploy", "initial") for block in blocks)


def _standing_values(seen: Seen) -> dict[str, Any]:
    standing = seen.standing
    return {
        "status": standing.status,
        "attempt": standing.attempt,
        "succeeded": standing.succeeded,
        "opened_at": standing.opened_at,
        "started_at": standing.started_at,
        "finished_at": standing.finished_at,
    }


def _range(blocks: Sequence[Block]) -> str:
    """Where baselines differ, no range is that of the whole."""
    return "mixed" if len({block.baseline.base for block in blocks}) > 1 else summarise(b.range for b in blocks)


def _values(task: Task, seen: Seen, prepared: Prepared) -> dict[str, Any]:
    request, footprint = task.request, prepared.footprint
    return {
        "key": task.key if seen.existing is None else seen.existing.key,
        "kind": summarise(block.kind for block in footprint.blocks),
        "release": request.release,
        "base": prepared.base,
        "head": task.head,
        "range": _range(footprint.blocks),
        "history_complete": footprint.history_complete,
        "why_incomplete": footprint.why_incomplete,
        "title": request.title,
        "url": request.url,
        "ci_provider": request.provider,
        "ci_run": request.run,
        "added": footprint.count("added"),
        "removed": footprint.count("removed") if footprint.removed_known else None,
        "reverted_in_range": footprint.reverted_in_range,
        "unmapped_paths": len(footprint.unmapped),
        "unmapped_sample": [printable_path(path) for path in footprint.unmapped[:SAMPLE]],
        "no_effect_paths": footprint.no_effect,
        "counts_everyone": bool(footprint.unmapped) and task.catalog.unmapped == "all",
        "has_blank": bool(footprint.unmapped) or prepared.has_unknown,
    }


class _Written:
    """A deployment that has its number, with what its windows need to know."""

    def __init__(
        self,
        task: Task,
        seen: Seen,
        prepared: Prepared,
        number: int,
        repo_id: int,
        environment_id: int,
        ids: Mapping[str, int],
    ) -> None:
        self.task = task
        self.seen = seen
        self.prepared = prepared
        self.number = number
        self.ids = ids
        self.repo_id = repo_id
        self.environment_id = environment_id
        covered = frozenset(ids[component] for component in prepared.scope)
        self.cells = CellSet(repo_id, environment_id, covered, prepared.places)


def _write_windows(connection: Any, written: _Written) -> list[str]:
    """Open this deployment's windows, end those of earlier ones, and let later ones end these; returns remarks."""
    task, seen, prepared, number = written.task, written.seen, written.prepared, written.number
    now, standing, footprint = task.request.now, seen.standing, prepared.footprint
    opens = Openings(standing.first_opened_at, standing.opened_at if standing.succeeded else None, now)
    windows.write_windows(connection, number, footprint.origins, [block.places for block in footprint.blocks], opens)
    later = _later_cells(connection, seen, written.repo_id, written.environment_id, number, written.ids)
    windows.end_own_by_later(connection, number, later, now)
    if not standing.succeeded:
        return []
    if task.head is not None:
        windows.end_live(connection, written.cells, number, standing.opened_at, now)
        windows.end_carrying(connection, prepared.endings, number, standing.opened_at, now)
        for one, ending in prepared.own_endings:
            mine = replace(ending, deployment_id=number)
            windows.end_carrying(connection, [mine], one.deployment_id, one.opened_at, now)
        cells = [cell for block in footprint.blocks for cell in block.cells()]
        coverages.mark_wider(connection, standing.opened_at, number, cells, seen.later)
    fixes = dict.fromkeys((*task.request.fixes, *_fixed_by_trailers(connection, written)))
    return [words for ref in fixes if (words := _write_fix(connection, written, ref))]


def _later_cells(
    connection: Any, seen: Seen, repo_id: int, environment_id: int, number: int, ids: Mapping[str, int]
) -> list[tuple[int, Any, CellSet]]:
    """The successes since the first attempt began, this deployment's own excepted, with the cells they have."""
    found: Sequence[Later] = coverages.later_deployments(
        connection, repo_id, environment_id, seen.standing.first_opened_at, number
    )
    return [
        (
            one.deployment_id,
            one.opened_at,
            CellSet(
                repo_id,
                environment_id,
                frozenset(ids[component] for component in one.components if component in ids),
                expand_targets(one.targets, seen.axes),
            ),
        )
        for one in found
        if one.deployment_id != number
    ]


def _write_fix(connection: Any, written: _Written, ref: str) -> str:
    """End what is said that this deployment fixes, in the cells that it covers; returns a remark, or nothing."""
    # What incidents are ranked and told by is loaded for the few records that end one.
    from releasewatch.usecases.incident_fixes import note_fix, note_fix_of
    from releasewatch.usecases.incidents import Telling

    request = written.task.request
    telling = Telling(request.now, request.actor, "named by the deployment that fixes it")
    incident = incidents.find_fixed(connection, ref)
    fixing = deployments.get_deployment(connection, written.number)
    if incident is not None:
        return note_fix(connection, incident, fixing, telling)
    fixed = deployments.resolve_deployment(
        connection, ref, repo=written.task.around.repo, environment=request.environment
    )
    return note_fix_of(connection, fixed, fixing, telling)


def _fixed_by_trailers(connection: Any, written: _Written) -> list[str]:
    """The incidents that commits say they fix (`Fixes: INC-7`); what else such a trailer may name is another tool's."""
    said = {
        value.strip()
        for change in written.prepared.footprint.changes
        if change.side == "added" and not change.commit.reverted_by
        for word, value in change.commit.trailers
        if word.lower() == FIXING_TRAILER
    }
    return sorted(value for value in said if incidents.is_known_id(connection, value))
