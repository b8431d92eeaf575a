"""Suspects as they are shown for an incident, and taken from what was shown: a number means one deployment for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import OPEN_STATUSES
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.suspects import Suspect
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import incidents, suspect_numbers
from releasewatch.storage.deployments import resolve_deployment
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incident_ranking import BY_THE_AFFECTED, Ranked, rank_for, rank_incident
from releasewatch.usecases.incidents import LOCK
from releasewatch.usecases.suspect_names import without_names
from releasewatch.usecases.suspects import Ranking, suspect_document

SHOWN = 5
"""So many suspects stand in the answer to `incident open`."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """An incident's suspects, best first, with the numbers that they are chosen by."""

    ranked: Ranked
    numbers: Mapping[int, int]

    def for_channel(self, ledger: Ledger, limit: int, reveal: Reveal, now: datetime) -> Proposed:
        """The same where no more may be shown than `reveal`."""
        lineup = without_names(ledger, self.ranked.lineup, limit, reveal, now)
        return replace(self, ranked=replace(self.ranked, lineup=lineup))

    def document(self, limit: int) -> dict[str, Any]:
        """The document of `incident suspects INC --format json`, without its schema number."""
        found = self.ranked.lineup
        impact = found.impact
        return {
            **found.document(limit, self.ranked.incident.id),
            "began_because": self.ranked.began_because,
            "regions": list(impact.regions),
            "rings": list(impact.rings),
            "suspects": [self.one(suspect) for suspect in found.suspects[:limit]],
            "outside": [
                {"deployment": one.id, "state": one.state, "because": one.because} for one in self.ranked.outside
            ],
        }

    def one(self, suspect: Suspect) -> dict[str, Any]:
        """A suspect with its number; None for one that was never shown with one."""
        return {"number": self.numbers.get(suspect.candidate.number), **suspect_document(suspect)}


def propose_suspects(
    ledger: Ledger, ref: str, now: datetime, how: Ranking, *, limit: int = SHOWN, numbered: bool = True
) -> Proposed:
    """Rank the suspects of an incident. `numbered`: the first `limit` are given numbers, unless they have some.

    Numbers are kept with the incident, and never mean another deployment, however the order changes.
    """
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        ranked = rank_incident(connection, incident, now, replace(how, shown=limit))
        numbers = suspect_numbers.read_numbers(connection, incident.incident_id)
    shown = [one.candidate.number for one in ranked.lineup.suspects[:limit]]
    is_now = how.at is None and how.known_at is None
    if numbered and is_now and any(number not in numbers for number in shown):
        with ledger.write() as connection:
            ledger.lock(connection, LOCK)
            suspect_numbers.add_numbers(connection, incident.incident_id, shown, now)
            numbers = suspect_numbers.read_numbers(connection, incident.incident_id)
    return Proposed(ranked, numbers)


def add_suspects(
    ledger: Ledger,
    document: dict[str, Any],
    now: datetime,
    how: Ranking,
    *,
    numbered: bool,
    reveal: Reveal = Reveal.KEYS,
) -> dict[str, Any]:
    """The document of `incident open|show` with the suspects, where nobody is blamed yet and somebody works on it."""
    incident = document["incident"]
    blamed = any(one["state"] in incidents.BLAMED for one in document["deployments"])
    if blamed or incident["status"] not in OPEN_STATUSES:
        return {**document, "none_plausible": None, "suspects_before": None, "suspects": []}
    found = propose_suspects(ledger, incident["key"], now, how, numbered=numbered)
    found = found.for_channel(ledger, SHOWN, reveal, now)
    spoken_of = {one["id"] for one in document["deployments"]}
    shown = [one for one in found.ranked.lineup.suspects[:SHOWN] if one.candidate.id not in spoken_of]
    found_next = _next(document, found, shown)
    return {
        **document,
        "none_plausible": found.ranked.lineup.none_plausible,
        "suspects_before": format_utc(found.ranked.lineup.impact.began_at),
        "suspects": [found.one(suspect) for suspect in shown],
        "next": found_next,
    }


def _next(document: dict[str, Any], found: Proposed, shown: Sequence[Suspect]) -> list[str]:
    """What to type next: take the first suspect by its number; a component, or a start that evidence shows, before."""
    key = document["incident"]["key"]
    commands = list(document["next"])
    if shown and shown[0].plausible:
        # The first of them stands instead of the command that says how to blame one by hand.
        number = found.numbers.get(shown[0].candidate.number) or shown[0].candidate.id
        commands = [line for line in commands if "--deployment ID" not in line]
        commands.insert(0, f"releasewatch incident link {key} --suspect {number}")
    if shown:
        commands.insert(1, f"releasewatch incident suspects {key}")
    if found.ranked.began_because == BY_THE_AFFECTED:
        began = format_utc(found.ranked.lineup.impact.began_at)
        commands.insert(0, f"releasewatch incident update {key} --started-at {began}")
    return sorted(commands, key=lambda line: "--component KEY" not in line)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A suspect that was chosen from those shown. `said`: what was said of its blame last, or empty."""

    suspect: Suspect
    said: str


def choose_suspect(ledger: Ledger, ref: str, given: str, now: datetime, how: Ranking) -> Chosen:
    """The suspect with a number that was shown, or that is named as a deployment is.

    Raises UnknownNameError for a number that was never given, InvalidCallError for what is no suspect (any more).
    """
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        numbers = {
            number: one for one, number in suspect_numbers.read_numbers(connection, incident.incident_id).items()
        }
        deployment_id = _deployment(connection, incident.id, given.strip(), numbers)
        ranked = rank_for(connection, incident, now, how, deployment_id)
        said = incidents.newest_links(connection, incident.incident_id).get(deployment_id)
        found = ranked.find(deployment_id)
        if found is None:
            raise InvalidCallError(
                f"D-{deployment_id} is no suspect of {incident.id}: {ranked.why_not(connection, deployment_id)}.",
                f"Blame it all the same with: releasewatch incident link {incident.id} --deployment D-{deployment_id} "
                "--state suspect --why TEXT",
            )
    return Chosen(found, said.state if said is not None else "")


def _deployment(connection: Any, incident: str, given: str, numbers: Mapping[int, int]) -> int:
    if not given:
        raise InvalidCallError("No suspect is named.", f"See them with: releasewatch incident suspects {incident}")
    if not (given.isascii() and given.isdigit()):
        return int(resolve_deployment(connection, given, repo=None, environment=None).row.deployment_id)
    if len(given) < 10 and int(given) in numbers:
        return numbers[int(given)]
    shown = ", ".join(f"{number} is D-{one}" for number, one in list(numbers.items())[:10])
    raise UnknownNameError(
        f"No suspect was shown as {given} for {incident}." + (f" {shown}." if shown else ""),
        f"See them with: releasewatch incident suspects {incident}",
    )
