"""Recording a deployment: look, compute from git, and write when the baselines have not moved meanwhile."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from releasewatch.domain.catalog import Catalog
from releasewatch.domain.deployments import Axes, Coverages, KeyParts
from releasewatch.domain.gate import parse_rules
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, LedgerUnavailableError, UnknownNameError
from releasewatch.storage import catalogs, coverages, releases
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.attempts import AHEAD, FOLLOWS_WITHIN, find_record
from releasewatch.usecases.comparing import prepare
from releasewatch.usecases.record_facts import Recorded, RecordRequest, Seen, Task
from releasewatch.usecases.surroundings import Surroundings
from releasewatch.usecases.writing import add_words, write

TRIES = 100
"""How often a record is computed anew because another one was written in between. Of so many that begin at one instant
each time one gets through, so that a hundred at once need no more."""


def record(ledger: Ledger, around: Surroundings, request: RecordRequest) -> Recorded:
    """Record a deployment, or find it recorded; safe to repeat and for many at once.

    Git is never read inside a write transaction: what was seen of the ledger is compared again before writing, and the
    whole is computed anew when another record came between.
    """
    task = read_task(around, request)
    for tries in range(TRIES):
        if tries:
            ledger.stand_back(tries)
        seen = _look(ledger, task)
        if seen.told_as is not None:
            return Recorded(seen.existing.deployment_id, True, _contradiction(seen, request))
        if seen.existing is not None and seen.existing.succeeded:
            written = add_words(ledger, task, seen)
        else:
            written = write(ledger, task, seen, prepare(ledger, task, seen))
        if written is not None:
            return written
    raise LedgerUnavailableError(
        f"Other deployments of {around.repo} to {request.environment} were recorded {TRIES} times in between.",
        "Run the same command again.",
    )


def _check(request: RecordRequest) -> None:
    if request.started_at and request.finished_at and request.started_at > request.finished_at:
        raise InvalidCallError(
            "The deployment would have finished before it started.", "Check --started-at and --finished-at."
        )
    for option, at in (("--started-at", request.started_at), ("--finished-at", request.finished_at)):
        if at is not None and at > request.now + AHEAD:
            raise InvalidCallError(
                f"{option} is ahead of the clock: {format_utc(at)}, and it is {format_utc(request.now)}.",
                "Check the year and the zone; what is planned is not recorded.",
            )
    if request.accept and not request.why.strip():
        raise InvalidCallError("A guard is passed with a reason.", "Add --why TEXT.")
    if request.stated_kind == "change" and not request.components:
        raise InvalidCallError("A change without git needs to say what it touches.", "Add --component KEY.")
    if request.stated_kind == "change" and not request.title:
        raise InvalidCallError("A change without git needs to say what it is.", "Add --title TEXT.")


def read_task(around: Surroundings, request: RecordRequest) -> Task:
    """What git and the catalog make of a request, without any ledger. Raises for a call that is wrong in itself."""
    _check(request)
    request = replace(request, accept=tuple(rule.text for rule in parse_rules(request.accept)))
    head = _resolve_head(around, request)
    catalog = around.catalog_at(head)
    parts = KeyParts(
        around.repo,
        request.environment,
        request.components,
        request.targets,
        head,
        request.provider,
        request.run,
        (request.title,) if request.stated_kind == "change" else (),
    )
    components = _given_components(request, catalog)
    return Task(around, request, catalog, head, components, request.key or request.settled_key or parts.digest())


def _resolve_head(around: Surroundings, request: RecordRequest) -> str | None:
    if request.stated_kind == "change":
        return None
    if around.history is None:
        raise InvalidCallError(
            "A deployment is recorded from a clone of its repo.",
            "Run it in the checkout, or record a change without git with --kind change.",
        )
    return around.history.resolve(request.head)


def _given_components(request: RecordRequest, catalog: Catalog) -> tuple[str, ...]:
    """Full keys of the components deployed: those given, else the whole catalog."""
    if not catalog.components:
        # Nothing could be mapped and nobody reached: that must not look like an answer.
        raise InvalidCallError(
            f"The catalog of {catalog.repo} has no component, so that nobody could be told whom a deployment reaches.",
            "Describe the components in releasewatch.toml: [components.KEY] with paths.",
        )
    known = {c.key for c in catalog.components}
    found: list[str] = []
    for given in request.components:
        bare = given.removeprefix(f"{catalog.repo}/")
        if bare not in known:
            near = difflib.get_close_matches(bare, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "See: releasewatch catalog show"
            raise UnknownNameError(f"The catalog of {catalog.repo} has no component {given!r}.", hint)
        found.append(catalog.full_key(bare))
    return tuple(sorted(set(found))) or catalog.full_keys


def _look(ledger: Ledger, task: Task) -> Seen:
    """Read what the ledger knows, at one instant."""
    request = task.request
    with ledger.read() as connection:
        repo_id = catalogs.repo_id_of(connection, task.around.repo)
        environment = catalogs.environment_of(connection, request.environment)
        environment_id = None if environment is None else int(environment.environment_id)
        stored = Axes() if environment_id is None else catalogs.known_axes(connection, environment_id)
        newest = None
        _check_release(connection, task, repo_id)
        if repo_id is not None and environment_id is not None:
            newest = coverages.newest_opened_at(connection, repo_id, environment_id, request.now + FOLLOWS_WITHIN)
        found = find_record(connection, task, newest)
        seen = Seen(
            found.statement,
            found.standing,
            repo_id=repo_id,
            environment_id=environment_id,
            axes=stored | request.axes | Axes.of(request.targets),
            stored_axes=stored,
            existing=found.existing,
            told_as=found.told_as,
        )
        opened_at, number = found.standing.opened_at, seen.number
        seen.nodes, seen.edges = catalogs.load_dependencies(connection, task.catalog, opened_at)
        if repo_id is None or environment_id is None or found.told_as is not None:
            return seen
        seen.position = coverages.position(connection, repo_id, environment_id)
        before = coverages.coverages(connection, repo_id, environment_id, opened_at, number)
        seen.before = Coverages(before)
        if task.head is not None:
            same = coverages.coverages(connection, repo_id, environment_id, opened_at, number, task.head)
            seen.same_head = Coverages(same)
        seen.later = coverages.later_deployments(connection, repo_id, environment_id, opened_at, number)
        return seen


def _check_release(connection: Any, task: Task, repo_id: int | None) -> None:
    """A release that a build recorded is one commit: were another one taken for it, the record would be of neither."""
    name = task.request.release
    found = releases.find_release(connection, repo_id, name) if name and repo_id is not None and task.head else None
    if found is not None and found.head != task.head:
        raise InvalidCallError(
            f"The release {name!r} of {task.around.repo} was recorded as commit {found.head}, and this is {task.head}.",
            f"Give the commit that was deployed (--head {found.head}), or the release's own name.",
        )


def _contradiction(seen: Seen, request: RecordRequest) -> tuple[str, ...]:
    """What is worth saying when the same attempt says something else than before: the first word stays."""
    if seen.told_as in (request.status, "running") or request.status == "running":
        return ()
    return (
        (
            f"D-{seen.existing.deployment_id} was recorded before as {seen.told_as}; that it {request.status} is not "
            "taken: the same attempt was told already. Another deployment needs a key of its own."
        ),
    )
