"""The calls of a list as `call list --format json` gives them, before anything is withheld."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.call_purposes import CallReason
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.their_time import in_their_time
from releasewatch.domain.times import format_utc
from releasewatch.usecases.call_candidates import RankedList


def as_document(made: RankedList) -> list[dict[str, Any]]:
    """Each call, in the order of the list."""
    return [call_document(row) for row in made.calls.rows]


def call_document(row: PlannedCall) -> dict[str, Any]:
    """One call; `holder` is a name."""
    candidate, window, hurt = row.candidate, row.availability.window, row.candidate.hurt
    standing = candidate.standing
    about = (
        {
            "reach": None if candidate.care is not None and candidate.care.is_check_in else candidate.reach,
            "reported_at": None if candidate.reported_at is None else format_utc(candidate.reported_at),
        }
        if hurt is None
        else {
            "state": hurt.state or None,
            "severity": hurt.severity or None,
            "level": hurt.level or None,
            "minutes_in_working_hours": hurt.minutes,
            "reported_at": None if hurt.reported_at is None else format_utc(hurt.reported_at),
            "called_first": None if hurt.reported_at is None else "they" if hurt.called_first else "we",
        }
    )
    return {
        "id": candidate.call or None,
        "customer": candidate.key,
        "name": candidate.name,
        "group": standing.group,
        "purpose": standing.purpose or None,
        "items": [reason_document(one) for one in standing.reasons],
        "status": standing.status,
        "approved": standing.approved,
        "drafts": list(standing.drafts),
        "holder": standing.holder or None,
        "held_until": None if standing.held_until is None else format_utc(standing.held_until),
        "attempts": standing.attempts,
        "next_at": None if standing.not_before is None else format_utc(standing.not_before),
        "waits_for": standing.waits_for or None,
        "waits_until": None if standing.waits_until is None else format_utc(standing.waits_until),
        "changed_since_claim": standing.changed,
        "rank": row.rank,
        "band": row.band or None,
        "not_known": list(row.blanks),
        "score": row.score,
        "parts": dict(row.parts),
        "verdict": row.verdict,
        "verdict_because": row.verdict_because,
        "verdict_outside": row.verdict_outside,
        "possible": candidate.possible,
        **about,
        "callable": row.availability.callable,
        "next_window": None
        if window is None
        else {"from": format_utc(window.from_at), "until": format_utc(window.until_at)},
        "at_any_hour": row.availability.by_rule or None,
        "holiday": row.availability.holiday or None,
        "timezone": row.local_zone or None,
        "local_time": row.availability.local_now.isoformat(timespec="minutes") if row.availability.local_now else None,
        "language": (row.contact.language if row.contact else "") or candidate.language or None,
        "contact": _contact_document(row),
        "same_number_as": [
            {"customer": twin.key or None, "account_manager": twin.account_manager or None} for twin in row.twins
        ],
        "called_lately": [
            {"at": format_utc(talk.at), "call": talk.call, "about": list(talk.about)} for talk in candidate.talks
        ],
        "account_manager": candidate.account_manager or None,
        "account_manager_note": candidate.owner_note or None,
        "assigned_to": standing.assigned_to or None,
        "caller": candidate.hands.caller or None,
        "caller_because": candidate.hands.because or None,
        "late_because": row.late or None,
        "goes_up_to": row.goes_up_to or None,
        "because": list(row.because),
        "say": [in_their_time(text, row.local_zone) for text in candidate.say],
        "say_withheld": candidate.say_withheld,
        "say_outside": candidate.say_outside,
        "say_outdated": candidate.say_outdated,
        "know": list(candidate.know),
        "do_not_say": list(candidate.do_not_say),
    }


def reason_document(reason: CallReason) -> dict[str, Any]:
    """One reason in a call."""
    return {
        "purpose": reason.purpose,
        "incident": reason.incident or None,
        "deployment": reason.deployment or None,
        "coming": reason.coming or None,
    }


def _contact_document(row: PlannedCall) -> dict[str, Any] | None:
    contact = row.contact
    if contact is None:
        return None
    return {
        "name": contact.name,
        "role": contact.role or None,
        "phone": contact.phone or None,
        "phone_e164": contact.phone_e164 or None,
        "phone_state": contact.phone_state or None,
        "email": contact.email or None,
        "may_dial": row.may_dial,
    }
