"""`call send`: mails each account manager their part of a list, once, and says who has one that does not hold any more.

A mail is claimed in the ledger before it is sent and settled after: two senders at once send it once, and a crash in
between is seen as "not known whether it went out".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Literal

from releasewatch.domain.call_approval import how_to_approve
from releasewatch.domain.call_care import no_care_because
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_mails import CallMail, MailKey, next_step, next_try
from releasewatch.domain.call_rules import kept_among
from releasewatch.domain.call_sendings import Withdrawn
from releasewatch.domain.staff import Staff, find_person
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError, RefusedError, ReleasewatchError
from releasewatch.integrations.notifiers.mail import NotKnownIfTakenError
from releasewatch.rendering.call_mail import Envelope, in_short, list_mail, withdrawal_mail
from releasewatch.storage import call_mails, incidents
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import RankedList
from releasewatch.usecases.call_parts import by_account_manager
from releasewatch.usecases.call_sendings import keep_sending

Outcome = Literal[
    "sent", "already_sent", "in_hand", "later", "failed", "refused", "bounced", "not_known", "no_address", "not_tried"
]
"""What became of a mail: as `Step` where it was not sent now; `not_tried`: the server failed before its turn."""

NOT_SENT = frozenset({"failed", "later", "not_known", "not_tried", "in_hand", "refused", "bounced"})
"""What the mail server, or a receiver's, has not taken, or not yet: a pipeline must see it."""

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Sender:
    """How mails go out. `post` hands one to the server; `new_id` makes a Message-ID without its brackets.

    `unowned`: who of our staff gets the calls of customers whom nobody keeps; empty: nobody. `why_again`: why what is
    refused, bounced or not known is sent once more.
    """

    post: Callable[[EmailMessage], None]
    new_id: Callable[[], str]
    sender: str
    who: str
    now: datetime
    reply_to: str = ""
    unowned: str = ""
    why_again: str = ""


@dataclass(frozen=True, slots=True)
class Mailed:
    """What became of one mail. `number`: how many customers are on the list in it."""

    key: MailKey
    outcome: Outcome
    reason: str = ""
    number: int = 0
    next_at: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailedList:
    """What became of a list: its mails, and how many customers are on it whom nobody keeps and nobody got.

    `not_sent_because`: why the list itself was not sent, only what does not hold any more; `failure`: what kept the
    server from taking any more.
    """

    mails: tuple[Mailed, ...]
    to_nobody: int = 0
    not_sent_because: str = ""
    hint: str = ""
    failure: ReleasewatchError | None = None


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail that could go out. `calls`: the list that it carries; of a withdrawal None."""

    key: MailKey
    message: Callable[[Envelope], EmailMessage]
    calls: CallList | None = None


def send_list(ledger: Ledger, made: RankedList, by: Sender, only: str | None = None) -> MailedList:
    """Mail a list to who is to call, each their own customers; to one account manager alone with `only`.

    Who has a version that does not hold any more is told so, though the list itself is a draft. Raises InvalidCallError
    for a list that was not planned, RefusedError for a draft of which nobody has to be told anything.
    """
    if made.version is None or not made.calls.list_id:
        raise InvalidCallError(
            "This list is not planned, and its rows have no calls.", "Plan it first: releasewatch call plan"
        )
    parts = _parts(made, by.unowned)
    to_nobody = len(_to_do(parts.pop("").rows)) if "" in parts else 0
    with ledger.read() as connection:
        draft, hint = _why_not(connection, made.calls)
        everybody = {one.key: one for one in staff_storage.read_staff(connection)}
    withdrawn = _by_receiver(made.calls.withdrawn, everybody.values())
    found: list[Mailed] = []
    failure: ReleasewatchError | None = None
    for receiver in sorted({*parts, *withdrawn}):
        if only is not None and receiver != only:
            continue
        part, theirs = parts.get(receiver), withdrawn.get(receiver, ())
        letters = _letters(made.calls, receiver, part, theirs, draft=draft)
        while letters:
            letter = letters.pop(0)
            mailed, failure = _send(ledger, letter, everybody.get(receiver), by, failure)
            found.append(mailed)
            if letter.calls is not None and mailed.outcome in ("sent", "already_sent"):
                # A list says in itself which earlier ones do not hold any more; one that was just sent, that of itself.
                newest = letter.key.version - (mailed.outcome == "already_sent")
                letters = [one for one in letters if one.key.version > newest]
    if draft and not found:
        raise RefusedError(draft, hint)
    return MailedList(tuple(found), to_nobody, draft, hint, failure)


def _why_not(connection: Any, calls: CallList) -> tuple[str, str]:
    """Why a list may not be sent, and what to do; empty when it may."""
    incident = calls.incident
    if incident is not None and not incident.approval.approved:
        because = f"The list of {incident.id} is a draft: {incident.approval.because}."
        return because, how_to_approve(incident.approval, incident.id)
    if calls.deployment and (blamed := incidents.blamed_for(connection, int(calls.deployment[2:]))):
        because = f"{no_care_because(calls.deployment, f'INC-{blamed[0]}')}."
        return because, f"Send that list: releasewatch call send --incident INC-{blamed[0]}"
    return "", ""


def _parts(made: RankedList, unowned: str) -> dict[str, CallList]:
    """Each one's part, by key; what nobody keeps is with who gets that, else under the empty key."""
    parts = {key: one.calls for key, one in by_account_manager(made).items()}
    if unowned and "" in parts:
        del parts[""]
        rows = kept_among(made.calls.rows, {unowned, ""})
        parts[unowned] = replace(made.calls, rows=rows, account_manager=unowned)
    return parts


