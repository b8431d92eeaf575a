"""`releasewatch customer`: bring the directory into the ledger, and look customers up in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource

from releasewatch import wiring
from releasewatch.cli import erasure, exit_codes, marks, sameness
from releasewatch.cli.customer_brief import brief
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, INSTANT, common, one_file
from releasewatch.cli.output import emit_json, emit_many_jsonl, emit_table, one_line, say, stream_to
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.config.schema import DirectoryTable
    from releasewatch.domain.columns import ColumnMap
    from releasewatch.domain.customers import Kind
    from releasewatch.storage.customers import CustomerLine
    from releasewatch.usecases.customer_import import DirectoryFiles, ImportOrder

KINDS: tuple[Kind, ...] = ("customers", "contacts", "entitlements")
UNCONFIGURED = "default"


@click.group()
def command() -> None:
    """The directory: customers, contacts and what they use."""


command.add_command(sameness.alias)
command.add_command(sameness.merge)
command.add_command(marks.mark_customer)
command.add_command(erasure.export_customer)
command.add_command(erasure.forget_customer)
command.add_command(brief)


@command.command("import")
@click.option("--directory", metavar="NAME", help="Which [directory.NAME]; default: the only one, else 'default'.")
@one_file("--customers", "CSV, or FILE.xlsx#Sheet: key, name, …")
@one_file("--contacts", "The same: customer, name, …")
@one_file("--entitlements", "The same: customer, component or product, …")
@one_file("--guess", "Import nothing: propose a column map for a CRM's export, and show its first rows as read by it.")
@click.option(
    "--snapshot/--changes",
    "snapshot",
    default=True,
    show_default=True,
    help="A snapshot ends what it no longer holds; changes only add and change, and leave columns they lack alone.",
)
@click.option(
    "--accept-ending", type=WholeNumber(min=0), metavar="N", help="Let a snapshot end up to N rows of a file."
)
@click.option(
    "--accept-callable",
    type=WholeNumber(min=0),
    metavar="N",
    help="Let a file switch off do-not-call for up to N customers.",
)
@click.option(
    "--readmit",
    multiple=True,
    metavar="KEY",
    help="Let somebody in again who was forgotten: key, alias, e-mail or number. Needs --why.",
)
@sameness.WHY
@BY
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when any row is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@common(output=True, reveal=True)
def import_(
    app: App,
    form: str,
    directory: str | None,
    guess: Path | None,
    snapshot: bool,
    accept_ending: int | None,
    accept_callable: int | None,
    readmit: tuple[str, ...],
    why: str | None,
    by: str | None,
    strict: bool,
    dry_run: bool,
    output: Path | None,
    reveal: str | None,
    **files: Path | None,
) -> int:
    """Import CSV or XLSX files: from [directory.NAME] of the settings, or those named here.
    A directory of kind http is fetched from its server.

    A file not given ends nothing. What the first import of a kind of file brings counts as having been so always; what
    a later one brings, or lacks, begins or ends with it, unless valid_from and valid_to say otherwise. With --guess, -o
    saves the proposed map, and --reveal shows more of the rows.
    """
    if guess is not None:
        return _guess(app, guess, directory, form, output, reveal)
    if reveal:
        raise InvalidCallError("What an import reports holds nothing to reveal.", "--reveal goes with --guess.")
    from releasewatch.cli.importing import show_import
    from releasewatch.cli.overwriting import guard_inputs
    from releasewatch.cli.progress import progress_of
    from releasewatch.usecases.customer_import import ImportOrder, import_directory, import_document

    name, table = _directory(app, directory)
    given = {kind: path for kind in KINDS if (path := files[kind]) is not None}
    guard_inputs(app, output, (given or _configured_files(app, table)).values())
    word = sameness.said(app, by, why) if readmit else None
    order = ImportOrder(
        directory=name,
        mode="snapshot" if snapshot else "changes",
        accept_ending=accept_ending,
        accept_callable=accept_callable,
        strict=strict,
        readmit=readmit,
        why=word.why if word else "",
        by=word.by if word else "",
        products=app.products_to_store,
    )
    app.rehearse = dry_run
    with _opened(app, table, order, given) as opened, progress_of(app) as told:
        ledger = app.ledger
        try:
            report = import_directory(ledger, opened, order, wiring.clock, told)
        finally:
            ledger.close()
    with stream_to(output) as stream:
        if form == "json":
            emit_json(import_document(report, dry_run=dry_run), stream)
        else:
            show_import(app, report, stream, dry_run=dry_run)
    return exit_codes.DONE if report.written or report.unchanged else exit_codes.FAILED_AS_ASKED


def _guess(app: App, file: Path, directory: str | None, form: str, output: Path | None, reveal: str | None) -> int:
    from releasewatch.cli.guessing import guess

    context = click.get_current_context()
    beside = ("customers", "contacts", "entitlements", "snapshot", "accept_ending", "accept_callable", "strict")
    for name in (*beside, "dry_run"):
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise InvalidCallError(
                "--guess imports nothing, and takes no options of an import.", f"Leave out --{name.replace('_', '-')}."
            )
    known: Mapping[str, DirectoryTable] = app.config.tables.directory
    name = directory or (next(iter(known)) if len(known) == 1 else "crm")
    guess(app, file, name, form, output, reveal)
    return exit_codes.DONE


def _directory(app: App, asked: str | None) -> tuple[str, DirectoryTable | None]:
    """The directory's permanent id, and its settings where it has any."""
    known: Mapping[str, DirectoryTable] = app.config.tables.directory
    if asked is None:
        if len(known) > 1:
            raise InvalidCallError(
                "There are several directories in the settings.", f"Name one: --directory {'|'.join(known)}"
            )
        return next(iter(known.items()), (UNCONFIGURED, None))
    if known and asked not in known:
        import difflib

        near = difflib.get_close_matches(asked, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
        raise InvalidCallError(f"There is no directory {asked!r} in the settings.", hint)
    return asked, known.get(asked)


def _opened(
    app: App, table: DirectoryTable | None, order: ImportOrder, given: dict[Kind, Path]
) -> AbstractContextManager[DirectoryFiles]:
    """What is to be imported: files named here, those of the settings, or what a server gives."""
    if table is not None and table.kind == "http":
        from releasewatch.usecases.directory_fetch import fetched, read_server

        if given:
            raise InvalidCallError(
                f"The directory {order.directory} is fetched from a server; it takes no files.",
                "Leave the files out, or import them into a directory of their own: --directory NAME",
            )
        return fetched(app.ledger, read_server(order.directory, table, app.environ), order)
    from releasewatch.usecases.customer_import import open_directory

    files = given or _configured_files(app, table)
    return nullcontext(open_directory(files, _column_maps(app, table), table.skip_rows if table is not None else 0))


def _configured_files(app: App, table: DirectoryTable | None) -> dict[Kind, Path]:
    names = {kind: getattr(table, kind) for kind in KINDS} if table else {}
    return {kind: _shown(app.config.resolve(name), app.cwd) for kind, name in names.items() if name}


def _shown(path: Path, cwd: Path) -> Path:
    """The path as somebody who stands here would type it."""
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _column_maps(app: App, table: DirectoryTable | None) -> dict[Kind, ColumnMap]:
    """The headings of each file by our columns: the configured ones, on top of those of a shipped map."""
    if table is None:
        return {}
    from releasewatch.config.columns import headings_of
    from releasewatch.integrations.directories.presets import load_preset

    shipped = load_preset(table.map).headings if table.map else {}
    return {
        kind: {**shipped.get(kind, {}), **headings_of(getattr(table.columns, kind), app.config.resolve)}
        for kind in KINDS
    }


@command.command("list")
@click.option("--limit", type=WholeNumber(1, 10_000), default=100, show_default=True, help="How many (table, json).")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before (table, json).")
@click.option("--at", type=INSTANT, metavar="T", help="As they were at this time; default now.")
@click.option("--known-at", type=INSTANT, metavar="T", help="As the ledger knew it at this time; default now.")
@common(("table", "json", "jsonl", "csv"), output=True, reveal=True, reads=True)
def list_(
    app: App,
    form: str,
    limit: int,
    after: str | None,
    at: datetime | None,
    known_at: datetime | None,
    output: Path | None,
    reveal: str | None,
) -> None:
    """The customers of the directory, by key; jsonl and csv give all of them, as they come."""
    from releasewatch.usecases.customers import customer_documents, list_document, read_customers

    looking = app.looking(reveal, output, at=at, known_at=known_at)
    with stream_to(output) as stream:
        if form == "jsonl":
            emit_many_jsonl(customer_documents(app.ledger, looking), stream)
        elif form == "csv":
            _write_csv(read_customers(app.ledger, looking), stream)
        elif form == "json":
            emit_json(list_document(app.ledger, looking, limit=limit, after=after), stream)
        else:
            _show_list(app, list_document(app.ledger, looking, limit=limit, after=after), stream)


_COLUMNS = ("key", "name", "customer_tier", "account_manager", "country", "entitlements")


def _write_csv(lines: Iterable[CustomerLine], stream: TextIO) -> None:
    from releasewatch.rendering.tabular import write_csv

    write_csv(stream, _COLUMNS, map(attrgetter(*_COLUMNS), lines))


def _show_list(app: App, document: dict[str, Any], stream: TextIO) -> None:
    if "count" in document:
        stream.write(f"{counted(document['count'], 'customer')}\n")
        return
    emit_table(
        _COLUMNS,
        ([_cell(item, name) for name in _COLUMNS] for item in document["customers"]),
        right=("entitlements",),
        stream=stream,
    )
    if document["next_cursor"] and not app.quiet:
        say(f"More: --after {document['next_cursor']}")


def _cell(item: dict[str, Any], name: str) -> str:
    if name in item["withheld"]:
        return "withheld"
    return "" if item[name] is None else str(item[name])


@command.command("show")
@click.argument("customer")
@click.option("--at", type=INSTANT, metavar="T", help="As they were at this time; default now.")
@click.option("--known-at", type=INSTANT, metavar="T", help="As the ledger knew it at this time; default now.")
@common(output=True, reveal=True, reads=True)
def show(
    app: App,
    form: str,
    customer: str,
    at: datetime | None,
    known_at: datetime | None,
    output: Path | None,
    reveal: str | None,
) -> None:
    """One customer by key, alias or a beginning that only they have: facts, contacts, what they use.

    Contacts, contract value and the directory's other columns need --reveal contacts.
    """
    from releasewatch.usecases.customers import show_document

    document = show_document(app.ledger, customer, app.looking(reveal, output, at=at, known_at=known_at))
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
        else:
            _show_customer(app, document, stream)


def _show_customer(app: App, document: dict[str, Any], stream: TextIO) -> None:
    one, withheld = document["customer"], document["withheld"]
    title = f"{one['key']}  {one['name'] or ''}".rstrip()
    state = "" if one["in_directory"] else "  [not in the directory]"
    state = "  [forgotten]" if one["forgotten"] else state
    lines = [f"{title}{state}", f"  directory: {one['directory']}"]
    for name in _FACTS:
        value = one[name]
        if name not in withheld and value not in (None, 0, False, [], {}):
            lines.append(f"  {name.replace('_', ' ')}: {_words(value)}")
    if withheld:
        lines.append(f"  withheld: {', '.join(withheld)} (--reveal names|contacts)")
    stream.write("".join(one_line(line) + "\n" for line in lines))
    if one["contacts"]:
        columns = ("name", "role", "phone", "phone_state", "email", "language", "consent")
        rows = ([str(contact[name] or "") for name in columns] for contact in one["contacts"])
        emit_table(columns, rows, title="Contacts", stream=stream)
    elif one["contact_count"]:
        stream.write(f"  contacts: {one['contact_count']}\n")
    if one["entitlements"]:
        axes = ("subject", "environment", "region", "ring", "version")
        emit_table(
            ("uses", *axes[1:], "from", "until"),
            (
                [
                    *(entitlement[axis] or _ANY[axis] for axis in axes),
                    _day(app, entitlement["valid_from"]),
                    _day(app, entitlement["valid_to"]),
                ]
                for entitlement in one["entitlements"]
            ),
            title="Entitlements",
            stream=stream,
        )


_ANY = {"subject": "", "environment": "all production", "region": "any", "ring": "any", "version": "any"}
"""What an empty cell means (product.md, "Cells of an entitlement")."""

_FACTS = (
    "aliases",
    "merged",
    "parent",
    "children",
    "customer_tier",
    "segment",
    "account_manager",
    "kept_by",
    "country",
    "timezone",
    "language",
    "do_not_call",
    "escalated",
    "sla_minutes",
    "credit_after_minutes",
    "contract_value",
    "currency",
    "renewal_on",
    "attributes",
    "marks",
)


def _words(value: Any) -> str:
    if value is True:
        return "yes"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {text}" for name, text in value.items())
    if isinstance(value, list):
        return ", ".join(map(_item_words, value))
    return str(value)


def _item_words(item: Any) -> str:
    """An alias or a child, a mark, or somebody who was merged."""
    if isinstance(item, str):
        return item
    what = item["key"] if "key" in item else item["kind"].replace("_", " ")
    about = f" of {item['contact']}" if item.get("contact") else ""
    return f"{what}{about} ({item['why']})"


def _day(app: App, instant: str | None) -> str:
    from releasewatch.domain.times import format_both

    if instant is None:
        return ""
    return format_both(datetime.fromisoformat(instant), app.zone)
