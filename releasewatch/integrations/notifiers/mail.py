"""Sends one mail through an SMTP server, over TLS, and says in one sentence why it did not go.

Messages hold no address: what a server answers is repeated without those in it.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from releasewatch.domain.hosts import is_loopback
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError, ReleasewatchError
from releasewatch.secret import Secret

Security = Literal["starttls", "tls", "none"]

PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
"""Where a server takes mail when nothing else is said (RFC 8314; without TLS RFC 5321)."""

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_LONGEST_ANSWER = 200


class PartlyTakenError(NotTakenError):
    """The mail went out, and not to all: sent again as it is, the others would get it twice. `refused`: addresses."""

    code = "partly_taken"

    def __init__(self, message: str, hint: str, refused: tuple[str, ...]) -> None:
        super().__init__(message, hint, lasting=True)
        self.refused = refused


class NotKnownIfTakenError(OutsideFailedError):
    """The connection was lost after the text was given and before the server said what became of it."""

    code = "not_known_if_taken"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `port` 0: the usual one of its security. `timeout` in seconds, for each answer.

    `ca_file`: certificates of authorities to trust in place of the machine's own. `plain_smtp`: whether a server other
    than this machine may be used without TLS.
    """

    host: str
    port: int = 0
    security: Security = "starttls"
    user: str = ""
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 30
    plain_smtp: bool = False

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port or PORTS[self.security]}"


def send_mail(server: MailServer, message: EmailMessage) -> None:
    """Hand a mail to the server, to everybody in To, Cc and Bcc.

    Raises InvalidCallError for settings or a message that cannot be used; OutsideFailedError when the server cannot be
    reached or does not let us in; NotTakenError when it does not take the mail, `lasting` when never;
    PartlyTakenError; NotKnownIfTakenError.
    """
    with _errors_told(server) as stage, _connected(server, stage) as smtp:
        stage.at = "mail"
        refused = smtp.send_message(message)
        stage.at = "done"
    if refused:
        count = len(message_receivers(message))
        raise PartlyTakenError(
            f"The mail went out, but {server.place} refused {len(refused)} of {count} receivers: {_first(refused)}.",
            "Correct their addresses, and write to them alone.",
            tuple(sorted(refused)),
        )


def check_server(server: MailServer) -> None:
    """Connect and log in, and send nothing; raises as `send_mail` does."""
    with _errors_told(server) as stage, _connected(server, stage):
        stage.at = "done"


def message_receivers(message: EmailMessage) -> tuple[str, ...]:
    """The addresses that a message goes to."""
    fields: list[Any] = [one for name in ("To", "Cc", "Bcc") for one in message.get_all(name, ())]
    return tuple(address.addr_spec for one in fields for address in one.addresses)


@dataclass
class _Stage:
    """How far it went: connect, login, mail, text, done."""

    at: str = "connect"


class _Telling:
    """Says when the text itself goes out: from then on a lost connection leaves open whether it was taken."""

    stage: _Stage

    def data(self, msg: Any) -> Any:
        self.stage.at = "text"
        answer = super().data(msg)  # type: ignore[misc]  # that of smtplib.SMTP
        self.stage.at = "mail"
        return answer


class _Plain(_Telling, smtplib.SMTP):
    pass


class _Encrypted(_Telling, smtplib.SMTP_SSL):
    pass


@contextmanager
def _connected(server: MailServer, stage: _Stage) -> Iterator[smtplib.SMTP]:
    if server.security == "none" and not (server.plain_smtp or is_loopback(server.host)):
        raise InvalidCallError(
            f"{server.place} is to be used without TLS: everybody on the way could read the mail, and the password.",
            'Set security = "starttls" or "tls"; inside of a network that you trust, plain_smtp = true.',
        )
    port = server.port or PORTS[server.security]
    context = None if server.security == "none" else _tls(server)
    smtp: _Plain | _Encrypted
    if server.security == "tls":
        smtp = _Encrypted(server.host, port, timeout=server.timeout, context=context)
    else:
        smtp = _Plain(server.host, port, timeout=server.timeout)
    smtp.stage = stage
    with closing(smtp):
        if server.security == "starttls":
            smtp.starttls(context=context)
        if server.user:
            stage.at = "login"
            smtp.login(server.user, server.password.reveal() if server.password else "")
        yield smtp
        # What became of the mail is known by then; a farewell that fails changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()


