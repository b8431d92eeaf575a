"""Keeps what a file holds that a proposal or report would be written over: inputs, settings, the work of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.guess_text import OPENING
from releasewatch.errors import InvalidCallError, RefusedError, ReleasewatchError
from releasewatch.integrations.devices import is_written_through

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.wiring import App

_BEGINNINGS = (OPENING.encode(), b'{\n  "schema": 1,\n  "guess": {')
"""How a saved proposal begins, as text and as JSON."""


def guard_inputs(app: App, output: Path | None, inputs: Iterable[Path]) -> None:
    """Raises RefusedError where `-o` names what the command reads: one of its files, or the settings."""
    if output is None or not output.exists() or is_written_through(output):
        return
    from releasewatch.integrations.directories.xlsx_sheet import split_sheet

    if any(_is_same(output, split_sheet(one)[0]) for one in inputs):
        raise RefusedError(f"{output} is what is read here, and -o would overwrite it.", _HINT)
    if any(_is_same(output, one) for one in _settings(app)):
        raise RefusedError(f"{output} holds the settings, and -o would overwrite them.", _HINT)


def guard_proposal(app: App, output: Path | None, inputs: Iterable[Path]) -> None:
    """The same for a proposal, which takes the place of an earlier one and of no other file that holds anything."""
    guard_inputs(app, output, inputs)
    if output is None or not output.is_file() or is_written_through(output):
        return
    longest = max(map(len, _BEGINNINGS))
    try:
        with output.open("rb") as file:
            start = file.read(longest)
    except OSError:
        start = b"?"  # not to be read is not ours
    if start and not start.startswith(_BEGINNINGS):
        raise RefusedError(f"{output} is there already and is no earlier proposal, so it is not overwritten.", _HINT)


def guard_list(output: Path) -> None:
    """Raises RefusedError where `-o` names a list that somebody has filled in, or a file that is no call list."""
    from releasewatch.domain.filled_calls import is_filled
    from releasewatch.integrations.filled_list import open_filled

    if not output.is_file() or is_written_through(output) or not output.stat().st_size:
        return
    try:
        filled = any(is_filled(row.cells) for row in open_filled(output).rows())
    except InvalidCallError:
        if _is_for_reading(output):
            return
        raise RefusedError(
            f"{output} is there already and is no call list, so it is not overwritten.",
            "Name a new file, or remove it.",
        ) from None
    if filled:
        raise RefusedError(
            f"{output} has been filled in, and would be overwritten.",
            f"Read it back (releasewatch call import {output}), and name another file; or remove it.",
        )


def _is_for_reading(path: Path) -> bool:
    """A call list as a document, by its title, which a template of one's own has too; as JSON; or a table for a mail
    merge."""
    from releasewatch.rendering.call_letters import MERGE_COLUMNS
    from releasewatch.rendering.call_views import TITLE

    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            text = file.read(_BEGINNING)
    except OSError:
        return False
    if _JSON_LIST.match(text) is not None and '\n  "calls": [' in text:
        return True
    return TITLE in text or text.startswith(",".join(MERGE_COLUMNS[:10]))


_JSON_LIST = re.compile(r'\{\n  "schema": 1,\n  "incident": (?:null|"[^"]*"),\n  "deployment": ')
"""How the document of a list begins."""


_BEGINNING = 64 << 10
"""So far into a document its title is looked for: a template of one's own may begin with a style sheet."""

_HINT = "Name a new file: -o map.toml"


def _settings(app: App) -> list[Path]:
    from releasewatch.config import find_organisation_file

    found = [find_organisation_file(app.cwd), app.ledger_address.file]
    try:
        found.append(app.repo_config.path)
    except ReleasewatchError:
        found.append(app.cwd / "releasewatch.toml")  # one that is broken is one all the same
    return [path for path in found if path is not None]


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
