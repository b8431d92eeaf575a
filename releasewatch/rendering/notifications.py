"""Renders what somebody is told, as plain text: a title, and some lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from releasewatch.errors import TemplateError
from releasewatch.rendering.notification_views import notification_view
from releasewatch.rendering.templates import Templates

BUILTIN = "notifications/message.txt"


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
