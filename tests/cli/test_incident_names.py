"""What names a customer, somebody there or one of our people is neither shown nor sent where it may not be."""

from __future__ import annotations

import pytest

from tests.support.command import run_command, run_on_terminal

KIM = {"RELEASEWATCH_ACTOR": "kim@example.org"}
AT_A_CUSTOMER = "the name, address or number of somebody at a customer"
OURS = "the name of one of our people"
A_NUMBER = "a deployment or a commit"


def run(shop, *words, status=0, **more):
    done = run_command(*words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


@pytest.fixture
def opened(shop):
    run(shop, "incident", "open", "--title", "invoices 500", "--deployment", "two", "--started-at", "1m", env=KIM)
    return shop


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Ada Example called", AT_A_CUSTOMER),
        ("call 030 23125 101", AT_A_CUSTOMER),
        ("call 0302 3125-101 at nine", AT_A_CUSTOMER),
        ("call +49 (0)30/23 125 101.", AT_A_CUSTOMER),
        ("write to <ADA@acme.example>.", AT_A_CUSTOMER),
        ("olga told me", OURS),
        ("Rolled out by kim@example.org", OURS),
        ("D-2 was bad", A_NUMBER),
        ("commit 50d898c74d broke it", A_NUMBER),
    ],
)
def test_customers_are_written_nothing_that_names_somebody(opened, text, what):
    said = run(opened, "incident", "update", "INC-1", "--audience", "customer", "--summary", text, env=KIM)
    assert f"This summary for customer readers holds {what}" in said.err
    refused = run(opened, "incident", "render", "INC-1", "--document", "update", status=4)
    assert what in refused.err
    passed = ("--allow", text, "--why", "they agreed")
    assert text.split()[0] in run(opened, "incident", "render", "INC-1", "--document", "update", *passed).out


@pytest.mark.parametrize(
    "text",
    [
        "D-99 and D-day are none of ours, and 12345678 is an order",
        "Ring 030 23125 102, or write to support@example.org",
        "It was the 2026-03-01 02:00 run of request 9b2f6c1e-1111-4222-8333-123456789abc",
        "Example of a decade: facade defaced",
    ],
)
def test_what_is_nobodys_may_be_said(opened, text):
    said = run(opened, "incident", "update", "INC-1", "--audience", "customer", "--summary", text, env=KIM)
    assert "holds" not in said.err
    assert text in run(opened, "incident", "render", "INC-1", "--document", "update").out


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
