"""`releasewatch event export`: what happened, as CDEvents with stable names, and never the name of a customer."""

from __future__ import annotations

import json
import shutil

import pytest

from releasewatch.domain.event_names import EXPOSURE_COUNTED, LIST_READY
from tests.cli.conftest import CONFIG
from tests.support.command import run_here
from tests.support.event_schemas import own_validator
from tests.support.repos import RepoBuilder

SERVICE = "dev.cdevents.service"
INCIDENT = "dev.cdevents.incident"


def run(shop, *words, status=0):
    done = run_here(*words, cwd=shop.path)
    assert done.status == status, done.err
    return done


def exported(shop, *words):
    return [json.loads(line) for line in run(shop, "event", "export", *words).out.splitlines()]


def told(events, type_):
    return [one["data"] for one in events if one["type"].startswith(type_)]


@pytest.fixture(scope="module")
def bad_day(built_shop, tmp_path_factory):
    """Two more deployments: a rollback, and one that takes a component away; and an incident, told with names.

    Nothing here changes it; see `changing_day`.
    """
    folder = tmp_path_factory.mktemp("bad") / "shop"
    shutil.copytree(built_shop.path, folder)
    shop = RepoBuilder(folder)
    shop.now = built_shop.now
    first = shop.git("rev-list", "--max-parents=0", "HEAD").strip()
    record = ("deployment", "record", "--environment", "production", "-q")
    run(shop, *record, "--key", "three", "--head", first)
    shop.commit("Drop checkout", {"releasewatch.toml": CONFIG.replace("checkout", "basket")})
    run(shop, *record, "--key", "four")
    title = ("--title", "Acme GmbH cannot export", "--severity", "SEV2", "--key", "pd-1")
    run(shop, "incident", "open", *title, "--deployment", "two", "--component", "invoicing", "-q")
    run(shop, "call", "plan", "--incident", "pd-1", "-q")
    run(shop, "call", "plan", "--deployment", "four", "-q")
    run(shop, "incident", "resolve", "pd-1", "--why", "Ada Example said so")
    run(shop, "call", "approve", "--incident", "pd-1", "--by", "olga", "--why", "go", "-q")
    run(shop, "incident", "open", "--title", "Odd", "-q")
    return shop


