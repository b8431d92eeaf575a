"""A deployment of several services that one ledger tells and another takes is one deployment there, too."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.support.command import run_here

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
