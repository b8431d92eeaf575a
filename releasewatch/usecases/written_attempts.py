"""What can have been told by a mail or message: it needs an address, and words that were agreed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from releasewatch.errors import InvalidCallError
from releasewatch.storage import call_facts
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.call_candidates import Planning


def check_address(connection: Any, row: Any, contact_id: UUID | None, how: Planning) -> None:
    """Raise InvalidCallError for a mail to a customer of whom no address is known, or to a contact who has none."""
    contacts = call_facts.read_contacts(connection, call_facts.only_member(row.customer_id, how.now))
    if any(one.email.strip() for many in contacts.values() for one in many if contact_id in (None, one.contact_id)):
        return
    whose = "the customer" if contact_id is None else "this contact"
    raise InvalidCallError(
        f"No mail can have been sent for C-{row.call_id}: no address of {whose} is known.",
        "Say how it went out (--channel chat), or put the address into the directory first.",
    )


def without_words(items: Sequence[Any], drafts: Drafts) -> list[Any]:
    """Reasons in a call that a mail about the others did not tell: no words for customers are agreed for them.

    A correction has words of its own, and so has what a deployment brought. Where there are none for anything in the
    call, what was sent was about all of it: that is kept, and what is agreed later is an update.
    """
    found = [
        one for one in items if one.incident_id and one.purpose != "correction" and not drafts.revision(one.incident_id)
    ]
    return found if len(found) < len(items) else []
