"""`releasewatch incident import` on the command line: counts, rejected rows, exit codes, stdin, rehearsals."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from releasewatch.cli.incident_import import SOURCES
from releasewatch.integrations import incidents
from tests.support.command import run_here

HEAD = "key,title,severity,started_at,ended_at,components,regions,team\n"
GOOD = "t-1,invoices 500,SEV2,2026-03-01T02:00:00Z,2026-03-01T03:00:00Z,invoicing;moon,mars,blue\n"
BAD = "t-2,down,awful,2026-03-01T02:00:00Z,,,,\n"


@pytest.fixture
def table(shop):
    path = shop.path / "past.csv"
    path.write_text(HEAD + GOOD, "utf-8")
    return path


def imported(shop, *words, status=0):
    done = run_here("incident", "import", *words, cwd=shop.path)
    assert done.status == status, done.err
    return done


def listed(shop):
    return run_here("incident", "list", "--format", "json", cwd=shop.path).document["incidents"]


def test_the_contract(shop, table):
    done = imported(shop, "past.csv", "--format", "json")
    assert done.document == {
        "schema": 1,
        "read": 1,
        "files_left_out": 0,
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "written": True,
        "entries": 0,
        "unknown_components": 1,
        "unknown_regions": 1,
        "incidents": [{"key": "INC-1", "given_key": "t-1", "outcome": "added"}],
        "kept_by_hand": [],
        "rejected": [],
    }
    told = run_here("incident", "show", "t-1", "--format", "json", cwd=shop.path).document["incident"]
    assert (told["severity"], told["status"], told["components"]) == ("SEV2", "resolved", ["shop/invoicing"])
    assert (told["impact_started_at"], told["impact_started_because"]) == ("2026-03-01T02:00:00Z", "said")
    assert told["attributes"] == {"team": "blue", "unknown_components": '["moon"]', "unknown_regions": '["mars"]'}


def test_for_people_and_again(shop, table):
    done = imported(shop, "past.csv")
    assert done.out == "1 incident read: 1 added, 0 updated, 0 unchanged.\n"
    assert done.err.splitlines() == [
        "The ledger does not know 1 name of a component: kept as attributes.",
        "The ledger does not know 1 name of a region: kept as attributes.",
    ]
    assert imported(shop, "past.csv", "-q").out == "1 incident read: 0 added, 0 updated, 1 unchanged.\n"


def test_a_correction_by_hand_stays(shop, table):
    imported(shop, "past.csv")
    run_here("incident", "update", "t-1", "--title", "invoices failed", cwd=shop.path)
    table.write_text(HEAD + GOOD.replace("invoices 500", "invoices 503").replace("SEV2", "SEV1"), "utf-8")
    done = imported(shop, "past.csv")
    assert done.out == "1 incident read: 0 added, 1 updated, 0 unchanged.\n"
    assert "INC-1: title stays as somebody said by hand; the file says otherwise." in done.err
    (told,) = listed(shop)
    assert (told["title"], told["severity"]) == ("invoices failed", "SEV1")


def test_files_that_hold_no_incidents_are_counted_apart(shop, table):
    folder = shop.path / "past"
    folder.mkdir()
    (folder / "past.csv").write_text((shop.path / "past.csv").read_text())
    for name in ("package.json", "settings.json"):
        (folder / name).write_text('{"name": "shop"}')
    done = imported(shop, "past")
    assert done.out.splitlines()[0] == "1 incident read: 1 added, 0 updated, 0 unchanged; 2 files left out."
    counts = imported(shop, "past", "--format", "json").document
    assert (counts["read"], counts["files_left_out"], len(counts["rejected"])) == (1, 2, 2)


def test_rejected_rows_are_told_and_strict_stops_at_them(shop, table):
    table.write_text(HEAD + BAD + GOOD + GOOD, "utf-8")
    stopped = imported(shop, "past.csv", "--strict", "--format", "json", status=1)
    assert (stopped.document["written"], listed(shop)) == (False, [])
    assert [(one["place"], one["field"]) for one in stopped.document["rejected"]] == [
        ("past.csv, line 2", "severity"),
        ("past.csv: t-1", "key"),
    ]
    done = imported(shop, "past.csv")
    assert done.out.splitlines()[:2] == [
        "3 incidents read: 1 added, 0 updated, 0 unchanged, 2 rejected.",
        "  past.csv, line 2: severity is 'awful'; wanted one of " + done.out.splitlines()[1].partition("one of ")[2],
    ]
    assert len(listed(shop)) == 1


def test_a_rehearsal_keeps_nothing(shop, table):
    done = imported(shop, "past.csv", "--dry-run")
    assert "1 added" in done.out
    assert "this was a rehearsal" in done.err
    assert listed(shop) == []


def test_from_stdin(shop):
    said = json.dumps(
        {"incidents": [{"id": "P1", "incident_number": 1, "title": "down", "urgency": "high", "status": "triggered",
                        "created_at": "2026-03-01T02:00:00Z", "service": {"id": "S", "summary": "checkout"}}]}
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "releasewatch", "incident", "import", "-", "--source", "pagerduty", "--format", "json"],
        cwd=shop.path, input=said, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["incidents"] == [{"key": "INC-1", "given_key": "P1", "outcome": "added"}]
    (told,) = listed(shop)
    assert (told["severity"], told["status"], told["components"]) == ("SEV2", "investigating", ["shop/checkout"])


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("{}", (), "holds no incidents of a kind that is known"),
        ('[{"begin": ', (), "this is no JSON"),
        ("a,b\n1,2\n", ("--source", "csv"), "names no column key"),
    ],
)
def test_what_is_no_file_of_incidents_is_an_error(shop, text, words, says):
    (shop.path / "bad.txt").write_text(text, "utf-8")
    done = imported(shop, "bad.txt", *words, status=2)
    assert says in done.err
    assert done.out == ""


def test_a_file_that_is_not_there(shop):
    assert "nowhere.json" in imported(shop, "nowhere.json", status=2).err


def test_every_reader_can_be_named():
    assert set(SOURCES) == set(incidents.SOURCES)