@pytest.fixture
def changing_day(bad_day, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(bad_day.path, tmp_path / "shop")
    return RepoBuilder(tmp_path / "shop")


def test_services_are_told_of_component_by_component(bad_day):
    events = exported(bad_day)
    done = [
        (one["context"]["type"].removeprefix(f"{SERVICE}."), one["subject"]["id"], one["customData"]["releasewatch"])
        for one in told(events, SERVICE)
    ]
    assert sorted((about["deployment"], word, key) for word, key, about in done) == [
        ("D-1", "deployed.0.3.0", "shop/checkout"),
        ("D-1", "deployed.0.3.0", "shop/invoicing"),
        ("D-1", "deployed.0.3.0", "shop/settings"),
        ("D-2", "upgraded.0.3.0", "shop/checkout"),
        ("D-2", "upgraded.0.3.0", "shop/invoicing"),
        ("D-2", "upgraded.0.3.0", "shop/settings"),
        ("D-3", "rolledback.0.3.0", "shop/checkout"),
        ("D-3", "rolledback.0.3.0", "shop/invoicing"),
        ("D-3", "rolledback.0.3.0", "shop/settings"),
        ("D-4", "deployed.0.3.0", "shop/basket"),
        ("D-4", "removed.0.3.0", "shop/checkout"),
        ("D-4", "upgraded.0.3.0", "shop/invoicing"),
        ("D-4", "upgraded.0.3.0", "shop/settings"),
    ]


def test_the_contract_of_one(bad_day):
    (event,) = [
        one
        for one in exported(bad_day, "--deployment", "two")
        if one["type"].startswith(SERVICE) and one["subject"] == "shop/invoicing"
    ]
    head = run(bad_day, "deployment", "show", "two", "--format", "json").document["deployment"]
    assert event == {
        "specversion": "1.0",
        "id": event["id"],
        "source": "/releasewatch/shop",
        "type": f"{SERVICE}.upgraded.0.3.0",
        "subject": "shop/invoicing",
        "time": head["opened_at"],
        "datacontenttype": "application/json",
        "data": {
            "context": {
                "specversion": "0.5.1",
                "id": event["id"],
                "source": "/releasewatch/shop",
                "type": f"{SERVICE}.upgraded.0.3.0",
                "timestamp": head["opened_at"],
            },
            "subject": {
                "id": "shop/invoicing",
                "source": "/releasewatch/shop",
                "content": {
                    "environment": {"id": "production"},
                    "artifactId": f"pkg:generic/shop/invoicing@v2?commit={head['head']}",
                },
            },
            "customData": {
                "releasewatch": {
                    "deployment": "D-2",
                    "deployment_key": "two",
                    "kind": "deploy",
                    "services": ["shop/checkout", "shop/invoicing", "shop/settings"],
                    "kinds": ["deploy"],
                    "range": "forward",
                    "targets": [{"region": None, "ring": None}],
                }
            },
            "customDataContentType": "application/json",
        },
    }


def test_the_same_fact_has_the_same_name(changing_day):
    first = exported(changing_day)
    names = [(one["source"], one["id"]) for one in first]
    assert len(set(names)) == len(names)
    run(changing_day, "incident", "reopen", "pd-1", "-q")
    run(changing_day, "incident", "resolve", "pd-1", "-q")
    later = exported(changing_day)
    assert {(one["source"], one["id"]) for one in later} > set(names)
    assert len(later) == len(first) + 1, "that it was resolved a second time is another fact"


def test_an_incident_is_told_without_the_words_of_people(bad_day):
    events = exported(bad_day, "--incident", "pd-1")
    found = {one["context"]["type"]: one for one in told(events, INCIDENT)}
    assert sorted(found) == [f"{INCIDENT}.detected.0.3.0", f"{INCIDENT}.resolved.0.3.0"]
    detected = found[f"{INCIDENT}.detected.0.3.0"]
    assert detected["subject"] == {
        "id": "pd-1",
        "source": "/releasewatch",
        "content": {
            "description": "SEV2: shop/invoicing",
            "environment": {"id": "production"},
            "service": {"id": "shop/invoicing"},
        },
    }
    assert detected["customData"]["releasewatch"]["deployments"] == ["D-2"]
    assert found[f"{INCIDENT}.resolved.0.3.0"]["customData"]["releasewatch"]["status"] == "resolved"


def test_our_own_types_are_as_their_schemas_say(bad_day):
    events = exported(bad_day)
    for type_ in (EXPOSURE_COUNTED, LIST_READY):
        mine = told(events, type_)
        assert mine
        for one in mine:
            own_validator(type_).validate(one)
            assert one["context"]["schemaUri"] == own_validator(type_).schema["$id"]
    counts = {one["subject"]["id"]: one["subject"]["content"] for one in told(events, EXPOSURE_COUNTED)}
    assert counts["D-2"]["customers"]["direct"] == 3
    ready = {one["subject"]["id"]: one["subject"]["content"] for one in told(events, LIST_READY)}
    assert ready["INC-1"] == {"list": "INC-1", "version": 1, "customers": 3}
    assert "D-4" in ready


def test_nothing_names_a_customer_or_a_person(bad_day, tmp_path):
    run(bad_day, "event", "export", "-o", str(tmp_path / "events.jsonl"), "--since", "2020-01-01T00:00:00Z")
    told_to_a_file = (tmp_path / "events.jsonl").read_text("utf-8")
    for word in ("acme", "bolt", "cask", '"dent', "Dent", "Ada", "ada@", "olga", "piet", "cannot", "GmbH"):
        assert word not in told_to_a_file
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_span_and_one_document(bad_day):
    everything = run(bad_day, "event", "export", "--format", "json").document
    assert (everything["schema"], everything["next_cursor"]) == (1, None)
    assert [one["facts"] for one in everything["left_out"]] == [["INC-2"]]
    assert [one["time"] for one in everything["events"]] == sorted(one["time"] for one in everything["events"])
    middle = everything["events"][len(everything["events"]) // 2]["time"]
    before, after = exported(bad_day, "--until", middle), exported(bad_day, "--since", middle)
    assert before
    assert before + after == everything["events"]
    assert "--until is not after" in run(bad_day, "event", "export", "--since", "1h", "--until", "2h", status=2).err


def test_an_incident_without_an_environment_is_left_out_by_name(bad_day):
    done = run(bad_day, "event", "export", "--incident", "INC-2")
    assert done.out == ""
    assert "1 not told, because no environment is said, and no deployment is blamed: INC-2." in done.err


def test_what_is_exported_is_not_taken_back_in(bad_day, tmp_path):
    run(bad_day, "event", "export", "-o", str(tmp_path / "mine.jsonl"), "-q")
    report = run(bad_day, "event", "import", str(tmp_path / "mine.jsonl"), "--format", "json").document
    assert {one["outcome"] for one in report["events"]} == {"already_taken"}
    assert report["rejected"] == 0


def test_another_ledger_takes_it(changing_day, tmp_path):
    run(changing_day, "event", "export", "--format", "json", "-o", str(tmp_path / "theirs.json"), "-q")
    shutil.rmtree(changing_day.path / ".releasewatch")
    done = run(changing_day, "event", "import", str(tmp_path / "theirs.json"))
    assert done.out.splitlines() == [
        "21 events read: 3 deployments recorded, 1 rollback, 1 incident opened, 1 incident resolved, 7 refused.",
        "  refused: dev.cdevents.service.removed.0.3.0 (the ledger has no word for a service that is gone)",
        "  refused: dev.cdeventsx.releasewatch-calllist.ready.0.1.0 (this ledger makes its lists itself), 2 times",
        f"  refused: {EXPOSURE_COUNTED} (this ledger counts the customers itself), 4 times",
    ]
    known = run(changing_day, "deployment", "list", "--format", "json").document["deployments"]
    assert {one["kind"] for one in known} == {"initial", "deploy", "rollback"}


def test_every_type_that_is_told_is_taken_or_refused_with_its_reason(changing_day, tmp_path):
    """Alone and in a CloudEvent; and what was refused does not come in under another name."""
    told = exported(changing_day)
    types = {one["type"] for one in told}
    assert {EXPOSURE_COUNTED, LIST_READY} < types
    shutil.rmtree(changing_day.path / ".releasewatch")
    file = tmp_path / "one.json"
    for events in (told, [one["data"] for one in told]):
        file.write_text(json.dumps(events))
        report = run(changing_day, "event", "import", str(file), "--format", "json").document
        refused = {one["type"]: one["reason"] for one in report["refused_types"]}
        assert {one["type"] for one in report["events"]} | refused.keys() == types
        assert "not taken" not in refused.values()
        assert report["rejected"] == 0


def test_a_ledger_that_is_not_there_tells_nothing(tmp_path):
    done = run_here("event", "export", cwd=tmp_path)
    assert (done.status, done.out) == (0, "")
