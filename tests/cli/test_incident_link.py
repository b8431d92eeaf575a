"""Blame on the command line: what `incident open` proposes, `incident suspects INC`, and `incident link`."""

from __future__ import annotations

import pytest

from tests.support.command import run_here


def incident(shop, *words, status=0, **more):
    done = run_here("incident", *words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


@pytest.fixture
def flagged(shop):
    """INC-1, about invoicing: D-2 changed it."""
    incident(shop, "open", "--title", "invoices 500", "--component", "invoicing", "--format", "json")
    return shop


def test_one_line_at_night_answers_in_one_screen(shop):
    done = incident(shop, "open", "--title", "invoices 500", "--component", "invoicing=partial", "--key", "page-1")
    lines = done.out.splitlines()
    assert len(lines) <= 30
    assert lines[0] == "INC-1: invoices 500 (investigating)"
    assert lines[1].endswith("UTC (not said; when the incident was opened)")
    assert lines[2:4] == ["  in shop/invoicing (partial)", "Suspects, of 100 points:"]
    assert lines[4].startswith("  1  D-2  ")
    assert ": changed shop/invoicing (30), changed nothing else (20), " in lines[4]
    assert "unlikely; " in lines[5]
    assert "4 customers: 2 presumed, 2 possible, 0 affected, 0 cleared; 4 still exposed, 0 returned." in lines
    assert lines[lines.index("First to call:") + 1] == "  acme (presumed)"
    following = lines[lines.index("Next:") + 1 :]
    assert following[0] == "  releasewatch incident link INC-1 --suspect 1"
    again = incident(shop, "open", "--title", "again", "--key", "page-1", "--format", "json").document
    assert [(one["number"], one["deployment"]) for one in again["suspects"]] == [(1, "D-2"), (2, "D-1")]


def test_the_contract_of_its_suspects(flagged):
    document = incident(flagged, "suspects", "INC-1", "--format", "json").document
    assert (document["schema"], document["incident"], document["none_plausible"]) == (1, "INC-1", False)
    best = document["suspects"][0]
    assert {"number", "deployment", "head", "score", "reasons"} <= set(best)
    assert (best["number"], best["deployment"], best["head"]) == (1, "D-2", flagged.head)
    assert best["score"] == sum(reason["points"] for reason in best["reasons"])
    assert all(set(reason) == {"kind", "points", "text"} for reason in best["reasons"])
    table = incident(flagged, "suspects", "INC-1").out.splitlines()
    assert table[0].startswith("INC-1: hurting since ")
    assert table[0].endswith(" (not said; when the incident was opened), in shop/invoicing")
    assert "1  D-2:" in table


def test_the_first_suspect_is_linked_by_its_number(flagged):
    done = incident(flagged, "link", "INC-1", "--suspect", "1", "--format", "json")
    assert done.err.startswith("The suspect is D-2 of shop to production, live from ")
    (link,) = done.document["deployments"]
    assert (link["id"], link["state"]) == ("D-2", "suspect")
    assert link["score"] > 50
    assert link["reason"].startswith("changed shop/invoicing (30); ")
    assert (done.document["none_plausible"], done.document["suspects"]) == (None, [])
    again = incident(flagged, "link", "INC-1", "--suspect", "D-2")
    assert "D-2 was suspect before; nothing was added." in again.err
    confirmed = incident(
        flagged, "link", "INC-1", "--suspect", "1", "--state", "confirmed", "--why", "the log", "--format", "json"
    )
    assert confirmed.document["deployments"][0]["reason"].startswith("the log; changed shop/invoicing (30)")
    shown = incident(flagged, "suspects", "INC-1", "--format", "json").document["suspects"][0]
    assert (shown["score"], shown["reasons"][0]["text"]) == (100, "somebody confirmed it")
    timeline = incident(flagged, "show", "INC-1", "--timeline").out
    assert "suspect  [replaced]" in timeline


@pytest.mark.parametrize("word", ["confirmed", "cleared"])
def test_a_number_does_not_take_a_clear_word_back(flagged, word):
    incident(flagged, "link", "INC-1", "--suspect", "1", "--state", word, "--why", "looked")
    refused = incident(flagged, "link", "INC-1", "--suspect", "1", "--format", "json", status=4)
    assert refused.error["message"] == f"D-2 was {word} before."
    incident(flagged, "link", "INC-1", "--suspect", "1", "--state", "suspect")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--suspect", "9"], "No suspect was shown as 9 for INC-1. 1 is D-2, 2 is D-1."),
        (["--suspect", "0"], "No suspect was shown as 0"),
        (["--suspect", "9" * 30], "No suspect was shown as 999"),
        (["--suspect", "D-9"], "The ledger has no deployment D-9."),
        (["--suspect", "²"], "The ledger has no deployment '²'."),
        (["--suspect", ""], "No suspect is named."),
        (["--suspect", "1", "--deployment", "D-2"], "One deployment is linked at a time."),
        (["--suspect", "1", "--fixed-by", "D-2"], "One deployment is linked at a time."),
        (["--suspect", "1", "--state", "cleared"], "Blame has a state and a reason."),
        (["--fixed-by", "D-2", "--state", "suspect"], "A state is said of blame, and not of a fix."),
    ],
)
def test_what_is_refused(flagged, words, message):
    refused = incident(flagged, "link", "INC-1", *words, "--format", "json", status=2)
    assert message in refused.error["message"]
    assert incident(flagged, "show", "INC-1", "--format", "json").document["deployments"] == []


