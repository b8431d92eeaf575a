"""`releasewatch call send` and `call sendings`: lists as mails to our people, and what became of each mail."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.call_care import care_options
from releasewatch.cli.call_output import refuse_if_public
from releasewatch.cli.choosing import deployment_options
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from email.message import EmailMessage

    from releasewatch.domain.call_mails import MailKey
    from releasewatch.usecases.call_candidates import RankedList
    from releasewatch.usecases.call_chat import Chat
    from releasewatch.usecases.call_mailing import MailedList, Sender

_WORDS = {
    "sent": "sent",
    "already_sent": "sent before",
    "in_hand": "being sent by somebody else",
    "later": "not taken yet, to be tried again",
    "failed": "not taken, to be tried again",
    "refused": "refused",
    "bounced": "bounced",
    "not_known": "not known whether it went out",
    "no_address": "not sent: no address",
    "not_tried": "not tried",
}
_LOOK = frozenset({"refused", "bounced", "not_known"})


@click.command("send")
@click.option("--incident", metavar="KEY", help="INC-7, a key, or the beginning of one.")
@deployment_options(required=False)
@care_options
@click.option("--account-manager", metavar="KEY", help="Only to one of them.")
@click.option(
    "--chat", is_flag=True, help="Also post to [chat] how many are on it, once for each version: counts alone."
)
@click.option("--dry-run", is_flag=True, help="Do everything but send, and take it back.")
@click.option(
    "--again",
    metavar="WHY",
    help="Send what was refused, bounced, or is not known to have gone out; and do not wait. Never what was sent.",
)
@click.option(
    "--bounced",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Send nothing: read mails that came back (.eml or mbox), and mark what they say was not delivered.",
)
@BY
@common(reveal=True)
def send(
    app: App,
    form: str,
    reveal: str | None,
    incident: str | None,
    account_manager: str | None,
    chat: bool,
    dry_run: bool,
    again: str | None,
    bounced: Path | None,
    by: str | None,
    **about: Any,
) -> int:
    """Mail each account manager their part of a planned list: to read, and as a workbook to fill in.

    Through the server of [mail], to the address in the staff file; who is away is stood in for. A version goes to each
    once, however often this runs; what the server did not take is tried again by the next run that is due. Who has a
    version that does not hold any more is told so, once, with what holds now, even while the new list is a draft.

    Ends with 3 as long as some could not be sent, were refused or came back; with 4 when the list is a draft.
    """
    from releasewatch.cli.call import find_list
    from releasewatch.usecases.call_chat import with_counts
    from releasewatch.usecases.call_mailing import NOT_SENT, send_list
    from releasewatch.usecases.exposure import check_account_manager

    if bounced is not None:
        if incident is not None or account_manager is not None or again is not None or chat or any(about.values()):
            raise InvalidCallError("--bounced reads a file and sends nothing.", "Give it without what is to be sent.")
        return _mark_bounced(app, form, reveal, bounced, by or app.actor, dry_run=dry_run)
    if again is not None and not again.strip():
        raise InvalidCallError("It is not said why they are sent again.", "Give a reason: --again WHY")
    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    sender = _sender(app, (again or "").strip(), by or app.actor, dry_run=dry_run)
    there = _chat(app, dry_run=dry_run) if chat else None
    app.rehearse = dry_run
    with closing(app.ledger) as ledger:
        check_account_manager(ledger, account_manager, level)
        made = find_list(app, incident, about)
        done = send_list(ledger, made, sender, account_manager)
        if there is not None and not done.not_sent_because:
            done = with_counts(ledger, made.calls, sender, there, done)
    if form == "json":
        _emit_document(made, done, level, dry_run=dry_run)
    else:
        _show(made, done, level, dry_run=dry_run)
    _say_what_to_do(app, done)
    if done.not_sent_because:
        return exit_codes.REFUSED
    failed = done.failure is not None or any(one.outcome in NOT_SENT for one in done.mails)
    return exit_codes.OUTSIDE_FAILED if failed else exit_codes.DONE


def _mark_bounced(app: App, form: str, reveal: str | None, path: Path, who: str, *, dry_run: bool) -> int:
    from releasewatch.integrations.bounces import read_bounces
    from releasewatch.usecases.call_bounces import mark_bounced
    from releasewatch.usecases.call_mailing import mail_documents

    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    mails = read_bounces(path)
    app.rehearse = dry_run
    with closing(app.ledger) as ledger:
        found = mark_bounced(ledger, mails, who, app.now)
    names = level >= Reveal.NAMES
    if form == "json":
        emit_json(
            {
                "mails": found.mails,
                "dry_run": dry_run,
                "bounced": mail_documents(found.bounced, app.now, names=names),
                "known_before": found.known,
                "not_ours": found.not_ours,
                "no_bounce": found.no_bounce,
            }
        )
        return exit_codes.DONE
    emit_line(
        f"{counted(found.mails, 'mail')} read: {len(found.bounced)} of our lists came back, {found.known} known, "
        f"{found.not_ours} of other mails, {found.no_bounce} no word of a failed delivery."
    )
    if found.bounced:
        rows = (
            (
                one.key.list_id,
                _receiver(one.key, level),
                _what(one.key.kind, one.key.version),
                one.reason,
            )
            for one in found.bounced
        )
        emit_table(("list", "receiver", "mail", "why"), rows)
    return exit_codes.DONE


def _sender(app: App, why_again: str, who: str, *, dry_run: bool) -> Sender:
    from releasewatch.integrations.notifiers.mail import send_mail
    from releasewatch.usecases.call_mailing import Sender
    from releasewatch.wiring.mail import mail_server

    table = app.config.tables.mail
    server = mail_server(table, app.config.root, app.environ)
    sender = table.sender or ""
    domain = sender.rpartition("@")[2].strip("> ")

    def forget(message: EmailMessage) -> None:
        """In a rehearsal nothing leaves."""

    return Sender(
        post=forget if dry_run else lambda message: send_mail(server, message),
        new_id=lambda: f"{uuid4().hex}@{domain}",
        sender=sender,
        who=who,
        now=app.now,
        reply_to=table.reply_to or "",
        unowned=table.unowned or "",
        why_again=why_again,
    )


def _chat(app: App, *, dry_run: bool) -> Chat:
    from releasewatch.wiring.mail import chat_of

    found = chat_of(app.config.tables.chat, app.environ, app.now)
    return replace(found, post=lambda text: None) if dry_run else found


def _emit_document(made: RankedList, done: MailedList, level: Reveal, *, dry_run: bool) -> None:
    from releasewatch.cli.call_care import subject_document
    from releasewatch.usecases.call_mailing import mailed_documents

    emit_json(
        {
            **subject_document(made),
            "list_version": made.version,
            "dry_run": dry_run,
            "not_sent_because": done.not_sent_because or None,
            "mails": mailed_documents(done.mails, names=level >= Reveal.NAMES),
            "customers_to_nobody": done.to_nobody,
            "failure": done.failure.message if done.failure is not None else None,
        }
    )


def _show(made: RankedList, done: MailedList, level: Reveal, *, dry_run: bool) -> None:
    counts: dict[str, int] = {}
    for one in done.mails:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    said = ", ".join(f"{many} {_WORDS[word]}" for word, many in sorted(counts.items())) or "nobody is to get it"
    would = " (not really: --dry-run)" if dry_run else ""
    emit_line(f"{made.calls.list_id}, list version {made.version}: {said}{would}.")
    rows = [
        (
            _receiver(one.key, level),
            _what(one.key.kind, one.key.version),
            _WORDS[one.outcome],
            str(one.number or ""),
            one.reason,
        )
        for one in done.mails
    ]
    if rows:
        emit_table(("receiver", "mail", "outcome", "customers", "why"), rows, right=("customers",))
    if done.not_sent_because:
        emit_line(f"The list itself was not sent. {done.not_sent_because}")


def _receiver(key: MailKey, level: Reveal) -> str:
    return key.receiver if level >= Reveal.NAMES or key.kind == "chat" else "withheld"


def _what(kind: str, version: int) -> str:
    if kind == "withdrawn":
        return f"version {version} withdrawn"
    return f"list version {version}" if kind == "list" else f"counts of version {version}"


def _say_what_to_do(app: App, done: MailedList) -> None:
    if app.quiet:
        return
    if done.failure is not None:
        say(f"{done.failure.message} {done.failure.hint}")
    if done.hint:
        say(done.hint)
    if done.to_nobody:
        say(
            f"{counted(done.to_nobody, 'customer')} on it {'is' if done.to_nobody == 1 else 'are'} kept by nobody, and "
            "nobody got them. Give them to a team: releasewatch call plan --spread TEAM, or set [mail] unowned."
        )
    if any(one.outcome == "no_address" for one in done.mails):
        say("Who has no address gets no list: give it in the staff file, and run releasewatch staff import.")
    if any(one.outcome in _LOOK for one in done.mails):
        say(
            "Refused, bounced, or not known whether it went out: sent again with --again WHY. The first two also when "
            "the staff file has another address."
        )


@click.command("sendings")
@click.option("--incident", metavar="KEY", help="Only those of one incident: INC-7, a key, or the beginning of one.")
@click.option("--list", "list_id", metavar="ID", help="Only those of one list: INC-7, D-3, H-2.")
@common(reveal=True, reads=True)
def sendings(app: App, form: str, reveal: str | None, incident: str | None, list_id: str | None) -> None:
    """List the mails that carried lists: to whom, when, which version, and what became of each."""
    from releasewatch.usecases.call_mailing import list_mails, mail_documents

    if incident is not None and list_id is not None:
        raise InvalidCallError("An incident and a list are named.", "Give --incident KEY or --list ID.")
    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    mails = list_mails(app.ledger, incident, list_id)
    names = level >= Reveal.NAMES
    if form == "json":
        emit_json({"sendings": mail_documents(mails, app.now, names=names), "next_cursor": None})
        return
    if not mails:
        emit_line("No list was mailed.")
        return
    rows = (
        (
            one.key.list_id,
            _receiver(one.key, level),
            _what(one.key.kind, one.key.version),
            one.state_at(app.now).replace("_", " "),
            f"{one.at:%Y-%m-%d %H:%M} UTC",
            str(one.attempts),
            one.reason,
        )
        for one in mails
    )
    emit_table(("list", "receiver", "mail", "state", "since", "attempts", "why"), rows, right=("attempts",))
