"""`releasewatch notify`: telling others what happened, by the rules of the settings."""

from __future__ import annotations

import click

from releasewatch.cli.options import common
from releasewatch.cli.outbox import send_what_waits
from releasewatch.wiring import App


@click.group()
def command() -> None:
    """Tell others what happened, by the rules in [notify.*]."""


@command.command("send")
@common()
def send(app: App, form: str) -> None:
    """Send what waits, and what only time has brought: overdue calls, once a day. Have a schedule run it.

    Each is sent once, as far as its receiver can tell it from another; what is not taken is tried again, later each
    time, for about a day. Ends with 3 when something was not taken.
    """
    from releasewatch.cli.call import planning
    from releasewatch.cli.report_calls import asking_of
    from releasewatch.usecases.list_telling import look_for_news
    from releasewatch.wiring.notifying import rules_of

    if app.has_ledger:
        look_for_news(app.ledger, rules_of(app), asking_of(app), planning(app))
    send_what_waits(app, form, also_all=False)
