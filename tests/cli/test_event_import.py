"""`releasewatch event import` on the command line: deployments, rollbacks and incidents out of CDEvents, each once."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.command import run_here
from tests.support.events import cloud_event, incident_event, service_event


def soon(minutes=0):
    """An instant after what the shop has recorded, which is not ahead of the clock."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def run(shop, *words, status=0):
    done = run_here(*words, cwd=shop.path)
    assert done.status == status, done.err
    return done


def taken(shop, *events, options=(), status=0, lines=True):
    text = "\n".join(map(json.dumps, events)) if lines else json.dumps(list(events))
    (shop.path / "events.json").write_text(text, "utf-8")
    return run(shop, "event", "import", "events.json", "--format", "json", *options, status=status).document


def outcomes(document):
    return [(one["outcome"], one["became"]) for one in document["events"]]


def deployment(shop, ref):
    return run(shop, "deployment", "show", ref, "--format", "json").document


def incident(shop, ref):
    return run(shop, "incident", "show", ref, "--format", "json").document["incident"]


def test_the_contract(shop):
    event = cloud_event(service_event(at=soon()))
    document = taken(shop, event)
    assert document == {
        "schema": 1,
        "read": 1,
        "taken": 1,
        "already_taken": 0,
        "refused": 0,
        "rejected": 0,
        "written": True,
        "dry_run": False,
        "events": [
            {
                "place": "line 1",
                "source": "/ci/argo",
                "id": "e-1",
                "type": "dev.cdevents.service.deployed.0.3.0",
                "outcome": "change",
                "became": "D-3",
            }
        ],
        "refused_types": [],
        "rejected_events": [],
    }
    told = deployment(shop, "D-3")
    assert told["deployment"]["kind"] == "change"
    assert told["deployment"]["release"] == "v9"
    assert told["exposure"]["direct"] == 3
    assert told["components"][0]["key"] == "shop/invoicing"


def test_the_same_event_again_is_the_same_deployment(shop):
    event = service_event(at=soon())
    taken(shop, event)
    assert outcomes(taken(shop, event, cloud_event(event))) == [("already_taken", "D-3")] * 2
    other = service_event(at=soon(), source="/ci/flux")
    assert outcomes(taken(shop, event, other)) == [("already_taken", "D-3"), ("change", "D-4")]


def test_a_commit_is_known_from_the_clone_by_sha_tag_or_recorded_release(shop):
    first = shop.git("rev-list", "--max-parents=0", "HEAD").strip()
    head = shop.git("rev-parse", "HEAD").strip()
    shop.git("tag", "v1", first)
    run(shop, "release", "record", "--release", "2.0")
    done = taken(
        shop,
        service_event(id="a", at=soon(), artifact=f"pkg:github/x/shop@{head}"),
        service_event("rolledback", id="b", at=soon(1), artifact="pkg:oci/shop@sha256%3Aabc?tag=v1"),
        service_event("upgraded", id="c", at=soon(2), artifact="2.0"),
    )
    assert outcomes(done) == [("recorded", "D-3"), ("rolled_back", "D-4"), ("recorded", "D-5")]
    kinds = [deployment(shop, ref)["deployment"] for ref in ("D-3", "D-4", "D-5")]
    assert [(one["kind"], one["head"], one["release"]) for one in kinds] == [
        ("redeploy", head, "2.0"),
        ("rollback", first, "v1"),
        ("deploy", head, "2.0"),
    ]


def test_without_a_clone_the_recorded_release_is_read(shop, tmp_path):
    run(shop, "release", "record", "--release", "2.0")
    ledger = f"sqlite:///{shop.path}/.releasewatch/ledger.db"
    (tmp_path / "hook").mkdir()
    event = service_event(at=soon(), service="apps/v1/Deployment/invoicing", artifact="pkg:oci/x@sha256%3Aab?tag=2.0")
    (tmp_path / "hook" / "e.json").write_text(json.dumps(event), "utf-8")
    done = run_here("event", "import", "e.json", "--database", ledger, "--format", "json", cwd=tmp_path / "hook")
    assert outcomes(done.document) == [("recorded", "D-3")]
    told = deployment(shop, "D-3")["deployment"]
    assert (told["release"], told["repo"], told["kind"]) == ("2.0", "shop", "redeploy")


def test_a_rollback_to_what_nobody_knows_takes_back_the_last_one_of_that_component(shop):
    done = taken(
        shop,
        service_event(id="a", at=soon()),
        service_event("rolledback", id="b", at=soon(1), artifact="pkg:oci/invoicing@sha256%3Acd"),
    )
    assert outcomes(done) == [("change", "D-3"), ("rolled_back", "D-3")]
    (window, *_) = [
        one
        for customer in run(shop, "exposure", "list", "--deployment", "D-3", "--format", "json").document["customers"]
        for one in customer["windows"]
    ]
    assert window["carrying_until"] is not None


def test_what_is_of_several_components_is_not_taken_back(shop):
    done = taken(shop, service_event("rolledback", at=soon(), artifact="unheard"))
    (refused,) = done["rejected_events"]
    assert refused["reason"].startswith("dev.cdevents.service.rolledback.0.3.0: No release is known for unheard")


