"""Events about services as facts of the ledger: which component went where, at which commit, if that is known."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.artifacts import Artifact, read_artifact
from releasewatch.domain.deployments import Place
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, coverages, deployments, events, incident_batches, releases
from releasewatch.storage.events import TakenEvent
from releasewatch.storage.types import LATEST
from releasewatch.storage.undoing_by_hand import Undone
from releasewatch.usecases.record_facts import RecordRequest
from releasewatch.usecases.recording import record
from releasewatch.usecases.releases import StoredRelease, stored_surroundings
from releasewatch.usecases.surroundings import Surroundings
from releasewatch.usecases.undoing_by_hand import undo_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from releasewatch.domain.catalog import Catalog
    from releasewatch.domain.events import Heading, ServiceEvent
    from releasewatch.ports import PathMapper
    from releasewatch.storage.deployments import DeploymentRow
    from releasewatch.storage.ledger import Ledger

PROVIDER = "cdevents"
"""What stands in the place of a CI system on a deployment that an event told."""

_NO_NAME = re.compile(r"[0-9a-f]{40}|[a-z0-9]+:[0-9a-f]{32,}|pkg:.*", re.DOTALL)
_LONGEST_RELEASE = 200
_LONGEST_TITLE = 200

WITHOUT_GIT = "change"
"""What became of an event whose artifact is of no commit that is known."""


@dataclass(frozen=True, slots=True)
class Importing:
    """Who imports, when, and what is at hand.

    `clone`: the repo one stands in, where it is one, and `tags` its tags with their commits. `settings_of` an
    environment: what the settings add to a record. `environments`: those that the settings name.
    """

    now: datetime
    by: str
    settings_of: Callable[[str], Mapping[str, Any]]
    mapper_of: Callable[[Catalog], PathMapper]
    environments: Collection[str] = ()
    clone: Surroundings | None = None
    tags: Callable[[], Mapping[str, str]] = dict

    @property
    def repo(self) -> str | None:
        """Whose bare keys of components are meant."""
        return None if self.clone is None else self.clone.repo


@dataclass(frozen=True, slots=True)
class TakenService:
    """The deployment that an event became, or ended. `outcome`: recorded, change, rolled_back or already_taken."""

    became: TakenEvent
    outcome: str


def find_component(connection: Any, name: str, how: Importing) -> str | None:
    """The full key of the component that a sender calls a service: by key or title, else by the end of a path."""
    known = incident_batches.known_names(connection, how.repo, how.now)
    found = known.component(name) or known.component(name.rpartition("/")[2])
    if found is None and how.clone is not None:
        catalog = how.clone.catalog_at(None)
        bare = name.removeprefix(f"{catalog.repo}/")
        found = next((catalog.full_key(one.key) for one in catalog.components if one.key == bare), None)
    return found


def take_service(ledger: Ledger, event: ServiceEvent, how: Importing) -> TakenService:
    """Record what an event says, once. Its key is made of source and id, so that a run that broke off goes on.

    A commit is known from a release that a build recorded, or from the clone one stands in. Without one it is a change
    without git, which says whom it may reach and nothing more; a rollback then takes back the last deployment of that
    component alone. Raises InvalidCallError for what cannot be recorded.
    """
    with ledger.read() as connection:
        before = events.find_taken(connection, event.heading) or _own(connection, event)
        component = find_component(connection, event.service, how)
        whole = None if component is None else _whole_of(connection, event, component, how)
    if before is not None:
        return TakenService(before, "already_taken")
    if component is None:
        raise UnknownNameError(
            f"The ledger knows no component {event.service!r}, or several of that name.",
            "Record a release or a deployment of its repo first; its key or title is what an event may call it.",
        )
    done = _record(
        ledger, event, whole or Whole(component, (component,), _key_of(event.heading), event.heading.id), how
    )
    with ledger.write() as connection:
        ledger.lock(connection, events.LOCK)
        if events.find_taken(connection, event.heading) is not None:
            return TakenService(done.became, "already_taken")
        events.add_taken(connection, event.heading, done.became, how.now)
    return done


def _own(connection: Any, event: ServiceEvent) -> TakenEvent | None:
    """Our deployment, when the event is what this ledger told of it."""
    found = deployments.find_attempts(connection, event.deployment_key) if event.deployment_key else []
    return TakenEvent(found[-1].row.deployment_id, None) if found else None


@dataclass(frozen=True, slots=True)
class Whole:
    """The deployment that an event is of: its components that are known, its key and run here.

    `own`: the component of this event. `found`: it was recorded before.
    """

    own: str
    components: tuple[str, ...]
    key: str
    run: str
    found: DeploymentRow | None = None


def _whole_of(connection: Any, event: ServiceEvent, component: str, how: Importing) -> Whole | None:
    """The deployment of several services that an event of another ledger is of; None where it says of none.

    A deployment that was recorded before the ledger knew this component is not of it: then the event stands alone.
    """
    if len(event.together) < 2 or not event.deployment_key:
        return None
    known = {component} | {key for one in event.together if (key := find_component(connection, one, how))}
    repo = component.rpartition("/")[0]
    key = _digest(event.heading.source, "deployment", event.deployment_key)
    attempts = deployments.find_attempts(connection, key)
    if (
        attempts
        and component not in coverages.scope_members(connection, [attempts[-1].row.scope_id])[attempts[-1].row.scope_id]
    ):
        return None
    components = tuple(sorted(one for one in known if one.rpartition("/")[0] == repo))
    return Whole(component, components, key, event.deployment_key, attempts[-1] if attempts else None)


def _record(ledger: Ledger, event: ServiceEvent, whole: Whole, how: Importing) -> TakenService:
    rolled_back = event.word == "rolledback" and (len(event.together) < 2 or event.kind == "rollback")
    outcome = "rolled_back" if event.word == "rolledback" else "recorded"
    if whole.found is not None:
        outcome = WITHOUT_GIT if whole.found.row.kind == "change" else outcome
        return TakenService(TakenEvent(whole.found.row.deployment_id, None), outcome)
    request = RecordRequest(
        environment=event.environment,
        now=how.now,
        components=whole.components,
        finished_at=event.heading.at,
        key=whole.key,
        provider=PROVIDER,
        run=whole.run,
        stated_kind="rollback" if rolled_back else None,
        targets=event.targets or (Place(),),
        **how.settings_of(event.environment),
    )
    artifact = read_artifact(event.artifact)
    found = _with_commit(ledger, whole.components[0].rpartition("/")[0], artifact, request, how)
    if found is None and rolled_back:
        return TakenService(_undo(ledger, event, whole.components, how), outcome)
    if found is None:
        found, outcome = _without_commit(ledger, event, artifact, request, how), WITHOUT_GIT
    done = record(ledger, *_all_of(whole, event.together, *found))
    return TakenService(TakenEvent(done.deployment_id, None), outcome)


def _all_of(
    whole: Whole, told: Collection[str], around: Surroundings, request: RecordRequest
) -> tuple[Surroundings, RecordRequest]:
    """With the services that the catalog of that commit has, too: the ledger may hear of them for the first time."""
    if len(told) < 2:
        return around, request
    head = None if around.history is None else around.history.resolve(request.head)
    there = around.catalog_at(head).full_keys
    members = {whole.own, *(one for one in (*whole.components, *told) if one in there)}
    return around, replace(request, components=tuple(sorted(members)))


def _key_of(heading: Heading) -> str:
    return _digest(heading.source, heading.id)


def _digest(*parts: str) -> str:
    return f"cdevents:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _with_commit(
    ledger: Ledger, repo: str, artifact: Artifact, request: RecordRequest, how: Importing
) -> tuple[Surroundings, RecordRequest] | None:
    """What is read for an artifact whose commit is known: a recorded release, else the clone of that repo."""
    with ledger.read() as connection:
        repo_id = catalogs.repo_id_of(connection, repo)
        row = None if repo_id is None else releases.release_of_artifact(connection, repo_id, artifact)
    if row is not None and repo_id is not None:
        around = stored_surroundings(ledger, StoredRelease(repo, repo_id, row.name, row.head), how.mapper_of)
        return around, replace(request, head=row.name, release=row.name)
    if how.clone is None or how.clone.history is None or how.clone.repo != repo:
        return None
    name = _release_name(artifact)
    for commit in artifact.commits:
        if how.clone.history.contains(commit):
            return how.clone, replace(request, head=commit, head_is_given=True, release=name)
    tags = how.tags()
    tag = next((one for one in artifact.releases if one in tags), None)
    return None if tag is None else (how.clone, replace(request, head=tags[tag], head_is_given=True, release=tag))


def _release_name(artifact: Artifact) -> str:
    """What the release may be called: the first name that is no digest, no commit and no whole package URL."""
    names = (one for one in artifact.releases if not _NO_NAME.fullmatch(one) and len(one) <= _LONGEST_RELEASE)
    return next(names, "")


def _without_commit(
    ledger: Ledger, event: ServiceEvent, artifact: Artifact, request: RecordRequest, how: Importing
) -> tuple[Surroundings, RecordRequest]:
    repo = request.components[0].rpartition("/")[0]
    title = f"{event.word.capitalize()}: {event.artifact}"
    if len(event.together) > 1:  # the same words, whichever of them is heard of first
        title = f"Deployed: {', '.join(one.removeprefix(f'{repo}/') for one in event.together)}"
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE - 1]}…"
    request = replace(request, stated_kind="change", title=title, release=_release_name(artifact))
    if how.clone is not None and how.clone.repo == repo:
        return replace(how.clone, history=None), request
    with ledger.read() as connection:
        catalog = _catalog_of(connection, repo, how.now)
    return Surroundings(repo, None, lambda _: catalog, how.mapper_of), request


def _catalog_of(connection: Any, repo: str, now: datetime) -> Catalog:
    """The catalog in force, else that of the release recorded last."""
    number = catalogs.catalogs_in_force(connection, now, LATEST).get(repo)
    if number is None:
        newest = releases.list_releases(connection, repo=repo, limit=1)
        number = newest[0].catalog_id if newest else None
    if number is None:
        raise InvalidCallError(
            f"The ledger has no catalog of {repo}.", "Record a release of it first: releasewatch release record"
        )
    return catalogs.load_catalog(connection, number)


def _undo(ledger: Ledger, event: ServiceEvent, components: Sequence[str], how: Importing) -> TakenEvent:
    """End what the last deployment brought, where that was of these components alone: everywhere, or in the event's
    regions and rings."""
    with ledger.read() as connection:
        known = catalogs.resolve_component(connection, components[0])
        last = deployments.last_before(connection, event.environment, known.component_id, event.heading.at)
        members = coverages.scope_members(connection, [last.row.scope_id])[last.row.scope_id]
    if members != set(components):
        what = " and ".join((*components[:2], *(("others",) if len(components) > 2 else ())))
        raise InvalidCallError(
            f"No release is known for {event.artifact}, to which {what} was rolled back, and {last.id} before it "
            "is of other components too.",
            "Record its release (releasewatch release record) and import the event again, or: deployment undo",
        )
    at = min(event.heading.at, how.now)  # the sender's clock may be ahead of ours
    undone = Undone(at, f"rolled back to {event.artifact}, as an event said", how.by, how.now)
    undo_targets(ledger, last.row.deployment_id, event.targets or (Place(),), undone)
    return TakenEvent(last.row.deployment_id, None)
