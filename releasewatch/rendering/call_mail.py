"""The mail that carries a list to one of our people: HTML, the same as plain text, and the workbook to fill in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from releasewatch.domain.call_purposes import in_utc
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.rendering.call_sheets import in_sheet_order, render_workbook
from releasewatch.rendering.call_views import CallView, row_maker
from releasewatch.rendering.escape import clean
from releasewatch.rendering.templates import Templates
from releasewatch.rendering.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.call_lists import CallList
    from releasewatch.domain.call_sendings import Withdrawn

MOST_ROWS = 50
"""So many customers stand in the mail itself; all of them in the workbook."""

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_UNFIT = re.compile(r"[^\w.-]+")
_INSIDE = "It holds names and numbers of people: do not pass it on."


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom a mail comes, where an answer goes (may be empty), to whom it goes, and when it was written."""

    sender: str
    reply_to: str
    to: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallMailView(View):
    """A list as the mail shows it. `sentences` stand above the rows, `closing` below; `rows` may be fewer than all."""

    subject: str
    title: str
    sentences: tuple[str, ...]
    rows: tuple[CallView, ...]
    closing: tuple[str, ...]


def list_mail(envelope: Envelope, calls: CallList, withdrawn: Sequence[Withdrawn] = ()) -> EmailMessage:
    """One account manager's part of a list. `withdrawn`: what they got before and does not hold any more."""
    planned = in_sheet_order(row for row in calls.rows if row.verdict != "leave")
    make = row_maker(Reveal.CONTACTS, in_ci=False)
    more = len(planned) - MOST_ROWS
    many = in_short(calls)
    view = CallMailView(
        subject=f"{calls.list_id}: {many}, version {calls.version} as of {in_utc(calls.as_of)}",
        title=f"{calls.list_id}: {many}",
        sentences=(
            f"As of {in_utc(calls.as_of)}, version {calls.version}.",
            *(holds_no_more(one) for one in withdrawn),
            *([calls.beyond.line] if calls.beyond.line else []),
        ),
        rows=tuple(make(row) for row in planned[:MOST_ROWS]),
        closing=(
            *([f"{counted(more, 'more customer')} in the workbook."] if more > 0 else []),
            "Before you call: releasewatch call claim and the number of the call, so that nobody else calls too.",
            "Fill in the yellow columns of the workbook, and read it back: releasewatch call import FILE.xlsx",
            _INSIDE,
        ),
    )
    message = _message(envelope, view)
    name = f"{_UNFIT.sub('-', calls.list_id)}-v{calls.version}.xlsx"
    content = render_workbook(calls, Reveal.CONTACTS, in_ci=False, opaque=False)
    message.add_attachment(content, maintype=_XLSX[0], subtype=_XLSX[1], filename=name)
    return message


def withdrawal_mail(envelope: Envelope, subject: str, withdrawn: Sequence[Withdrawn], now: str) -> EmailMessage:
    """That versions of a list do not hold any more. `subject`: whose list; `now`: what holds, in a sentence."""
    versions = " and ".join(_version(one) for one in withdrawn)
    verb = "does" if len(withdrawn) == 1 else "do"
    title = f"{subject}: {versions} {verb} not hold any more"
    sentences = (*(holds_no_more(one) for one in withdrawn), "Do not call from it any more.", now)
    return _message(envelope, CallMailView(title, title, sentences, (), ()))


def holds_no_more(one: Withdrawn) -> str:
    """`Version 1 of 2026-03-01 08:03 UTC does not hold any more: D-2 is not blamed any more.`"""
    version = _version(one)
    return f"{version[0].upper()}{version[1:]} of {in_utc(one.sending.at)} does not hold any more: {one.because}."


def in_short(calls: CallList) -> str:
    """`3 to call, 1 to write to`"""
    call = sum(1 for row in calls.rows if row.verdict == "call")
    write = sum(1 for row in calls.rows if row.verdict == "write")
    said = [f"{call:,} to call"] if call or not write else []
    return ", ".join([*said, *([f"{write:,} to write to"] if write else [])])


def _version(one: Withdrawn) -> str:
    return f"version {one.sending.version}" if one.sending.version else "the list that was not planned"


def _message(envelope: Envelope, view: CallMailView) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    if envelope.reply_to:
        message["Reply-To"] = envelope.reply_to
    message["Subject"] = clean(view.subject)
    message["Date"] = format_datetime(envelope.at)
    # Nobody's absence is to answer it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain(view))
    message.add_alternative("".join(Templates("html").stream("calls/mail.html", {"mail": view})), subtype="html")
    return message


def _plain(view: CallMailView) -> str:
    """The same for programs, and people, that read no HTML."""
    blocks = [clean(view.title), *map(clean, view.sentences), *map(_plain_row, view.rows), *map(clean, view.closing)]
    return "\n\n".join(blocks) + "\n"


def _plain_row(row: CallView) -> str:
    head = f"{row.rank}. {row.name} ({', '.join(filter(None, (row.call, row.verdict, row.band)))})"
    lines = (
        *([row.in_hand] if row.in_hand else []),
        ", ".join(filter(None, (row.contact or "no contact is known", row.phone, row.email))),
        f"{row.callable_text} ({row.window})" if row.window else row.callable_text,
        f"Why: {row.because}",
        f"Say: {' '.join(row.say)}",
        *([f"Know, do not say: {' '.join((*row.know, *row.do_not_say))}"] if row.know or row.do_not_say else []),
    )
    return "\n   ".join(map(clean, (head, *lines)))
