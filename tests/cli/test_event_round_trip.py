"""A deployment of several services that one ledger tells and another takes is one deployment there, too."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest

from tests.support.command import run_here
from tests.support.events import service_event

PLACED = "dev.cdevents.service."
SERVICES = ["shop/checkout", "shop/invoicing", "shop/settings"]


def run(shop, *words, status=0):
    done = run_here(*words, cwd=shop.path)
    assert done.status == status, done.err
    return done


@pytest.fixture
def told(shop):
    """The events of the second deployment, of three services; the shop's ledger is gone."""
    out = run(shop, "event", "export", "--deployment", "two", "--format", "json").out
    shutil.rmtree(shop.path / ".releasewatch")
    events = [one for one in json.loads(out)["events"] if one["type"].startswith(PLACED)]
    assert [one["subject"] for one in sorted(events, key=lambda one: one["subject"])] == SERVICES
    return events


def soon():
    """An instant after what the shop has recorded, which is not ahead of the clock."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def taken(shop, *events):
    (shop.path / "events.json").write_text(json.dumps(events), "utf-8")
    done = run(shop, "event", "import", "events.json", "--format", "json").document
    assert done["rejected"] == 0
    return [(one["outcome"], one["became"]) for one in done["events"]]


def deployments(shop):
    listed = run(shop, "deployment", "list", "--format", "json").document["deployments"]
    return [one["id"] for one in listed]


def components_of(shop, ref):
    return {one["key"] for one in run(shop, "deployment", "show", ref, "--format", "json").document["components"]}


def test_it_is_one_deployment_however_often_and_in_which_order_it_is_told(shop, told):
    first, *others = told
    assert taken(shop, *others) == [("recorded", "D-1")] * 2
    assert taken(shop, first) == [("recorded", "D-1")]
    assert taken(shop, *told) == [("already_taken", "D-1")] * 3
    assert deployments(shop) == ["D-1"]
    done = run(shop, "deployment", "show", "D-1", "--format", "json").document
    assert done["deployment"]["head"] == shop.git("rev-parse", "HEAD").strip()


def test_told_together_it_is_counted_once(shop, told):
    (shop.path / "events.json").write_text(json.dumps(told), "utf-8")
    assert run(shop, "event", "import", "events.json").out == "3 events read: 1 deployment recorded.\n"
    assert deployments(shop) == ["D-1"]


def test_without_its_commit_it_is_one_change_that_names_all(shop, told):
    run(shop, "release", "record", "--release", "1")
    for one in told:
        one["data"]["subject"]["content"]["artifactId"] = "pkg:generic/unheard@0.0.9"
    assert taken(shop, told[0]) == taken(shop, told[1]) == [("change", "D-1")]
    assert components_of(shop, "D-1") == set(SERVICES)
    assert deployments(shop) == ["D-1"]


def test_what_another_tool_writes_into_our_place_says_nothing(shop, told):
    for number, odd in enumerate((["shop/checkout", 7], "shop/checkout", None, ["shop/other"], [], {"a": 1})):
        event = json.loads(json.dumps(told[0]))
        event["id"] = event["data"]["context"]["id"] = f"odd-{number}"
        event["data"]["customData"]["releasewatch"]["services"] = odd
        ((outcome, _),) = taken(shop, event)
        assert outcome == "recorded"
    assert len(deployments(shop)) == 6


PLACES = [("eu", None), ("us", "canary")]


def targets_of(shop, ref):
    shown = run(shop, "deployment", "show", ref, "--format", "json").document["deployment"]["targets"]
    return sorted((one["region"] or "", one["ring"] or "") for one in shown)


def to_places(*places):
    return {"releasewatch": {"targets": [{"region": region, "ring": ring} for region, ring in places]}}


def test_it_went_where_it_was_told_to_go(shop):
    """The regions and rings of a deployment come along: one region is not everywhere."""
    shop.commit("fix: one more", {"services/invoicing/c.py": "1"})
    to_eu = ("deployment", "record", "--environment", "production", "--key", "eu", "--region", "eu", "--ring", "canary")
    run(shop, *to_eu)
    out = run(shop, "event", "export", "--deployment", "eu", "--format", "json").out
    shutil.rmtree(shop.path / ".releasewatch")
    events = [one for one in json.loads(out)["events"] if one["type"].startswith(PLACED)]
    assert {became for _, became in taken(shop, *events)} == {"D-1"}
    assert targets_of(shop, "D-1") == [("eu", "canary")]


@pytest.mark.parametrize(
    ("custom", "targets"),
    [
        (to_places(*PLACES, PLACES[0]), [("eu", ""), ("us", "canary")]),
        (to_places((None, None)), [("", "")]),
        ({"releasewatch": {"targets": []}}, [("", "")]),
        ({"releasewatch": {"targets": "eu"}}, [("", "")]),
        ({"releasewatch": {"targets": [{"region": "eu"}]}}, [("", "")]),
        (to_places(("eu", None), ("*", None)), [("", "")]),
        (to_places(("eu", None), (7, None)), [("", "")]),
        (to_places(("eu\n", None)), [("", "")]),
    ],
)
def test_of_places_that_are_none_nothing_is_taken(shop, custom, targets):
    ((_, became),) = taken(shop, service_event(at=soon(), custom=custom))
    assert targets_of(shop, became) == targets


def test_a_rollback_of_a_region_takes_back_that_region(shop):
    """To what nobody knows: the last deployment of the component ends there, and goes on elsewhere."""
    alone = ("deployment", "record", "--environment", "production", "--component", "invoicing")
    shop.commit("fix: one more", {"services/invoicing/c.py": "1"})
    run(shop, *alone, "--key", "three", "--region", "eu", "--region", "us")
    back = service_event("rolledback", at=soon(), custom=to_places(("eu", None)))
    assert taken(shop, back) == [("rolled_back", "D-3")]
    listed = run(shop, "exposure", "list", "--deployment", "D-3", "--format", "json").document["customers"]
    windows = [one for customer in listed for one in customer["windows"]]
    assert {one["region"] for one in windows if one["carrying_until"] is not None} == {"eu"}
    assert "us" in {one["region"] for one in windows if one["carrying_until"] is None}


@pytest.mark.parametrize("elsewhere", [("mars", None), ("zone", None)], ids=["unknown", "it did not go there"])
def test_a_rollback_of_several_regions_takes_back_all_of_them_or_none(shop, elsewhere):
    alone = ("deployment", "record", "--environment", "production", "--component", "invoicing")
    run(shop, *alone, "--key", "zone", "--region", "zone")
    shop.commit("fix: one more", {"services/invoicing/c.py": "1"})
    run(shop, *alone, "--key", "three", "--region", "eu", "--region", "us")
    list_ = ("exposure", "list", "--deployment", "D-4", "--format", "json")
    before = run(shop, *list_).document
    refused = service_event("rolledback", at=soon(), custom=to_places(("eu", None), elsewhere))
    (shop.path / "events.json").write_text(json.dumps(refused), "utf-8")
    assert run(shop, "event", "import", "events.json", "--format", "json").document["rejected"] == 1
    assert run(shop, *list_).document == before
    back = service_event("rolledback", id="again", at=soon(), custom=to_places(("eu", None), ("us", None)))
    assert taken(shop, back) == [("rolled_back", "D-4")]
    listed = run(shop, *list_).document["customers"]
    assert all(one["carrying_until"] for customer in listed for one in customer["windows"])
