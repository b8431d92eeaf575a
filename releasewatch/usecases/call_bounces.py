"""`call send --bounced FILE`: mails with lists that came back are marked, so that they are seen and sent again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from releasewatch.domain.call_mails import CallMail
from releasewatch.integrations.bounces import ReadMail
from releasewatch.storage import call_mails
from releasewatch.storage.ledger import Ledger

_CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BouncesRead:
    """What a file of mails told: how many it holds, which lists came back, and what else was in it.

    `known`: bounces that were marked before, or are of an attempt after which the list was sent again.
    """

    mails: int
    bounced: tuple[CallMail, ...]
    known: int
    not_ours: int
    no_bounce: int


def mark_bounced(ledger: Ledger, mails: Iterable[ReadMail], who: str, now: datetime) -> BouncesRead:
    """Mark what came back; reading the same file again marks nothing."""
    count = known = not_ours = no_bounce = 0
    found: list[CallMail] = []
    with ledger.write() as connection:
        ledger.lock(connection, call_mails.LOCK)
        for mail in mails:
            count += 1
            no_bounce += not mail.bounces
            for bounce in mail.bounces:
                ours = call_mails.find_by_message(connection, bounce.message_id)
                if ours is None:
                    not_ours += 1
                elif ours.state not in ("sent", "sending", "not_known") or (
                    bounce.at is not None and bounce.at + _CLOCKS_DIFFER_BY < ours.at
                ):
                    known += 1
                else:
                    marked = replace(ours, state="bounced", reason=bounce.reason, at=now, by=who, next_at=None)
                    call_mails.save_mail(connection, marked)
                    found.append(marked)
    return BouncesRead(count, tuple(found), known, not_ours, no_bounce)
