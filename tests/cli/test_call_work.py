"""`releasewatch call` about an incident, and the work on the list: exit codes, and what each channel may show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.command import run_here

BY = ("--by", "olga")
SOON, NEXT_YEAR = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (2, 365))
"""Still to come when a midnight falls between reading this file and running it, and over where `days_later(3)` is."""


@pytest.fixture
def called(shop):
    """The shop's second deployment is blamed, and the calls are planned."""
    opened = run_here("incident", "open", "--title", "down", "--deployment", "two", "--severity", "SEV1", cwd=shop.path)
    assert opened.status == 0, opened.err
    assert "releasewatch call plan --incident INC-1" in opened.out
    planned = run_here("call", "plan", "--incident", "INC-1", "--format", "json", cwd=shop.path).document
    assert (planned["incident"], planned["deployment"], planned["added"], planned["list_version"]) == (
        "INC-1",
        None,
        4,
        1,
    )
    return shop


def test_a_call_is_claimed_made_and_shown(called):
    def does(*words, status=0):
        done = run_here("call", *words, "--format", "json", cwd=called.path)
        assert done.status == status, done.err
        return done

    calls = {one["customer"]: one for one in does("list", "--incident", "INC-1").document["calls"]}
    assert {name: (one["purpose"], one["group"]) for name, one in calls.items()} == dict.fromkeys(
        ("acme", "bolt", "cask", "dent"), ("first_notice", "incident")
    )
    assert calls["cask"]["verdict"] == "write"
    assert all(sum(one["parts"].values()) == one["score"] for one in calls.values())
    call = calls["acme"]["id"]
    assert does("claim", call, *BY).document["call"]["status"] == "claimed"
    does("claim", call, "--by", "  olga ")
    refused = does("claim", call, "--by", "piet", status=4)
    assert refused.out == ""
    assert "Somebody else holds" in refused.err
    assert "olga" not in refused.err
    words = ("--note", "Ada was cross", "--quote", "exports hang", "--promise", "a note", "--due", SOON)
    logged = does("log", call, "--disposition", "connected", *words, *BY).document["call"]
    assert (logged["status"], logged["customer"]) == ("done", "acme")
    shown = does("show", call)
    (attempt,) = shown.document["call"]["attempts"]
    assert attempt["withheld"] == ["note", "quote", "promise", "by"]
    for name in ("cross", "exports", "a note", "olga", "Acme", "23125"):
        assert name not in shown.out
    assert attempt["told"][0]["incident"] == "INC-1"
    does("skip", calls["bolt"]["id"], "--why", "closed", *BY)
    run_here("incident", "impact", "INC-1", "--clear", "dent", "--why", "logs", cwd=called.path)
    stale = does("claim", calls["dent"]["id"], *BY)
    assert stale.document["call"]["status"] == "claimed"
    assert "The first notice of INC-1 is not due any more: they were cleared." in stale.err
    assert "releasewatch call plan --incident INC-1" in stale.err
    assert does("plan", "--incident", "INC-1").document["added"] == 0
    run_here("incident", "impact", "INC-1", "--clear", "acme", "--why", "logs", cwd=called.path)
    incident = run_here("incident", "show", "INC-1", "--format", "json", cwd=called.path).document
    assert incident["corrections_owed"] == 1
    assert incident["corrections"][0]["customer"] == "acme"
    assert "1 correction owed:" in run_here("incident", "show", "INC-1", cwd=called.path).out
    late = does("log", calls["dent"]["id"], "--disposition", "connected", *BY)
    assert f"{calls['dent']['id']}: had been withdrawn meanwhile; what they were told is kept. Plan again" in late.err
    assert late.document["call"]["was"] == "withdrawn"
    again = does("log", call, "--disposition", "no_answer", *BY)
    assert f"{call}: had been made before; this is kept beside it." in again.err
    assert (again.document["call"]["status"], again.document["call"]["next_at"]) == ("done", None)
    assert does("log", call, "--disposition", "callback", "--next-at", "2999-01-01", *BY, status=2).out == ""


