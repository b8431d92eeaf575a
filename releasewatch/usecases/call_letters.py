"""Drafts for the customers on a list who are written to."""

from __future__ import annotations

from datetime import datetime

from releasewatch.domain.call_letters import Letter, letters_of
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.leaks import LeakScanner
from releasewatch.storage import customer_names
from releasewatch.storage.ledger import Ledger


def draft_letters(ledger: Ledger, made: CallList, now: datetime) -> list[Letter]:
    """A draft for each, in the order of the list; what would name another customer is not to be sent."""
    with ledger.read() as connection:
        names = customer_names.all_names(connection, now)
    return letters_of(made.rows, LeakScanner(dict.fromkeys(names, "another customer's name")), now)