def test_an_incident_is_opened_told_of_again_resolved_and_opened_again(shop):
    first = incident_event(id="a", at=soon(-30))
    again = incident_event("reported", id="b", at=soon(-20), description="Also in us")
    over = incident_event("resolved", id="c", at=soon(-10), description="Fixed")
    assert outcomes(taken(shop, over, again, first)) == [
        ("opened", "INC-1"),
        ("updated", "INC-1"),
        ("resolved", "INC-1"),
    ]
    told = incident(shop, "alert-7")
    assert (told["title"], told["status"], told["components"]) == ("Exports time out", "resolved", ["shop/invoicing"])
    assert told["attributes"] == {"url": "https://tickets.example.org/7"}
    assert outcomes(taken(shop, over, again, first)) == [("already_taken", "INC-1")] * 3
    assert outcomes(taken(shop, incident_event(id="d", at=soon(-25)))) == [("updated", "INC-1")]
    assert outcomes(taken(shop, incident_event(id="e", at=soon(-5)))) == [("reopened", "INC-1")]
    assert incident(shop, "alert-7")["status"] == "investigating"


def test_what_a_person_closed_stays_closed(shop):
    taken(shop, incident_event(id="a", at=soon(-30)))
    run(shop, "incident", "cancel", "alert-7", "--at", "20m")
    (shop.path / "e.json").write_text(json.dumps(incident_event(id="b", at=soon(-10))), "utf-8")
    done = run(shop, "event", "import", "e.json")
    assert done.out == "1 event read: 1 incident updated.\n"
    assert "INC-1 stays cancelled, as a person said" in done.err
    assert incident(shop, "INC-1")["status"] == "cancelled"


def test_the_end_of_what_nobody_told_of_waits(shop):
    over = incident_event("resolved", id="c", at=soon(-10))
    assert "No incident 'alert-7' was detected" in taken(shop, over)["rejected_events"][0]["reason"]
    taken(shop, incident_event(id="a", at=soon(-30)))
    assert outcomes(taken(shop, over)) == [("resolved", "INC-1")]


def test_an_incident_of_others_that_is_called_as_ours_gets_a_key_of_its_own(shop):
    taken(shop, incident_event(id="a", at=soon(-30), key="INC-1"))
    run(shop, "incident", "show", "cdevents:INC-1")


def test_events_of_cdevents_0_4_are_taken(shop):
    old = {"version": "0.2.0", "spec": "0.4.1"}
    done = taken(shop, service_event(at=soon(), **old), incident_event(id="i", at=soon(-1), **old), lines=False)
    assert outcomes(done) == [("opened", "INC-1"), ("change", "D-3")]


def test_other_types_are_refused_by_name_and_what_is_wrong_by_line_and_field(shop):
    lines = [
        json.dumps(service_event("removed", artifact="")),
        json.dumps(service_event("published")),
        json.dumps(service_event("published", id="e-2")),
        json.dumps(cloud_event(service_event(), type="com.example.push")),
        json.dumps(service_event(version="1.0.0")),
        "{broken",
        json.dumps(service_event(at="yesterday")),
        json.dumps({"hello": 1}),
        json.dumps(service_event(service="moon", at=soon())),
        json.dumps(cloud_event(service_event(), id="other")),
        json.dumps(service_event(artifact="", at=soon())),
        json.dumps(service_event(id="late", at=soon(60))),
    ]
    (shop.path / "events.jsonl").write_text("\n".join(lines), "utf-8")
    done = run(shop, "event", "import", "events.jsonl")
    *others, last = done.out.splitlines()
    assert "line 12: dev.cdevents.service.deployed.0.3.0: --finished-at is ahead of the clock" in last
    assert others == [
        "12 events read: 5 refused, 7 rejected.",
        "  refused: com.example.push (not taken)",
        "  refused: dev.cdevents.service.deployed.1.0.0 (not taken)",
        "  refused: dev.cdevents.service.published.0.3.0 (not taken), 2 times",
        "  refused: dev.cdevents.service.removed.0.3.0 (the ledger has no word for a service that is gone)",
        "  line 6: this is no JSON: line 1, column 2: Expecting property name enclosed in double quotes.",
        "  line 7: context.timestamp is 'yesterday'; wanted an instant with its zone, such as 2026-03-01T14:05:00Z.",
        "  line 8: context is missing, and so is what makes a CloudEvent (specversion, id, source, type).",
        "  line 10: data.context.id is 'e-1', and id of the CloudEvent 'other'.",
        "  line 11: subject.content.artifactId is missing; wanted a text.",
        (
            "  line 9: dev.cdevents.service.deployed.0.3.0: The ledger knows no component 'moon', or several of that "
            "name. Record a release or a deployment of its repo first; its key or title is what an event may call it."
        ),
    ]


def test_strict_takes_nothing_and_a_rehearsal_keeps_nothing(shop):
    good, other = service_event(at=soon()), service_event("published")
    document = taken(shop, good, other, options=["--strict"], status=1)
    assert (document["written"], outcomes(document)) == (False, [("change", None)])
    document = taken(shop, good, options=["--dry-run"])
    assert (document["written"], outcomes(document)) == (False, [("change", None)])
    assert outcomes(taken(shop, good, options=["--strict"])) == [("change", "D-3")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("hello", "is no JSON"),
        ("[" * 100_000, "nested too deep"),
        ("7", "holds no event"),
        ('[{"context": NaN}]', "NaN is no value of JSON"),
    ],
)
def test_what_is_no_events_at_all_is_a_wrong_call(shop, text, words):
    (shop.path / "e.json").write_text(text, "utf-8")
    assert words in run(shop, "event", "import", "e.json", status=2).err


def test_from_a_pipe(shop):
    done = subprocess.run(
        [sys.executable, "-m", "releasewatch", "event", "import", "-"],
        input=json.dumps(service_event(at=soon())),
        cwd=shop.path,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == "1 event read: 1 recorded as a change without git.\n"
