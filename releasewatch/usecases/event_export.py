"""Telling others what the ledger knows, as events: services, incidents, counts of customers, lists that are ready."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from releasewatch.domain.event_documents import (
    DeploymentFacts,
    IncidentFacts,
    Told,
    exposure_event,
    incident_events,
    list_event,
    service_events,
)
from releasewatch.domain.incidents import OPEN_STATUSES, fold, standing
from releasewatch.domain.past import IMPORT
from releasewatch.domain.times import format_utc
from releasewatch.storage import catalogs, coverages, deployments, events, exposure, footprints, incidents, pruning
from releasewatch.storage.exposure_many import count_each
from releasewatch.storage.sorting import Sorted, in_order
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import LATEST, OPEN_END, OPEN_START
from releasewatch.usecases.deployments import question_of, tier_of
from releasewatch.usecases.event_deployments import PROVIDER
from releasewatch.usecases.event_incidents import SOURCE
from releasewatch.usecases.named_people import hiding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from releasewatch.domain.incidents import Statement
    from releasewatch.storage.deployments import DeploymentRow
    from releasewatch.storage.incidents import IncidentRef
    from releasewatch.storage.ledger import Ledger

NOWHERE = "no environment is said, and no deployment is blamed"
TOLD_BEFORE = "an event of another tool told it"
"""Two ledgers that listen to each other would else tell the same thing back and forth."""

PRUNED = "their counts of customers are as known before the ledger was pruned"

_PAGE = 200

_TOGETHER = 1000
"""So many deployments are counted together: what did not change between them is counted once."""

_CATALOGS = 50
"""So many catalogs are remembered: deployments that follow each other mostly have the same."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Which events: those that happened from `since` until before `until`; of one deployment, one incident, or both.

    `without_entitlement`: how customers without one count, by directory.
    """

    since: datetime = OPEN_START
    until: datetime = OPEN_END
    deployment_id: int | None = None
    incident_id: int | None = None
    without_entitlement: Mapping[str, str] = field(default_factory=dict)

    @property
    def span(self) -> events.Span:
        """From when until when."""
        return events.Span(self.since, self.until)

    @property
    def is_of_all(self) -> bool:
        """Whether no deployment and no incident is named."""
        return self.deployment_id is None and self.incident_id is None


@dataclass(frozen=True, slots=True)
class Exported:
    """Events as they happened. `left_out`: why, and what is not told: deployments and incidents."""

    events: Sorted
    left_out: Mapping[str, Sequence[str]]


@contextmanager
def exported_events(ledger: Ledger, asked: ExportRequest) -> Iterator[Exported]:
    """All that is asked for, read at one instant of the ledger; raises OutsideFailedError as `sorting.in_order`."""
    left_out: dict[str, list[str]] = {}
    with ExitStack() as kept:
        with ledger.read() as connection:
            told = chain(
                _of_deployments(connection, asked, left_out),
                _of_incidents(connection, asked, left_out),
                _of_lists(connection, asked),
            )
            events = kept.enter_context(in_order((one.at, one.document) for one in told if asked.span.holds(one.at)))
        yield Exported(events, left_out)


def _of_deployments(connection: Any, asked: ExportRequest, left_out: dict[str, list[str]]) -> Iterator[Told]:
    if not asked.is_of_all and asked.deployment_id is None:
        return
    pruned = pruning.pruned_before(connection)
    types_of = lru_cache(_CATALOGS)(lambda number: _types_in(connection, number))
    for part in chunks(events.ended_deployments(connection, asked.span, asked.deployment_id), _TOGETHER):
        ended = [deployments.get_deployment(connection, number) for number in part]
        told = [(found, _facts_of(connection, found, types_of)) for found in ended]
        counts = _counts(connection, [found for found in ended if _is_counted(found, asked, pruned)], asked)
        for found, facts in told:
            if found.row.ci_provider == PROVIDER:
                left_out.setdefault(TOLD_BEFORE, []).append(found.id)
            else:
                yield from service_events(facts)
            if found.row.deployment_id in counts:
                yield exposure_event(facts, counts[found.row.deployment_id])
            elif _is_counted(found, asked, None):
                left_out.setdefault(PRUNED, []).append(found.id)


def _is_counted(found: DeploymentRow, asked: ExportRequest, pruned: datetime | None) -> bool:
    """Whether its count of customers was asked for, and can still be told."""
    recorded_at = found.row.recorded_at
    wanted = asked.span.holds(recorded_at) and found.row.ci_provider != IMPORT
    return wanted and (pruned is None or recorded_at >= pruned)


def _types_in(connection: Any, catalog_id: int) -> Mapping[str, str]:
    """The types of a catalog's components, by full key."""
    catalog = catalogs.load_catalog(connection, catalog_id)
    return {catalog.full_key(one.key): one.type for one in catalog.components}


