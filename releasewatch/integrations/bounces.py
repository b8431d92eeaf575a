"""Reads what mail servers send back when a mail could not be delivered: delivery status notifications (RFC 3464)."""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_binary_file, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from releasewatch.errors import InvalidCallError

_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"<?[^\s<>;]+@[^\s<>;]+>?")
_ID_FIELD = re.compile(r"(?im)^message-id:((?:.*)(?:\r?\n[ \t].*)*)")
_MOST_BYTES = 64 << 20
_LONGEST_REASON = 200
_WHAT_IT_IS = "Name a mail as it came back (.eml), or an mbox."
_OF_A_MAIL = ("From", "Date", "Received", "Message-ID", "Return-Path", "Content-Type")
"""Headers of which every mail that came through a server has one: a text or a table has none."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """That a mail was not delivered. `message_id`: of that mail, without brackets; `reason` without addresses.

    `at`: when the server said so, None where it gives no day.
    """

    message_id: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadMail:
    """One mail of the file: the bounces it tells of, none when it is no word of a failed delivery."""

    bounces: tuple[Bounce, ...]


def read_bounces(path: Path) -> list[ReadMail]:
    """Every mail in a file, one mail (.eml) or an mbox. Raises InvalidCallError for a file that holds none."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidCallError(f"{path} is larger than {_MOST_BYTES >> 20} MiB.", "Give the newest mails alone.")
        messages = [one for one in _messages(path) if any(name in one for name in _OF_A_MAIL)]
        if not messages:
            raise InvalidCallError(f"{path} holds no mail.", _WHAT_IT_IS)
        return [ReadMail(tuple(_bounces(one))) for one in messages]
    except OSError as error:
        raise InvalidCallError(f"{path} cannot be read: {error.strerror}.", _WHAT_IT_IS) from error


def _messages(path: Path) -> Iterator[Message]:
    with path.open("rb") as stream:
        begin = stream.read(5)
        if begin != b"From ":
            stream.seek(0)
            yield _parse(stream)
            return
    box: mailbox.mbox = mailbox.mbox(path, factory=_parse, create=False)
    try:
        yield from box
    finally:
        box.close()


def _parse(stream: Any) -> Any:
    return message_from_binary_file(stream, policy=policy.default)


def _bounces(message: Message) -> Iterator[Bounce]:
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    blocks = [block for report in reports for block in _blocks(report)]
    failed = [block for block in blocks if str(block.get("Action", "")).strip().lower() == "failed"]
    found = _original_id(message)
    if failed and found:
        yield Bounce(found, _reason(failed[0]), _sent_at(message))


def _blocks(report: Message) -> list[Message]:
    """The groups of fields in a report: one about the mail, one for each receiver."""
    content = report.get_payload()
    return [one for one in content if isinstance(one, Message)] if isinstance(content, list) else []


def _original_id(message: Message) -> str:
    """The Message-ID of the mail that came back, which stands at the end of the report; else what it answers to."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            whole = [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
            texts = [str(one.get("Message-ID", "")) for one in whole]
        elif part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            content = part.get_payload(decode=True)
            texts = _ID_FIELD.findall(content.decode("utf-8", "replace") if isinstance(content, bytes) else "")
        else:
            continue
        for text in texts:
            if found := _MESSAGE_ID.search(text):
                return found[1]
    said = " ".join(str(message.get(name, "")) for name in ("In-Reply-To", "References"))
    answered = _MESSAGE_ID.search(said)
    return answered[1] if answered else ""


def _reason(block: Message) -> str:
    """`5.1.1 smtp; 550 no such mailbox`"""
    said = " ".join(str(block.get(name, "")) for name in ("Status", "Diagnostic-Code"))
    plain = "".join(sign if sign.isprintable() else " " for sign in _ADDRESS.sub("<address>", said))
    return " ".join(plain.split())[:_LONGEST_REASON] or "it was not delivered"


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
    except (TypeError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