def _to_do(rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if row.verdict != "leave"]


def _by_receiver(withdrawn: Sequence[Withdrawn], everybody: Iterable[Staff]) -> dict[str, tuple[Withdrawn, ...]]:
    """Who has to be told what: an account manager of their own list, else who wrote the file, and knows who has it."""
    people = list(everybody)
    found: dict[str, tuple[Withdrawn, ...]] = {}
    for one in withdrawn:
        receiver = one.sending.receiver if one.sending.audience == "account_manager" else ""
        if not receiver:
            receiver = next(iter(sorted(find_person(people, one.sending.by))), one.sending.by)
        if receiver:
            found[receiver] = (*found.get(receiver, ()), one)
    return found


def _letters(
    calls: CallList, receiver: str, part: CallList | None, withdrawn: Sequence[Withdrawn], *, draft: str
) -> list[_Letter]:
    """What could be sent to one of our people, the list first."""
    letters = []
    if part is not None and not draft and _to_do(part.rows):
        key = MailKey(calls.list_id, "list", calls.version, receiver)
        letters.append(_Letter(key, lambda envelope: list_mail(envelope, part, withdrawn), part))
    for version in sorted({one.sending.version for one in withdrawn}):
        these = [one for one in withdrawn if one.sending.version == version]
        letters.append(_withdrawal(calls, receiver, these, _what_holds(calls, part, draft)))
    return letters


def _withdrawal(calls: CallList, receiver: str, withdrawn: Sequence[Withdrawn], holds: str) -> _Letter:
    key = MailKey(calls.list_id, "withdrawn", withdrawn[0].sending.version, receiver)
    return _Letter(key, lambda envelope: withdrawal_mail(envelope, calls.list_id, withdrawn, holds))


def _what_holds(calls: CallList, part: CallList | None, draft: str) -> str:
    """What is so now, in a sentence for who has a list that does not hold."""
    if part is None or not _to_do(part.rows):
        return f"Now nobody of yours is to be called about {calls.list_id}."
    if draft:
        return f"Now: {in_short(part)}; that list is not approved yet. It comes when it is."
    return f"Now: {in_short(part)}, version {calls.version}. See: releasewatch call list"


def _send(
    ledger: Ledger, letter: _Letter, receiver: Staff | None, by: Sender, failure: ReleasewatchError | None
) -> tuple[Mailed, ReleasewatchError | None]:
    """Send one mail if it is to be sent now, and keep what became of it."""
    number = len(letter.calls.rows) if letter.calls is not None else 0
    address = (receiver.email if receiver is not None else "").strip()
    if not _ADDRESS.fullmatch(address):
        why = "their address in the staff file cannot be used" if address else "no address in the staff file"
        return Mailed(letter.key, "no_address", why, number), failure
    if failure is not None:
        return Mailed(letter.key, "not_tried", "", number), failure

    def post(claimed: CallMail) -> None:
        message = letter.message(Envelope(by.sender, by.reply_to, address, by.now))
        message["Message-ID"] = f"<{claimed.message_id}>"
        by.post(message)

    return deliver(ledger, letter.key, address, by, post, number, letter.calls)


