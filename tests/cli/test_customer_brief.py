"""`releasewatch customer brief` and `call voices`: a screen for who answers the line, and words for who builds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasewatch import wiring
from tests.support.command import run_here, run_on_terminal

BY = ("--by", "olga")
SOON = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
"""Still to come when a midnight falls between reading this file and running it, and over where `days_later(3)` is."""
SECRET = ("Ada was cross", "exports hang!", "a secret note", "Ada Example", "23125", "ada@acme", "Acme", "olga")


@pytest.fixture
def spoken(shop, days_later):
    """The second deployment is blamed; Acme rang, was called, and promised something, which is overdue by now."""

    def does(*words):
        done = run_here(*words, cwd=shop.path)
        assert done.status == 0, done.err

    does("incident", "open", "--title", "exports down", "--deployment", "two", "--severity", "SEV1")
    does("incident", "update", "INC-1", "--summary", "Exports hang, we are on it.", "--audience", "customer")
    does("call", "plan", "--incident", "INC-1")
    rang = ("--customer", "acme", "--note", "Ada was cross", "--quote", "The exports hang!", "--reference", "SUP-9")
    does("call", "inbound", *rang, "--component", "invoicing", *BY)
    promised = ("--promise", "a secret note", "--due", SOON, "--quote", "exports hang, says Ada")
    does("call", "log", "C-1", "--disposition", "connected", *promised, "--ask-engineering", "is it the csv?", *BY)
    days_later(3)
    return shop


@pytest.mark.parametrize(
    "words",
    [("acme",), ("gmbh",), ("+49 (0)30", "23125-101"), ("03023125101",), ("Ada@ACME.example",), ("@acme.example",)],
)
def test_who_is_on_the_line_is_found_by_what_they_say(spoken, words):
    found = run_here("customer", "brief", *words, "--format", "json", cwd=spoken.path)
    assert found.status == 0, found.err
    assert found.document["customer"]["key"] == "acme"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("e", "See: releasewatch customer list"),
        ("999999", "See: releasewatch customer list"),
        ("re", "Name one by key: cask, dent"),
        ("%%", "See"),
    ],
)
def test_whom_several_may_be_is_asked_for_by_key(spoken, words, hint):
    found = run_here("customer", "brief", words, cwd=spoken.path)
    assert (found.status, found.out) == (2, "")
    assert hint in found.err
    assert "Brewing" not in found.err


def test_a_brief_tells_all_on_one_screen_and_in_a_pipe_nothing_of_people(spoken):
    found = run_here("customer", "brief", "acme", "--format", "json", cwd=spoken.path)
    brief = found.document
    (incident,) = brief["incidents"]
    assert (incident["incident"], incident["state"], incident["call"]) == ("INC-1", "presumed", "C-1")
    assert [(one["deployment"], one["blamed_for"]) for one in brief["reached"]] == [("D-2", ["INC-1"])]
    assert [(one["id"], one["overdue"]) for one in brief["promises"]] == [("P-1", True)]
    assert [one["id"] for one in brief["reported"]] == ["R-1"]
    assert [one["disposition"] for one in brief["calls"][0]["attempts"]] == ["connected"]
    assert "Exports hang, we are on it." in brief["say"]
    assert brief["contacts"] == []
    for name in SECRET:
        assert name not in found.out
    assert "customer" not in brief["promises"][0]


def test_a_file_for_account_staff_holds_everything(spoken):
    done = run_here("customer", "brief", "acme", "-o", "brief.txt", cwd=spoken.path)
    assert (done.status, done.out) == (0, "")
    text = (spoken.path / "brief.txt").read_text("utf-8")
    assert text.startswith("Acme GmbH (acme): gold, DE")
    for line in (
        "  account manager: olga",
        "INC-1 (SEV1, investigating): exports down; they are presumed, since ",
        "why: they reported it to us at ",
        f"P-1 OVERDUE by {SOON}: a secret note (C-1)",
        "“The exports hang!”; Ada was cross",
        "Ada Example: IT manager, 030 23125 101",
        "Say:\n  INC-1: Exports hang, we are on it.",
    ):
        assert line in text


def test_it_says_of_each_incident_whether_there_are_agreed_words(shop):
    for title, component in (("exports down", "invoicing"), ("slow", "invoicing")):
        about = ("--deployment", "two", "--component", component, "--severity", "SEV2")
        opened = run_here("incident", "open", "--title", title, *about, cwd=shop.path)
        assert opened.status == 0, opened.err
    agreed = ("--summary", "Exports hang, we are on it.", "--audience", "customer")
    assert run_here("incident", "update", "INC-1", *agreed, cwd=shop.path).status == 0
    inside = ("--summary", "No credit notes before Thursday.", "--audience", "account")
    assert run_here("incident", "update", "INC-2", *inside, cwd=shop.path).status == 0
    for incident in ("INC-1", "INC-2"):
        assert run_here("call", "plan", "--incident", incident, cwd=shop.path).status == 0
    assert run_here("call", "approve", "--incident", "INC-1", "--by", "olga", "--why", "x", cwd=shop.path).status == 0
    text = run_here("customer", "brief", "acme", cwd=shop.path).out
    assert "  INC-2 (its list is a draft): No agreed wording, do not improvise.\n" in text
    assert "  INC-1: Exports hang, we are on it.\n" in text
    assert text.count("Exports hang") == 1, "once, and not once for each incident in the call"
    assert "Know, do not say:\n  INC-2: No credit notes before Thursday.\n" in text
    brief = run_here("customer", "brief", "acme", "--format", "json", cwd=shop.path).document
    words = {one["about"]: (one["agreed"], one["draft"]) for one in brief["words"]}
    assert words == {"INC-1": (True, False), "INC-2": (False, True)}
    shown = run_here("customer", "brief", "acme", "--reveal", "contacts", cwd=shop.path).out
    assert "UTC" not in next(line for line in shown.splitlines() if "Did you notice" in line)
    assert "your time" in shown


def test_when_they_can_be_called_is_what_the_list_says(shop, monkeypatch):
    instant = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(wiring, "clock", lambda: instant)
    assert run_here("call", "plan", "--deployment", "two", cwd=shop.path).status == 0
    again = (instant + timedelta(hours=30)).isoformat()
    log = ("--disposition", "no_answer", "--next-at", again, *BY)
    assert run_here("call", "log", "C-1", *log, cwd=shop.path).status == 0
    every = ("--reveal", "contacts", "--format", "json")
    listed = run_here("call", "list", "--deployment", "two", *every, cwd=shop.path).document["calls"]
    (row,) = (row for row in listed if row["id"] == "C-1")
    brief = run_here("customer", "brief", "acme", *every, cwd=shop.path).document
    told = brief["callable"]
    assert (told["call"], told["callable"], row["callable"]) == ("C-1", "later", "later")
    assert {"from": told["from"], "until": told["until"]} == row["next_window"]
    assert brief["customer"]["local_time"] == row["local_time"]
    shown = run_here("call", "show", "C-1", "--reveal", "contacts", cwd=shop.path).out
    text = run_here("customer", "brief", "acme", "--reveal", "contacts", cwd=shop.path).out
    hours = next(line.partition(": ")[2] for line in text.splitlines() if "callable for C-1" in line)
    assert "their time, that is" in hours
    assert f"  callable: {hours}; their time is " in shown
    hidden = run_here("call", "show", "C-1", cwd=shop.path)
    for word in ("Berlin", "their time", "23125"):
        assert word not in hidden.out
    keys = run_here("call", "show", "C-1", "--format", "json", cwd=shop.path).document["call"]
    assert (keys["timezone"], "timezone" in keys["withheld"]) == (None, True)


def test_voices_are_quotes_by_component_and_name_nobody(spoken):
    found = run_here("call", "voices", "--format", "json", cwd=spoken.path)
    document = found.document
    by_component = {one["component"]: one for one in document["voices"]}
    invoicing = by_component["shop/invoicing"]
    assert [(one["text"], one["customer"], one["source"]) for one in invoicing["quotes"]] == [
        ("The exports hang!", "acme", "R-1")
    ]
    assert [one["text"] for one in invoicing["asks"]] == ["is it the csv?"]
    assert document["left_out"] == 1, "one that names Ada"
    for note in ("cross", "secret note", "Ada", "Acme"):
        assert note not in found.out
    only = run_here("call", "voices", "--component", "checkout", cwd=spoken.path)
    assert only.out == "Nobody said anything that was noted.\n"
    env = {"CI": "true", "GITLAB_CI": "true"}
    in_ci = run_here("call", "voices", "--format", "json", cwd=spoken.path, env=env)
    assert "hang" not in in_ci.out
    assert in_ci.document["voices"][0]["customers"] == 1
    later = run_here("call", "voices", "--since", "2099-01-01", cwd=spoken.path)
    assert later.out == "Nobody said anything that was noted.\n"


def test_a_public_repository_is_briefed_of_nobody(spoken):
    env = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_VISIBILITY": "public"}
    found = run_here("customer", "brief", "acme", cwd=spoken.path, env=env)
    assert (found.status, found.out) == (4, "")
    voices = run_here("call", "voices", cwd=spoken.path, env=env)
    assert "acme" not in voices.out


def test_a_brief_on_a_terminal_shows_names(spoken):
    shown = run_on_terminal("customer", "brief", "acme", cwd=spoken.path)
    assert "Acme GmbH (acme)" in shown
    assert "23125" not in shown
