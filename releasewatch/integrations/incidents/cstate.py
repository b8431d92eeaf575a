"""An issue of cState, the status page made with Hugo: Markdown behind YAML front matter, one file for an incident.

Front matter: https://github.com/cstate/cstate/wiki/Usage. A time without a zone is UTC, which is what Hugo takes it for
unless the site says otherwise.

| there | here |
| --- | --- |
| severity `down` | SEV1 |
| severity `disrupted` | SEV2 |
| severity `notice` | SEV4 |
| `informational: true` | SEV5, resolved, without an impact window: it hurt nobody |
| `date`, `resolvedWhen` | impact window, opened and resolved |
| `resolved` absent or false | the newest word of the text: *Identified*, *Monitoring*, else investigating |
| `id`, else the file's name without `.md` | key |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from releasewatch.domain.incident_records import IncidentRecord, RecordUpdate, RejectedIncident
from releasewatch.integrations.incidents.given import (
    LONGEST_NAME,
    BadFieldError,
    Fields,
    Given,
    in_order,
    read_instant,
)

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.incident_records import RecordSeverity

SOURCE = "cstate"

SEVERITIES: Mapping[str, RecordSeverity] = MappingProxyType({"down": "SEV1", "disrupted": "SEV2", "notice": "SEV4"})

LARGEST = 1 << 20
"""Characters of the longest issue that is read."""

LONGEST_FRONT = 1 << 15
"""Characters of the longest front matter that is read: YAML takes half a second for it."""

_STATUSES = ("investigating", "identified", "monitoring")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TRACK = re.compile(r"\{\{<\s*track\s+\"?([^\">]{1,60}?)\"?\s*>\}\}")
_STATUS = re.compile(r"\A\*{1,2}([A-Za-z][A-Za-z -]{0,40})\*{1,2}[ \t]*-\s*")
_RULE = re.compile(r"^-{3,}[ \t\r]*$", re.MULTILINE)
_NEXT_STATUS = re.compile(r"\n[ \t\r]*\n(?=\*{1,2}[A-Za-z][A-Za-z -]{0,40}\*{1,2}[ \t]*-)")


def recognises(given: Given) -> bool:
    """Whether a text is one: front matter that names a date."""
    front = _FRONT.match(given.text)
    return front is not None and re.search(r"^date\s*:", front[1], re.MULTILINE) is not None


def read(given: Given) -> Iterator[IncidentRecord | RejectedIncident]:
    """The one issue."""
    try:
        yield _read(given)
    except BadFieldError as error:
        yield RejectedIncident(given.name, error.field, error.reason)


def _read(given: Given) -> IncidentRecord:
    if len(given.text) > LARGEST:
        raise BadFieldError("it", f"has {len(given.text)} characters; an issue of at most {LARGEST} is read")
    matter, body = _split(given.text)
    issue = Fields(matter)
    started_at = issue.instant("date", naive_is_utc=True)
    ended_at = issue.optional_instant("resolvedWhen", naive_is_utc=True)
    informational = issue.flag("informational")
    resolved = issue.flag("resolved") or informational
    updates, rest = _updates(body)
    severity: RecordSeverity = "SEV5" if informational else issue.word("severity", SEVERITIES)
    said = [one.status.casefold() for one in updates if one.status.casefold() in _STATUSES]
    status: Any = "resolved" if resolved else said[-1] if said else "investigating"
    if not resolved:
        ended_at = None  # cState shows no end either while `resolved` is false
        issue.keep("resolvedWhen")
    issue.keep("severity")
    attributes = issue.rest() | ({"informational": True} if informational else {}) | ({"body": rest} if rest else {})
    return in_order(
        IncidentRecord(
            source=SOURCE,
            key=issue.optional_text("id", longest=LONGEST_NAME) or _stem(given.name),
            title=issue.text("title"),
            severity=severity,
            status=status,
            impact_started_at=None if informational else started_at,
            impact_ended_at=None if informational else ended_at,
            opened_at=started_at,
            resolved_at=ended_at or (started_at if informational else None),
            components=issue.names("affected"),
            updates=tuple(updates),
            attributes={name: value for name, value in attributes.items() if name not in ("id", "title", "affected")},
            is_public=True,
        ),
        "date",
        "resolvedWhen",
    )


def _split(text: str) -> tuple[Any, str]:
    import yaml

    from releasewatch.integrations.yaml_loader import CoreLoader

    front = _FRONT.match(text)
    if front is None:
        raise BadFieldError("it", "has no front matter; wanted YAML between two lines of three dashes")
    if len(front[1]) > LONGEST_FRONT:
        raise BadFieldError("its front matter", f"has {len(front[1])} characters; at most {LONGEST_FRONT} are read")
    try:
        matter = _plain(yaml.load(front[1], Loader=CoreLoader))  # noqa: S506 - CoreLoader is a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 2}, column {mark.column + 1}" if mark else "its front matter"
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise BadFieldError(where, f"is no YAML: {reason}") from error
    except RecursionError as error:
        raise BadFieldError("its front matter", "is nested too deep") from error
    return matter, text[front.end() :]


def _plain(value: Any, budget: list[int] | None = None) -> Any:
    """The same as JSON values; aliases share what they name, and are written out here, to a limit."""
    budget = budget or [10_000]
    budget[0] -= 1
    if budget[0] <= 0:
        raise BadFieldError("its front matter", "says more than 10,000 things; an issue says a few")
    if isinstance(value, dict):
        return {str(key): _plain(one, budget) for key, one in value.items()}
    if isinstance(value, list | set | tuple):
        return [_plain(one, budget) for one in value]
    return value if value is None or isinstance(value, str | int) else str(value)


def _updates(body: str) -> tuple[list[RecordUpdate], str]:
    """The parts of a text that end with `{{< track TIME >}}`, the oldest first; and what has no time."""
    found: list[RecordUpdate] = []
    rest: list[str] = []
    start = 0
    for track in _TRACK.finditer(body):
        # Above the part that has this time may stand others without one: before a rule, or before another first word.
        *others, text = (
            part for piece in _RULE.split(body[start : track.start()]) for part in _NEXT_STATUS.split(piece)
        )
        rest += others
        found.append(_update(text.strip(), _track_time(track[1])))
        start = track.end()
    rest += _RULE.split(body[start:])
    found.sort(key=lambda one: one.at)
    return found, "\n\n".join(one.strip() for one in rest if one.strip())


def _update(text: str, at: datetime) -> RecordUpdate:
    status = _STATUS.match(text)
    return RecordUpdate(at, text[status.end() :].strip() if status else text.strip(), status[1] if status else "")


def _track_time(text: str) -> datetime:
    try:
        return read_instant(text, naive_is_utc=True)
    except ValueError as error:
        raise BadFieldError("track", str(error)) from error


def _stem(name: str) -> str:
    stem = PurePath(name).stem[:LONGEST_NAME]
    if not stem or name.startswith("standard input"):
        raise BadFieldError("id", "is missing; wanted one where no file's name can stand for it")
    return stem