def deliver(
    ledger: Ledger,
    key: MailKey,
    address: str,
    by: Sender,
    post: Callable[[CallMail], None],
    number: int = 0,
    calls: CallList | None = None,
) -> tuple[Mailed, ReleasewatchError | None]:
    """Send something if it is to be sent now, and keep what became of it; and what failed where it was the server.

    `address`: where it goes, of which a digest is kept. `calls`: the list in it, which its receiver then has.
    """
    claimed, mailed = claim_mail(ledger, key, _digest(address), by, number)
    if claimed is None:
        return mailed, None
    try:
        post(claimed)
    except NotTakenError as error:
        if error.lasting:
            return _settle(ledger, claimed, "refused", by, number, error.message), None
        again = next_try(claimed.attempts, by.now)
        return _settle(ledger, claimed, "failed", by, number, error.message, again), None
    except NotKnownIfTakenError as error:
        # They may have it: where it does not hold any more, they have to be told.
        return _settle(ledger, claimed, "not_known", by, number, error.message, calls=calls), None
    except (OutsideFailedError, InvalidCallError) as error:
        # The server takes nothing from anybody: the others are not tried, and all of it may be tried at once again.
        return _settle(ledger, claimed, "failed", by, number, error.message), error
    return _settle(ledger, claimed, "sent", by, number, calls=calls), None


def claim_mail(ledger: Ledger, key: MailKey, address: str, by: Sender, number: int) -> tuple[CallMail | None, Mailed]:
    """Take a mail in hand; None, and how it stands, when it is not to be sent now."""
    with ledger.write() as connection:
        ledger.lock(connection, call_mails.LOCK)
        known = call_mails.find_mail(connection, key)
        step = next_step(known, address, by.now, again=bool(by.why_again))
        if known is not None and step != "send":
            return None, Mailed(key, step, known.reason, number, known.next_at, known.at)
        claimed = CallMail(
            key=key,
            message_id=known.message_id if known is not None else by.new_id(),
            address=address,
            state="sending",
            attempts=(known.attempts if known is not None else 0) + 1,
            at=by.now,
            by=by.who,
            why_again=by.why_again if known is not None else "",
        )
        call_mails.save_mail(connection, claimed)
    return claimed, Mailed(key, "in_hand", "", number)


def _settle(
    ledger: Ledger,
    claimed: CallMail,
    state: Literal["sent", "failed", "refused", "not_known"],
    by: Sender,
    number: int,
    reason: str = "",
    next_at: datetime | None = None,
    calls: CallList | None = None,
) -> Mailed:
    with ledger.write() as connection:
        call_mails.settle_mail(connection, claimed, state, by.now, reason, next_at)
        if calls is not None:
            keep_sending(connection, calls, by.who, by.now, "mail")
    return Mailed(claimed.key, state, reason, number, next_at, by.now)


def _digest(address: str) -> str:
    return hashlib.sha256(address.casefold().encode()).hexdigest()


def mailed_documents(mails: Iterable[Mailed], *, names: bool) -> list[dict[str, Any]]:
    """What became of mails, as JSON; who got one is a name."""
    return [
        {
            **_key_document(one.key, names=names),
            "outcome": one.outcome,
            "reason": one.reason or None,
            "customers": one.number or None,
            "next_at": None if one.next_at is None else format_utc(one.next_at),
            "at": None if one.at is None else format_utc(one.at),
        }
        for one in mails
    ]


def _key_document(key: MailKey, *, names: bool) -> dict[str, Any]:
    names = names or key.kind == "chat"
    return {
        "list": key.list_id,
        "kind": key.kind,
        "list_version": key.version,
        "receiver": key.receiver if names else None,
        "withheld": [] if names else ["receiver"],
    }


def list_mails(ledger: Ledger, incident: str | None = None, list_id: str | None = None) -> list[CallMail]:
    """The mails of an incident's list, of a list by its id, or all; oldest first."""
    with ledger.read() as connection:
        if incident is not None:
            list_id = incidents.resolve_incident(connection, incident).id
        return call_mails.read_mails(connection, list_id)


def mail_documents(mails: Iterable[CallMail], now: datetime, *, names: bool) -> list[dict[str, Any]]:
    """How mails stand, as JSON; who got one, and who sent it, are names."""
    return [
        {
            **_key_document(one.key, names=names),
            "state": one.state_at(now),
            "at": format_utc(one.at),
            "attempts": one.attempts,
            "next_at": None if one.next_at is None else format_utc(one.next_at),
            "reason": one.reason or None,
            "message_id": one.message_id,
        }
        for one in mails
    ]
