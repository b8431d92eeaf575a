"""`releasewatch exposure`: the customers a deployment reaches, and every hop to one of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from releasewatch.cli.choosing import chosen_deployment, deployment_options
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_many_jsonl, emit_table, open_output, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.unsure import Unsure
from releasewatch.domain.words import blank_line, counted
from releasewatch.errors import RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.exposure import Asking, Exposed

COLUMNS = ("key", "name", "reach", "possible", "state", "distance", "via", "components", "account_manager", "because")


@click.group()
def command() -> None:
    """The customers a deployment reaches, and why each of them."""


def _clocks(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--known-at", type=INSTANT, metavar="T", help="Only what was recorded by then."),
        click.option("--at", type=INSTANT, metavar="T", help="The world at that instant, as known now; default now."),
    ):
        function = option(function)
    return function


@command.command("list")
@deployment_options(required=True)
@_clocks
@click.option(
    "--state",
    type=click.Choice(["exposed", "carrying", "returned"]),
    default="exposed",
    show_default=True,
    help="exposed: all who were reached. carrying: who still runs the change. returned: who does not any more.",
)
@click.option("--reach", type=click.Choice(["named", "direct", "dependent"]), help="Only these.")
@click.option("--account-manager", metavar="KEY", help="Only the customers of one account manager.")
@click.option(
    "--limit", type=WholeNumber(1, 100_000), metavar="N", help="How many; default 100, for jsonl and csv all."
)
@click.option("--after", metavar="CURSOR", help="Go on after this: next_cursor of the page before.")
@common(("table", "json", "jsonl", "csv"), output=True, reveal=True, reads=True)
def list_(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    ref: str,
    repo: str | None,
    environment: str | None,
    at: datetime | None,
    known_at: datetime | None,
    state: str,
    reach: str | None,
    account_manager: str | None,
    limit: int | None,
    after: str | None,
) -> None:
    """List the customers that a deployment reaches, in the order of their keys.

    Derived from what it changed, where it went, and what customers use: nothing is stored for each customer. One who is
    reached only through something uncertain is possible, and the reason is given.
    """
    from releasewatch.storage.exposure import ExposureFilter
    from releasewatch.usecases.exposure import (
        check_account_manager,
        count_beside,
        count_document,
        list_exposed,
        page_exposed,
        stream_exposed,
    )

    found = chosen_deployment(app, ref, repo, environment)
    managers = None
    if account_manager is not None:
        from releasewatch.usecases.staff import named_for  # with all that reads a staff file: 6 MiB

        managers = named_for(app.ledger, account_manager, app.now)
    only = ExposureFilter(None if state == "exposed" else state, reach, managers)
    asking = _asking(app, found.row.deployment_id, at, known_at, only, app.level(reveal, output))
    check_account_manager(app.ledger, account_manager, asking.reveal)
    is_counted = asking.reveal < Reveal.KEYS or form in ("table", "json")
    counts = count_document(app.ledger, asking) if is_counted else {}
    beside = counts or ({} if app.quiet else count_beside(app.ledger, asking))
    cursor: str | None = None
    items: Iterable[dict[str, Any]] = ()
    rows: Iterable[Sequence[str]] | None = None
    if asking.reveal < Reveal.KEYS:
        _say_counts_only(app)
    elif form == "jsonl" and limit is None and after is None:
        items = list_exposed(app.ledger, asking)
    elif form == "csv" and limit is None and after is None:
        rows = _rows(stream_exposed(app.ledger, asking))
    else:
        items, cursor = page_exposed(app.ledger, asking, limit=limit or 100, after=after)
    document = {"deployment": found.id, "counts": counts}
    blank = ""
    if beside:
        blank = blank_line(found.row.unmapped_paths, beside["not_ruled_out"], Unsure.of(beside).lines)
    if output is None:
        _give_out(form, document, items, rows, cursor, blank, sys.stdout)
    else:
        with open_output(output) as stream:
            _give_out(form, document, items, rows, cursor, blank, stream)
    if blank and form in ("jsonl", "csv") and not app.quiet:
        say(blank)
    if cursor is not None and form != "json" and not app.quiet:
        say(f"More: --after {cursor}")


def _asking(
    app: App, deployment_id: int, at: datetime | None, known_at: datetime | None, only: Any, level: Reveal
) -> Asking:
    from releasewatch.usecases.exposure import Asking

    return Asking(
        deployment_id=deployment_id,
        now=app.now,
        at=at,
        known_at=known_at,
        without_entitlement={
            key: d.without_entitlement for key, d in app.config_known_at(known_at).tables.directory.items()
        },
        only=only,
        reveal=level,
        opaque=app.config.tables.privacy.keys == "opaque",
    )


def _say_counts_only(app: App) -> None:
    if not app.quiet:
        say("This is a public repository: counts are shown, and no customer.")


def _give_out(
    form: str,
    document: dict[str, Any],
    items: Iterable[dict[str, Any]],
    rows: Iterable[Sequence[str]] | None,
    cursor: str | None,
    blank: str,
    stream: TextIO,
) -> None:
    if form == "json":
        emit_json({**document, "customers": list(items), "next_cursor": cursor}, stream)
    elif form == "jsonl":
        emit_many_jsonl(items, stream)
    elif form == "csv":
        _write_csv(map(_words, items) if rows is None else rows, stream)
    else:
        _write_table(document["counts"], items, blank, stream)


def _write_csv(rows: Iterable[Sequence[str]], stream: TextIO) -> None:
    from releasewatch.rendering.tabular import write_csv

    write_csv(stream, COLUMNS, rows)


def _write_table(counts: dict[str, int], items: Iterable[dict[str, Any]], blank: str, stream: TextIO) -> None:
    rows = [_words(item) for item in items]
    if rows:
        emit_table(("customer", *COLUMNS[1:]), rows, right=("distance",), stream=stream)
    stream.write(
        f"{counted(counts['customers'], 'customer')}: {counts['named']} named, {counts['direct']} direct, "
        f"{counts['dependent']} dependent; {counts['possible']} of them possibly; "
        f"{counts['still_exposed']} still carry it.\n"
    )
    if blank:
        stream.write(f"{blank}\n")


def _words(item: dict[str, Any]) -> tuple[str, ...]:
    return _cells(item["key"], item["name"], item["account_manager"], item["withheld"], _way_words(item))


def _rows(exposed: Iterable[Exposed]) -> Iterator[tuple[str, ...]]:
    """The same of very many: those who are reached alike share what is told of it."""
    words = lru_cache(1000)(lambda told: _way_words(told.item))
    for key, _, name, manager, told, withheld in exposed:
        yield _cells(key, name, manager, withheld, words(told))


def _cells(
    key: str, name: str | None, manager: str | None, withheld: Collection[str], way: tuple[tuple[str, ...], str]
) -> tuple[str, ...]:
    if withheld:
        name = "withheld" if "name" in withheld else name
        manager = "withheld" if "account_manager" in withheld else manager
    about, because = way
    return key, name or "", *about, manager or "", because


def _way_words(told: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The columns about how somebody is reached; the last of them stands behind the account manager."""
    distance = told["distance"]
    about = (
        told["reach"],
        "yes" if told["possible"] else "no",
        told["state"],
        "" if distance is None else str(distance),
        told["via"] or "",
        ", ".join(told["components"]),
    )
    return about, "; ".join(told["possible_because"])


