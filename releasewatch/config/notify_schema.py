"""The shape of `[notify.*]`: who is told of what."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from releasewatch.config.shapes import Line, Table
from releasewatch.domain.incidents import Severity
from releasewatch.domain.notifications import When


class NotifyTable(Table, frozen=True):
    """`[notify.NAME]`: who is told, when something happens."""

    when: tuple[When, ...]
    to: Literal["slack", "teams", "webhook", "pagerduty", "smtp", "console"]
    url: Line | None = None
    """`env:RELEASEWATCH_…`, for slack, teams and webhook; pagerduty: only where it is not events.pagerduty.com."""
    key: Line | None = None
    """`env:RELEASEWATCH_…`: the signing key of a webhook, the integration key of pagerduty."""
    addresses: tuple[Line, ...] = ()
    """For smtp: who gets the mail, through the server in `[mail]`."""
    environments: tuple[Line, ...] = ()
    """Only of these; empty: of all."""
    severity: Severity | None = None
    """Only of incidents at least as bad; one of which nobody said it counts as SEV2."""
    exposure_over: Annotated[int, Meta(ge=0, le=1_000_000_000, description="a number of customers")] | None = None
    """For `exposure_over`: a deployment that reaches more customers than this."""
    template: Line | None = None
    """A file of one's own, relative to this one; its first line is the title."""
