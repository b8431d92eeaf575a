"""What a customer told us of themselves: on which channel, by which reference, and who reached whom first."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

REPORT_CHANNELS = ("phone", "email", "chat", "meeting", "ticket")

ReportSource = Literal["call", "file"]
"""call: one of our people noted it; file: a help desk's export."""

FirstContact = Literal["we", "they"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A row of a help desk's export. `customer` as it is written; empty text: the file does not say."""

    customer: str
    opened_at: datetime | None
    reference: str
    note: str = ""
    quote: str = ""
    channel: str = "ticket"
    component: str = ""


def reference_key(reference: str) -> str:
    """A ticket's reference as it is looked up, however it was typed: `#42`, `42`; `sup-7`, `SUP-7`."""
    text = unicodedata.normalize("NFC", reference.strip()).removeprefix("#").strip()
    return text.casefold()


def who_was_first(told_at: datetime | None, reported_at: datetime | None) -> FirstContact | None:
    """Who reached the other first; None when neither did. At the same instant it was they: we did not warn them."""
    if reported_at is None:
        return None if told_at is None else "we"
    return "they" if told_at is None or reported_at <= told_at else "we"