def _tls(server: MailServer) -> ssl.SSLContext:
    if server.ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(server.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise InvalidCallError(
            f"The certificates in {server.ca_file} cannot be read.", "Name a file of certificates in PEM form: ca_file."
        ) from error


@contextmanager
def _errors_told(server: MailServer) -> Iterator[_Stage]:
    """Translates what smtplib, TLS and the system raise."""
    stage = _Stage()
    try:
        yield stage
    except UnicodeError as error:
        raise InvalidCallError(
            f"Host, user or password for {server.place} holds what SMTP cannot carry.", "Correct it in [mail]."
        ) from error
    except smtplib.SMTPException as error:
        raise _refused(server, stage, error) from None
    except ssl.SSLCertVerificationError as error:
        raise OutsideFailedError(
            f"The certificate of {server.place} is not trusted: {error.verify_message or 'it cannot be checked'}.",
            "Correct host, or name your own authority's certificates with ca_file.",
        ) from None
    except ssl.SSLError:
        raise _lost(server, stage, "speaks no TLS that can be used") from None
    except OSError as error:
        raise _out_of_reach(server, stage, error) from None


def _refused(server: MailServer, stage: _Stage, error: smtplib.SMTPException) -> ReleasewatchError:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _unsupported(server, stage)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        lasting = all(code >= 500 for code, _ in error.recipients.values())
        return _not_taken(server, "the receiver", _first(error.recipients), lasting=lasting)
    if isinstance(error, smtplib.SMTPResponseException):
        code, answer = error.smtp_code, _answer(error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            hint = "Try again later." if code < 500 else "Correct user in [mail], and the password in its variable."
            return OutsideFailedError(f"{server.place} refused the login: {answer}.", hint)
        if isinstance(error, smtplib.SMTPSenderRefused):
            return _not_taken(server, "the sender", answer, lasting=code >= 500)
        if isinstance(error, smtplib.SMTPDataError):
            return _not_taken(server, "the mail", answer, lasting=code >= 500)
        return OutsideFailedError(
            f"{server.place} does not take mail from here: {answer}.", "Try again later, or ask who runs the server."
        )
    # smtplib turns what happens while it waits for an answer into an error of its own.
    if isinstance(error.__context__, OSError):
        return _out_of_reach(server, stage, error.__context__)
    return _lost(server, stage, "broke off the connection, or speaks no SMTP")


def _out_of_reach(server: MailServer, stage: _Stage, error: OSError) -> OutsideFailedError:
    if isinstance(error, TimeoutError):
        return _lost(server, stage, f"did not answer within {server.timeout:g} s")
    return _lost(server, stage, f"cannot be reached: {error.strerror or 'no such host'}")


def _lost(server: MailServer, stage: _Stage, what: str) -> OutsideFailedError:
    if stage.at == "text":
        return NotKnownIfTakenError(
            f"{server.place} {what} after the mail was given to it: it is not known whether it went out.",
            "Ask the receiver before it is sent again.",
        )
    return OutsideFailedError(f"The mail server {server.place} {what}.", "Check [mail], or try again later.")


def _unsupported(server: MailServer, stage: _Stage) -> OutsideFailedError:
    if stage.at == "connect":
        return OutsideFailedError(
            f"{server.place} offers no STARTTLS, and nothing was sent without it.",
            'Where it speaks TLS from the first byte, set security = "tls".',
        )
    if stage.at == "login":
        return OutsideFailedError(f"{server.place} offers no login.", "Leave out user, or use another port.")
    return NotTakenError(
        f"{server.place} cannot take an address with letters beyond ASCII.", "Correct the address.", lasting=True
    )


def _not_taken(server: MailServer, what: str, answer: str, *, lasting: bool) -> NotTakenError:
    if lasting:
        return NotTakenError(f"{server.place} refused {what} for good: {answer}.", "Correct the address.", lasting=True)
    return NotTakenError(f"{server.place} did not take {what} now: {answer}.", "It can be sent again later.")


def _first(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return _answer(*next(iter(refused.values())))


def _answer(code: int, text: bytes | str) -> str:
    """What a server said, on one line, without addresses."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    plain = "".join(sign if sign.isprintable() else " " for sign in _ADDRESS.sub("<address>", said))
    return f"{code} {' '.join(plain.split())[:_LONGEST_ANSWER]}".strip().rstrip(".")
