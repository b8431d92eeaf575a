"""Telling others at the end of a command that wrote something to tell: for a short time, and never in its way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from releasewatch.cli.output import say
from releasewatch.cli.time_limit import time_limit
from releasewatch.errors import ReleasewatchError

if TYPE_CHECKING:
    from releasewatch.wiring import App

_FOR = 2.0
"""Seconds after which no other notification is begun."""
_EACH = 3.0
"""Seconds that a receiver gets."""
_WHOLE = 6.0
"""Seconds after which all of it is ended."""


def tell_others(app: App) -> None:
    """Send what waits, as far as it goes quickly; the rest is sent by the next command or by `notify send`.

    Where no rule can be sent from here nothing is tried, and nothing is said.
    """
    if app.rehearse:
        return
    try:
        with time_limit(_WHOLE):
            if app.config.tables.notify:
                _tell(app)
    except ReleasewatchError as error:
        _say_it_waits(app, f"{error.message}")


def _tell(app: App) -> None:
    from releasewatch.integrations.http import Patience
    from releasewatch.usecases.notifying import Sending, send_waiting
    from releasewatch.wiring import clock
    from releasewatch.wiring.notifying import ways_of

    ways, _ = ways_of(app, say, Patience(attempts=1, timeout=_EACH, whole=_EACH))
    if not ways:
        return
    until = time.monotonic() + _FOR
    without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
    how = Sending(clock, without, lambda: time.monotonic() > until)
    try:
        problems = [one.error.message for one in send_waiting(app.ledger, ways, how) if one.error is not None]
    finally:
        app.ledger.close()
    if problems:
        _say_it_waits(app, problems[0])


def _say_it_waits(app: App, problem: str) -> None:
    if not app.quiet:
        say(f"Not everybody was told: {problem} See: releasewatch outbox list")
