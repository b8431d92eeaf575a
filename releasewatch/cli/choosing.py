"""Which deployment is meant: shared by every command that speaks of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.output import say
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.storage.deployments import DeploymentRow


def deployment_options(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--deployment ID`, with `--repo` and `--environment` for what `last` means."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--environment", metavar="ENV", help="The environment that `last` means."),
            click.option("--repo", metavar="REPO", help="The repo that `last` means; default: the one you stand in."),
            click.option(
                "--deployment", "ref", metavar="ID", required=required, help="D-12, a key, its beginning, or last."
            ),
        ):
            function = option(function)
        return function

    return decorate


def chosen_deployment(app: App, ref: str, repo: str | None, environment: str | None) -> DeploymentRow:
    """The deployment meant; says which one `last` was taken to be."""
    from releasewatch.storage.catalogs import repo_id_of
    from releasewatch.storage.deployments import resolve_deployment

    with app.ledger.read() as connection:
        if ref == "last" and repo is None and app.history_or_none is not None and repo_id_of(connection, app.repo):
            repo = app.repo
        found = resolve_deployment(connection, ref, repo=repo, environment=environment)
    if ref == "last" and not app.quiet:
        say(f"last is {found.id} of {found.repo} to {found.environment}.")
    return found
