"""`releasewatch change`: what is decided by hand is obeyed by every document made afterwards."""

from __future__ import annotations

import pytest

from tests.support.command import run_here, run_on_terminal


@pytest.fixture
def sha(shop):
    """The change that says a sentence for customers."""
    return shop.git("rev-parse", "HEAD~1").strip()


def notes(shop, audience, *more):
    done = run_here("notes", "render", "--deployment", "two", "--audience", audience, *more, cwd=shop.path)
    assert done.status == 0, done.err
    return done.out


def edit(shop, sha, *words, why="decided"):
    done = run_here("change", "edit", sha[:8], *words, "--why", why, "--format", "json", cwd=shop.path)
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


def test_a_change_is_named_as_git_names_it(shop, sha):
    shop.git("tag", "the-sentence", sha)
    for name in ("HEAD~1", "the-sentence", sha):
        done = run_here("change", "show", name, "--format", "json", cwd=shop.path)
        assert (done.status, done.document["change"]["ref"]) == (0, sha), done.err
    assert run_here("change", "show", "HEAD~1", "--repo", "other", cwd=shop.path).status == 2
    assert run_here("change", "show", "no-such-tag", cwd=shop.path).status == 2


def test_it_is_obeyed_by_notes_straight_from_git_and_by_calls(shop, sha):
    edit(shop, sha, "--audience", "engineering")
    words = ("notes", "render", "--from", "HEAD~2", "--audience", "customer")
    assert "CSV" not in run_here(*words, cwd=shop.path).out
    assert "CSV" in run_here(*words, "--no-ledger", cwd=shop.path).out
    assert "CSV" not in run_here("call", "list", "--deployment", "two", "--format", "json", cwd=shop.path).out


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
    exposed = run_here("exposure", "list", "--deployment", "two", "--format", "json", cwd=shop.path).document
    assert {one["key"]: one["reach"] for one in exposed["customers"]}["bolt"] == "named"
    record = ("deployment", "record", "--environment", "staging", "--from", "HEAD~2", "--key", "later", "-q")
    assert run_here(*record, cwd=shop.path).status == 0
    later = run_here("exposure", "list", "--deployment", "later", "--format", "json", cwd=shop.path).document
    assert {one["key"]: one["reach"] for one in later["customers"]}["bolt"] == "named"


def test_everything_that_was_said_is_shown_and_by_whom_on_a_terminal(shop, sha):
    done = run_here(
        "change", "edit", sha[:8], "--audience", "account", "--why", "legal asked", "--by", "olga", cwd=shop.path
    )
    assert "olga" not in done.out
    shown = run_on_terminal("change", "show", sha[:8], cwd=shop.path)
    for words in ("Audience: customer", "olga: audience account (legal asked)", "as far as account"):
        assert words in shown
    document = run_here("change", "show", sha, "--format", "json", cwd=shop.path).document
    assert document["withheld"] == ["by", "why", "wording"], "a reason may hold anything"
    assert [(one["audience"], one["why"], one["by"]) for one in document["change"]["edits"]] == [
        ("account", None, None)
    ]


PUBLIC = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "event.json"}


@pytest.fixture
def public(shop):
    """The environment of a pipeline of a public repository."""
    (shop.path / "event.json").write_text('{"repository": {"private": false, "visibility": "public"}}', "utf-8")
    return PUBLIC


def test_what_people_said_is_shown_by_channel(shop, sha, public):
    said = ("--customer", "bolt", "--audience", "account", "--wording", "For Bolt and Sons alone")
    done = run_here("change", "edit", sha[:8], *said, "--why", "Bolt and Sons asked", "--by", "olga", cwd=shop.path)
    shown = run_on_terminal("change", "show", sha[:8], cwd=shop.path)
    for words in ("Bolt and Sons alone", "Bolt and Sons asked", "matters to bolt"):
        assert words in shown
        assert (words in done.out) is (words == "matters to bolt")
    document = run_here("change", "show", sha, "--format", "json", cwd=shop.path).document
    assert document["change"]["customers"] == ["bolt"]
    assert document["change"]["wording"] is None
    assert document["withheld"] == ["by", "why", "wording"]
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '[privacy]\nkeys = "opaque"\n', "utf-8")
    for form in ("table", "json"):
        opaque = run_here("change", "show", sha, "--format", form, cwd=shop.path).out
        assert "olt" not in opaque
        assert "customer-" in opaque
    refused = run_here("change", "show", sha, cwd=shop.path, env=public)
    assert (refused.status, refused.out) == (4, "")
    edited = run_here("change", "edit", sha, *said, "--why", "Bolt again", cwd=shop.path, env=public)
    assert edited.status == 0, edited.err
    assert "2 words by hand; 1 customer named" in edited.out
    assert "olt" not in edited.out


def test_a_wording_for_every_customer_is_no_secret(shop, sha):
    assert edit(shop, sha, "--wording", "Your exports open anywhere.")["wording"] == "Your exports open anywhere."


def test_what_a_rollback_took_away_was_not_deployed_by_it(shop, sha):
    record = ("deployment", "record", "--environment", "production", "-q")
    assert run_here(*record, "--head", "HEAD~2", "--key", "back", cwd=shop.path).status == 0
    assert "  brought by D-2; taken back by D-3\n" in run_here("change", "show", sha, cwd=shop.path).out
    change = run_here("change", "show", sha, "--format", "json", cwd=shop.path).document["change"]
    assert (change["deployments"], change["taken_back_by"]) == (["D-2"], ["D-3"])


def test_a_change_without_git_is_edited_by_its_deployment(shop):
    run_here(
        "deployment", "record", "--environment", "production", "--kind", "change", "--component", "invoicing",
        "--title", "Turn the new export on", "--key", "flag", "-q", cwd=shop.path,
    )  # fmt: skip
    assert edit(shop, "D-3", "--wording", "The new export is on.")["ref"] == "D-3"
    told = run_here("notes", "render", "--deployment", "flag", "--audience", "customer", cwd=shop.path).out
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
        done = run_here("change", "edit", *words, cwd=shop.path)
        assert done.status == 2, words
        assert said in done.err, words
    document = run_here("change", "show", sha, "--format", "json", cwd=shop.path).document
    assert document["change"]["edits"] == []
