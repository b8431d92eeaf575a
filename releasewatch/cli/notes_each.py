"""`notes render --each-customer`: what each customer of an account manager may read of a period, a file each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from releasewatch.cli.call_output import refuse_if_public
from releasewatch.cli.new_folder import write_new_folder
from releasewatch.cli.notes import format_of, of_period, scanner_of
from releasewatch.cli.output import say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, LeakError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.notes import Period


@dataclass(frozen=True, slots=True)
class EachCustomer:
    """Whose customers, and what went where in which period."""

    account_manager: str
    period: Period
    environment: str
    repo: str | None


def check_each(
    account_manager: str | None, customer: str | None, output: Path | None, *, each: bool, of_period: bool
) -> str:
    """The account manager who is meant. Raises InvalidCallError for what does not go together."""
    source = click.get_current_context().get_parameter_source("audience")
    audience = click.get_current_context().params["audience"]
    if not each or account_manager is None:
        raise InvalidCallError(
            "Notes for each customer are for those of one account manager.",
            "Give --each-customer with --account-manager KEY.",
        )
    if customer is not None:
        raise InvalidCallError("One customer and each of them are asked for.", "Leave --customer out.")
    if audience != "customer" and source is click.core.ParameterSource.COMMANDLINE:
        raise InvalidCallError("What each customer may read is for customers.", "Leave --audience out.")
    if not of_period:
        raise InvalidCallError("Notes for each customer are of a period.", "Give --since T with --environment ENV.")
    if output is None:
        raise InvalidCallError("It is not said where the files are to be.", "Name a new folder: -o DIR")
    return account_manager


def write_each(
    app: App,
    asked: EachCustomer,
    form: str,
    output: Path | None,
    reveal: str | None,
    templates: Path | None,
    allow: set[str],
) -> None:
    """Render all of them, and only then write any."""
    from releasewatch.rendering.documents import render_notes
    from releasewatch.usecases.exposure import check_account_manager
    from releasewatch.usecases.kept_customers import kept_keys

    folder = output or Path()
    level = app.level(reveal, folder)
    refuse_if_public(app, reveal, level)
    if level < Reveal.NAMES:
        raise RefusedError(
            "Each file is for a customer by name, which may not be shown here.",
            'In CI that needs --reveal names and the setting [privacy] ci = "names".',
        )
    check_account_manager(app.ledger, asked.account_manager, level)
    files: dict[str, bytes] = {}
    for number, key in enumerate(kept_keys(app.ledger, asked.account_manager, app.now)):
        made, scope = of_period(app, asked.period, asked.environment, asked.repo, "customer", key, tells=not number)
        own = {scope.name, *scope.refs, *scope.titles} if scope is not None else set()
        try:
            text = render_notes(
                made, format_of(form), templates, names=scanner_of(app, scope, hides=False), allow={*allow, *own}
            )
        except LeakError as error:
            raise LeakError(f"{key}: {error.message} No file was written.", hint=error.hint) from error
        files[_name(key, form, files)] = text.encode()
    if not files:
        raise InvalidCallError(f"{asked.account_manager} keeps no customer today.", "See: releasewatch staff list")
    write_new_folder(folder, list(files.items()), "what is in it would be taken for theirs")
    if not app.quiet:
        say(f"Written to {folder}: {counted(len(files), 'file')}, one for each customer.")


def _name(key: str, form: str, taken: dict[str, bytes]) -> str:
    """A name for a customer's file; two keys that look alike have different ones."""
    stem = name = re.sub(r"[^\w.-]+", "-", key).strip("-.")[:60] or "customer"
    again = 1
    there = {one.casefold() for one in taken}
    while f"{name}.{form}".casefold() in there:
        again += 1
        name = f"{stem}-{again}"
    return f"{name}.{form}"
