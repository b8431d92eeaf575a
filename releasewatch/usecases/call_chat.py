"""`call send --chat`: how many are on a list, to a chat: counts, and never a customer, a contact or one of us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_mails import MailKey
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_mailing import MailedList, Sender, deliver

_CLOSED = frozenset({"done", "skipped", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Chat:
    """Where counts are posted: its name in the settings, a word that changes with its address, and how."""

    name: str
    address: str
    post: Callable[[str], None]


def counts_line(calls: CallList) -> str:
    """`INC-1: 37 to call, 12 now; 5 claimed.` Calls that are still to be made, and those of them in hand."""
    open_ = [row for row in calls.rows if row.verdict == "call" and row.candidate.standing.status not in _CLOSED]
    claimed = sum(1 for row in open_ if row.candidate.standing.status == "claimed")
    now = sum(1 for row in open_ if row.availability.callable == "now")
    write = sum(1 for row in calls.rows if row.verdict == "write" and row.candidate.standing.status not in _CLOSED)
    letters = f"; {write:,} to write to" if write else ""
    return f"{calls.list_id}: {len(open_):,} to call, {now:,} now; {claimed:,} claimed{letters}."


def with_counts(ledger: Ledger, calls: CallList, by: Sender, chat: Chat, done: MailedList) -> MailedList:
    """Post the counts of a list, once for each version; what became of it beside that of its mails."""
    key = MailKey(calls.list_id, "chat", calls.version, chat.name)
    posted, failure = deliver(ledger, key, chat.address, by, lambda _: chat.post(counts_line(calls)))
    return replace(done, mails=(*done.mails, posted), failure=done.failure or failure)
