"""`releasewatch config`: the settings in force, and where each comes from."""

from __future__ import annotations

import json

import click

from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_table
from releasewatch.wiring import App


@click.group()
def command() -> None:
    """The settings in force, and where each comes from."""


@command.command("show")
@common()
def show(app: App, form: str) -> None:
    """Show each setting with its value and source: flag, variable, file, CI or default. Secrets are never shown."""
    from releasewatch.config import list_settings

    settings = list_settings(app.config, app.sources)
    if form == "json":
        items = [{"key": one.key, "value": one.value, "source": one.source} for one in settings]
        emit_json({"settings": items, "next_cursor": None})
        return
    emit_table(("setting", "value", "source"), ((one.key, _shown(one.value), one.source) for one in settings))


def _shown(value: object) -> str:
    """A value as TOML would write it; nothing for one that is not set."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)
