"""`--clone`: the option, and the clone that goes when the command ends, however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from releasewatch.cli.time_limit import ended_in_order
from releasewatch.wiring.clones import Clone, head_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.wiring import App

HELP = "Clone the repo for this alone, where the job has no checkout; with a token in it, as the variable."

CLONE = click.option("--clone", metavar="URL", envvar="RELEASEWATCH_RECORD_CLONE", show_envvar=True, help=HELP)


def clone_for(app: App, given: Mapping[str, Any]) -> None:
    """Have the app read a clone instead of where it stands, if one is asked for; made when it is first read."""
    address = given["clone"]
    if not address or given.get("kind") == "change":
        return
    context = click.get_current_context()
    typed = context.get_parameter_source("clone") is ParameterSource.COMMANDLINE
    app.clone = Clone(address, app.cwd, typed=typed)
    context.with_resource(ended_in_order())  # told to end, it would leave the folder behind
    context.call_on_close(app.clone.remove)
    app.clone.rev = head_of(app.clone, app.ci, given["head"])
