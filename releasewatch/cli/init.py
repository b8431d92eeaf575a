"""`releasewatch init`: a first releasewatch.toml from what the repo shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from releasewatch.cli.discovering import say_left_out, source_options
from releasewatch.cli.options import common
from releasewatch.cli.output import emit, emit_json, open_output, say
from releasewatch.domain.words import counted
from releasewatch.wiring import App

if TYPE_CHECKING:
    from pathlib import Path

FILE = "releasewatch.toml"


@click.command()
@source_options
@click.option("--dry-run", is_flag=True, help="Give the text out on stdout; write nothing.")
@click.option("--force", is_flag=True, help=f"Overwrite the {FILE} that is there.")
@common(("text", "json"))
def command(app: App, form: str, kinds: tuple[str, ...], exclude: tuple[str, ...], dry_run: bool, force: bool) -> None:
    """Write a starter releasewatch.toml at the root of the repo, from the files that git tracks.

    Components come from Backstage files, workspaces (npm, yarn, pnpm, lerna, turbo, Cargo, uv, Go), Maven modules,
    Docker Compose, Helm charts and CODEOWNERS, else from folders with churn. Every guess has its reason in a comment.
    Environments come from jobs of GitHub and GitLab, Kustomize overlays, values of Helm charts and Compose files.
    It asks nothing; an existing configuration is refused with 4, unless --force.
    """
    from releasewatch.config.writing import starter_file
    from releasewatch.usecases.discovery import News, describe, guess_no_effect

    files = app.tracked_files(exclude)
    target = app.work_tree / FILE
    if not dry_run:
        _guard(app.work_tree, target, force=force)
    proposal = app.discover(files, kinds)
    name, name_from = app.repo_name()
    environments = app.seen_environments(files)
    no_effect = guess_no_effect(proposal, files.paths, files.sorter)
    text = starter_file(name, name_from, no_effect, proposal, environments, _organisation_version(app))
    if not dry_run:
        with open_output(target, mode=0o644) as stream:
            stream.write(text)
    if form == "json":
        seen = [{"key": one.name, "because": list(one.because)} for one in environments.found]
        document = {"file": str(target), "written": not dry_run, "repo": name, **describe(News(proposal))}
        emit_json({**document, "environments": seen})
    elif dry_run:
        emit(text)
    say_left_out(app, proposal)
    if not dry_run and not app.quiet:
        many, places = len(proposal.components), len(environments.found)
        also = f" and {counted(places, 'environment')}" if places else ""
        say(f"{FILE} written with {counted(many, 'component')}{also}: read it, it says why of each.")


def _organisation_version(app: App) -> int | None:
    """The version of the organisation's settings in the ledger, where there is one that can be asked."""
    from releasewatch.errors import ReleasewatchError

    try:
        pushed = app.pushed_settings()
    except ReleasewatchError:
        return None  # a first file needs no ledger; where the two do not fit, every other command says so
    return pushed.version if pushed is not None else None


def _guard(root: Path, target: Path, *, force: bool) -> None:
    """Raises RefusedError where the repo is configured already."""
    from releasewatch.config import config_at
    from releasewatch.errors import ConfigError, RefusedError

    if target.exists() or target.is_symlink():
        if not force:
            raise RefusedError(
                f"{FILE} is there already, and init would overwrite it.",
                "releasewatch catalog import shows what it lacks; --dry-run shows what init would write; --force.",
            )
        return
    other = root / "pyproject.toml"
    try:
        there = config_at(lambda name: other.read_bytes() if name == other.name and other.is_file() else None, "")
    except ConfigError:
        there = None  # a broken file of somebody else's tools configures nothing of ours
    if there is not None:
        raise RefusedError(
            "pyproject.toml configures this repo already, in [tool.releasewatch].",
            "Add to it: releasewatch catalog import -o pyproject.toml",
        )