def test_an_incident_is_asked_as_it_is(flagged):
    refused = incident(flagged, "suspects", "INC-1", "--since", "2h", "--format", "json", status=2)
    assert refused.error["message"] == "What an incident is about is known from itself."
    assert incident(flagged, "suspects", "INC-9", "--format", "json", status=2).error["code"] == "unknown_name"
    clock = incident(flagged, "suspects", "INC-1", "--strategy", "latest", "--format", "json").document
    assert [reason["kind"] for reason in clock["suspects"][0]["reasons"]] == ["latest"]


def test_showing_writes_no_numbers(flagged):
    incident(flagged, "update", "INC-1", "--started-at", "4000d")
    shop = flagged
    shop.commit("later", {"services/invoicing/a.py": "later"})
    assert run_here("deployment", "record", "--environment", "production", "-q", cwd=shop.path).status == 0
    incident(shop, "show", "INC-1")
    named = incident(shop, "open", "--title", "slow", "--deployment", "D-3", "--format", "json").document
    assert named["deployments"][0]["score"] is not None
    now = incident(shop, "show", "INC-1", "--known-at", "now", "--format", "json").document
    assert "suspects" not in now, "of the past nobody asks whom to suspect"


def test_none_of_these(shop):
    done = incident(shop, "open", "--title", "old", "--component", "invoicing", "--started-at", "4000d")
    assert "Suspects: none; no deployment went live in the 90 days before it began ([suspects] " in done.out
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text() + "\n[suspects]\nplausible = 100\n")
    done = incident(shop, "open", "--title", "new", "--component", "invoicing")
    assert "Suspects, of 100 points: none of these is plausible, so the cause may be elsewhere:" in done.out
    assert "--suspect" not in done.out
    assert "  releasewatch incident link INC-2 --deployment ID --state suspect --why TEXT" in done.out


def test_a_fix_that_took_it_back_by_itself(flagged):
    shop = flagged
    incident(shop, "link", "INC-1", "--suspect", "1")
    shop.git("revert", "--no-edit", "HEAD~2..HEAD")
    assert run_here("deployment", "record", "--environment", "production", "-q", cwd=shop.path).status == 0
    shown = incident(shop, "show", "INC-1").out
    assert "taken back by D-3; nobody has said that this fixed it" in shown
    assert "  releasewatch incident link INC-1 --fixed-by D-3" in shown
    done = incident(shop, "link", "INC-1", "--fixed-by", "D-3")
    assert done.err == "D-3 had taken back what INC-1 is blamed on; that it is the fix is now kept.\n"
    assert "fixed by D-3" in done.out


def test_who_leads_is_withheld_where_names_are(flagged):
    incident(flagged, "update", "INC-1", "--commander", "Kim", "--liaison", "Olga")
    piped = incident(flagged, "show", "INC-1", "--format", "json").document["incident"]
    assert (piped["commander"], piped["liaison"], piped["withheld"]) == (None, None, ["commander", "liaison"])
    assert "  Kim leads, Olga speaks with customers" in incident(flagged, "show", "INC-1", "--reveal", "names").out


def test_a_monitor_that_fires_again_after_the_end_is_told_how_to_reopen(shop):
    incident(shop, "open", "--title", "down", "--key", "page-1")
    incident(shop, "resolve", "INC-1")
    again = incident(shop, "open", "--title", "down", "--key", "page-1", "--format", "json").document
    assert (again["incident"]["status"], again["next"][0]) == ("resolved", "releasewatch incident reopen INC-1")


