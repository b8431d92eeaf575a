"""The conformance events of CDEvents are taken or refused by name, and what we tell is as their schemas want it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from releasewatch.domain.event_documents import (
    DeploymentFacts,
    IncidentFacts,
    exposure_event,
    incident_events,
    list_event,
    service_events,
)
from releasewatch.domain.events import GivenEvent, OtherTypeError, read_event
from tests.support.command import run_here
from tests.support.data import real_data
from tests.support.event_schemas import own_validator, validators
from tests.support.repos import RepoBuilder
from tests.support.worlds import hour

TAKEN = {"service": ("deployed", "upgraded", "rolledback"), "incident": ("detected", "reported", "resolved")}


def conformance() -> dict[str, dict[str, Any]]:
    """Every conformance event, by its file's name."""
    found = {}
    for path in sorted(real_data("cdevents", "conformance").glob("*.json")):
        found[path.stem] = json.loads(path.read_text("utf-8"))
    return found


def test_all_conformance_events_are_taken_or_refused_by_name():
    events = conformance()
    assert len(events) == 48
    taken, refused = [], []
    for name, event in events.items():
        try:
            taken.append((name, read_event(GivenEvent(name, event)).heading.id))
        except OtherTypeError as error:
            refused.append((name, error.type))
    assert [name for name, _ in taken] == sorted(f"{what}_{word}" for what, words in TAKEN.items() for word in words)
    assert len(refused) == 42
    assert all(type_ == events[name]["context"]["type"] for name, type_ in refused)
    assert all(id_ == events[name]["context"]["id"] for name, id_ in taken)


def test_their_custom_event_is_refused_by_name():
    event = json.loads(real_data("cdevents", "custom", "conformance.json").read_text("utf-8"))
    with pytest.raises(OtherTypeError, match="not taken"):
        read_event(GivenEvent("event 1", event))


CONFIG = """
[releasewatch]
repo = "shop"
[components.mySubject123]
paths = ["a/**"]
[components.myApp]
paths = ["b/**"]
"""


def test_the_command_takes_all_that_it_knows(tmp_path):
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, "a/x": "1", "b/x": "1"})
    events = conformance()
    for number, event in enumerate(events.values()):
        event["context"]["id"] += f"-{number}"  # theirs share a few ids
    events["service_rolledback"]["context"]["timestamp"] = "2023-03-20T15:00:00Z"  # and all of them one instant
    (tmp_path / "events.jsonl").write_text("\n".join(json.dumps(one) for one in events.values()), "utf-8")
    words = ("event", "import", str(tmp_path / "events.jsonl"), "--format", "json")
    done = run_here(*words, cwd=repo.path)
    assert done.status == 0, done.err
    told = done.document
    assert (told["read"], told["taken"], told["refused"]) == (48, 6, 42)
    assert sorted(one["outcome"] for one in told["events"]) == [
        *("change", "change", "opened", "resolved", "rolled_back", "updated")
    ]
    again = run_here(*words, cwd=repo.path).document
    assert (again["taken"], again["already_taken"]) == (0, 6)


def facts(**said: Any) -> DeploymentFacts:
    kinds = {"shop/a": {"initial"}, "shop/b": {"deploy", "rollback"}, "shop/c": {"rollback"}}
    return DeploymentFacts(
        "D-7",
        "key 7",
        "my shop/Füße",
        "production",
        "mixed",
        "mixed",
        "succeeded",
        said.get("release", "v1 ä?"),
        "0" * 40,
        hour(1.5),
        hour(2),
        True,
        [{"region": "eu", "ring": None}],
        kinds,
        frozenset(kinds),
        frozenset({"shop/d"}),
    )


def incident() -> IncidentFacts:
    closed = [(hour(4), "resolved"), (hour(6), "cancelled")]
    ticket = "https://tickets.example.org/7?x=1"
    return IncidentFacts(
        "INC-3", "pd ä 3", "SEV1", "production", ["shop/a"], ["D-7"], hour(3), hour(2.5), ticket, closed
    )


def test_what_is_told_is_as_their_schemas_want_it():
    theirs = validators(real_data("cdevents", "schemas"))
    told = [*service_events(facts()), *service_events(facts(release="")), *incident_events(incident())]
    types = [str(one.document["type"]) for one in told]
    assert [type_.rsplit(".", 4)[1] for type_ in types] == [
        *("deployed", "upgraded", "rolledback", "removed") * 2,
        *("detected", "reported", "resolved", "resolved"),
    ]
    for one in told:
        document = one.document
        context = document["data"]["context"]
        theirs[document["type"]].validate(document["data"])
        for outer, inner in (("id", "id"), ("source", "source"), ("type", "type"), ("time", "timestamp")):
            assert document[outer] == context[inner]
        assert document["subject"] == document["data"]["subject"]["id"]


def test_our_own_types_are_custom_events_as_theirs_want_them():
    schemas = real_data("cdevents", "schemas")
    custom = json.loads(real_data("cdevents", "custom", "schema.json").read_text("utf-8"))
    theirs = validators(schemas)["dev.cdevents.service.deployed.0.3.0"].evolve(schema=custom)
    names = ("customers", "named", "direct", "dependent", "possible", "unplaced", "not_ruled_out")
    counts = dict.fromkeys(names, 3)
    for one in (exposure_event(facts(), counts), list_event("INC-3", 2, hour(3), 5, ("pd", "x"), "")):
        theirs.validate(one.document["data"])
        own_validator(one.document["type"]).validate(one.document["data"])


def test_their_own_events_keep_to_their_schemas_by_our_reading_of_references():
    theirs = validators(real_data("cdevents", "schemas"))
    for event in conformance().values():
        theirs[event["context"]["type"]].validate(event)
    broken = conformance()["service_deployed"]
    broken["context"]["links"][0]["linkType"] = "NONE"
    assert not theirs[broken["context"]["type"]].is_valid(broken)
