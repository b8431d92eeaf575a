"""Shows what `customer import` did: a line for each file, the rows that were refused, and what people should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from releasewatch.cli.output import emit_table, one_line, say
from releasewatch.domain.unsure import NAMED, some_of
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.domain.customers import FileOutcome
    from releasewatch.usecases.customer_import import ImportReport, RejectedCell
    from releasewatch.wiring import App

_REJECTIONS_PRINTED = 20


def _where(one: RejectedCell) -> str:
    """Where a row was refused: `customers.csv:12`, or `directory crm customers, page 2, item 105`."""
    if "line" in one.place:
        return f"{one.file}:{one.line}"
    return ", ".join([one.file, *(f"{word} {number}" for word, number in one.place.items())])


def show_import(app: App, report: ImportReport, stream: TextIO, *, dry_run: bool) -> None:
    """What came of each file, which rows were refused and why."""
    from releasewatch.cli.guessing import say_word
    from releasewatch.integrations.directories.directory_file import DirectoryFile

    if report.unchanged:
        say("Unchanged since the last import, says the server: nothing was written.")
        return
    numbers = ("read", "added", "changed", "ended", "unchanged", "waiting", "rejected")
    emit_table(
        ("file", *numbers),
        ((outcome.kind, *(str(getattr(outcome, name)) for name in numbers)) for _, outcome in report.files),
        right=numbers,
        stream=stream,
    )
    for one in report.rejected[:_REJECTIONS_PRINTED]:
        stream.write(one_line(f"{_where(one)}: {one.column + ' ' if one.column else ''}{one.reason}") + "\n")
    rejected = sum(outcome.rejected for _, outcome in report.files)
    if len(report.rejected) > _REJECTIONS_PRINTED:
        stream.write(f"… {counted(rejected, 'row')} rejected in all; --format json lists more of them.\n")
    if not app.quiet:
        words = {file.name: file.sheet.word for file, _ in report.files if isinstance(file, DirectoryFile)}
        for name, word in words.items():
            say_word(app, name, word, app.level(None, None))
        _say_of_import(report, dry_run=dry_run)


_ODD = {
    "own_parent": "named as their own parent",
    "unknown_parent": "with a parent whom nobody knows",
    "parent_circle": "whose parents lead back to themselves",
    "alike_keys": "with a key that another one has too, but for upper and lower case; are they one? (customer merge)",
}
"""What the words of `FileOutcome.odd` say."""


def _say_of_import(report: ImportReport, *, dry_run: bool) -> None:
    """What was recognised, left out and waits; for people."""
    # A file that feeds several kinds is recognised as the same thing each time.
    for note in dict.fromkeys(f"{file.name}: {note}" for file, _ in report.files for note in file.notes):
        say(note)
    for file, outcome in report.files:
        if outcome.silent:
            say(f"{file.name}: {counted(outcome.silent, 'row')} without a word on {outcome.kind}")
        if outcome.repeated:
            say(f"{counted(outcome.repeated, outcome.kind[:-1])} stated more than once, alike")
        if outcome.unsettled:
            names = ", ".join(repr(name) for name in outcome.unsettled)
            say(f"rows about one customer differ in {names}, which are not kept as attributes of these customers")
        if outcome.suppressed:
            left_out = counted(outcome.suppressed, "row")
            say(f"{outcome.kind}: suppressed: {left_out} of those who were forgotten (--readmit)")
        if outcome.rejected and report.written:
            rows = f"{outcome.rejected} of {counted(outcome.read, 'row')}"
            say(f"{file.name}: {rows} rejected: what they speak of stays as it was, and is missing where it is new")
        for word, customers in outcome.odd.items():
            say(f"{file.name}: {counted(customers, 'customer')} {_ODD[word]}")
        _say_of_entitlements(file.name, outcome)
    if not report.written:
        say("Nothing was imported: --strict stops at rejected rows.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


def _say_of_entitlements(name: str, outcome: FileOutcome) -> None:
    if outcome.arrived:
        waits = "waited, and waits" if outcome.arrived == 1 else "waited, and wait"
        say(f"{counted(outcome.arrived, 'entitlement')} {waits} no more: the ledger knows the component now")
    if outcome.waiting:
        many = "1 entitlement waits" if outcome.waiting == 1 else f"{outcome.waiting:,} entitlements wait"
        what = some_of(outcome.waiting_for, outcome.subjects)
        say(f"{many} for what the ledger does not know yet: {what}. See: releasewatch catalog check")
    if outcome.no_version:
        rows = sum(outcome.no_version.values())
        what = some_of(tuple(outcome.no_version)[:NAMED], len(outcome.no_version))
        many = "1 row names" if rows == 1 else f"{rows:,} rows name"
        say(f"{name}: {many} no one version ({what}): taken as unknown (?), so possible")