def test_what_is_no_text_is_refused(flagged):
    refused = incident(flagged, "update", "INC-1", "--title", "caf\udce9", "--format", "json", status=2)
    assert refused.error["message"] == "What was given to the command is no text in UTF-8."


def test_what_fixed_nothing_is_refused_and_a_wrong_word_is_taken_back(flagged):
    incident(flagged, "link", "INC-1", "--suspect", "1")
    refused = incident(flagged, "link", "INC-1", "--fixed-by", "D-2", status=4)
    assert "D-2 is blamed for INC-1 itself" in refused.err
    refused = incident(flagged, "link", "INC-1", "--fixed-by", "D-1", status=4)
    assert "before D-2, which is blamed" in refused.err
    flagged.commit("fix: round half up", {"services/invoicing/a.py": "3"})
    run = ["deployment", "record", "--environment", "production", "--key", "three", "--fixes", "INC-1"]
    assert run_here(*run, cwd=flagged.path).status == 0
    assert incident(flagged, "show", "INC-1", "--format", "json").document["customers"]["still_exposed"] == 0
    assert incident(flagged, "link", "INC-1", "--not-fixed-by", "D-3", status=2).err.count("--why") == 1
    words = ("deployment", "correct", "D-3", "--not-fixes", "INC-1", "--why", "it only looked so")
    done = run_here(*words, "--format", "json", cwd=flagged.path)
    assert done.document["carried_again"] is True
    shown = incident(flagged, "show", "INC-1", "--format", "json").document
    assert (shown["customers"]["still_exposed"], shown["fixed_by"]) == (4, [])
    again = incident(flagged, "link", "INC-1", "--not-fixed-by", "D-3", "--why", "no")
    assert "was taken back before; nothing was added" in again.err
    told = incident(flagged, "show", "INC-1", "--timeline").out
    assert "not fixed by" in told
    assert "it only looked so" in told


def test_a_deployment_shows_what_it_is_blamed_for_and_said_to_fix(flagged):
    def shown(ref):
        done = run_here("deployment", "show", ref, "--format", "json", cwd=flagged.path)
        return {name: done.document["deployment"][name] for name in ("blame", "fixes", "fixed_by")}

    assert shown("D-2") == {"blame": [], "fixes": [], "fixed_by": []}
    incident(flagged, "link", "INC-1", "--suspect", "1", "--state", "confirmed", "--why", "the log says so")
    flagged.commit("Mend it", {"services/invoicing/a.py": "3"})
    record = ("deployment", "record", "--environment", "production", "--key", "three", "-q")
    assert run_here(*record, "--fixes", "INC-1", "--fixes", "D-2", cwd=flagged.path).status == 0
    assert shown("D-2") == {"blame": [{"incident": "INC-1", "state": "confirmed"}], "fixes": [], "fixed_by": ["D-3"]}
    assert shown("D-3") == {"blame": [], "fixes": ["D-2", "INC-1"], "fixed_by": []}
    lines = run_here("deployment", "show", "D-2", cwd=flagged.path).out.splitlines()
    assert {"  confirmed in INC-1", "  said to be fixed by D-3"} <= set(lines)
    incident(flagged, "link", "INC-1", "--not-fixed-by", "D-3", "--why", "it came back")
    incident(flagged, "link", "INC-1", "--deployment", "D-2", "--state", "cleared", "--why", "it was the cache")
    assert shown("D-3")["fixes"] == ["D-2"]
    assert shown("D-2")["blame"] == [{"incident": "INC-1", "state": "cleared"}]


def test_an_undo_by_hand_is_taken_back_as_a_whole(flagged):
    def undo(*words, status=0):
        done = run_here("deployment", "undo", *words, cwd=flagged.path)
        assert done.status == status, done.err
        return done

    assert "Leave out --region" in undo("D-2", "--take-back", "--region", "eu", "--why", "no", status=2).err
    assert "needs a reason" in undo("D-2", "--take-back", "--why", " ", status=2).err
    done = undo("D-2", "--take-back", "--why", "no")
    assert (done.out, done.err) == ("", "Nobody says that D-2 was undone by hand: nothing was taken back.\n")
    undo("D-2", "--why", "went back")
    assert undo("D-2", "--take-back", "--why", "it was staging").out == (
        "That D-2 was undone by hand is taken back; it is carried again.\n"
    )
    told = undo("D-2", "--take-back", "--why", "it was staging", "--format", "json").document
    assert told == {
        "schema": 1, "deployment": "D-2", "not_undone": False, "carried_again": False, "already_taken_back": True,
    }  # fmt: skip
