"""From `[notify.*]` to what sends: addresses and keys out of the environment, nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.notifications import Rule
from releasewatch.domain.privacy import WORDS, Reveal
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.config.notify_schema import NotifyTable
    from releasewatch.domain.notifications import Message, When
    from releasewatch.integrations.http import Patience
    from releasewatch.usecases.notifying import Way
    from releasewatch.wiring import App

SendMessage = Callable[["Message", "datetime"], None]


def rules_of(app: App) -> tuple[Rule, ...]:
    """Who is to be told of what, by the settings in force."""
    return tuple(_rule(name, table) for name, table in app.config.tables.notify.items())


def ways_of(app: App, say: Callable[[str], None], patience: Patience) -> tuple[dict[str, Way], dict[str, str]]:
    """How the receivers can be told from here, by rule; and why the others cannot: a variable that is not set.

    `say` shows a line to who reads this command's output. `patience`: how long a receiver may take.
    """
    from releasewatch.usecases.notifying import Way

    ways: dict[str, Way] = {}
    missing: dict[str, str] = {}
    privacy = app.config.tables.privacy
    widest = WORDS[privacy.notify]
    for name, table in app.config.tables.notify.items():
        if unset := _unset(app, table):
            missing[name] = unset
            continue
        shown: Reveal = min(widest, app.level("names", None)) if table.to == "console" else widest
        ways[name] = Way(
            _rule(name, table),
            _sender(app, name, table, say, patience),
            shown,
            privacy.keys == "opaque",
            _template(app, table),
        )
    return ways, missing


def missing_of(app: App) -> dict[str, str]:
    """Why a rule cannot be told from here, by rule: a variable that is not set."""
    return {name: unset for name, table in app.config.tables.notify.items() if (unset := _unset(app, table))}


def templates_of(app: App) -> Iterator[tuple[str, Path, tuple[When, ...]]]:
    """Each rule that has a template of its own, the file, and what it is for; in a pull request, too."""
    for name, table in app.config.tables.notify.items():
        if table.template is not None:
            yield name, app.config.resolve(table.template), table.when


def _unset(app: App, table: NotifyTable) -> str:
    password = app.config.tables.mail.password if table.to == "smtp" else None
    references = [value for value in (table.url, table.key, password) if value is not None]
    unset = [name for value in references if not app.environ.get(name := value.removeprefix("env:"))]
    return f"{unset[0]} is not set here" if unset else ""


def _rule(name: str, table: NotifyTable) -> Rule:
    return Rule(name, frozenset(table.when), frozenset(table.environments), table.severity or "", table.exposure_over)


def _template(app: App, table: NotifyTable) -> Path | None:
    """The file of a rule's template. In a pull request it is the built-in one: its author must not choose the words."""
    if table.template is None or (app.ci is not None and app.ci.pull_request is not None):
        return None
    return app.config.resolve(table.template)


def _sender(app: App, name: str, table: NotifyTable, say: Callable[[str], None], patience: Patience) -> SendMessage:
    from releasewatch.integrations.notifiers import webhooks

    if table.to == "smtp":
        return _mailer(app, table, patience)
    url = _secret(app, table.url) or Secret(webhooks.PAGERDUTY)
    key = _secret(app, table.key) or Secret("")
    to = webhooks.Receiver(f"the notification {name}", url, patience)
    senders: dict[str, SendMessage] = {
        "console": lambda message, _now: webhooks.send_console(say, message),
        "slack": lambda message, _now: webhooks.send_slack(to, message),
        "teams": lambda message, _now: webhooks.send_teams(to, message),
        "webhook": lambda message, now: webhooks.send_webhook(to, message, key, now),
        "pagerduty": lambda message, _now: webhooks.send_pagerduty(to, message, key),
    }
    return senders[table.to]


def _mailer(app: App, table: NotifyTable, patience: Patience) -> SendMessage:
    from dataclasses import replace

    from releasewatch.integrations.notifiers.mail import send_mail
    from releasewatch.rendering.notifications import as_mail
    from releasewatch.wiring.mail import mail_server

    mail = app.config.tables.mail
    server = mail_server(mail, app.config.root, app.environ)
    server = replace(server, timeout=min(server.timeout, patience.timeout))
    return lambda message, now: send_mail(server, as_mail(message, mail.sender or "", table.addresses, now))


def _secret(app: App, reference: str | None) -> Secret | None:
    return Secret(app.environ[reference.removeprefix("env:")]) if reference is not None else None
