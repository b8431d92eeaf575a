"""When an attempt can have been, and for when something is promised with it: one rule for command and sheet."""

from __future__ import annotations

from datetime import date, datetime, timedelta

FAR = timedelta(days=2 * 366)
"""Further ahead nobody promises anything, nor is told now what was said so long ago: a year is mistyped."""

BEFORE_ITS_CALL = timedelta(days=7)
"""So long before a call was planned they may have been told: over a weekend, before anybody wrote it down."""


def why_not_at(at: datetime, first: datetime | None, now: datetime) -> str:
    """Why an attempt cannot have been then, in words behind its name; empty when it can. `first`: not before that."""
    if at > now:
        return "lies in the future"
    return "is too early" if first is not None and at < first else ""


def why_not_due(due_on: date, called_on: date, today: date) -> str:
    """Why nothing is promised for that day; empty when it may be. `called_on`: the day of the attempt, where we are."""
    if due_on < called_on:
        return "is before the call itself"
    return "is years ahead" if due_on > today + FAR else ""


def why_not_next(next_at: datetime, after: datetime, now: datetime) -> str:
    """Why the next try cannot be then; empty when it can. `after`: the attempt itself."""
    if next_at <= after:
        return "is before the attempt itself"
    return "is years ahead" if next_at > now + FAR else ""
