"""Keeps who received which version of a list, and finds who has to be told that theirs is withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.call_care import no_care_because
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_purposes import IN_IT
from releasewatch.domain.call_sendings import Sending, Withdrawn, newest_of_each, why_withdrawn
from releasewatch.domain.times import format_utc
from releasewatch.storage import call_sendings, impacts, incidents
from releasewatch.storage.calls import ListOf
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_viewing import Viewing

KeepersOf = Callable[[UUID, date], Collection[str]]


def record_sending(ledger: Ledger, made: CallList, who: str, now: datetime, channel: str = "file") -> None:
    """Keep that a list was given to an account manager, a team, or everyone.

    Of check-ins, and of what is only coming, nothing is kept: nothing in them can turn out to be wrong later.
    """
    if list_of(made) is None:
        return
    with ledger.write() as connection:
        keep_sending(connection, made, who, now, channel)


def keep_sending(connection: Any, made: CallList, who: str, now: datetime, channel: str) -> None:
    """The same inside a transaction."""
    whose = list_of(made)
    if whose is None:
        return
    audience, receiver = "everyone", ""
    if made.team is not None:
        audience, receiver = "team", made.team
    elif made.account_manager is not None:
        audience, receiver = "account_manager", made.account_manager
    sending = Sending(
        version=made.version,
        audience=audience,
        receiver=receiver,
        channel=channel,
        by=who,
        at=now,
        blamed=frozenset(int(one[2:]) for one in made.incident.deployments) if made.incident else frozenset(),
    )
    call_sendings.add_sending(connection, whose, sending)


def list_of(made: CallList) -> ListOf | None:
    """Whose list it is, by number; None when it is of no incident or deployment of the ledger."""
    if made.incident is not None:
        return ListOf(incident_id=int(made.incident.id[4:]))
    return ListOf(deployment_id=int(made.deployment[2:])) if made.deployment else None


def withdrawn_of_incident(
    connection: Any, scene: Scene, cleared: Sequence[UUID], keepers_of: KeepersOf, now: datetime
) -> tuple[Withdrawn, ...]:
    """Who has to be told that the version they got is withdrawn: the incident was cancelled, the blame moved, or a
    customer on it was cleared since.

    `cleared`: everybody who is by now; `keepers_of` says who keeps one on a day, or stands in for them.
    """
    found = []
    cancelled_at = scene.state.status_at if scene.state.status == "cancelled" else None
    blamed = frozenset(incidents.blamed_deployments(connection, scene.incident.incident_id))
    for one in newest_of_each(call_sendings.read_sendings(connection, ListOf(incident_id=scene.incident.incident_id))):
        named = one.audience == "account_manager"
        theirs = [who for who in cleared if not named or one.receiver in keepers_of(who, one.at.date())]
        since = 0
        if theirs:
            # As it stood in that version: who was cleared before was not on it.
            then = look_at(connection, scene.incident, Viewing(now, one.at, one.at))
            states = impacts.states_of(connection, then.question, theirs)
            since = sum(1 for who in theirs if states.get(who) in IN_IT)
        if because := why_withdrawn(one, cancelled_at, blamed, since):
            found.append(Withdrawn(one, because))
    return tuple(found)


def withdrawn_of_deployment(connection: Any, deployment_id: int) -> tuple[Withdrawn, ...]:
    """The same of a deployment's list: it was given away before an incident was blamed on the deployment."""
    sendings = newest_of_each(call_sendings.read_sendings(connection, ListOf(deployment_id=deployment_id)))
    if not sendings:
        return ()
    found = []
    for number in incidents.blamed_for(connection, deployment_id):
        since = incidents.newest_links(connection, number)[deployment_id].recorded_at
        because = no_care_because(f"D-{deployment_id}", f"INC-{number}")
        found += [Withdrawn(one, because) for one in sendings if one.at <= since]
    return tuple(found)


def withdrawn_documents(withdrawn: Sequence[Withdrawn], *, names: bool) -> list[dict[str, Any]]:
    """The same as JSON."""
    return [
        {
            "version": one.sending.version,
            "audience": one.sending.audience,
            "receiver": (one.sending.receiver or None) if names else None,
            "channel": one.sending.channel,
            "at": format_utc(one.sending.at),
            "because": one.because,
            "withheld": [] if names or not one.sending.receiver else ["receiver"],
        }
        for one in withdrawn
    ]
