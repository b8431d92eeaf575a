"""Saying that a deployment was taken back without a deployment of ours: by hand, or by a controller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from releasewatch.domain.deployments import REST, Axes, Place, expand_targets
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, coverages, deployments, undoing_by_hand, windows
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.undoing_by_hand import Undone
from releasewatch.storage.windows import CellSet


@dataclass(frozen=True, slots=True)
class UndoneByHand:
    """What came of it, and where: in how many windows the deployment had been carried (0: it was undone before).

    Of an undo that is taken back: in how many it is carried again.
    """

    deployment: str
    windows: int
    places: tuple[Place, ...]


def undo_by_hand(
    ledger: Ledger, deployment_id: int, regions: Sequence[str], rings: Sequence[str], undone: Undone
) -> UndoneByHand:
    """End what a deployment brought to some regions and rings (none named: everywhere) from an instant on.

    Safe to repeat. It stays the baseline of what comes next: the rollback itself is not a deployment that is known.
    Raises UnknownNameError for a region or ring that the environment does not have, InvalidCallError for an instant
    before the deployment opened, or in the future.
    """

    def is_meant(place: Place) -> bool:
        return (not regions or place.region in regions) and (not rings or place.ring in rings)

    return _undo(ledger, deployment_id, Axes(frozenset(regions), frozenset(rings)), [is_meant], undone)


def undo_targets(ledger: Ledger, deployment_id: int, targets: Sequence[Place], undone: Undone) -> UndoneByHand:
    """The same for pairs of region and ring, all of them or none: it has to have gone to each."""
    return _undo(ledger, deployment_id, Axes.of(targets), [one.covers for one in targets], undone)


def _undo(
    ledger: Ledger, deployment_id: int, named: Axes, wanted: Sequence[Callable[[Place], bool]], undone: Undone
) -> UndoneByHand:
    """`named`: the regions and rings that are spoken of. Each of those `wanted` has to be a place that it went to."""
    if not undone.why.strip():
        raise InvalidCallError("That a deployment was taken back needs a reason.", "Give it with --why TEXT.")
    with ledger.write() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        row = found.row
        ledger.lock(connection, f"releasewatch:record:{found.repo}:{found.environment}")
        if undone.at > undone.recorded_at:
            raise InvalidCallError(f"{found.id} would have been taken back in the future.", "Check --at.")
        if undone.at <= row.opened_at:
            raise InvalidCallError(
                f"{found.id} opened at {row.opened_at:%Y-%m-%d %H:%M:%S} UTC and cannot be taken back before that.",
                "Check --at.",
            )
        known = catalogs.known_axes(connection, row.environment_id)
        for axis, given, there in (("region", named.regions, known.regions), ("ring", named.rings, known.rings)):
            _check(found.environment, axis, sorted(given), there)
        windows.split_rest(connection, row.environment_id, named, undone.at)
        grid = windows.grids(connection, [deployment_id]).get(deployment_id, [])
        places = tuple(sorted(place for place in grid if any(is_meant(place) for is_meant in wanted)))
        if grid and not all(any(map(is_meant, grid)) for is_meant in wanted):
            where = ", ".join(sorted({"/".join(filter(None, (p.region, p.ring))) or "everywhere" for p in grid}))
            raise InvalidCallError(f"{found.id} did not go there.", f"It went to: {where}.")
        many = undoing_by_hand.count_carried(connection, deployment_id, places, undone.at) if places else 0
        if many:
            undoing_by_hand.end_by_hand(connection, deployment_id, places, undone)
    return UndoneByHand(found.id, many, places)


def take_back_undo(ledger: Ledger, deployment_id: int, undone: Undone) -> UndoneByHand:
    """Take back that a deployment was undone by hand: its customers carry it again, unless something else ended it.

    All that was said stays in the record. Safe to repeat: `places` is empty when nothing stands. `undone.at` counts for
    nothing. Raises InvalidCallError without a reason.
    """
    if not undone.why.strip():
        raise InvalidCallError("That a deployment was not taken back needs a reason.", "Give it with --why TEXT.")
    with ledger.write() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        row = found.row
        ledger.lock(connection, f"releasewatch:record:{found.repo}:{found.environment}")
        places = undoing_by_hand.take_back(connection, deployment_id, undone)
        if places:
            windows.end_own_by_later(connection, deployment_id, _later_cells(connection, row), undone.recorded_at)
        many = undoing_by_hand.count_carried(connection, deployment_id, places, undone.recorded_at) if places else 0
    return UndoneByHand(found.id, many, tuple(places))


def _later_cells(connection: Any, row: Any) -> list[tuple[int, datetime, CellSet]]:
    """The successes after a deployment, with the cells that they have."""
    axes = catalogs.known_axes(connection, row.environment_id)
    later = coverages.later_deployments(connection, row.repo_id, row.environment_id, row.opened_at, row.deployment_id)
    ids = catalogs.component_ids(connection, sorted({key for one in later for key in one.components}))
    return [
        (
            one.deployment_id,
            one.opened_at,
            CellSet(
                row.repo_id,
                row.environment_id,
                frozenset(ids[key] for key in one.components if key in ids),
                expand_targets(one.targets, axes),
            ),
        )
        for one in later
    ]


def _check(environment: str, axis: str, given: Sequence[str], known: frozenset[str]) -> None:
    for value in given:
        if value != REST and value not in known:
            near = get_close_matches(value, sorted(known), n=1)
            there_are = f"There are: {', '.join(sorted(known))}." if known else f"It has no {axis} that is known."
            raise UnknownNameError(
                f"{environment} has no {axis} {value!r}.", f"Did you mean {near[0]}?" if near else there_are
            )
