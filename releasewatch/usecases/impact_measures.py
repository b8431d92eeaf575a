"""What an incident cost its customers: minutes, working minutes, contracts at risk, promises and credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.impact_measures import (
    COUNTED,
    DueCounts,
    Group,
    Measures,
    Place,
    Span,
    Suffering,
    measure,
    suffering_of,
    working_seconds,
)
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.storage import impact_measures, incidents
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_viewing import Viewing

_CENT = Decimal("0.01")


def measure_incident(ledger: Ledger, ref: str, how: Viewing, hours: CallingHours, reveal: Reveal) -> dict[str, Any]:
    """What `incident show` says of all customers, by state; contract values only where contacts may be shown."""
    shown = reveal >= Reveal.CONTACTS
    with ledger.read() as connection:
        question = look_at(connection, incidents.resolve_incident(connection, ref), how).question
        groups = impact_measures.read_groups(connection, question, with_contracts=shown)
        found = measure(groups, span_of(question), hours)
    return {
        "customer_minutes": _minutes(found.seconds),
        "working_minutes": _minutes(found.working),
        "without_timezone": found.without_zone,
        "promise": _due(found.promise),
        "credit": _due(found.credit),
        "contract_value": _contracts(found) if shown else None,
        "withheld": [] if shown else ["contract_value"],
    }


def span_of(question: ImpactQuestion) -> Span:
    """The impact that is asked about."""
    return Span(question.started_at, question.until, question.at)


def _minutes(seconds: Mapping[str, int]) -> dict[str, int]:
    return {state: seconds.get(state, 0) // 60 for state in COUNTED}


def _due(counts: DueCounts) -> dict[str, Any]:
    by_state = {due: {state: counts.many[due, state] for state in COUNTED} for due in ("passed", "running", "kept")}
    return {**by_state, "next_at": instant_or_none(counts.next_at)}


def _contracts(found: Measures) -> list[dict[str, Any]]:
    """The sums, as text with two decimals, since no number of JSON holds money."""
    return [
        {
            "currency": currency or None,
            **{state: str(found.contracts.get((currency, state), Decimal(0)).quantize(_CENT)) for state in COUNTED},
        }
        for currency in sorted({currency for currency, _ in found.contracts})
    ]


def measure_customer(rows: Sequence[Any], question: ImpactQuestion, hours: CallingHours) -> dict[str, Any]:
    """What `incident show --customers` says of one, from their rows. None of it where they are cleared."""
    best = rows[0]
    ways = [row for row in rows if row.source is not None]
    group = Group(
        best.state,
        live_from=min((row.live_from for row in ways), default=None),
        carrying_until=max((row.carrying_until for row in ways), default=None),
        first_at=best.first_at,
        last_at=best.last_at,
        place=Place(best.timezone or "", best.country or ""),
    )
    if best.state not in COUNTED:
        return {"minutes": None, "working_minutes": None, "promise": None, "credit": None}
    suffering = suffering_of(group, span_of(question))
    within = working_seconds(group.place, hours, suffering.began_at, suffering.until)
    return {
        "minutes": round(suffering.seconds) // 60,
        "working_minutes": None if within is None else round(within) // 60,
        "promise": _limit(suffering, best.sla_minutes),
        "credit": _limit(suffering, best.credit_after_minutes),
    }


def _limit(suffering: Suffering, minutes: int | None) -> dict[str, Any] | None:
    if not minutes:
        return None
    return {"minutes": minutes, "at": format_utc(suffering.due_at(minutes)), "stands": suffering.due(minutes)}


def withhold_measures(item: dict[str, Any], reveal: Reveal) -> dict[str, Any]:
    """A customer's item without what tells their time zone or their contract, where names may not be shown."""
    if reveal >= Reveal.NAMES:
        return item
    hidden = [name for name in ("working_minutes", "promise", "credit") if item[name] is not None]
    return {**item, **dict.fromkeys(hidden), "withheld": [*item["withheld"], *hidden]}