def _facts_of(connection: Any, found: DeploymentRow, types_of: Callable[[int], Mapping[str, str]]) -> DeploymentFacts:
    row = found.row
    members = coverages.scope_members(connection, [row.scope_id])[row.scope_id]
    kinds: dict[str, set[str]] = {}
    for block in footprints.read_blocks(connection, row.deployment_id):
        for key in members if block.components is None else block.components:
            # What is new to the catalog is compared with its neighbours, and runs there for the first time.
            kinds.setdefault(key, set()).add("initial" if block.source == "neighbour" else block.kind)
    types = types_of(row.catalog_id)
    gone = members - types.keys()
    types_before = events.component_types(connection, sorted(gone)) if gone else {}
    places = deployments.targets_of(connection, row.deployment_id)
    hides = hiding(connection, (), [row.release], (), row.recorded_at)
    return DeploymentFacts(
        found.id,
        row.key,
        found.repo,
        found.environment,
        row.kind,
        row.range,
        row.status,
        "" if hides(row.release) else row.release,
        row.head,
        row.finished_at or row.opened_at,
        row.recorded_at,
        row.succeeded,
        [{"region": place.region or None, "ring": place.ring or None} for place in places],
        kinds,
        frozenset(key for key in members if types.get(key) == "service"),
        frozenset(key for key in gone if types_before.get(key) == "service"),
    )


def _counts(connection: Any, asks: Sequence[DeploymentRow], asked: ExportRequest) -> Mapping[int, Mapping[str, int]]:
    """As it was known when each deployment was recorded: the same counts, whenever they are told; by its number."""
    tiers = {name: tier_of(connection, name) for name in {found.environment for found in asks}}
    questions = {
        found.row.deployment_id: question_of(
            found,
            tiers[found.environment],
            max(found.row.recorded_at, found.row.opened_at),
            found.row.recorded_at,
            asked.without_entitlement,
        )
        for found in asks
    }
    counts = count_each(connection, list(questions.values()))
    told: dict[int, Mapping[str, int]] = {}
    for found in asks:
        number = found.row.deployment_id
        one = counts[number]
        told[number] = {
            "customers": one.customers,
            "named": one.named,
            "direct": one.direct,
            "dependent": one.dependent,
            "possible": one.possible,
            "unplaced": one.unplaced,
            "not_ruled_out": exposure.count_not_ruled_out(connection, questions[number], has_blank=found.row.has_blank),
        }
    return told


def _of_incidents(connection: Any, asked: ExportRequest, left_out: dict[str, list[str]]) -> Iterator[Told]:
    for page in _incident_pages(connection, asked):
        said = incidents.read_statements(connection, [one.incident_id for one in page])
        for one in page:
            facts = _incident_facts(connection, one, said[one.incident_id])
            if not any(asked.span.holds(at) for at in (facts.opened_at, *(at for at, _ in facts.closed))):
                continue
            told = incident_events(facts) if facts.environment else []
            yield from told
            if not told:
                left_out.setdefault(TOLD_BEFORE if facts.environment else NOWHERE, []).append(one.id)


def _incident_pages(connection: Any, asked: ExportRequest) -> Iterator[list[IncidentRef]]:
    if asked.incident_id is not None:
        yield [incidents.resolve_incident(connection, f"INC-{asked.incident_id}")]
    if not asked.is_of_all:
        return
    page = incidents.list_incidents(connection, limit=_PAGE)
    while page:
        yield page
        page = incidents.list_incidents(connection, limit=_PAGE, before=page[-1].incident_id)


def _incident_facts(connection: Any, incident: IncidentRef, said: Sequence[Statement]) -> IncidentFacts:
    state = fold(said, LATEST, LATEST)
    blamed = [
        deployments.get_deployment(connection, number)
        for number in incidents.blamed_deployments(connection, incident.incident_id)
    ]
    statuses = sorted((one for one in standing(said) if one.kind == "status"), key=lambda one: one.order)
    closed = [
        (one.happened_at, one.value)
        for place, one in enumerate(statuses)
        if one.value not in OPEN_STATUSES
        and one.source != SOURCE
        and (place == 0 or statuses[place - 1].value in OPEN_STATUSES)
    ]
    told_ticket = any(one.kind == "attribute" and one.subject == "url" and one.source == SOURCE for one in said)
    url = state.attributes.get("url", "")
    return IncidentFacts(
        incident.id,
        incident.key,
        state.severity,
        state.environment or next((one.environment for one in blamed), ""),
        sorted(state.components),
        [one.id for one in blamed],
        incident.recorded_at,
        state.opened_at or incident.recorded_at,
        url if _is_plain(url) and not told_ticket else "",
        closed,
        not statuses or statuses[0].source != SOURCE,
    )


def _is_plain(url: str) -> bool:
    """Whether it leads to a page, and holds no user or password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and "@" not in parts.netloc and url.isascii()


def _of_lists(connection: Any, asked: ExportRequest) -> Iterator[Told]:
    for one in events.ready_lists(connection, asked.span, deployment=asked.deployment_id, incident=asked.incident_id):
        if one.whose.incident_id:
            incident = incidents.resolve_incident(connection, f"INC-{one.whose.incident_id}")
            identity, subject, repo = (incident.key, format_utc(incident.recorded_at)), incident.id, ""
        else:
            found = deployments.get_deployment(connection, one.whose.deployment_id)
            identity, subject, repo = (found.row.key, found.id), found.id, found.repo
        yield list_event(subject, one.version, one.at, one.customers, identity, repo)


def find_incident(ledger: Ledger, ref: str) -> int:
    """The number of an incident by id or key; raises UnknownNameError."""
    with ledger.read() as connection:
        return incidents.resolve_incident(connection, ref).incident_id
