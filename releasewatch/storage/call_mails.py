"""Mails that carry lists: claimed before they are sent, settled after, so that two senders never send one twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from releasewatch.domain.call_mails import CallMail, MailKey, MailState
from releasewatch.storage import tables as t

LOCK = "call_mail"
"""What a sender holds while it looks how a mail stands and claims it."""


def find_mail(connection: Connection, key: MailKey) -> CallMail | None:
    """How one mail stands; None when nobody ever began to send it."""
    row = connection.execute(select(t.call_mail).where(*_is(key))).first()
    return None if row is None else _mail(row)


def find_by_message(connection: Connection, message_id: str) -> CallMail | None:
    """The mail with a Message-ID; None when it is none of ours."""
    row = connection.execute(select(t.call_mail).where(t.call_mail.c.message_id == message_id)).first()
    return None if row is None else _mail(row)


def read_mails(connection: Connection, list_id: str | None = None) -> list[CallMail]:
    """All mails of a list, or of every list, oldest first."""
    c = t.call_mail.c
    wanted = select(t.call_mail).order_by(c.recorded_at, c.list_id, c.version, c.kind, c.receiver)
    rows = connection.execute(wanted if list_id is None else wanted.where(c.list_id == list_id))
    return [_mail(row) for row in rows]


def save_mail(connection: Connection, mail: CallMail) -> None:
    """Write how a mail stands. Hold `LOCK`, and look before."""
    values: dict[str, Any] = {
        "message_id": mail.message_id,
        "sent_to": mail.address,
        "state": mail.state,
        "attempts": mail.attempts,
        "next_at": mail.next_at,
        "reason": mail.reason,
        "why_again": mail.why_again,
        "recorded_by": mail.by,
        "recorded_at": mail.at,
    }
    if connection.execute(update(t.call_mail).where(*_is(mail.key)).values(values)).rowcount == 0:
        key = mail.key
        connection.execute(
            insert(t.call_mail).values(
                list_id=key.list_id, kind=key.kind, version=key.version, receiver=key.receiver, **values
            )
        )


def settle_mail(
    connection: Connection, claimed: CallMail, state: MailState, now: datetime, reason: str, next_at: datetime | None
) -> bool:
    """Say what became of a mail that was claimed; False when somebody began it anew meanwhile, and theirs counts."""
    done = connection.execute(
        update(t.call_mail)
        .where(*_is(claimed.key), t.call_mail.c.state == "sending", t.call_mail.c.attempts == claimed.attempts)
        .values(state=state, reason=reason, next_at=next_at, recorded_at=now)
    )
    return bool(done.rowcount)


def _is(key: MailKey) -> tuple[Any, ...]:
    c = t.call_mail.c
    return (c.list_id == key.list_id, c.kind == key.kind, c.version == key.version, c.receiver == key.receiver)


def _mail(row: Any) -> CallMail:
    return CallMail(
        key=MailKey(row.list_id, row.kind, row.version, row.receiver),
        message_id=row.message_id,
        address=row.sent_to,
        state=row.state,
        attempts=row.attempts,
        at=row.recorded_at,
        by=row.recorded_by,
        next_at=row.next_at,
        reason=row.reason,
        why_again=row.why_again,
    )
