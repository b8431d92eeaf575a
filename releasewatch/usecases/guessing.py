"""Guessing what a CRM's export holds: the columns are looked at, a map proposed, and its first rows read by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Rejected
from releasewatch.domain.guess_subjects import Sold
from releasewatch.domain.guess_text import proposal_toml, settings_of
from releasewatch.domain.guess_words import HEADINGS, fold
from releasewatch.domain.guessing import Proposal, propose
from releasewatch.domain.headings import look_like_headings
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.words import counted
from releasewatch.integrations.directories.directory_file import lay_over, open_sheet, without_columns_of
from releasewatch.integrations.directories.encodings import SEPARATORS
from releasewatch.integrations.directories.profiles import COLUMNS_LOOKED_AT, ROWS_LOOKED_AT, look_at_columns
from releasewatch.integrations.directories.records import SHAPES
from releasewatch.integrations.directories.title_rows import count_title_rows

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.customers import Kind, Stated
    from releasewatch.integrations.directories.directory_file import DirectoryFile
    from releasewatch.integrations.directories.sheets import Sheet

SAMPLE = 5
"""So many rows are shown as they would be read."""
_KEYS = frozenset({"key", "customer"})
_PRIVATE = frozenset({"aliases", "contract_value", "currency", "renewal_on"})


@dataclass(frozen=True, slots=True)
class KindSample:
    """How a file would be read as one kind. `sample`: its first rows; the numbers are of those looked at."""

    read: int
    silent: int
    rejected: int
    sample: tuple[Stated[Any] | Rejected, ...]


@dataclass(frozen=True, slots=True)
class Guessed:
    """What a file seems to hold. `notes` say what was recognised; `rows`: how many were looked at.

    `skip_rows`: how many stand above the headings. `has_headings`: whether the first line below these looks like column
    names; else it may be a row, with all that is private.
    """

    sheet: Sheet
    rows: int
    notes: tuple[str, ...]
    proposal: Proposal
    samples: Mapping[Kind, KindSample]
    skip_rows: int = 0
    has_headings: bool = True


def sold_by(
    products: Mapping[str, Sequence[str]],
    components: Mapping[str, str],
    regions: Sequence[str] = (),
    *,
    reveal: Reveal = Reveal.CONTACTS,
) -> Sold:
    """What is configured, as cells may name it. `components`: titles by key; `reveal`: where the proposal goes."""
    titles = {fold(title): key for key, title in components.items()}
    bare = {fold(key.rpartition("/")[2]): key for key in components}
    parts = {fold(one.rpartition("/")[2]): one for listed in products.values() for one in listed if one[-1:] != "*"}
    return Sold({fold(key): key for key in products}, {**parts, **titles, **bare}, regions, reveal >= Reveal.NAMES)


def guess_file(path: Path, sold: Sold) -> Guessed:
    """Look at a file and propose how to read it; raises InvalidCallError when it cannot be read at all."""
    known = _all_headings()
    skip_rows = count_title_rows(path, lambda cell: fold(cell) in known)
    sheet = open_sheet(path, known, skip_rows=skip_rows)
    rows, columns = look_at_columns(sheet)
    proposal = propose(columns, sold)
    notes = list(sheet.notes)
    if skip_rows:
        what = "its first row is" if skip_rows == 1 else f"its first {skip_rows} rows are"
        notes.append(f"{what} above the headings: the import skips them with skip_rows = {skip_rows}")
    if rows == ROWS_LOOKED_AT:
        notes.append(f"the first {rows} rows were looked at")
    if len(sheet.headings) > COLUMNS_LOOKED_AT:
        notes.append(f"the first {COLUMNS_LOOKED_AT} of {len(sheet.headings)} columns were looked at")
    usable = [one for one in proposal.kinds if not one.missing]
    files = [lay_over(sheet, SHAPES[one.kind], one.columns, shared=len(usable) > 1) for one in usable]
    samples = {
        file.shape.kind: _read(without_columns_of(file, [other for other in files if other is not file]))
        for file in files
    }
    has_headings = look_like_headings(sheet.headings, known)
    if not has_headings:
        notes.append("its first line does not look like column names; is it a row already?")
    return Guessed(sheet, rows, tuple(notes), proposal, samples, skip_rows, has_headings)


def _all_headings() -> frozenset[str]:
    words = (word for columns in HEADINGS.values() for sets in columns.values() for words in sets for word in words)
    return frozenset(words) | {column for shape in SHAPES.values() for column in shape.columns}


def _read(file: DirectoryFile[Any]) -> KindSample:
    sample: list[Stated[Any] | Rejected] = []
    rejected = 0
    for one in _first(file.rows(), file):
        if len(sample) < SAMPLE:
            sample.append(one)
        rejected += isinstance(one, Rejected)
    return KindSample(min(file.tally.rows, ROWS_LOOKED_AT), file.tally.silent, rejected, tuple(sample))


def _first(rows: Iterator[Stated[Any] | Rejected], file: DirectoryFile[Any]) -> Iterator[Stated[Any] | Rejected]:
    for one in rows:
        if file.tally.rows > ROWS_LOOKED_AT:
            return
        yield one


def guess_toml(guessed: Guessed, directory: str, file: str, *, is_new: bool) -> str:
    """The proposed map as text. `file`: its name as the settings should write it."""
    sheet = guessed.sheet
    about = [counted(guessed.rows, "row"), sheet.encoding]
    if sheet.separator:
        about.append(f"separated by {SEPARATORS[sheet.separator]}")
    if not guessed.has_headings:
        about.append("perhaps without column names")
    return proposal_toml(guessed.proposal, directory, file, about, is_new=is_new, skip_rows=guessed.skip_rows)


def guess_document(guessed: Guessed, toml: str, reveal: Reveal, *, opaque: bool) -> dict[str, Any]:
    """The proposal as `customer import --guess --format json` gives it; what may not be shown is withheld."""
    sheet = guessed.sheet
    return {
        "guess": {
            "file": sheet.label,
            "encoding": sheet.encoding,
            "separator": sheet.separator,
            "rows": guessed.rows,
            "skip_rows": guessed.skip_rows,
            "notes": list(guessed.notes),
            "kinds": [
                {
                    "kind": one.kind,
                    "proposed": not one.missing,
                    "missing": list(one.missing),
                    "columns": [
                        {
                            "column": guess.column,
                            "setting": settings_of(guess.heading),
                            "why": guess.why,
                            "doubts": list(guess.doubts),
                        }
                        for guess in one.guesses
                    ],
                    "doubts": list(one.doubts),
                    **_sample_document(guessed.samples.get(one.kind), reveal, opaque=opaque),
                }
                for one in guessed.proposal.kinds
            ],
            "unmatched": [{"heading": heading, "looks_like": looks} for heading, looks in guessed.proposal.unmatched],
            "toml": toml,
        }
    }


def _sample_document(sample: KindSample | None, reveal: Reveal, *, opaque: bool) -> dict[str, Any]:
    if sample is None:
        return {"read": 0, "silent": 0, "rejected": 0, "rows": []}
    hidden = reveal < Reveal.KEYS
    rows = [] if hidden else [sample_row(one, reveal, opaque=opaque) for one in sample.sample]
    numbers = {"read": sample.read, "silent": sample.silent, "rejected": sample.rejected}
    return {**numbers, "rows": rows, "withheld": ["rows"] if hidden else []}


def sample_row(one: Stated[Any] | Rejected, reveal: Reveal, *, opaque: bool = False) -> dict[str, Any]:
    """A row as it would be read: its line, what it states, and what is withheld; or why it is rejected."""
    if isinstance(one, Rejected):
        problems = [{"column": problem.column or None, "reason": problem.reason} for problem in one.problems]
        return {"line": one.line, "values": {}, "problems": problems, "withheld": []}
    is_contact = hasattr(one.row, "phone")
    values: dict[str, Any] = {}
    withheld = []
    for name in one.row.__match_args__:
        value = getattr(one.row, name)
        if value in (None, "", 0, False, (), ("",), {}):
            continue
        called = {"environments": "environment", "regions": "region", "rings": "ring"}.get(name, name)
        if not _may_show(called, reveal, is_contact=is_contact):
            withheld.append(called)
            values[called] = None
        elif called in _KEYS and opaque and reveal < Reveal.NAMES:
            values[called] = opaque_key(value)
        else:
            values[called] = _plain(called, value)
    return {"line": one.line, "values": values, "problems": [], "withheld": withheld}


def _may_show(column: str, reveal: Reveal, *, is_contact: bool) -> bool:
    # All but keys needs a word, even products: a column that was guessed may hold anything.
    if column in _KEYS and not (is_contact and column == "key"):
        return True
    wanted = Reveal.CONTACTS if is_contact or column in _PRIVATE or column == "attributes" else Reveal.NAMES
    return reveal >= wanted


def _plain(column: str, value: Any) -> Any:
    if isinstance(value, datetime):
        # A day in a file is included; what is kept is the first instant after it.
        instant = value - timedelta(days=1) if column == "valid_to" and value.time() == datetime.min.time() else value
        return instant.astimezone(UTC).date().isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
