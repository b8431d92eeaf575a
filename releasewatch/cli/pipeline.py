"""What a command leaves behind in a pipeline: outputs for later steps, a summary, warnings at the top of the run.

None of it can fail the command: what was recorded is recorded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releasewatch.cli.output import emit_command, open_output, say, without_credentials
from releasewatch.errors import ReleasewatchError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.integrations.ci.annotations import Level
    from releasewatch.wiring import App

_COUNTS = ("customers", "named", "direct", "dependent", "possible", "not_ruled_out")

OUTPUTS = ("recorded", "deployment", "kind", "status", "head", "base", *_COUNTS)
"""What later steps get, in this order; all of it keys and counts."""


def warn(text: str) -> None:
    """Say that something needs attention, and have the CI system show it, where it can."""
    say(f"Warning: {text}")
    annotate("warning", text)


def annotate(level: Level, message: str) -> None:
    """Have the CI system show a message at the top of the run; to stderr, which runners read as they read stdout."""
    from releasewatch.integrations.ci import recognise
    from releasewatch.integrations.ci.annotations import annotation

    facts = recognise(os.environ)
    line = annotation(facts.provider, level, without_credentials(message)) if facts else None
    if line is not None:
        say(line, is_command=True)


def leave(app: App, document: Mapping[str, Any], form: str, dotenv: Path | None, templates: Path | None) -> None:
    """Outputs and summary of a deployment that was recorded."""
    outputs = {"recorded": "true", **_values(document)}
    leave_outputs(app, outputs, form, dotenv)
    leave_summary(app, document, form, templates)


def leave_outputs(app: App, outputs: Mapping[str, str], form: str, dotenv: Path | None) -> None:
    """Give values on to later steps, in the way of the system we run in, and into a dotenv file where one is named."""
    from releasewatch.integrations.ci.outputs import (
        AZURE,
        DOTENV_VARIABLE,
        GITHUB_FILE,
        azure_variables,
        dotenv_report,
        write_github_outputs,
    )

    if not write_github_outputs(app.environ, outputs) and app.environ.get(GITHUB_FILE):
        warn(f"The outputs of this step were not written: the file that {GITHUB_FILE} names cannot be.")
    named = app.environ.get(DOTENV_VARIABLE)
    file = dotenv or (Path(named) if named else None)
    if file is not None:
        try:
            with open_output(file, mode=0o644) as stream:
                stream.write(dotenv_report(outputs))
        except ReleasewatchError as error:
            warn(f"The dotenv report was not written. {error.message}")
    if app.ci is not None and app.ci.provider == AZURE:
        for line in azure_variables(outputs):
            _command(line, form)


def _values(document: Mapping[str, Any]) -> dict[str, str]:
    d, exposed = document["deployment"], document["exposure"]
    return {
        "deployment": d["id"] or "",
        "kind": d["kind"],
        "status": d["status"],
        "head": d["head"] or "",
        "base": d["base"] or "",
        **{name: str(exposed[name]) for name in _COUNTS},
    }


def leave_summary(app: App, document: Mapping[str, Any], form: str, templates: Path | None = None) -> None:
    """Add a deployment, or the plan of one, to the summary that the CI system shows of this step, if it shows one."""
    from releasewatch.integrations.ci.summaries import has_summary, write_summary

    if app.ci is None or not has_summary(app.ci.provider, app.environ):
        return
    from releasewatch.rendering.documents import render_summary

    try:
        text = render_summary(document, templates)
    except TemplateError as error:
        warn(f"{error.message} The built-in summary is used instead.")
        text = render_summary(document)
    try:
        line = write_summary(app.environ, text)
    except OSError as error:
        warn(f"The summary was not written: {error.strerror}.")
    else:
        if line is not None:
            _command(line, form)


def _command(line: str, form: str) -> None:
    """A command for the agent, on stdout, where it looks for them; not into a document for programs."""
    if form == "json":
        say(line, is_command=True)
    else:
        emit_command(line)
