"""What a row of a call list says of a call, in words fit for the channel."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from releasewatch.domain.calls import CallContact, PlannedCall
from releasewatch.domain.privacy import opaque_key

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def in_hand_in_words(standing: Standing, status: str, *, names: bool) -> str:
    """`claimed by olga`, `waiting`, `draft`; empty of a call that anybody may take up, or that is not planned.

    `status`: how it stands, in words.
    """
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


class ContactWords(NamedTuple):
    """Whom to reach and how, as a row says it."""

    contact: str = ""
    role: str = ""
    phone: str = ""
    tel: str = ""
    phone_note: str = ""
    email: str = ""
    mailto: str = ""


_NO_CONTACT = ContactWords()


def contact_in_words(row: PlannedCall, contact: CallContact | None, *, shown: bool, names: bool) -> ContactWords:
    if contact is None:
        return _NO_CONTACT
    if not shown:
        number = WITHHELD if row.may_dial else ""
        return ContactWords(contact=WITHHELD, role=contact.role if names else "", phone=number)
    email, mailto, phone, tel, note = contact.email, "", "", "", ""
    if email and ADDRESS.fullmatch(email):
        mailto, email = f"mailto:{email}", str.__new__(Markup, email)  # matched right here
    if row.may_dial:
        phone = contact.phone_e164
        if E164.fullmatch(phone):
            tel = f"tel:{phone}"
            note = "the length fits, but no such range is known" if contact.phone_state == "possible" else ""
        else:
            phone, note = contact.phone, "as stored: it could not be read as a number"
    return ContactWords(contact.name, contact.role, phone, tel, note, email, mailto)


@lru_cache(maxsize=512)
def hours_in_words(availability: Availability, zone: str) -> tuple[str, str, str]:
    """Local time, when they can be called, and the window: of all who are at the same place, and alike, said once."""
    return (
        local_time_in_words(availability, zone),
        callable_in_words(availability, their_time=True),
        window_in_words(availability),
    )


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
