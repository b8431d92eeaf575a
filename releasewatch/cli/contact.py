"""`releasewatch contact`: a person's data, given and erased."""

from __future__ import annotations

import click

from releasewatch.cli import erasure, marks


@click.group()
def command() -> None:
    """A person's data: given, erased, marked."""


command.add_command(erasure.export_contact)
command.add_command(erasure.forget_contact)
command.add_command(marks.mark_contact)
