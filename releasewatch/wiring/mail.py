"""From `[mail]` and `[chat]` to what sends: passwords and addresses out of the environment, nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.config.ledger_address import follow_reference, reference_name
from releasewatch.domain.notifications import Message
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.notifiers import webhooks
from releasewatch.integrations.notifiers.mail import MailServer
from releasewatch.secret import Secret
from releasewatch.usecases.call_chat import Chat

if TYPE_CHECKING:
    from releasewatch.config.mail_schema import ChatTable, MailTable


_POSTS = {"slack": webhooks.send_slack, "teams": webhooks.send_teams}


def mail_server(table: MailTable, root: Path, environ: Mapping[str, str]) -> MailServer:
    """The server of the settings; raises InvalidCallError where none is named, or its password is not set."""
    if table.host is None or table.sender is None:
        raise InvalidCallError(
            "No mail server is set, and mail is to be sent.",
            'Set it: [mail] host = "mail.example.com", from = "calls@example.com".',
        )
    password = _secret(table.password, "password of the mail server", environ) if table.password is not None else None
    return MailServer(
        host=table.host,
        port=table.port or 0,
        security=table.security,
        user=table.user or "",
        password=password,
        ca_file=root / table.ca_file if table.ca_file else None,
        timeout=table.timeout,
        plain_smtp=table.plain_smtp,
    )


def chat_of(table: ChatTable, environ: Mapping[str, str], now: datetime) -> Chat:
    """The chat of the settings; raises InvalidCallError where none is named, or its address is not set."""
    if table.url is None:
        raise InvalidCallError("No chat is set.", 'Set it: [chat] url = "env:RELEASEWATCH_CHAT_URL".')
    url = _secret(table.url, "address of the chat", environ)
    to, post = webhooks.Receiver("the chat", url), _POSTS[table.kind]
    return Chat(table.kind, url.reveal(), lambda line: post(to, Message(line, "", "", "list_counts", now)))


def _secret(reference: str, what: str, environ: Mapping[str, str]) -> Secret:
    try:
        return Secret(follow_reference(reference_name(reference) or "", environ))
    except InvalidCallError as error:
        raise InvalidCallError(f"The {what}: {error.message}.", error.hint) from error