@command.command("explain")
@deployment_options(required=True)
@_clocks
@click.option("--customer", required=True, metavar="KEY", help="Key, alias, or the beginning of one.")
@click.option("--all", "every", is_flag=True, help="Every chain, not the nearest alone.")
@common(reveal=True, reads=True)
def explain_(
    app: App,
    form: str,
    reveal: str | None,
    ref: str,
    repo: str | None,
    environment: str | None,
    at: datetime | None,
    known_at: datetime | None,
    customer: str,
    every: bool,
) -> None:
    """Explain why a deployment reaches a customer, from commit to customer, as a chain to be read aloud; or why not."""
    from releasewatch.storage.exposure import ExposureFilter
    from releasewatch.usecases.explaining import as_document, explain

    level = app.level(reveal, None)
    if level < Reveal.KEYS:
        raise RefusedError(
            "This is a public repository: its log holds counts only, and an explanation is of one customer.",
            "Run it elsewhere.",
        )
    found = chosen_deployment(app, ref, repo, environment)
    asking = _asking(app, found.row.deployment_id, at, known_at, ExposureFilter(), level)
    explained = explain(app.ledger, asking, customer, app.zone)
    if form == "json":
        emit_json(as_document(explained, found.id, every=every))
        return
    if not explained.reached:
        known = "is not known to" if explained.not_ruled_out else "does not"
        emit_line(f"{found.id} {known} reach {explained.customer}.")
        for reason in explained.why_not:
            emit_line(f"  {reason}")
        return
    emit_line(f"{found.id} reaches {explained.customer}:")
    for number, chain in enumerate(explained.chains if every else explained.chains[:1]):
        if number:
            emit_line("And also:")
        for step in chain:
            emit_line(f"  {step['text']}")
    more = len(explained.chains) - 1
    if more > 0 and not every and not app.quiet:
        say(f"There {'is 1 more way' if more == 1 else f'are {more} more ways'}: --all")
