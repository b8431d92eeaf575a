"""What we tell others as CDEvents in CloudEvents: keys and counts, never a name, a title or any text of a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from releasewatch.domain.artifacts import write_artifact
from releasewatch.domain.event_names import (
    EXPOSURE_COUNTED,
    LIST_READY,
    SPEC,
    event_id,
    incident_event_id,
    source_of,
    type_of,
)
from releasewatch.domain.times import format_utc

SCHEMAS: Mapping[str, str] = {EXPOSURE_COUNTED: "exposure-counted", LIST_READY: "calllist-ready"}
"""Of our own types: the file of the schema in the package's folder `schemas`, without `.json`."""

ServiceWord = Literal["deployed", "upgraded", "rolledback", "removed"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event: when it happened, and its CloudEvent in JSON."""

    at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """What is told of a deployment. `kinds`: of each of its components in its cells; `services`: those that run.

    `removed`: services that it took away. `at`: when it was done; `targets` as they were given.
    """

    id: str
    key: str
    repo: str
    environment: str
    kind: str
    range: str
    status: str
    release: str
    head: str | None
    at: datetime
    recorded_at: datetime
    succeeded: bool
    targets: Sequence[Mapping[str, str | None]] = ()
    kinds: Mapping[str, Collection[str]] = field(default_factory=dict)
    services: Collection[str] = ()
    removed: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What is told of an incident. `closed`: each time it was resolved or cancelled, and which of them.

    `opened_here`: not by an event of another tool, which told of it already.
    """

    id: str
    key: str
    severity: str
    environment: str
    components: Sequence[str]
    deployments: Sequence[str]
    recorded_at: datetime
    opened_at: datetime
    ticket: str = ""
    closed: Sequence[tuple[datetime, str]] = ()
    opened_here: bool = True


def word_of(kinds: Collection[str]) -> ServiceWord | None:
    """What happened to a service, by the kinds of deployment that it was in its cells; None for a change without git.

    The same head again is a new instance of what ran before, hence deployed; where cells differ it was upgraded.
    """
    if not kinds or set(kinds) == {"change"}:
        return None
    if set(kinds) == {"rollback"}:
        return "rolledback"
    return "deployed" if set(kinds) <= {"initial", "redeploy"} else "upgraded"


def service_events(facts: DeploymentFacts) -> list[Told]:
    """An event for each service that a succeeded deployment put somewhere, or took away."""
    if not facts.succeeded or facts.head is None:
        return []
    words = {key: word_of(facts.kinds.get(key, ())) for key in sorted(facts.services)}
    words |= dict.fromkeys(sorted(facts.removed), "removed")
    put = [key for key, word in words.items() if word not in (None, "removed")]
    return [_service_event(facts, key, word, put) for key, word in words.items() if word is not None]


def _service_event(facts: DeploymentFacts, component: str, word: ServiceWord, put: Sequence[str]) -> Told:
    """`put`: all services that the deployment put somewhere, so that whoever hears of one knows the whole."""
    content: dict[str, Any] = {"environment": {"id": facts.environment}}
    if word != "removed":
        content["artifactId"] = write_artifact(component, facts.release, facts.head or "")
    type_ = type_of("service", word)
    about = {
        "deployment": facts.id,
        "deployment_key": facts.key,
        "kind": facts.kind,
        "services": list(put),
        "kinds": sorted(facts.kinds.get(component, ())),
        "range": facts.range,
        "targets": list(facts.targets),
    }
    id_ = event_id(type_, facts.key, facts.id, component)
    return _told(type_, id_, source_of(facts.repo), facts.at, component, content, custom=about)


def exposure_event(facts: DeploymentFacts, counts: Mapping[str, int]) -> Told:
    """How many customers a deployment reached, as it was known when it was recorded."""
    content = {
        "deployment": facts.id,
        "repo": facts.repo,
        "environment": facts.environment,
        "kind": facts.kind,
        "status": facts.status,
        "customers": dict(counts),
    }
    id_ = event_id(EXPOSURE_COUNTED, facts.key, facts.id, format_utc(facts.recorded_at))
    return _told(EXPOSURE_COUNTED, id_, source_of(facts.repo), facts.recorded_at, facts.id, content)


def list_event(subject: str, version: int, at: datetime, customers: int, identity: Sequence[str], repo: str) -> Told:
    """A list of calls may be worked on. `identity`: what tells its subject from those of other ledgers."""
    content = {"list": subject, "version": version, "customers": customers}
    id_ = event_id(LIST_READY, *identity, str(version), format_utc(at))
    return _told(LIST_READY, id_, source_of(repo), at, subject, content)


def incident_events(facts: IncidentFacts) -> list[Told]:
    """Its detection, its report where it has a ticket, and each time it was closed: solved or recalled."""
    words: list[tuple[str, datetime, str]] = []
    if facts.opened_here:
        words += [("detected", facts.opened_at, "")]
        words += [("reported", facts.opened_at, "")] if facts.ticket else []
    words += [("resolved", at, status) for at, status in facts.closed]
    return [_incident_event(facts, *word) for word in words]


def _incident_event(facts: IncidentFacts, word: str, at: datetime, status: str) -> Told:
    what = ", ".join(facts.components) or "nothing named yet"
    content: dict[str, Any] = {
        "description": f"{facts.severity or 'Incident'}: {what}",
        "environment": {"id": facts.environment},
    }
    if len(facts.components) == 1:
        content["service"] = {"id": facts.components[0]}
    if word == "reported":
        content["ticketURI"] = facts.ticket
    type_ = type_of("incident", word)
    id_ = incident_event_id(type_, facts.key, facts.recorded_at, at if word == "resolved" else None)
    about = {
        "incident": facts.id,
        "severity": facts.severity or None,
        "components": list(facts.components),
        "deployments": list(facts.deployments),
        **({"status": status} if status else {}),
    }
    return _told(type_, id_, source_of(), at, facts.key, content, custom=about)


def schema_uri(type_: str) -> str:
    """What the schema of one of our own types is called (its `$id`)."""
    return f"urn:releasewatch:schema:{SCHEMAS[type_]}:{type_.split('.', 4)[-1]}"


def _told(
    type_: str,
    id_: str,
    source: str,
    at: datetime,
    subject: str,
    content: Mapping[str, Any],
    *,
    custom: Mapping[str, Any] | None = None,
) -> Told:
    context = {"specversion": SPEC, "id": id_, "source": source, "type": type_, "timestamp": format_utc(at)}
    if type_ in SCHEMAS:
        context["schemaUri"] = schema_uri(type_)
    data: dict[str, Any] = {"context": context, "subject": {"id": subject, "source": source, "content": content}}
    if custom is not None:
        data |= {"customData": {"releasewatch": custom}, "customDataContentType": "application/json"}
    document = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": type_,
        "subject": subject,
        "time": format_utc(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Told(at, document)
