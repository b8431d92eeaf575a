"""`releasewatch incident`: when something goes wrong."""

from __future__ import annotations

import click

from releasewatch.cli.suspects import suspects


@click.group()
def command() -> None:
    """Which deployment is to blame when something goes wrong."""


command.add_command(suspects)
