"""One call as it stands: what is in it, what may be said, who holds it, and what was tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from releasewatch.domain.call_hands import gravest_first
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.staff import find_person
from releasewatch.domain.times import format_utc
from releasewatch.storage import call_attempts, call_facts, call_moves, calls, incidents, staff
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import Planning, reason_of
from releasewatch.usecases.call_documents import call_document, reason_document
from releasewatch.usecases.call_tellings import Summaries
from releasewatch.usecases.calls import find_care_row, list_calls
from releasewatch.usecases.care_rows import find_plain_row
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.incident_calls import find_incident_row, list_incident_calls
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_viewing import Viewing


def find_row(connection: Any, row: Any, how: Planning) -> PlannedCall | None:
    """A call as the list of what it is about shows it; None when it is on none any more.

    Of several reasons the gravest one's list is asked.
    """
    live = [one for one in calls.items_of(connection, row.customer_id, row.call_id) if one.withdrawn_at is None]
    about = sorted({one.incident_id for one in live if one.incident_id}, reverse=True)
    rows = (find_incident_row(connection, f"INC-{number}", row.customer_id, how) for number in about)
    gravest = min(filter(None, rows), key=gravest_first, default=None)
    if gravest is not None:
        return gravest
    changed = sorted({one.deployment_id for one in live if one.deployment_id}, reverse=True)
    cares = (find_care_row(connection, number, row.customer_id, how) for number in changed)
    gravest = min(filter(None, cares), key=gravest_first, default=None)
    if gravest is not None:
        return gravest
    plain = [one for one in live if not one.incident_id and not one.deployment_id]
    return find_plain_row(connection, row.customer_id, plain[0], how) if plain else None


def _find_listed(ledger: Ledger, row: Any, how: Planning) -> PlannedCall | None:
    """An open call as the whole list shows it, which knows what a day allows and who shares a number; None when none
    does."""
    if row.status != "open":
        return None
    with ledger.read() as connection:
        live = [one for one in calls.items_of(connection, row.customer_id, row.call_id) if one.withdrawn_at is None]
    about = sorted({one.incident_id for one in live} - {0}, reverse=True)
    changed = sorted({one.deployment_id for one in live} - {0}, reverse=True)
    lists = [
        *(list_incident_calls(ledger, f"INC-{number}", how) for number in about),
        *(list_calls(ledger, number, how) for number in changed),
    ]
    rows = (one for made in lists for one in made.calls.rows if one.candidate.call == f"C-{row.call_id}")
    return min(rows, key=gravest_first, default=None)


def find_as_listed(ledger: Ledger, row: Any, how: Planning) -> PlannedCall | None:
    """A call as its list has it, where nobody asks what it is to the other rows: all of these are ranked only where a
    day's capacity decides whether it is made."""
    if how.rules.capacity is not None and (listed := _find_listed(ledger, row, how)) is not None:
        return listed
    with ledger.read() as connection:
        return find_row(connection, row, how)


def call_as_document(ledger: Ledger, row: Any, how: Planning) -> dict[str, Any]:
    """A call with everything that was in it and all attempts, before anything is withheld."""
    listed = _find_listed(ledger, row, how)
    with ledger.read() as connection:
        planned = listed or find_row(connection, row, how)
        key = call_facts.keys_of(connection, [row.customer_id])[row.customer_id]
        items = calls.items_of(connection, row.customer_id, row.call_id)
        attempts = call_attempts.attempts_of(connection, row.customer_id, row.call_id)
        told = call_attempts.told_with(connection, row.customer_id, [one.attempt_id for one in attempts])
        moves = call_moves.moves_of(connection, row.customer_id, row.call_id)
        words = _words_told(connection, told, how)
        keepers = _keepers(connection, attempts, how)
    held = row.status == "open" and row.claimed_until is not None and row.claimed_until > how.now
    base: dict[str, Any] = call_document(planned) if planned is not None else {"customer": key, "name": None}
    changed = [one for one in items if held and max(one.added_at, one.withdrawn_at or one.added_at) > row.claimed_at]
    return {
        **base,
        "id": f"C-{row.call_id}",
        "group": row.call_group,
        "status": "claimed" if held else base.get("status", row.status) if row.status == "open" else row.status,
        "holder": row.claimed_by if held else None,
        "held_until": instant_or_none(row.claimed_until) if held else None,
        "changed_since_claim": bool(changed),
        "created_at": format_utc(row.created_at),
        "next_at": instant_or_none(row.next_at) if row.next_at is not None else None,
        "closed_at": instant_or_none(row.closed_at) if row.closed_at is not None else None,
        "closed_by": row.closed_by or None,
        "why_closed": row.why_closed or None,
        "items": [
            {
                **reason_document(reason_of(one)),
                "added_at": format_utc(one.added_at),
                "withdrawn_at": None if one.withdrawn_at is None else format_utc(one.withdrawn_at),
                "why_withdrawn": one.why_withdrawn or None,
            }
            for one in items
        ],
        "assigned_to": row.assigned_to or None,
        "moves": [_move(one) for one in moves],
        "attempts": [
            {**_attempt(one, words.get(one.attempt_id, [])), "promise_kept_by": keepers.get(one.attempt_id)}
            for one in attempts
        ],
    }


def _words_told(connection: Any, told: dict[int, list[Any]], how: Planning) -> dict[int, list[dict[str, Any]]]:
    """What was told with each attempt, in the words of that revision."""
    summaries: dict[int, Summaries] = {}
    for number in {one.incident_id for rows in told.values() for one in rows if one.incident_id}:
        incident = incidents.resolve_incident(connection, f"INC-{number}")
        summaries[number] = Summaries.of(look_at(connection, incident, Viewing(how.now)))
    return {
        attempt: [
            {
                **reason_document(reason_of(one)),
                "revision": summaries[one.incident_id].revision_of(one.statement_id) if one.incident_id else None,
                "told": (summaries[one.incident_id].text_of(one.statement_id) or None) if one.incident_id else None,
                "state": one.state or None,
            }
            for one in rows
        ]
        for attempt, rows in told.items()
    }


def _keepers(connection: Any, attempts: Sequence[Any], how: Planning) -> dict[int, str]:
    """Who keeps a promise in the place of who gave it, because they left: by attempt, in words."""
    promised = [one for one in attempts if one.promise_due_on is not None]
    if not promised:
        return {}
    book, everybody = staff.read_book(connection), staff.read_staff(connection)
    found = {}
    for one in promised:
        meant = find_person(everybody, one.recorded_by)
        owner = book.owner(next(iter(meant)), how.now.date()) if len(meant) == 1 else None
        if owner is not None and owner.key not in meant:
            found[one.attempt_id] = f"{owner.key or 'nobody'} ({owner.note})"
    return found


def _move(row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "from": row.from_staff or None,
        "to": row.to_staff,
        "why": row.why or None,
        "by": row.recorded_by,
        "at": format_utc(row.recorded_at),
    }


def _attempt(row: Any, told: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "at": format_utc(row.attempted_at),
        "channel": row.channel,
        "disposition": row.disposition,
        "outcome": row.outcome or None,
        "reached": row.reached,
        "told": told,
        "note": row.note or None,
        "quote": row.quote or None,
        "promise": row.promise or None,
        "ask_engineering": row.ask_engineering or None,
        "due_on": row.promise_due_on.isoformat() if row.promise_due_on else None,
        "next_at": None if row.next_at is None else format_utc(row.next_at),
        "by": row.recorded_by or None,
    }
