"""From `[mail]` to the server that mails go through, and who they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.config.ledger_address import follow_reference, reference_name
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.notifiers.mail import MailServer
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from releasewatch.config.schema import MailTable


def mail_server(table: MailTable, root: Path, environ: Mapping[str, str]) -> MailServer:
    """The server of the settings; raises InvalidCallError where none is named, or its password is not set."""
    if table.host is None or table.sender is None:
        raise InvalidCallError(
            "No mail server is set, and mail is to be sent.",
            'Set it: [mail] host = "mail.example.org", from = "calls@example.org".',
        )
    password = None
    if table.password is not None and (name := reference_name(table.password)) is not None:
        try:
            password = Secret(follow_reference(name, environ))
        except InvalidCallError as error:
            raise InvalidCallError(f"The password of the mail server: {error.message}.", error.hint) from error
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
