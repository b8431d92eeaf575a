"""What a row of a call list says of a call, in words fit for the channel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from releasewatch.domain.calls import CallContact, PlannedCall
from releasewatch.domain.privacy import opaque_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from releasewatch.domain.call_purposes import Standing
    from releasewatch.domain.calling_hours import Availability

WITHHELD = "withheld"
"""What stands in the place of something that the channel may not show."""
ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
"""An address that means nothing but itself in HTML and Markdown: it is printed as it is, so that it can be copied."""
E164 = re.compile(r"\+[1-9]\d{3,14}")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CALLABLE_OUTSIDE = {"now": "now", "later": "later", "never": "not by phone", "unknown": "not known"}
"""Whether somebody can be called, where the time at their place may not be told."""


def same_number_in_words(row: PlannedCall, *, names: bool, opaque: bool = False) -> Iterator[str]:
    """Of each other customer with the same number: that it is one dial."""
    for twin in row.twins:
        who = opaque_key(twin.key) if opaque and not names and twin.key else twin.key
        keeper = twin.account_manager if names else WITHHELD
        whose = f"a customer of {keeper}" if twin.account_manager else "a customer whom nobody keeps"
        yield f"same number as {who or whose}: one dial"


def status_in_words(standing: Standing) -> str:
    """How a call stands; of a draft nobody may make it, whoever has it in hand."""
    status = plain(standing.status)
    if standing.approved or standing.status in ("done", "skipped", "withdrawn"):
        return status
    return f"{status}, draft" if standing.holder else "draft"


def in_hand_in_words(standing: Standing, *, names: bool) -> str:
    """`claimed by olga`, `waiting`, `draft`; empty of a call that anybody may take up, or that is not planned."""
    status = status_in_words(standing)
    if status in ("open", "not planned"):
        return ""
    return f"{status} by {standing.holder if names else 'somebody'}" if standing.holder else status


def tried_in_words(standing: Standing) -> tuple[str, ...]:
    """How often somebody tried a call that is still to be made; nothing where nobody has."""
    if not standing.attempts or standing.status not in ("open", "claimed", "waiting"):
        return ()
    return ("tried once" if standing.attempts == 1 else f"tried {standing.attempts} times",)


def caller_in_words(row: PlannedCall) -> str:
    """Who makes a call where that is not simply the account manager."""
    hands = row.candidate.hands
    if hands.caller in ("", row.candidate.account_manager):
        return ""
    return f"{hands.caller} ({hands.because})" if hands.because else hands.caller


def late_in_words(row: PlannedCall, *, names: bool) -> str:
    if not row.late:
        return ""
    if not row.goes_up_to:
        return f"{row.late}; no manager is known to whom it goes up"
    return f"{row.late}; goes up to {row.goes_up_to if names else 'their manager'}"


def plain(word: str) -> str:
    return word.replace("_", " ")


def contact_fields(row: PlannedCall, contact: CallContact | None, *, shown: bool, names: bool) -> Mapping[str, str]:
    empty = dict.fromkeys(("contact", "role", "phone", "tel", "phone_note", "email", "mailto"), "")
    if contact is None:
        return empty
    if not shown:
        number = WITHHELD if row.may_dial else ""
        return {**empty, "contact": WITHHELD, "role": contact.role if names else "", "phone": number}
    found = {**empty, "contact": contact.name, "role": contact.role, "email": contact.email}
    if ADDRESS.fullmatch(contact.email):
        found |= {"email": Markup(contact.email), "mailto": f"mailto:{contact.email}"}  # noqa: S704 - matched right here
    if not row.may_dial:
        return found
    if E164.fullmatch(contact.phone_e164):
        note = "the length fits, but no such range is known" if contact.phone_state == "possible" else ""
        return {**found, "phone": contact.phone_e164, "tel": f"tel:{contact.phone_e164}", "phone_note": note}
    return {**found, "phone": contact.phone, "phone_note": "as stored: it could not be read as a number"}


def local_time_in_words(availability: Availability, zone: str) -> str:
    local = availability.local_now
    return "" if local is None else f"{DAYS[local.weekday()]} {local:%H:%M} ({zone})"


def callable_in_words(availability: Availability, *, their_time: bool) -> str:
    if not their_time:
        return _CALLABLE_OUTSIDE[availability.callable]
    local, window = availability.local_now, availability.window
    match availability.callable:
        case "now" if availability.by_rule:
            hour = f" {DAYS[local.weekday()]} {local:%H:%M}" if local is not None else ""
            return f"now, at any hour: {availability.by_rule} by [calling] override_hours{hour and f'; it is{hour}'}"
        case "now" if local is not None and window is not None:
            return f"now, until {window.until_at.astimezone(local.tzinfo):%H:%M} their time"
        case "later" if local is not None and window is not None:
            start = window.from_at.astimezone(local.tzinfo)
            today = f"today is {availability.holiday}; " if availability.holiday else ""
            return f"later: {today}from {DAYS[start.weekday()]} {start:%H:%M} their time"
        case "later":
            today = f"today is {availability.holiday}; " if availability.holiday else ""
            return f"later: {today}their time zone is not known"
        case "never":
            return "not by phone"
    return "their time zone is not known"


def window_in_words(availability: Availability) -> str:
    window = availability.window
    if window is None:
        return ""
    begin, end = window.from_at, window.until_at
    if availability.local_now is None and not availability.by_rule:
        return f"not before {begin:%Y-%m-%d %H:%M} UTC"
    return f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
