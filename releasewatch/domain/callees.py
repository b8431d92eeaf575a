"""Which of a customer's contacts is called, or written to: the first in order whom nothing keeps us from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasewatch.domain.calls import CallCandidate, CallContact

DIRECTORY_SAYS_NO = "the directory says do-not-call"
MARKED_DO_NOT_CALL = "one of us marked them do-not-call"
NOT_TO_BE_CALLED = "they are not to be called"
CONTACT_NOT_TO_BE_CALLED = "the contact is not to be called"
NO_CONSENT = "the contact did not consent"

OUTSIDE = dict.fromkeys(
    (DIRECTORY_SAYS_NO, MARKED_DO_NOT_CALL, NOT_TO_BE_CALLED, CONTACT_NOT_TO_BE_CALLED, NO_CONSENT),
    "a call is not possible",
)
"""What a directory or a person said of somebody, in words that do not say it."""


def find_callee(candidate: CallCandidate) -> tuple[CallContact | None, tuple[str, ...]]:
    """The contact to call, the primary one first; or None, and what is in the way."""
    if candidate.do_not_call:
        return None, (candidate.do_not_call_because or NOT_TO_BE_CALLED,)
    if not candidate.contacts:
        return None, ("no contact is known",)
    hindrances: dict[str, None] = {}
    for contact in _in_order(candidate):
        hindrance = _hindrance(contact)
        if not hindrance:
            return contact, ()
        hindrances[hindrance] = None
    return None, tuple(hindrances)


def _hindrance(contact: CallContact) -> str:
    if contact.do_not_call:
        return CONTACT_NOT_TO_BE_CALLED
    if contact.consent.lower() == "no":
        return NO_CONSENT
    if contact.wrong_number:
        return "the number is marked as wrong"
    return "" if contact.phone_e164 or contact.phone.strip() else "no number is known"


def find_addressee(candidate: CallCandidate, callee: CallContact | None) -> CallContact | None:
    """Whom to write to: the first who has an address and did not refuse, else the one who could be called."""
    willing = [contact for contact in _in_order(candidate) if contact.consent.lower() != "no"]
    return next((contact for contact in willing if contact.email), callee or next(iter(willing), None))


def _in_order(candidate: CallCandidate) -> list[CallContact]:
    return sorted(candidate.contacts, key=lambda contact: not contact.primary)
