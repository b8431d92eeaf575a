"""Google Cloud's `incidents.json`, the history that its status page publishes.

Its schema is published beside it (https://status.cloud.google.com/incidents.schema.json).

| there | here |
| --- | --- |
| severity `high` (SERVICE_OUTAGE) | SEV1 |
| severity `medium` (SERVICE_DISRUPTION) | SEV2 |
| severity `low` (SERVICE_INFORMATION) | SEV4 |
| `begin`, `end` | impact window; `end` is also when it was declared over |
| `created` | opened |
| `end` absent | monitoring once the newest update says AVAILABLE, else investigating |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from releasewatch.domain.incident_records import IncidentRecord, RecordUpdate, RejectedIncident
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
    from releasewatch.domain.incident_records import RecordSeverity

SOURCE = "gcp"

SEVERITIES: Mapping[str, RecordSeverity] = MappingProxyType({"high": "SEV1", "medium": "SEV2", "low": "SEV4"})

_PAGE = "https://status.cloud.google.com/"


def recognises(given: Given) -> bool:
    """Whether a text is one: a JSON list (or one object) of incidents with `external_desc` and `begin`."""
    listed = given.json if isinstance(given.json, list) else [given.json]
    first = listed[0] if listed else None
    return isinstance(first, dict) and {"begin", "external_desc"} <= first.keys()


def read(given: Given) -> Iterator[IncidentRecord | RejectedIncident]:
    """Each incident of the list, in its order."""
    listed = given.json if isinstance(given.json, list) else [given.json]
    for number, one in enumerate(listed, 1):
        try:
            yield _read(Fields(one))
        except BadFieldError as error:
            key = one.get("id") if isinstance(one, dict) else None
            which = f" ({key})" if isinstance(key, str) and len(key) <= LONGEST_NAME else ""
            yield RejectedIncident(f"{given.name}: incident {number}{which}", error.field, error.reason)


def _read(incident: Fields) -> IncidentRecord:
    updates = sorted((_update(one) for one in incident.parts("updates")), key=lambda one: one.at)
    ended_at = incident.optional_instant("end")
    products = each_once(one.text("title", longest=LONGEST_NAME) for one in incident.parts("affected_products"))
    places = (
        *incident.parts("previously_affected_locations"),
        *incident.parts("currently_affected_locations"),
        *(Fields(place, "affected_locations.") for one in updates for place in one.attributes["affected_locations"]),
    )
    service = incident.optional_text("service_name", longest=LONGEST_NAME)
    uri = incident.optional_text("uri")
    status: Any = "resolved" if ended_at else "investigating"
    if not ended_at and updates and updates[-1].status == "AVAILABLE":
        status = "monitoring"
    severity = incident.word("severity", SEVERITIES)
    incident.keep("severity", "service_name", "affected_products")
    return in_order(
        IncidentRecord(
            source=SOURCE,
            key=incident.text("id", longest=LONGEST_NAME),
            title=incident.text("external_desc"),
            severity=severity,
            status=status,
            impact_started_at=incident.instant("begin"),
            impact_ended_at=ended_at,
            opened_at=incident.optional_instant("created"),
            resolved_at=ended_at,
            components=products or ((service,) if service else ()),
            regions=each_once(one.text("id", longest=LONGEST_NAME) for one in places),
            updates=tuple(updates),
            url=uri if "://" in uri or not uri else _PAGE + uri.lstrip("/"),
            attributes=incident.rest("most_recent_update"),  # the newest of `updates` again
            is_public=True,
        ),
        "begin",
        "end",
    )


def _update(update: Fields) -> RecordUpdate:
    places = [place.rest() for place in update.parts("affected_locations")]
    return RecordUpdate(
        at=update.instant("when"),
        text=update.optional_text("text", longest=LONGEST_TEXT),
        status=update.optional_text("status"),
        attributes=update.rest() | {"affected_locations": places},
    )
