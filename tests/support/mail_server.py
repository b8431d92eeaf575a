"""A mail server on this machine (aiosmtpd, in a thread) that keeps what it takes, and refuses what it is told to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailBox:
    """A running server: what it took, and the answers it gives in place of 250 to an address, or to every text.

    `logins` are names and passwords that were given; "right" is the one password that is taken. `hang_up`: break off
    after a text was taken, before saying so.
    """

    host: str = "127.0.0.1"
    port: int = 0
    ca_file: Path | None = None
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    text_answer: str = ""
    hang_up: bool = False
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address, or refuse it as told."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a text, or refuse it as told."""
        if self.text_answer:
            return self.text_answer
        content = envelope.content
        assert isinstance(content, bytes)
        message: Any = message_from_bytes(content, policy=default)
        self.taken.append(message)
        self.receivers.append(list(envelope.rcpt_tos))
        if self.hang_up:
            server.transport.abort()
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Note a login."""
        login, password = data.login.decode(), data.password.decode()
        self.logins.append((login, password))
        return AuthResult(success=password == "right", handled=False)


_WITHIN = 60.0
"""Seconds in which it has started, on a busy machine; the library's own are five."""


class _OnFreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def running_mail_server(
    folder: Path, security: str = "none", *, login: bool = False, utf8: bool = True
) -> Iterator[MailBox]:
    """A server on a free port of the loopback, stopped when the block ends; its certificate is for `localhost`.

    `login`: who sends has to log in; `utf8`: it takes addresses beyond ASCII.
    """
    box = MailBox()
    how: dict[str, Any] = {}
    if security != "none":
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        box.ca_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(box.ca_file))
        how = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    if login:
        how |= {"authenticator": box.authenticate, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = _OnFreePort(box, hostname=box.host, port=0, ready_timeout=_WITHIN, enable_SMTPUTF8=utf8, **how)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