def test_a_document_of_an_incidents_list_says_what_not_to_improvise(called, tmp_path):
    for form in ("md", "html", "csv"):
        done = run_here("call", "render", "--incident", "INC-1", "--format", form, cwd=called.path)
        assert done.status == 0, done.err
        assert "No agreed wording, do not improvise." in done.out.replace("\\", "")
        for name in ("Acme", "Ada", "23125", "olga", "ada@"):
            assert name not in done.out


def test_what_the_calls_are_about_is_said_once(called):
    for words in ((), ("--incident", "INC-1", "--deployment", "two")):
        refused = run_here("call", "list", *words, cwd=called.path)
        assert refused.status == 2
        assert "Give --deployment ID, --incident KEY, --head REV or --purpose check_in." in refused.err
    blamed = run_here("call", "plan", "--deployment", "two", cwd=called.path)
    assert blamed.status == 4
    assert "call plan --incident INC-1" in blamed.err


def test_a_promise_is_listed_until_it_is_kept(called, days_later):
    def does(*words, status=0):
        done = run_here("call", *words, cwd=called.path)
        assert done.status == status, done.err
        return done

    promised = ("--promise", "a secret note", "--due", SOON, "--ask-engineering", "a secret question")
    does("log", "C-1", "--disposition", "connected", *promised, *BY)
    days_later(3)
    shown = does("show", "C-1", "--format", "json")
    (attempt,) = shown.document["call"]["attempts"]
    assert attempt["withheld"] == ["promise", "ask_engineering", "by"]
    listed = does("promises", "--format", "json")
    assert (listed.document["count"], listed.document["overdue"]) == (1, 1)
    assert (listed.document["promises"][0]["id"], listed.document["promises"][0]["state"]) == ("P-1", "open")
    table = does("promises")
    assert "OVERDUE" in table.out
    assert table.out.endswith("1 promise, 1 overdue.\n")
    for text in (shown.out, listed.out, table.out):
        assert "secret" not in text
        assert "olga" not in text
    assert does("promise", "C-1", "kept", *BY).out.startswith("P-1 is kept.")
    assert does("promises").out == "0 promises, 0 overdue.\n"
    moved = does("promise", "P-1", "moved", "--due", NEXT_YEAR, "--why", "they asked", "--format", "json", *BY)
    assert (moved.document["promise"]["due_on"], moved.document["promise"]["why"]) == (NEXT_YEAR, None)
    assert "There is no promise" in does("promise", "P-7", "kept", *BY, status=2).err


def test_who_leaves_hands_over_what_they_hold_and_promised(called):
    def does(*words, status=0):
        done = run_here(*words, "--format", "json", cwd=called.path)
        assert done.status == status, done.err
        return done

    staff = called.path / "staff.csv"
    staff.write_text(
        "key,name,email,manager,away_from,away_to\nolga,Olga,Olga@example.org,kim,,\npiet,Piet,,kim,2020-01-01,\nkim,Kim,,,,\n"
    )
    calls = {one["customer"]: one for one in does("call", "list", "--incident", "INC-1").document["calls"]}
    first, second, third = (calls[name]["id"] for name in ("acme", "bolt", "dent"))
    does("call", "claim", third, "--by", "piet")
    does("staff", "import", str(staff))
    does("call", "claim", third, "--by", "piet", status=4)
    promise = ("--promise", "a note", "--due", SOON)
    does("call", "log", first, "--disposition", "connected", *promise, "--by", "olga@example.org")
    does("call", "claim", second, "--by", "olga")
    leaving = ("staff", "leave", "olga", "--to", "kim", "--why", "moves on", "--by", "boss")
    expected = {
        "customers": 2,
        "kept_by": "kim",
        "calls": [second],
        "promises": [{"call": first, "customer": "acme", "due_on": SOON}],
    }
    rehearsed = does(*leaving, "--dry-run").document
    assert {name: rehearsed[name] for name in expected} == expected
    assert rehearsed["dry_run"]
    assert does("call", "show", second, "--reveal", "names").document["call"]["holder"] == "olga"
    done = does(*leaving).document
    assert {name: done[name] for name in (*expected, "dry_run")} == {**expected, "dry_run": False}
    assert does("call", "show", second, "--reveal", "names").document["call"]["holder"] == "kim"
    assert does("call", "show", third, "--reveal", "names").document["call"]["holder"] == "piet"
    (attempt,) = does("call", "show", first, "--reveal", "names").document["call"]["attempts"]
    assert attempt["promise_kept_by"] == "kim (taken over from olga)"
    (hidden,) = does("call", "show", first).document["call"]["attempts"]
    assert (hidden["promise_kept_by"], "promise_kept_by" in hidden["withheld"]) == (None, True)
    assert does("customer", "show", "acme", "--reveal", "names").document["customer"]["kept_by"] == (
        "kim (taken over from olga)"
    )
    listed = run_here("call", "list", "--incident", "INC-1", "--reveal", "names", cwd=called.path).out
    assert "piet (away since 2020-01-01; their manager is kim)" in listed
    does("staff", "leave", "piet", "--why", "gone", "--by", "boss")
    assert does("call", "show", third, "--reveal", "names").document["call"]["status"] == "open"
    told = run_here("staff", "leave", "kim", "--why", "gone", "--by", "boss", "--dry-run", cwd=called.path)
    assert f"1 call held by nobody now: {second}.\n" in told.out
    assert told.err.endswith("Nothing was kept: this was a rehearsal.\n")


