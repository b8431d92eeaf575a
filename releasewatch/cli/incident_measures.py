"""How much customers suffered in an incident, for people: a line each for minutes, promises, credits and contracts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.wiring import App

_LIMITS = {"promise": "Promised time", "credit": "Credit"}


def measure_lines(app: App, measures: dict[str, Any]) -> Iterator[str]:
    """What is known of how much customers suffered, each figure with the state of those it is about."""
    minutes, working = measures["customer_minutes"], measures["working_minutes"]
    told = [f"{many:,} {state} ({working[state]:,} in working hours)" for state, many in minutes.items() if many]
    if told:
        unknown = measures["without_timezone"]
        zones = f"; of {counted(unknown, 'customer')} the time zone is unknown" if unknown else ""
        yield f"Customer-minutes: {', '.join(told)}{zones}."
    for name, words in _LIMITS.items():
        limit = measures[name]
        parts = []
        for due, verb in (("passed", "reached for"), ("running", "running for")):
            of = [f"{many:,} {state}" for state, many in limit[due].items() if many]
            parts += [f"{verb} {', '.join(of)}"] if of else []
        if limit["next_at"]:
            parts.append(f"next at {format_both(datetime.fromisoformat(limit['next_at']), app.zone)}")
        if parts:
            yield f"{words}: {'; '.join(parts)}."
    for one in measures["contract_value"] or ():
        of = [f"{value} {state}" for state, value in one.items() if state != "currency" and value != "0.00"]
        if of:
            yield f"Contracts at risk, {one['currency'] or 'without a currency'}: {', '.join(of)}."
