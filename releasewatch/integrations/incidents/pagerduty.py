"""PagerDuty's incidents as its REST API gives them: a list, a page (`{"incidents": […]}`), or the table of raw answers
that Apache DevLake keeps (a CSV file whose column `data` holds one each).

API: https://developer.pagerduty.com/api-reference (List incidents, with `include[]=log_entries` for what was said).

| there | here |
| --- | --- |
| priority `P1` … `P5` | SEV1 … SEV5 |
| no such priority: urgency `high`, `low` | SEV2, SEV4 |
| status `triggered`, `acknowledged` | investigating: that somebody took it does not say that the cause is known |
| status `resolved` | resolved |
| `created_at`; `resolved_at`, else as the log says, else `last_status_change_at` | impact window and paperwork |

People's names, addresses and numbers are left out wherever they stand: who was called is nobody's attribute of an
incident. Their ids stay.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from releasewatch.domain.incident_records import IncidentRecord, RecordUpdate, RejectedIncident
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.incidents.given import LONGEST_NAME, BadFieldError, Fields, Given, in_order

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.incident_records import RecordSeverity, RecordStatus

SOURCE = "pagerduty"

PRIORITIES: Mapping[str, RecordSeverity] = MappingProxyType(
    {"P1": "SEV1", "P2": "SEV2", "P3": "SEV3", "P4": "SEV4", "P5": "SEV5"}
)
URGENCIES: Mapping[str, RecordSeverity] = MappingProxyType({"high": "SEV2", "low": "SEV4"})
STATUSES: Mapping[str, RecordStatus] = MappingProxyType(
    {"triggered": "investigating", "acknowledged": "investigating", "resolved": "resolved"}
)

_SAID = MappingProxyType(
    {
        "trigger_log_entry": "triggered",
        "acknowledge_log_entry": "acknowledged",
        "unacknowledge_log_entry": "unacknowledged",
        "annotate_log_entry": "note added",
        "resolve_log_entry": "resolved",
        "reopen_log_entry": "reopened",
    }
)
"""The entries of the log that tell of the incident; the others tell who was called, and stay attributes."""

_PERSONAL = frozenset({"summary", "name", "email", "address", "html_url", "self", "phone_number", "avatar_url"})
_ABOUT_PEOPLE = re.compile(r"user(_reference)?|.*_log_entry(_reference)?|.*contact_method(_reference)?")


def recognises(given: Given) -> bool:
    """Whether a text is one: the first incident has an `incident_number` and a `service`."""
    first = next((one for _, one in _incidents(given)), None)
    return isinstance(first, dict) and {"incident_number", "service"} <= first.keys()


def read(given: Given) -> Iterator[IncidentRecord | RejectedIncident]:
    """Each incident, in its order; raises InvalidCallError for a table that is none of raw answers."""
    if given.json is None and "data" not in next(csv.reader([given.text.partition("\n")[0].strip()]), []):
        raise InvalidCallError(
            f"{given.name}: it holds neither JSON nor a table with a column data.",
            "Give PagerDuty's own answer, or DevLake's raw table.",
        )
    for place, one in _incidents(given):
        try:
            yield _read(Fields(one))
        except BadFieldError as error:
            yield RejectedIncident(place, error.field, error.reason)


def _incidents(given: Given) -> Iterator[tuple[str, Any]]:
    if given.json is None:
        yield from _raw_rows(given)
        return
    listed = given.json
    if isinstance(listed, dict):
        listed = listed.get("incidents", [listed])
    for number, one in enumerate(listed if isinstance(listed, list) else [listed], 1):
        yield f"{given.name}: incident {number}", one


def _raw_rows(given: Given) -> Iterator[tuple[str, Any]]:
    rows = csv.DictReader(io.StringIO(given.text, newline=""), strict=True)
    try:
        if "data" not in (rows.fieldnames or ()):
            return
        for row in rows:
            place = f"{given.name}, line {rows.line_num}"
            try:
                yield place, json.loads(row["data"] or "null")
            except (ValueError, RecursionError):
                yield place, "no JSON"
    except csv.Error as error:
        raise InvalidCallError(
            f"{given.name}, line {rows.line_num}: this is no CSV: {error}.", "Export it again. Nothing was read."
        ) from error


def _read(incident: Fields) -> IncidentRecord:
    opened_at = incident.instant("created_at")
    status = incident.word("status", STATUSES)
    log = incident.parts("log_entries")
    updates = sorted((one for one in map(_update, log) if one is not None), key=lambda one: one.at)
    resolved_at = _resolved_at(incident, updates) if status == "resolved" else None
    service = incident.part("service")
    title = incident.optional_text("title") or incident.text("summary")
    severity = _severity(incident)
    incident.keep("service", "log_entries", "last_status_change_at", "urgency", "priority", "status")
    return in_order(
        IncidentRecord(
            source=SOURCE,
            key=incident.text("id", longest=LONGEST_NAME),
            title=title,
            severity=severity,
            status=status,
            impact_started_at=opened_at,
            impact_ended_at=resolved_at,
            opened_at=opened_at,
            resolved_at=resolved_at,
            components=tuple(filter(None, (service.optional_text("summary", longest=LONGEST_NAME),))),
            updates=tuple(updates),
            url=incident.optional_text("html_url"),
            attributes={name: _without_people(value) for name, value in incident.rest("self").items()},
        ),
        "created_at",
        "resolved_at",
    )


def _severity(incident: Fields) -> RecordSeverity:
    priority = incident.part("priority")
    name = (priority.optional_text("summary") or priority.optional_text("name")).upper()
    return PRIORITIES[name] if name in PRIORITIES else incident.word("urgency", URGENCIES)


def _resolved_at(incident: Fields, updates: list[RecordUpdate]) -> datetime:
    stated = incident.optional_instant("resolved_at")
    logged = [one.at for one in updates if one.status == "resolved"]
    return stated or (logged[-1] if logged else incident.instant("last_status_change_at"))


def _update(entry: Fields) -> RecordUpdate | None:
    said = _SAID.get(entry.text("type"))
    if said is None:
        return None
    note = entry.part("channel").optional_text("summary") if said == "note added" else ""
    return RecordUpdate(entry.instant("created_at"), note or said, said)


def _without_people(value: Any) -> Any:
    """The same without what names people: of them, and of entries that tell who did what, id, type and time stay."""
    if isinstance(value, list):
        return [_without_people(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    hidden = _PERSONAL if isinstance(kind, str) and _ABOUT_PEOPLE.fullmatch(kind) else frozenset()
    hidden |= {"notification", "channel"}
    return {name: _without_people(one) for name, one in value.items() if name not in hidden}
