"""`releasewatch spool`: records that wait for the ledger, and recording them later."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line, say, without_credentials
from releasewatch.cli.spool_drop import drop
from releasewatch.cli.telling import tell_others
from releasewatch.domain.times import format_both, format_utc
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.spool import SpooledRecord
    from releasewatch.errors import ReleasewatchError
    from releasewatch.integrations.spool_files import Damaged, Waiting
    from releasewatch.usecases.spool import Taken


@click.group()
def command() -> None:
    """Records that wait because the ledger could not be had when they were made."""


command.add_command(drop)


@command.command("list")
@common()
def list_(app: App, form: str) -> None:
    """What waits, in the order in which it will be recorded, and which files cannot be read."""
    from releasewatch.domain.spool import in_order

    waiting, damaged = app.spool.read()
    places = {one.record.checksum: one.place for one in waiting}
    items = [
        {
            **_summary(record),
            "file": places[record.checksum],
            "because": record.because or None,
            "fault": record.said.get("fault"),
        }
        for record in in_order(one.record for one in waiting)
    ]
    if form == "json":
        unreadable = [{"file": one.place, "reason": one.reason} for one in damaged]
        emit_json({"spooled": items, "unreadable": unreadable, "next_cursor": None})
        return
    if items:
        columns = ("id", "opened", "repo", "environment", "status", "head", "because")
        rows = [
            (
                item["id"],
                format_both(record.opened_at, app.zone),
                item["repo"],
                item["environment"],
                item["status"],
                (item["head"] or "")[:10],
                item["because"] or "",
            )
            for item, record in zip(items, in_order(one.record for one in waiting), strict=True)
        ]
        emit_table(columns, rows)
        for item in items:
            if item["fault"]:
                emit_line(f"{item['id']}: {item['fault']}")
    elif not app.quiet:
        say(f"No record waits in {app.spool.path}.")
    for one in damaged:
        say(f"{one.place}: {one.reason}.")


@command.command("flush")
@click.option(
    "--from-log",
    "log",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Record those in the log of a pipeline as well.",
)
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="ID=SHA",
    help="The commit of a record that waits because nobody knew it (spool list shows the ids).",
)
@click.option(
    "--set",
    "anew",
    multiple=True,
    metavar="ID:OPTION=VALUE",
    help="What was meant in a call that was wrong, as in 3f2a9c1b0d4e:status=failed; an option without VALUE goes.",
)
@common()
def flush(app: App, form: str, log: Path | None, heads: tuple[str, ...], anew: tuple[str, ...]) -> None:
    """Record what waits, oldest deployment first, in a clone that has its commits; safe to repeat.

    Each is recorded once, compared with what was live at its own time. What cannot be recorded stays, with the reason,
    and the exit status is 3. A step whose words were wrong waits with what is wrong: say what was meant (--set), or
    discard it (spool drop).
    """
    from releasewatch.cli.mending import mended, read_mends
    from releasewatch.cli.recording import read_raw, settings_in_force
    from releasewatch.cli.step_line import record_of
    from releasewatch.integrations.spool_files import read_log
    from releasewatch.usecases.spool import Flushing
    from releasewatch.usecases.spool import flush as record_what_waits

    waiting, damaged = app.spool.read()
    if log is not None:
        more, unreadable = read_log(log, record_of)
        dropped = app.spool.dropped()
        for known in more:
            if known.record.id in dropped and not app.quiet:
                say(f"{known.record.id} in {known.place} was dropped here.")
        more = [one for one in more if one.record.id not in dropped]
        waiting, damaged = [*waiting, *more], [*damaged, *unreadable]
    if log is not None and not waiting and not damaged:
        say(f"No spooled record stands in {log}.")
    taken: list[Taken] = []
    mends = read_mends(anew, [one.record for one in waiting])
    if waiting:
        ledger = app.ledger
        told = _heads(heads, [one.record for one in waiting])
        raw = partial(read_raw, app, ledger)
        how = Flushing(
            app.now, partial(settings_in_force, app), app.surroundings_of, raw, told, partial(mended, mends=mends)
        )
        try:
            for one in record_what_waits(ledger, (one.record for one in waiting), how):
                taken.append(one)
                _settle(app, one, waiting)
        finally:
            ledger.close()
    _give_out(app, form, taken, waiting, damaged)
    if taken:
        tell_others(app)
    if damaged or any(one.error for one in taken):
        click.get_current_context().exit(exit_codes.OUTSIDE_FAILED)


def _heads(given: Sequence[str], waiting: Sequence[SpooledRecord]) -> dict[str, str]:
    """`ID=SHA` by the whole id; raises InvalidCallError for what is none, or is of no record that lacks its commit."""
    from releasewatch.errors import InvalidCallError, UnknownNameError

    lacking = {one.id for one in waiting if one.head is None and "head" in one.said}
    found: dict[str, str] = {}
    for one in given:
        id_, _, sha = one.partition("=")
        if not id_ or not sha:
            raise InvalidCallError(f"--head {one!a} cannot be read: wanted ID=SHA.", "As in 3f2a9c1b0d4e=7efa380c25.")
        if id_ not in lacking:
            known = f"Those are: {', '.join(sorted(lacking))}." if lacking else "See: releasewatch spool list"
            raise UnknownNameError(f"No record {id_!a} waits for its commit.", known)
        found[id_] = sha
    return found


def _settle(app: App, one: Taken, waiting: Sequence[Waiting]) -> None:
    """Remove what is recorded at once: a flush that is broken off has less to do the next time."""
    if one.done is None:
        return
    for place in waiting:
        if place.file is not None and place.record.checksum == one.record.checksum:
            app.spool.remove(place.file)
    if not app.quiet:
        for remark in one.done.remarks:
            say(remark)


def _give_out(
    app: App, form: str, taken: Sequence[Taken], waiting: Sequence[Waiting], damaged: Sequence[Damaged]
) -> None:
    places = {one.record.checksum: one.place for one in waiting}
    recorded = [
        {
            **_summary(one.meant or one.record),
            "id": one.record.id,
            "deployment": f"D-{one.done.deployment_id}",
            "already_recorded": one.done.already_recorded,
        }
        for one in taken
        if one.done is not None
    ]
    kept: list[dict[str, Any]] = [
        {
            **_summary(one.record),
            "place": places[one.record.checksum],
            "reason": one.error.message,
            "hint": _hint_of(one) or None,
        }
        for one in taken
        if one.error is not None
    ]
    unreadable = [{"place": one.place, "reason": one.reason} for one in damaged]
    if form == "json":
        emit_json({"recorded": recorded, "kept": kept, "unreadable": unreadable})
        return
    for item in recorded:
        words = ", recorded before" if item["already_recorded"] else ""
        emit_line(f"{item['id']}{_where_to(item['repo'], item['environment'])} is {item['deployment']}{words}.")
    for item in kept:
        emit_line(f"{item['id']}{_where_to(item['repo'], item['environment'])} stays: {item['reason']}")
        if item["hint"]:
            emit_line(f"  {item['hint']}")
    for item in unreadable:
        emit_line(f"{item['place']}: {item['reason']}. It was left alone.")
    if not (recorded or kept or unreadable or app.quiet):
        say(f"No record waits in {app.spool.path}.")


def _hint_of(one: Taken) -> str:
    """What the error says is to be done; of a wrong call, how to say what was meant as well."""
    from releasewatch.cli.wrong_calls import mending_of
    from releasewatch.errors import InvalidCallError, RefusedError

    hint = one.error.hint if one.error else ""
    if not one.record.is_call or not isinstance(one.error, InvalidCallError | RefusedError) or one.record.id in hint:
        return hint
    return f"{hint} {mending_of(one.record)}".strip()


def _summary(record: SpooledRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "key": record.key,
        "repo": record.repo,
        "environment": record.said.get("environment"),
        "status": record.said.get("status"),
        "head": record.head,
        "opened_at": format_utc(record.opened_at),
        "spooled_at": format_utc(record.said_at),
    }


def keep_for_later(
    app: App,
    record: SpooledRecord,
    error: ReleasewatchError,
    form: str,
    dotenv: Path | None = None,
    *,
    folder: bool = True,
) -> None:
    """Spool a record that the ledger would not take: a line in the log first, then a file; say so, and go on.

    The log's line does not say who deployed, unless by a login of the CI system: the file does. Without a `folder`, as
    where the one that we stand in is gone, the line is all.
    """
    from releasewatch.cli.pipeline import leave_outputs, warn
    from releasewatch.cli.wrong_calls import tell_step
    from releasewatch.errors import OutsideFailedError

    record = replace(record, because=error.code)
    line = _line(app, record)
    say(line)
    leave_outputs(app, {"recorded": "false", "spool": line}, form, dotenv)
    warn(f"{error.message.rstrip('.')}. The deployment is not recorded yet.")
    for hint in without_credentials(error.hint).splitlines():
        say(f"  {hint}")
    file: Path | None = None
    try:
        if folder:
            file = app.spool.keep(record)
        why = "There is no folder to spool in: name one with RELEASEWATCH_SPOOL_DIR."
    except OutsideFailedError as trouble:
        why = trouble.message
    tell_step()
    if file is None:
        warn(f"{why} Nothing but the line above holds the record.")
        say("  Save this log, and run in a clone: releasewatch spool flush --from-log FILE")
    else:
        say(f"  It waits in {file}. Run later, in a clone: releasewatch spool flush")
        say("  Should that file be lost: releasewatch spool flush --from-log FILE, with this log.")
    if record.is_call:
        from releasewatch.cli.wrong_calls import mending_of

        say(f"  {mending_of(record)}")
    if "head" in record.said:
        say(f"  Which commit it was is not known here: give the flush --head {record.id}=SHA.")
    if form == "json":
        because = {"code": error.code, "message": error.message, "hint": error.hint or None}
        emit_json({"spooled": {**_summary(record), "file": str(file) if file else None, "because": because}})
        return
    where = file or "this log"
    status, to = one_line(str(record.said["status"])), _where_to(record.repo, record.said["environment"])
    emit_line(f"Spooled {record.id}: {status}{to}, {where}")


def leave_line(app: App, record: SpooledRecord) -> None:
    """Leave a record that is in a ledger on a CI runner in the log as well: the log outlives the runner."""
    say(_line(app, record))
    say("  This line holds the record, should the ledger go with the runner. Save this log, and run in a clone, with")
    say("  the ledger that stays: releasewatch spool flush --from-log FILE")


def _line(app: App, record: SpooledRecord) -> str:
    from releasewatch.domain.spool import to_line, without_actor

    return to_line(without_actor(record, app.ci.actor or "" if app.ci else ""))


def _where_to(repo: str, environment: str) -> str:
    """` of REPO to ENVIRONMENT`, as far as they are known."""
    return (f" of {repo}" if repo else "") + (f" to {one_line(environment)}" if environment else "")
