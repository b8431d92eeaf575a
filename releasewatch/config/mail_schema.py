"""The shape of `[mail]` and `[chat]`: where lists go out."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from releasewatch.config.shapes import Line, Seconds, Table


class MailTable(Table, frozen=True):
    """`[mail]`: the server through which lists are mailed to our people."""

    host: Line | None = None
    port: Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")] | None = None
    """Default: 587 with starttls, 465 with tls, 25 with none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Line | None = field(name="from", default=None)
    """The address that mails come from; what cannot be delivered comes back there."""
    reply_to: Line | None = None
    user: Line | None = None
    password: Line | None = None
    """`env:RELEASEWATCH_…`"""
    ca_file: Line | None = None
    """Certificates of authorities to trust in place of the machine's, relative to this file."""
    timeout: Seconds = 30
    """Seconds to wait for each answer of the server."""
    plain_smtp: bool = False
    """Whether a server other than this machine may be used without TLS."""
    unowned: Line | None = None
    """Who of our staff gets the calls of customers whom nobody keeps."""


class ChatTable(Table, frozen=True):
    """`[chat]`: where `call send --chat` posts how many are on a list."""

    kind: Literal["slack", "teams"] = "slack"
    url: Line | None = None
    """`env:RELEASEWATCH_…`: the address of an incoming webhook; whoever knows it can write there."""
