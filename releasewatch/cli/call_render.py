"""`releasewatch call render`: a list as a document or spreadsheet, for everyone, a team, or each account manager."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_approve import say_draft
from releasewatch.cli.call_document import list_document, shown_rows
from releasewatch.cli.call_output import is_opaque, refuse_if_public, say_blank, say_if_outdated, say_left_out
from releasewatch.cli.notes import TEMPLATES
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, open_output, say, stream_to
from releasewatch.cli.overwriting import guard_list
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.integrations.devices import is_written_through
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.call_lists import CallList
    from releasewatch.usecases.call_candidates import RankedList

FORMATS = ("md", "html", "csv", "xlsx", "json", "mailmerge")
SHEETS = ("csv", "xlsx")
WORDED = ("md", "html", "mailmerge")
"""Formats that are made by templates."""
_ENDINGS = {"mailmerge": "letters.csv"}

_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write to a file (0600) instead of stdout; with --each-account-manager a folder.",
)


def render_options(function: Any) -> Any:
    """What `call render` takes beside what the list is about."""
    each = click.option(
        "--each-account-manager",
        is_flag=True,
        help="In the folder -o: a file for each, with their customers only, and one of those whom nobody keeps.",
    )
    team = click.option("--team", metavar="NAME", help="Only the customers that somebody of a team of the staff keeps.")
    drafts = click.option(
        "--write-drafts",
        "drafts",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Instead of a document: a mail to each who is written to, as a file in a new folder.",
    )
    return _OUTPUT(team(each(drafts(TEMPLATES(common(FORMATS, reveal=True)(function))))))


def render_list(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    templates: Path | None,
    find: Any,
    *,
    account_manager: str | None,
    team: str | None,
    each: bool,
    drafts: Path | None,
) -> None:
    """Write the list that `find` ranks, or parts of it. `find` takes an account manager, or None for all."""
    from releasewatch.cli.call_letters import check_channel, write_drafts
    from releasewatch.usecases.call_parts import by_account_manager, of_team
    from releasewatch.usecases.exposure import check_account_manager

    _check(form, output, (account_manager is not None, team is not None, each))
    if templates is not None and drafts is None and form not in WORDED:
        raise InvalidCallError(
            f"--templates is given, and {form.upper()} is made by no template.",
            "Leave it out; or ask for --format md, html or mailmerge, or --write-drafts DIR.",
        )
    if drafts is not None and output is not None:
        raise InvalidCallError("A file (-o) and a folder (--write-drafts) are named.", "Ask for one after the other.")
    said = click.get_current_context().get_parameter_source("form")
    if drafts is not None and said is click.core.ParameterSource.COMMANDLINE:
        raise InvalidCallError(
            f"--write-drafts makes mails, and {form.upper()} is asked for.",
            "Leave --format out, or name a file with -o.",
        )
    level = app.level(reveal, output or drafts)
    if drafts is not None or form == "mailmerge":
        check_channel(level)
    if each and level < Reveal.NAMES:
        raise RefusedError(
            "A file for each account manager tells by its name who they are, which may not be shown here.",
            'In CI that needs --reveal contacts and the setting [privacy] ci = "contacts".',
        )
    check_account_manager(app.ledger, account_manager, level)
    made = find(account_manager)
    if team is not None:
        made = of_team(app.ledger, made, team, level)
    refuse_if_public(app, reveal, level)
    say_left_out(app, made)
    say_if_outdated(app, made)
    if drafts is not None:
        say_blank(app, made)
        write_drafts(app, made, drafts, templates)
        return
    if form in ("csv", "mailmerge"):
        say_draft(app, made, level)
        say_blank(app, made)
    if form in SHEETS and made.version is None and not app.quiet:
        say(
            "This list is not planned: its rows have no calls, and cannot be read back. Plan it: releasewatch call plan"
        )
    if each:
        _write_each(app, by_account_manager(made), form, output, templates, level)
        return
    many = _write(app, made, form, output, templates, level)
    if output is not None and not app.quiet:
        say(f"Written: {output} ({many})")


def _check(form: str, output: Path | None, parts: tuple[bool, ...]) -> None:
    each = parts[-1]
    if sum(parts) > 1:
        raise InvalidCallError(
            "More than one part of the list is asked for.",
            "Give one of --account-manager, --team and --each-account-manager.",
        )
    if each and output is None:
        raise InvalidCallError("It is not said where the files are to be.", "Name a folder: -o DIR")
    if each and output is not None and output.exists() and not output.is_dir():
        raise InvalidCallError(f"{output} is no folder.", "Name a folder with -o, which may be a new one.")
    if not each and output is not None and output.is_dir():
        raise InvalidCallError(f"{output} is a folder.", "Name a file with -o; or give --each-account-manager.")
    if form == "xlsx" and output is None:
        raise InvalidCallError("A workbook is a file.", "Name it: -o calls.xlsx")


def _write_each(
    app: App, parts: dict[str, RankedList], form: str, folder: Path | None, templates: Path | None, level: Reveal
) -> None:
    folder = folder or Path()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InvalidCallError(
            f"{folder} cannot be made: {error.strerror}.", "Name a folder in one that exists and is writable."
        ) from error
    names = _file_names(parts, form)
    for key in parts:
        guard_list(folder / names[key])
    written = {key: _write(app, one, form, folder / names[key], templates, level) for key, one in parts.items()}
    if not app.quiet:
        for key, many in written.items():
            say(f"Written: {folder / names[key]} ({many})")
        if not parts:
            say("Nobody is on the list: no file was written.")


def _file_names(parts: dict[str, RankedList], form: str) -> dict[str, str]:
    """A name for the file of each part, by list, keeper and version; two keys that look alike have different ones."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key, one in parts.items():
        calls = one.calls
        keeper = (_in_a_name(key) or "somebody") if key else "UNOWNED"
        stem = name = f"{_in_a_name(calls.list_id)}-{keeper}-v{calls.version}"
        again = 1
        while name.casefold() in taken:
            again += 1
            name = f"{stem}-{again}"
        taken.add(name.casefold())
        found[key] = f"{name}.{_ENDINGS.get(form, form)}"
    return found


