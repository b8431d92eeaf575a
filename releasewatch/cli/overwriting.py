"""Keeps what a file holds that a proposal or report would be written over: inputs, settings, the work of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.guess_text import OPENING
from releasewatch.errors import RefusedError, ReleasewatchError
from releasewatch.integrations.devices import is_written_through
from releasewatch.integrations.directories.xlsx_sheet import split_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.wiring import App

_BEGINNINGS = (OPENING.encode(), b'{\n  "schema": 1,\n  "guess": {')
"""How a saved proposal begins, as text and as JSON."""


def guard_inputs(app: App, output: Path | None, inputs: Iterable[Path]) -> None:
    """Raises RefusedError where `-o` names what the command reads: one of its files, or the settings."""
    if output is None or not output.exists() or is_written_through(output):
        return
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
