"""What names a customer, somebody there or one of our people is neither shown nor sent where it may not be."""

from __future__ import annotations

import pytest

from tests.support.command import run_here, run_on_terminal

KIM = {"RELEASEWATCH_ACTOR": "kim@example.org"}
AT_A_CUSTOMER = "the name, address or number of somebody at a customer"
OURS = "the name of one of our people"
A_NUMBER = "a deployment or a commit"


def run(shop, *words, status=0, **more):
    done = run_here(*words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


@pytest.fixture
def opened(shop):
    run(shop, "incident", "open", "--title", "invoices 500", "--deployment", "two", "--started-at", "1m", env=KIM)
    return shop


def test_customers_are_written_nothing_that_names_somebody(opened):
    words = ("incident", "update", "INC-1", "--audience", "customer", "--summary")
    said = run(opened, *words, "Ada Example told olga of D-2", env=KIM)
    assert f"This summary for customer readers holds {AT_A_CUSTOMER}" in said.err
    update = ("incident", "render", "INC-1", "--document", "update")
    refused = run(opened, *update, status=4)
    for what in (AT_A_CUSTOMER, OURS, A_NUMBER):
        assert what in refused.err
    passed = ("--allow", "Ada Example", "--allow", "olga", "--allow", "D-2", "--why", "they agreed")
    assert "Ada Example told olga of D-2" in run(opened, *update, *passed).out


def test_a_brief_may_speak_of_deployments(opened):
    words = ("incident", "update", "INC-1", "--audience", "account", "--summary")
    assert "holds" not in run(opened, *words, "D-2 was bad", env=KIM).err
    assert "D-2 was bad" in run(opened, "incident", "render", "INC-1", "--document", "brief").out
    assert AT_A_CUSTOMER in run(opened, *words, "Ada Example called", env=KIM).err


def test_a_report_in_a_pipe_names_nobody_of_ours_and_nobody_at_a_customer(opened):
    texts = ("Ada Example called us", "olga told me so", "kim@example.org rolled it out", "the disk is full")
    for text in texts:
        run(opened, "incident", "update", "INC-1", "--entry", text, env=KIM)
    piped = run(opened, "incident", "render", "INC-1").out
    assert [text for text in texts if text in piped] == ["the disk is full"]
    named = run(opened, "incident", "render", "INC-1", "--reveal", "names").out
    assert all(text in named for text in ("Ada Example called us", "olga told me so", "rolled it out"))


def test_what_an_incident_is_called_and_what_was_written_of_it_names_nobody_in_a_pipe(shop):
    words = ("incident", "open", "--title", "invoices 500 for Acme  GmbH", "--deployment", "two", "--started-at", "1m")
    opened = run(shop, *words, env=KIM)
    assert opened.out.startswith("INC-1: withheld here: it names a customer")
    run(shop, "incident", "update", "INC-1", "--entry", "Bolt and Sons saw it first", "--why", "olga said", env=KIM)
    run(shop, "incident", "update", "INC-1", "--summary", "Ada Example called", env=KIM)
    run(shop, "incident", "link", "INC-1", "--deployment", "two", "--state", "confirmed", "--why", "Acme GmbH", env=KIM)
    show = ("incident", "show", "INC-1", "--timeline")
    screen = run(shop, *show).out
    for name in ("Acme", "Bolt", "Ada", "olga", "kim"):
        assert name not in screen.replace("acme (presumed)", "")
    assert "for engineering: withheld here: it names a customer" in screen
    told = run(shop, *show, "--format", "json", env={"GITHUB_ACTIONS": "true"}).document
    incident = told["incident"]
    assert (incident["title"], incident["summaries"]) == (None, {"engineering": None})
    assert {"title", "summaries"} <= set(incident["withheld"])
    (entry,) = [one for one in told["timeline"] if one["kind"] == "entry"]
    assert (entry["value"], entry["why"], entry["withheld"]) == (None, None, ["value", "why"])
    (blamed,) = told["deployments"]
    assert (blamed["reason"], blamed["withheld"]) == (None, ["reason"])
    (listed,) = run(shop, "incident", "list", "--format", "json").document["incidents"]
    assert (listed["title"], listed["withheld"]) == (None, ["title"])
    assert "withheld here" in run(shop, "incident", "list").out
    assert "withheld here: it names a customer" in run(shop, "status").out
    assert "Acme" not in run(shop, "call", "plan", "--incident", "INC-1").out
    assert "invoices 500 for Acme" in run_on_terminal("incident", "show", "INC-1", cwd=shop.path)
