"""`call list --explain`, `--order callable`, and letters: what each channel shows, and what is refused."""

from __future__ import annotations

import csv
import json
import stat

import pytest

from releasewatch.domain.privacy import opaque_key
from tests.support.command import run_here

ABOUT = ("--deployment", "two")
LIST = ("call", "list", *ABOUT)
RENDER = ("call", "render", *ABOUT)
IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}


@pytest.fixture
def planned(shop):
    assert run_here("call", "plan", *ABOUT, cwd=shop.path).status == 0
    return shop


def test_a_place_is_explained_for_people_and_for_programs(planned):
    told = run_here(*LIST, "--explain", "dent", "-q", cwd=planned.path)
    assert told.status == 0, told.err
    assert told.out.startswith("dent: place 2 of 4 for D-2, ")
    assert "Above them: acme, place 1," in told.out
    assert "more would put dent before acme." in told.out
    assert "a contact whom we may call: call" in told.out, "a name is not shown in a pipe, and not what was said either"
    found = run_here(*LIST, "--explain", "dent", "--format", "json", "-q", cwd=planned.path).document["explanation"]
    above = found["above"]
    assert (found["customer"], found["rank"], above["customer"], above["rank"]) == ("dent", 2, "acme", 1)
    assert sum(found["difference"].values()) == found["call"]["score"] - above["score"] < 0
    assert found["points_to_pass"] == above["score"] - found["call"]["score"] + 1
    assert found["call"]["name"] is None
    open_hand = run_here(*LIST, "--explain", "cask", "--reveal", "names", "-q", cwd=planned.path)
    assert "do-not-call being cleared, by a person and with why: call" in open_hand.out


def test_the_first_and_the_absent_are_explained_too(planned):
    first = run_here(*LIST, "--explain", "acme", "-q", cwd=planned.path)
    assert "Nobody stands above them." in first.out
    absent = run_here(
        "call", "list", "--deployment", "one", "--explain", "acme", "--format", "json", "-q", cwd=planned.path
    )
    assert absent.document["explanation"]["on_list"] in (True, False)
    unknown = run_here(*LIST, "--explain", "nobody", "--format", "json", cwd=planned.path)
    assert (unknown.status, unknown.out) == (2, "")


def test_in_ci_a_place_tells_nothing_of_the_relationship(planned):
    settings = planned.path / "releasewatch.toml"
    settings.write_text(settings.read_text("utf-8") + '[privacy]\nkeys = "opaque"\n', "utf-8")
    done = run_here(*LIST, "--explain", "dent", "--format", "json", cwd=planned.path, env=IN_CI)
    found = done.document["explanation"]
    assert found["customer"] == opaque_key("dent")
    shown = json.dumps(done.document)
    assert not any(f'"{word}"' in shown for word in ("acme", "dent", "tier", "contract", "renewal"))
    assert "relationship" in found["above"]["parts"]


@pytest.mark.parametrize(
    "more", [("--account-manager", "olga"), ("--band", "now"), ("--format", "jsonl"), ("--order", "callable")]
)
def test_a_place_is_one_on_the_whole_list(planned, more):
    done = run_here(*LIST, "--explain", "acme", *more, cwd=planned.path)
    assert (done.status, done.out) == (2, "")
    assert "whole list" in done.err


def test_the_order_of_callability(planned):
    document = run_here(*LIST, "--order", "callable", "--format", "json", "-q", cwd=planned.path).document
    order = ["now", "unknown", "later", "never"]
    places = [order.index(call["callable"]) for call in document["calls"]]
    assert places == sorted(places)
    assert sorted(call["rank"] for call in document["calls"]) == [1, 2, 3, 4]
    refused = run_here(*LIST, "--order", "callable", "--after", "1", cwd=planned.path)
    assert (refused.status, refused.out) == (2, "")


def test_a_merge_table_goes_to_a_protected_file_and_nowhere_else(planned):
    refused = run_here(*RENDER, "--format", "mailmerge", cwd=planned.path)
    assert (refused.status, refused.out) == (4, "")
    assert "-o FILE" in refused.err
    in_ci = run_here(*RENDER, "--format", "mailmerge", "-o", "m.csv", cwd=planned.path, env=IN_CI)
    assert (in_ci.status, (planned.path / "m.csv").exists()) == (4, False)
    done = run_here(*RENDER, "--format", "mailmerge", "-o", "m.csv", cwd=planned.path)
    assert done.status == 0, done.err
    assert "In the table: 2 letters to send, 0 not to be sent.\n" in done.err
    assert "Written: m.csv (2 rows)\n" in done.err, "and not everybody on the list"
    file = planned.path / "m.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["customer"]: row for row in csv.DictReader(stream)}
    assert {key: row["sendable"] for key, row in rows.items()} == {"cask": "yes", "dent": "yes"}
    assert rows["dent"]["subject"] == "What changed in Invoices"
    assert rows["dent"]["body"].startswith("Dear Di Example,\n\n")
    assert "Exports are CSV now." in rows["dent"]["body"]


def test_drafts_are_made_in_a_new_folder_all_or_none(planned):
    done = run_here(*RENDER, "--write-drafts", "drafts", cwd=planned.path)
    assert done.status == 0, done.err
    folder = planned.path / "drafts"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.suffix for path in folder.iterdir()} == {".eml"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    again = run_here(*RENDER, "--write-drafts", "drafts", cwd=planned.path)
    assert again.status == 4
    assert "could be sent twice" in again.err
    nowhere = run_here(*RENDER, "--write-drafts", "no/such/place", cwd=planned.path)
    assert nowhere.status == 2
    both = run_here(*RENDER, "--write-drafts", "other", "-o", "x.md", cwd=planned.path)
    assert (both.status, (planned.path / "x.md").exists()) == (2, False)
    assert not [path for path in planned.path.iterdir() if path.name.startswith(".drafts")]
    mine = run_here(*RENDER, "--account-manager", "olga", "--write-drafts", "olga", cwd=planned.path)
    assert mine.status == 0, mine.err
    assert [path.name.split("-", 1)[1] for path in (planned.path / "olga").iterdir()] == ["dent.eml"]


def test_a_call_that_is_on_no_list_any_more_is_shown_all_the_same(shop):
    opened = run_here("incident", "open", "--title", "x", "--deployment", "two", "--format", "json", cwd=shop.path)
    key = opened.document["incident"]["key"]
    assert run_here("call", "plan", "--incident", key, cwd=shop.path).status == 0
    assert run_here("incident", "cancel", key, "--why", "a false alarm", cwd=shop.path).status == 0
    assert run_here("call", "plan", "--incident", key, cwd=shop.path).status == 0
    shown = run_here("call", "show", "C-1", cwd=shop.path)
    assert shown.status == 0, shown.err
    assert "withdrawn: the incident was cancelled" in shown.out
    gone = run_here("call", "list", "--incident", key, "--explain", "acme", cwd=shop.path)
    assert "is not on the list" in gone.out
    assert "the incident was cancelled" in gone.out
    bare = run_here("call", "render", "--incident", key, "--write-drafts", "none", cwd=shop.path)
    assert bare.status == 0, bare.err
    assert list((shop.path / "none").iterdir()) == []
