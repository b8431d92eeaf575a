"""The suspects of an incident: what it says of itself, and what people say of blame, as a question to the score."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import IncidentState, fold, impact_window
from releasewatch.domain.suspect_words import own_score, with_words
from releasewatch.domain.suspects import Impact, Suspect
from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.storage import catalogs, deployments, incidents
from releasewatch.storage.complaints import Complaints, read_complaints
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.types import LATEST
from releasewatch.usecases.incident_scene import reached_from
from releasewatch.usecases.suspects import Lineup, Ranking, rank_in

BY_THE_AFFECTED = "not said; when the first of those affected suffered"


@dataclass(frozen=True, slots=True)
class Outside:
    """A deployment that somebody spoke of, and that the score does not look at."""

    deployment_id: int
    state: str
    because: str

    @property
    def id(self) -> str:
        return f"D-{self.deployment_id}"


@dataclass(frozen=True, slots=True)
class Ranked:
    """An incident's suspects. `began_because`: where the start is from; `outside`: linked, and not among them."""

    incident: IncidentRef
    lineup: Lineup
    environments: tuple[int, ...]
    how: Ranking
    began_because: str
    outside: tuple[Outside, ...] = ()

    def find(self, deployment_id: int) -> Suspect | None:
        """The suspect that is a deployment."""
        return next((one for one in self.lineup.suspects if one.candidate.number == deployment_id), None)

    def score_of(self, deployment_id: int) -> int | None:
        """The points that a deployment has without anybody's word; None when it is no suspect."""
        found = self.find(deployment_id)
        return own_score(found) if found is not None else None

    def why_not(self, connection: Any, deployment_id: int) -> str:
        """Why a deployment is none of them, in words."""
        row = deployments.get_deployment(connection, deployment_id).row
        began_at = self.lineup.impact.began_at
        if row.environment_id not in self.environments:
            return "it went to another environment"
        if row.opened_at > began_at:
            return f"it went live at {format_utc(row.opened_at)}, after the start at {format_utc(began_at)}"
        return f"it went live more than {counted(self.how.look_back.days, 'day')} before the start"


def rank_incident(
    connection: Any, incident: IncidentRef, now: datetime, how: Ranking, also: Collection[int] = ()
) -> Ranked:
    """Rank what may have begun an incident, as it is known now; `also`: deployments that are looked at in any case.

    Its start is what was said, else when the first of those who are affected suffered, else when it was opened: never
    when what is blamed went live, which would make that one the suspect. Where nobody said in which regions or rings it
    is, those of the affected count.
    """
    at, known_at = how.at or LATEST, how.known_at or LATEST
    said = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
    state = fold(said, at, known_at)
    if (how.at or how.known_at) and not state.status:
        raise InvalidCallError(
            f"{incident.id} had not been opened then.", f"See: releasewatch incident show {incident.id}"
        )
    now = how.at or now
    components = catalogs.component_ids(connection, sorted(state.components))
    reached = reached_from(connection, state.components, now) if state.components else {}
    complaints = read_complaints(connection, incident.incident_id, reached, now, known_at)
    began_at, because = _began(state, complaints, incident)
    environments = _environments(connection, state.environment)
    regions, rings = _places(connection, environments, state, complaints)
    until = impact_window(state, None, incident.recorded_at).until
    impact = Impact(began_at, until, tuple(sorted(components)), regions, rings)
    said_of_blame = incidents.newest_links(connection, incident.incident_id, known_at)
    words = {number: link.state for number, link in said_of_blame.items()}
    named = {number: key for key, number in components.items()}
    lineup = rank_in(connection, impact, named, environments, how, {*also, *words})
    found = Ranked(incident, lineup, tuple(environments), how, because)
    if how.strategy == "latest":
        return found
    found = replace(found, lineup=replace(lineup, suspects=tuple(with_words(lineup.suspects, words))))
    ranked = {one.candidate.number for one in lineup.suspects}
    outside = [
        Outside(number, word, found.why_not(connection, number))
        for number, word in sorted(words.items())
        if number not in ranked
    ]
    return replace(found, outside=tuple(outside))


def rank_for(connection: Any, incident: IncidentRef, now: datetime, how: Ranking, deployment_id: int) -> Ranked:
    """The same, with one deployment in view: it is among them where it can be, and what is further down may be not."""
    return rank_incident(connection, incident, now, replace(how, shown=1), {deployment_id})


def _began(state: IncidentState, complaints: Complaints, incident: IncidentRef) -> tuple[datetime, str]:
    if state.impact_started_at is not None:
        return state.impact_started_at, "said"
    opened = state.opened_at or incident.recorded_at
    if complaints.first_at is not None and complaints.first_at < opened:
        return complaints.first_at, BY_THE_AFFECTED
    return opened, "not said; when the incident was opened"


def _environments(connection: Any, given: str) -> list[int]:
    """The incident's environment, else those of production, else all that there are."""
    rows = catalogs.environments(connection)
    if given:
        return [row.environment_id for row in rows if row.key == given]
    return [row.environment_id for row in rows if row.tier == "production"] or [row.environment_id for row in rows]


def _places(
    connection: Any, environments: list[int], state: IncidentState, complaints: Complaints
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    axes = [catalogs.known_axes(connection, number) for number in environments]
    known_regions = {region for one in axes for region in one.regions}
    known_rings = {ring for one in axes for ring in one.rings}
    return (
        tuple(one for one in state.regions or complaints.regions if one in known_regions),
        tuple(one for one in state.rings or complaints.rings if one in known_rings),
    )