def _in_a_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:60]


def _write(app: App, made: RankedList, form: str, output: Path | None, templates: Path | None, level: Reveal) -> str:
    """Write a list, or a part of it; says how many customers or letters stand in it."""
    from releasewatch.rendering.documents import write_calls
    from releasewatch.usecases.call_documents import as_document

    calls = made.calls
    shown: dict[str, Any] = {"in_ci": app.ci is not None, "opaque": is_opaque(app)}
    if output is not None:
        guard_list(output)
    if form == "xlsx" and output is not None:
        from releasewatch.rendering.call_sheets import render_workbook

        content = render_workbook(calls, level, **shown)
        with open_output(output) as stream:
            stream.buffer.write(content)
            _record(app, calls, output)
        return counted(len(calls.rows), "customer")
    if form == "mailmerge":
        from releasewatch.cli.call_letters import write_merge_table

        with stream_to(output) as stream:
            return counted(write_merge_table(app, calls, stream, templates), "row")
    given: Any = form
    with stream_to(output) as stream:
        if form == "json":
            emit_json(list_document(made, shown_rows(app, as_document(made), level), level), stream)
        else:
            write_calls(stream, calls, given, templates, reveal=level, **shown)
        if output is not None:
            _record(app, calls, output)
    return counted(len(calls.rows), "customer")


def _record(app: App, calls: CallList, output: Path) -> None:
    """Keep who has this version, before the file is there: one that nobody knows of cannot be withdrawn."""
    from releasewatch.usecases.call_sendings import record_sending

    if not is_written_through(output):
        record_sending(app.ledger, calls, app.actor, app.now)
