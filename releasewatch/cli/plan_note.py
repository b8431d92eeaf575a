"""The plan of a deployment as a note in its GitLab merge request: one for each place, written anew when it changes.

Nothing of it can fail the plan: why there is no note is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.cli.output import one_line, say
from releasewatch.cli.pipeline import warn
from releasewatch.errors import ReleasewatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.wiring import App

_WITHIN = 30.0
"""Seconds that GitLab may take in all."""

_WANTED = (
    "Set RELEASEWATCH_GITLAB_TOKEN, masked, to a project access token with the scope api and the role Reporter: "
    "a job's own CI_JOB_TOKEN cannot write notes."
)


def marker_of(environment: str, *places: Sequence[str]) -> str:
    """What a note begins with, unseen by its readers: two plans of one merge request have a note each."""
    about = " ".join([environment, *(word for words in places for word in words)])
    while "--" in about:
        about = about.replace("--", "-")
    return f"<!-- releasewatch plan: {one_line(about).replace('>', '')} -->"


def leave_note(app: App, marker: str, text: str) -> None:
    """Write the note, where the job is one of a merge request."""
    from releasewatch.integrations.forges.gitlab import GitLab
    from releasewatch.wiring.forges import find_forge, open_forge

    request = app.ci.pull_request if app.ci and app.ci.provider == "gitlab-ci" else None
    if request is None or not request.isdigit():
        say("No note is written: this is no job of a GitLab merge request.")
        return
    if app.ci is not None and app.ci.fork:
        say("No note is written: the merge request comes from a fork.")
        return
    try:
        address = find_forge(app, "gitlab")
        if address.token is None:
            warn(f"The plan is in no note of the merge request: there is no token. {_WANTED}")
            return
        forge = open_forge(app, address, _WITHIN)
        if isinstance(forge, GitLab):
            say(f"The note in merge request {request} is {forge.write_note(int(request), marker, text)}.")
    except ReleasewatchError as error:
        warn(one_line(f"The plan is in no note of the merge request. {error.message}") + f" {_WANTED}")
