"""`call render --format mailmerge` and `--write-drafts DIR`: what is written to customers who are not called."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from releasewatch.cli.output import say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, OutsideFailedError, RefusedError
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


def write_merge_table(app: App, calls: CallList, stream: TextIO) -> None:
    """The mail-merge table."""
    from releasewatch.rendering.call_letters import write_merge
    from releasewatch.usecases.call_letters import draft_letters

    letters = draft_letters(app.ledger, calls, app.now)
    write_merge(stream, letters)
    _say_counts(app, letters, "In the table")


def write_drafts(app: App, made: RankedList, folder: Path) -> None:
    """A file for each customer, in a folder that is new or empty: all of them, or none."""
    from releasewatch.rendering.call_letters import draft_file
    from releasewatch.usecases.call_letters import draft_letters

    letters = draft_letters(app.ledger, made.calls, app.now)
    _write_all(folder, [draft_file(one) for one in letters])
    _say_counts(app, letters, f"Written to {folder}")


def _write_all(folder: Path, files: list[tuple[str, bytes]]) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise InvalidCallError(
            f"{folder} is there already, and is no empty folder: what was drafted before could be sent twice.",
            "Name a new folder.",
        )
    try:
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InvalidCallError(
            f"{folder} cannot be made: {error.strerror}.", "Name a folder within one that exists and is writable."
        ) from error
    try:
        for name, content in files:
            handle = os.open(beside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        beside.rename(folder)
    except OSError as error:
        raise OutsideFailedError(
            f"{folder} could not be written: {error.strerror}.", "Make room or name another place."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # it is there only when it was not renamed


def _say_counts(app: App, letters: list[Letter], where: str) -> None:
    if app.quiet:
        return
    because: dict[str, int] = {}
    for one in letters:
        for problem in one.problems:
            because[problem] = because.get(problem, 0) + 1
    held = sum(1 for one in letters if not one.is_sendable)
    say(f"{where}: {counted(len(letters) - held, 'letter')} to send, {held} not to be sent.")
    for problem, many in sorted(because.items()):
        say(f"  not to be sent, {many}: {problem}")
