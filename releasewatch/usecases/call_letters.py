"""Drafts for the customers on a list who are written to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from releasewatch.domain.call_letters import Letter, letters_of
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.leaks import LeakScanner
from releasewatch.rendering.call_letters import LetterWriter
from releasewatch.storage import customer_names
from releasewatch.storage.ledger import Ledger


def draft_letters(ledger: Ledger, made: CallList, now: datetime, user_templates: Path | None = None) -> list[Letter]:
    """A draft for each, in the order of the list; what would name another customer is not to be sent.

    Raises TemplateError for templates of the user's.
    """
    with ledger.read() as connection:
        names = customer_names.all_names(connection, now)
    scanner = LeakScanner(dict.fromkeys(names, "another customer's name"))
    writer = LetterWriter(user_templates)
    return [one.worded(*writer.write(one), scanner) for one in letters_of(made.rows, scanner, now)]
