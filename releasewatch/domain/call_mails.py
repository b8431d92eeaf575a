"""What became of the mails that carry lists: whether one is sent, once more, later, or not again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

MailKind = Literal["list", "withdrawn", "chat"]
"""A list; the word that an earlier version of one does not hold any more; how many are on it, to a chat."""
MailState = Literal["sending", "sent", "failed", "refused", "not_known", "bounced"]
"""`failed` is tried again; `refused`: the server did not take it and never will; `not_known`: it may have gone out."""
Step = Literal["send", "already_sent", "in_hand", "later", "refused", "bounced", "not_known"]
"""What to do about a mail now: send it; or why not."""

IN_HAND_FOR = timedelta(minutes=15)
"""So long somebody who began to send a mail may still be at it; after that it is not known whether it went out."""
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class MailKey:
    """Which mail: one is sent once. `list_id`: `INC-1`, `D-3`; `receiver`: one of our staff by key, or
    a chat by its name in the settings."""

    list_id: str
    kind: MailKind
    version: int
    receiver: str


@dataclass(frozen=True, slots=True)
class CallMail:
    """How a mail stands since `at`. `address`: a digest of the one that it was sent to; `next_at`: not before then.

    `message_id` stays the same for all attempts: mail programs show a second copy once.
    """

    key: MailKey
    message_id: str
    address: str
    state: MailState
    attempts: int
    at: datetime
    by: str
    next_at: datetime | None = None
    reason: str = ""
    why_again: str = ""

    def state_at(self, now: datetime) -> MailState:
        """How it stands by now: what was begun long ago and never settled is not known to have gone out."""
        return "not_known" if self.state == "sending" and now - self.at >= IN_HAND_FOR else self.state


def next_step(known: CallMail | None, address: str, now: datetime, *, again: bool = False) -> Step:
    """What to do about a mail. `address`: a digest of where it would go now; `again`: a person says to send once more
    what was refused, bounced or is not known to have gone out, and not to wait. What was sent is never sent again.
    """
    if known is None:
        return "send"
    state = known.state_at(now)
    if state == "sent":
        return "already_sent"
    if state == "sending":
        return "in_hand"
    if again:
        return "send"
    if state == "failed":
        return "send" if known.next_at is None or known.next_at <= now else "later"
    if state == "not_known":
        return "not_known"
    if known.address != address:
        return "send"
    return "refused" if state == "refused" else "bounced"


def next_try(attempts: int, now: datetime) -> datetime:
    """When a mail that was not taken is sent again: after 5 minutes, then twice as long each time, at most 4 hours."""
    wait: timedelta = _FIRST_WAIT * (1 << min(attempts - 1, 10))
    return now + min(wait, _LONGEST_WAIT)
