"""CDEvents for tests: as another tool would send them, and what a ledger tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.usecases.event_export import ExportRequest, exported_events

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger


@dataclass(frozen=True)
class Told:
    """What a ledger tells of itself as events, and what it leaves out, by reason."""

    events: list[dict[str, Any]]
    left_out: Mapping[str, Sequence[str]]


def exported(ledger: Ledger, asked: ExportRequest | None = None) -> Told:
    """All events that are asked for."""
    with exported_events(ledger, asked or ExportRequest()) as told:
        events = list(told.events)
        assert len(told.events) == len(events)
        return Told(events, dict(told.left_out))


def service_event(word: str = "deployed", **said: Any) -> dict[str, Any]:
    """A CDEvent about a service; by default of the component invoicing, at an artifact that nobody knows."""
    content = {"environment": {"id": said.pop("environment", "production")}}
    artifact = said.pop("artifact", "pkg:oci/invoicing@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028b?tag=v9")
    if artifact:
        content["artifactId"] = artifact
    return _event("service", word, said.pop("service", "invoicing"), content, **said)


def incident_event(word: str = "detected", **said: Any) -> dict[str, Any]:
    """A CDEvent about an incident."""
    content: dict[str, Any] = {"environment": {"id": said.pop("environment", "production")}}
    content |= {"description": said.pop("description", "Exports time out")}
    if service := said.pop("service", "invoicing"):
        content["service"] = {"id": service, "source": "/cluster"}
    if word == "reported":
        content["ticketURI"] = said.pop("ticket", "https://tickets.example.org/7")
    return _event("incident", word, said.pop("key", "alert-7"), content, **said)


def _event(
    subject: str,
    word: str,
    key: str,
    content: dict[str, Any],
    *,
    id: str = "e-1",
    at: str = "2026-03-20T14:27:05Z",
    source: str = "/ci/argo",
    version: str = "0.3.0",
    spec: str = "0.5.1",
    custom: dict[str, Any] | None = None,
) -> dict[str, Any]:
    is_old = version < "0.3"
    about = {"id": key, "source": source, **({"type": subject} if is_old else {}), "content": content}
    return {
        "context": {
            "version" if is_old else "specversion": spec,
            "id": id,
            "source": source,
            "type": f"dev.cdevents.{subject}.{word}.{version}",
            "timestamp": at,
        },
        "subject": about,
        **({"customData": custom, "customDataContentType": "application/json"} if custom else {}),
    }


def cloud_event(event: dict[str, Any], **said: Any) -> dict[str, Any]:
    """The same in a CloudEvent in structured mode."""
    context = event["context"]
    return {
        "specversion": "1.0",
        "id": context["id"],
        "source": context["source"],
        "type": context["type"],
        "subject": event["subject"]["id"],
        "time": context["timestamp"],
        "datacontenttype": "application/json",
        "data": event,
        **said,
    }
