"""Why one customer stands where they stand on a list of calls, or why they are not on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from releasewatch.domain.call_explaining import Explanation, explain_place
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.storage import call_facts, impacts, incidents
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import Planning, RankedList
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.calls import find_care_row
from releasewatch.usecases.incident_calls import find_incident_row
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_viewing import Viewing


@dataclass(frozen=True, slots=True)
class Explained:
    """`found` is None when the customer is not on the list, and `because` then says why."""

    key: str
    found: Explanation | None
    because: str = ""


def explain_call(ledger: Ledger, made: RankedList, ref: str, how: Planning, level: Reveal, *, in_ci: bool) -> Explained:
    """The place of a customer, by key or alias, on a whole list. Raises UnknownNameError."""
    with ledger.read() as connection:
        customer_id = resolve_customer(connection, ref).customer_id
        key = call_facts.keys_of(connection, [customer_id])[customer_id]
        tie = opaque_key if how.opaque else str
        rows = made.calls.rows
        found = explain_place(rows, key, tie, outside=level < Reveal.NAMES, in_ci=in_ci)
        because = "" if found is not None else _why_not(connection, made, customer_id, how)
    return Explained(key, found, because)


def _why_not(connection: Any, made: RankedList, customer_id: Any, how: Planning) -> str:
    if made.calls.beyond.customers and (row := _row_beyond(connection, made, customer_id, how)) is not None:
        return f"they score {row.score}, and the list holds only the first {made.calls.beyond.most:,} ([calling] most)"
    if made.calls.week:
        return "it is not their turn this week"
    if made.calls.coming is not None:
        return "nothing of what is coming breaks what they use, as far as is known"
    if made.calls.incident is None:
        blank = made.calls.not_ruled_out > 0
        return "the deployment does not reach them, as far as is known" + (
            "; not all that it changed is known, so that they cannot be ruled out" if blank else ""
        )
    incident = incidents.resolve_incident(connection, made.calls.incident.id)
    scene = look_at(connection, incident, Viewing(how.now, without_entitlement=how.without_entitlement))
    if scene.state.status == "cancelled":
        return "the incident was cancelled, and they were told of nothing"
    state = impacts.states_of(connection, scene.question, [customer_id]).get(customer_id, "")
    if state == "cleared":
        return "they were cleared, and told of nothing"
    return "nothing that is known of the incident reaches them, and they were told of nothing"


def _row_beyond(connection: Any, made: RankedList, customer_id: Any, how: Planning) -> PlannedCall | None:
    """The row that a customer would have on a list without an end."""
    if made.calls.incident is not None:
        return find_incident_row(connection, made.calls.incident.id, customer_id, how)
    return find_care_row(connection, int(made.calls.deployment.removeprefix("D-")), customer_id, how)


def explanation_document(explained: Explained) -> dict[str, Any]:
    """As `call list --explain --format json` gives it, before anything is withheld. `call` is a row of the list."""
    found = explained.found
    if found is None:
        return {"customer": explained.key, "on_list": False, "because": explained.because}
    above = found.above
    return {
        "customer": explained.key,
        "on_list": True,
        "rank": found.row.rank,
        "of": found.total,
        "call": call_document(found.row),
        "above": None
        if above is None
        else {
            "customer": above.candidate.key,
            "rank": above.rank,
            "score": above.score,
            "parts": dict(above.parts),
            "verdict": above.verdict,
        },
        "difference": dict(found.difference),
        "points_to_pass": found.points_to_pass if above is not None else None,
        "would_change": list(found.changes),
    }
