"""Reading CDEvents: each field that is used is checked by its name, and nothing else is looked at."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from releasewatch.domain.events import BadEventError, GivenEvent, IncidentEvent, OtherTypeError, read_event
from tests.support.events import cloud_event, incident_event, service_event

GONE = object()


def changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(event))
    *outer, last = path.split(".")
    inside = copy
    for name in outer:
        inside = inside[name]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    return copy


def read(value: Any) -> Any:
    return read_event(GivenEvent("line 1", value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("context", [], "context is a list; wanted an object"),
        ("context.type", GONE, "context.type is missing; wanted a text"),
        ("context.type", 7, "context.type is a number; wanted a text"),
        ("context.specversion", GONE, "context.specversion is missing; wanted the version of CDEvents"),
        ("context.id", " ", "context.id is empty; wanted a text"),
        ("context.id", "x" * 201, "context.id is longer than 200 characters"),
        ("context.source", "a\x1b[2J", "context.source holds characters that cannot be printed"),
        ("context.source", "a" * 401, "context.source is longer than 400 characters"),
        ("context.timestamp", None, "context.timestamp is null; wanted a text"),
        ("context.timestamp", "2026-03-01T14:05:00", "context.timestamp is '2026-03-01T14:05:00'; wanted an instant"),
        ("context.timestamp", "2026-13-01T14:05:00Z", "context.timestamp is '2026-13-01T14:05:00Z'; wanted an instant"),
        ("context.timestamp", "0001-01-01T00:00:00+14:00", "wanted an instant"),
        ("context.timestamp", "1969-01-01T00:00:00Z", "before anything was deployed"),
        ("subject", GONE, "subject is missing; wanted an object"),
        ("subject.id", True, "subject.id is a truth value; wanted a text"),
        ("subject.content.environment", "prod", "subject.content.environment is a text; wanted an object"),
        ("subject.content.environment.id", "", "subject.content.environment.id is empty; wanted a text"),
        ("subject.content.ticketURI", GONE, "subject.content.ticketURI is missing; wanted a text"),
        ("subject.content.service", {}, "subject.content.service.id is missing; wanted a text"),
        ("subject.content.description", [1], "subject.content.description is a list; wanted a text"),
        ("subject.content.description", "\ud800", "subject.content.description holds what is no text"),
    ],
)
def test_a_field_that_is_wrong_is_named(path, value, words):
    event = incident_event("reported")
    with pytest.raises(BadEventError) as caught:
        read(changed(event, path, value))
    assert words in str(caught.value)
    with pytest.raises(BadEventError) as caught:
        read(changed(cloud_event(event), f"data.{path}", value))
    assert f"data.{path}" in str(caught.value)


def test_an_event_is_read_alone_and_in_a_cloud_event():
    event = incident_event(
        "reported", description="Exports\ntime out 👩\u200d💻 ", at="2026-03-01T15:05:00.1234567+01:00"
    )
    found = read(event)
    assert isinstance(found, IncidentEvent)
    assert found.heading.at == datetime(2026, 3, 1, 14, 5, 0, 123456, tzinfo=UTC)
    assert found.description == "Exports\ntime out 👩\u200d💻"
    encoded = base64.b64encode(json.dumps(event).encode()).decode()
    in_base64 = {**cloud_event(event), "data_base64": encoded}
    del in_base64["data"]
    assert found == read(cloud_event(event)) == read(in_base64)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"specversion": "0.3"}, "specversion is '0.3'; wanted 1.0 of CloudEvents"),
        ({"data": "text"}, "data is a text; wanted the CDEvent as an object"),
        ({"data_base64": "!"}, "data_base64 holds no JSON in base64"),
        ({"source": "/other"}, "data.context.source is '/ci/argo', and source of the CloudEvent '/other'"),
        ({"id": 7}, "id is a number; wanted a text"),
    ],
)
def test_a_cloud_event_that_is_wrong_is_named(said, words):
    with pytest.raises(BadEventError) as caught:
        read(cloud_event(service_event(), **said))
    assert words in str(caught.value)


@pytest.mark.parametrize("version", ["0.1.4", "0.2.0", "0.2.0-draft", "0.3.0", "0.3.1"])
def test_versions_that_are_taken(version):
    assert read(service_event(version=version)).service == "invoicing"


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("dev.cdevents.service.deployed.0.4.0", "this version is not known"),
        ("dev.cdevents.service.deployed", "not taken"),
        ("dev.cdevents.service.removed.0.3.0", "no word for a service that is gone"),
        ("dev.cdevents.incident.closed.0.3.0", "not taken"),
        ("dev.cdeventsx.tool-service.deployed.0.3.0", "not taken"),
        ("com.example", "not taken"),
    ],
)
def test_another_type_is_refused_by_name_whatever_else_it_holds(type_, words):
    for value in ({"context": {"type": type_}}, {"specversion": "1.0", "type": type_, "source": "s", "id": "i"}):
        with pytest.raises(OtherTypeError) as caught:
            read(value)
        assert caught.value.type == type_
        assert words in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, {"hello": 1}])
def test_what_is_no_event_is_said(value):
    with pytest.raises(BadEventError):
        read(value)
