"""`releasewatch call inbound`: a customer reached us, on the line or with a help desk's ticket."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from releasewatch.cli import exit_codes
from releasewatch.cli.call_output import refuse_if_public
from releasewatch.cli.options import BY, INSTANT, NAME, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.cli.telling import tell_others
from releasewatch.domain.customer_reports import REPORT_CHANNELS
from releasewatch.domain.privacy import WITHHELD, Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App
from releasewatch.wiring.notifying import rules_of

if TYPE_CHECKING:
    from releasewatch.usecases.inbound import Asked
    from releasewatch.usecases.report_import import TicketReport

_PRINTED = 20
_OF_ONE = ("customer", "note", "quote", "at", "channel", "reference", "component", "incident", "contact")
_OF_FILES = ("columns", "zone", "strict", "dry_run")


@click.command("inbound")
@click.option("--customer", metavar="CUSTOMER", help="Who reached us: key, alias, or the beginning of one.")
@click.option("--note", default="", metavar="TEXT", help="What it is about; personal, and erased with them.")
@click.option("--quote", default="", metavar="TEXT", help="What they said, in their words: call voices shows it.")
@click.option("--at", "--reported-at", "at", type=INSTANT, metavar="T", help="When they reached us; default now.")
@click.option("--channel", type=click.Choice(REPORT_CHANNELS), default="phone", show_default=True, help="How.")
@click.option("--reference", type=NAME, metavar="TICKET", help="Their ticket: the same one is one report.")
@click.option("--component", metavar="KEY", help="What it is about, where they say so.")
@click.option("--incident", metavar="INC", help="The incident that it is about, where that is clear.")
@click.option("--contact", metavar="WHO", help="Who of them it was: key, e-mail, name or id.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="A help desk's export instead: CSV or XLSX with customer, opened_at, reference, subject, …; - for stdin.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="OURS=THEIRS", help="What the file calls a column: opened_at=Created."
)
@click.option("--zone", metavar="ZONE", help="Of times in the file that name none: Europe/Berlin; default: of TZ.")
@click.option("--strict", is_flag=True, help="Take nothing of the file, and exit with 1, when any row is refused.")
@click.option("--dry-run", is_flag=True, help="Take the file, and take it back.")
@BY
@common(reveal=True)
def inbound(
    app: App, form: str, reveal: str | None, by: str | None, customer: str | None, file: Path | None, **given: Any
) -> int:
    """A customer reached us before we reached them: keep it, and see at once what fits and what to do next.

    The deployments that came to them in 14 days and the open incidents that hold them, or could, best first, with why.
    It counts as reactive: who reached us before our first notice called first. They rank higher in their incident's
    list. When two customers who share a deployment of the last days report within [calling] reports_within minutes,
    on-call is to be told: it says so, and tells whom a rule with when = ["reports_together"] names.

    With --file: every ticket of a help desk's export. The same reference is the same report; again adds nothing. A
    customer may be named by an alias, or by a mail address at one.
    """
    if (customer is None) == (file is None):
        raise InvalidCallError(
            "It is not said who reached us." if file is None else "A customer is named, and a file is given too.",
            "Give --customer CUSTOMER with --note TEXT, or --file FILE.",
        )
    _refuse_of_the_other(_OF_ONE if file is not None else _OF_FILES, file is not None)
    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    if file is not None:
        status = _take_file(app, form, file, by, level, given)
    else:
        _take_one(app, form, customer or "", by, level, given)
        status = exit_codes.DONE
    tell_others(app)
    return status


def _refuse_of_the_other(names: tuple[str, ...], is_file: bool) -> None:
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            option = {"columns": "column", "at": "reported-at"}.get(name, name).replace("_", "-")
            why = "is about one report, and a file is given" if is_file else "is about a file, and none is given"
            raise InvalidCallError(f"--{option} {why}.", f"Leave out --{option}.")


def asked(app: App) -> Asked:
    """How a report is answered, by the settings."""
    from releasewatch.usecases.inbound import Asked

    tables = app.config.tables
    return Asked(
        now=app.now,
        within=timedelta(minutes=tables.calling.reports_within),
        repo=app.repo,
        without_entitlement={key: one.without_entitlement for key, one in tables.directory.items()},
        told=rules_of(app),
    )


def _take_one(app: App, form: str, customer: str, by: str | None, level: Reveal, given: dict[str, Any]) -> None:
    from releasewatch.usecases.inbound import Told, take_report
    from releasewatch.usecases.inbound_documents import answer_document

    told = Told(
        note=given["note"].strip(),
        quote=given["quote"].strip(),
        reported_at=given["at"],
        channel=given["channel"],
        reference=given["reference"] or "",
        component=given["component"],
        incident=given["incident"],
        contact=given["contact"],
    )
    answer = take_report(app.ledger, customer, told, by or app.actor, asked(app))
    document = answer_document(answer, level, app.looking(None).key if level < Reveal.NAMES else str)
    if document["tell_on_call"] is not None and (form == "json" or not app.stdout_is_terminal):
        say(_alarm_line(app, document["tell_on_call"]))
    if form == "json":
        emit_json(document)
        return
    for line in _lines(app, document):
        emit_line(one_line(line))


def _lines(app: App, found: dict[str, Any]) -> Iterator[str]:
    report = found["report"]
    known = "corrected" if report["changed"] else "recorded before" if report["already_recorded"] else "recorded"
    who = f" of {report['customer']}" if report["customer"] else ""
    yield f"{report['id']}{who}, {_local(app, report['reported_at'])}: {known}."
    if found["tell_on_call"] is not None:
        yield _alarm_line(app, found["tell_on_call"])
    if found["open_call"]:
        yield f"They have an open call about an incident: {found['open_call']}."
    for one in found["incidents"]:
        told = f"told {_local(app, one['told_at'])}" if one["told_at"] else "not told yet"
        first = ", they called first" if one["first"] == "they" else ""
        said = one["severity"] or "severity not said"
        yield f"{one['incident']} ({said}, {one['status']}): {one['title'] or WITHHELD}; {told}{first}"
        yield from _why(one["why"])
    if not found["incidents"]:
        yield "No open incident holds them."
    for one in found["deployments"]:
        release = f" {one['release']}" if one["release"] else ""
        yield f"{one['deployment']}{release}, {', '.join(one['components'])}, {_local(app, one['live_from'])}"
        yield from _why(one["why"])
    if not found["deployments"]:
        yield "Nothing that is recorded came to them in the 14 days before."
    if found["more_deployments"]:
        yield "  … and more; see: releasewatch incident suspects"
    if found["next"]:
        yield "Next:"
        yield from (f"  {line}" for line in found["next"])


def _why(points: list[dict[str, Any]]) -> Iterator[str]:
    yield from (f"  {one['points']:+d} {one['text']}" for one in points)


def _alarm_line(app: App, alarm: dict[str, Any]) -> str:
    many = counted(alarm["count"], "customer")
    keys = f" ({', '.join(alarm['customers'])})" if alarm["customers"] else ""
    since = _local(app, alarm["first_at"])
    return f"TELL ON-CALL: {many}{keys} reached us since {since}, and share {', '.join(alarm['deployments'])}."


def _local(app: App, text: str) -> str:
    return format_both(datetime.fromisoformat(text), app.zone)


def _take_file(app: App, form: str, file: Path, by: str | None, level: Reveal, given: dict[str, Any]) -> int:
    from releasewatch.usecases.inbound_documents import alarm_document
    from releasewatch.usecases.report_import import Order, import_tickets

    who = by or app.actor
    if not who:
        raise InvalidCallError("It is not known who takes it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    app.rehearse = given["dry_run"]
    with _on_disk(file) as (path, name):
        order = Order(_zone(app, given["zone"]), given["columns"], name, strict=given["strict"])
        ledger = app.ledger
        try:
            report = import_tickets(ledger, path, order, who, asked(app))
        finally:
            ledger.close()
    key = app.looking(None).key if level < Reveal.NAMES else str
    alarms = [alarm_document(one, level, key) for one in report.alarms]
    for alarm in alarms:
        say(_alarm_line(app, alarm))
    if form == "json":
        rows = [{"line": one.line, "column": one.column or None, "reason": one.reason} for one in report.rejected]
        counts = {**report.document, "written": report.written, "dry_run": given["dry_run"]}
        emit_json({"import": counts, "rejected": rows, "tell_on_call": alarms})
    else:
        _show(app, report, alarms, dry_run=given["dry_run"])
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _show(app: App, report: TicketReport, alarms: list[dict[str, Any]], *, dry_run: bool) -> None:
    for alarm in alarms:
        emit_line(one_line(_alarm_line(app, alarm)))
    counts = report.document
    names = {"noted": "noted by hand before", "moved": "moved to another customer", "repeated": "there twice"}
    words = [f"{counts[name]} {names.get(name, name)}" for name in list(counts)[2:] if counts[name]]
    emit_line(f"{counted(report.read, 'ticket')} read: {', '.join(words) or 'nothing in them'}.")
    for one in report.rejected[:_PRINTED]:
        emit_line(one_line(f"{report.file}:{one.line}: {one.column + ' ' if one.column else ''}{one.reason}"))
    if len(report.rejected) > _PRINTED:
        emit_line(f"… {len(report.rejected)} refused in all; --format json lists them.")
    if app.quiet:
        return
    for note in report.notes:
        say(f"{report.file}: {note}")
    if not report.written:
        say("Nothing was taken: --strict stops at refused rows.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


def _zone(app: App, name: str | None) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name is None:
        return app.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidCallError(f"{name!r} is no time zone.", "Write it as Europe/Berlin, or UTC.") from error


@contextmanager
def _on_disk(file: Path) -> Iterator[tuple[Path, str]]:
    """The file, and how people name it; what comes by stdin is kept beside the temporary files for as long as this."""
    if str(file) != "-":
        yield file, ""
        return
    with tempfile.TemporaryDirectory(prefix="releasewatch-") as folder:
        path = Path(folder, "stdin.csv")
        path.write_bytes(sys.stdin.buffer.read())
        yield path, "stdin"
