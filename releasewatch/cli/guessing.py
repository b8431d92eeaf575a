"""Shows what `customer import --guess` makes of a file: the proposed map, and the first rows as it would read them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releasewatch.cli.output import emit, emit_json, emit_table, one_line, open_output, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from releasewatch.usecases.guessing import Guessed
    from releasewatch.wiring import App


def guess(app: App, file: Path, directory: str, form: str, output: Path | None, reveal: str | None) -> None:
    """Look at a file and say how it could be read; the ledger is not opened."""
    from releasewatch.cli.overwriting import guard_proposal
    from releasewatch.usecases.guessing import guess_document, guess_file, guess_toml, sold_by

    guard_proposal(app, output, [file])
    tables = app.config.tables
    sold = sold_by(
        {key: product.components for key, product in tables.products.items()},
        {key: component.title or key for key, component in tables.components.items()},
        [region for environment in tables.environments.values() for region in environment.regions],
        reveal=app.level(reveal, output),
    )
    guessed = guess_file(file, sold)
    if not guessed.has_headings and app.level(reveal, output) < Reveal.NAMES:
        raise InvalidCallError(
            f"The first line of {guessed.sheet.label} does not look like column names, and what stands there may not "
            "be shown here.",
            "Give it a first line that names its columns; if it has one, add --reveal names, or -o map.toml.",
        )
    toml = guess_toml(guessed, directory, _as_configured(app, file), is_new=directory not in tables.directory)
    opaque = tables.privacy.keys == "opaque"
    if form == "json":
        document = guess_document(guessed, toml, app.level(reveal, output), opaque=opaque)
        if output:
            with open_output(output) as stream:
                emit_json(document, stream)
        else:
            emit_json(document)
        return
    if output:
        with open_output(output) as stream:
            stream.write(toml)
        say(f"The proposed map is in {output}; nothing was imported.")
    else:
        emit(toml + "\n")
    # The rows go to stdout in any case, and show what may be shown there.
    _show_rows(guessed, app.level(reveal, None), opaque=opaque)
    if not app.quiet:
        for note in guessed.notes:
            say(f"{guessed.sheet.label}: {note}")
        say_word(app, guessed.sheet.label, guessed.sheet.word, app.level(reveal, None))


def say_word(app: App, file: str, word: str, level: Reveal) -> None:
    """By a word of the file people see whether its encoding was guessed well; it may be a name."""
    if word and level >= Reveal.NAMES and not app.quiet:
        say(one_line(f"{file}: in this encoding a word of it is {word}"))


def _as_configured(app: App, file: Path) -> str:
    """The file's name as the settings would write it: relative to where they stand, unless it was given from the root
    and lies elsewhere."""
    absolute, base = (app.cwd / file).resolve(), app.config.resolve(".").resolve()
    if file.is_absolute() and not absolute.is_relative_to(base):
        return str(absolute)
    return Path(os.path.relpath(absolute, base)).as_posix()


def _show_rows(guessed: Guessed, level: Reveal, *, opaque: bool) -> None:
    from releasewatch.usecases.guessing import sample_row

    for kind, sample in guessed.samples.items():
        telling = sample.read - sample.silent
        says = f"something in {telling:,} of {counted(sample.read, 'row')}, {sample.rejected:,} rejected"
        if level < Reveal.KEYS:
            emit(f"{kind}: {says}\n")
            continue
        rows = [sample_row(one, level, opaque=opaque) for one in sample.sample]
        columns = list(dict.fromkeys(name for row in rows for name in row["values"]))
        problems = any(row["problems"] for row in rows)
        emit_table(
            ("line", *columns, *(["rejected"] if problems else [])),
            ([str(row["line"]), *(_cell(row, name) for name in columns), *_why(row, problems)] for row in rows),
            title=f"{kind}: {says}; the first {len(rows)}:",
            right=("line",),
            stream=sys.stdout,
        )


def _cell(row: dict[str, Any], name: str) -> str:
    if name in row["withheld"]:
        return "withheld"
    value = row["values"].get(name)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {text}" for key, text in value.items())
    if isinstance(value, list):
        return ";".join(value)
    return "yes" if value is True else "" if value is None else str(value)


def _why(row: dict[str, Any], problems: bool) -> list[str]:
    if not problems:
        return []
    return ["; ".join(f"{one['column'] or ''} {one['reason']}".strip() for one in row["problems"])]
