"""What a help desk's export of tickets holds: its columns, by the names that help desks give them, and its times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING

from releasewatch.domain.columns import Heading
from releasewatch.domain.customer_reports import REPORT_CHANNELS, Ticket
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.records import Shape

if TYPE_CHECKING:
    from releasewatch.domain.columns import ColumnMap
    from releasewatch.integrations.directories.records import Cells

COLUMNS = ("customer", "opened_at", "reference", "subject", "note", "quote", "channel", "component")
REQUIRED = ("customer", "opened_at", "reference")

_USUAL: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "customer": ("organization", "organisation", "company", "account", "requester organization", "tenant"),
        "opened_at": ("created_at", "created at", "created", "created on", "opened at", "opened"),
        "reference": ("ticket id", "ticket", "id", "key", "issue key", "number", "case number"),
        "subject": ("title", "summary"),
        "channel": ("via", "source"),
    }
)
"""How help desks call our columns; where a file has several of them, the first counts."""

_CHANNELS = MappingProxyType(
    {"call": "phone", "voice": "phone", "mail": "email", "e-mail": "email", "messaging": "chat", "web": "ticket"}
)

_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?)?")


def tickets_in(zone: tzinfo) -> Shape[Ticket]:
    """The shape of such a file; a time that names no zone is of this one."""

    def read(cells: Cells) -> Ticket:
        opened_at = cells.read("opened_at", lambda text: _read_time(text, zone), None)
        if not cells.values.get("opened_at"):
            cells.require("opened_at", fields.read_key)
        subject, note = cells.read("subject", fields.read_text, ""), cells.read("note", fields.read_text, "")
        return Ticket(
            customer=cells.require("customer", fields.read_key),
            opened_at=opened_at,
            reference=cells.require("reference", fields.read_key),
            note="\n".join(text for text in (subject, note) if text),
            quote=cells.read("quote", fields.read_text, ""),
            channel=cells.read("channel", _read_channel, "ticket"),
            component=cells.read("component", fields.read_key, ""),
        )

    return Shape(kind="reports", columns=COLUMNS, required=REQUIRED, identity=("reference",), read=read)


def column_map(given: Sequence[str]) -> ColumnMap:
    """Where our columns stand: as somebody says (`opened_at=Created`), else by the names that help desks give them.

    Raises InvalidCallError for what names none of our columns.
    """
    found = {column: _usual(column, names) for column, names in _USUAL.items()}
    for text in given:
        column, sign, heading = (part.strip() for part in text.partition("="))
        if column not in COLUMNS or not sign or not heading:
            raise InvalidCallError(
                f"{text!r} does not say which column is meant.",
                f"Write it as opened_at=HEADING. Columns: {', '.join(COLUMNS)}.",
            )
        found[column] = Heading(heading)
    return found


def _usual(column: str, names: Sequence[str]) -> Heading:
    return Heading(column, instead=tuple(Heading(name) for name in names), optional=True)


def _read_channel(text: str) -> str:
    word = text.casefold()
    word = _CHANNELS.get(word, word)
    # What else help desks call a channel tells nothing of who reached whom.
    return word if word in REPORT_CHANNELS else "ticket"


def _read_time(text: str, zone: tzinfo) -> datetime:
    """An instant with a zone; a time or a day without one, in `zone`."""
    found = _LOCAL.fullmatch(text)
    numbers = found.groups() if found is not None else None
    if numbers is None and (german := _GERMAN.fullmatch(text)) is not None:
        day, month, year, *clock = german.groups()
        numbers = (year, month, day, *clock)
    if numbers is None and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        numbers = tuple(text.split("-"))
    if numbers is None:
        return fields.read_start(text)
    try:
        local = datetime(*(int(one or 0) for one in numbers), tzinfo=zone)  # type: ignore[arg-type,misc]
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError("is a time that no calendar has") from None
