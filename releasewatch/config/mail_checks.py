"""Finds what is wrong in `[mail]` and `[chat]`: what is missing, addresses, secrets written down, mail without TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from releasewatch.config.ledger_address import reference_name
from releasewatch.config.mail_schema import ChatTable, MailTable
from releasewatch.config.problems import Key, Problem
from releasewatch.domain.hosts import is_loopback
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOST = re.compile(r"[\w.:-]+")
ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[\w-]+(\.[\w-]+)*")
_FULL = re.compile(rf"{ADDRESS.pattern}|[^<>@\",;:\\]*<{ADDRESS.pattern}>")


def find_mail_problems(mail: MailTable) -> Iterator[Problem]:
    """Everything that is wrong; a table that is not there is no problem."""
    if mail == MailTable():
        return
    if mail.host is None:
        yield Problem(("mail", "host"), None, 'wanted the mail server, as in host = "mail.example.org"')
    elif not _HOST.fullmatch(mail.host):
        yield Problem(("mail", "host"), mail.host, "wanted the name of a server, without port and user")
    if mail.sender is None:
        yield Problem(("mail", "from"), None, 'wanted the address mails come from, as in from = "calls@example.org"')
    for name, address in (("from", mail.sender), ("reply_to", mail.reply_to)):
        if address is not None and not _FULL.fullmatch(address):
            yield Problem(("mail", name), address, 'wanted an address, as in "calls@example.org"')
    if mail.host is not None and mail.security == "none" and not (mail.plain_smtp or is_loopback(mail.host)):
        wanted = "without TLS everybody on the way reads the mail, and the password"
        hint = "Use starttls or tls; inside of a network that you trust, set plain_smtp = true."
        yield Problem(("mail", "security"), mail.security, wanted, hint)
    yield from _login(mail)


def _login(mail: MailTable) -> Iterator[Problem]:
    yield from _reference(mail.password, ("mail", "password"), "env:RELEASEWATCH_SMTP_PASSWORD")
    if (mail.user is None) != (mail.password is None):
        yield Problem(("mail", "user"), mail.user, "user and password go together")


def find_chat_problems(chat: ChatTable) -> Iterator[Problem]:
    """The address of a webhook is a secret."""
    if chat.url is None and chat != ChatTable():
        yield Problem(("chat", "url"), None, 'wanted the variable that holds it: url = "env:RELEASEWATCH_CHAT_URL"')
    yield from _reference(chat.url, ("chat", "url"), "env:RELEASEWATCH_CHAT_URL")


def _reference(text: str | None, key: Key, example: str) -> Iterator[Problem]:
    # Shown as a table, so that a secret that stands there is not repeated.
    if text is None:
        return
    try:
        if reference_name(text) is None:
            yield Problem(
                key, {}, "a secret must not stand here", f'Put it into a variable, and write "{example}" here.'
            )
    except InvalidCallError as error:
        yield Problem(key, text, error.message, f'As in "{example}".')
