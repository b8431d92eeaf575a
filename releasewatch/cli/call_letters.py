"""`call render --format mailmerge` and `--write-drafts DIR`: what is written to customers who are not called."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from releasewatch.cli.new_folder import write_new_folder
from releasewatch.cli.output import say
from releasewatch.domain.call_letters import is_foreign
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.call_letters import Letter
    from releasewatch.domain.call_lists import CallList
    from releasewatch.usecases.call_candidates import RankedList


def check_channel(level: Reveal) -> None:
    """Refuse where addresses may not be: a letter without one is none."""
    if level < Reveal.CONTACTS:
        raise RefusedError(
            "Letters hold names and addresses of people, and these may not be shown here.",
            "Write them to a file (-o FILE or --write-drafts DIR); in CI that needs --reveal contacts and the setting "
            '[privacy] ci = "contacts" as well.',
        )


def write_merge_table(app: App, calls: CallList, stream: TextIO, templates: Path | None) -> int:
    """The mail-merge table; says how many rows it has."""
    from releasewatch.rendering.call_letters import write_merge
    from releasewatch.usecases.call_letters import draft_letters

    letters = draft_letters(app.ledger, calls, app.now, templates)
    write_merge(stream, letters)
    _say_counts(app, letters, "In the table")
    return len(letters)


def write_drafts(app: App, made: RankedList, folder: Path, templates: Path | None) -> None:
    """A file for each customer, in a folder that is new or empty: all of them, or none."""
    from releasewatch.rendering.call_letters import draft_file
    from releasewatch.usecases.call_letters import draft_letters

    letters = draft_letters(app.ledger, made.calls, app.now, templates)
    files = [draft_file(one) for one in letters]
    write_new_folder(folder, files, "what was drafted before could be sent twice")
    _say_counts(app, letters, f"Written to {folder}")


def _say_counts(app: App, letters: list[Letter], where: str) -> None:
    if app.quiet:
        return
    because = Counter("; ".join(one.problems) for one in letters if not one.is_sendable)
    held = because.total()
    say(f"{where}: {counted(len(letters) - held, 'letter')} to send, {held} not to be sent.")
    for problems, many in sorted(because.items()):
        say(f"  not to be sent, {many}: {problems}")
    from releasewatch.rendering.call_letters import is_untranslated

    sent = [one for one in letters if one.is_sendable and is_foreign(one.language)]
    for foreign, what in (
        ([one for one in sent if is_untranslated(one)], "subject and greeting are English, translate them first"),
        ([one for one in sent if not is_untranslated(one)], "subject and greeting are by a template of that language"),
    ):
        if foreign:
            many_each = sorted(Counter(one.language for one in foreign).items())
            said = ", ".join(f"{language} {many}" for language, many in many_each)
            say(f"  for whom another language is noted ({said}): {what}")
