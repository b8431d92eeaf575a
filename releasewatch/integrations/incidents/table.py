"""A CSV table of incidents, one a row: UTF-8, first line the column names, in any order.

**key**, **title**, **severity**, **started_at**, ended_at, opened_at, resolved_at, status, components and regions (`;`
between), url; other columns are kept as attributes. Times are RFC 3339 with their zone. Cells are separated by commas,
semicolons or tabs.

| there | here |
| --- | --- |
| severity `SEV1` … `SEV5`, `P1` … `P5`, `1` … `5` | SEV1 … SEV5 |
| severity `critical`, `major`, `minor`, `low`, `info` | SEV1 … SEV5 |
| no status | resolved where there is an `ended_at` or `resolved_at`, else investigating |
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from releasewatch.domain.incident_records import IncidentRecord, RecordSeverity, RecordStatus, RejectedIncident
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.incidents.given import (
    LONGEST_NAME,
    LONGEST_TEXT,
    BadFieldError,
    Fields,
    Given,
    each_once,
    in_order,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "csv"

_WORDS = ("critical", "major", "minor", "low", "info")

SEVERITIES: Mapping[str, RecordSeverity] = MappingProxyType(
    {
        word: severity
        for number, severity in enumerate(get_args(RecordSeverity), 1)
        for word in (f"sev{number}", f"sev-{number}", f"p{number}", str(number), _WORDS[number - 1])
    }
)
STATUSES: Mapping[str, RecordStatus] = MappingProxyType({word: word for word in get_args(RecordStatus)})

MOST_COLUMNS = 1_000

REQUIRED = ("key", "title", "severity", "started_at")
_ALIASES = MappingProxyType({"impact_started_at": "started_at", "impact_ended_at": "ended_at", "id": "key"})


def recognises(given: Given) -> bool:
    """Whether a text is one: its first line names the columns that every row needs."""
    return given.text[:1] not in ("{", "[") and set(REQUIRED) <= set(_headings(given)[1])


def read(given: Given) -> Iterator[IncidentRecord | RejectedIncident]:
    """Each row, in its order; raises InvalidCallError when columns are missing or the file breaks off."""
    separator, headings = _headings(given)
    missing = [name for name in REQUIRED if name not in headings]
    if missing:
        raise InvalidCallError(
            f"{given.name}: its first line names no column {' and no '.join(missing)}.",
            f"Wanted: {', '.join(REQUIRED)}, and others as they are there.",
        )
    rows = csv.reader(io.StringIO(given.text, newline=""), delimiter=separator, strict=True)
    try:
        next(rows)
        before = rows.line_num
        for cells in rows:
            line, before = before + 1, rows.line_num
            if any(cell.strip() for cell in cells):
                yield _row(f"{given.name}, line {line}", headings, cells)
    except csv.Error as error:
        raise InvalidCallError(
            f"{given.name}, line {rows.line_num}: this is no CSV: {error}.",
            "It may have broken off, or a quote is missing: export it again. Nothing was read.",
        ) from error


def _headings(given: Given) -> tuple[str, list[str]]:
    first = given.text.partition("\n")[0].rstrip("\r")
    separator = max(",;\t", key=first.count)
    try:
        names = next(csv.reader([first], delimiter=separator), [])
    except csv.Error:
        names = []
    names = [name.strip().casefold() for name in names]
    known = set(names)
    names = [name if _ALIASES.get(name, name) in known else _ALIASES[name] for name in names]
    if len(names) > MOST_COLUMNS or len(set(names)) < len(names):
        why = "names a column twice" if len(names) <= MOST_COLUMNS else f"names more than {MOST_COLUMNS} columns"
        raise InvalidCallError(f"{given.name}: its first line {why}.", "Name each column once.")
    return separator, names


def _row(place: str, headings: Sequence[str], cells: Sequence[str]) -> IncidentRecord | RejectedIncident:
    if len(cells) > len(headings):
        return RejectedIncident(
            place, "it", f"has {counted(len(cells), 'cell')}; wanted {len(headings)}, as the first line names"
        )
    try:
        return _read(Fields(dict(zip(headings, cells, strict=False))))
    except BadFieldError as error:
        return RejectedIncident(place, error.field, error.reason)


def _read(row: Fields) -> IncidentRecord:
    started_at, ended_at = row.instant("started_at"), row.optional_instant("ended_at")
    opened_at, resolved_at = row.optional_instant("opened_at"), row.optional_instant("resolved_at")
    if opened_at and resolved_at and resolved_at < opened_at:
        row.refuse("resolved_at", "lies before opened_at")
    return in_order(
        IncidentRecord(
            source=SOURCE,
            key=row.text("key", longest=LONGEST_NAME),
            title=row.text("title"),
            severity=row.word("severity", SEVERITIES),
            status=row.word("status", STATUSES, default="resolved" if ended_at or resolved_at else "investigating"),
            impact_started_at=started_at,
            impact_ended_at=ended_at,
            opened_at=opened_at,
            resolved_at=resolved_at,
            components=_names(row, "components"),
            regions=_names(row, "regions"),
            url=row.optional_text("url"),
            attributes={name: value for name, value in row.rest().items() if name and value.strip()},
        ),
        "started_at",
        "ended_at",
    )


def _names(row: Fields, column: str) -> tuple[str, ...]:
    names = each_once(
        name for part in row.optional_text(column, longest=LONGEST_TEXT).split(";") if (name := part.strip())
    )
    if any(len(name) > LONGEST_NAME for name in names):
        row.refuse(column, f"holds a name of more than {LONGEST_NAME} characters")
    return names
