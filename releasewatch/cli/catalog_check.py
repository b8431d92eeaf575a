"""`releasewatch catalog check`: what the catalog leaves open, in the files of the repo and among the customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line, say
from releasewatch.domain.words import counted
from releasewatch.errors import ReleasewatchError
from releasewatch.wiring import App, mapper_of

if TYPE_CHECKING:
    from releasewatch.usecases.catalog_check import LedgerFacts

USUAL_SPAN = timedelta(days=90)

FAIL_ON = (
    "unmapped", "dead-pattern", "cycle", "unused", "unplaced", "waiting", "parents", "alike-keys", "unknown-names",
    "any",
)  # fmt: skip


@click.command("check")
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(FAIL_ON),
    multiple=True,
    help="Exit with 1 when this is found; may be repeated. any: whatever could be looked at.",
)
@click.option(
    "--since", type=INSTANT, metavar="T", help="From when changes of a file are counted; default 90 days ago."
)
@click.option("--limit", type=WholeNumber(1, 10_000), default=20, show_default=True, help="How many of each.")
@common(replica=True)
def check(app: App, form: str, fail_on: tuple[str, ...], since: datetime | None, limit: int) -> None:
    """Check the catalog of this file against the files at HEAD, and against the customers in the ledger.

    unmapped: a file that no component claims, the most often changed first. dead-pattern: a pattern that matches no
    file, one with ! that excludes nothing, one of a product that means no component. cycle: components that depend on
    each other, which is allowed. unused: nobody is entitled to the component, nor to anything that depends on it.
    unplaced: customers without any entitlement. waiting: entitlements to what the ledger does not know. parents:
    customers whose parent is nobody, or they themselves. alike-keys: customers whose keys differ in case alone.
    unknown-names: names in Customer: trailers that no customer goes by, of what was deployed in the last 90 days.
    """
    from releasewatch.usecases.catalog_check import OF_LEDGER, Files, Telling, check_catalog

    catalog = app.config_here.catalog(app.repo)
    start = since or app.now - USUAL_SPAN
    head = app.history.resolve("HEAD")
    churn = app.history.churn(head, start)
    facts, not_looked = _look_at_ledger(app, limit)
    if not_looked is not None and OF_LEDGER.intersection(fail_on):
        raise not_looked
    telling = Telling(limit)
    if facts is not None:
        opaque = app.config.tables.privacy.keys == "opaque"
        telling = Telling(limit, app.level(None, None), opaque)
    files = Files(head, app.history.paths_at(head), start, churn.commits, churn.complete)
    document = check_catalog(catalog, files, mapper_of, facts, telling)
    document["ledger"] = {"looked_at": facts is not None, "why_not": not_looked.message if not_looked else None}
    if form == "json":
        emit_json(document)
    else:
        _show(app, document)
    found = set(document["found"])
    if found.intersection(fail_on) or ("any" in fail_on and found):
        click.get_current_context().exit(exit_codes.FAILED_AS_ASKED)


def _look_at_ledger(app: App, limit: int) -> tuple[LedgerFacts | None, ReleasewatchError | None]:
    """What the ledger tells, or why it could not be asked: that is said, and is no answer of `none`."""
    from releasewatch.errors import ConfigError, InvalidCallError
    from releasewatch.usecases.catalog_check import look_at_ledger

    try:
        has_ledger = app.has_ledger
    except InvalidCallError as error:  # a variable that is not set here, as in a job for somebody's pull request
        return None, error
    if not has_ledger:
        return None, InvalidCallError("There is no ledger yet.", "It comes with the first deployment that is recorded.")
    try:
        app.config  # noqa: B018 - what may be shown of customers is decided there
        return look_at_ledger(app.ledger_address.url, app.config_here.catalog(app.repo), app.now, limit), None
    except ConfigError:
        raise
    except ReleasewatchError as error:
        return None, error


def _show(app: App, document: dict[str, Any]) -> None:
    unmapped = document["unmapped"]
    left = f"{counted(unmapped['files'], 'file')} {'belongs' if unmapped['files'] == 1 else 'belong'} to no component."
    emit_line(
        f"{document['repo']} at {document['head'][:10]}: {counted(document['files'], 'file')}, "
        f"{counted(document['components'], 'component')}; {left if unmapped['files'] else 'none is left over.'}"
    )
    if not document["churn_complete"]:
        say("This clone is shallow: changes before its oldest commits are not counted.")
    if unmapped["items"]:
        emit_table(
            ("commits", "file that belongs to no component"),
            ((str(one["commits"]), one["path"]) for one in unmapped["items"]),
            title=f"Most often changed since {document['since'][:10]} first:",
            right=("commits",),
        )
        _more(unmapped["files"] - len(unmapped["items"]), "file")
    if document["dead_patterns"]:
        emit_table(
            ("of", "pattern", "that"),
            ((one["component"] or "no_effect", one["pattern"], one["does"]) for one in document["dead_patterns"]),
            title="Patterns that do nothing:",
        )
    for cycle in document["cycles"]:
        emit_line(f"Depend on each other, which is allowed: {', '.join(cycle)}")
    if document["ledger"]["looked_at"]:
        _show_customers(document)
    else:
        why = one_line(document["ledger"]["why_not"])
        emit_line(f"Not looked at: which components customers use, and which customers use none. {why}")
    if not document["found"] and not app.quiet:
        say("Nothing was found" + ("." if document["ledger"]["looked_at"] else " in what could be looked at."))


def _show_customers(document: dict[str, Any]) -> None:
    for one in document["dead_products"]:
        emit_line(f"Product {one['product']}: {', '.join(one['patterns'])} means no component that is known.")
    if document["unused"]:
        emit_line(f"Nobody is entitled to, nor to what depends on it: {', '.join(document['unused'])}")
    _show_some(document["unplaced"], "without any component")
    _show_some(document["parents"], "whose parent nobody is, or they themselves")
    _show_some(document["alike_keys"], "whose key another one has but for case (one and the same? customer merge)")
    unknown = document["unknown_names"]
    if unknown["names"]:
        rest = unknown["names"] - len(unknown["keys"])
        shown = f": {', '.join(unknown['keys'])}{f' and {rest} more' if rest else ''}" if unknown["keys"] else "."
        emit_line(
            f"{counted(unknown['names'], 'name')} in Customer: trailers that no customer goes by{one_line(shown)}"
        )
    waiting = document["waiting"]
    if waiting["entitlements"]:
        emit_table(
            ("entitlements", "wait for"),
            (
                (
                    str(one["entitlements"]),
                    one["subject"] + (" (in this catalog, not deployed yet)" if one["in_catalog"] else ""),
                )
                for one in waiting["subjects"]
            ),
            title="Not known to the ledger:",
            right=("entitlements",),
        )
        _more(waiting["more"], "name")


def _show_some(some: dict[str, Any], what: str) -> None:
    if some["customers"]:
        shown = ", ".join(some["keys"])
        rest = some["customers"] - len(some["keys"])
        names = f": {shown}{f' and {rest} more' if rest else ''}" if shown else "."
        emit_line(f"{counted(some['customers'], 'customer')} {what}{names}")


def _more(many: int, word: str) -> None:
    if many > 0:
        emit_line(f"and {counted(many, word)} more (--limit)")