def test_a_draft_is_shown_as_one_everywhere_and_its_calls_wait_for_a_word(shop, tmp_path):
    def does(*words, status=0):
        done = run_here(*words, cwd=shop.path)
        assert done.status == status, done.err
        return done

    does("incident", "open", "--title", "down", "--deployment", "two", "--severity", "SEV2", "--liaison", "Lou Example")
    about = ("--incident", "INC-1")
    planned = does("call", "plan", *about, "--format", "json").document
    assert (planned["approved"], planned["approval"]["because"]) == (False, "nobody has approved it yet")
    for words in (("list",), ("plan",), ("render", "--format", "md"), ("render", "--format", "html")):
        assert "DRAFT, no call may be made" in does("call", *words, *about).out
    rows = does("call", "render", "--format", "csv", *about)
    assert ",draft," in rows.out
    assert "DRAFT" in rows.err
    refused = does("call", "claim", "C-1", *BY, "--format", "json", status=4)
    assert (refused.out, "Lou" in refused.err) == ("", False)
    assert "Its customer liaison approves it" in refused.err
    assert "call approve --incident INC-1" in refused.err
    assert does("call", "claim", "--next", *about, *BY).out == "Nothing to call now. INC-1 is a draft.\n"
    does("call", "log", "C-1", "--disposition", "connected", *BY, status=4)
    does("call", "approve", *about, *BY, status=4)
    approved = does("call", "approve", *about, "--by", "Lou Example", "--format", "json").document
    assert (approved["approved"], approved["already"]) == (True, False)
    assert (approved["last"]["by"], approved["last"]["withheld"]) == (None, ["by"])
    assert does("call", "list", *about, "--format", "json").document["approved"] is True
    assert does("call", "claim", "C-1", *BY).status == 0
    moved = does("call", "hand-over", "C-1", "--to", "piet", "--why", "Olga is ill", *BY, "--format", "json")
    assert moved.document["call"]["status"] == "claimed"
    shown = does("call", "show", "C-1", "--format", "json").document["call"]
    assert [(one["kind"], one["to"], one["withheld"]) for one in shown["moves"]] == [
        ("hand_over", None, ["from", "to", "by", "why"])
    ]
    assert "piet" not in does("call", "show", "C-1").out
    does("call", "render", *about, "-o", str(tmp_path / "calls.md"))
    does("incident", "cancel", "INC-1", "--why", "a false alarm")
    withdrawn = does("call", "plan", *about, "--format", "json").document["withdrawn_versions"]
    assert [(one["version"], one["audience"], one["because"]) for one in withdrawn] == [
        (1, "everyone", "the incident was cancelled")
    ]
    assert "is withdrawn: the incident was cancelled." in does("call", "list", *about).out
    does("call", "plan", *about, "--spread", "north", status=2)
    for words in (("claim",), ("claim", "C-1", "--next"), ("claim", "C-1", *about), ("claim", "--next")):
        does("call", *words, *BY, status=2)
