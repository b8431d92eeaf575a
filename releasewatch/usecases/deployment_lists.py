"""The lists of deployments: the last ones, and what runs where."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.deployments import Axes, Cell, Coverages, Place, expand_targets
from releasewatch.domain.past import source_of
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, coverages, deployments
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.named_people import hiding_below_names, shown


def instant_or_none(value: datetime | None) -> str | None:
    """RFC 3339 in UTC; None for no instant and for an interval that has not ended."""
    return None if value is None or value == OPEN_END else format_utc(value)


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
    targets = deployments.targets_of_each(connection, [one.row.deployment_id for one in found])
    return [shown(_summary(one, targets[one.row.deployment_id]), ("title", "release"), hides) for one in found]


def _summary(found: deployments.DeploymentRow, targets: Sequence[Place]) -> dict[str, Any]:
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
        "targets": [{"region": p.region or None, "ring": p.ring or None} for p in targets],
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
        repo_ids = catalogs.repo_ids(connection)
        repos = [(repo_ids[repo], keys.get(number, [])) for repo, number in sorted(in_force.items())]
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
