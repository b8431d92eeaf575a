"""Heads-up before it is there: whom a breaking change is coming to, by a rehearsal of a deployment that is not yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from releasewatch.domain.call_lists import CallList
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import call_lists, calls, care, catalogs, coming, deployments
from releasewatch.storage.calls import ListOf
from releasewatch.usecases.call_candidates import Planning, Ranked, RankedList
from releasewatch.usecases.calls import Subject, as_list, rank
from releasewatch.usecases.care_keeping import end_items, end_overdue, keep_care, summed
from releasewatch.usecases.recording import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.storage.ledger import Ledger, Rehearsal
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.usecases.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is coming where, as it is kept; and whom it reaches, as long as nothing is written."""

    repo: str
    environment: str
    values: Mapping[str, Any]
    ranked: Ranked
    calls: CallList


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of an announcement that one of us took back. `told`: how many customers had heard of it."""

    id: str
    withdrawn: Mapping[str, int]
    told: int


def look_ahead(
    ledger: Rehearsal,
    around: Surroundings,
    request: RecordRequest,
    due_at: datetime | None,
    how: Planning,
    account_manager: str | None = None,
) -> tuple[Announcement, RankedList]:
    """Whom a breaking change reaches with a commit that is not deployed, against what is live; nothing is kept.

    Raises InvalidCallError where that commit is live already.
    """
    done = record(ledger, around, replace(request, accept=("unmapped",), why="a plan"))
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, done.deployment_id)
        row = found.row
        if row.kind == "redeploy":
            raise InvalidCallError(
                f"{row.head[:10]} is live in {found.environment} already.",
                "Plan the calls about what is live: releasewatch call plan --deployment last",
            )
        scope = _scope(request)
        standing = coming.find_coming(connection, row.repo_id, row.environment_id, scope)
        targets = [[one.region, one.ring] for one in deployments.targets_of(connection, done.deployment_id)]
    due_at = due_at or (standing.due_at if standing is not None else None)
    number = standing.coming_id if standing is not None else 0
    whose = ListOf(coming_id=number or NOT_YET)
    subject = Subject(done.deployment_id, whose, coming=True, due_at=due_at)
    listed = rank(ledger, subject, how)
    made = as_list(ledger, subject, how, listed, account_manager)
    values = {
        "scope": scope,
        "head": row.head,
        "release": row.release,
        "components": list(request.components),
        "targets": targets,
        "due_at": due_at,
    }
    return Announcement(found.repo, found.environment, values, listed.rows, made.calls), made


NOT_YET = -1
"""The number of an announcement that nobody has planned: there is none such."""


def announce(ledger: Ledger, told: Announcement, how: Planning) -> RankedList:
    """Keep what is coming, with a heads-up in the one open call of each customer whom a breaking change reaches.

    Another head of the same takes its place: whoever is not reached any more, and was not tried, is taken out.
    """
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        repo, environment = _places(connection, told.repo, told.environment)
        number = coming.put_coming(connection, repo, environment, told.values, how.now)
        whose = ListOf(coming_id=number)
        rows = (row.content()[:2] for _, row in told.ranked)
        version = call_lists.save_list(connection, whose, rows, how.now, how.settings_version)
        kept = keep_care(connection, whose, told.ranked, how)
        late = end_overdue(connection, how)
    head = replace(told.calls.coming, id=f"H-{number}") if told.calls.coming is not None else None
    made = replace(told.calls, coming=head, version=version)
    return RankedList(made, version, kept.added, summed(kept.withdrawn, late))


def take_back(ledger: Ledger, repo: str, head: str, request: RecordRequest, how: Planning, why: str) -> TakenBack:
    """Withdraw what was announced and never comes. Raises UnknownNameError where nothing of the kind was announced."""
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        repo_id, environment_id = _places(connection, repo, request.environment)
        found = coming.find_coming(connection, repo_id, environment_id, _scope(request))
        if found is None or found.head != head:
            other = f" What is announced there is {found.head[:10]}." if found is not None else ""
            raise UnknownNameError(
                f"{head[:10]} is not announced for {request.environment}.{other}",
                "Name the commit, and the components, regions and rings, as when it was announced.",
            )
        coming.withdraw_coming(connection, found.coming_id, why, how.now)
        withdrawn = end_items(connection, [found.coming_id], why, how)
        told = care.count_made(connection, ListOf(coming_id=found.coming_id))
    return TakenBack(f"H-{found.coming_id}", withdrawn, told)


def _places(connection: Any, repo: str, environment: str) -> tuple[int, int]:
    repo_id, row = catalogs.repo_id_of(connection, repo), catalogs.environment_of(connection, environment)
    if repo_id is None or row is None:
        raise InvalidCallError(
            f"The ledger knows no deployment of {repo} to {environment}: it is not known what would change for whom.",
            f"Record what is live first: releasewatch deployment record --environment {environment}",
        )
    return repo_id, int(row.environment_id)


def _scope(request: RecordRequest) -> str:
    """What tells announcements of a repo and environment apart: the components and targets as they are given."""
    places = sorted(f"{one.region}/{one.ring}" for one in request.targets)
    return f"{','.join(request.components)}|{','.join(places)}"
