"""Renders what somebody is told, as plain text: a title and some lines, or a mail of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from releasewatch.domain.notifications import Message
from releasewatch.errors import TemplateError
from releasewatch.rendering.notification_views import notification_view
from releasewatch.rendering.templates import Templates

BUILTIN = "notifications/message.txt"


def as_mail(message: Message, sender: str, to: Sequence[str], now: datetime) -> EmailMessage:
    """A mail of it, of plain text. Its Message-ID is the same each time it is sent, so that a receiver can tell.

    `Auto-Submitted` keeps absence notes from answering it (RFC 3834).
    """
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.title
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(now)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message.title}\n\n{message.text}\n")
    return mail


def render_notification(said: Mapping[str, Any], template: Path | None = None) -> tuple[str, str]:
    """Title and text of a notification, by a template of the user's or the built-in one.

    `said`: values of `NotificationView`, by name. Raises TemplateError for the user's template: it is not there, wrong,
    or says nothing.
    """
    if template is not None and not template.is_file():
        raise TemplateError(f"There is no template {template.name} for a notification.", "Correct [notify.*] template.")
    templates = Templates("txt", template.parent if template else None)
    name = template.name if template else BUILTIN
    text = "".join(templates.stream(name, {"notification": notification_view(said)}))
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise TemplateError(f"The template {name} says nothing of {said['kind']}.", "Its first line is the title.")
    return lines[0].strip(), "\n".join(lines[1:])
