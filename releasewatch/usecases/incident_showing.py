"""An incident as it is shown: its state and blame, who was hurt, who still carries it, what to type next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.impacts import AFTER_RETURN, NOT_REACHED, UNEXPLAINED, ImpactCounts, way_in_words
from releasewatch.domain.incidents import COMPONENT_STATUSES
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.domain.unsure import NOBODY
from releasewatch.errors import InvalidCallError
from releasewatch.storage import catalogs, deployments, fixes, impacts, incidents, window_endings
from releasewatch.storage.impact_survey import FirstToCall, survey
from releasewatch.storage.impact_unsure import find_unsure_in
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_tellings import (
    Summaries,
    agreed_before_the_end,
    corrections_owed,
    owed_document,
)
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.exposure import uncertain_because, withhold
from releasewatch.usecases.impact_measures import measure_customer, withhold_measures
from releasewatch.usecases.incident_blanks import why_nobody
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_siblings import find_siblings
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.named_people import hiding, shown, shown_of

FETCHED = 1000
FIRST = 10
"""So many customers are named as the first to call."""
SIBLINGS = 3
"""So many deployments of the same commit elsewhere are proposed as suspects in so many commands."""


@dataclass(frozen=True, slots=True)
class Showing:
    """As of when, and how much of a customer may be shown. `tiers`: the points of each, as in `[ranking]`; `hours`:
    when customers work, as in `[calling]`."""

    viewing: Viewing
    reveal: Reveal = Reveal.CONTACTS
    opaque: bool = False
    tiers: Mapping[str, int] = field(default_factory=lambda: RankingWeights().customer_tier)
    hours: CallingHours = field(default_factory=CallingHours)


def show_incident(ledger: Ledger, ref: str, how: Showing, *, already_open: bool = False) -> dict[str, Any]:
    """The document of `incident open|show --format json`, without its schema number.

    Raises InvalidCallError where nothing was known of the incident by the instant asked about.
    """
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        known_at = how.viewing.known_at
        if known_at is not None and known_at < incident.recorded_at:
            raise InvalidCallError(
                f"Nothing was known of {incident.id} by {known_at:%Y-%m-%d %H:%M:%S} UTC.",
                f"See what is known of it now: releasewatch incident show {incident.id}",
            )
        scene = look_at(connection, incident, how.viewing)
        is_none = scene.state.status == "cancelled"
        is_asked = how.reveal >= Reveal.KEYS and not is_none
        seen = survey(connection, scene.question, how.tiers, FIRST if is_asked else 0)
        counts = seen.counts
        unsure = NOBODY if is_none else find_unsure_in(connection, scene.question)
        nobody = why_nobody(connection, scene) if not counts.exposed and not is_none and scene.state.status else None
        said_fixes = fixes.read_fixes(connection, incident.id, scene.question.known_at)
        blamed = [one.question.deployment_id for one in scene.question.blamed]
        ended = window_endings.ended_by(connection, blamed, scene.question.at, scene.question.known_at)
        owed = corrections_owed(connection, scene)
        siblings = find_siblings(connection, scene)
        hides = _hides(connection, scene, how)
    fixed_by = [fix.deployment_id for fix in said_fixes]
    proposed = [number for number in ended if number not in fixed_by]
    return {
        "incident": {**_incident(scene, how.reveal, hides), "already_open": already_open},
        "deployments": _deployments(scene, how.reveal, hides),
        "fixed_by": [f"D-{number}" for number in fixed_by],
        "proposed_fixes": [f"D-{number}" for number in proposed],
        "same_elsewhere": [one.document for one in siblings],
        "customers": count_document(counts, is_none=is_none),
        "unexplained": {NOT_REACHED: counts.not_reached, AFTER_RETURN: counts.after_return},
        **unsure.document,
        "nobody_because": nobody.because if nobody is not None else None,
        "places": [
            {
                "region": row.region or None,
                "ring": row.ring or None,
                "still_exposed": row.still_exposed,
                "returned": row.returned,
            }
            for row in (() if is_none else seen.places)
        ],
        "first_to_call": [_first(row, how) for row in seen.first],
        "corrections_owed": len(owed),
        "corrections": owed_document(owed, Summaries.of(scene), how.reveal, hides, opaque=how.opaque),
        "next": [
            *_next(scene, counts, proposed, len(owed), already_open=already_open),
            *(
                f"releasewatch incident link {incident.id} --deployment D-{one.number} --state suspect --why TEXT"
                for one in siblings[:SIBLINGS]
            ),
            *(nobody.commands if nobody is not None else ()),
        ],
    }


def count_document(counts: ImpactCounts, *, is_none: bool = False) -> dict[str, int | None]:
    """The counts as JSON has them. `is_none`: there was no incident, so nobody is still exposed to it or returned."""
    return {
        "exposed": counts.exposed,
        "presumed": counts.presumed,
        "possible": counts.possible,
        "affected": counts.affected,
        "cleared": counts.cleared,
        "still_exposed": None if is_none else counts.still_exposed,
        "returned": None if is_none else counts.returned,
    }


def _hides(connection: Any, scene: Scene, how: Showing) -> Callable[[str], bool] | None:
    """What tells which texts may not be shown; None where all may."""
    if how.reveal >= Reveal.NAMES:
        return None
    actors = {deployments.read_actor(connection, number) for number in scene.links} - {""}
    people = {*actors, *(link.recorded_by for link in scene.links.values())}
    return hiding(connection, scene.statements, [link.why for link in scene.links.values()], people, how.viewing.now)


def _incident(scene: Scene, reveal: Reveal, hides: Callable[[str], bool] | None) -> dict[str, Any]:
    state, window, incident = scene.state, scene.window, scene.incident
    document = {
        "key": incident.id,
        "given_key": incident.key if incident.key != incident.id else None,
        "title": state.title,
        "severity": state.severity or None,
        "status": state.status or None,
        "detected_by": state.detected_by or None,
        "opened_at": instant_or_none(state.opened_at),
        "impact_started_at": format_utc(window.started_at),
        "impact_started_because": window.started_because,
        "impact_ended_at": instant_or_none(window.until),
        "impact_ended_because": window.ended_because or None,
        "environment": state.environment or None,
        "components": list(state.components),
        "component_status": {key: status for key, status in state.components.items() if status},
        "regions": list(state.regions),
        "rings": list(state.rings),
        "commander": state.commander or None,
        "liaison": state.liaison or None,
        "summaries": dict(state.summaries),
        "customer_summary_outdated": agreed_before_the_end(scene) is not None,
        "attributes": dict(state.attributes),
    }
    if reveal >= Reveal.NAMES:
        return document
    people = [name for name in ("commander", "liaison") if document[name] is not None]
    given = {"summaries": state.summaries, "attributes": state.attributes}
    texts = {name: shown_of(many, hides) for name, many in given.items()}
    people += [name for name, many in texts.items() if None in many.values()]
    return shown({**document, **dict.fromkeys(people), **texts, "withheld": people}, ("title",), hides)


def _deployments(scene: Scene, reveal: Reveal, hides: Callable[[str], bool] | None) -> list[dict[str, Any]]:
    return [
        shown(
            {
                "id": f"D-{number}",
                "state": link.state,
                "reason": link.why,
                "score": link.score,
                "by": (link.recorded_by or None) if reveal >= Reveal.NAMES else None,
                "at": format_utc(link.recorded_at),
            },
            ("reason",),
            hides,
        )
        for number, link in sorted(scene.links.items())
    ]


def _first(row: FirstToCall, how: Showing) -> dict[str, Any]:
    item = {
        "key": row.key,
        "directory": row.directory,
        "name": row.name or None,
        "account_manager": row.account_manager or None,
        "state": row.state,
        "still_exposed": row.still_exposed,
    }
    return withhold(item, how.reveal, opaque=how.opaque)


def _next(scene: Scene, counts: ImpactCounts, proposed: Sequence[int], owed: int, *, already_open: bool) -> list[str]:
    """What to type next, as it stands."""
    key, state = scene.incident.id, scene.state
    if state.status == "cancelled":
        return [f"releasewatch incident reopen {key}", *([f"releasewatch call plan --incident {key}"] if owed else [])]
    found = []
    if already_open and state.status == "resolved":
        found.append(f"releasewatch incident reopen {key}")
    if not scene.question.blamed and state.is_open:
        found.append(f"releasewatch incident link {key} --deployment ID --state suspect --why TEXT")
    if not scene.question.blamed and not state.components and state.is_open:
        found.append(f"releasewatch incident update {key} --component KEY")
    if state.is_open and (counts.not_reached or counts.after_return):
        found.append(f"releasewatch incident suspects {key}")
    if counts.exposed:
        found.append(f"releasewatch incident show {key} --customers")
    if (counts.exposed or owed) and agreed_before_the_end(scene) is not None:
        found.append(f"releasewatch incident update {key} --audience customer --summary TEXT")
    if counts.exposed or owed:
        found.append(f"releasewatch call plan --incident {key}")
    found += [f"releasewatch incident link {key} --fixed-by D-{number}" for number in proposed]
    if state.is_open and scene.question.blamed and counts.exposed and not counts.still_exposed:
        found.append(f"releasewatch incident resolve {key}")
    return found


def stream_affected(ledger: Ledger, ref: str, how: Showing) -> Iterator[dict[str, Any]]:
    """Every customer in an incident, in the order of their keys; memory does not grow with them."""
    with ledger.read() as connection:
        scene = look_at(connection, incidents.resolve_incident(connection, ref), how.viewing)
        names = catalogs.component_keys(connection)
        rows = impacts.stream_customers(connection, scene.question, FETCHED)
        for _, group in groupby(rows, key=attrgetter("customer_id")):
            mine = list(group)
            item = describe_customer(mine, scene, names, with_words=how.reveal >= Reveal.NAMES)
            item |= measure_customer(mine, scene.question, how.hours)
            yield withhold_measures(withhold(item, how.reveal, opaque=how.opaque), how.reveal)


def describe_customer(
    rows: Sequence[Any], scene: Scene, names: Mapping[int, str], *, with_words: bool
) -> dict[str, Any]:
    """One customer as JSON has them, from their rows of `stream_customers`, before anything is withheld.

    `with_words`: with what somebody said of them in their own words.
    """
    best = rows[0]
    ways = [row for row in rows if row.source is not None]
    components = {names[row.component_id] for row in ways if row.component_id is not None}
    return {
        "key": best.key,
        "directory": best.directory,
        "name": best.name or None,
        "account_manager": best.account_manager or None,
        "state": best.state,
        "level": best.level or level_of(scene, components),
        "first_at": instant_or_none(best.first_at),
        "last_at": instant_or_none(best.last_at),
        "count": best.many,
        "windows": _windows(ways, names),
        "still_exposed": None if scene.state.status == "cancelled" else bool(best.still_exposed),
        "unexplained": best.unexplained or None,
        "reasons": _reasons(best, ways, names, with_words=with_words),
    }


def level_of(scene: Scene, components: set[str]) -> str | None:
    """The worst that is said of the components through which they are in it."""
    said = [status for key, status in scene.state.components.items() if status and key in components]
    return max(said, key=COMPONENT_STATUSES.index, default=None)


def _windows(ways: Sequence[Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    found = {
        (
            row.deployment_id,
            names[row.component_id],
            row.entitled_region if row.any_region and row.entitled_region not in ("", "?") else row.region,
            row.entitled_ring if row.any_ring and row.entitled_ring not in ("", "?") else row.ring,
            row.live_from,
            row.live_until,
            row.carrying_until,
        )
        for row in ways
        if row.component_id is not None
    }
    return [
        {
            "deployment": f"D-{number}" if number else None,
            "component": component,
            "region": region or None,
            "ring": ring or None,
            "live_from": format_utc(live_from),
            "live_until": instant_or_none(max(live_from, live_until)),
            "carrying_until": instant_or_none(carrying_until),
        }
        for number, component, region, ring, live_from, live_until, carrying_until in sorted(found)
    ]


def _reasons(best: Any, ways: Sequence[Any], names: Mapping[int, str], *, with_words: bool) -> list[str]:
    """Why they are in it, in words: what was said of them, then each way in which they are reached.

    `with_words`: in somebody's own words too, which may name people.
    """
    found: dict[str, None] = {}
    if best.said is not None:
        who = "a measurement" if best.said_by_source == "measurement" else "a person"
        found[f"{best.said}, said by {who}" + (f": {best.why}" if best.why and with_words else "")] = None
    if best.unexplained:
        found[UNEXPLAINED[best.unexplained]] = None
    for row in ways:
        name = names[row.component_id] if row.component_id is not None else None
        found[way_in_words(row.deployment_id, row.source, name, row.via)] = None
    if best.state == "possible":
        found.update(dict.fromkeys(uncertain_because(ways) if _all_uncertain(ways) else ()))
    return list(found)


def _all_uncertain(ways: Sequence[Any]) -> bool:
    return bool(ways) and not any(row.certain for row in ways)
