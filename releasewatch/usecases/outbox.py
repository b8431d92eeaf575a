"""Putting into the outbox whom a fact concerns, in the transaction of the fact; looking into it, and dropping."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import fold
from releasewatch.domain.notifications import OPEN_STATES, Fact, Rule, When, concerned
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import deployments, incidents, outbox
from releasewatch.storage.call_lists import list_version
from releasewatch.storage.calls import ListOf
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.outbox import Kept
from releasewatch.storage.types import LATEST

_ID = re.compile(r"(?:N-)?(\d{1,18})", re.IGNORECASE)
_PREFIX = {"deployment": "D", "incident": "INC", "call": "C"}


def tell(connection: Any, rules: Collection[Rule], fact: Fact, now: datetime) -> int:
    """Put a fact into the outbox for every rule that it concerns; returns how many are new."""
    return outbox.put(connection, concerned(rules, fact), now) if rules else 0


def tell_of_incident(
    connection: Any, incident: IncidentRef, kind: When, rules: Collection[Rule], now: datetime, occasion: str = ""
) -> None:
    """Have others told what was just said of an incident; the last statement is the occasion, or a given one."""
    if not rules:
        return
    said = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
    state, last = fold(said, LATEST, LATEST), max(one.number for one in said)
    fact = Fact(
        kind, "incident", incident.incident_id, occasion or str(last), now, state.environment, state.severity, last
    )
    tell(connection, rules, fact, now)
    if state.status == "cancelled":
        tell_of_list(connection, "list_withdrawn", ListOf(incident_id=incident.incident_id), rules, now)


def tell_of_blamed(connection: Any, deployment_id: int, rules: Collection[Rule], now: datetime) -> None:
    """Have others told that a deployment's own list is withdrawn: its customers are called about an incident now."""
    tell_of_list(connection, "list_withdrawn", ListOf(deployment_id=deployment_id), rules, now)


def kind_of_change(before: str, after: str) -> When:
    """What it is when an incident's status was one and is another now; one resolved again is only corrected."""
    return "incident_resolved" if after == "resolved" != before else "incident_updated"


def tell_of_list(
    connection: Any, kind: When, whose: ListOf, rules: Collection[Rule], now: datetime, occasion: str = ""
) -> int:
    """Have others told of a planned list, once for each version unless another `occasion` is given; returns how many
    are new. Of a list that was never planned nobody is told.
    """
    version = list_version(connection, whose) if rules else None
    if version is None:
        return 0
    occasion = occasion or f"version {version}"
    if whose.incident_id:
        said = incidents.read_statements(connection, [whose.incident_id])[whose.incident_id]
        state = fold(said, LATEST, LATEST)
        fact = Fact(kind, "incident", whose.incident_id, occasion, now, state.environment, state.severity, version)
    else:
        found = deployments.get_deployment(connection, whose.deployment_id)
        fact = Fact(kind, "deployment", whose.deployment_id, occasion, now, found.environment, "", version)
    return tell(connection, rules, fact, now)


def list_outbox(
    ledger: Ledger, states: Collection[str], limit: int, before: str | None
) -> tuple[list[Kept], str | None]:
    """What is in the outbox, newest first, and where the next page begins."""
    after = number_of(before) if before is not None else None
    with ledger.read() as connection:
        found = outbox.read_outbox(connection, states, limit + 1, after)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def drop(ledger: Ledger, ids: Sequence[str], why: str, by: str, now: datetime) -> list[Kept]:
    """Have some of it never sent. All of them or none; dropping twice is dropping once."""
    if not why.strip():
        raise InvalidCallError("A notification is dropped for a reason.", "Give it with --why TEXT.")
    if not by:
        raise InvalidCallError("It is not known who drops it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    dropped = []
    with ledger.write() as connection:
        for one in ids:
            found = outbox.drop(connection, number_of(one), why.strip(), by, now)
            if found is None:
                raise UnknownNameError(f"There is no notification {one!r}.", "See: releasewatch outbox list")
            if found.state == "sending":
                raise RefusedError(
                    f"{found.id} is being sent right now.", f"Look again after {format_utc(found.next_at)}."
                )
            if found.state != "dropped":
                raise RefusedError(f"{found.id} cannot be dropped any more.", f"It is {found.state}.")
            dropped.append(found)
    return dropped


def waiting_elsewhere(ledger: Ledger, here: Collection[str]) -> dict[str, int]:
    """How many wait, by rule, that cannot be sent from here."""
    with ledger.read() as connection:
        found = outbox.count_open(connection)
    waiting = {rule: sum(many[state] for state in OPEN_STATES if state in many) for rule, many in found.items()}
    return {rule: many for rule, many in sorted(waiting.items()) if many and rule not in here}


def number_of(text: str) -> int:
    """The number of a notification as people write it; raises UnknownNameError."""
    found = _ID.fullmatch(text.strip())
    if found is None:
        raise UnknownNameError(f"{text!r} is no notification.", "They are called N-12: releasewatch outbox list")
    return int(found[1])


def subject_id(kept: Kept) -> str:
    """What it is about, as people call it."""
    return f"{_PREFIX[kept.notification.subject]}-{kept.notification.number}"


def kept_document(kept: Kept, *, names: bool) -> dict[str, Any]:
    """A row of the outbox as JSON; who dropped it, and why, is somebody's name and words."""
    about = kept.notification
    hidden = [] if names else [name for name in ("by", "why") if getattr(kept, "recorded_by" if name == "by" else name)]
    return {
        "id": kept.id,
        "rule": about.rule,
        "kind": about.kind,
        "subject": subject_id(kept),
        "state": kept.state,
        "occurred_at": format_utc(about.at),
        "attempts": kept.attempts,
        "next_at": format_utc(kept.next_at) if kept.state in ("waiting", "sending") else None,
        "settled_at": format_utc(kept.settled_at) if kept.settled_at else None,
        "problem": kept.problem or None,
        "by": (kept.recorded_by or None) if names else None,
        "why": (kept.why or None) if names else None,
        "key": about.key,
        "withheld": hidden,
    }
