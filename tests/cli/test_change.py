"""`releasewatch change`: what is decided by hand is obeyed by every document made afterwards."""

from __future__ import annotations

import pytest

from tests.support.command import run_command, run_on_terminal


@pytest.fixture
def sha(shop):
    """The change that says a sentence for customers."""
    return shop.git("rev-parse", "HEAD~1").strip()


def notes(shop, audience, *more):
    done = run_command("notes", "render", "--deployment", "two", "--audience", audience, *more, cwd=shop.path)
    assert done.status == 0, done.err
    return done.out


def edit(shop, sha, *words, why="decided"):
    done = run_command("change", "edit", sha[:8], *words, "--why", why, "--format", "json", cwd=shop.path)
    assert done.status == 0, done.err
    return done.document["change"]


def test_an_audience_keeps_a_change_in_and_the_newest_word_counts(shop, sha):
    assert "Exports are CSV now." in notes(shop, "customer")
    assert edit(shop, sha, "--audience", "engineering")["audience"] == "engineering"
    for audience in ("customer", "account"):
        assert "CSV" not in notes(shop, audience)
    assert "CSV" in notes(shop, "engineering")
    edit(shop, sha, "--label", "audience: account")
    assert "CSV" in notes(shop, "account")
    assert "CSV" not in notes(shop, "customer")


def test_it_is_obeyed_by_notes_straight_from_git_and_by_calls(shop, sha):
    edit(shop, sha, "--audience", "engineering")
    words = ("notes", "render", "--from", "HEAD~2", "--audience", "customer")
    assert "CSV" not in run_command(*words, cwd=shop.path).out
    assert "CSV" in run_command(*words, "--no-ledger", cwd=shop.path).out
    assert "CSV" not in run_command("call", "list", "--deployment", "two", "--format", "json", cwd=shop.path).out


def test_words_and_embargoes(shop, sha):
    edit(shop, sha, "--wording", "Your exports open in any spreadsheet.")
    assert "any spreadsheet" in notes(shop, "customer")
    assert "CSV" not in notes(shop, "customer")
    assert edit(shop, sha, "--embargo", "2999-01-01")["embargo_until"] == "2999-01-01"
    assert "spreadsheet" not in notes(shop, "account")
    edit(shop, sha, "--embargo", "none")
    assert "any spreadsheet" in notes(shop, "customer")


def test_a_customer_named_by_hand_is_named_here_and_wherever_it_goes_later(shop, sha):
    edit(shop, sha, "--customer", "bolt")
    exposed = run_command("exposure", "list", "--deployment", "two", "--format", "json", cwd=shop.path).document
    assert {one["key"]: one["reach"] for one in exposed["customers"]}["bolt"] == "named"
    record = ("deployment", "record", "--environment", "staging", "--from", "HEAD~2", "--key", "later", "-q")
    assert run_command(*record, cwd=shop.path).status == 0
    later = run_command("exposure", "list", "--deployment", "later", "--format", "json", cwd=shop.path).document
    assert {one["key"]: one["reach"] for one in later["customers"]}["bolt"] == "named"


def test_everything_that_was_said_is_shown_and_by_whom_on_a_terminal(shop, sha):
    done = run_command(
        "change", "edit", sha[:8], "--audience", "account", "--why", "legal asked", "--by", "olga", cwd=shop.path
    )
    assert "olga" not in done.out
    shown = run_on_terminal("change", "show", sha[:8], cwd=shop.path)
    for words in ("Audience: customer", "olga: audience account (legal asked)", "as far as account"):
        assert words in shown
    document = run_command("change", "show", sha, "--format", "json", cwd=shop.path).document
    assert document["withheld"] == ["by"]
    assert [(one["audience"], one["why"], one["by"]) for one in document["change"]["edits"]] == [
        ("account", "legal asked", None)
    ]


def test_a_change_without_git_is_edited_by_its_deployment(shop):
    run_command(
        "deployment", "record", "--environment", "production", "--kind", "change", "--component", "invoicing",
        "--title", "Turn the new export on", "--key", "flag", "-q", cwd=shop.path,
    )  # fmt: skip
    assert edit(shop, "D-3", "--wording", "The new export is on.")["ref"] == "D-3"
    told = run_command("notes", "render", "--deployment", "flag", "--audience", "customer", cwd=shop.path).out
    assert "The new export is on." in told


def test_wrong_calls_say_what_is_wanted(shop, sha):
    for words, said in (
        ((sha[:8], "--why", "x"), "Nothing is said of the change."),
        ((sha[:8], "--audience", "account", "--why", " "), "needs a reason"),
        ((sha[:8], "--wording", " ", "--why", "x"), "The wording is empty"),
        ((sha[:8], "--embargo", "soon", "--why", "x"), "'soon' is no embargo"),
        ((sha[:8], "--label", "bug", "--why", "x"), "says nothing of a change"),
        ((sha[:8], "--label", "audience: all", "--why", "x"), "cannot be read"),
        ((sha[:8], "--customer", "nobody", "--why", "x"), "no customer 'nobody'"),
        (("zz", "--audience", "account", "--why", "x"), "'zz' names no change"),
        (("0000000", "--audience", "account", "--why", "x"), "No recorded deployment brought"),
        (("D-2", "--audience", "account", "--why", "x"), "D-2 brought changes of git"),
        ((sha[:8], "--repo", "other", "--audience", "account", "--why", "x"), "No recorded deployment brought"),
    ):
        done = run_command("change", "edit", *words, cwd=shop.path)
        assert done.status == 2, words
        assert said in done.err, words
    document = run_command("change", "show", sha, "--format", "json", cwd=shop.path).document
    assert document["change"]["edits"] == []
