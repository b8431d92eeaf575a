"""What a try at a call comes to: whether they were reached, whether the call is made, and when to try again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, get_args

Channel = Literal["phone", "email", "chat", "meeting"]
Disposition = Literal["connected", "sent", "no_answer", "busy", "voicemail", "wrong_number", "callback"]
Outcome = Literal["informed", "knew", "affected", "not_affected", "unhappy", "declined"]

CHANNELS: tuple[str, ...] = get_args(Channel)
DISPOSITIONS: tuple[str, ...] = get_args(Disposition)
OUTCOMES: tuple[str, ...] = get_args(Outcome)

WRITTEN = ("email", "chat")
"""Channels on which something is sent, and `connected` is a reply."""
VOICE = ("phone", "meeting")

_QUARTER, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def problem_of(channel: str, disposition: str) -> str:
    """Why a disposition cannot be on a channel, in a sentence; empty when it can."""
    if disposition == "sent" and channel not in WRITTEN:
        return "Nothing is sent by phone or in a meeting."
    if disposition in ("busy", "voicemail", "wrong_number") and channel != "phone":
        return f"Only a phone can be {disposition.replace('_', ' ')}."
    return ""


def is_made_by(disposition: str, *, to_be_written: bool) -> bool:
    """Whether a call is made with an attempt: they were reached; or it was to be written, and was sent."""
    return disposition == "connected" or (disposition == "sent" and to_be_written)


def is_told_by(disposition: str) -> bool:
    """Whether they know since then what was to be said: in a talk, or by a mail that they have."""
    return disposition in ("connected", "sent")


def plan_next(disposition: str, tries_before: int, at: datetime) -> datetime | None:
    """When to try again, where nobody says otherwise; None: as soon as somebody can.

    | disposition | again after |
    | --- | --- |
    | busy | 15 minutes |
    | callback | an hour |
    | no_answer | 2 hours, then 4, then a day each time |
    | voicemail, sent | a day |
    | wrong_number | at once, with the next contact |
    """
    match disposition:
        case "busy":
            return at + _QUARTER
        case "callback":
            return at + _HOUR
        case "no_answer":
            return at + (2 * _HOUR, 4 * _HOUR, _DAY)[min(tries_before, 2)]
        case "voicemail" | "sent":
            return at + _DAY
    return None
