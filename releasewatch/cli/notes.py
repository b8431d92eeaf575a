"""`releasewatch notes`: release notes for each audience, of a deployment or straight from git."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.choosing import chosen_deployment, deployment_options
from releasewatch.cli.notes_privacy import fit_to_channel
from releasewatch.cli.options import INSTANT, REVISION, common
from releasewatch.cli.output import open_output, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.leaks import LeakScanner
    from releasewatch.domain.notes import CustomerScope, Notes, NotesInput, Period

TEMPLATES = click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Your own templates, asked before the built-in ones.",
)


@click.group()
def command() -> None:
    """Release notes for each audience."""


@command.command("render")
@deployment_options(required=False)
@click.option(
    "--since",
    type=INSTANT,
    metavar="T",
    help="Notes of what went to --environment (of --repo, default all) in a period: from here …",
)
@click.option("--until", type=INSTANT, metavar="T", help="… to here; default now.")
@click.option("--from", "base", type=REVISION, metavar="REV", help="Notes straight from git, no ledger: from here …")
@click.option("--to", "head", type=REVISION, metavar="REV", help="… to here; default HEAD.")
@click.option(
    "--audience",
    type=click.Choice(["engineering", "account", "customer"]),
    default="engineering",
    show_default=True,
    help="Who reads it. What may reach whom is decided by visibility, trailers and embargoes.",
)
@click.option(
    "--no-ledger",
    is_flag=True,
    help="With --from: do not ask the ledger what was decided by hand (change edit) before text goes outside.",
)
@click.option("--customer", metavar="KEY", help="For one customer: only what reaches them (key or alias).")
@click.option(
    "--each-customer",
    is_flag=True,
    help="With --account-manager and --since, in the new folder -o: a file for each customer of theirs.",
)
@click.option("--account-manager", metavar="KEY", help="With --each-customer: whose customers.")
@click.option("--allow", multiple=True, metavar="WORDS", help="Words that may stand in the document after all.")
@click.option("--why", default="", metavar="TEXT", help="The reason for --allow.")
@TEMPLATES
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write to a file (0600) instead of stdout; with --each-customer a folder that is new or empty.",
)
@common(("md", "html"), reveal=True, replica=True)
def render(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    ref: str | None,
    repo: str | None,
    environment: str | None,
    since: datetime | None,
    until: datetime | None,
    base: str | None,
    head: str | None,
    audience: str,
    no_ledger: bool,
    customer: str | None,
    each_customer: bool,
    account_manager: str | None,
    allow: tuple[str, ...],
    why: str,
    templates: Path | None,
) -> None:
    """Render the notes of a recorded deployment (--deployment), of those of a period (--since, --until), or of a range
    straight from git (--from, --to).

    --each-customer --account-manager KEY writes a customer's notes of a period for each whom somebody keeps: all files
    into a new folder, or none.

    Where names may not be shown (a pipe, CI) nobody is told as author, and texts that name a customer, somebody there
    or one of our people are withheld; --reveal names widens it as far as the settings allow. Notes for engineering
    straight from git ask no ledger, which alone knows customers: their subjects stand as git has them.

    In a period each change stands once, and what was taken back within it is told to engineering alone.

    Notes for account staff and customers never name who deployed. Before they are given out they are searched for other
    customers' names and for texts of inner changes; a hit writes nothing, and is passed with --allow WORDS --why TEXT.
    """
    _check(_Given(ref, since, until, base, head), customer, audience, allow, why)
    if each_customer or account_manager is not None:
        from releasewatch.cli.notes_each import EachCustomer, check_each, write_each

        who = check_each(account_manager, customer, output, each=each_customer, of_period=since is not None)
        if since is not None:
            asked = EachCustomer(who, _period(app, environment, since, until), environment or "", repo)
            write_each(app, asked, form, output, reveal, templates, set(allow))
        return
    # Only a customer's notes depend on who looks; what is said of that stands in settings that the ledger may hold.
    looking = app.looking(reveal, output) if customer is not None else None
    if looking is not None:
        from releasewatch.usecases.customers import require_keys

        require_keys(looking)
    if since is not None:
        period = _period(app, environment, since, until)
        made, scope = of_period(app, period, environment or "", repo, audience, customer)
    elif ref is not None:
        made, scope = _of_deployment(app, ref, repo, environment, audience, customer)
    else:
        ready = form if templates is None else None
        made, scope = _of_range(app, base or "", head or "HEAD", audience, ask=not no_ledger, ready=ready), None
    own = {scope.name, *scope.refs, *scope.titles} if scope is not None else set()
    if scope is not None and looking is not None and looking.reveal < Reveal.NAMES:
        # Where names may not be shown, the reader's own is one more that must not be in the text.
        shown = looking.key(scope.key)
        made, own, scope = replace(made, customer=shown), {shown}, None
    scanner = None
    if base is None and (audience == "customer" or customer is not None):
        scanner = scanner_of(app, scope, hides=customer is not None and scope is None)
    made = fit_to_channel(app, made, reveal, output, ask=base is None or _asks(audience, no_ledger=no_ledger))
    _give_out(app, made, form, output, templates, scanner, {*allow, *own})
    if allow and not app.quiet:
        say(f"Passed by hand: {counted(len(allow), 'word')}, because: {why}")


@dataclass(frozen=True, slots=True)
class _Given:
    """What notes are asked of: a deployment, a period or a range."""

    ref: str | None
    since: datetime | None
    until: datetime | None
    base: str | None
    head: str | None


def _check(given: _Given, customer: str | None, audience: str, allow: tuple[str, ...], why: str) -> None:
    if given.head is not None and given.base is None:
        raise InvalidCallError("--to needs a beginning.", "Give --from REV, or leave --to out.")
    if given.until is not None and given.since is None:
        raise InvalidCallError("--until needs a beginning.", "Give --since T, or leave --until out.")
    if sum(one is not None for one in (given.ref, given.since, given.base)) != 1:
        raise InvalidCallError(
            "Notes are of one deployment, of one period or of one range.",
            "Give --deployment ID, --since T with --environment ENV, or --from REV with --to REV.",
        )
    if customer is not None and given.base is not None:
        raise InvalidCallError(
            "What reaches one customer is known of recorded deployments only.", "Give --deployment ID, or --since T."
        )
    if customer is not None and audience == "engineering":
        raise InvalidCallError(
            "Notes for one customer are for account staff or for the customer.",
            "Add --audience customer (or account).",
        )
    if allow and not why:
        raise RefusedError("Words are passed by hand with a reason.", "Add --why TEXT.")


def _period(app: App, environment: str | None, since: datetime, until: datetime | None) -> Period:
    from releasewatch.domain.notes import Period

    if environment is None:
        raise InvalidCallError("A period is one of an environment.", "Add --environment ENV.")
    if since >= (until or app.now):
        raise InvalidCallError("The period would end before it begins.", "Check --since and --until.")
    return Period(since, until or app.now)


def of_period(
    app: App,
    period: Period,
    environment: str,
    repo: str | None,
    audience: str,
    customer: str | None,
    *,
    tells: bool = True,
) -> tuple[Notes, CustomerScope | None]:
    """The notes of a period, and for whom. `tells`: say what they do not tell of themselves."""
    from releasewatch.domain.note_building import build_notes
    from releasewatch.storage.customers import resolve_customer
    from releasewatch.usecases.notes import PeriodQuestion, Reader, Reading, notes_of_period

    reader: Reader | None = None
    if customer is not None:
        without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
        with app.ledger.read() as connection:
            who = resolve_customer(connection, customer)
        reader = Reader(who.customer_id, who.key, without)
    reading = Reading(app.now, app.config.tables.notes.subjects)
    given, scope = notes_of_period(app.ledger, PeriodQuestion(environment, repo, period), reader, reading)
    if tells:
        _say_blanks(app, given, audience)
    return build_notes(given, _audience(audience), scope), scope


def _of_range(app: App, base: str, head: str, audience: str, *, ask: bool, ready: str | None) -> Notes:
    """Straight from git; where text goes outside, a ledger that is there is asked what people decided by hand.

    `ready`: the format that notes are written in, where it is known that our own template does it.
    """
    # Most of what follows is loading, of our own and of what renders: git reads meanwhile, if there is a range to read.
    history = app.history_or_none
    with history.ahead(base, head) if history is not None else nullcontext():
        from releasewatch.domain.note_building import build_notes
        from releasewatch.rendering.documents import load_notes
        from releasewatch.usecases.notes import Reading, edits_by_hand, notes_of_range, requests_known

        if ready is not None:
            load_notes(_audience(audience), format_of(ready))
        asks = _asks(audience, no_ledger=not ask) and app.has_ledger
        # Without a ledger, of the organisation's settings only what the repo's own file says is known.
        subjects = (app.config if asks else app.repo_config).tables.notes.subjects
        said = edits_by_hand(app.ledger, app.repo) if asks else {}
        requests = requests_known(app.ledger, app.repo) if asks else {}
        given = notes_of_range(app.surroundings(), base, head, Reading(app.now, subjects), said, requests)
    _say_blanks(app, given, audience)
    return build_notes(given, _audience(audience))


def _asks(audience: str, *, no_ledger: bool) -> bool:
    """Whether notes straight from git ask a ledger, if there is one: for engineering git alone is asked."""
    return audience != "engineering" and not no_ledger


def _audience(word: str) -> Any:
    return word


def _of_deployment(
    app: App, ref: str, repo: str | None, environment: str | None, audience: str, customer: str | None
) -> tuple[Notes, CustomerScope | None]:
    from releasewatch.domain.note_building import build_notes
    from releasewatch.domain.notes import ReachCounts
    from releasewatch.storage.customers import resolve_customer
    from releasewatch.storage.exposure import count_exposed
    from releasewatch.usecases.deployments import question_of, tier_of
    from releasewatch.usecases.notes import Reading, notes_of_deployment, scope_of_customer

    found = chosen_deployment(app, ref, repo, environment)
    without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
    with app.ledger.read() as connection:
        tier = tier_of(connection, found.environment)
        question = question_of(found, tier, max(app.now, found.row.opened_at), app.now, without)
        counted = count_exposed(connection, question, has_blank=found.row.has_blank)
        who = resolve_customer(connection, customer) if customer is not None else None
    counts = ReachCounts(
        counted.customers,
        counted.named,
        counted.direct,
        counted.dependent,
        counted.possible,
        counted.unplaced,
        counted.not_ruled_out,
        counted.unsure,
    )
    reading = Reading(app.now, app.config.tables.notes.subjects)
    given = notes_of_deployment(app.ledger, found.row.deployment_id, counts, reading)
    _say_blanks(app, given, audience)
    scope = scope_of_customer(app.ledger, question, who.customer_id, who.key) if who is not None else None
    return build_notes(given, _audience(audience), scope), scope


def _say_blanks(app: App, given: NotesInput, audience: str) -> None:
    """What the document for others does not tell of itself is told to the one who makes it."""
    if app.quiet:
        return
    if not given.history_complete and given.why_incomplete:
        say(given.why_incomplete)
    if audience == "engineering" and given.deployment is not None:
        _say_unknown(app, given)
    if audience != "engineering" and not given.components:
        say("No component is known here, so everything is filed under the repo. See: releasewatch catalog show")


def _say_unknown(app: App, given: NotesInput) -> None:
    from releasewatch.cli.deployment_words import unknown_words
    from releasewatch.domain.messages import named_customers
    from releasewatch.storage.unknown_names import UnknownNames

    named = [(name, change.sha) for change in given.changes for name in named_customers(change.trailers)]
    with app.ledger.read() as connection:
        unknown = UnknownNames.among(connection, named)
    if unknown.names:
        say(unknown_words(len(unknown.names), unknown.shas, recorded=True))


def scanner_of(app: App, own: CustomerScope | None, *, hides: bool) -> LeakScanner:
    """What finds the names of other customers; of all where the reader's own may not be shown."""
    from releasewatch.domain.leaks import LeakScanner
    from releasewatch.usecases.notes import names_to_keep_in

    called = "a customer's name, which may not be shown here" if hides else "another customer's name"
    return LeakScanner(names_to_keep_in(app.ledger, app.now, own, called))


def _give_out(
    app: App,
    made: Notes,
    form: str,
    output: Path | None,
    templates: Path | None,
    scanner: LeakScanner | None,
    allow: set[str],
) -> None:
    from releasewatch.rendering.documents import write_notes

    if output is None:
        write_notes(sys.stdout, made, format_of(form), templates, names=scanner, allow=allow)
        return
    with open_output(output) as stream:
        write_notes(stream, made, format_of(form), templates, names=scanner, allow=allow)
    if not app.quiet:
        say(f"Written: {output}")


def format_of(form: str) -> Any:
    """The word of the option, as the renderer knows it."""
    return form
