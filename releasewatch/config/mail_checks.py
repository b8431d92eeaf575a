"""Finds what is wrong in `[mail]`: what is missing, addresses, a password written down, and mail without TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from releasewatch.config.ledger_address import reference_name
from releasewatch.config.problems import Key, Problem
from releasewatch.config.schema import MailTable
from releasewatch.domain.hosts import is_loopback
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOST = re.compile(r"[\w.:-]+")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[\w-]+(\.[\w-]+)*")
_FULL = re.compile(rf"{_ADDRESS.pattern}|[^<>@\",;:\\]*<{_ADDRESS.pattern}>")


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
    key: Key = ("mail", "password")
    if mail.password is not None:
        try:
            if reference_name(mail.password) is None:
                hint = 'Put it into a variable, and write "env:RELEASEWATCH_SMTP_PASSWORD" here.'
                yield Problem(key, mail.password, "a secret must not stand here", hint)
        except InvalidCallError as error:
            yield Problem(key, mail.password, error.message, 'As in "env:RELEASEWATCH_SMTP_PASSWORD".')
    if (mail.user is None) != (mail.password is None):
        yield Problem(("mail", "user"), mail.user, "user and password go together")
